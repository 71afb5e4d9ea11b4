package config

import (
	"encoding/json"
	"strconv"
	"strings"
)

// Patterns of the types that are text in YAML. ${...} is allowed in all of
// them: what it stands for is checked when the file is loaded.
const (
	referencePattern = `\$\{.*\}`
	durationPattern  = `([0-9]+(\.[0-9]+)?(d|h|m|s|ms|us|ns))+`
	sizePattern      = `[0-9]+(\.[0-9]+)?(B|KB|MB|GB|TB|KiB|MiB|GiB|TiB)`
	ratePattern      = `[0-9]+(\.[0-9]+)?[kM]?/s`
	sharePattern     = `[0-9]+(\.[0-9]+)?%?`
)

// Schema is the JSON Schema (draft 2020-12) of a configuration file, for
// editors. It knows every key, type, unit and list of allowed values; bounds
// and rules about several fields are left to Load.
func Schema() ([]byte, error) {
	t := newTable()
	root := t.schemaOf("")
	root["$schema"] = "https://json-schema.org/draft/2020-12/schema"
	root["$id"] = "https://github.com/advertisex/adjoin/adjoin.schema.json"
	root["title"] = "adjoin configuration"
	return json.MarshalIndent(root, "", "  ")
}

// schemaOf is the schema of a section; the empty path is the whole file.
func (t *table) schemaOf(section string) map[string]any {
	properties := map[string]any{}
	for _, name := range t.children[section] {
		path := joinPath(section, name)
		field := t.byPath[path]
		if field == nil {
			properties[name] = t.schemaOf(path)
			continue
		}
		properties[name] = t.schemaOfField(field)
		for _, alias := range field.Aliases {
			properties[alias] = t.schemaOfField(field)
		}
	}
	schema := map[string]any{
		"type":                 []string{"object", "null"},
		"properties":           properties,
		"additionalProperties": false,
	}
	for _, s := range t.sections {
		if s.Path == section {
			schema["description"] = s.Doc
		}
	}
	return schema
}

func (t *table) schemaOfField(f *Field) map[string]any {
	schema := t.schemaOfType(f)
	schema["description"] = f.Doc
	if value := defaultJSON(f); value != nil {
		schema["default"] = value
	}
	return schema
}

func (t *table) schemaOfType(f *Field) map[string]any {
	text := map[string]any{"type": []string{"string", "number"}}
	if len(f.Enum) > 0 {
		text = map[string]any{"anyOf": []any{map[string]any{"enum": f.Enum}, pattern(referencePattern)}}
		if f.Default == "" && !f.isList() {
			text = map[string]any{"anyOf": []any{map[string]any{"enum": append([]string{""}, f.Enum...)}, pattern(referencePattern)}}
		}
	}
	switch f.Type() {
	case "boolean":
		return orReference(map[string]any{"type": "boolean"}, "true|false")
	case "integer":
		integer := map[string]any{"type": "integer"}
		for key, bound := range map[string]string{"minimum": f.Min, "maximum": f.Max} {
			if n, err := strconv.Atoi(bound); err == nil {
				integer[key] = n
			}
		}
		return orReference(integer, "[0-9]+")
	case "duration":
		return pattern(durationPattern + "|" + referencePattern)
	case "size":
		return pattern(sizePattern + "|" + referencePattern)
	case "rate":
		return pattern(ratePattern + "|" + referencePattern)
	case "share":
		return orReference(map[string]any{"type": "number", "minimum": 0, "maximum": 1}, sharePattern)
	case "list":
		return map[string]any{"type": "array", "items": text, "uniqueItems": true}
	case "names":
		return map[string]any{"anyOf": []any{text, map[string]any{"type": "array", "items": text, "uniqueItems": true}}}
	case "maps":
		item := t.schemaOf(f.Path + "[]")
		item["type"] = "object"
		item["required"] = []string{"target"}
		return map[string]any{"type": "array", "items": item}
	}
	return text
}

func pattern(p string) map[string]any {
	return map[string]any{"type": "string", "pattern": "^(" + p + ")$"}
}

func orReference(schema map[string]any, quoted string) map[string]any {
	return map[string]any{"anyOf": []any{schema, pattern(quoted + "|" + referencePattern)}}
}

// defaultJSON is the default as JSON has it, or nil where there is none.
func defaultJSON(f *Field) any {
	switch f.Type() {
	case "boolean":
		return f.Default == "true"
	case "integer":
		if n, err := strconv.Atoi(f.Default); err == nil {
			return n
		}
		return nil
	case "list", "names":
		if f.Default == "" {
			return []string{}
		}
		return strings.Split(f.Default, ",")
	case "maps":
		return []string{}
	}
	if f.Default == "" {
		return nil
	}
	return f.Default
}
