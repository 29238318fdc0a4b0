package db

// Waiting is the number of verbs that wait for the SQLite writer.
func (u *Unit) Waiting() int { return len(u.engine.(*sqliteEngine).jobs) }

// InsertRows is the number of rows that an Inserter puts into one statement, and
// WaitRows how many wait at most.
const (
	InsertRows = insertRows
	WaitRows   = waitRows
)

// CopyTables copies and compares the rows of all tables.
func CopyTables(src, dst *Tx, progress func(table string, done, total int)) ([]Copied, error) {
	return copyTables(src, dst, progress)
}
