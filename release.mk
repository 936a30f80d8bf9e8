# Compiler settings of deployed binaries. functions/Makefile and layer/Makefile include this file;
# `sam build` runs them in the root of the checkout.

CARGO ?= cargo
# The value of the template's parameter Architecture. SAM does not pass it to a makefile.
ARCHITECTURE ?= x86_64
TARGET_FLAG := $(if $(filter arm64,$(ARCHITECTURE)),--arm64,--x86-64)

# zig compiles C with debug information by default. Nothing unwinds through C, which calls no Rust.
# Paths are removed, so that every folder and user builds the same bytes.
export CFLAGS := -g0 -fno-unwind-tables -fno-asynchronous-unwind-tables
export RUSTFLAGS := --remap-path-prefix=$(CURDIR)= --remap-path-prefix=$(or $(CARGO_HOME),$(HOME)/.cargo)=/.cargo

# The output folder of cargo-lambda.
LAMBDA := $(or $(CARGO_TARGET_DIR),target)/lambda
