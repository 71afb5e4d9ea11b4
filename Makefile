# Everything starts here, on a fresh machine with Go and a C compiler:
#
#   make demo    the whole path in one process, with its own Kafka and warehouse
#   make test    all tests, a real Apache Kafka included (Java 17; SKIP_KAFKA=1 without)
#   make check   what a change must pass: vet, linters, style, tests
#   make baseline  what an event costs from a real Kafka to committed Parquet (docs/benchmarks.md)
#   make bench   cost sheet, runs against the embedded and a real Kafka, sweeps, one page (10 minutes)
#   make microbench  the Go benchmarks
#   make gate    accept what an event costs now (bench/gate.json)
#   make fuzz    every fuzz target for FUZZTIME (default 30s)
#   make docs    the pages that are written by the code
#
# Each target does its own set-up. Tools go to bin/, pinned, never to the system.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := build
MAKEFLAGS += --no-builtin-rules

GO            ?= go
BIN           := $(CURDIR)/bin
PKG           ?= ./...
TESTFLAGS     ?=
FUZZTIME      ?= 30s
BENCHTIME     ?= 1s
DEMOFLAGS     ?=
BASELINEFLAGS ?= -runs 2
BENCHFLAGS    ?=
GOLANGCI      := v2.12.2
GOLANGCI_BIN  := $(BIN)/golangci-lint-$(GOLANGCI)

.PHONY: build demo test check vet lint tidy baseline bench microbench gate fuzz fuzz-decoders docs clean

build: ## the binary, in bin/adjoin
	$(GO) build -trimpath -o $(BIN)/adjoin ./cmd/adjoin

demo: build
	$(BIN)/adjoin demo $(DEMOFLAGS)

test:
	$(GO) test -timeout 20m $(TESTFLAGS) $(PKG)

check: vet lint tidy test

vet:
	$(GO) vet $(PKG)

# The first run builds the linter, about two minutes on two cores.
lint: $(GOLANGCI_BIN)
	$(GOLANGCI_BIN) run $(PKG)

$(GOLANGCI_BIN):
	GOBIN=$(BIN)/tools $(GO) install github.com/golangci/golangci-lint/v2/cmd/golangci-lint@$(GOLANGCI)
	mv $(BIN)/tools/golangci-lint $@

tidy: ## the style of this repository, as a test
	$(GO) test -count=1 ./internal/tidy

baseline: build ## a real Kafka (Java 17, Maven), a few minutes on two quiet cores
	$(GO) test -count=1 -timeout 30m -run '^TestBaseline$$' -v ./bench/baseline -args -measure -binary $(BIN)/adjoin $(BASELINEFLAGS)

bench: build ## everything that is measured, into bin/bench; a real Kafka (Java 17, Maven)
	$(GO) test -count=1 -timeout 20m -run '^TestSuite$$' -v ./bench/suite -args -measure -binary $(BIN)/adjoin -out $(BIN)/bench $(BENCHFLAGS)

microbench:
	$(GO) test -run '^$$' -bench . -benchmem -benchtime $(BENCHTIME) $(PKG)

gate: ## accept what an event costs now; say in the commit why it changed
	$(GO) test -count=1 -run '^TestGate$$' ./bench/parts -args -update

# Go runs one fuzz target at a time: list them all, then run each.
fuzz:
	grep -rlE '^func Fuzz[A-Z]' --include='*_test.go' . | sort | while read -r file; do \
	  for target in $$(grep -oE '^func Fuzz[A-Za-z0-9_]+' "$$file" | cut -c6-); do \
	    echo "== $$(dirname "$$file") $$target"; \
	    $(GO) test -run '^$$' -fuzz "^$$target\$$" -fuzztime $(FUZZTIME) "$$(dirname "$$file")"; \
	  done; \
	done

# The decoders, which read what strangers send: two targets at a time, FUZZTIME each.
fuzz-decoders:
	grep -rlE '^func Fuzz[A-Z]' --include='*_test.go' codecs | sort | while read -r file; do \
	  grep -oE '^func Fuzz[A-Za-z0-9_]+' "$$file" | cut -c6- | sed "s|^|./$$(dirname "$$file") |"; \
	done | xargs -P 2 -L 1 sh -c '$(GO) test -run "^$$" -fuzz "^$$1\$$" -fuzztime $(FUZZTIME) -parallel 1 "$$0" || exit 255'

docs:
	$(GO) test -count=1 -run PageIsCurrent ./internal/config ./internal/web -args -update

clean:
	rm -rf $(BIN)
