# Every target is a line a human could type. `make help` lists them.
GO      ?= go
BIN     := bin
VERSION := $(shell git describe --tags --always --dirty 2>/dev/null || echo unknown)
LDFLAGS := -s -w -X main.version=$(VERSION)
LAB     := $(BIN)/lblab
LINT    := github.com/golangci/golangci-lint/v2/cmd/golangci-lint@v2.15.0
GOTESTSUM := gotest.tools/gotestsum@v1.13.0
FUZZ    ?= 20s

.PHONY: help build test unit lab-test race lint docs examples demo bench soak fuzz clean install

help: ## list the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

build: ## build bin/lbsync and bin/lblab
	CGO_ENABLED=0 $(GO) build -trimpath -ldflags '$(LDFLAGS)' -o $(BIN)/ ./cmd/lbsync ./cmd/lblab

install: build ## install lbsync below /usr/local with its systemd units
	install -D -m 0755 $(BIN)/lbsync $(DESTDIR)/usr/local/bin/lbsync
	install -D -m 0644 docs/systemd/lbsync-engine.service $(DESTDIR)/etc/systemd/system/lbsync-engine.service
	install -D -m 0644 docs/systemd/lbsync-agent.service $(DESTDIR)/etc/systemd/system/lbsync-agent.service

test: unit lab-test ## all tests: here, with the race detector, and under a kernel with IPVS

unit: ## the tests that need no IPVS
	$(GO) vet ./...
	@test -z "$$(gofmt -l cmd spec policies reconcile runtime examples *.go)" || { gofmt -l cmd spec policies reconcile runtime examples *.go; exit 1; }
	$(GO) run $(GOTESTSUM) --format pkgname -- -race ./...

lab-test: build ## the tests that need IPVS, in the lab
	$(LAB) test ./runtime/kernel/... ./cmd/lbsync/...
	$(LAB) test ./runtime/engine -- -test.run=Follow

lint: ## the chosen linters of .golangci.yml
	$(GO) run $(LINT) run ./...

docs: ## write the generated references of schema, metrics and policies
	$(GO) run ./cmd/lbsync schema > docs/schema.md
	$(GO) test ./runtime/api/metrics -run 'Docs|Scrapes' -update
	$(GO) test ./policies -run Docs -update

examples: ## write the examples' plan.golden
	$(GO) test ./examples -update

demo: build ## the main job on real input: two directors, a client with traffic, a merged change
	$(LAB) run --topology cmd/lblab/demo/topology.lab -- bash cmd/lblab/demo/demo.sh

bench: build ## the figures of docs/benchmarks.md, benchmarks-sync.md and, as root, benchmarks-vrrp.md and benchmarks-health.md
	$(LAB) bench
	$(LAB) bench sync
	$(LAB) bench vrrp
	$(LAB) bench health

SOAK    ?= 10000

soak: ## SOAK (10000) commits beside a silent director: memory, descriptors and goroutines stay
	LBSYNC_SOAK=$(SOAK) $(GO) test ./cmd/lbsync -run '^TestSoak$$' -v -count=1 -timeout 3h

fuzz: ## each fuzz target for FUZZ (20s)
	@for t in $$(grep -rlE '^func Fuzz' --include='*_test.go' . | xargs -n1 dirname | sort -u); do \
	  for f in $$(grep -hoE '^func Fuzz[A-Za-z0-9]+' $$t/*_test.go | cut -c6-); do \
	    $(GO) test $$t -run '^$$' -fuzz "^$$f$$" -fuzztime $(FUZZ) || exit 1; done; done

clean: ## remove what was built here
	rm -rf $(BIN)
