package lang

import (
	"embed"
	"fmt"
	"path"
	"strings"
	"sync"

	"github.com/BurntSushi/toml"
)

//go:embed messages/*.toml
var messageFiles embed.FS

// A message is a text cut at its placeholders.
type message []part

// A part is literal text; or the argument named arg; or, with forms, one of the
// two forms by the number arg; or the word pack's word.
type part struct {
	text  string
	arg   string
	forms []string
	word  string
}

// catalogues reads the embedded files once: language to key to message. It panics
// on a faulty file, which the tests of this package find first.
var catalogues = sync.OnceValue(func() map[Lang]map[string]message {
	all := map[Lang]map[string]message{Hi: {}, En: {}}
	err := eachText(func(file string, l Lang, key, text string) error {
		m, err := parse(text)
		if _, twice := all[l][key]; twice {
			err = fmt.Errorf("key stands in another file too")
		}
		all[l][key] = m
		return err
	})
	if err != nil {
		panic("lang: " + err.Error())
	}
	return all
})

// eachText calls f for every entry of every message file.
func eachText(f func(file string, l Lang, key, text string) error) error {
	files, err := messageFiles.ReadDir("messages")
	if err != nil {
		return err
	}
	for _, file := range files {
		l := Lang(strings.TrimPrefix(path.Ext(strings.TrimSuffix(file.Name(), ".toml")), "."))
		if l != Hi && l != En {
			return fmt.Errorf("%s: file name must end in .hi.toml or .en.toml", file.Name())
		}
		var texts map[string]string
		if _, err := toml.DecodeFS(messageFiles, "messages/"+file.Name(), &texts); err != nil {
			return fmt.Errorf("%s: %w (each line is \"key\" = \"text\", the key in quotes)", file.Name(), err)
		}
		for key, text := range texts {
			if err := f(file.Name(), l, key, text); err != nil {
				return fmt.Errorf("%s: %s: %w", file.Name(), key, err)
			}
		}
	}
	return nil
}

// parse cuts text at its placeholders.
func parse(text string) (m message, err error) {
	for text != "" {
		before, rest, found := strings.Cut(text, "{")
		if strings.Contains(before, "}") {
			return nil, fmt.Errorf("} without {")
		}
		if before != "" {
			m = append(m, part{text: before})
		}
		if !found {
			break
		}
		inside, after, closed := strings.Cut(rest, "}")
		if !closed {
			return nil, fmt.Errorf("{ without }")
		}
		name, forms, counted := strings.Cut(inside, "|")
		word, isWord := strings.CutPrefix(name, "@")
		p := part{arg: name}
		switch {
		case isWord && !counted:
			p = part{word: word}
			name = word
		case counted:
			if p.forms = strings.Split(forms, "|"); len(p.forms) != 2 {
				return nil, fmt.Errorf("{%s}: want {name|one|other}", inside)
			}
		}
		if name == "" || strings.ContainsAny(name, "@{ ") || strings.Contains(inside, "{") {
			return nil, fmt.Errorf("{%s}: not a placeholder", inside)
		}
		m = append(m, p)
		text = after
	}
	return m, nil
}

// Has reports whether a message of that key exists.
func Has(key string) bool {
	_, hi := catalogues()[Hi][key]
	_, en := catalogues()[En][key]
	return hi && en
}
