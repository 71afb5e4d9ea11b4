package tidy

import (
	"fmt"
	"go/ast"
	"go/token"
	"path"
	"regexp"
	"slices"
	"strings"
)

// finding is one breach of a rule. subject is what an exception names: the
// package, and the function or variable where there is one.
type finding struct {
	rule, subject, where, text string
}

func (f finding) String() string { return fmt.Sprintf("%s: %s [%s]", f.where, f.text, f.rule) }

// checks lists every rule; each looks at the whole tree.
func checks() []func(*tree) []finding {
	return []func(*tree) []finding{
		checkFloors, checkConfined, checkNotSeen, checkPure, checkNames,
		checkSizes, checkDocs, checkInit, checkGlobals, checkNotes, checkForeign,
	}
}

func (r *tree) run() []finding {
	var all []finding
	for _, check := range checks() {
		all = append(all, check(r)...)
	}
	slices.SortFunc(all, func(a, b finding) int { return strings.Compare(a.String(), b.String()) })
	return all
}

func (r *tree) at(pos token.Pos) string {
	p := r.fset.Position(pos)
	return fmt.Sprintf("%s:%d", p.Filename, p.Line)
}

// checkFloors: imports go down. Tests may look anywhere.
func checkFloors(r *tree) []finding {
	var found []finding
	for dir, p := range r.packages {
		floor, known := floorOf(dir)
		if !known {
			found = append(found, finding{"floor", dir, dir, "no row of floors names this package; give it a place in internal/tidy/rules_test.go"})
			continue
		}
		for _, f := range p.files {
			for name, pos := range f.imports() {
				if text := climbs(dir, floor, name); text != "" {
					found = append(found, finding{"floor", dir + " " + name, r.at(pos), text})
				}
			}
		}
	}
	return found
}

// climbs is what is wrong with an import, or "".
func climbs(dir string, floor int, name string) string {
	target, ours := inside(name)
	if !ours {
		if floor == 0 && strings.Contains(name, ".") && !slices.Contains(floorZero[dir], name) {
			return fmt.Sprintf("%s is on floor 0, which imports the standard library only, and imports %s", dir, name)
		}
		return ""
	}
	above, _ := floorOf(target)
	switch {
	case above < floor:
		return ""
	case above == floor && permitted(dir, target):
		return ""
	}
	return fmt.Sprintf("%s (floor %d) imports %s (floor %d)", dir, floor, target, above)
}

func permitted(from, to string) bool {
	for pair := range sameFloor {
		a, b, _ := strings.Cut(pair, " -> ")
		if matches(a, from) && matches(b, to) {
			return true
		}
	}
	return false
}

// checkConfined: some modules are imported in one place only.
func checkConfined(r *tree) []finding {
	var found []finding
	for dir, p := range r.packages {
		for _, f := range p.files {
			for name, pos := range f.imports() {
				for _, c := range confined {
					if strings.HasPrefix(name, c.prefix) && !matchesAny(c.allowed, dir) {
						found = append(found, finding{"confined", dir + " " + name, r.at(pos), fmt.Sprintf("%s is imported outside %s: %s", name, strings.Join(c.allowed, ", "), c.reason)})
					}
				}
			}
		}
	}
	return found
}

// checkNotSeen: bans that hold for tests too.
func checkNotSeen(r *tree) []finding {
	var found []finding
	for _, rule := range notSeen {
		p := r.packages[rule.from]
		if p == nil {
			continue
		}
		for _, f := range slices.Concat(p.files, p.tests) {
			for name, pos := range f.imports() {
				if target, ours := inside(name); ours && matchesAny(rule.bans, target) {
					found = append(found, finding{"not-seen", rule.from + " " + target, r.at(pos), fmt.Sprintf("%s imports %s: %s", rule.from, target, rule.reason)})
				}
			}
		}
	}
	return found
}

// checkPure: no clock, no goroutine, no world.
func checkPure(r *tree) []finding {
	var found []finding
	for dir, p := range r.packages {
		if !matchesAny(pure, dir) {
			continue
		}
		for _, f := range p.files {
			for name, pos := range f.imports() {
				if slices.Contains(pureBanImports, name) || isConfined(name) {
					found = append(found, finding{"pure", dir + " " + name, r.at(pos), fmt.Sprintf("%s is pure and imports %s", dir, name)})
				}
			}
			ast.Inspect(f.syntax, func(n ast.Node) bool {
				if what := impure(n); what != "" {
					found = append(found, finding{"pure", dir + " " + what, r.at(n.Pos()), fmt.Sprintf("%s is pure and has %s", dir, what)})
				}
				return true
			})
		}
	}
	return found
}

func isConfined(name string) bool {
	for _, c := range confined {
		if strings.HasPrefix(name, c.prefix) {
			return true
		}
	}
	return false
}

func impure(n ast.Node) string {
	switch n := n.(type) {
	case *ast.GoStmt:
		return "a goroutine"
	case *ast.SelectStmt, *ast.SendStmt, *ast.ChanType:
		return "a channel"
	case *ast.SelectorExpr:
		if x, ok := n.X.(*ast.Ident); ok && slices.Contains(pureBanCalls, x.Name+"."+n.Sel.Name) {
			return x.Name + "." + n.Sel.Name
		}
	}
	return ""
}

// checkNames: no package whose name says nothing.
func checkNames(r *tree) []finding {
	var found []finding
	for dir, p := range r.packages {
		for _, name := range append(packageNames(p), path.Base(dir)) {
			if slices.Contains(badNames, name) {
				found = append(found, finding{"name", dir, dir, fmt.Sprintf("package name %q says nothing about what is inside", name)})
				break
			}
		}
	}
	return found
}

