package tidy

import (
	"fmt"
	"go/ast"
	"go/token"
	"slices"
)

// checkGlobals: a package-level variable is never written after its
// declaration, and its type holds no state of its own. What that leaves is
// sentinels, patterns, embedded files and tables.
func checkGlobals(r *tree) []finding {
	var found []finding
	for dir, p := range r.packages {
		declared := map[string]*ast.ValueSpec{}
		for _, f := range p.files {
			for _, d := range f.syntax.Decls {
				g, ok := d.(*ast.GenDecl)
				if !ok || g.Tok != token.VAR {
					continue
				}
				for _, spec := range g.Specs {
					v := spec.(*ast.ValueSpec)
					if state := holdsState(v); state != "" {
						found = append(found, finding{"global", dir + " " + v.Names[0].Name, r.at(v.Pos()), fmt.Sprintf("package-level %s holds state (%s)", v.Names[0].Name, state)})
					}
					for _, name := range v.Names {
						declared[name.Name] = v
					}
					delete(declared, "_")
				}
			}
		}
		for _, f := range p.files {
			for _, w := range writes(f.syntax) {
				v := declared[w.name]
				// A pointer into a table is how one reads a row without copying
				// it; a pointer to a variable without a value is there to fill it.
				if v != nil && !(w.address && len(v.Values) > 0) {
					found = append(found, finding{"global", dir + " " + w.name, r.at(w.pos), fmt.Sprintf("package-level %s is written after its declaration", w.name)})
				}
			}
		}
	}
	return found
}

// stateful are the packages whose types change by themselves.
var stateful = []string{"sync", "atomic", "rand", "time.Timer", "time.Ticker", "bytes", "http", "sql", "context"}

// holdsState says by what a declaration holds state, or "". Calls such as
// errors.New or regexp.MustCompile give values that never change; what a
// function literal does when it is called later is its own business.
func holdsState(v *ast.ValueSpec) string {
	if v.Names[0].Name == "_" {
		return ""
	}
	reason := ""
	inspect := func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.FuncLit:
			return false
		case *ast.SelectorExpr:
			x, ok := n.X.(*ast.Ident)
			if ok && (slices.Contains(stateful, x.Name) || slices.Contains(stateful, x.Name+"."+n.Sel.Name)) {
				reason = x.Name + "." + n.Sel.Name
			}
		case *ast.ChanType:
			reason = "a channel"
		case *ast.CallExpr:
			if f, ok := n.Fun.(*ast.Ident); ok && (f.Name == "make" || f.Name == "new") {
				reason = f.Name
			}
		}
		return true
	}
	if v.Type != nil {
		ast.Inspect(v.Type, inspect)
	}
	for _, value := range v.Values {
		if u, ok := value.(*ast.UnaryExpr); ok && u.Op == token.AND {
			reason = "a pointer"
		}
		ast.Inspect(value, inspect)
	}
	return reason
}

// write is one place where a name is written.
type write struct {
	name    string
	pos     token.Pos
	address bool // only its address is taken
}

// writes lists the names that a file writes outside declarations, other than
// names that the function around declares itself: assignments to the name, its
// elements and its fields, delete, clear, and taking its address.
func writes(f *ast.File) []write {
	var all []write
	for _, d := range f.Decls {
		fn, ok := d.(*ast.FuncDecl)
		if !ok || fn.Body == nil {
			continue
		}
		local := locals(fn)
		ast.Inspect(fn.Body, func(n ast.Node) bool {
			for _, target := range targets(n) {
				if id := root(target); id != nil && !local[id.Name] {
					_, address := n.(*ast.UnaryExpr)
					all = append(all, write{id.Name, n.Pos(), address})
				}
			}
			return true
		})
	}
	return all
}

// targets are the expressions that a node writes to.
func targets(n ast.Node) []ast.Expr {
	switch n := n.(type) {
	case *ast.AssignStmt:
		if n.Tok != token.DEFINE {
			return n.Lhs
		}
	case *ast.IncDecStmt:
		return []ast.Expr{n.X}
	case *ast.UnaryExpr:
		if n.Op == token.AND {
			return []ast.Expr{n.X}
		}
	case *ast.CallExpr:
		if f, ok := n.Fun.(*ast.Ident); ok && (f.Name == "delete" || f.Name == "clear") && len(n.Args) > 0 {
			return n.Args[:1]
		}
	}
	return nil
}

// root is the variable that an expression reaches into, or nil.
func root(e ast.Expr) *ast.Ident {
	for {
		switch x := e.(type) {
		case *ast.Ident:
			return x
		case *ast.IndexExpr:
			e = x.X
		case *ast.SelectorExpr:
			e = x.X
		case *ast.StarExpr:
			e = x.X
		case *ast.ParenExpr:
			e = x.X
		case *ast.SliceExpr:
			e = x.X
		default:
			return nil
		}
	}
}

// locals are the names that a function declares anywhere inside: parameters,
// results, := and var. Scopes are not told apart, which can only hide a write
// to a global of the same name in the same function.
func locals(fn *ast.FuncDecl) map[string]bool {
	local := map[string]bool{}
	add := func(fields *ast.FieldList) {
		if fields == nil {
			return
		}
		for _, field := range fields.List {
			for _, name := range field.Names {
				local[name.Name] = true
			}
		}
	}
	add(fn.Recv)
	ast.Inspect(fn, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.FuncType:
			add(n.Params)
			add(n.Results)
		case *ast.AssignStmt:
			if n.Tok == token.DEFINE {
				addNames(local, n.Lhs)
			}
		case *ast.RangeStmt:
			if n.Tok == token.DEFINE {
				addNames(local, []ast.Expr{n.Key, n.Value})
			}
		case *ast.ValueSpec:
			for _, name := range n.Names {
				local[name.Name] = true
			}
		}
		return true
	})
	return local
}

func addNames(local map[string]bool, names []ast.Expr) {
	for _, e := range names {
		if id, ok := e.(*ast.Ident); ok {
			local[id.Name] = true
		}
	}
}
