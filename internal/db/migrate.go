package db

import (
	"bytes"
	"context"
	"database/sql"
	"embed"
	"io/fs"
	"strings"
	"testing/fstest"

	"github.com/pressly/goose/v3"
)

// migrations are numbered SQL files, the same for both engines, each run once in
// its own transaction. A released file is never changed: add the next number.
//
//go:embed migrations/*.sql
var migrations embed.FS

func migrate(ctx context.Context, dialect goose.Dialect, db *sql.DB) error {
	files, err := files(dialect)
	if err != nil {
		return err
	}
	p, err := goose.NewProvider(dialect, db, files)
	if err != nil {
		return err
	}
	_, err = p.Up(ctx)
	return err
}

// clustered, after the columns of a table, has SQLite keep its rows in the order of the
// primary key: what is read by ranges of it is one search, not one for each row. On
// PostgreSQL, which has no such tables, it stays the comment that it is.
const clustered = "/* without rowid */"

// files gives the migrations as the engine of a dialect is to run them.
func files(dialect goose.Dialect) (fs.FS, error) {
	all, err := fs.Sub(migrations, "migrations")
	if err != nil || dialect != goose.DialectSQLite3 {
		return all, err
	}
	names, err := fs.Glob(all, "*.sql")
	if err != nil {
		return nil, err
	}
	out := fstest.MapFS{}
	for _, name := range names {
		text, err := fs.ReadFile(all, name)
		if err != nil {
			return nil, err
		}
		out[name] = &fstest.MapFile{Data: bytes.ReplaceAll(text, []byte(clustered), []byte(strings.Trim(clustered, "/* ")))}
	}
	return out, nil
}
