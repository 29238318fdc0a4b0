package intake

type crew struct{}

func (p *planner) holders(all []verdict) error { return nil }