func packageNames(p *pkg) []string {
	var names []string
	for _, f := range slices.Concat(p.files, p.tests) {
		names = append(names, f.syntax.Name.Name)
	}
	return names
}

// checkSizes: functions fit a screen, files and packages stay readable.
func checkSizes(r *tree) []finding {
	var found []finding
	for dir, p := range r.packages {
		total := 0
		for _, f := range p.files {
			total += f.lines
			for _, d := range f.syntax.Decls {
				fn, ok := d.(*ast.FuncDecl)
				if !ok {
					continue
				}
				lines := r.fset.Position(fn.End()).Line - r.fset.Position(fn.Pos()).Line + 1
				if lines > functionLinesMax {
					found = append(found, finding{"function-length", dir + " " + fn.Name.Name, r.at(fn.Pos()), fmt.Sprintf("%s has %d lines, more than %d", fn.Name.Name, lines, functionLinesMax)})
				}
			}
		}
		for _, f := range slices.Concat(p.files, p.tests) {
			if f.lines > fileLinesMax {
				found = append(found, finding{"file-length", f.path, f.path, fmt.Sprintf("%d lines, more than %d", f.lines, fileLinesMax)})
			}
		}
		if total > packageLinesMax {
			found = append(found, finding{"package-length", dir, dir, fmt.Sprintf("%d lines without tests, more than %d", total, packageLinesMax)})
		}
	}
	return found
}

// checkDocs: every package has doc.go with a package comment, and every
// exported name a comment.
func checkDocs(r *tree) []finding {
	var found []finding
	for dir, p := range r.packages {
		documented := slices.ContainsFunc(p.files, func(f *file) bool {
			return path.Base(f.path) == "doc.go" && f.syntax.Doc != nil
		})
		if !documented {
			found = append(found, finding{"doc.go", dir, dir, "no doc.go with a package comment"})
		}
		for _, f := range p.files {
			if f.syntax.Name.Name == "main" {
				continue
			}
			for _, d := range f.syntax.Decls {
				for _, name := range undocumented(d) {
					found = append(found, finding{"doc", dir + " " + name.Name, r.at(name.Pos()), fmt.Sprintf("exported %s has no comment", name.Name)})
				}
			}
		}
	}
	return found
}

// undocumented lists the exported names of a declaration that have no comment.
// The comment of a group covers its constants and variables, not its types.
func undocumented(d ast.Decl) []*ast.Ident {
	var names []*ast.Ident
	switch d := d.(type) {
	case *ast.FuncDecl:
		if d.Name.IsExported() && d.Doc == nil && (d.Recv == nil || ast.IsExported(receiver(d))) {
			names = append(names, d.Name)
		}
	case *ast.GenDecl:
		for _, spec := range d.Specs {
			switch spec := spec.(type) {
			case *ast.TypeSpec:
				if spec.Name.IsExported() && spec.Doc == nil && (d.Doc == nil || len(d.Specs) > 1) {
					names = append(names, spec.Name)
				}
			case *ast.ValueSpec:
				if spec.Doc != nil || spec.Comment != nil || d.Doc != nil {
					continue
				}
				names = append(names, exported(spec.Names)...)
			}
		}
	}
	return names
}

func exported(names []*ast.Ident) []*ast.Ident {
	return slices.DeleteFunc(slices.Clone(names), func(n *ast.Ident) bool { return !n.IsExported() })
}

// receiver is the name of the type of a method.
func receiver(d *ast.FuncDecl) string {
	t := d.Recv.List[0].Type
	for {
		switch x := t.(type) {
		case *ast.StarExpr:
			t = x.X
		case *ast.IndexExpr:
			t = x.X
		case *ast.IndexListExpr:
			t = x.X
		case *ast.Ident:
			return x.Name
		default:
			return ""
		}
	}
}

// checkInit: nothing happens at import.
func checkInit(r *tree) []finding {
	var found []finding
	for dir, p := range r.packages {
		for _, f := range p.files {
			for _, d := range f.syntax.Decls {
				if fn, ok := d.(*ast.FuncDecl); ok && fn.Recv == nil && fn.Name.Name == "init" {
					found = append(found, finding{"init", dir, r.at(fn.Pos()), "an init function; wire things by hand in cmd"})
				}
			}
		}
	}
	return found
}

// checkNotes: no marks of unfinished work in comments and documents.
func checkNotes(r *tree) []finding {
	return r.words("note", regexp.MustCompile(`\b(`+strings.Join(notes, "|")+`)\b`), "is a note to come back; do it, or write an issue")
}

// checkForeign: nothing about how and where this repository was written.
func checkForeign(r *tree) []finding {
	quoted := make([]string, len(foreign))
	for i, word := range foreign {
		quoted[i] = regexp.QuoteMeta(word)
	}
	pattern := regexp.MustCompile(`(?i)(^|[^a-z0-9])(` + strings.Join(quoted, "|") + `)`)
	return r.words("foreign", pattern, "is of no use to a reader of this repository")
}

func (r *tree) words(rule string, pattern *regexp.Regexp, why string) []finding {
	var found []finding
	for name, text := range r.texts {
		for i, line := range strings.Split(text, "\n") {
			if word := pattern.FindString(line); word != "" {
				found = append(found, finding{rule, name + " " + word, fmt.Sprintf("%s:%d", name, i+1), fmt.Sprintf("%q %s", strings.TrimSpace(word), why)})
			}
		}
	}
	return found
}
