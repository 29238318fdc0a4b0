package web

import (
	"encoding/json"
	"errors"
	"net/http"
	"time"

	"sangathan/access"
	"sangathan/internal/db"
	"sangathan/internal/fault"
	"sangathan/internal/lang"
)

// handler serves a route: the body is read, the transaction run, the answer written.
// form is the page that shows a POST route's form.
func (s *site) handler(rt route, form *route) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, hr *http.Request) {
		r := s.outside(hr)
		var a answer
		var err error
		if rt.upload > maxTyped { // nobody may send this much for nothing
			err = s.unit.Read(hr.Context(), func(tx *db.Tx) error {
				if err := r.open(tx, false); err != nil {
					return err
				}
				return rt.admit(r)
			})
		}
		if rt.method == http.MethodPost && err == nil {
			err = r.readForm(w, rt)
			defer r.release()
		}
		if err == nil {
			a, err = s.run(rt, r)
		}
		if err != nil && form != nil && showsAgain(err) {
			status := statusOf(err)
			again := s.outside(hr)
			again.form = r.form
			again.fault, _ = errors.AsType[*fault.Error](err)
			again.labels = map[string]string{}
			if b, err2 := s.run(*form, again); err2 == nil && b.to == "" {
				s.show(w, again, status, b.page)
				return
			}
		}
		if err != nil {
			s.showFault(w, r, err)
			return
		}
		if a.after != nil {
			a.after()
		}
		if r.touch { // once a day; if it fails, the next page tries again
			if err := s.unit.Write(hr.Context(), func(tx *db.Tx) error { return access.Touch(tx, s.cookie(hr, "session")) }); err != nil {
				s.cfg.Logger.Warn("session's day not noted", "error", err)
			}
		}
		if as := fileFormat(hr); as != nil && a.page.list != nil && a.page.list.offers(*as) {
			if err := s.sendFile(w, rt, r, a.page, *as); err != nil {
				s.showFault(w, r, err)
			}
			return
		}
		for _, c := range a.cookies {
			http.SetCookie(w, c)
		}
		if a.file != nil {
			a.file.send(w)
			return
		}
		if a.to != "" {
			if a.flash.Key != "" {
				if text, err := json.Marshal(a.flash); err == nil {
					http.SetCookie(w, s.newCookie("flash", string(text), time.Minute))
				}
			}
			http.Redirect(w, hr, a.to, http.StatusSeeOther)
			return
		}
		if text := s.cookie(hr, "flash"); text != "" {
			json.Unmarshal([]byte(text), &a.page.flash) // a cookie that is not ours says nothing
			http.SetCookie(w, s.newCookie("flash", "", 0))
		}
		if a.status == 0 {
			a.status = http.StatusOK
		}
		s.show(w, r, a.status, a.page)
	})
}

// run runs a route's handler in its transaction.
func (s *site) run(rt route, r *request) (a answer, err error) {
	if rt.own {
		return rt.handle(r)
	}
	in := func(tx *db.Tx) error {
		a = answer{} // the transaction may run twice
		r.by = access.Actor{}
		if err := r.open(tx, rt.act == public); err != nil {
			return err
		}
		if rt.method == http.MethodGet {
			if err := r.introduce(); err != nil {
				return err
			}
		}
		if err := rt.admit(r); err != nil {
			return err
		}
		var err error
		if rt.method == http.MethodPost && rt.act != public && !rt.harmless {
			a, err = r.once(func() (answer, error) { return rt.handle(r) })
		} else {
			a, err = rt.handle(r)
		}
		return err
	}
	if rt.method == http.MethodGet {
		err = s.unit.Read(r.Context(), in)
	} else {
		err = s.unit.Write(r.Context(), in)
	}
	r.tx = nil
	return a, err
}

// showsAgain reports whether a fault belongs beside the form that caused it.
func showsAgain(err error) bool {
	switch fault.KindOf(err) {
	case fault.Invalid, fault.Conflict, fault.TooMany, fault.Unavailable:
		return true
	}
	return false
}

// statusOf gives the HTTP status of a fault.
func statusOf(err error) int {
	switch fault.KindOf(err) {
	case fault.Invalid:
		return http.StatusUnprocessableEntity
	case fault.Unauthorized:
		return http.StatusUnauthorized
	case fault.Forbidden:
		return http.StatusForbidden
	case fault.NotFound:
		if e, ok := errors.AsType[*fault.Error](err); ok && e.Key == "fault.bad_method" {
			return http.StatusMethodNotAllowed
		}
		return http.StatusNotFound
	case fault.Conflict:
		return http.StatusConflict
	case fault.TooMany:
		return http.StatusTooManyRequests
	case fault.TooLarge:
		return http.StatusRequestEntityTooLarge
	case fault.Unavailable:
		return http.StatusServiceUnavailable
	}
	return http.StatusInternalServerError
}

// showFault is the one place where a fault becomes a page: its status, and what to
// tell in the reader's language. Who must sign in is sent there and brought back.
func (s *site) showFault(w http.ResponseWriter, r *request, err error) {
	if fault.Is(err, fault.Unauthorized) && (r.Method == http.MethodGet || r.Method == http.MethodHead) {
		http.SetCookie(w, s.newCookie("next", r.URL.RequestURI(), 10*time.Minute))
		http.Redirect(w, r.Request, "/signin", http.StatusSeeOther)
		return
	}
	if fault.Is(err, fault.Internal) && r.Context().Err() != nil {
		return // the reader has gone away: nobody failed, and nobody reads the answer
	}
	number := ""
	switch fault.KindOf(err) {
	case fault.Internal:
		number = newFormID()[30:]
		s.cfg.Logger.Error("our failure", "route", r.Pattern, "number", number, "error", err)
	case fault.Unavailable: // a full disk, a database that is away: the operator must see it
		s.cfg.Logger.Warn("unavailable", "route", r.Pattern, "error", err)
	}
	if r.by.SignedIn() && r.name == (lang.Name{}) {
		err := s.unit.Read(r.Context(), func(tx *db.Tx) error {
			r.tx = tx
			return r.introduce()
		})
		if r.tx = nil; err != nil {
			s.cfg.Logger.Warn("a page without its reader's name", "route", r.Pattern, "error", err)
		}
	}
	v := faultView{message: r.p.Error(err), number: number, signIn: fault.Is(err, fault.Unauthorized)}
	if e, ok := errors.AsType[*fault.Error](err); ok && len(e.Fields) > 0 { // of a request without a form
		v.message = r.p.Fields(err)[e.Fields[0].Name]
	}
	s.show(w, r, statusOf(err), page{title: r.p.T("common.fault_title"), body: faultBody(r.p, v)})
}

type faultView struct {
	message, number string
	signIn          bool
}
