package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/advertisex/adjoin/internal/config"
)

// TestEveryConfigurationFieldIsRead: a field that nothing reads promises what
// nobody keeps. A field counts as read when the program names it and the section
// it lies in.
func TestEveryConfigurationFieldIsRead(t *testing.T) {
	read := selected(t, ".")
	elsewhere := map[string]string{
		".ConfigVersion":  "its range is the check",
		".State.WhenFull": "one value is allowed, and it is what the engine does",
		// Behind Current... of the section, which reads the file or the value.
		".Kafka.SASL.Password": "CurrentPassword", ".Kafka.SASL.PasswordFile": "CurrentPassword",
		".Decode.Avro.Registry.Password": "CurrentPassword", ".Decode.Avro.Registry.PasswordFile": "CurrentPassword",
		".Correlate.UserKey.Secret": "CurrentSecret", ".Correlate.UserKey.SecretFile": "CurrentSecret",
		// Copied whole.
		".Correlate.ConflictHorizons.Bids": "perKind", ".Correlate.ConflictHorizons.Impressions": "perKind",
		".Correlate.ConflictHorizons.Clicks": "perKind", ".Correlate.ConflictHorizons.Conversions": "perKind",
	}
	for _, leaf := range leaves(reflect.TypeFor[config.Config](), "") {
		levels := strings.Split(leaf, ".")
		name, section := levels[len(levels)-1], levels[len(levels)-2]
		if section == "" || read[name] && (read[section] || section == "Load") {
			continue
		}
		if how, ok := elsewhere[leaf]; !ok {
			t.Errorf("nothing reads %s", leaf)
		} else if strings.HasPrefix(how, "Current") && !read[how] {
			t.Errorf("nothing reads %s by %s", leaf, how)
		}
	}
}

// leaves are the paths of a configuration's values.
func leaves(of reflect.Type, path string) []string {
	if of.Kind() == reflect.Slice && of.Elem().Kind() == reflect.Struct {
		of = of.Elem()
	}
	if of.Kind() != reflect.Struct || !strings.HasSuffix(of.PkgPath(), "internal/config") || of == reflect.TypeFor[config.Start]() {
		return []string{path}
	}
	var list []string
	for i := range of.NumField() {
		if f := of.Field(i); f.IsExported() {
			list = append(list, leaves(f.Type, path+"."+f.Name)...)
		}
	}
	if len(list) == 0 {
		return []string{path} // a type of its own, such as a zone
	}
	return list
}

// selected are the names behind a dot in the program's files, tests aside.
func selected(t *testing.T, dir string) map[string]bool {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil {
		t.Fatal(err)
	}
	files = slices.DeleteFunc(files, func(name string) bool { return strings.HasSuffix(name, "_test.go") })
	names := map[string]bool{}
	for _, name := range files {
		tree, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(tree, func(n ast.Node) bool {
			if s, ok := n.(*ast.SelectorExpr); ok && !isPackage(s.X, tree.Imports) {
				names[s.Sel.Name] = true
			}
			return true
		})
	}
	return names
}

func isPackage(e ast.Expr, imports []*ast.ImportSpec) bool {
	id, ok := e.(*ast.Ident)
	return ok && slices.ContainsFunc(imports, func(i *ast.ImportSpec) bool {
		return path.Base(strings.Trim(i.Path.Value, `"`)) == id.Name
	})
}
