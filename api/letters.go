package api

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"iter"
	"strings"
	"time"

	"sangathan/access"
	"sangathan/internal/db"
	"sangathan/internal/fault"
	"sangathan/internal/lang"
	"sangathan/internal/paper"
	"sangathan/letter"
	"sangathan/org"
	"sangathan/review"

	"github.com/danielgtaylor/huma/v2"
)

// Bounds of what is taken out at once, as on the pages.
const (
	maxLetters   = 1000
	chunkLetters = 100
	chunkRows    = 1000
	maxMade      = 2                // files made at a time
	madeWait     = 30 * time.Second // for another's to be made
)

// Dispatch narrows the dispatch register.
type Dispatch struct {
	Sort   string `query:"sort" doc:"number (the last first), first (from number 1 on), day (the newest first)"`
	Issuer string `query:"body" doc:"the organization that issued them"`
	Unit   string `query:"unit" doc:"district-level body of what they are about"`
	Person string `query:"person" doc:"whom they are about"`
	Kind   string `query:"kind" doc:"appointment, relief, notice, letter"`
	Year   int    `query:"year"`
	Mark   string `query:"mark" doc:"before the number; - for those without"`
	Lang   string `query:"lang" enum:"hi,en" default:"hi" doc:"of the letters' words"`
}

func (d Dispatch) filter() letter.Filter {
	return letter.Filter{Body: d.Issuer, Unit: d.Unit, Person: d.Person, Kind: d.Kind, Year: d.Year, Mark: d.Mark}
}

// letters are the dispatch register, and what is taken out under a number of the
// register of exports.
func (a *api) letters() {
	type paged struct {
		Dispatch
		After string `query:"after" doc:"next of the page before"`
		Limit int    `query:"limit" minimum:"1" maximum:"500" default:"50"`
	}
	read(a, "/letters", "", "The dispatch register: letters that left the office, by number", func(tx *db.Tx, by access.Actor, in *paged) (list[letter.Outgoing], error) {
		return pageOf(review.Dispatched(tx, by, lang.Parse(in.Lang), in.filter(), db.Page{Sort: in.Sort, After: in.After, Limit: in.Limit}))
	})
	type output struct {
		ContentType string `header:"Content-Type"`
		Disposition string `header:"Content-Disposition"`
		Body        []byte
	}
	op := operation("POST", "/letters.pdf", "", fmt.Sprintf("The same letters as one PDF, with the list of them at the end, under an export number: at most %d", maxLetters))
	op.Responses = map[string]*huma.Response{"200": {Description: "the file", Content: map[string]*huma.MediaType{"application/pdf": {}}}}
	type asked struct {
		Sent
		Dispatch
	}
	huma.Register(a.huma, op, func(ctx context.Context, in *asked) (*output, error) {
		pdf, number, err := a.bundle(ctx, in.raw(), in.Dispatch)
		if err != nil {
			return nil, a.fail(ctx, err)
		}
		return &output{"application/pdf", fmt.Sprintf(`attachment; filename="dispatch-%s.pdf"`, strings.ReplaceAll(number, "/", "-")), pdf}, nil
	})
	type diary struct {
		Number string          `json:"number" doc:"in the register of exports"`
		Items  []org.DiaryLine `json:"items"`
	}
	op = operation("POST", "/organizations/{id}/diary", "see_contact", "The telephone diary of a body and of those directly under it, under an export number")
	huma.Register(a.huma, op, func(ctx context.Context, in *nothing) (*answer[diary], error) {
		out := answer[diary]{diary{Items: []org.DiaryLine{}}}
		id := org.OrganizationID(in.ID)
		x, err := a.export(ctx, in.raw(), access.Export{List: "diary", Format: "json", Address: "/api/v1/organizations/" + in.ID + "/diary"}, func(tx *db.Tx, by access.Actor) error {
			o, err := org.GetOrganization(tx, by, id)
			if err != nil {
				return err
			}
			return by.Check(access.SeeContact, o.Target(""))
		})
		for p := db.First(chunkRows); err == nil; {
			err = x.read(func(tx *db.Tx, by access.Actor) (err error) {
				var lines []org.DiaryLine
				if lines, p.After, err = org.Diary(tx, by, id, p); err == nil {
					out.Body.Items = append(out.Body.Items, lines...)
				}
				return err
			})
			if p.After == "" {
				break
			}
		}
		if err == nil {
			out.Body.Number = x.Number
			err = x.end(len(out.Body.Items))
		}
		if err != nil {
			return nil, a.fail(ctx, err)
		}
		return &out, nil
	})
}

