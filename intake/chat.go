package intake

// conversation follows the lines of a pasted chat.
type conversation struct{}

func (c *conversation) line(l Line) (Line, bool) { return l, true }
