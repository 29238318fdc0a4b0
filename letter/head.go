package letter

import (
	"bytes"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"image"
	_ "image/jpeg" // an emblem may come as JPEG
	"image/png"
	"strings"

	"sangathan/access"
	"sangathan/internal/db"
	"sangathan/internal/fault"
	"sangathan/internal/lang"

	"golang.org/x/image/draw"
)

// Head is what a body sets above and below its letters, in both languages.
type Head struct {
	AddressHi string `json:"address_hi"`
	AddressEn string `json:"address_en"`
	ContactHi string `json:"contact_hi"` // telephone, mail
	ContactEn string `json:"contact_en"`
	CopyHi    string `json:"copy_hi"` // to whom copies always go, one a line
	CopyEn    string `json:"copy_en"`
	Mark      string `json:"mark"`             // before the numbers of letters: see [Number]; the one in force
	Emblem    string `json:"emblem,omitempty"` // SHA-256 of the picture; "" for none

	From   string `json:"from,omitempty"` // organization whose letterhead it is; "" when none is set
	FromHi string `json:"from_hi,omitempty"`
	FromEn string `json:"from_en,omitempty"`

	rootHi, rootEn, ownHi, ownEn string
}

// headFor gives the letterhead in force for a body: its own, or the nearest above.
func headFor(tx *db.Tx, organization string) (h Head, err error) {
	var emblem sql.NullString
	err = tx.Scan(`select h.address_hi, h.address_en, h.contact_hi, h.contact_en, h.copy_hi, h.copy_en, h.emblem_id, a.id, a.name_hi, a.name_en
		from organization o join letterhead h on 1 = 1 join organization a on a.id = h.organization_id and substr(o.path, 1, length(a.path)) = a.path
		where o.id = $1 order by length(a.path) desc limit 1`, []any{organization},
		&h.AddressHi, &h.AddressEn, &h.ContactHi, &h.ContactEn, &h.CopyHi, &h.CopyEn, &emblem, &h.From, &h.FromHi, &h.FromEn)
	if err != nil && !fault.Is(err, fault.NotFound) {
		return h, err
	}
	h.Emblem = emblem.String
	if h.Mark, err = markOf(tx, organization); err != nil {
		return h, err
	}
	err = tx.Scan(`select o.name_hi, o.name_en, t.name_hi, t.name_en
		from organization o join organization t on t.parent_id is null and substr(o.path, 1, length(t.path)) = t.path
		where o.id = $1`, []any{organization}, &h.ownHi, &h.ownEn, &h.rootHi, &h.rootEn)
	return h, err
}

// fill puts the letterhead's fields into values.
func (h Head) fill(values map[string]string, p lang.Printer) {
	values["organization"] = p.Name(h.rootHi, h.rootEn)
	if own := p.Name(h.ownHi, h.ownEn); own != values["organization"] {
		values["office"] = own
	}
	values["address"], values["contact"] = h.AddressHi, h.ContactHi
	if p.Lang() == lang.En {
		values["address"], values["contact"] = h.AddressEn, h.ContactEn
	}
}

func (h Head) copyTo(in lang.Lang) string {
	if in == lang.En {
		return h.CopyEn
	}
	return h.CopyHi
}

// GetHead reads the letterhead in force for a body. The actor needs edit_letters on
// it. Faults: Unauthorized, NotFound, Forbidden.
func GetHead(tx *db.Tx, by access.Actor, organization string) (h Head, err error) {
	defer fault.Op(&err, "letter.GetHead(%s)", organization)
	if err := check(tx, by, organization); err != nil {
		return h, err
	}
	return headFor(tx, organization)
}

// maxHead is the most characters of a line of the letterhead, and of a copy list.
const maxHead, maxCopies = 200, 2000

