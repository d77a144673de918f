# SPDX-License-Identifier: Apache-2.0
# The two commands are `make run` and `make test`; each installs what a fresh Debian 12 machine lacks.

BUILD  ?= build
DATA   ?= var
LISTEN ?= 127.0.0.1:8080

.PHONY: help deps deps-test build run test check bench format lint clean

help:
	@echo 'make run     build patd and serve it at http://$(LISTEN) (data in ./$(DATA))'
	@echo 'make test    build and prove everything, in a quarter of an hour at most'
	@echo 'make check   the long campaigns: sanitizers, kills, faults, fuzzing'
	@echo 'make bench   measure, and write docs/benchmarks.md'
	@echo 'make build, deps, format, lint, clean'

deps:
	@tools/deps

deps-test:
	@tools/deps --test

build: deps
	@test -f $(BUILD)/build.ninja || meson setup $(BUILD) -Dtests=false
	@ninja -C $(BUILD)

run: build
	@exec $(BUILD)/patd run --data $(DATA) --listen $(LISTEN)

test: deps-test
	@tests/run

check: deps-test
	@tests/run --long

bench: deps-test
	@tests/bench/run

format: deps-test
	@clang-format -i $$(git ls-files 'src/*.[ch]' 'tests/*.[ch]' 'include/*.h' 'examples/*.c')

lint: deps-test
	@tests/lint

clean:
	rm -rf $(BUILD) build-*
