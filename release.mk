# How what is deployed is compiled: functions/Makefile and layer/Makefile include this, which `sam build` runs in the root of the checkout.

CARGO ?= cargo
# The processor that template.yaml's parameter of that name says; SAM tells a makefile nothing of it.
ARCHITECTURE ?= x86_64
TARGET_FLAG := $(if $(filter arm64,$(ARCHITECTURE)),--arm64,--x86-64)

# zig compiles C with debug information unless told not to; nothing unwinds through C, which calls nobody back. Paths are cut, so that the
# bytes are the same in any folder and under any user.
export CFLAGS := -g0 -fno-unwind-tables -fno-asynchronous-unwind-tables
export RUSTFLAGS := --remap-path-prefix=$(CURDIR)= --remap-path-prefix=$(or $(CARGO_HOME),$(HOME)/.cargo)=/.cargo

# Where cargo-lambda puts what it has built.
LAMBDA := $(or $(CARGO_TARGET_DIR),target)/lambda