// bundle makes one PDF of the letters of the register that the caller may open.
func (a *api) bundle(ctx context.Context, sent *Sent, in Dispatch) (pdf []byte, number string, err error) {
	select {
	case a.making <- struct{}{}:
		defer func() { <-a.making }()
	case <-time.After(madeWait):
		return nil, "", fault.New(fault.Unavailable, "lists.busy")
	case <-ctx.Done():
		return nil, "", ctx.Err()
	}
	address, err := json.Marshal(in.filter())
	if err != nil {
		return nil, "", err
	}
	words, p := lang.Parse(in.Lang), callerOf(ctx).print
	if words != p.Lang() {
		p = lang.New(words, nil, false)
	}
	var reader org.Person
	x, err := a.export(ctx, sent, access.Export{List: "dispatch", Format: "letters", Address: "/api/v1/letters.pdf " + string(address)}, func(tx *db.Tx, by access.Actor) (err error) {
		if !by.SignedIn() {
			return fault.New(fault.Unauthorized, "access.sign_in")
		}
		reader, err = org.LookupPerson(tx, org.PersonID(by.Person))
		return err
	})
	if err != nil {
		return nil, "", err
	}
	n := 0
	chunk := func(page db.Page) (letters []letter.Frozen, next string, err error) {
		err = x.read(func(tx *db.Tx, by access.Actor) error {
			letters = nil
			var lines []letter.Outgoing
			if lines, next, err = review.Dispatched(tx, by, words, in.filter(), page); err != nil {
				return err
			}
			for _, l := range lines {
				if l.Record == letter.OfCase {
					_, err := review.NoticeLetter(tx, by, l.RecordID)
					if fault.Is(err, fault.Conflict) { // the person concerned opens it in the case first
						continue
					}
					if err != nil {
						return err
					}
				}
				f, err := letter.LookupFrozen(tx, l.ID, words)
				if err != nil {
					return err
				}
				letters = append(letters, f)
			}
			return nil
		})
		return letters, next, err
	}
	var all iter.Seq2[letter.Frozen, error] = func(yield func(letter.Frozen, error) bool) {
		for page := (db.Page{Sort: in.Sort, Limit: chunkLetters}); ; {
			letters, next, err := chunk(page)
			if n += len(letters); err == nil && n > maxLetters {
				err = fault.New(fault.TooLarge, "lists.too_long.letters", "max", maxLetters)
			}
			if err != nil {
				yield(letter.Frozen{}, err)
				return
			}
			for _, l := range letters {
				if !yield(l, nil) {
					return
				}
			}
			if page.After = next; next == "" {
				return
			}
		}
	}
	var b bytes.Buffer
	title := p.T("letter.dispatch_title")
	err = letter.Bundle(&b, words, all, paper.ListData{Title: p.T("letter.bundle_title", "title", title), Printer: p,
		Reader: p.Name(reader.NameHi, reader.NameEn), Time: time.UnixMilli(x.At).In(a.unit.Zone()), Number: x.Number})
	if err == nil && n == 0 {
		err = fault.New(fault.Conflict, "lists.no_letters")
	}
	if err == nil {
		err = x.end(n)
	}
	return b.Bytes(), x.Number, err
}

// export is something that is being taken out: entered before its first row is read,
// and read under the hat that it was begun with.
type export struct {
	access.Export
	a   *api
	ctx context.Context
}

// export enters that the caller takes a list out, once may has let them; sent again
// with the same key it is the same export.
func (a *api) export(ctx context.Context, sent *Sent, e access.Export, may func(tx *db.Tx, by access.Actor) error) (x export, err error) {
	err = a.unit.Write(ctx, func(tx *db.Tx) error {
		by, err := access.Open(tx, callerOf(ctx).token)
		if err != nil {
			return err
		}
		begin := func() (string, error) {
			if err := may(tx, by); err != nil {
				return "", err
			}
			began, err := access.BeginExport(tx, by, e)
			if err != nil {
				return "", err
			}
			b, err := json.Marshal(began)
			return string(b), err
		}
		text := ""
		if sent.Key == "" {
			text, err = begin()
		} else {
			text, err = db.Once(tx, by.Account, sent.Key, append([]byte(e.Address+"\n"), sent.RawBody...), begin)
		}
		if err != nil {
			return err
		}
		return json.Unmarshal([]byte(text), &x.Export)
	})
	x.a, x.ctx = a, ctx
	return x, err
}

// as opens the caller in a transaction of the export.
func (x export) as(fn func(tx *db.Tx, by access.Actor) error) func(tx *db.Tx) error {
	return func(tx *db.Tx) error {
		by, err := access.Open(tx, callerOf(x.ctx).token)
		if err != nil {
			return err
		}
		if by.Membership != x.Membership {
			return fault.New(fault.Conflict, "lists.hat_changed")
		}
		return fn(tx, by)
	}
}

func (x export) read(fn func(tx *db.Tx, by access.Actor) error) error {
	return x.a.unit.Read(x.ctx, x.as(fn))
}

// end enters how many rows went out; of what is sent again that is known.
func (x export) end(rows int) error {
	err := x.a.unit.Write(x.ctx, x.as(func(tx *db.Tx, by access.Actor) error { return access.EndExport(tx, by, x.ID, rows) }))
	if fault.Is(err, fault.NotFound) {
		return nil
	}
	return err
}
