package letter

import (
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"slices"
	"strings"

	"sangathan/access"
	"sangathan/internal/db"
	"sangathan/internal/fault"
	"sangathan/internal/lang"
	"sangathan/internal/paper"

	"golang.org/x/text/unicode/norm"
)

// Kinds are the kinds of letter; each has its template.
var Kinds = []string{"appointment", "relief", "notice", "letter"}

// Field is a named place of a template; the message "letter.field.NAME" says what
// stands there.
type Field struct {
	Name     string
	Required bool // a template without it is refused
}

// FieldsOf lists the fields that a template of a kind may have, in the order of a letter.
func FieldsOf(kind string) []Field {
	names := "organization office address contact number date title to subject reference greeting person post unit area"
	if kind == "notice" {
		names += " body duties duties_title reply_by reply_how fair"
	} else {
		names += " from_day body reason appeal"
	}
	var all []Field
	for _, name := range strings.Fields(names + " signer signer_post signer_organization copy_title copy_to") {
		all = append(all, Field{name, name == "number" || name == "date" || name == "body" || name == "signer" || name == "reply_by"})
	}
	return all
}

// Form is a template as it is in force for a body.
type Form struct {
	Text    string
	Version int    // of the body whose template it is; 0 for the one we bring
	From    string // that body's organization; "" for the one we bring
	FromHi  string
	FromEn  string
}

// Version is one save of a body's template.
type Version struct {
	N        int
	MadeAt   int64 // milliseconds UTC
	PersonHi string
	PersonEn string
	Dropped  bool // from here on the one above was used
}

// formFor gives the template in force for a body: its own newest, else that of the
// nearest body above, else ours.
func formFor(tx *db.Tx, organization, kind string, in lang.Lang) (Form, error) {
	type row struct {
		Form
		dropped bool
	}
	all, err := db.Select(tx, `select coalesce(f.text, ''), t.version, a.id, a.name_hi, a.name_en, t.form_id
		from organization o join letter_template t on t.kind = $1 and t.lang = $2
			join organization a on a.id = t.organization_id and substr(o.path, 1, length(a.path)) = a.path
			left join letter_form f on f.id = t.form_id
		where o.id = $3 and t.version = (select max(n.version) from letter_template n where n.organization_id = t.organization_id and n.kind = t.kind and n.lang = t.lang)
		order by length(a.path) desc`, []any{kind, string(in), organization}, func(s db.Scanner) (r row, err error) {
		var form sql.NullString
		err = s.Scan(&r.Text, &r.Version, &r.From, &r.FromHi, &r.FromEn, &form)
		r.dropped = !form.Valid
		return r, err
	})
	for _, r := range all {
		if !r.dropped {
			return r.Form, err
		}
	}
	return Form{Text: paper.StandardTemplate(kind, string(in))}, err
}

// keepForm keeps the text of a template and gives its id.
func keepForm(tx *db.Tx, text string) (id string, err error) {
	text = norm.NFC.String(text)
	sum := sha256.Sum256([]byte(text))
	id = hex.EncodeToString(sum[:])
	_, err = tx.Exec(`insert into letter_form(id, text) values($1, $2) on conflict(id) do nothing`, id, text)
	return id, err
}

// check is the gate of everything about templates: edit_letters on the body.
func check(tx *db.Tx, by access.Actor, organization string) error {
	t := access.Target{Org: organization}
	err := tx.Scan(`select path, area_path from organization where id = $1`, []any{organization}, &t.OrgPath, &t.AreaPath)
	if err != nil {
		return err
	}
	return by.Check(access.EditLetters, t)
}

func checkKind(kind string, in lang.Lang) error {
	if !slices.Contains(Kinds, kind) || !slices.Contains(Langs, in) {
		return fault.New(fault.NotFound, "fault.not_found")
	}
	return nil
}

