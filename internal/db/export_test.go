package db

// Waiting is the number of verbs that wait for the SQLite writer.
func (u *Unit) Waiting() int { return len(u.engine.(*sqliteEngine).jobs) }

// InsertRows is the number of rows that an Inserter puts into one statement, and
// WaitRows how many wait at most.
const (
	InsertRows = insertRows
	WaitRows   = waitRows
)
