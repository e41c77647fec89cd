package output

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// WriteTable writes rows under a head, each cell one line. Color says in which color a cell is, if any; it may be nil.
func WriteTable(t *Terminal, head []string, rows [][]string, color func(row, column int) (Color, bool)) {
	cells := make([][]string, len(rows))
	widths := make([]int, len(head))
	for column, text := range head {
		widths[column] = utf8.RuneCountInString(text)
	}
	for i, row := range rows {
		cells[i] = make([]string, len(row))
		for column, text := range row {
			cells[i][column] = visible(text)
			widths[column] = max(widths[column], utf8.RuneCountInString(cells[i][column]))
		}
	}
	line := "│"
	for _, width := range widths {
		line += strings.Repeat("─", width+2) + "│"
	}
	fmt.Fprintln(t, line)
	writeRow(t, head, widths, func(int) (Color, bool) { return Bold, true })
	fmt.Fprintln(t, line)
	for i, row := range cells {
		writeRow(t, row, widths, func(column int) (Color, bool) {
			if color == nil {
				return "", false
			}
			return color(i, column)
		})
	}
	fmt.Fprintln(t, line)
}

func writeRow(t *Terminal, row []string, widths []int, color func(column int) (Color, bool)) {
	fmt.Fprint(t, "│")
	for column, text := range row {
		fmt.Fprint(t, " ")
		if c, ok := color(column); ok {
			t.Colored(c, text)
		} else {
			fmt.Fprint(t, text)
		}
		fmt.Fprint(t, strings.Repeat(" ", widths[column]-utf8.RuneCountInString(text)), " │")
	}
	fmt.Fprintln(t)
}

// visible is a text as a Terminal will show it, so that its width can be told.
func visible(text string) string {
	var b strings.Builder
	terminal := NewTerminal(&b)
	fmt.Fprint(terminal, strings.ReplaceAll(Line(text), "\t", " "))
	return b.String()
}
