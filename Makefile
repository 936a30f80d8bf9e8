# What is checked before a landing, and the few commands that need more than cargo.
# A Makefile because SAM's `BuildMethod: makefile` needs one anyway (functions and layer).

CARGO ?= cargo
# Python tools live in a virtual environment of the checkout: nothing of the machine's is touched.
VENV := .venv
PIP := $(VENV)/bin/pip
export SAM_CLI_TELEMETRY := 0
export AWS_DEFAULT_REGION ?= us-east-1

.PHONY: help local test check fmt clippy doc deny template contract schema conformance watched browser fuzz bench bench-check counts chaos build sizes built bare reproducible release-one release-check smoke tools

help: ## Shows these lines.
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

local: ## Runs the whole of Crudder on this machine.
	$(CARGO) local

test: ## Runs every test that needs nothing but this repository and its crates.
	$(CARGO) test

check: fmt clippy doc deny template contract schema fuzz conformance-here watched browser bench-check ## All checks beyond `cargo test`, each a target of its own.

fmt: ## Formatting.
	$(CARGO) fmt --all --check

clippy: ## Lints.
	$(CARGO) clippy --all-targets --locked --features $(CONFORMANCE),$(BROWSER) -- -D warnings

doc: ## Docs without a broken link.
	RUSTDOCFLAGS="-D warnings" $(CARGO) doc --no-deps --locked

deny: ## Licences, bans (one TLS stack, one HTTP stack) and sources of every crate.
	@command -v cargo-deny >/dev/null || $(CARGO) install --locked cargo-deny@0.20.2
	$(CARGO) deny check bans licenses sources

template: tools ## The template under SAM's own validation and cfn-lint.
	$(VENV)/bin/sam validate --lint
	$(VENV)/bin/cfn-lint template.yaml

# Moto is a second DynamoDB, written by others: what the store takes for granted must hold there too.
contract: tools ## The store's contract against a second, independent DynamoDB.
	.ci/with-moto $(CARGO) test --locked --test contract on_a_calm

schema: tools ## Every operation of openapi.yaml with all that schemathesis can think of: no 5xx, no answer outside its schema.
	.ci/with-local sh -c '$(VENV)/bin/schemathesis run openapi.yaml --url "$$API" -H "Authorization: Bearer $$TOKEN" $(SCHEMA_CHECKS)'

SCHEMA_CHECKS := --max-examples 50 --suppress-health-check all --checks \
  not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance,response_headers_conformance

