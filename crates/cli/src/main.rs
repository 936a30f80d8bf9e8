//! The `crudder` command.
fn main() {}
