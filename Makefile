# What is checked before a landing, and the few commands that need more than cargo.
# A Makefile because SAM's `BuildMethod: makefile` needs one anyway (the layer).

CARGO ?= cargo
# Python tools live in a virtual environment of the checkout: nothing of the machine's is touched.
VENV := .venv
PIP := $(VENV)/bin/pip
export SAM_CLI_TELEMETRY := 0
export AWS_DEFAULT_REGION ?= us-east-1

.PHONY: help local test check fmt clippy doc deny template tools

help: ## Shows these lines.
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

local: ## Runs the whole of Crudder on this machine.
	$(CARGO) local

test: ## Runs every test that needs nothing but this repository and its crates.
	$(CARGO) test

check: fmt clippy doc deny template ## All checks beyond `cargo test`: format, lints, docs, licences, template.

fmt:
	$(CARGO) fmt --all --check

clippy:
	$(CARGO) clippy --all-targets --locked -- -D warnings

doc:
	RUSTDOCFLAGS="-D warnings" $(CARGO) doc --no-deps --locked --document-private-items

deny: ## Licences, one TLS stack, no crate of which a flaw is known to us (no advisory database can be had offline: licences, bans and sources).
	@command -v cargo-deny >/dev/null || $(CARGO) install --locked cargo-deny@0.20.2
	$(CARGO) deny check bans licenses sources

template: tools ## SAM's own validation and cfn-lint.
	$(VENV)/bin/sam validate --lint
	$(VENV)/bin/cfn-lint template.yaml

tools: $(VENV)/.installed
$(VENV)/.installed: requirements.txt
	python3 -m venv $(VENV)
	$(PIP) install --quiet --disable-pip-version-check -r requirements.txt
	touch $@
