# Every target says what it does after "##"; `make help` shows them.
GO       ?= go
LINT     := github.com/golangci/golangci-lint/v2/cmd/golangci-lint@v2.15.0
VULN     := golang.org/x/vuln/cmd/govulncheck@v1.2.0
VERSION  := $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
LDFLAGS  := -s -w -X main.version=$(VERSION)
DEMO     ?= demo-data
FUZZTIME ?= 10s

.DEFAULT_GOAL := help
.PHONY: help build test lint vuln bench demo demo-index fuzz clean

help: ## show this help
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

build: ## build the programs into bin/
	CGO_ENABLED=0 $(GO) build -trimpath -ldflags '$(LDFLAGS)' -o bin/ ./cmd/...

test: ## run all tests with the race detector
	$(GO) test -race ./...

lint: ## run the linter at its pinned version, and check that go.mod is tidy
	$(GO) run $(LINT) run ./...
	$(GO) mod tidy -diff

vuln: ## look for known vulnerabilities in what we call
	$(GO) run $(VULN) ./...

bench: ## measure what the README claims: ratios, side by side in one run
	$(GO) test -run '^$$' -bench . -benchmem ./condaenv/... ./manifests/... ./rootfs/... ./catalog/...
	$(GO) run ./testrepo/bench

demo: demo-index ## index a small sample repository without conda and serve it at http://localhost:8000 until Ctrl-C
	@echo
	@echo "Serving it at http://localhost:8000 until Ctrl-C. Try:"
	@echo "  curl 'localhost:8000/api/packages/search?query=numpy'"
	@echo "  bin/kernels find 'numpy>=2' scipy --from http://localhost:8000"
	bin/kernel-web --kernel-root $(DEMO) --host localhost --metrics-port off --access-log=false

demo-index: build ## the first half of demo: make the sample repository, index it, show the result
	rm -rf $(DEMO)
	$(GO) run ./testrepo/mkrepo --sample $(DEMO)
	bin/kernel-indexer run --kernel-root $(DEMO) --lister files
	bin/kernel-indexer validate $(DEMO)
	@echo
	@echo "The published pair:"
	@ls -l $(DEMO)/collated_manifests.json $(DEMO)/package_index.json $(DEMO)/index_status.json

fuzz: ## run every fuzz target for FUZZTIME (10s)
	@set -e; for pkg in $$($(GO) list ./...); do \
		for target in $$($(GO) test -list '^Fuzz' $$pkg | grep '^Fuzz' || true); do \
			echo "== $$pkg $$target"; \
			$(GO) test -run '^$$' -fuzz "^$$target\$$" -fuzztime $(FUZZTIME) -fuzzminimizetime 20x $$pkg; \
		done; \
	done

clean: ## remove what the other targets made
	rm -rf bin $(DEMO)
