//! The extension's process. All of its code is in `crates/extension`.

#[tokio::main(flavor = "current_thread")]
async fn main() {
    crudder_extension::run().await;
}
