// Package letter keeps the letters that leave the office: what stands in each, on
// whose letterhead, and its bytes.
//
// A letter is issued in the verb that issues its order or notice ([Issue]): there
// its words are frozen, in Hindi and English, with the template and letterhead in
// force at that moment. The PDF is made outside every transaction ([PDF], [Press]),
// from what was frozen and nothing else, and stored once; the bytes are the same
// whoever makes them and whenever. A server that is killed in between has lost
// nothing: what is due stands in a table.
//
// A template is text with named fields (package internal/paper says how it is
// written). A body without its own takes the nearest one above it by parentage, the
// highest takes ours; so does the letterhead. Each save is a version; an earlier one
// can be put back. Whoever holds edit_letters on a body edits its templates.
//
// Who may read a letter is not asked here: it is whoever may see its order or its
// case, which the packages of those ask.
package letter
