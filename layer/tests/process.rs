//! The extension's process outside of Lambda. Because of this test, `cargo test` builds the binary
//! that the tests of `crates/extension` start.

use std::process::Command;

#[test]
fn outside_of_lambda_the_extension_says_so_and_ends() {
    let output = Command::new(env!("CARGO_BIN_EXE_crudder-extension")).env_clear().output().expect("it starts");
    let line = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && line.contains("runs only in Lambda"), "{output:?}");
}
