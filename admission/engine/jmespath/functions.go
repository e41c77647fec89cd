package jmespath

import (
	"maps"
	"slices"
	"strings"
)

// functions are all functions that expressions may call, by name.
var functions = index(standardFunctions, stringFunctions, regexFunctions, arithmeticFunctions, timeFunctions,
	encodeFunctions, imageFunctions, semverFunctions, objectFunctions, randomFunctions, networkFunctions, pathFunctions)

// index makes a table of the functions of all families.
func index(families ...[]Function) map[string]*Function {
	table := map[string]*Function{}
	for _, family := range families {
		for i := range family {
			table[family[i].Name] = &family[i]
		}
	}
	return table
}

// Functions lists all functions by name. They are shared and must not be changed.
func Functions() []*Function {
	return slices.SortedFunc(maps.Values(functions), func(a, b *Function) int { return strings.Compare(a.Name, b.Name) })
}

// Signature shows how the function is called, for example split(text string, separator string) array[string].
func (f *Function) Signature() string {
	var b strings.Builder
	b.WriteString(f.Name)
	b.WriteByte('(')
	for i, argument := range f.Arguments {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(argument.Name)
		b.WriteByte(' ')
		if argument.Variadic {
			b.WriteString("...")
		}
		b.WriteString(argument.types("|"))
	}
	b.WriteString(") ")
	b.WriteString(string(f.Returns))
	return b.String()
}

// argument returns what is asked of the argument at an index.
func (f *Function) argument(i int) *Argument {
	return &f.Arguments[min(i, len(f.Arguments)-1)]
}

// takes tells whether the function can be called with so many arguments.
func (f *Function) takes(n int) bool {
	if len(f.Arguments) > 0 && f.Arguments[len(f.Arguments)-1].Variadic {
		return n >= len(f.Arguments)
	}
	return n == len(f.Arguments)
}

// types lists the types of an argument.
func (a *Argument) types(separator string) string {
	names := make([]string, len(a.Types))
	for i, t := range a.Types {
		names[i] = string(t)
	}
	return strings.Join(names, separator)
}

// accepts tells whether a value has one of the types of an argument.
func (a *Argument) accepts(value any) bool {
	for _, t := range a.Types {
		if t.holds(value) {
			return true
		}
	}
	return false
}

// holds tells whether a value is of a type.
func (t Type) holds(value any) bool {
	switch t {
	case Strings:
		return allOf(value, String)
	case Numbers:
		return allOf(value, Number)
	case Any:
		return typeOf(value) != Expression
	}
	return typeOf(value) == t
}

// allOf tells whether a value is a list of which all elements are of a type.
func allOf(value any, t Type) bool {
	list, ok := value.([]any)
	if !ok {
		return false
	}
	for _, element := range list {
		if typeOf(element) != t {
			return false
		}
	}
	return true
}
