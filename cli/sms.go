package cli

import (
	"context"
	"errors"
	"fmt"

	"sangathan/internal/fault"
	"sangathan/internal/lang"
	"sangathan/sms"

	"github.com/gofrs/uuid/v5"
)

// smsTestCommand sends one message through a gateway and tells what it answered. It
// touches no unit.
//
//	sangathan sms-test -sms FILE [-lang hi|en] PHONE
func smsTestCommand(ctx context.Context, e *Env, args []string) error {
	f := newFlags(e, "sms-test", "PHONE")
	file := f.String("sms", "", "the gateway's file")
	in := f.String("lang", "hi", "language of the text")
	rest, err := f.parse(args, false)
	if err != nil {
		return err
	}
	if len(rest) != 1 || *file == "" {
		f.Usage()
		return errUsage
	}
	phone, ok := lang.Phone(rest[0])
	if !ok {
		return fault.In("PHONE", "fault.bad_phone")
	}
	g, err := loadGateway(e, *file)
	if err != nil {
		return err
	}
	m := sms.Code(phone, "123456", *in)
	m.ID = uuid.Must(uuid.NewV7()).String()
	answer, err := g.Send(ctx, m)
	p := printer()
	if err != nil {
		return errors.New(p.T("cli.sms_refused", "error", err.Error(), "answer", answer))
	}
	fmt.Fprintln(e.Stdout, p.T("cli.sms_taken", "phone", phone, "answer", answer))
	return nil
}

// loadGateway reads a gateway's file.
func loadGateway(e *Env, file string) (*sms.Gateway, error) {
	r, err := e.Open(file)
	if err != nil {
		return nil, err
	}
	g, err := sms.Load(r)
	return g, errors.Join(err, r.Close())
}
