package review

import (
	"strings"

	"sangathan/access"
	"sangathan/internal/db"
	"sangathan/internal/fault"
	"sangathan/internal/lang"
	"sangathan/letter"
	"sangathan/org"
)

// NoticeLetter gives the issued letter of a case's notice. Who may: as [GetCase]; but
// the person concerned opens it from the case, which proves that it reached them, and
// until then gets Conflict, "review.open_first". "" when the notice is older than its
// letter: see [IssueNoticeLetter]. Faults: Unauthorized, NotFound, Conflict.
func NoticeLetter(tx *db.Tx, by access.Actor, id string) (string, error) {
	if _, _, err := noticeOf(tx, by, id); err != nil {
		return "", err
	}
	return letter.Of(tx, letter.OfCase, id)
}

// IssueNoticeLetter gives the letter of a case's notice, and issues it now, with
// today's template, if the notice is older than its letter. Who may and faults: as
// NoticeLetter.
func IssueNoticeLetter(tx *db.Tx, by access.Actor, id string) (string, error) {
	c, issued, err := noticeOf(tx, by, id)
	if err != nil {
		return "", err
	}
	return issueNotice(tx, c, issued, nil)
}

// noticeOf gives the case and the step that issued its notice.
func noticeOf(tx *db.Tx, by access.Actor, id string) (c Case, issued Step, err error) {
	c, steps, err := GetCase(tx, by, id)
	if err != nil {
		return c, issued, err
	}
	if string(c.Person) == by.Person && c.Step == StepNoticed {
		return c, issued, fault.New(fault.Conflict, "review.open_first")
	}
	for _, s := range steps {
		if s.Step == StepNoticed {
			return c, s, nil
		}
	}
	return c, issued, fault.New(fault.NotFound, "fault.not_found")
}

// issueNotice freezes the letter of a notice.
func issueNotice(tx *db.Tx, c Case, issued Step, copyTo []string) (string, error) {
	person, err := org.LookupPerson(tx, c.Person)
	if err != nil {
		return "", err
	}
	root, err := org.Root(tx)
	if err != nil {
		return "", err
	}
	o, err := org.Lookup(tx, c.Organization)
	if err != nil {
		return "", err
	}
	var by struct{ id, hi, en string } // the body whose officer issued it
	err = tx.Scan(`select o.id, o.name_hi, o.name_en from case_step s join membership m on m.id = s.by_membership
		join organization o on o.id = m.organization_id where s.id = $1`, []any{issued.ID}, &by.id, &by.hi, &by.en)
	if err != nil && !fault.Is(err, fault.NotFound) {
		return "", err
	}
	days, err := replyDays(tx, c.ID)
	if err != nil {
		return "", err
	}
	var line Line
	var duties []DutyMonth
	if c.Line != "" {
		if line, _, _, err = lookupLine(tx, c.Line); err != nil {
			return "", err
		}
		if duties, err = dutiesOf(tx, c.Line); err != nil {
			return "", err
		}
	}
	return letter.Issue(tx, letter.Draft{Kind: "notice", Record: letter.OfCase, RecordID: c.ID, Number: c.NoticeNumber, By: by.id, Person: string(c.Person), About: string(o.ID), Unit: string(o.Unit), At: issued.At, CopyTo: copyTo,
		Fields: func(p lang.Printer) map[string]string {
			name := org.Honoured(p, lang.Name{Hi: c.PersonHi, En: c.PersonEn}, person.Gender)
			post, body := p.Name(c.RoleHi, c.RoleEn), p.Name(c.OrgHi, c.OrgEn)
			v := map[string]string{
				"title":     p.T("cases.notice_title"),
				"to":        p.T("cases.letter_to") + "\n" + name + "\n" + post + ", " + body,
				"subject":   p.T("letter.subject.notice", "post", post, "organization", body),
				"reference": p.T("cases.case_no", "no", c.Number),
				"greeting":  org.Greeting(p, person.Gender),
				"person":    name, "post": post, "unit": body, "area": p.Name(o.NameHi, o.NameEn),
				"body":     issued.Text,
				"reply_by": p.T("cases.letter_days", "n", days), "reply_how": p.T("cases.letter_how"), "fair": p.T("cases.letter_fair"),
				"signer": p.T("cases.letter_office"),
			}
			if issued.By != "" {
				v["signer"], v["signer_post"], v["signer_organization"] = p.Name(issued.ByHi, issued.ByEn), p.Name(issued.ByRoleHi, issued.ByRoleEn), p.Name(by.hi, by.en)
			}
			if len(duties) > 0 {
				v["duties_title"] = p.T("cases.notice_table", "window", DutyWindow(p, duties))
				v["duties"] = dutyTable(p, line, duties)
			}
			copies := []string{p.T("cases.copy_desk", "name", lang.Name{Hi: root.NameHi, En: root.NameEn})}
			if c.Unit != "" && c.Unit != root.ID {
				copies = append([]string{p.T("cases.copy_unit", "name", lang.Name{Hi: c.UnitHi, En: c.UnitEn})}, copies...)
			}
			v["copy_to"] = strings.Join(copies, "\n")
			return v
		}})
}

// dutyTable writes the months of a line as the rows of a template's table.
func dutyTable(p lang.Printer, l Line, duties []DutyMonth) string {
	rows := []string{p.T("reviews.month") + "|" + p.T("reviews.expected") + "|" + p.T("reviews.recorded")}
	for _, d := range duties {
		row := p.Month(d.Month) + "|" + p.Num(d.Expected) + "|" + p.Num(d.Recorded)
		if d.Skipped != "" {
			row = p.Month(d.Month) + " (" + p.T("reviews.skipped."+d.Skipped) + ")|–|–"
		}
		rows = append(rows, row)
	}
	return strings.Join(append(rows, p.T("common.total")+"|"+p.Num(l.Expected)+"|"+p.Num(l.Recorded)), "\n")
}

// Window writes the months from that of a day to a last one, both YYYY-MM at least.
func Window(p lang.Printer, fromDay, lastMonth string) string {
	if len(fromDay) < 7 || fromDay[:7] == lastMonth {
		return p.Month(lastMonth)
	}
	return p.T("reviews.window", "from", p.Month(fromDay[:7]), "to", p.Month(lastMonth))
}

// DutyWindow writes from which month to which duties are told; "" for none.
func DutyWindow(p lang.Printer, duties []DutyMonth) string {
	if len(duties) == 0 {
		return ""
	}
	first, last := duties[0].Month, duties[0].Month
	for _, d := range duties {
		first, last = min(first, d.Month), max(last, d.Month)
	}
	return Window(p, first+"-01", last)
}
