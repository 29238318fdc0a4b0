// Package api is the JSON face: the same verbs as the pages, under /api/v1/,
// described by OpenAPI 3.1 at /api/openapi.json, which is made from the routes
// themselves.
//
// A caller signs in for a token (POST /api/v1/sign-in) and sends it as
// "Authorization: Bearer TOKEN"; cookies are not read, so no other site can act
// for a signed-in browser. Every route names the act it needs in "x-act"; the verb
// checks it. A POST may carry an Idempotency-Key: the same key and body give the
// same answer again. Faults come as application/problem+json (RFC 9457), with the
// faulty fields, in the language of Accept-Language (Hindi unless English is asked).
package api

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"path"
	"reflect"
	"strings"

	"sangathan/access"
	"sangathan/internal/db"
	"sangathan/internal/fault"
	"sangathan/internal/lang"
	"sangathan/letter"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"
)

// maxBody bounds a request's body: one verb's input, never a file.
const maxBody = 64 << 10

// api is the face of one unit.
type api struct {
	unit *db.Unit
	log  *slog.Logger
	huma huma.API

	making chan struct{} // as many as files may be made at a time
}

// New makes the API of a unit.
func New(u *db.Unit, log *slog.Logger) http.Handler {
	mux := http.NewServeMux()
	cfg := huma.DefaultConfig("Sangathan", "1")
	cfg.OpenAPIPath = "/api/openapi"
	cfg.DocsPath, cfg.SchemasPath = "", ""
	cfg.Transformers = append(cfg.Transformers, inWords)
	cfg.CreateHooks = nil // no "$schema" links in answers
	cfg.Components.Schemas = huma.NewMapRegistry("#/components/schemas/", schemaName)
	cfg.Components.SecuritySchemes = map[string]*huma.SecurityScheme{"token": {Type: "http", Scheme: "bearer"}}
	a := &api{unit: u, log: log, huma: humago.New(mux, cfg), making: make(chan struct{}, maxMade)}
	a.huma.UseMiddleware(withCaller)
	a.routes()
	mux.HandleFunc("/api/", func(w http.ResponseWriter, r *http.Request) {
		p := problemOf(fault.New(fault.NotFound, "fault.not_found"), printerFor(r.Header.Get("Accept-Language")))
		w.Header().Set("Content-Type", "application/problem+json")
		w.WriteHeader(p.Status)
		json.NewEncoder(w).Encode(p)
	})
	return mux
}

// schemaName names a type in the document: those of the capabilities by their
// package too, so that org.Count and this package's own do not meet.
func schemaName(t reflect.Type, hint string) string {
	name := huma.DefaultSchemaNamer(t, hint)
	for t.Kind() == reflect.Pointer || t.Kind() == reflect.Slice {
		t = t.Elem()
	}
	if p := path.Base(t.PkgPath()); t.Name() != "" && p != "api" && p != "." {
		return strings.ToUpper(p[:1]) + p[1:] + name
	}
	return name
}

// caller is what the request's headers say of who asks.
type caller struct {
	token string
	print lang.Printer
}

type callerKey struct{}

func withCaller(ctx huma.Context, next func(huma.Context)) {
	token, _ := strings.CutPrefix(ctx.Header("Authorization"), "Bearer ")
	c := caller{token: token, print: printerFor(ctx.Header("Accept-Language"))}
	ctx.SetHeader("Cache-Control", "no-store")
	next(huma.WithValue(ctx, callerKey{}, c))
}

func callerOf(ctx context.Context) caller { c, _ := ctx.Value(callerKey{}).(caller); return c }

func printerFor(accept string) lang.Printer {
	if strings.HasPrefix(accept, "en") {
		return lang.New(lang.En, nil, false)
	}
	return lang.New(lang.Hi, nil, false)
}

// problem is a fault as RFC 9457 writes it.
type problem struct {
	Type   string         `json:"type"`
	Title  string         `json:"title"`
	Status int            `json:"status"`
	Key    string         `json:"key,omitempty"` // the message's key, the same in every language
	Fields []problemField `json:"fields,omitempty"`
}

type problemField struct {
	Name    string `json:"name"`
	Message string `json:"message"`
}

// Error gives the title, for logs.
func (p *problem) Error() string { return p.Title }

// GetStatus gives the HTTP status.
func (p *problem) GetStatus() int { return p.Status }

// ContentType says that the answer is a problem.
func (p *problem) ContentType(string) string { return "application/problem+json" }

var statuses = map[fault.Kind]int{fault.Internal: 500, fault.Invalid: 422, fault.Unauthorized: 401, fault.Forbidden: 403,
	fault.NotFound: 404, fault.Conflict: 409, fault.TooMany: 429, fault.TooLarge: 413, fault.Unavailable: 503}

func problemOf(err error, p lang.Printer) *problem {
	kind := fault.KindOf(err)
	out := &problem{Type: "about:blank", Title: p.Error(err), Status: statuses[kind]}
	if f, ok := errors.AsType[*fault.Error](err); ok {
		out.Key = f.Key
		for _, field := range f.Fields {
			one := &fault.Error{Kind: f.Kind, Key: f.Key, Fields: []fault.Field{field}}
			out.Fields = append(out.Fields, problemField{field.Name, p.Fields(one)[field.Name]})
		}
	}
	return out
}

