// Package paper makes what leaves the office: letters and lists as PDF, lists as
// XLSX and CSV. It knows nothing of the register; callers bring the words.
//
// # Letters
//
// [Letter] sets one letter, [Letters] many into one file, from a template that the
// office may edit. A template is plain text. Each line is a line of the letter, a
// blank line is a gap. Nothing else is needed for a plain letter; the rest is this:
//
//	{name}        the field of that name. A field may have several lines. A line all
//	              of whose fields are empty is left out, so nothing needs an "if".
//	              {{ and }} stand for the braces themselves.
//	**words**     bold, inside a line. Fields cannot make bold, or marks: what a
//	              field holds is text and nothing else.
//	@mark         at the start of a line, one or more, and a space after each;
//	              @@ stands for the sign @ itself:
//
//	@center @right @justify     where the line stands (else left)
//	@bold @small @large @title  how it looks
//	@split a | b                a at the left edge, b at the right one, on one line;
//	                            each side is left out by itself
//	@each {n}. {copy_to}        once for each line of the field, {n} counting from 1
//	@table {list}               the lines of the field as rows, cells parted by |, the
//	                            first as the head, all but the first cell at the right
//	@sign words                 centred in the right half; such lines that follow
//	                            one another, with a @qr before them, are never parted
//	                            and never stand alone on a page
//	@emblem                     the letterhead's picture at the left, lines beside it
//	@qr words                   the code at the left, words below it
//	@rule @space @page          a line across, an empty line, a new page
//	@footer words               below every page but the first; {page} and {pages}
//
// A picture or code that the letter does not have leaves no gap. [ParseTemplate]
// tells what is wrong with a template and in which line; [StandardTemplate] gives
// the ones we bring.
//
// # Lists
//
// One [ListData] goes to [List] (PDF), [XLSX] or [CSV]. Rows come from an iterator
// and leave as they come, so that a million rows need no more memory than a thousand.
// A telephone diary is a Grouped list.
//
// All writers write as they go: after a fault the file is not whole. Write to a
// temporary place first.
//
// # Other documents
//
// [Doc] is the PDF writer beneath: paragraphs, tables, pictures, codes, page numbers.
// Lengths are points (1/72 inch; [MM] points make a millimetre).
//
// # How Hindi is set
//
// Words are shaped by go-text/typesetting, a port of HarfBuzz, with Noto Sans
// Devanagari 2.001 and, for Latin, Noto Sans 2.004 (unchanged; fonts/OFL.txt). The glyphs used are embedded,
// numbered in order of first use. Because Devanagari is not drawn in the order in
// which it is written, each word carries its text (/ActualText); copying, searching
// and reading aloud give back what was written. Lines break between words; a word
// wider than its column breaks between syllables. The same input gives the same bytes.
//
// What is missing for PDF/UA: structure tags, hence also alternate texts of pictures
// and table headers. Scripts other than Devanagari and those of Noto Sans (Latin,
// Greek, Cyrillic) show as empty boxes, though their text is kept.
package paper
