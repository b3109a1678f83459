# Every target says what it does after "##"; `make help` shows them.
GO       ?= go
LINT     := github.com/golangci/golangci-lint/v2/cmd/golangci-lint@v2.15.0
VULN     := golang.org/x/vuln/cmd/govulncheck@v1.2.0
VERSION  := $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
REVISION := $(shell git rev-parse HEAD 2>/dev/null || echo unknown)
LDFLAGS  := -s -w -X main.version=$(VERSION)
DEMO     ?= demo-data
FUZZTIME ?= 10s

# The images: what they are called, what they are made of (source compiles in GO_IMAGE, bin takes `make build`), on what.
# An empty image argument is the Dockerfile's default. The time is the commit's, so that the same commit gives the same bytes.
IMAGE_PREFIX ?= localhost
IMAGE_TAG    ?= $(VERSION)
IMAGES_FROM  ?= source
GO_IMAGE     ?=
WEB_BASE_IMAGE     ?=
INDEXER_BASE_IMAGE ?=
SOURCE_DATE_EPOCH  ?= $(shell git log -1 --format=%ct 2>/dev/null || echo 0)
BUILDER      ?= $(notdir $(firstword $(shell command -v buildah docker)))
BUILDAH      ?= buildah
BUILDAHFLAGS ?=
DOCKER       ?= docker
DOCKERFLAGS  ?=

.DEFAULT_GOAL := help
.PHONY: help build test lint vuln bench demo demo-index browser screenshots axe fuzz images e2e e2e-jobs bench-jobs cluster-up cluster-down clean

help: ## show this help
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / {printf "  %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

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

browser: axe ## try every page in chromium: accessibility, keyboard, JavaScript on and off
	$(GO) test -tags browser -count=1 -timeout 20m ./webserver/browser

screenshots: axe ## make pictures of the pages and of terminals: screenshots/, and docs/screenshots/ for the README
	$(GO) test -tags browser,screenshots -count=1 -timeout 20m -run 'Screenshots$$' ./webserver/browser -pictures $(CURDIR)

axe: webserver/browser/testdata/axe/node_modules/.package-lock.json
webserver/browser/testdata/axe/node_modules/.package-lock.json: webserver/browser/testdata/axe/package-lock.json
	@command -v npm >/dev/null || { echo "npm is missing: apt-get install npm" >&2; exit 1; }
	npm ci --prefix webserver/browser/testdata/axe
	touch $@

fuzz: ## run every fuzz target for FUZZTIME (10s)
	@set -e; for pkg in $$($(GO) list ./...); do \
		for target in $$($(GO) test -list '^Fuzz' $$pkg | grep '^Fuzz' || true); do \
			echo "== $$pkg $$target"; \
			$(GO) test -run '^$$' -fuzz "^$$target\$$" -fuzztime $(FUZZTIME) -fuzzminimizetime 20x $$pkg; \
		done; \
	done

images: $(if $(filter bin,$(IMAGES_FROM)),build) ## build the container images with buildah or docker, whichever is there
	@test -n '$(BUILDER)' || { echo 'neither buildah nor docker is here: apt-get install buildah' >&2; exit 1; }
	$(call image,indexer,$(INDEXER_BASE_IMAGE))
	$(call image,web,$(WEB_BASE_IMAGE))
	$(call image,jobs,$(WEB_BASE_IMAGE))

# image builds Dockerfile.$(1) on base image $(2).
image = $(image-$(BUILDER)) -f Dockerfile.$(1) -t $(IMAGE_PREFIX)/kernel-$(1):$(IMAGE_TAG) \
	--build-arg BINARIES=$(IMAGES_FROM) --build-arg VERSION=$(VERSION) --build-arg REVISION=$(REVISION) \
	$(if $(GO_IMAGE),--build-arg GO_IMAGE=$(GO_IMAGE)) $(if $(2),--build-arg BASE_IMAGE=$(2)) .
image-buildah = $(BUILDAH) bud --timestamp $(SOURCE_DATE_EPOCH) $(BUILDAHFLAGS)
image-docker  = SOURCE_DATE_EPOCH=$(SOURCE_DATE_EPOCH) DOCKER_BUILDKIT=1 $(DOCKER) build $(DOCKERFLAGS)

e2e: ## run the tests on a real Kubernetes, as root; what is missing on the machine it says, with the command that installs it
	$(GO) test -tags e2e -count=1 -parallel 16 -timeout 30m -v ./k8s/e2e

e2e-jobs: build ## run the tests of the backend on a real Kubernetes with a real registry, as root
	$(GO) test -tags e2e -count=1 -parallel 12 -timeout 30m -v ./k8s/e2e/jobs

bench-jobs: build ## measure the backend on a real Kubernetes: launches, short runs at once, memory, an upload of 1 GB
	$(GO) test -tags e2e,bench -count=1 -timeout 30m -v -run '^TestBench(Launch|Runs|Upload)' ./k8s/e2e/jobs

cluster-up: ## start a real Kubernetes of one node on this machine and say how to use it; cluster-down ends it
	$(GO) run ./k8s/cluster up
	@echo 'For kubectl: eval "$$(go run ./k8s/cluster env)"'

cluster-down: ## end what cluster-up has started, also after a crash
	$(GO) run ./k8s/cluster down

clean: ## remove what the other targets made
	rm -rf bin $(DEMO)
