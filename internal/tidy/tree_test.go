package tidy

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"strconv"
	"strings"
	"testing"
)

// tree is a parsed repository.
type tree struct {
	fset     *token.FileSet
	packages map[string]*pkg // by folder
	texts    map[string]string
}

// pkg is one folder of Go files. External tests (package x_test) count as tests
// of x.
type pkg struct {
	dir   string
	files []*file // without tests
	tests []*file
}

type file struct {
	path   string
	syntax *ast.File
	lines  int
}

// textSuffixes are the files that are read for words, beside Go files.
var textSuffixes = []string{".md", ".yaml", ".yml", ".json", ".sql", "Makefile", ".sh", "CHANGELOG"}

// load parses every Go file below root and reads every text.
func load(t testing.TB, root fs.FS) *tree {
	t.Helper()
	r := &tree{fset: token.NewFileSet(), packages: map[string]*pkg{}, texts: map[string]string{}}
	err := fs.WalkDir(root, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			if skipped(name) {
				return fs.SkipDir
			}
			return nil
		}
		return r.add(root, name)
	})
	if err != nil {
		t.Fatalf("read the repository: %v", err)
	}
	return r
}

// skipped folders hold nothing of ours: hidden ones, test data, and what tools
// put beside the sources.
func skipped(name string) bool {
	base := path.Base(name)
	return name != "." && (strings.HasPrefix(base, ".") || base == "testdata" || base == "vendor" || base == "node_modules" || base == "adjoin-data")
}

func (r *tree) add(root fs.FS, name string) error {
	isGo := strings.HasSuffix(name, ".go")
	isText := isGo
	for _, suffix := range textSuffixes {
		isText = isText || strings.HasSuffix(name, suffix)
	}
	if !isText {
		return nil
	}
	content, err := fs.ReadFile(root, name)
	if err != nil {
		return err
	}
	if path.Dir(name) != "internal/tidy" {
		r.texts[name] = string(content)
	}
	if !isGo {
		return nil
	}
	syntax, err := parser.ParseFile(r.fset, name, content, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		return err
	}
	p := r.packages[path.Dir(name)]
	if p == nil {
		p = &pkg{dir: path.Dir(name)}
		r.packages[p.dir] = p
	}
	f := &file{name, syntax, strings.Count(string(content), "\n")}
	if strings.HasSuffix(name, "_test.go") {
		p.tests = append(p.tests, f)
	} else {
		p.files = append(p.files, f)
	}
	return nil
}

// imports lists the import paths of a file with their positions.
func (f *file) imports() map[string]token.Pos {
	imports := map[string]token.Pos{}
	for _, spec := range f.syntax.Imports {
		if name, err := strconv.Unquote(spec.Path.Value); err == nil {
			imports[name] = spec.Pos()
		}
	}
	return imports
}

// inside is the folder of an import path of this module, and whether it is one.
func inside(importPath string) (string, bool) {
	return strings.CutPrefix(importPath, module+"/")
}

// matches reports whether dir is pattern, or lies directly below a pattern that
// ends in "/*".
func matches(pattern, dir string) bool {
	if parent, ok := strings.CutSuffix(pattern, "/*"); ok {
		return path.Dir(dir) == parent
	}
	return pattern == dir
}

func matchesAny(patterns []string, dir string) bool {
	for _, p := range patterns {
		if matches(p, dir) {
			return true
		}
	}
	return false
}

// floorOf is the floor of a folder; an exact row wins over a pattern.
func floorOf(dir string) (int, bool) {
	if floor, ok := floors[dir]; ok {
		return floor, true
	}
	floor, ok := floors[path.Dir(dir)+"/*"]
	return floor, ok
}
