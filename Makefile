# `make` prints what there is.

# The target of static binaries; aarch64-unknown-linux-musl works where its C compiler is installed.
MUSL ?= x86_64-unknown-linux-musl
# Tests compare with recordings of the original tools where these are present.
WINDLASS_CONFORMANCE ?= $(abspath ../shared/conformance)
CARGO ?= cargo
BINARIES = $(abspath $(or $(CARGO_TARGET_DIR),target))
# What is delivered. Release builds name them, since each costs minutes of link-time optimisation.
PROGRAMS := source-controller kustomize-controller windlass
CRDS := config/crd charts/windlass/crds
RUST_SOURCES = $(shell git ls-files --cached --others --exclude-standard '*.rs')

export WINDLASS_CONFORMANCE
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

.PHONY: help
help: ## Print this
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: build
build: ## Build everything, for development
	$(CARGO) build --workspace --locked

.PHONY: test
test: tools control-plane ## Run every test
	$(CARGO) build --workspace --locked --bins
	WINDLASS_BIN="$(BINARIES)/debug" $(CARGO) test --workspace --locked --no-fail-fast

.PHONY: lint
lint: line-limit ## Check format, Clippy, file sizes, dependencies
	@# The fuzz targets have a lock file of their own, which must follow the workspace.
	$(CARGO) metadata --locked --format-version 1 --manifest-path fuzz/Cargo.toml >/dev/null
	$(CARGO) fmt --all -- --check
	$(CARGO) fmt --manifest-path fuzz/Cargo.toml -- --check
	$(CARGO) clippy --workspace --all-targets --locked -- -D warnings
	@$(MAKE) --no-print-directory deny

.PHONY: fmt
fmt: ## Format the Rust code
	$(CARGO) fmt --all
	$(CARGO) fmt --manifest-path fuzz/Cargo.toml

.PHONY: crds
crds: ## Write the CustomResourceDefinitions from the Rust types
	@for dir in $(CRDS); do \
		$(CARGO) run --quiet --locked -p windlass-api --bin crdgen -- $$dir || exit 1; \
	done

.PHONY: demo
demo: demo-tools control-plane ## Show the main job on a cluster of its own (KEEP=1, REPO=https://… DIR=./path BRANCH=main)
	$(CARGO) build --workspace --locked --bins
	WINDLASS_BIN="$(BINARIES)/debug" KEEP="$(KEEP)" REPO="$(REPO)" DIR="$(DIR)" BRANCH="$(BRANCH)" "$(BINARIES)/debug/demo"

.PHONY: bench
bench: demo-tools control-plane ## Measure beside the floor of the API server (PEERS=dir, ONLY=engines,load,variants,latency,idle N=100,500 RUNS=5)
	$(CARGO) build --release --locked $(PROGRAMS:%=--bin %) --bin bench
	WINDLASS_BIN="$(BINARIES)/release" "$(BINARIES)/release/bench"

.PHONY: scenarios
scenarios: tools control-plane ## Compare with the recorded answers of the originals (ONLY=name,… LOGS=dir)
	$(CARGO) test --locked -p windlass-e2e --test it scenarios -- --nocapture

.PHONY: conformance
conformance: tools control-plane ## Run the tests that use recordings, and show which were skipped
	$(CARGO) test --locked -p windlass-api -p windlass-yaml -p windlass-kustomize -p windlass-gotemplate -p windlass-sprig -p windlass-helm -p windlass-git -- --nocapture
	@$(MAKE) --no-print-directory scenarios

.PHONY: faults
faults: tools control-plane ## Run the tests of faults in their long form (SEED=…)
	$(CARGO) build --workspace --locked --bins
	WINDLASS_FAULTS=full WINDLASS_BIN="$(BINARIES)/debug" $(CARGO) test --locked -p windlass-e2e --test it faults -- --nocapture

.PHONY: soak
soak: demo-tools control-plane ## Do whatever may happen for MINUTES=30, against a model (SEED=…)
	$(CARGO) build --release --locked $(PROGRAMS:%=--bin %) --bin soak
	WINDLASS_BIN="$(BINARIES)/release" "$(BINARIES)/release/soak"

