package intake

import (
	"context"
	"encoding/json"
	"errors"
	"hash/maphash"
	"io"

	"sangathan/access"
	"sangathan/internal/db"
	"sangathan/internal/fault"
	"sangathan/org"
)

const (
	blockRows = 250 // rows of a block: one transaction when it is loaded
	readAhead = 20  // blocks written at once while a list is read or checked
)

// File is a list's content, where it can be read from any place.
type File struct {
	io.ReaderAt
	Size int64
}

// Run carries a list on until it waits for its sender or is done: reads it, checks it,
// loads it or takes it back, each step in short transactions. It may be called at any
// time, also after the process was killed, and by several at once: the one that comes
// second stops. file is needed only while the list is being read; a list whose reading
// was broken off fails, for nothing of it is kept.
func Run(ctx context.Context, u *db.Unit, id ID, file *File) (err error) {
	defer fault.Op(&err, "intake.Run(%s)", id)
	for {
		var l List
		err := u.Read(ctx, func(tx *db.Tx) (err error) { l, err = lookup(tx, id); return err })
		if err != nil {
			return err
		}
		switch l.State {
		case Reading:
			if file == nil {
				return fail(ctx, u, id, fault.In("file", "intake.lost"))
			}
			err = readIn(ctx, u, l, file)
			if f, ok := errors.AsType[*fault.Error](err); ok && (f.Kind == fault.Invalid || f.Kind == fault.TooLarge) {
				return errors.Join(fail(ctx, u, id, f), err)
			}
			file = nil
		case Checking:
			err = check(ctx, u, l)
		case Loading:
			err = big(ctx, u, l, loadOn)
		case Undoing:
			err = big(ctx, u, l, undoOn)
		default:
			return nil
		}
		if err == errOther {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// errOther says that somebody else is working on the list.
var errOther = errors.New("somebody else works on this list")

// Resume carries on every list that was being worked on when the process ended.
func Resume(ctx context.Context, u *db.Unit) error {
	var open []ID
	err := u.Read(ctx, func(tx *db.Tx) (err error) {
		open, err = db.Select(tx, `select id from intake where state in ('reading', 'checking', 'loading', 'undoing') order by created_at`, nil, db.One[ID])
		return err
	})
	for _, id := range open {
		err = errors.Join(err, Run(ctx, u, id, nil))
	}
	return err
}

// fail ends a list that could not be read.
func fail(ctx context.Context, u *db.Unit, id ID, f *fault.Error) error {
	return u.Write(ctx, func(tx *db.Tx) error {
		if _, err := tx.Exec(`delete from intake_block where intake_id = $1`, id); err != nil {
			return err
		}
		_, err := tx.Exec(`update intake set state = $1, fault = $2, ended_at = $3 where id = $4 and state = $5`, Failed, stored(f), tx.Millis(), id, Reading)
		return err
	})
}

// stored is a fault as text: its first field, or itself.
func stored(f *fault.Error) string {
	v := Fault{Key: f.Key, Args: f.Args}
	if len(f.Fields) > 0 {
		v = Fault{f.Fields[0].Name, f.Fields[0].Key, f.Fields[0].Args}
	}
	text, err := json.Marshal(v)
	if err != nil {
		return `{"key":"fault.internal"}`
	}
	return string(text)
}

// readIn reads a list into blocks.
func readIn(ctx context.Context, u *db.Unit, l List, file *File) error {
	var blocks [][]Line
	s := shaping{kind: l.Kind}
	written := 0
	flush := func() error {
		return u.Write(ctx, func(tx *db.Tx) error {
			if written == 0 { // what a reading that was broken off left behind
				if _, err := tx.Exec(`delete from intake_block where intake_id = $1`, l.ID); err != nil {
					return err
				}
			}
			in := tx.Insert("intake_block", "intake_id", "n", "lines")
			for i, b := range blocks {
				text, err := json.Marshal(b)
				if err != nil {
					return err
				}
				if err := in.Add(l.ID, written+i, string(text)); err != nil {
					return err
				}
			}
			if err := in.Flush(); err != nil {
				return err
			}
			n, err := tx.Exec(`update intake set blocks = $1 where id = $2 and state = $3`, written+len(blocks), l.ID, Reading)
			if err == nil && n == 0 {
				err = errOther
			}
			return err
		})
	}
	err := Read(file, file.Size, func(line Line) error {
		s.add(line)
		if n := len(blocks); n == 0 || len(blocks[n-1]) == blockRows {
			if n == readAhead {
				if err := flush(); err != nil {
					return passed{err}
				}
				written, blocks = written+n, nil
			}
			blocks = append(blocks, make([]Line, 0, blockRows))
		}
		last := &blocks[len(blocks)-1]
		*last = append(*last, line)
		return nil
	})
	if err != nil {
		return err
	}
	s.close()
	if err := flush(); err != nil {
		return err
	}
	m := s.shape.guessed()
	return u.Write(ctx, func(tx *db.Tx) error {
		known, err := tx.Text(`select mapping from intake_mapping where signature = $1`, s.shape.signature(l.Kind))
		if err != nil {
			return err
		}
		if known != "" {
			if err := json.Unmarshal([]byte(known), &m.Columns); err != nil {
				return err
			}
		}
		for field, v := range l.Mapping.Fixed {
			m.Fixed[field] = v
		}
		mapping, err := json.Marshal(m)
		if err != nil {
			return err
		}
		headers, err := json.Marshal(s.shape)
		if err != nil {
			return err
		}
		_, err = tx.Exec(`update intake set state = $1, step = 0, headers = $2, mapping = $3 where id = $4 and state = $5`,
			Checking, string(headers), string(mapping), l.ID, Reading)
		return err
	})
}

// memory is what a check remembers of the rows before: who and what has stood in the
// list already, and how many seats it has taken. It holds hashes, for a million rows.
type memory struct {
	seed  maphash.Seed
	first map[uint64]int32 // to the line
	taken map[uint64]int32 // seats of a post
	phone map[uint64]named // who has stood with a number
}

// named is the line of a row and what its person is called, as a hash.
type named struct {
	line int32
	name uint32
}

func newMemory() *memory {
	return &memory{maphash.MakeSeed(), map[uint64]int32{}, map[uint64]int32{}, map[uint64]named{}}
}

func (m *memory) hash(parts ...string) uint64 {
	var h maphash.Hash
	h.SetSeed(m.seed)
	for _, p := range parts {
		h.WriteString(p)
		h.WriteByte(0)
	}
	return h.Sum64()
}

// readBlock reads the lines of a block, and the verdicts told of them.
func readBlock(tx *db.Tx, id ID, n int) (lines []Line, told []Told, err error) {
	var text, verdicts string
	if err := tx.Scan(`select lines, told from intake_block where intake_id = $1 and n = $2`, []any{id, n}, &text, &verdicts); err != nil {
		return nil, nil, err
	}
	if err := json.Unmarshal([]byte(text), &lines); err != nil {
		return nil, nil, err
	}
	return lines, told, json.Unmarshal([]byte(verdicts), &told)
}

// actorOf opens who sent the list in, or asked for its loading, as they stand now.
func actorOf(tx *db.Tx, l List) (access.Actor, error) {
	if l.account == access.Operator().Account {
		return access.Operator(), nil
	}
	person, err := tx.Text(`select person_id from account where id = $1`, l.account)
	if err != nil {
		return access.Actor{}, err
	}
	return access.ActorOf(tx, l.account, person, l.member)
}

// check compares every block with the register and stores what it finds.
func check(ctx context.Context, u *db.Unit, l List) error {
	if l.Step > 0 { // it was broken off, and what it remembered is lost
		if err := step(ctx, u, l, l.Step, 0, nil); err != nil {
			return err
		}
	}
	remembered := newMemory()
	var ps *places
	var sum Counts
	for from := 0; from < l.Blocks || from == 0; {
		to := min(from+readAhead, l.Blocks)
		told := make([][]Told, to-from)
		counts := make([]Counts, to-from)
		err := u.Read(ctx, func(tx *db.Tx) (err error) {
			if ps == nil {
				if ps, err = readPlaces(tx); err != nil {
					return err
				}
			}
			by, err := actorOf(tx, l)
			if err != nil {
				return err
			}
			for n := from; n < to; n++ {
				lines, _, err := readBlock(tx, l.ID, n)
				if err != nil {
					return err
				}
				verdicts, err := (&planner{tx: tx, by: by, list: l, places: ps, memory: remembered}).plan(lines)
				if err != nil {
					return err
				}
				told[n-from], counts[n-from] = tell(verdicts, n == 0)
			}
			return nil
		})
		if err != nil {
			return err
		}
		for _, c := range counts {
			sum.add(c)
		}
		err = step(ctx, u, l, from, to, func(tx *db.Tx) error {
			for i, t := range told {
				text, err := json.Marshal(t)
				if err != nil {
					return err
				}
				c := counts[i]
				_, err = tx.Exec(`update intake_block set told = $1, faulty = $2, doubtful = $3, changed = $4 where intake_id = $5 and n = $6`,
					string(text), c.Faulty, c.Doubtful, c.Changed, l.ID, from+i)
				if err != nil {
					return err
				}
			}
			if to < l.Blocks {
				return nil
			}
			return settle(tx, l.ID, Checked, sum)
		})
		if err != nil {
			return err
		}
		if from = to; from >= l.Blocks {
			break
		}
	}
	return nil
}

func (c *Counts) add(o Counts) {
	c.Added += o.Added
	c.Changed += o.Changed
	c.Kept += o.Kept
	c.Faulty += o.Faulty
	c.Doubtful += o.Doubtful
}

// step moves a list on within its state, with what fn stores. errOther when it has moved.
func step(ctx context.Context, u *db.Unit, l List, from, to int, fn func(*db.Tx) error) error {
	return u.Write(ctx, func(tx *db.Tx) error {
		n, err := tx.Exec(`update intake set step = $1 where id = $2 and state = $3 and step = $4`, to, l.ID, l.State, from)
		if err != nil {
			return err
		}
		if n == 0 {
			return errOther
		}
		if fn == nil {
			return nil
		}
		return fn(tx)
	})
}

// settle ends a piece of work.
func settle(tx *db.Tx, id ID, state string, c Counts) error {
	_, err := tx.Exec(`update intake set state = $1, added = $2, changed = $3, kept = $4, faulty = $5, doubtful = $6, ended_at = $7 where id = $8`,
		state, c.Added, c.Changed, c.Kept, c.Faulty, c.Doubtful, tx.Millis(), id)
	return err
}

// manyBlocks is from how many blocks on a list changes how the engine plans its queries.
const manyBlocks = 40

// big does a piece of work, after which the engine looks at its tables anew when the
// list is long.
func big(ctx context.Context, u *db.Unit, l List, do func(context.Context, *db.Unit, List) error) error {
	if err := do(ctx, u, l); err != nil || l.Blocks < manyBlocks {
		return err
	}
	return u.Analyze(ctx)
}

// loadOn applies the blocks that are still to be loaded, each in its transaction.
func loadOn(ctx context.Context, u *db.Unit, l List) error {
	var ps *places
	for n := l.Step; n < l.Blocks; n++ {
		if n == manyBlocks || n == 10*manyBlocks {
			if err := u.Analyze(ctx); err != nil {
				return err
			}
		}
		stale := false
		err := step(ctx, u, l, n, n+1, func(tx *db.Tx) (err error) {
			stale = false
			if ps == nil || l.Kind == Areas {
				if ps, err = readPlaces(tx); err != nil {
					return err
				}
			}
			by, err := actorOf(tx, l)
			if err != nil {
				return err
			}
			lines, told, err := readBlock(tx, l.ID, n)
			if err != nil {
				return err
			}
			made, why, err := apply(&planner{tx: tx, by: by, list: l, places: ps}, lines, told)
			if err != nil {
				return err
			}
			if why != nil { // the register has moved: all or nothing
				stale = true
				_, err := tx.Exec(`update intake set state = $1, step = $2, fault = $3 where id = $4`, Undoing, n, stored(fault.In("row", "intake.stale", "line", why.row.line)), l.ID)
				return err
			}
			text, err := json.Marshal(made)
			if err != nil {
				return err
			}
			if _, err := tx.Exec(`update intake_block set made = $1 where intake_id = $2 and n = $3`, string(text), l.ID, n); err != nil {
				return err
			}
			if n+1 < l.Blocks {
				return nil
			}
			if err := settle(tx, l.ID, Loaded, l.Counts); err != nil {
				return err
			}
			return access.Audit(tx, by, "intake.loaded", "intake", string(l.ID), l.Counts)
		})
		if err != nil || stale {
			return err
		}
	}
	return nil
}

// apply loads a block's good rows. stale is a row that was good when it was checked
// and is not any more.
func apply(p *planner, lines []Line, told []Told) (made org.Made, stale *verdict, err error) {
	verdicts, err := p.plan(lines)
	if err != nil {
		return made, nil, err
	}
	faulty := map[[2]any]bool{}
	for _, t := range told {
		if t.Verdict == "faulty" {
			faulty[[2]any{t.Sheet, t.Line}] = true
		}
	}
	loader, err := org.NewLoader(p.tx)
	if err != nil {
		return made, nil, err
	}
	loader.Count()
	for i, v := range verdicts {
		if faulty[[2]any{v.row.sheet, v.row.line}] {
			continue
		}
		if len(v.faults) > 0 {
			return made, &verdicts[i], nil
		}
		for _, do := range v.do {
			if err := do(loader); err != nil {
				return made, nil, err
			}
		}
	}
	if err := loader.Close(); err != nil {
		return made, nil, err
	}
	return loader.Made(), nil, nil
}

// undoOn takes the blocks back, the last first.
func undoOn(ctx context.Context, u *db.Unit, l List) error {
	for n := l.Step; ; n-- {
		stopped := false
		if n == 0 {
			return u.Write(ctx, func(tx *db.Tx) error {
				by, err := actorOf(tx, l)
				if err != nil {
					return err
				}
				if l.Fault != nil && l.Fault.Key == "intake.stale" { // its sender sees what has changed
					_, err := tx.Exec(`update intake set state = $1 where id = $2 and state = $3`, Checking, l.ID, Undoing)
					return err
				}
				if err := settle(tx, l.ID, Undone, l.Counts); err != nil {
					return err
				}
				return access.Audit(tx, by, "intake.undone", "intake", string(l.ID), l.Counts)
			})
		}
		err := step(ctx, u, l, n, n-1, func(tx *db.Tx) error {
			stopped = false
			text, err := tx.Text(`select made from intake_block where intake_id = $1 and n = $2`, l.ID, n-1)
			if err != nil || text == "" {
				return err
			}
			var made org.Made
			if err := json.Unmarshal([]byte(text), &made); err != nil {
				return err
			}
			found, err := org.BuiltOn(tx, made, made.Has, 20)
			if err != nil {
				return err
			}
			if len(found) > 0 { // since it was asked for
				stopped = true
				_, err := tx.Exec(`update intake set state = $1, step = 0, fault = $2 where id = $3`, Loaded, stored(builtOn(found)), l.ID)
				return err
			}
			if err := org.Unload(tx, made); err != nil {
				return err
			}
			_, err = tx.Exec(`update intake_block set made = '' where intake_id = $1 and n = $2`, l.ID, n-1)
			return err
		})
		if err != nil || stopped {
			return err
		}
	}
}
