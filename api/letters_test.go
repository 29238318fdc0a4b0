package api_test

import (
	"bytes"
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"

	"sangathan/internal/db"
	"sangathan/org"
)

// Letters of a register and the diary go out under a number of the register of
// exports, each within what the caller may read.
func TestI1_TakenOutUnderANumber(t *testing.T) {
	f := newFace(t)
	desk, other := f.token("state.desk"), f.token("pachhim.president")
	for range 3 {
		err := f.Unit.Write(t.Context(), func(tx *db.Tx) error {
			_, err := org.Warn(tx, f.Actor("state.president"), f.Member("nadi.president"), "रिपोर्ट नहीं भेजी", "")
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if status, out, _ := f.do("GET", "/api/v1/letters?limit=2", desk, ""); status != 200 || len(out["items"].([]any)) != 2 || out["next"] == nil {
		t.Errorf("the register: %d %v", status, out)
	}
	if status, out, _ := f.do("GET", "/api/v1/letters?kind=notice", desk, ""); status != 200 || len(out["items"].([]any)) != 0 {
		t.Errorf("the notices among them: %d %v", status, out)
	}
	if status, out, _ := f.do("GET", "/api/v1/letters", other, ""); status != 200 || len(out["items"].([]any)) != 0 {
		t.Errorf("another district's register: %d %v", status, out)
	}
	pdf := func(token string) *httptest.ResponseRecorder {
		r := httptest.NewRequest("POST", "/api/v1/letters.pdf?lang=en", bytes.NewReader([]byte("{}")))
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set("Authorization", "Bearer "+token)
		w := httptest.NewRecorder()
		f.handler.ServeHTTP(w, r)
		return w
	}
	if w := pdf(desk); w.Code != http.StatusOK || !bytes.HasPrefix(w.Body.Bytes(), []byte("%PDF-")) {
		t.Errorf("all letters: %d %.200s", w.Code, w.Body)
	}
	if w := pdf(other); w.Code != http.StatusConflict {
		t.Errorf("no letters: %d %.200s", w.Code, w.Body)
	}
	poorab := fmt.Sprintf("/api/v1/organizations/%s/diary", f.Org("poorab"))
	if status, out, _ := f.do("POST", poorab, desk, "{}"); status != 200 || len(out["items"].([]any)) == 0 || out["number"] == "" {
		t.Errorf("the diary: %d %v", status, out)
	}
	if status, _, _ := f.do("POST", poorab, other, "{}"); status != 404 {
		t.Errorf("another district's diary: %d", status)
	}
	got := ""
	err := f.Unit.Read(t.Context(), func(tx *db.Tx) (err error) {
		lines, err := db.Select(tx, `select list || ' ' || format || ' ' || coalesce(row_count > 0, false) from export order by number`, nil, db.One[string])
		got = fmt.Sprint(lines)
		return err
	})
	if err != nil || got != "[dispatch letters 1 dispatch letters 0 diary json 1]" {
		t.Errorf("the register of exports has %s, %v", got, err)
	}
}
