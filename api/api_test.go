package api_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"sangathan/access"
	"sangathan/api"
	"sangathan/internal/db"
	"sangathan/internal/dbtest"
	"sangathan/org"
	"sangathan/orgtest"
	"sangathan/review"
)

// face is the API over the small register.
type face struct {
	*orgtest.Fixture
	t       *testing.T
	handler http.Handler
}

func newFace(t *testing.T) face {
	u := dbtest.SQLite(t, dbtest.At(dbtest.Day("2026-11-22")))
	f := face{orgtest.Small(t, u), t, api.New(u, slog.New(slog.NewTextHandler(io.Discard, nil)))}
	if err := u.Write(t.Context(), review.LoadDefault); err != nil {
		t.Fatal(err)
	}
	return f
}

// token signs a holder in with a slip.
func (f face) token(name string) (token string) {
	f.t.Helper()
	hash, err := access.HashPIN("2580")
	if err != nil {
		f.t.Fatal(err)
	}
	err = f.Unit.Write(f.t.Context(), func(tx *db.Tx) error {
		where, err := org.PersonTarget(tx, access.Operator(), f.Person(name))
		if err != nil {
			return err
		}
		slip, err := access.MakeSlip(tx, access.Operator(), string(f.Person(name)), where)
		if err != nil {
			return err
		}
		s, _, err := access.UseSlip(tx, slip, hash, access.Device{})
		token = s.Token
		return err
	})
	if err != nil {
		f.t.Fatal(err)
	}
	return token
}

func (f face) do(method, path, token, body string, headers ...string) (int, map[string]any, http.Header) {
	f.t.Helper()
	r := httptest.NewRequest(method, path, bytes.NewReader([]byte(body)))
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	f.handler.ServeHTTP(w, r)
	var out map[string]any
	if err := json.Unmarshal(w.Body.Bytes(), &out); err != nil {
		f.t.Fatalf("%s %s: %d %q: %v", method, path, w.Code, w.Body, err)
	}
	return w.Code, out, w.Header()
}

func TestAPIAnswersByRoleAndTellsNothingOfTheInvisible(t *testing.T) {
	f := newFace(t)
	tokens := map[string]string{"": ""}
	for _, who := range []string{"poorab.president", "pachhim.president", "nadi.sec1", "state.desk", "booth1.agent"} {
		tokens[who] = f.token(who)
	}
	for _, c := range []struct {
		as, method, path, body string
		status                 int
		text                   string
	}{
		{"", "GET", "/api/v1/me", "", 401, "access.sign_in"},
		{"nadi.sec1", "GET", "/api/v1/me", "", 200, "m-nadi.sec1"},
		{"nadi.sec1", "GET", "/api/v1/organizations/nadi", "", 200, "नदी गाँव"},
		{"nadi.sec1", "GET", "/api/v1/organizations/pachhim", "", 404, "fault.not_found"},
		{"nadi.sec1", "GET", "/api/v1/organizations/no-such", "", 404, "fault.not_found"},
		{"poorab.president", "GET", "/api/v1/organizations/poorab/holders?on=2025-01-01", "", 200, `"items":[]`},
		{"poorab.president", "GET", "/api/v1/organizations/poorab/holders?on=2026-02-30", "", 422, `"name":"on"`},
		{"poorab.president", "GET", "/api/v1/vacancies", "", 200, "poorab"},
		{"poorab.president", "POST", "/api/v1/reviews", `{"unit":"poorab"}`, 200, `"id"`},
		{"pachhim.president", "POST", "/api/v1/reviews", `{"unit":"poorab"}`, 404, "fault.not_found"},
		{"nadi.sec1", "POST", "/api/v1/reviews", `{"unit":"poorab"}`, 403, "access.forbidden.draft_list"},
		{"poorab.president", "POST", "/api/v1/reviews", `{"unit":"poorab","from_month":"2026-13"}`, 422, "from_month"},
		{"poorab.president", "POST", "/api/v1/reviews", `{"unit":`, 400, "title"},
		{"poorab.president", "POST", "/api/v1/reviews", `{"unit":"` + strings.Repeat("x", 100_000) + `"}`, 413, "title"},
		{"state.desk", "GET", "/api/v1/people?q=90000", "", 200, `"items":[]`},
		{"booth1.agent", "GET", "/api/v1/cases/no-such", "", 404, "fault.not_found"},
		{"state.desk", "GET", "/api/v1/no-such", "", 404, "fault.not_found"},
		{"state.desk", "POST", "/api/v1/memberships/m-nadi.sec1/relieve-now", `{"text":"x"}`, 403, "relieve_now"},
	} {
		status, out, _ := f.do(c.method, c.path, tokens[c.as], c.body)
		b := new(bytes.Buffer)
		enc := json.NewEncoder(b)
		enc.SetEscapeHTML(false)
		enc.Encode(out)
		if status != c.status || !strings.Contains(b.String(), c.text) {
			t.Errorf("%s: %s %s: %d %s; want %d %s", c.as, c.method, c.path, status, b, c.status, c.text)
		}
	}
}

