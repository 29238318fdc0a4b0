package web

import (
	"sync"
	"time"

	"sangathan/internal/db"
	"sangathan/internal/lang"
	"sangathan/org"
)

// words are those of the word pack in force, kept between requests: they change once
// in a unit's life.
type words struct {
	mu   sync.Mutex
	of   map[lang.Lang]map[string]string
	read time.Time // when; zero for never
}

// printer writes in a language with the words known.
func (w *words) printer(l lang.Lang) lang.Printer {
	w.mu.Lock()
	defer w.mu.Unlock()
	return lang.New(l, w.of[l], false)
}

// refresh reads the words when they are not fresh.
func (w *words) refresh(tx *db.Tx) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if age := tx.Now.Sub(w.read); age >= 0 && age < wordsLife {
		return nil
	}
	chosen, err := org.ChosenWords(tx)
	if err != nil {
		return err
	}
	of := map[lang.Lang]map[string]string{}
	if chosen != "" {
		for _, l := range []lang.Lang{lang.Hi, lang.En} {
			_, packs, err := org.WordPacks(tx, l)
			if err != nil {
				return err
			}
			of[l] = packs[chosen]
		}
	}
	w.of, w.read = of, tx.Now
	return nil
}

// forget has them read again.
func (w *words) forget() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.read = time.Time{}
}
