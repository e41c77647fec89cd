package main

import (
	"encoding/json"
	"fmt"
	"slices"
)

// maxRounds bounds how often a case is made smaller.
const maxRounds = 12

// maxEdits bounds what is tried on one case in one round.
const maxEdits = 40

// shrinking is a case on which the two differ, being made small.
type shrinking struct {
	testCase
	ours, theirs verdict
	done         bool
}

// shrink takes parts away from cases for as long as the two differ on them in the same way. A round tries many edits of
// every case one by one, and then all that left the difference as it was together, half of them, a quarter and so on.
func (r *reference) shrink(cases []shrinking) error {
	for range maxRounds {
		single, err := r.attempt(cases, func(s *shrinking) [][]edit { return singly(s.edits()) })
		if err != nil {
			return err
		}
		together, err := r.attempt(cases, func(s *shrinking) [][]edit { return halves(single[s]) })
		if err != nil {
			return err
		}
		open := false
		for i := range cases {
			s := &cases[i]
			if s.done {
				continue
			}
			best := slices.Concat(together[s], single[s])
			if len(best) == 0 {
				s.done = true
				continue
			}
			s.become(best[0])
			open = true
		}
		if !open {
			return nil
		}
	}
	return nil
}

// outcome is what became of a case by some edits.
type outcome struct {
	edits        []edit
	testCase     testCase
	ours, theirs verdict
}

func (s *shrinking) become(o outcome) {
	name := s.name()
	s.testCase, s.ours, s.theirs = o.testCase, o.ours, o.theirs
	s.rename(name)
}

// attempt tries sets of edits on each case, in as few runs of the reference as it takes, and returns for each case those
// that leave the difference as it is.
func (r *reference) attempt(cases []shrinking, sets func(*shrinking) [][]edit) (map[*shrinking][]outcome, error) {
	var all []outcome
	var of []*shrinking
	for i := range cases {
		s := &cases[i]
		if s.done {
			continue
		}
		for _, edits := range sets(s) {
			o := outcome{edits: edits, testCase: s.with(edits)}
			o.testCase.rename(fmt.Sprintf("s%d", len(all)))
			all, of = append(all, o), append(of, s)
		}
	}
	out := map[*shrinking][]outcome{}
	for start := 0; start < len(all); start += batch {
		part := all[start:min(start+batch, len(all))]
		candidates := make([]testCase, len(part))
		for i := range part {
			candidates[i] = part[i].testCase
		}
		theirs, err := r.judge(candidates)
		if err != nil {
			return nil, err
		}
		for i := range part {
			o, s := &part[i], of[start+i]
			o.ours, o.theirs = judge(&o.testCase), theirs[i]
			if s.alike(o) {
				out[s] = append(out[s], *o)
			}
		}
	}
	return out, nil
}

// alike tells whether the two still differ as they did: with the same results on both sides.
func (s *shrinking) alike(o *outcome) bool {
	return difference(o.ours, o.theirs) != "" && explain(&o.testCase, o.ours, o.theirs) == "" &&
		o.ours.kind() == s.ours.kind() && o.theirs.kind() == s.theirs.kind()
}

// kind is a verdict without most of its words: those that end a refusal tell one from another.
func (v verdict) kind() string {
	out := fmt.Sprint(v.refused, v.crashed, v.why[max(0, len(v.why)-30):])
	for _, r := range v.rows {
		out += " " + r.result
	}
	return out
}

func singly(edits []edit) [][]edit {
	out := make([][]edit, len(edits))
	for i := range edits {
		out[i] = edits[i : i+1]
	}
	return out
}

// halves are the edits that did well, joined: all of them, one half, a quarter and so on.
func halves(good []outcome) [][]edit {
	var all []edit
	for _, o := range good {
		all = append(all, o.edits...)
	}
	var out [][]edit
	for n := len(all); n > 1; n /= 2 {
		out = append(out, all[:n])
		if n < len(all) {
			out = append(out, all[len(all)-n:])
		}
	}
	return out
}

func (s *shrinking) with(edits []edit) testCase {
	out := testCase{family: s.family, policy: clone(s.policy), object: clone(s.object)}
	roots := map[string]any{"policy": out.policy, "object": out.object}
	for _, e := range inOrder(edits) {
		e.apply(roots)
	}
	return out
}

func clone(m map[string]any) map[string]any {
	text, err := json.Marshal(m)
	if err != nil {
		panic(err) // it was JSON before
	}
	var out map[string]any
	if err := json.Unmarshal(text, &out); err != nil {
		panic(err)
	}
	return out
}
