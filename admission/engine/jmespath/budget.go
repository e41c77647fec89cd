package jmespath

import "errors"

// ErrBudget is the error of an evaluation that would need more memory or more steps than it is given. No expression
// can swallow it.
var ErrBudget = errors.New("the expression needs more memory or more steps than an evaluation may use")

// Budget bounds the memory and the work of all evaluations that share it. A nil one bounds nothing. It is not safe for
// concurrent use.
type Budget struct {
	bytes, steps int
}

// NewBudget allows so many bytes of new values, and so many steps.
func NewBudget(bytes, steps int) *Budget {
	return &Budget{bytes: bytes, steps: steps}
}

// Bytes takes bytes from the budget. Functions whose result can be much larger than their arguments call it before they
// build the result; what is of the order of the arguments is accounted for when a function is called.
func (b *Budget) Bytes(n int) error {
	if b == nil {
		return nil
	}
	return take(&b.bytes, n)
}

// Steps takes steps from the budget: about as many as elements are looked at. What is linear in the size of the
// arguments is accounted for when a function is called.
func (b *Budget) Steps(n int) error {
	if b == nil {
		return nil
	}
	return take(&b.steps, n)
}

// take takes n from what is left. A negative n comes of an overflow, and once something was refused nothing is granted
// any more.
func take(left *int, n int) error {
	if n < 0 || n > *left {
		*left = -1
		return ErrBudget
	}
	*left -= n
	return nil
}
