//! The `Authorization` header: only the minted token is accepted, and no variation of its bytes.
#![no_main]

use std::sync::LazyLock;
use std::time::{Duration, SystemTime};

use crudder_local::{SCOPE, Tokens};
use libfuzzer_sys::fuzz_target;

struct Minted {
    tokens: Tokens,
    good: String,
    now: SystemTime,
}

static MINTED: LazyLock<Minted> = LazyLock::new(|| {
    let folder = std::env::temp_dir().join(format!("crudder-fuzz-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a temporary folder can be created");
    let tokens = Tokens::open(&folder).expect("a key can be created");
    let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_790_000_000);
    let good = tokens.mint("fuzz", now).expect("a token can be signed");
    Minted { tokens, good, now }
});

fuzz_target!(|bytes: &[u8]| {
    let Minted { tokens, good, now } = &*MINTED;
    let scopes = [SCOPE.to_owned()];
    assert!(tokens.check(good.as_bytes(), &scopes, *now).is_ok());
    // The bytes alone, and the valid token with its end overwritten by the bytes.
    let mut forged = good.clone().into_bytes();
    let start = forged.len().saturating_sub(bytes.len());
    forged.splice(start.., bytes.iter().copied());
    for header in [bytes, &forged] {
        let bare = header.strip_prefix(b"Bearer ").unwrap_or(header);
        if bare != good.as_bytes() {
            assert!(tokens.check(header, &scopes, *now).is_err(), "a forged token was accepted");
        }
    }
});
