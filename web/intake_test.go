package web_test

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"sangathan/internal/lang"
	"sangathan/web"
)

// A list is pasted, looked at, loaded and taken back without a script.
func TestA1_AListIsLoadedOnThePage(t *testing.T) {
	w := newWorld(t, web.Config{Insecure: true})
	desk := w.as("state.desk", lang.Hi)
	sent := desk.fill("/lists", "kind", "people", "text", "टीला | सोनू जोशी | ब्लॉक सचिव | 9000014001\nटिला | मोनू | ब्लॉक सचिव\n", "source", "चैट")
	if !strings.HasPrefix(sent.to, "/list/") {
		t.Fatalf("%d %s", sent.status, sent.body)
	}
	waits := func(for_ string) string {
		for range 200 {
			if text := desk.get(sent.to).body; strings.Contains(text, for_) {
				return text
			}
			time.Sleep(20 * time.Millisecond)
		}
		t.Fatalf("never %q: %s", for_, desk.get(sent.to).body)
		return ""
	}
	if text := waits("जाँच पूरी"); !strings.Contains(text, "नए 1") || !strings.Contains(text, "गलत 1") {
		t.Error(text)
	}
	desk.post(sent.to+"/load", url.Values{"form_id": {"load"}})
	waits("चढ़ गई")
	if text := desk.get("/people?q=" + "9000014001").body; !strings.Contains(text, "सोनू जोशी") {
		t.Error("who was loaded is not found")
	}
	if text := desk.get(sent.to + "/faulty.csv").body; !strings.Contains(text, "मोनू") {
		t.Error(text)
	}
	desk.post(sent.to+"/undo", url.Values{"form_id": {"undo"}})
	waits("वापस ले ली गई")
	if other := w.as("poorab.president", lang.Hi).get(sent.to); other.status != 404 {
		t.Errorf("another's list answers %d", other.status)
	}
}
