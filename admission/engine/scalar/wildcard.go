package scalar

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// maxSearch is the number of characters that a piece between two * may have when it holds a ?: one machine word of the
// search in find. Without that bound matching would not be linear.
const maxSearch = 64

// Wildcard is a compiled pattern in which * stands for any run of characters and ? for exactly one.
type Wildcard struct {
	text string
	// literal tells that there is no wildcard at all; then only text counts.
	literal bool
	// prefix and suffix are held to the ends of a string; without a * prefix is all there is.
	prefix, suffix piece
	star           bool
	middle         []piece
}

// HasWildcard tells whether a string would be read as anything but itself.
func HasWildcard(s string) bool { return strings.ContainsAny(s, "*?") }

// NewWildcard compiles a pattern. It fails only for a pattern that could not be matched in linear time.
func NewWildcard(pattern string) (*Wildcard, error) {
	if !HasWildcard(pattern) {
		return &Wildcard{text: pattern, literal: true}, nil
	}
	w := &Wildcard{text: pattern}
	parts := strings.Split(settle(pattern), "*")
	w.prefix = newPiece(parts[0])
	if len(parts) == 1 {
		return w, nil
	}
	w.star = true
	w.suffix = newPiece(parts[len(parts)-1])
	for _, part := range parts[1 : len(parts)-1] {
		if part == "" {
			continue
		}
		p := newPiece(part)
		if p.wild && p.runes > maxSearch {
			return nil, fmt.Errorf("wildcard pattern has more than %d characters with a ? among them between two *", maxSearch)
		}
		p.prepareSearch()
		w.middle = append(w.middle, p)
	}
	return w, nil
}

// String is the pattern as written.
func (w *Wildcard) String() string { return w.text }

// Match tells whether the whole string fits the pattern.
func (w *Wildcard) Match(s string) bool {
	if w.literal {
		return s == w.text
	}
	n, ok := w.prefix.at(s)
	if !ok {
		return false
	}
	s = s[n:]
	if !w.star {
		return s == ""
	}
	n, ok = w.suffix.atEnd(s)
	if !ok {
		return false
	}
	s = s[:len(s)-n]
	// The leftmost place for each piece leaves the most room for those that follow.
	for i := range w.middle {
		end := w.middle[i].find(s)
		if end < 0 {
			return false
		}
		s = s[end:]
	}
	return true
}

// settle moves every ? of a run of wildcards in front of its *, which means the same, so that no piece between two *
// begins with a ? that would only make the search wider, and empties such runs of repeated *.
func settle(pattern string) string {
	var out strings.Builder
	for i := 0; i < len(pattern); {
		if pattern[i] != '*' && pattern[i] != '?' {
			out.WriteByte(pattern[i])
			i++
			continue
		}
		star := false
		for ; i < len(pattern) && (pattern[i] == '*' || pattern[i] == '?'); i++ {
			if pattern[i] == '?' {
				out.WriteByte('?')
			} else {
				star = true
			}
		}
		if star {
			out.WriteByte('*')
		}
	}
	return out.String()
}

// piece is a part of a pattern without *.
type piece struct {
	text  string
	runes int
	// wild tells that the text holds a ?.
	wild bool
	// ascii and other hold, for each character, the positions at which the piece accepts it, as bits; any holds those
	// of ?, which every character fits.
	ascii *[utf8.RuneSelf]uint64
	other map[rune]uint64
	any   uint64
}

func newPiece(text string) piece {
	return piece{text: text, runes: utf8.RuneCountInString(text), wild: strings.Contains(text, "?")}
}

func (p *piece) prepareSearch() {
	if !p.wild {
		return
	}
	p.ascii = new([utf8.RuneSelf]uint64)
	p.other = map[rune]uint64{}
	bit := uint64(1)
	for _, r := range p.text {
		switch {
		case r == '?':
			p.any |= bit
		case r < utf8.RuneSelf:
			p.ascii[r] |= bit
		default:
			p.other[r] |= bit
		}
		bit <<= 1
	}
}

// at tells how many bytes at the start of s the piece takes.
func (p *piece) at(s string) (int, bool) {
	if !p.wild {
		return len(p.text), strings.HasPrefix(s, p.text)
	}
	n := 0
	for _, want := range p.text {
		got, size := utf8.DecodeRuneInString(s[n:])
		if size == 0 || want != '?' && want != got {
			return 0, false
		}
		n += size
	}
	return n, true
}

// atEnd tells how many bytes at the end of s the piece takes.
func (p *piece) atEnd(s string) (int, bool) {
	if !p.wild {
		return len(p.text), strings.HasSuffix(s, p.text)
	}
	start := len(s)
	for range p.runes {
		_, size := utf8.DecodeLastRuneInString(s[:start])
		if size == 0 {
			return 0, false
		}
		start -= size
	}
	_, ok := p.at(s[start:])
	return len(s) - start, ok
}

// find returns the end of the leftmost place in s that the piece fits, or -1. With a ? the piece is searched at all
// places at once, one bit for each of its characters, so that the time does not depend on the piece.
func (p *piece) find(s string) int {
	if !p.wild {
		i := strings.Index(s, p.text)
		if i < 0 {
			return -1
		}
		return i + len(p.text)
	}
	last := uint64(1) << (p.runes - 1)
	reached := uint64(0)
	for i, r := range s {
		accepts := p.any
		if r < utf8.RuneSelf {
			accepts |= p.ascii[r]
		} else {
			accepts |= p.other[r]
		}
		reached = (reached<<1 | 1) & accepts
		if reached&last != 0 {
			_, size := utf8.DecodeRuneInString(s[i:])
			return i + size
		}
	}
	return -1
}
