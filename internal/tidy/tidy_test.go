package tidy

import (
	"os"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
)

// TestTheRepository runs every rule over every file.
func TestTheRepository(t *testing.T) {
	used := map[string]bool{}
	for _, f := range load(t, os.DirFS("../..")).run() {
		key := f.rule + " " + f.subject
		if _, excepted := exceptions[key]; excepted {
			used[key] = true
			continue
		}
		t.Error(f)
	}
	for key, reason := range exceptions {
		if !used[key] {
			t.Errorf("exception %q is not needed any more (its reason was: %s); remove it", key, reason)
		}
	}
}

// TestEachRuleFindsItsBreach gives every rule a small tree that breaks it once,
// and a neighbour that looks similar and is fine.
func TestEachRuleFindsItsBreach(t *testing.T) {
	const doc = "// Package x is documented.\npackage x\n"
	long := "package x\n\nfunc f() {\n" + strings.Repeat("\t_ = 0\n", functionLinesMax) + "}\n"
	fits := "package x\n\nfunc f() {\n" + strings.Repeat("\t_ = 0\n", functionLinesMax-2) + "}\n"
	tests := []struct {
		name string
		file string
		text string
		want string // rule, "" for none
	}{
		{"import up", "sinks/x.go", `package x; import _ "` + module + `/actors"`, "floor"},
		{"import down", "sinks/x.go", `package x; import _ "` + module + `/codecs"`, ""},
		{"import beside on floor 1", "actors/correlate/x.go", `package x; import _ "` + module + `/codecs"`, "floor"},
		{"import of the room's contract", "sinks/duckdb/x.go", `package x; import _ "` + module + `/sinks"`, ""},
		{"floor 0 imports a module", "internal/table/x.go", `package x; import _ "github.com/zeebo/xxh3"`, "floor"},
		{"the one module of event", "internal/event/x.go", `package x; import _ "github.com/zeebo/xxh3"`, ""},
		{"tests look anywhere", "sinks/x_test.go", `package x; import _ "` + module + `/actors"`, ""},
		{"a package without a floor", "internal/new/x.go", "package x", "floor"},
		{"sarama outside", "actors/x.go", `package x; import _ "github.com/IBM/sarama"`, "confined"},
		{"sarama inside", "internal/kafka/x.go", `package x; import _ "github.com/IBM/sarama"`, ""},
		{"the actor runtime outside", "sinks/x.go", `package x; import _ "github.com/asynkron/protoactor-go/actor"`, "confined"},
		{"the oracle sees the engine", "bench/oracle/x.go", `package x; import _ "` + module + `/actors/correlate"`, "not-seen"},
		{"the oracle's tests too", "bench/oracle/x_test.go", `package x; import _ "` + module + `/codecs/json"`, "not-seen"},
		{"the oracle sees the vocabulary", "bench/oracle/x.go", `package x; import _ "` + module + `/internal/event"`, ""},
		{"a clock in a pure package", "actors/campaign/x.go", "package x; import \"time\"\n\nvar now = time.Now", "pure"},
		{"a duration in a pure package", "actors/campaign/x.go", "package x; import \"time\"\n\nconst second = time.Second", ""},
		{"a lock in a pure package", "cluster/journal/x.go", `package x; import _ "sync"`, "pure"},
		{"the actor runtime in a pure package", "actors/campaign/x.go", `package x; import _ "github.com/asynkron/protoactor-go/actor"`, "pure"},
		{"the actor runtime in a shell", "actors/usershard/x.go", `package x; import _ "github.com/asynkron/protoactor-go/actor"`, ""},
		{"a goroutine in a pure package", "actors/correlate/x.go", "package x\n\nfunc f() { go f() }", "pure"},
		{"a goroutine elsewhere", "actors/x.go", "package x\n\nfunc f() { go f() }", ""},
		{"a name that says nothing", "codecs/util/x.go", "package util", "name"},
		{"a long function", "sinks/x.go", long, "function-length"},
		{"a function that just fits", "sinks/x.go", fits, ""},
		{"a long file", "sinks/x.go", "package x\n" + strings.Repeat("\n", fileLinesMax), "file-length"},
		{"a long test file", "sinks/x_test.go", "package x\n" + strings.Repeat("\n", fileLinesMax), "file-length"},
		{"an exported function without a comment", "sinks/x.go", "package x\n\nfunc F() {}", "doc"},
		{"an exported method without a comment", "sinks/x.go", "package x\n\n// T is a type.\ntype T int\n\nfunc (*T) M() {}", "doc"},
		{"a method of a hidden type", "sinks/x.go", "package x\n\ntype t[K any] int\n\nfunc (t[K]) M() {}", ""},
		{"an exported type without a comment", "sinks/x.go", "package x\n\ntype T int", "doc"},
		{"an exported constant without a comment", "sinks/x.go", "package x\n\nconst C = 1", "doc"},
		{"constants under one comment", "sinks/x.go", "package x\n\n// Colours.\nconst (\n\tRed = 1\n\tBlue = 2\n)", ""},
		{"init", "sinks/x.go", "package x\n\nfunc init() {}", "init"},
		{"a method called init", "sinks/x.go", "package x\n\ntype t int\n\nfunc (t) init() {}", ""},
		{"a global that is assigned", "sinks/x.go", "package x\n\nvar n int\n\nfunc f() { n = 1 }", "global"},
		{"a global that is counted", "sinks/x.go", "package x\n\nvar n int\n\nfunc f() { n++ }", "global"},
		{"a table with a written entry", "sinks/x.go", "package x\n\nvar m = map[int]int{}\n\nfunc f() { m[1] = 2 }", "global"},
		{"a table with a deleted entry", "sinks/x.go", "package x\n\nvar m = map[int]int{}\n\nfunc f() { delete(m, 1) }", "global"},
		{"a global whose address is taken", "sinks/x.go", "package x\n\nvar n int\n\nfunc f() *int { return &n }", "global"},
		{"a global lock", "sinks/x.go", "package x\n\nimport \"sync\"\n\nvar mu sync.Mutex", "global"},
		{"a global pool", "sinks/x.go", "package x\n\nimport \"sync\"\n\nvar pool = sync.Pool{}", "global"},
		{"a global channel", "sinks/x.go", "package x\n\nvar c = make(chan int)", "global"},
		{"a global pointer", "sinks/x.go", "package x\n\nvar p = &struct{}{}", "global"},
		{"a table", "sinks/x.go", "package x\n\nvar m = map[int]int{1: 2}\n\nfunc f() int { return m[1] }", ""},
		{"a pointer into a table", "sinks/x.go", "package x\n\nvar m = [2]int{1, 2}\n\nfunc f() *int { return &m[1] }", ""},
		{"a write to a row of a table", "sinks/x.go", "package x\n\nvar m = [2]struct{ n int }{}\n\nfunc f() { m[1].n = 2 }", "global"},
		{"a part of a core", "actors/correlate/x.go", `package x; import _ "` + module + `/actors/correlate/column"`, ""},
		{"a part of a core is pure", "actors/correlate/column/x.go", `package x; import _ "os"`, "pure"},
		{"a local of the same name", "sinks/x.go", "package x\n\nvar n = 1\n\nfunc f() { n := 2; n++; _ = n }", ""},
		{"a sentinel", "sinks/x.go", "package x\n\nimport \"errors\"\n\nvar errGone = errors.New(\"gone\")", ""},
		{"a check of a contract", "sinks/x.go", "package x\n\nvar _ any = (*int)(nil)\n\nfunc f() { _ = 1 }", ""},
		{"a note", "sinks/x.go", "package x\n\n// TO" + "DO: later", "note"},
		{"a word that holds a note", "sinks/x.go", "package x\n\n// TO" + "DOS is a name", ""},
		{"a foreign word", "docs/x.md", "written by an AI " + "assistant", "foreign"},
		{"a path of some machine", "docs/x.md", "see /wo" + "rk/main", "foreign"},
		{"a path that only looks like it", "docs/x.md", "the netw" + "ork/main part, fullm" + "atch", ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			files := fstest.MapFS{test.file: {Data: []byte(test.text)}}
			if strings.HasSuffix(test.file, ".go") {
				dir := test.file[:strings.LastIndexByte(test.file, '/')]
				files[dir+"/doc.go"] = &fstest.MapFile{Data: []byte(doc)}
			}
			var rules []string
			for _, f := range load(t, files).run() {
				rules = append(rules, f.rule)
			}
			var want []string
			if test.want != "" {
				want = []string{test.want}
			}
			if !slices.Equal(rules, want) {
				t.Errorf("found %v, want %v", rules, want)
			}
		})
	}
}

// TestDocGo: a folder of Go files without doc.go, or with one that says
// nothing.
func TestDocGo(t *testing.T) {
	for name, files := range map[string]fstest.MapFS{
		"missing": {"sinks/x.go": {Data: []byte("// Package x.\npackage x")}},
		"empty":   {"sinks/doc.go": {Data: []byte("package x")}},
	} {
		found := load(t, files).run()
		if len(found) != 1 || found[0].rule != "doc.go" {
			t.Errorf("%s: found %v, want one finding of doc.go", name, found)
		}
	}
}

// TestPackageLength counts all files of a package without its tests.
func TestPackageLength(t *testing.T) {
	files := fstest.MapFS{"sinks/doc.go": {Data: []byte("// Package x.\npackage x\n")}}
	text := "package x\n" + strings.Repeat("\n", fileLinesMax-1)
	for _, name := range []string{"a", "b", "c", "d", "e", "f", "g"} {
		files["sinks/"+name+".go"] = &fstest.MapFile{Data: []byte(text)}
	}
	found := load(t, files).run()
	if len(found) != 1 || found[0].rule != "package-length" {
		t.Errorf("found %v, want one finding of package-length", found)
	}
}
