package paper

import (
	"encoding/binary"
	"maps"
	"math/bits"
	"slices"

	"github.com/go-text/typesetting/font"
)

// The tables of a TrueType file are described in the OpenType specification:
// https://learn.microsoft.com/typography/opentype/spec/otff

func be16(b []byte, at int) int { return int(binary.BigEndian.Uint16(b[at:])) }

func sfntTables(raw []byte) map[string][]byte {
	tables := map[string][]byte{}
	for i := range be16(raw, 4) {
		entry := raw[12+16*i:]
		offset, length := binary.BigEndian.Uint32(entry[8:]), binary.BigEndian.Uint32(entry[12:])
		tables[string(entry[:4])] = raw[offset : offset+length]
	}
	return tables
}

// outline gives the bytes of a glyph in the table glyf; a space has none.
func (t *typeface) outline(id font.GID) []byte {
	loca := t.tables["loca"]
	if be16(t.tables["head"], 50) == 0 { // short offsets
		return t.tables["glyf"][2*be16(loca, 2*int(id)) : 2*be16(loca, 2*int(id)+2)]
	}
	return t.tables["glyf"][binary.BigEndian.Uint32(loca[4*id:]):binary.BigEndian.Uint32(loca[4*id+4:])]
}

// Flags of a glyph made of others.
const (
	argsAreWords = 1 << 0
	hasScale     = 1 << 3
	moreParts    = 1 << 5
	hasXYScale   = 1 << 6
	hasTwoByTwo  = 1 << 7
	hasHints     = 1 << 8
)

// subset makes a font file of the glyphs used, in the document's numbering, without
// hints (nothing that prints or shows PDF needs them) and without tables that PDF
// does not read. Parts of glyphs that were not used themselves get numbers behind.
func (f *face) subset() []byte {
	var glyf, loca, hmtx []byte
	for n := 0; n < len(f.glyphs); n++ { // grows as parts are met
		loca = binary.BigEndian.AppendUint32(loca, uint32(len(glyf)))
		glyf = append(glyf, f.withoutHints(f.glyphs[n].id)...)
		for len(glyf)%4 != 0 {
			glyf = append(glyf, 0)
		}
	}
	loca = binary.BigEndian.AppendUint32(loca, uint32(len(glyf)))
	for _, u := range f.glyphs {
		hmtx = binary.BigEndian.AppendUint16(hmtx, uint16(u.advance))
		bearing := 0
		if o := f.outline(u.id); len(o) > 0 {
			bearing = be16(o, 2) // xMin
		}
		hmtx = binary.BigEndian.AppendUint16(hmtx, uint16(bearing))
	}
	head, hhea, maxp := slices.Clone(f.tables["head"]), slices.Clone(f.tables["hhea"]), slices.Clone(f.tables["maxp"])
	clear(head[8:12])                                            // checksum of the whole, not needed
	binary.BigEndian.PutUint16(head[50:], 1)                     // long offsets
	binary.BigEndian.PutUint16(hhea[34:], uint16(len(f.glyphs))) // number of metrics
	binary.BigEndian.PutUint16(maxp[4:], uint16(len(f.glyphs)))  // number of glyphs
	clear(maxp[16:28])                                           // what hints would need
	return sfnt(map[string][]byte{"head": head, "hhea": hhea, "maxp": maxp, "hmtx": hmtx, "loca": loca, "glyf": glyf})
}

// withoutHints copies a glyph, giving its parts the document's numbers.
func (f *face) withoutHints(id font.GID) []byte {
	b := slices.Clone(f.outline(id))
	if len(b) == 0 {
		return nil
	}
	if contours := int(int16(be16(b, 0))); contours >= 0 {
		at := 10 + 2*contours
		hints := be16(b, at)
		b[at], b[at+1] = 0, 0
		return slices.Delete(b, at+2, at+2+hints)
	}
	for at := 10; ; {
		flags := be16(b, at)
		binary.BigEndian.PutUint16(b[at:], uint16(flags&^hasHints))
		binary.BigEndian.PutUint16(b[at+2:], f.use(font.GID(be16(b, at+2))))
		at += 6
		if flags&argsAreWords != 0 {
			at += 2
		}
		switch {
		case flags&hasScale != 0:
			at += 2
		case flags&hasXYScale != 0:
			at += 4
		case flags&hasTwoByTwo != 0:
			at += 8
		}
		if flags&moreParts == 0 {
			return b[:at]
		}
	}
}

// sfnt joins tables to a font file.
func sfnt(tables map[string][]byte) []byte {
	names := slices.Sorted(maps.Keys(tables))
	n := len(names)
	power := bits.Len(uint(n)) - 1
	out := binary.BigEndian.AppendUint32(nil, 0x10000)
	for _, v := range []int{n, 16 << power, power, 16*n - 16<<power} {
		out = binary.BigEndian.AppendUint16(out, uint16(v))
	}
	offset := len(out) + 16*n
	var body []byte
	for _, name := range names {
		table := tables[name]
		length := len(table)
		for len(table)%4 != 0 {
			table = append(table, 0)
		}
		var sum uint32
		for i := 0; i < len(table); i += 4 {
			sum += binary.BigEndian.Uint32(table[i:])
		}
		out = append(out, name...)
		out = binary.BigEndian.AppendUint32(out, sum)
		out = binary.BigEndian.AppendUint32(out, uint32(offset+len(body)))
		out = binary.BigEndian.AppendUint32(out, uint32(length))
		body = append(body, table...)
	}
	return append(out, body...)
}
