package web

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"io/fs"
	"log/slog"
	"mime"
	"net/http"
	"path"
	"runtime/debug"
	"slices"
	"strings"

	"sangathan/internal/db"
	"sangathan/internal/fault"
	"sangathan/internal/lang"

	"github.com/a-h/templ"
	"github.com/klauspost/compress/gzhttp"
)

// Config says how the site is served.
type Config struct {
	// Demo shows one-time codes on the page and offers SignIns.
	Demo    bool
	SignIns []DemoSignIn
	// Insecure drops Secure and the __Host- prefix from the cookies: for tests over
	// plain http, never for people.
	Insecure bool
	// Logger takes our own failures; it never gets personal data.
	Logger *slog.Logger
}

// DemoSignIn is one ready sign-in of the demonstration: the key of a message that
// says who it is, a phone number, and a name.
type DemoSignIn struct {
	Label string
	Phone string
	Name  lang.Name
}

// maxForm is the largest form taken, in bytes; maxTyped is the largest that is read, so
// that a form which is too large can be shown again with the field that is.
const (
	maxForm  = 64 << 10
	maxHeld  = 8 << 20 // of its files in memory; the rest waits on the disk
	maxTyped = 4 << 20
)

// site is one unit's pages.
type site struct {
	unit   *db.Unit
	cfg    Config
	mux    *http.ServeMux
	routes []route
	assets map[string]asset  // by hashed path
	hashed map[string]string // name to hashed path

	words words // of the word pack in force

	large    chan struct{} // a place for each form over maxForm that may be read at a time
	pictures chan struct{} // a place for each picture that may be read at a time
	making   chan struct{} // holds one for each file of a list that is being made
}

// New makes the site of a unit. It panics when a route does not say its act and
// target, so that a server with a hole never starts.
func New(u *db.Unit, cfg Config) http.Handler {
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	s := &site{unit: u, cfg: cfg, mux: http.NewServeMux(), routes: routes, large: make(chan struct{}, 8), pictures: make(chan struct{}, 2), making: make(chan struct{}, maxFiles)}
	s.loadAssets()
	byPattern := map[string]route{}
	for _, rt := range s.routes {
		if err := rt.faulty(); err != nil {
			panic(fmt.Sprintf("web: route %s %s: %v", rt.method, rt.pattern, err))
		}
		if rt.method == http.MethodGet {
			byPattern[rt.pattern] = rt
		}
	}
	for _, rt := range s.routes {
		var form *route
		if rt.method == http.MethodPost {
			if again, ok := byPattern[rt.formPage()]; ok {
				form = &again
			}
		}
		s.mux.Handle(rt.method+" "+rt.pattern, s.handler(rt, form))
	}
	s.mux.HandleFunc("GET /static/", s.serveAsset)
	s.mux.HandleFunc("GET /favicon.ico", func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, s.hashed["icon.svg"], http.StatusMovedPermanently)
	})
	s.mux.HandleFunc("/", s.elsewhere)

	cross := http.NewCrossOriginProtection()
	cross.SetDenyHandler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.showFault(w, s.outside(r), fault.New(fault.Forbidden, "fault.cross_origin"))
	}))
	// Level 1: an eighth more bytes than the usual 5, half of its time.
	gz, err := gzhttp.NewWrapper(gzhttp.MinSize(1024), gzhttp.CompressionLevel(1))
	if err != nil {
		panic(err)
	}
	return s.safe(gz(cross.Handler(s.mux)))
}

// safe sets the headers of every answer and turns a panic into the page for our
// own failures.
func (s *site) safe(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "+
			"font-src 'self'; connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'; manifest-src 'self'")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "same-origin")
		h.Set("Cache-Control", "private, no-store")
		defer func() {
			if p := recover(); p != nil {
				if p == http.ErrAbortHandler {
					panic(p)
				}
				s.showFault(w, s.outside(r), fmt.Errorf("panic: %v\n%s", p, debug.Stack()))
			}
		}()
		next.ServeHTTP(w, r)
	})
}

// elsewhere answers what no route knows.
func (s *site) elsewhere(w http.ResponseWriter, r *http.Request) {
	f := fault.New(fault.NotFound, "fault.not_found")
	var allowed []string // an address that a route has, but not what it names, allows r.Method too
	for _, method := range []string{http.MethodGet, http.MethodHead, http.MethodPost} {
		other := r.Clone(r.Context())
		other.Method = method
		if _, pattern := s.mux.Handler(other); pattern != "/" {
			allowed = append(allowed, method)
		}
	}
	if len(allowed) > 0 && !slices.Contains(allowed, r.Method) {
		w.Header().Set("Allow", strings.Join(allowed, ", "))
		f = fault.New(fault.NotFound, "fault.bad_method")
	}
	s.showFault(w, s.outside(r), f)
}

//go:embed static
var staticFiles embed.FS

type asset struct {
	kind string
	body []byte
}

// loadAssets names every static file by its content, so that it may be cached for ever.
func (s *site) loadAssets() {
	s.assets, s.hashed = map[string]asset{}, map[string]string{}
	files, err := fs.ReadDir(staticFiles, "static")
	if err != nil {
		panic(err)
	}
	for _, f := range files {
		body, err := staticFiles.ReadFile("static/" + f.Name())
		if err != nil {
			panic(err)
		}
		sum := sha256.Sum256(body)
		ext := path.Ext(f.Name())
		name := "/static/" + strings.TrimSuffix(f.Name(), ext) + "." + hex.EncodeToString(sum[:6]) + ext
		kind := mime.TypeByExtension(ext)
		switch ext {
		case ".webmanifest":
			kind = "application/manifest+json"
		case ".js":
			kind = "text/javascript; charset=utf-8"
		}
		s.assets[name], s.hashed[f.Name()] = asset{kind, body}, name
	}
}

func (s *site) serveAsset(w http.ResponseWriter, r *http.Request) {
	a, ok := s.assets[r.URL.Path]
	if !ok {
		s.elsewhere(w, r)
		return
	}
	w.Header().Set("Content-Type", a.kind)
	w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
	w.Write(a.body)
}

// show writes a page with its status. It is rendered whole before the first byte
// goes out, so that a failure in it can still become a clean page.
func (s *site) show(w http.ResponseWriter, r *request, status int, pg page) {
	var b bytes.Buffer
	var err error
	if r.fault != nil && pg.body != nil { // the body first: its fields name what the summary above tells
		var body bytes.Buffer
		err = pg.body.Render(r.Context(), &body)
		pg.body = templ.Raw(body.String())
	}
	if err == nil {
		err = frame(s.framed(r, pg), pg).Render(r.Context(), &b)
	}
	if err != nil {
		s.cfg.Logger.Error("page not rendered", "route", r.Pattern, "error", err)
		http.Error(w, r.p.T("fault.internal"), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Language", string(r.p.Lang()))
	w.WriteHeader(status)
	w.Write(b.Bytes())
}
