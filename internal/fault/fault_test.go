package fault_test

import (
	"errors"
	"fmt"
	"io"
	"testing"

	"sangathan/internal/fault"
)

func TestKindOfLooksThroughWrapping(t *testing.T) {
	f := fault.New(fault.Conflict, "fault.conflict", "by", "asha")
	for _, err := range []error{f, fmt.Errorf("outer: %w", f), errors.Join(io.EOF, f)} {
		if fault.KindOf(err) != fault.Conflict || !fault.Is(err, fault.Conflict) {
			t.Errorf("%v is %s", err, fault.KindOf(err))
		}
	}
	if fault.KindOf(io.EOF) != fault.Internal {
		t.Error("an unknown error is not Internal")
	}
	if fault.Is(nil, fault.Internal) {
		t.Error("no error is a fault")
	}
	if f.Args["by"] != "asha" {
		t.Errorf("arguments %v", f.Args)
	}
}

func TestEveryKindHasItsName(t *testing.T) {
	seen := map[string]bool{}
	for k := fault.Internal; k <= fault.Unavailable; k++ {
		if s := k.String(); s == "" || seen[s] {
			t.Errorf("kind %d is named %q", k, s)
		} else {
			seen[s] = true
		}
	}
}

func TestFormTellsAllFieldsAtOnce(t *testing.T) {
	var f fault.Form
	f.Check(true, "name", "fault.required")
	if f.Err() != nil {
		t.Error("a form without faults fails")
	}
	f.Check(false, "phone", "fault.bad_phone")
	f.Add("note", "fault.too_long", "max", 2000)
	var e *fault.Error
	if err := f.Err(); !errors.As(err, &e) || e.Kind != fault.Invalid || len(e.Fields) != 2 ||
		e.Fields[0].Name != "phone" || e.Fields[1].Args["max"] != 2000 {
		t.Errorf("got %+v", e)
	}
	if in := fault.In("day", "fault.bad_day"); in.Kind != fault.Invalid || len(in.Fields) != 1 || in.Fields[0].Name != "day" {
		t.Errorf("got %+v", in)
	}
}

func TestOpLeavesATrail(t *testing.T) {
	verb := func(cause error) (err error) {
		defer fault.Op(&err, "activity.Submit(%s)", "r1")
		return cause
	}
	outer := func(cause error) (err error) {
		defer fault.Op(&err, "web.post")
		return verb(cause)
	}
	if err := outer(nil); err != nil {
		t.Errorf("no error became %v", err)
	}
	f := &fault.Error{Kind: fault.NotFound, Key: "fault.not_found", Err: io.EOF}
	if got, want := outer(f).Error(), "web.post: activity.Submit(r1): not_found fault.not_found: EOF"; got != want {
		t.Errorf("log line %q, want %q", got, want)
	}
	err := outer(io.EOF)
	if got, want := err.Error(), "web.post: activity.Submit(r1): EOF"; got != want || !errors.Is(err, io.EOF) {
		t.Errorf("log line %q, want %q", got, want)
	}
}
