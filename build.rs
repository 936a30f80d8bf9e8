//! Packs what backtraces need where functions are built for Lambda: it is loaded only when one is made, and is half the size so.

#![expect(clippy::disallowed_methods, reason = "a build script is told so what it builds for")]

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    // In a debug build it would cost every link, and nobody loads that from afar.
    if std::env::var("PROFILE").as_deref() == Ok("release") {
        println!("cargo:rustc-link-arg-bins=-Wl,--compress-debug-sections=zlib");
    }
}