func TestAPIIdempotencyKeyCountsOnce(t *testing.T) {
	f := newFace(t)
	token := f.token("nadi.sec1")
	report := func(id, note string) string {
		return fmt.Sprintf(`{"id":"%s","membership":"","kind":"chaupal","area":"","day":"2026-11-20","people":12,"note":"%s","word":"self"}`, id, note)
	}
	const id = "01234567-89ab-7cde-8f01-23456789abcd"
	for range 3 {
		if status, out, _ := f.do("POST", "/api/v1/activities", token, report(id, "चौपाल हुई")); status != 200 || out["id"] != id {
			t.Fatalf("%d %v", status, out)
		}
	}
	if status, out, _ := f.do("POST", "/api/v1/activities", token, report(id, "कुछ और")); status != 409 || out["key"] != "fault.sent_differently" {
		t.Fatalf("another body: %d %v", status, out)
	}
	end := `{"reason":"resigned","day":"2026-11-20","note":"निजी"}`
	for range 2 {
		if status, out, _ := f.do("POST", "/api/v1/memberships/m-nadi.sec1/end", token, end, "Idempotency-Key", "k-1"); status != 200 || out["id"] == "" {
			t.Fatalf("%d %v", status, out)
		}
	}
	if status, _, _ := f.do("POST", "/api/v1/memberships/m-nadi.sec1/end", token, end, "Idempotency-Key", "k-2"); status != 409 {
		t.Fatalf("resigned twice: %d", status)
	}
	f.Unit.Read(t.Context(), func(tx *db.Tx) error {
		n, err := tx.Int(`select count(*) from activity`)
		orders, _ := tx.Int(`select count(*) from orders`)
		if n != 1 || orders != 1 {
			t.Errorf("%d entries, %d orders", n, orders)
		}
		return err
	})
}

func TestAPIFaultsAreProblemsInTheReadersLanguage(t *testing.T) {
	f := newFace(t)
	for accept, title := range map[string]string{"": "लॉगिन", "hi-IN": "लॉगिन", "en": "ign in"} {
		_, out, h := f.do("GET", "/api/v1/me", "", "", "Accept-Language", accept)
		if h.Get("Content-Type") != "application/problem+json" || !strings.Contains(out["title"].(string), title) {
			t.Errorf("%q: %s %v", accept, h.Get("Content-Type"), out)
		}
	}
}

func TestOpenAPIDescribesEveryRouteWithItsAct(t *testing.T) {
	f := newFace(t)
	status, doc, _ := f.do("GET", "/api/openapi.json", "", "")
	if status != 200 || doc["openapi"] != "3.1.0" {
		t.Fatalf("%d %v", status, doc["openapi"])
	}
	known := map[string]bool{"": true, "public": true, "self": true}
	for _, a := range access.Acts {
		known[string(a)] = true
	}
	n := 0
	for path, item := range doc["paths"].(map[string]any) {
		for method, op := range item.(map[string]any) {
			n++
			act, ok := op.(map[string]any)["x-act"].(string)
			if !ok || !known[act] {
				t.Errorf("%s %s: x-act %v", method, path, act)
			}
			// Each route answers: without a token, and never with "no such page".
			probe := strings.NewReplacer("{id}", "x").Replace(path)
			body := ""
			if method == "post" {
				body = "{}"
			}
			status, out, _ := f.do(strings.ToUpper(method), probe, "", body)
			if act != "public" && status != 401 && status != 422 || status == 404 {
				t.Errorf("%s %s without sign-in: %d %v", method, path, status, out)
			}
		}
	}
	if n < 40 {
		t.Errorf("only %d operations", n)
	}
	t.Logf("%d operations", n)
}