// fail turns a verb's fault into the answer; our own failures are logged, unless it
// is the caller who went away.
func (a *api) fail(ctx context.Context, err error) error {
	if k := fault.KindOf(err); (k == fault.Internal || k == fault.Unavailable) && ctx.Err() == nil {
		a.log.Error("api", "error", err)
	}
	return problemOf(err, callerOf(ctx).print)
}

// answer wraps a body as huma wants it.
type answer[T any] struct{ Body T }

// list is an answer of many.
type list[T any] struct {
	Items []T    `json:"items"`
	Next  string `json:"next,omitempty" doc:"send it as after for the next page"`
}

func listOf[T any](items []T) list[T] {
	if items == nil {
		items = []T{}
	}
	return list[T]{Items: items}
}

// pageOf is an answer of one page of many.
func pageOf[T any](items []T, next string, err error) (list[T], error) {
	l := listOf(items)
	l.Next = next
	return l, err
}

func operation(method, url, act, summary string) huma.Operation {
	op := huma.Operation{Method: method, Path: "/api/v1" + url, Summary: summary, MaxBodyBytes: maxBody,
		OperationID: strings.ToLower(method) + strings.NewReplacer("/", "-", "{", "", "}", "").Replace(url),
		Extensions:  map[string]any{"x-act": act}}
	if act != "public" {
		op.Security = []map[string][]string{{"token": {}}}
	}
	return op
}

// read registers a GET of a verb that changes nothing.
func read[I, O any](a *api, url, act, summary string, verb func(tx *db.Tx, by access.Actor, in *I) (O, error)) {
	huma.Register(a.huma, operation("GET", url, act, summary), func(ctx context.Context, in *I) (*answer[O], error) {
		var out answer[O]
		err := a.unit.Read(ctx, func(tx *db.Tx) error {
			by, err := access.Open(tx, callerOf(ctx).token)
			if err != nil {
				return err
			}
			out.Body, err = verb(tx, by, in)
			return err
		})
		if err != nil {
			return nil, a.fail(ctx, err)
		}
		return &out, nil
	})
}

// file registers a GET of a letter's PDF: finders gives those that ask, as the actor,
// for the letter that {id} names.
func file(a *api, url, act, summary string, finders func(by access.Actor, id string) (find, issue letter.Finder)) {
	type input struct {
		ID   string `path:"id"`
		Lang string `query:"lang" enum:"hi,en" default:"hi"`
	}
	type output struct {
		ContentType string `header:"Content-Type"`
		Disposition string `header:"Content-Disposition"`
		Body        []byte
	}
	op := operation("GET", url, act, summary)
	op.Responses = map[string]*huma.Response{"200": {Description: "the file", Content: map[string]*huma.MediaType{"application/pdf": {}}}}
	huma.Register(a.huma, op, func(ctx context.Context, in *input) (*output, error) {
		as := func(which int) letter.Finder {
			return func(tx *db.Tx) (string, error) {
				by, err := access.Open(tx, callerOf(ctx).token)
				if err != nil {
					return "", err
				}
				find, issue := finders(by, in.ID)
				return []letter.Finder{find, issue}[which](tx)
			}
		}
		f, err := letter.PDF(ctx, a.unit, lang.Parse(in.Lang), as(0), as(1))
		if err != nil {
			return nil, a.fail(ctx, err)
		}
		return &output{"application/pdf", `inline; filename="` + f.Name + `"`, f.PDF}, nil
	})
}

// Sent is what every POST brings beside its own input.
type Sent struct {
	Key     string `header:"Idempotency-Key" doc:"UUID of this request: sent again with the same body, it counts once"`
	RawBody []byte
}

func (s *Sent) raw() *Sent { return s }

// poster is an input that embeds Sent.
type poster[I any] interface {
	*I
	raw() *Sent
}

// write registers a POST of a verb.
func write[I any, O any, P poster[I]](a *api, url, act, summary string, verb func(tx *db.Tx, by access.Actor, in *I) (O, error)) {
	huma.Register(a.huma, operation("POST", url, act, summary), func(ctx context.Context, in *I) (*answer[O], error) {
		var out answer[O]
		s := P(in).raw()
		err := a.unit.Write(ctx, func(tx *db.Tx) error {
			by, err := access.Open(tx, callerOf(ctx).token)
			if err != nil {
				return err
			}
			if s.Key == "" {
				out.Body, err = verb(tx, by, in)
				return err
			}
			text, err := db.Once(tx, by.Account, s.Key, append([]byte(url+"\n"), s.RawBody...), func() (string, error) {
				v, err := verb(tx, by, in)
				if err != nil {
					return "", err
				}
				b, err := json.Marshal(v)
				return string(b), err
			})
			if err != nil {
				return err
			}
			return json.Unmarshal([]byte(text), &out.Body)
		})
		if err != nil {
			return nil, a.fail(ctx, err)
		}
		return &out, nil
	})
}
