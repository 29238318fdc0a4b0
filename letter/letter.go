package letter

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"sangathan/access"
	"sangathan/internal/db"
	"sangathan/internal/fault"
	"sangathan/internal/lang"
	"sangathan/internal/paper"
)

// The records that a letter belongs to.
const (
	OfOrder = "order"
	OfCase  = "case"
)

// Langs are the languages in which each letter is issued.
var Langs = []lang.Lang{lang.Hi, lang.En}

// Draft is a letter about to be issued.
type Draft struct {
	Kind     string // one of Kinds
	Record   string // OfOrder or OfCase, and its id
	RecordID string
	Number   string
	By       string // organization that issues it; "" for the highest
	Person   string // whom it is about
	About    string // organization that the record is of
	Unit     string // its district-level body; "" at the level of the state
	At       int64  // when it was issued, milliseconds UTC
	// Fields gives what stands in it, in the printer's language: the fields of
	// [FieldsOf] but those of the letterhead. "copy_to" holds one a line.
	Fields func(p lang.Printer) map[string]string
	CopyTo []string // to whom copies of this one letter go besides
}

// Letter is an issued letter.
type Letter struct {
	ID       string `json:"id"`
	Kind     string `json:"kind"`
	Record   string `json:"record"`
	RecordID string `json:"record_id"`
	Number   string `json:"number"`
	IssuedAt int64  `json:"issued_at"` // milliseconds UTC
}

const letterColumns = `l.id, l.kind, l.record, l.record_id, l.number, l.issued_at`

func scanLetter(s db.Scanner) (l Letter, err error) {
	return l, s.Scan(&l.ID, &l.Kind, &l.Record, &l.RecordID, &l.Number, &l.IssuedAt)
}

// Issue freezes a letter in the transaction of the verb that issues it. A record has
// one letter: issuing it again changes nothing and gives the one that is there.
// Faults: Invalid (too many copies).
func Issue(tx *db.Tx, d Draft) (id string, err error) {
	defer fault.Op(&err, "letter.Issue(%s %s)", d.Record, d.RecordID)
	if id, err = Of(tx, d.Record, d.RecordID); err != nil || id != "" {
		return id, err
	}
	if d.By == "" {
		if d.By, err = highest(tx); err != nil {
			return "", err
		}
	}
	copies := strings.Join(d.CopyTo, "\n")
	if len([]rune(copies)) > maxCopies {
		return "", fault.In("copy_more", "letter.line_long", "n", maxCopies)
	}
	head, err := headFor(tx, d.By)
	if err != nil {
		return "", err
	}
	id = tx.NewID()
	address, err := tx.Meta(siteKey)
	if err != nil {
		return "", err
	}
	if address != "" {
		address += "/letters/" + id
	}
	forms, fields := map[lang.Lang]string{}, map[lang.Lang]string{}
	for _, in := range Langs {
		t, err := formFor(tx, d.By, d.Kind, in)
		if err != nil {
			return "", err
		}
		if forms[in], err = keepForm(tx, t.Text); err != nil {
			return "", err
		}
		p := lang.New(in, nil, false)
		values := d.Fields(p)
		head.fill(values, p)
		values["number"], values["date"] = d.Number, p.Day(tx.Time(d.At).Format(time.DateOnly))
		values["copy_to"] = lines(values["copy_to"], copies, head.copyTo(in))
		if values["copy_to"] != "" {
			values["copy_title"] = p.T("letter.copy_title")
		}
		text, err := json.Marshal(values)
		if err != nil {
			return "", err
		}
		fields[in] = string(text)
	}
	mark, year, place := parts(d.Number)
	n, err := tx.Exec(`insert into letter(id, kind, record, record_id, number, mark, year, n, organization_id, about_id, unit_id, person_id, issued_at,
			form_hi, form_en, fields_hi, fields_en, emblem_id, address)
		values($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19) on conflict(record, record_id) do nothing`,
		id, d.Kind, d.Record, d.RecordID, d.Number, mark, year, place, d.By, d.About, db.Null(d.Unit), d.Person, d.At,
		forms[lang.Hi], forms[lang.En], fields[lang.Hi], fields[lang.En], db.Null(head.Emblem), address)
	if err != nil {
		return "", err
	}
	if n == 0 {
		return Of(tx, d.Record, d.RecordID)
	}
	_, err = tx.Exec(`insert into letter_due(letter_id) values($1)`, id)
	return id, err
}