# What the fuzzing engine needs of the compiler, which the pinned toolchain gives only when asked so:
# counters of edges, and the operands of comparisons. Every crate is built with them, build scripts are not.
FUZZ_HOST = $(shell rustc -vV | sed -n 's/^host: //p')
FUZZ_FLAGS = -Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 \
	-Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table \
	-Cllvm-args=-sanitizer-coverage-trace-compares --cfg fuzzing
FUZZ_TARGETS = $(or $(TARGET),$(sort $(basename $(notdir $(wildcard fuzz/targets/*.rs)))))

.PHONY: fuzz
fuzz: ## Fuzz the engines, each target for MINUTES=15 (TARGET=name); what is found lies in fuzz/artifacts
	python3 fuzz/seeds.py
	RUSTC_BOOTSTRAP=1 RUSTFLAGS="$(FUZZ_FLAGS)" $(CARGO) build --manifest-path fuzz/Cargo.toml --release --locked \
		--target $(FUZZ_HOST) --target-dir "$(BINARIES)/fuzz" $(TARGET:%=--bin %)
	@for target in $(FUZZ_TARGETS); do \
		bash fuzz/run.sh "$(BINARIES)/fuzz/$(FUZZ_HOST)/release/$$target" "$(or $(MINUTES),15)" || failed="$$failed $$target"; \
	done; test -z "$$failed" || { echo "found by:$$failed" >&2; exit 1; }

.PHONY: control-plane
control-plane: ## Build the test control plane (cached outside of the checkout)
	@bash e2e/control-plane/build.sh >/dev/null

.PHONY: static
static: ## Build static release binaries into target/images
	rustup target add $(MUSL)
	RUSTFLAGS="-C relocation-model=static" $(CARGO) build --release --locked --target $(MUSL) $(PROGRAMS:%=--bin %)
	@mkdir -p target/images
	@for name in $(PROGRAMS); do \
		install -m 755 "$${CARGO_TARGET_DIR:-target}/$(MUSL)/release/$$name" target/images/$$name || exit 1; \
	done
	@ls -l target/images

.PHONY: deny
deny: ## Check licences, sources, bans and advisories of dependencies (needs cargo-deny)
	@if ! command -v cargo-deny >/dev/null; then \
		echo "deny: skipped, cargo-deny is not installed"; \
	elif git ls-remote --quiet --exit-code https://github.com/RustSec/advisory-db HEAD >/dev/null 2>&1; then \
		$(CARGO) deny --locked check; \
	else \
		echo "deny: the advisory database cannot be reached, advisories are not checked"; \
		$(CARGO) deny --locked check bans licenses sources; \
	fi

.PHONY: line-limit
line-limit: # No source file is longer than 600 lines.
	@wc -l $(RUST_SOURCES) | awk '$$2 != "total" && $$1 > 600 { print $$2 ": " $$1 " lines, at most 600"; bad = 1 } END { exit bad }'

.PHONY: clean
clean: ## Remove what was built in the checkout
	$(CARGO) clean

# What the tests and the demo need besides Rust. A missing one is named before anything is built.
define need
	@command -v $(1) >/dev/null || { echo "$(1) is needed: $(2)" >&2; exit 1; }
endef

.PHONY: demo-tools
demo-tools:
	$(call need,cargo,install Rust with rustup)
	$(call need,go,install Go 1.26 or later)
	$(call need,git,install git)
	$(call need,cc,install a C compiler)

.PHONY: tools
tools: demo-tools
	@command -v sshd >/dev/null || test -x /usr/sbin/sshd || { echo "sshd is needed: install openssh-server" >&2; exit 1; }
	$(call need,ssh-keygen,install openssh-client)
	@test ! -d "$(WINDLASS_CONFORMANCE)/flux" || python3 -c 'import yaml' 2>/dev/null || \
		{ echo "PyYAML is needed by python3 to play recorded scenarios: pip install pyyaml" >&2; exit 1; }
	@test ! -d "$(WINDLASS_CONFORMANCE)/flux" || command -v openssl >/dev/null || \
		{ echo "openssl is needed to play recorded scenarios" >&2; exit 1; }
