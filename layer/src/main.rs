//! The extension's process: everything it does is in `crates/extension`.

#[tokio::main(flavor = "current_thread")]
async fn main() {
    crudder_extension::run().await;
}