// lines joins lists of lines, without empty ones.
func lines(lists ...string) string {
	var all []string
	for _, list := range lists {
		for line := range strings.Lines(list) {
			if line = strings.TrimSpace(line); line != "" {
				all = append(all, line)
			}
		}
	}
	return strings.Join(all, "\n")
}

// Of gives the letter of a record, without asking who reads; "" when it has none.
func Of(tx *db.Tx, record, recordID string) (id string, err error) {
	return tx.Text(`select id from letter where record = $1 and record_id = $2`, record, recordID)
}

// Words gives what stands in the letter of a record, by field, in a language; nil when
// it has none. Who reads is not asked here: the caller asks the record.
func Words(tx *db.Tx, record, recordID string, in lang.Lang) (map[string]string, error) {
	id, err := Of(tx, record, recordID)
	if err != nil || id == "" {
		return nil, err
	}
	f, err := LookupFrozen(tx, id, in)
	return f.fields, err
}

// Lookup reads what a letter is of, without asking who reads: the caller asks the
// record. Faults: NotFound.
func Lookup(tx *db.Tx, id string) (Letter, error) {
	return db.Single(tx, `select `+letterColumns+` from letter l where l.id = $1`, []any{id}, scanLetter)
}

// Frozen is all that the bytes of a letter are made from.
type Frozen struct {
	Letter
	form    string
	fields  map[string]string
	emblem  []byte
	address string
	at      time.Time
}

// LookupFrozen reads what was frozen of a letter in a language, without asking who
// reads: the caller asks the record. Faults: NotFound.
func LookupFrozen(tx *db.Tx, id string, in lang.Lang) (f Frozen, err error) {
	form, fields := "l.form_hi", "l.fields_hi"
	if in == lang.En {
		form, fields = "l.form_en", "l.fields_en"
	}
	var text string
	err = tx.Scan(`select `+letterColumns+`, t.text, `+fields+`, l.address, coalesce(e.png, $1)
		from letter l join letter_form t on t.id = `+form+` left join emblem e on e.id = l.emblem_id where l.id = $2`, []any{[]byte{}, id},
		&f.ID, &f.Kind, &f.Record, &f.RecordID, &f.Number, &f.IssuedAt, &f.form, &text, &f.address, &f.emblem)
	if err != nil {
		return f, err
	}
	f.at = tx.Time(f.IssuedAt)
	return f, json.Unmarshal([]byte(text), &f.fields)
}

// set makes the bytes of a letter: pure, so that everyone makes the same ones.
func (f Frozen) set(in lang.Lang) ([]byte, error) {
	var b bytes.Buffer
	err := paper.Letter(&b, f.data(in))
	return b.Bytes(), err
}

func (f Frozen) data(in lang.Lang) paper.LetterData {
	return paper.LetterData{Template: f.form, Fields: f.fields, Emblem: f.emblem, QR: f.address, Lang: string(in), Time: f.at,
		Title: strings.TrimSpace(f.fields["title"] + " " + f.Number), Author: f.fields["organization"], Digits: lang.New(in, nil, false).Digits}
}

// File is the PDF of a letter.
type File struct {
	PDF    []byte
	Name   string // for a folder of downloads: ASCII
	SHA256 string // of PDF, hexadecimal
}

// A Finder gives the letter that a reader asks for, in a transaction of its own in
// which it asks who reads.
type Finder func(tx *db.Tx) (id string, err error)

// PDF gives the bytes of a letter in a language: the stored ones, or, the first time,
// those made and stored now. find gives the letter, "" when its record is older than
// letters are; then issue issues it. PDF opens transactions of its own: never call it
// inside one. Faults: those of find and issue.
func PDF(ctx context.Context, u *db.Unit, in lang.Lang, find, issue Finder) (f File, err error) {
	defer fault.Op(&err, "letter.PDF")
	if in != lang.En {
		in = lang.Hi
	}
	var id string
	err = u.Read(ctx, func(tx *db.Tx) (err error) { id, err = find(tx); return err })
	if err == nil && id == "" {
		err = u.Write(ctx, func(tx *db.Tx) (err error) { id, err = issue(tx); return err })
	}
	if err != nil {
		return f, err
	}
	var l Frozen
	err = u.Read(ctx, func(tx *db.Tx) (err error) {
		if f, err = stored(tx, id, in); fault.Is(err, fault.NotFound) {
			l, err = LookupFrozen(tx, id, in)
		}
		return err
	})
	if err != nil || f.PDF != nil {
		return f, err
	}
	if _, err := press(ctx, u, in, l); err != nil {
		return f, err
	}
	return f, u.Read(ctx, func(tx *db.Tx) (err error) { f, err = stored(tx, id, in); return err })
}

