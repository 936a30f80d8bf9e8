# Checks beyond `cargo test`, and the commands that need more than cargo.
# SAM's `BuildMethod: makefile` needs make for functions and layer anyway.

CARGO ?= cargo
# Python tools are installed into a virtual environment of the checkout, not into the machine.
VENV := .venv
PIP := $(VENV)/bin/pip
export SAM_CLI_TELEMETRY := 0
export AWS_DEFAULT_REGION ?= us-east-1

.PHONY: help local test check fmt clippy doc deny template contract schema conformance watched browser fuzz bench bench-check counts chaos build sizes built bare reproducible release-one release-check smoke tools

help: ## Prints this list.
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

local: ## Runs the whole of Crudder on this machine.
	$(CARGO) local

test: ## Runs every test that needs no tools beyond cargo.
	$(CARGO) test

check: fmt clippy doc deny template contract schema fuzz conformance-here watched browser bench-check ## Runs all checks beyond `cargo test`, each of which is a target.

fmt: ## Checks the formatting.
	$(CARGO) fmt --all --check

clippy: ## Runs the lints.
	$(CARGO) clippy --all-targets --locked --features $(CONFORMANCE),$(BROWSER) -- -D warnings

doc: ## Builds the API docs and fails on warnings.
	RUSTDOCFLAGS="-D warnings" $(CARGO) doc --no-deps --locked

deny: ## Checks licences, bans (one TLS stack, one HTTP stack) and sources of every crate.
	@command -v cargo-deny >/dev/null || $(CARGO) install --locked cargo-deny@0.20.2
	$(CARGO) deny check bans licenses sources

template: tools ## Validates the template with SAM and cfn-lint.
	$(VENV)/bin/sam validate --lint
	$(VENV)/bin/cfn-lint template.yaml

# Moto is an independent implementation of DynamoDB: the store's assumptions must hold there too.
contract: tools ## Runs the store's contract tests against a second, independent DynamoDB.
	.ci/with-moto $(CARGO) test --locked --test contract without_faults

schema: tools ## Calls every operation of openapi.yaml with generated input: no 5xx, no response outside its schema.
	.ci/with-local sh -c '$(VENV)/bin/schemathesis run openapi.yaml --url "$$API" -H "Authorization: Bearer $$TOKEN" $(SCHEMA_CHECKS)'

SCHEMA_CHECKS := --max-examples 50 --suppress-health-check all --checks \
  not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance,response_headers_conformance