// SaveHead sets the letterhead of a body: its lines, to whom copies always go, the
// mark of its numbers, and the emblem: as it was ("keep"), none (""), or the picture's bytes as [Emblem] gave
// them. Letters that are issued stay as they are. Who may and faults: as GetHead;
// Invalid.
func SaveHead(tx *db.Tx, by access.Actor, organization string, h Head, picture []byte) (err error) {
	defer fault.Op(&err, "letter.SaveHead(%s)", organization)
	if err := check(tx, by, organization); err != nil {
		return err
	}
	var f fault.Form
	for name, text := range map[string]string{"address_hi": h.AddressHi, "address_en": h.AddressEn, "contact_hi": h.ContactHi, "contact_en": h.ContactEn} {
		f.Check(len([]rune(text)) <= maxHead, name, "letter.line_long", "n", maxHead)
	}
	for name, text := range map[string]string{"copy_hi": h.CopyHi, "copy_en": h.CopyEn} {
		f.Check(len([]rune(text)) <= maxCopies, name, "letter.line_long", "n", maxCopies)
	}
	h.Mark = strings.TrimSpace(h.Mark)
	f.Check(len([]rune(h.Mark)) <= maxMark && (h.Mark == "" || goodMark.MatchString(h.Mark)), "mark", "letter.bad_mark", "n", maxMark)
	if err := f.Err(); err != nil {
		return err
	}
	if picture != nil {
		sum := sha256.Sum256(picture)
		h.Emblem = hex.EncodeToString(sum[:])
		if _, err := tx.Exec(`insert into emblem(id, png) values($1, $2) on conflict(id) do nothing`, h.Emblem, picture); err != nil {
			return err
		}
	}
	_, err = tx.Exec(`insert into letterhead(organization_id, address_hi, address_en, contact_hi, contact_en, copy_hi, copy_en, emblem_id, mark)
		values($1, $2, $3, $4, $5, $6, $7, $8, $9) on conflict(organization_id) do update set address_hi = excluded.address_hi, address_en = excluded.address_en,
			contact_hi = excluded.contact_hi, contact_en = excluded.contact_en, copy_hi = excluded.copy_hi, copy_en = excluded.copy_en, emblem_id = excluded.emblem_id, mark = excluded.mark`,
		organization, h.AddressHi, h.AddressEn, h.ContactHi, h.ContactEn, lines(h.CopyHi), lines(h.CopyEn), db.Null(h.Emblem), h.Mark)
	if err != nil {
		return err
	}
	return access.Audit(tx, by, "letter.head_saved", "organization", organization, h)
}

// Picture reads the emblem in force for a body; nil when it has none. Who may and
// faults: as GetHead.
func Picture(tx *db.Tx, by access.Actor, organization string) ([]byte, error) {
	h, err := GetHead(tx, by, organization)
	if err != nil || h.Emblem == "" {
		return nil, err
	}
	var b []byte
	err = tx.Scan(`select png from emblem where id = $1`, []any{h.Emblem}, &b)
	return b, err
}

// Bounds of an emblem: of the file that is sent, of its sides in pixels as sent and
// as kept. A picture of 3,000 by 3,000 takes 36 MB while it is read.
const (
	MaxEmblemFile = 2 << 20
	maxSide       = 3000
	keptSide      = 480
)

// Emblem makes of a PNG or JPEG file the picture that is kept: a PNG of at most 480
// pixels a side, with nothing of the file but what is seen. It is slow: call it
// outside every transaction. Faults: Invalid, at field "emblem".
func Emblem(file []byte) ([]byte, error) {
	bad := fault.In("emblem", "letter.bad_emblem", "mb", MaxEmblemFile>>20, "max", maxSide)
	if len(file) > MaxEmblemFile {
		return nil, bad
	}
	head, _, err := image.DecodeConfig(bytes.NewReader(file))
	if err != nil || head.Width < 16 || head.Height < 16 || head.Width > maxSide || head.Height > maxSide || head.Width > 4*head.Height || head.Height > 4*head.Width {
		return nil, bad
	}
	from, _, err := image.Decode(bytes.NewReader(file))
	if err != nil {
		return nil, bad
	}
	w, h := head.Width, head.Height
	if most := max(w, h); most > keptSide {
		w, h = max(1, w*keptSide/most), max(1, h*keptSide/most)
	}
	to := image.NewNRGBA(image.Rect(0, 0, w, h))
	draw.CatmullRom.Scale(to, to.Rect, from, from.Bounds(), draw.Src, nil)
	var b bytes.Buffer
	err = (&png.Encoder{CompressionLevel: png.BestCompression}).Encode(&b, to)
	return b.Bytes(), err
}
