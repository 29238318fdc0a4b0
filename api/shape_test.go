package api_test

import (
	"fmt"
	"testing"
)

// A request of the wrong shape is answered in the caller's language, by the field.
func TestAPIShapesAreToldInTheReadersLanguage(t *testing.T) {
	f := newFace(t)
	token := f.token("state.desk")
	for _, c := range []struct{ method, path, body, lang, field, key, message string }{
		{"POST", "/api/v1/reviews", `{"unit":5}`, "hi", "unit", "fault.bad_form", "यहाँ दूसरी तरह की जानकारी चाहिए। विवरण /api/openapi.json में है।"},
		{"POST", "/api/v1/reviews", `{}`, "en", "unit", "fault.bad_form", "This must be filled in."},
		{"POST", "/api/v1/reviews", `{"unit":"x","more":1}`, "hi", "more", "fault.bad_form", "“more” नाम का खाना यहाँ नहीं है।"},
		{"POST", "/api/v1/reviews", `{"unit"`, "hi", "", "fault.shape_body", ""},
		{"GET", "/api/v1/people?q=x&limit=9999", ``, "hi", "limit", "fault.bad_form", ""},
		{"GET", "/api/v1/people?q=x&limit=ten", ``, "en", "limit", "fault.bad_form", ""},
		{"GET", "/api/v1/letters?lang=xx", ``, "en", "lang", "fault.bad_form", "Choose one from the list."},
	} {
		status, out, h := f.do(c.method, c.path, token, c.body, "Accept-Language", c.lang)
		field, message := "", ""
		if all, _ := out["fields"].([]any); len(all) > 0 {
			one := all[0].(map[string]any)
			field, message = fmt.Sprint(one["name"]), fmt.Sprint(one["message"])
		}
		if status/100 != 4 || out["key"] != c.key || field != c.field || c.message != "" && message != c.message || out["detail"] != nil || h.Get("Content-Type") != "application/problem+json" {
			t.Errorf("%s %s %s: %d %v %v", c.method, c.path, c.body, status, out, h.Get("Content-Type"))
		}
	}
}
