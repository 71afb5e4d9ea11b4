//go:build !cgo

package duckdb

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/advertisex/adjoin/internal/table"
)

func TestWithoutCgoOpenSaysSo(t *testing.T) {
	_, err := Open(context.Background(), t.TempDir()+"/w.duckdb", nil, Config{})
	if !errors.Is(err, ErrNoCgo) || !strings.Contains(err.Error(), "files stay for other loaders") {
		t.Errorf("error %v", err)
	}
	if len(DDL(table.Names())) < 2*len(table.Names()) {
		t.Error("without cgo the DDL cannot be printed")
	}
}
