# Sangathan. `make demo` and `make test` are all a fresh checkout needs.

SHELL := /usr/bin/env bash
export CGO_ENABLED := 0
GO ?= go
export GO

.DEFAULT_GOAL := help
.PHONY: help demo build test trust check bench fmt generate clean

help: ## list what can be made
	@awk -F ':.*## ' '/^[a-z]+:.*## /{printf "  make %-9s %s\n", $$1, $$2}' Makefile

demo: build ## a whole demo state in ./demo-unit, served on http://127.0.0.1:8080
	bin/sangathan demo -db demo-unit

build: ## bin/sangathan, one static program
	@scripts/setup go
	$(GO) build -trimpath -buildvcs=false -o bin/sangathan ./cmd/sangathan

test: ## set up what the tests need, check the sources, run every test
	@scripts/setup test
	@scripts/check
	SANGATHAN_REQUIRE_POSTGRES=1 SANGATHAN_REQUIRE_CHROMIUM=1 $(GO) test -p 2 -timeout 20m $$($(GO) list ./... | grep -v /bench)
	$(GO) test -timeout 20m ./bench # alone: it measures

trust: ## kill -9, a full disk, clients that hang up: nothing acknowledged is lost
	@scripts/setup test
	SANGATHAN_REQUIRE_POSTGRES=1 $(GO) test -count=1 -parallel 1 -timeout 60m -v ./trust -args -full

check: ## formatting, vet, staticcheck, generated files, go.mod
	@scripts/setup go
	@scripts/check

bench: ## each hot path beside its ceiling, at full scale (made once, in .bench)
	@scripts/setup go
	$(GO) test -count=1 -timeout 120m -v ./bench -args -scale full
	$(GO) test -run '^$$' -bench . ./...

fmt: ## format the sources
	"$$($(GO) env GOROOT)/bin/gofmt" -w .
	@if [ -n "$$(find . -name '*.templ' -not -path '*/node_modules/*' -print -quit)" ]; then $(GO) tool templ fmt .; fi

generate: ## make the Go files of the page templates again
	$(GO) tool templ generate

clean: ## remove what was built, the demo state included
	rm -rf bin demo-unit e2e/node_modules
