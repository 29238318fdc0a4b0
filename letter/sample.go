package letter

import (
	"bytes"
	"time"

	"sangathan/internal/fault"
	"sangathan/internal/lang"
	"sangathan/internal/paper"
)

// Preview sets a letter about an invented person with a template that need not be
// saved, on the letterhead h with its picture (nil for none), dated now. It is pure:
// call it outside every transaction. Faults: as [Check].
func Preview(kind string, in lang.Lang, text string, h Head, picture []byte, now time.Time) (_ []byte, err error) {
	defer fault.Op(&err, "letter.Preview(%s)", kind)
	if err := Check(kind, text); err != nil {
		return nil, err
	}
	p := lang.New(in, nil, false)
	values := sample(kind, p, now)
	h.fill(values, p)
	if h.Mark != "" {
		values["number"] = h.Mark + "/" + values["number"]
	}
	values["copy_to"] = lines(values["copy_to"], h.copyTo(in))
	var b bytes.Buffer
	err = paper.Letter(&b, paper.LetterData{Template: text, Fields: values, Emblem: picture, QR: "https://sangathan.example/letters/0", Lang: string(in), Time: now,
		Title: values["title"], Author: values["organization"], Digits: p.Digits})
	return b.Bytes(), err
}

// sample gives the fields of an invented letter.
func sample(kind string, p lang.Printer, now time.Time) map[string]string {
	today := lang.Day(now.Format(time.DateOnly))
	post, unit, person := p.T("letter.sample.post"), p.T("letter.sample.unit"), p.T("letter.sample.person")
	message := map[string]string{"relief": "relieved", "letter": "warning"}[kind]
	order := map[string]string{"relief": "relief", "letter": "warning"}[kind]
	if message == "" {
		message, order = "appointment", "appointment"
	}
	v := map[string]string{
		"number": "2026/0118", "date": p.Day(string(today)),
		"title":   p.T("appointment.title." + order),
		"to":      p.T("cases.letter_to") + "\n" + person + "\n" + post + ", " + unit,
		"subject": p.T("letter.subject."+message, "post", post, "organization", unit),
		"body":    p.T("appointment.body."+message, "person", person, "post", post, "organization", unit, "day", today),
		"reason":  p.T("appoint.letter_reason", "reason", p.T("letter.sample.reason")),
		"person":  person, "post": post, "unit": unit, "area": p.T("letter.sample.area"), "from_day": p.Day(string(today)),
		"greeting": p.T("letter.greeting.f"),
		"signer":   p.T("letter.sample.signer"), "signer_post": p.T("letter.sample.signer_post"),
		"copy_title": p.T("letter.copy_title"), "copy_to": p.T("letter.sample.copy", "unit", unit),
	}
	switch kind {
	case "relief", "letter":
		v["reference"] = p.T("letter.reference_notice", "no", "2026/0042", "day", today)
		v["appeal"] = p.T("appoint.letter_appeal")
	case "notice":
		v["title"], v["subject"] = p.T("cases.notice_title"), p.T("letter.subject.notice", "post", post, "organization", unit)
		v["body"], v["reason"] = p.T("letter.sample.notice"), ""
		v["reference"] = p.T("cases.case_no", "no", "2026/0031")
		v["reply_by"], v["reply_how"], v["fair"] = p.T("cases.letter_days", "n", 15), p.T("cases.letter_how"), p.T("cases.letter_fair")
		first, rows, month := "", p.T("reviews.month")+"|"+p.T("reviews.expected")+"|"+p.T("reviews.recorded"), ""
		for i := 3; i >= 1; i-- {
			month = now.AddDate(0, 0, 1-now.Day()).AddDate(0, -i, 0).Format("2006-01")
			if first == "" {
				first = month
			}
			rows += "\n" + p.Month(month) + "|" + p.Num(4) + "|" + p.Num(0)
		}
		v["duties"] = rows + "\n" + p.T("common.total") + "|" + p.Num(12) + "|" + p.Num(0)
		v["duties_title"] = p.T("cases.notice_table", "window", p.T("reviews.window", "from", p.Month(first), "to", p.Month(month)))
	}
	return v
}