// press makes and stores the bytes of letters, in one transaction; whoever comes second
// stores nothing. One that cannot be made does not hold up the others. It gives how
// many it made.
func press(ctx context.Context, u *db.Unit, in lang.Lang, letters ...Frozen) (n int, err error) {
	made := make([][]byte, len(letters))
	var failed error
	for i, l := range letters {
		pdf, err := l.set(in)
		if err != nil {
			failed = errors.Join(failed, fmt.Errorf("letter %s: %w", l.ID, err))
			continue
		}
		made[i] = pdf
		n++
	}
	if n == 0 {
		return 0, failed
	}
	err = u.Write(ctx, func(tx *db.Tx) error {
		for i, l := range letters {
			if made[i] == nil {
				continue
			}
			sum := sha256.Sum256(made[i])
			_, err := tx.Exec(`insert into letter_file(letter_id, lang, pdf, sha256, made_at) values($1, $2, $3, $4, $5) on conflict(letter_id, lang) do nothing`,
				l.ID, string(in), made[i], hex.EncodeToString(sum[:]), tx.Millis())
			if err != nil {
				return err
			}
			if in != lang.Hi {
				continue
			}
			if _, err := tx.Exec(`delete from letter_due where letter_id = $1`, l.ID); err != nil {
				return err
			}
		}
		return nil
	})
	return n, errors.Join(err, failed)
}

func stored(tx *db.Tx, id string, in lang.Lang) (f File, err error) {
	var l Letter
	err = tx.Scan(`select f.pdf, f.sha256, l.kind, l.number from letter_file f join letter l on l.id = f.letter_id where f.letter_id = $1 and f.lang = $2`,
		[]any{id, string(in)}, &f.PDF, &f.SHA256, &l.Kind, &l.Number)
	f.Name = fmt.Sprintf("%s-%s-%s.pdf", l.Kind, fileName(l.Number), in)
	return f, err
}

// fileName writes a number for the name of a file: what is not ASCII is left out.
func fileName(number string) string {
	number = strings.Map(func(r rune) rune {
		if r == '/' || r == ' ' {
			return '-'
		}
		if r > '~' || r < '-' {
			return -1
		}
		return r
	}, number)
	return strings.TrimLeft(number, "-")
}

// pressAtOnce is how many letters [Press] takes from the table at a time.
const pressAtOnce = 50

// Press makes the bytes of every issued letter that has none yet, in Hindi, and
// gives how many; the server calls it as it runs. It opens transactions of its own.
func Press(ctx context.Context, u *db.Unit) (n int, err error) {
	defer fault.Op(&err, "letter.Press")
	for {
		var due []Frozen
		err := u.Read(ctx, func(tx *db.Tx) error {
			due = nil
			ids, err := db.Select(tx, `select letter_id from letter_due order by letter_id limit $1`, []any{pressAtOnce}, db.One[string])
			if err != nil {
				return err
			}
			for _, id := range ids {
				l, err := LookupFrozen(tx, id, lang.Hi)
				if err != nil {
					return err
				}
				due = append(due, l)
			}
			return nil
		})
		if err != nil || len(due) == 0 {
			return n, err
		}
		made, err := press(ctx, u, lang.Hi, due...)
		n += made
		if err != nil {
			return n, err
		}
	}
}

// siteKey is the setting that holds the address under which people reach the pages.
const siteKey = "site"

// SetSite notes the address of the unit's pages, such as "https://up.example", which
// the QR of later letters leads to. Called by the server as it starts.
func SetSite(tx *db.Tx, address string) error {
	address = strings.TrimRight(address, "/")
	if now, err := tx.Meta(siteKey); err != nil || now == address {
		return err
	}
	if err := tx.SetMeta(siteKey, address); err != nil {
		return err
	}
	return access.Audit(tx, access.Operator(), "letter.site", "unit", "", map[string]any{"address": address})
}