# Two independent programs: AWS's emulator in place of crates/emulator (it comes with SAM), rotel in place of Honeycomb. One command, so that
# nothing is built twice. AWS's emulator needs its own mount namespace: root, or a machine that allows user namespaces.
SITE = $$($(VENV)/bin/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')
RIE = $(SITE)/samcli/local/rapid/aws-lambda-rie-$$(uname -m | sed s/aarch64/arm64/)
CONFORMANCE := crudder/conformance,crudder/built,crudder-emulator/conformance,crudder-extension/conformance

# Without AWS's emulator running the layer: that needs a mount namespace, and a checkout outside of /tmp, over which it mounts.
conformance-here: SKIPPED := -- --skip emulators_words --skip shutdown_delivers --skip the_layer_registers
conformance-here: conformance

conformance: tools ## Runs functions and layer under AWS's Lambda emulator, and exports spans to an independent OTLP receiver.
	$(CARGO) build --locked
	CRUDDER_RIE="$(RIE)" CRUDDER_ROTEL="$(SITE)/rotel/rotel-agent" \
	  $(CARGO) test --locked --features $(CONFORMANCE) --test conformance $(SKIPPED)

# Builds everything first, as `cargo test` does: `watch` runs `cargo run`, which then builds nothing.
watched: tools ## Runs every function under `cargo lambda watch` and calls it with `cargo lambda invoke` and its sample event.
	$(CARGO) build --locked
	CRUDDER_CARGO_LAMBDA="$(CURDIR)/$(VENV)/bin/cargo-lambda" \
	  $(CARGO) test --locked --features $(CONFORMANCE) --test built watched -- --nocapture

# Builds everything first, as `cargo test` does: the page shows the real functions. Two tests at once: a browser takes one processor.
browser: ## Drives the console in headless Chromium (Debian's chromium and chromium-driver).
	$(CARGO) build --locked
	$(CARGO) test --locked --features $(BROWSER) --test browser -- --test-threads 2 --nocapture

BROWSER := crudder-cli/browser

FUZZ_SECONDS ?= 60
FUZZ_TARGETS := bodies cursors queries tokens records
# Inside target/. The corpus of a run stays there, and the next run continues from it.
FUZZ := target/fuzz

fuzz: ## Fuzzes every parser of outside bytes for a minute. RUSTC_BOOTSTRAP lets the stable compiler accept the fuzzer's flags.
	@command -v cargo-fuzz >/dev/null || $(CARGO) install --locked cargo-fuzz@0.13.2
	RUSTC_BOOTSTRAP=1 $(CARGO) fuzz build --sanitizer none --target-dir $(FUZZ)
	$(MAKE) --no-print-directory -j2 $(FUZZ_TARGETS:%=fuzz-%)

fuzz-%:
	@mkdir -p $(FUZZ)/corpus/$*
	RUSTC_BOOTSTRAP=1 $(CARGO) fuzz run --sanitizer none --target-dir $(FUZZ) $* $(FUZZ)/corpus/$* fuzz/seeds/$* -- \
	  -artifact_prefix=$(FUZZ)/ -max_total_time=$(FUZZ_SECONDS) -verbosity=0 -print_final_stats=1

bench: tools ## Measures every figure of docs/performance.md beside its peers. Needs a quiet machine.
	$(CARGO) build --release --locked --manifest-path benches/peers/Cargo.toml --target-dir target/peers
	CRUDDER_BENCH_PEERS="$(CURDIR)/target/peers/release" CRUDDER_ROTEL="$(SITE)/rotel/rotel-agent" $(CARGO) bench --locked

bench-check: counts ## Checks the counts, and ratios with margins for a busy machine. Takes three and a half minutes from scratch.
	$(CARGO) build --release --locked --manifest-path benches/peers/Cargo.toml --target-dir target/peers
	CRUDDER_BENCH_PEERS="$(CURDIR)/target/peers/release" $(CARGO) bench --locked -p crudder-extension --bench layer -- check

counts: ## Counts instructions and allocations of a request under valgrind (a Debian package) and compares them with their limits.
	$(CARGO) bench --locked -p crudder-telemetry --bench counts -- check

chaos: ## Kills functions, extensions and environments at random, longer than the tests do; prints seed and counts.
	$(CARGO) build --locked --bin crudder-extension --example fixture
	CRUDDER_CHAOS_REQUESTS=$${CRUDDER_CHAOS_REQUESTS:-5000} $(CARGO) test --locked --test chaos -- --nocapture

# The functions of template.yaml by resource name; SAM builds the layer with each.
FUNCTIONS := $(shell awk '/^  [A-Za-z]+:$$/ { name = substr($$1, 1, length($$1) - 1) } /^    Type: AWS::Serverless::Function/ { print name }' template.yaml)
ONLY ?= $(FUNCTIONS)
BUILT := .aws-sam/build
# cargo-lambda is in the same virtual environment as SAM.
SAM := PATH="$$PWD/$(VENV)/bin:$$PATH" sam build
OMITTED = $(if $(filter-out $(FUNCTIONS),$(1)),$(error there is no function $(filter-out $(FUNCTIONS),$(1))))$(addprefix --exclude ,$(filter-out $(1),$(FUNCTIONS)))

build: tools ## Builds functions and layer for deployment into .aws-sam/build; ONLY="HealthCheck RollbarTest" builds only those.
	$(SAM) $(call OMITTED,$(ONLY))

sizes: tools ## Compares the sizes of the built artifacts with their limits; the layer's zip holds only the extension.
	$(VENV)/bin/python .ci/zips $(BUILT)

built: tools bare ## Runs each built function with the layer under AWS's emulator, with its sample event, and measures start-up.
	CRUDDER_BUILT="$(CURDIR)/$(BUILT)" CRUDDER_BARE="$(CURDIR)/$(BUILT)-bare/bootstrap" CRUDDER_RIE="$(RIE)" \
	  $(CARGO) test --locked --features $(CONFORMANCE) --test built -- --nocapture --test-threads 1 --skip watched $(SKIPPED)

bare: tools
	PATH="$(CURDIR)/$(VENV)/bin:$$PATH" $(MAKE) --no-print-directory -f functions/Makefile build-Bare ARTIFACTS_DIR=$(BUILT)-bare

# The checkout, built again in a folder of another name and length with its own target folder, so that nothing is shared. The tools
# have the same relative paths: zig records where its sources are in the little that is linked from them.
SECOND_CHECKOUT := target/another-checkout
COMPARED ?= $(ONLY)
reproducible: tools ## Builds again in another folder and compares the bytes. COMPARED=HealthCheck compares only that function and the layer.
	rm -rf $(SECOND_CHECKOUT) && mkdir -p $(SECOND_CHECKOUT)
	sed 's/^/./' .gitignore | tar --create --anchored --exclude-from=- --exclude=./.git . | tar --extract --directory $(SECOND_CHECKOUT)
	cp -al $(VENV) $(SECOND_CHECKOUT)/ 2>/dev/null || cp -a $(VENV) $(SECOND_CHECKOUT)/
	cd $(SECOND_CHECKOUT) && env -u CARGO_TARGET_DIR $(SAM) $(call OMITTED,$(COMPARED))
	for made in $(COMPARED) CrudderLayer; do diff -r $(BUILT)/$$made $(SECOND_CHECKOUT)/$(BUILT)/$$made || exit 1; done
	find $(SECOND_CHECKOUT)/$(BUILT) -type f ! -name template.yaml -exec sha256sum {} +
	rm -rf $(SECOND_CHECKOUT)

# One function with the DynamoDB client and one that can panic are built, measured and run; one of them is built twice. Where no mount
# namespace is allowed, as in some containers, AWS's emulator is skipped with a message.
LANDED := HomeActivities RollbarTest
# As the tests do (crates/testing/src/rie.rs): root needs no permission, other users need a user namespace.
NAMESPACE := unshare --mount $$([ "$$(id -u)" = 0 ] || echo --map-root-user) mount -t tmpfs tmpfs /opt
# Built for the processor of this machine, so that it can run here.
release-one: export ARCHITECTURE := $(if $(filter aarch64 arm64,$(shell uname -m)),arm64,x86_64)
release-one: tools ## Checks two functions and the layer as they are deployed.
	$(MAKE) --no-print-directory build sizes ONLY="$(LANDED)"
	$(MAKE) --no-print-directory built SKIPPED="$$( ($(NAMESPACE)) 2>/dev/null || { echo "skipped: no mount namespace is allowed here, so nothing runs under AWS's emulator" >&2; echo --skip emulated; })"
	$(MAKE) --no-print-directory reproducible COMPARED=RollbarTest

release-check: build sizes built reproducible ## Checks every function and the layer as they are deployed. Takes more than an hour on two cores.

STACK ?= crudder-dev
smoke: ## Checks a deployed stack on every destination: make smoke STACK=crudder-dev, with your AWS credentials.
	$(CARGO) run --quiet --bin crudder -- doctor --stack $(STACK)

tools: $(VENV)/.installed
$(VENV)/.installed: requirements.txt
	python3 -m venv $(VENV)
	$(PIP) install --quiet --disable-pip-version-check -r requirements.txt
	touch $@
