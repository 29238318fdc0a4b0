package api

import (
	"strconv"
	"strings"

	"sangathan/internal/fault"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/validation"
)

// inWords turns what the framework says of a request that it cannot read into a
// problem in the caller's language, with a message's key for each faulty field.
func inWords(ctx huma.Context, status string, v any) (any, error) {
	m, ok := v.(*huma.ErrorModel)
	if !ok {
		return v, nil
	}
	p := problemOf(shapeFault(m), callerOf(ctx.Context()).print)
	p.Status = m.Status
	if n, err := strconv.Atoi(status); err == nil {
		p.Status = n
	}
	return p, nil
}

// shapeFault is the fault of a request of the wrong shape.
func shapeFault(m *huma.ErrorModel) error {
	var f fault.Form
	for _, d := range m.Errors {
		name, key := d.Location, "fault.shape"
		if _, last, found := strings.Cut(d.Location, "."); found {
			name = last
		}
		missing, isMissing := between(d.Message, validation.MsgExpectedRequiredProperty)
		_, isChoice := between(d.Message, validation.MsgExpectedOneOf)
		switch {
		case name == "body" && !isMissing: // all of it
			continue
		case isMissing:
			key = "fault.required"
			if name = strings.TrimPrefix(d.Location+"."+missing, "body."); missing == "" {
				name = d.Location
			}
		case strings.HasPrefix(d.Message, "required "): // a parameter of the address
			key = "fault.required"
		case isChoice:
			key = "fault.unknown_choice"
		case d.Message == validation.MsgUnexpectedProperty:
			f.Add(name, "fault.unknown_field", "name", name)
			continue
		case d.Message == validation.MsgExpectedInteger, d.Message == validation.MsgExpectedNumber:
			key = "fault.bad_number"
		}
		f.Add(name, key)
	}
	if err := f.Err(); err != nil {
		return err
	}
	switch m.Status {
	case 413:
		return fault.New(fault.TooLarge, "fault.shape_large", "kb", maxBody>>10)
	case 400, 415, 422:
		return fault.New(fault.Invalid, "fault.shape_body")
	case 406:
		return fault.New(fault.Invalid, "fault.shape_answer")
	}
	return fault.New(fault.Internal, "fault.internal")
}

// between gives what stands in a message of the framework in the place of its %s.
func between(message, format string) (string, bool) {
	before, after, _ := strings.Cut(format, "%s")
	if !strings.HasPrefix(message, before) || !strings.HasSuffix(message, after) || len(message) < len(before)+len(after) {
		return "", false
	}
	return message[len(before) : len(message)-len(after)], true
}
