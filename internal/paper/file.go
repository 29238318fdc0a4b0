package paper

import (
	"bytes"
	"compress/zlib"
	"crypto/sha256"
	"fmt"
	"hash"
	"io"
	"strconv"
	"unicode/utf16"
)

// A file is a PDF file being written: numbered objects one after another, then the
// table of where they stand. Format: ISO 32000-1. The first fault of the writer
// below is kept and ends the writing.
type file struct {
	w       io.Writer
	sum     hash.Hash // of all bytes, for the file's identifier
	written int64
	at      []int64 // where object i+1 stands; 0 while it is only promised
	err     error
	zip     *zlib.Writer
	zipped  bytes.Buffer
}

// An object's number.
type object int

// String gives the reference to the object.
func (o object) String() string { return strconv.Itoa(int(o)) + " 0 R" }

func newFile(w io.Writer) *file {
	f := &file{w: w, sum: sha256.New()}
	f.zip, _ = zlib.NewWriterLevel(&f.zipped, zlib.DefaultCompression)
	f.write([]byte("%PDF-1.7\n%\xE2\xE3\xCF\xD3\n"))
	return f
}

func (f *file) write(b []byte) {
	if f.err != nil {
		return
	}
	f.sum.Write(b)
	n, err := f.w.Write(b)
	f.written += int64(n)
	f.err = err
}

// promise gives the number of an object that will be written later.
func (f *file) promise() object {
	f.at = append(f.at, 0)
	return object(len(f.at))
}

// put writes the promised object.
func (f *file) put(o object, body string) {
	f.at[o-1] = f.written
	f.write(fmt.Appendf(nil, "%d 0 obj\n%s\nendobj\n", o, body))
}

// add writes a new object.
func (f *file) add(body string) object {
	o := f.promise()
	f.put(o, body)
	return o
}

// stream writes the promised object with data; dict holds the entries of its
// dictionary except length and filter.
func (f *file) stream(o object, dict string, data []byte) {
	f.zipped.Reset()
	f.zip.Reset(&f.zipped)
	f.zip.Write(data) // into memory: cannot fail
	f.zip.Close()
	f.put(o, fmt.Sprintf("<<%s/Filter/FlateDecode/Length %d>>stream\n%s\nendstream", dict, f.zipped.Len(), f.zipped.Bytes()))
}

// close writes the table and the trailer.
func (f *file) close(catalog, info object) error {
	table := f.written
	b := fmt.Appendf(nil, "xref\n0 %d\n0000000000 65535 f \n", len(f.at)+1)
	for _, at := range f.at {
		b = fmt.Appendf(b, "%010d 00000 n \n", at)
	}
	id := f.sum.Sum(nil)[:16]
	b = fmt.Appendf(b, "trailer<</Size %d/Root %v/Info %v/ID[<%x><%x>]>>\nstartxref\n%d\n%%%%EOF\n", len(f.at)+1, catalog, info, id, id, table)
	f.write(b)
	return f.err
}

// pdfText writes s as a PDF text string.
func pdfText(s string) string { return string(appendText(nil, s)) }

func appendText(b []byte, s string) []byte {
	b = append(b, "(\xFE\xFF"...)
	for _, u := range utf16.Encode([]rune(s)) {
		b = appendByte(appendByte(b, byte(u>>8)), byte(u))
	}
	return append(b, ')')
}

// hexText writes s in hexadecimal UTF-16.
func hexText(s string) (b []byte) {
	for _, u := range utf16.Encode([]rune(s)) {
		b = appendHex(b, u)
	}
	return b
}

// appendByte adds one byte of a string in brackets.
func appendByte(b []byte, c byte) []byte {
	switch c {
	case '(', ')', '\\':
		return append(b, '\\', c)
	case '\r':
		return append(b, '\\', 'r')
	}
	return append(b, c)
}

// appendNumber adds v with at most two decimals.
func appendNumber(b []byte, v float64) []byte {
	n := int64(v*100 + 0.5)
	if v < 0 {
		n = int64(v*100 - 0.5)
	}
	if n < 0 {
		b = append(b, '-')
		n = -n
	}
	b = strconv.AppendInt(b, n/100, 10)
	if n %= 100; n != 0 {
		b = append(b, '.', byte('0'+n/10))
		if n%10 != 0 {
			b = append(b, byte('0'+n%10))
		}
	}
	return b
}