// Template reads the template of a kind in force for a body, and the body's own
// versions, the newest first. The actor needs edit_letters on it. Faults:
// Unauthorized, NotFound, Forbidden.
func Template(tx *db.Tx, by access.Actor, organization, kind string, in lang.Lang) (f Form, versions []Version, err error) {
	defer fault.Op(&err, "letter.Template(%s, %s)", organization, kind)
	if err := check(tx, by, organization); err != nil {
		return f, nil, err
	}
	if err := checkKind(kind, in); err != nil {
		return f, nil, err
	}
	if f, err = formFor(tx, organization, kind, in); err != nil {
		return f, nil, err
	}
	versions, err = db.Select(tx, `select t.version, t.made_at, coalesce(p.name_hi, ''), coalesce(p.name_en, ''), t.form_id
		from letter_template t left join person p on p.id = t.made_person
		where t.organization_id = $1 and t.kind = $2 and t.lang = $3 order by t.version desc`, []any{organization, kind, string(in)},
		func(s db.Scanner) (v Version, err error) {
			var form sql.NullString
			err = s.Scan(&v.N, &v.MadeAt, &v.PersonHi, &v.PersonEn, &form)
			v.Dropped = !form.Valid
			return v, err
		})
	return f, versions, err
}

// maxTemplate is the most characters of a template.
const maxTemplate = 8000

// Check tells what is wrong with the text of a template of a kind: how it is
// written, a field that is not known, one that is missing. Faults: Invalid, at field
// "template".
func Check(kind, text string) error {
	if len([]rune(text)) > maxTemplate {
		return fault.In("template", "letter.template_long", "n", maxTemplate)
	}
	t, err := paper.ParseTemplate(text)
	if err != nil {
		return err
	}
	var known []string
	for _, f := range FieldsOf(kind) {
		known = append(known, f.Name)
	}
	if err := t.Check(known...); err != nil {
		return err
	}
	for _, f := range FieldsOf(kind) {
		if f.Required && !slices.Contains(t.Fields(), f.Name) {
			return fault.In("template", "letter.field_missing", "word", "{"+f.Name+"}", "what", lang.Key("letter.field."+f.Name))
		}
	}
	return nil
}

// Save makes text the template of a kind for a body and all under it that have none
// of their own, from the next letter on. Text that is in force already makes no
// version. The actor needs edit_letters. Faults: Invalid, Unauthorized, NotFound,
// Forbidden.
func Save(tx *db.Tx, by access.Actor, organization, kind string, in lang.Lang, text string) (version int, err error) {
	defer fault.Op(&err, "letter.Save(%s, %s)", organization, kind)
	now, _, err := Template(tx, by, organization, kind, in)
	if err != nil {
		return 0, err
	}
	text = strings.TrimSpace(norm.NFC.String(strings.ReplaceAll(text, "\r\n", "\n"))) + "\n"
	if err := Check(kind, text); err != nil {
		return 0, err
	}
	if text == now.Text {
		return now.Version, nil
	}
	form, err := keepForm(tx, text)
	if err != nil {
		return 0, err
	}
	return addVersion(tx, by, organization, kind, in, form, "letter.template_saved")
}

// Restore makes an earlier version of a body's template the newest; version 0 drops
// the body's own, so that the one above is used. Who may and faults: as Save.
func Restore(tx *db.Tx, by access.Actor, organization, kind string, in lang.Lang, version int) (n int, err error) {
	defer fault.Op(&err, "letter.Restore(%s, %s, %d)", organization, kind, version)
	if err := check(tx, by, organization); err != nil {
		return 0, err
	}
	if err := checkKind(kind, in); err != nil {
		return 0, err
	}
	var form sql.NullString
	if version != 0 {
		err := tx.Scan(`select form_id from letter_template where organization_id = $1 and kind = $2 and lang = $3 and version = $4 and form_id is not null`,
			[]any{organization, kind, string(in), version}, &form)
		if fault.Is(err, fault.NotFound) {
			return 0, fault.In("version", "letter.no_version")
		}
		if err != nil {
			return 0, err
		}
	}
	return addVersion(tx, by, organization, kind, in, form.String, "letter.template_restored")
}

func addVersion(tx *db.Tx, by access.Actor, organization, kind string, in lang.Lang, form, act string) (n int, err error) {
	n, err = tx.Int(`select coalesce(max(version), 0) + 1 from letter_template where organization_id = $1 and kind = $2 and lang = $3`, organization, kind, string(in))
	if err != nil {
		return 0, err
	}
	_, err = tx.Exec(`insert into letter_template(organization_id, kind, lang, version, form_id, made_at, made_by, made_person)
		values($1, $2, $3, $4, $5, $6, $7, $8)`, organization, kind, string(in), n, db.Null(form), tx.Millis(), by.Account, db.Null(by.Person))
	if err != nil {
		return 0, err
	}
	return n, access.Audit(tx, by, act, "organization", organization, map[string]any{"kind": kind, "lang": string(in), "version": n, "form": form})
}
