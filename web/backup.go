package web

import (
	"time"

	"sangathan/access"
	"sangathan/backup"
	"sangathan/internal/lang"
)

// backupPage tells how the unit's scheduled backups stand.
func backupPage(r *request) (answer, error) {
	s, err := backup.Last(r.tx)
	if err != nil {
		return answer{}, err
	}
	v := backupView{p: r.p, s: s, hours: max(1, int(s.Every/time.Hour)), late: s.Late(r.tx.Now)}
	if s.At > 0 {
		v.at = r.p.Time(r.tx.Time(s.At))
	}
	return show(page{title: r.p.T("backup.title"), where: r.whereNow(), lead: r.p.T("backup.lead"), body: backupBody(v)})
}

type backupView struct {
	p     lang.Printer
	s     backup.Status
	at    string
	hours int
	late  bool
}

// backupHome: a backup that is overdue or failed, for who minds the unit.
func backupHome(r *request) ([]homeItem, error) {
	if !r.by.MayAnywhere(access.Admin) {
		return nil, nil
	}
	s, err := backup.Last(r.tx)
	switch {
	case err != nil:
		return nil, err
	case s.Fault != "":
		return []homeItem{{text: r.p.T("backup.home_fault"), to: "/backups", overdue: true}}, nil
	case s.At > 0 && s.Late(r.tx.Now):
		return []homeItem{{text: r.p.T("backup.home_late"), to: "/backups", overdue: true}}, nil
	}
	return nil, nil
}