# Two programs of others in the place of ours: AWS's emulator in the stage's (it comes with SAM), rotel in Honeycomb's. One command, so
# that nothing is built twice. The emulator gets a mount namespace of its own: root, or a machine that allows user namespaces.
SITE = $$($(VENV)/bin/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')
RIE = $(SITE)/samcli/local/rapid/aws-lambda-rie-$$(uname -m | sed s/aarch64/arm64/)
CONFORMANCE := crudder/conformance,crudder/built,crudder-emulator/conformance,crudder-extension/conformance

# Without the emulator's runs of the layer: those need a mount namespace, and a checkout outside /tmp, which they cover.
conformance-here: SKIPPED := -- --skip emulators_words --skip shutdown_delivers --skip the_layer_registers
conformance-here: conformance

conformance: tools ## Functions and layer under AWS's own Lambda emulator; their spans in an OTLP receiver that is not ours.
	$(CARGO) build --locked
	CRUDDER_RIE="$(RIE)" CRUDDER_ROTEL="$(SITE)/rotel/rotel-agent" \
	  $(CARGO) test --locked --features $(CONFORMANCE) --test conformance $(SKIPPED)

# Built whole first, as `cargo test` builds: `watch` runs `cargo run`, which then builds nothing.
watched: tools ## Every function under `cargo lambda watch`, called by `cargo lambda invoke` with its sample event.
	$(CARGO) build --locked
	CRUDDER_CARGO_LAMBDA="$(CURDIR)/$(VENV)/bin/cargo-lambda" \
	  $(CARGO) test --locked --features $(CONFORMANCE) --test built watched -- --nocapture

# Built whole first, as `cargo test` builds: the page shows what the real functions do. Two at once: a browser takes a processor.
browser: ## The console's page in headless Chromium: Debian's chromium and chromium-driver.
	$(CARGO) build --locked
	$(CARGO) test --locked --features $(BROWSER) --test browser -- --test-threads 2 --nocapture

BROWSER := crudder-cli/browser

FUZZ_SECONDS ?= 60
FUZZ_TARGETS := bodies cursors queries tokens records
# Beside the rest of what is built; what a run finds is kept there, so that the next run goes on from it.
FUZZ := target/fuzz

fuzz: ## Every parser of outside bytes for a minute. On the stable compiler, hence the variable that lets it take the fuzzer's flags.
	@command -v cargo-fuzz >/dev/null || $(CARGO) install --locked cargo-fuzz@0.13.2
	RUSTC_BOOTSTRAP=1 $(CARGO) fuzz build --sanitizer none --target-dir $(FUZZ)
	$(MAKE) --no-print-directory -j2 $(FUZZ_TARGETS:%=fuzz-%)

fuzz-%:
	@mkdir -p $(FUZZ)/corpus/$*
	RUSTC_BOOTSTRAP=1 $(CARGO) fuzz run --sanitizer none --target-dir $(FUZZ) $* $(FUZZ)/corpus/$* fuzz/seeds/$* -- \
	  -artifact_prefix=$(FUZZ)/ -max_total_time=$(FUZZ_SECONDS) -verbosity=0 -print_final_stats=1

bench: tools ## Every figure of docs/performance.md, beside what users would pick instead. A quiet machine tells more.
	$(CARGO) build --release --locked --manifest-path benches/peers/Cargo.toml --target-dir target/peers
	CRUDDER_BENCH_PEERS="$(CURDIR)/target/peers/release" CRUDDER_ROTEL="$(SITE)/rotel/rotel-agent" $(CARGO) bench --locked

bench-check: counts ## What must hold: counts, and ratios with margins for a machine that is not quiet. Three and a half minutes with all to build.
	$(CARGO) build --release --locked --manifest-path benches/peers/Cargo.toml --target-dir target/peers
	CRUDDER_BENCH_PEERS="$(CURDIR)/target/peers/release" $(CARGO) bench --locked -p crudder-extension --bench layer -- check

counts: ## Instructions of what every request pays for, under valgrind (a Debian package), against their bounds.
	$(CARGO) bench --locked -p crudder-telemetry --bench counts -- check

chaos: ## Kills function, layer and environments at random, longer than the tests do; prints its seed and what it counted.
	$(CARGO) build --locked --bin crudder-extension --example fixture
	CRUDDER_CHAOS_REQUESTS=$${CRUDDER_CHAOS_REQUESTS:-5000} $(CARGO) test --locked --test chaos -- --nocapture

# Functions by their names in template.yaml; each brings the layer along.
FUNCTIONS := $(shell awk '/^  [A-Za-z]+:$$/ { name = substr($$1, 1, length($$1) - 1) } /^    Type: AWS::Serverless::Function/ { print name }' template.yaml)
ONLY ?= $(FUNCTIONS)
BUILT := .aws-sam/build
# cargo-lambda is where SAM is.
SAM := PATH="$$PWD/$(VENV)/bin:$$PATH" sam build
OMITTED = $(if $(filter-out $(FUNCTIONS),$(1)),$(error there is no function $(filter-out $(FUNCTIONS),$(1))))$(addprefix --exclude ,$(filter-out $(1),$(FUNCTIONS)))

build: tools ## Functions and layer as they are deployed, into .aws-sam/build; ONLY="HealthCheck RollbarTest" builds those alone.
	$(SAM) $(call OMITTED,$(ONLY))

sizes: tools ## What was built, in megabytes, against the promises; the layer's zip holds the extension and nothing else.
	$(VENV)/bin/python .ci/zips $(BUILT)

built: tools bare ## What was built, under AWS's emulator: each function with the layer answers its event; and how long they take to start.
	CRUDDER_BUILT="$(CURDIR)/$(BUILT)" CRUDDER_BARE="$(CURDIR)/$(BUILT)-bare/bootstrap" CRUDDER_RIE="$(RIE)" \
	  $(CARGO) test --locked --features $(CONFORMANCE) --test built -- --nocapture --test-threads 1 --skip watched $(SKIPPED)

bare: tools
	PATH="$(CURDIR)/$(VENV)/bin:$$PATH" $(MAKE) --no-print-directory -f functions/Makefile build-Bare ARTIFACTS_DIR=$(BUILT)-bare

# What is in the checkout, built once more: in a folder of another name and length, with a target folder of its own, so nothing is shared. Its
# tools lie in it as they do in the checkout: zig notes where its own sources are, of the bit that is linked from them.
TWIN := target/another-checkout
COMPARED ?= $(ONLY)
reproducible: tools ## What `make build` built, built once more in another folder: the same bytes. COMPARED=HealthCheck compares that and the layer alone.
	rm -rf $(TWIN) && mkdir -p $(TWIN)
	sed 's/^/./' .gitignore | tar --create --anchored --exclude-from=- --exclude=./.git . | tar --extract --directory $(TWIN)
	cp -al $(VENV) $(TWIN)/ 2>/dev/null || cp -a $(VENV) $(TWIN)/
	cd $(TWIN) && env -u CARGO_TARGET_DIR $(SAM) $(call OMITTED,$(COMPARED))
	for made in $(COMPARED) CrudderLayer; do diff -r $(BUILT)/$$made $(TWIN)/$(BUILT)/$$made || exit 1; done
	find $(TWIN)/$(BUILT) -type f ! -name template.yaml -exec sha256sum {} +
	rm -rf $(TWIN)

# One function with the table's client and one that can panic are weighed, run and timed; one of them is built twice. What is not allowed to
# make a mount namespace, as some containers are not, leaves out the emulator, and says so.
LANDED := HomeActivities RollbarTest
# As the tests try it (tests/support/emulator.rs): root needs nobody's leave for it, others a user namespace.
NAMESPACE := unshare --mount $$([ "$$(id -u)" = 0 ] || echo --map-root-user) mount -t tmpfs tmpfs /opt
# What is built here is run here.
release-one: export ARCHITECTURE := $(if $(filter aarch64 arm64,$(shell uname -m)),arm64,x86_64)
release-one: tools ## What a landing can check of a release: two functions and the layer.
	$(MAKE) --no-print-directory build sizes ONLY="$(LANDED)"
	$(MAKE) --no-print-directory built SKIPPED="$$( ($(NAMESPACE)) 2>/dev/null || { echo 'no mount namespace here: nothing runs under the emulator' >&2; echo --skip emulated; })"
	$(MAKE) --no-print-directory reproducible COMPARED=RollbarTest

release-check: build sizes built reproducible ## All that a release must pass beside `make check`, all of it built twice: more than an hour on two cores.

STACK ?= crudder-dev
smoke: ## Whether a deployed stack works, on every plane: make smoke STACK=crudder-dev, with your AWS credentials.
	$(CARGO) run --quiet --bin crudder -- doctor --stack $(STACK)

tools: $(VENV)/.installed
$(VENV)/.installed: requirements.txt
	python3 -m venv $(VENV)
	$(PIP) install --quiet --disable-pip-version-check -r requirements.txt
	touch $@
