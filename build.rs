//! Compresses the debug information of functions in release builds. Only backtraces read it, and it
//! takes half the size.

#![expect(clippy::disallowed_methods, reason = "Cargo passes the profile to a build script in the environment")]

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    // In a debug build this would slow every link and save nothing.
    if std::env::var("PROFILE").as_deref() == Ok("release") {
        println!("cargo:rustc-link-arg-bins=-Wl,--compress-debug-sections=zlib");
    }
}
