//! Honeycomb's API keys: their kinds and permissions.

use serde_json::{Value, json};

use crate::Secret;

/// The kind of an API key, which its form shows (docs.honeycomb.io, authentication; husky).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyKind {
    /// `hc[a-z]ik_` and 64 characters in all. It can only send events.
    Ingest,
    /// 22 letters and digits, or `hc[a-z]lk_…`. It sends events and manages one environment.
    Configuration,
    /// 32 hexadecimal digits. It sends events to the classic environment and manages it.
    Classic,
    /// `hc[a-z]ic_` and 64 characters in all. It sends events to the classic environment.
    ClassicIngest,
}

impl KeyKind {
    /// Returns the kind of a key, or `None` for a text that is no key for sending events, such as a
    /// management key (`hc[a-z]mk_`).
    #[must_use]
    pub fn of(key: &str) -> Option<Self> {
        if !key.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_') {
            return None;
        }
        let prefix = match key.as_bytes() {
            [b'h', b'c', region, first, second, b'_', ..] if region.is_ascii_lowercase() => Some([*first, *second]),
            _ => None,
        };
        match (prefix.as_ref(), key.len()) {
            (Some(b"ik"), 64) => Some(Self::Ingest),
            (Some(b"ic"), 64) => Some(Self::ClassicIngest),
            (Some(b"lk"), _) => Some(Self::Configuration),
            (None, 22) if !key.contains('_') => Some(Self::Configuration),
            (None, 32) if key.bytes().all(|byte| byte.is_ascii_hexdigit()) => Some(Self::Classic),
            _ => None,
        }
    }

    /// Returns whether the key needs the header `x-honeycomb-dataset`.
    #[must_use]
    pub fn is_classic(self) -> bool {
        matches!(self, Self::Classic | Self::ClassicIngest)
    }
}

/// The region of a key or of a fake. A key is unknown in the other region.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Region {
    /// `api.honeycomb.io`
    Us,
    /// `api.eu1.honeycomb.io`
    Eu,
}

/// A key that the fake accepts.
#[derive(Debug, Clone)]
pub struct HoneycombKey {
    /// The key.
    pub text: Secret,
    /// The team's slug.
    pub team: String,
    /// The environment's slug. `/1/auth` ignores it for a classic key, whose environment has no
    /// name.
    pub environment: String,
    /// The region of the key.
    pub region: Region,
    /// The permission `events`.
    pub may_send: bool,
    /// The permission `createDatasets` in the response of `/1/auth`. The fake does not enforce it,
    /// because Honeycomb does not document the response to a key without it.
    pub may_create_datasets: bool,
    /// Whether the key is disabled in Honeycomb's settings.
    pub disabled: bool,
}

/// The key of `cargo local`. It has the form of an ingest key and no value outside of the fakes.
const LOCAL: &str = "hcaik_00000000000000000000local00000000000000000000000000000crud";

impl HoneycombKey {
    /// Creates a key that may send events, of team and environment `crudder` in the US.
    pub fn new(text: impl Into<String>) -> Self {
        Self {
            text: Secret::new(text),
            team: "crudder".into(),
            environment: "crudder".into(),
            region: Region::Us,
            may_send: true,
            may_create_datasets: true,
            disabled: false,
        }
    }

    /// Returns the ingest key that the default configuration accepts.
    #[must_use]
    pub fn local() -> Self {
        Self::new(LOCAL)
    }

    fn kind(&self) -> Option<KeyKind> {
        KeyKind::of(self.text.reveal())
    }

    /// Returns the response of `/1/auth` (docs.honeycomb.io, "API: auth").
    ///
    /// The id of an ingest key is its first half. The second half is its secret.
    pub(super) fn auth_response(&self) -> Value {
        let kind = self.kind();
        let is_ingest = matches!(kind, Some(KeyKind::Ingest | KeyKind::ClassicIngest));
        let environment = if kind.is_some_and(KeyKind::is_classic) { "" } else { &self.environment };
        let manages = !is_ingest;
        json!({
            "id": if is_ingest { &self.text.reveal()[..32] } else { "hcalk_01hqk4k20cjeh63wca8vva5stw" },
            "type": if is_ingest { "ingest" } else { "configuration" },
            "api_key_access": {
                "events": self.may_send, "markers": manages, "triggers": manages, "boards": manages, "queries": manages,
                "columns": manages, "createDatasets": self.may_create_datasets, "slos": manages, "recipients": manages,
                "privateBoards": manages,
            },
            "environment": { "name": environment, "slug": environment },
            "team": { "name": self.team, "slug": self.team },
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_form_of_a_key_shows_its_kind() {
        assert_eq!(KeyKind::of(LOCAL), Some(KeyKind::Ingest));
        assert_eq!(KeyKind::of(&format!("hceic_{}", "a".repeat(58))), Some(KeyKind::ClassicIngest));
        assert_eq!(KeyKind::of("hcalk_01hqk4k20cjeh63wca8vva5stw"), Some(KeyKind::Configuration));
        assert_eq!(KeyKind::of("abcDEF0123456789abcdef"), Some(KeyKind::Configuration));
        assert_eq!(KeyKind::of("0123456789abcdef0123456789abcdef"), Some(KeyKind::Classic));
    }

    #[test]
    fn a_text_that_is_no_key_for_sending_has_no_kind() {
        for text in [
            "",
            "hcamk_01hqk4k20cjeh63wca8vva5stw",
            "hcaik_short",
            "0123456789abcdef0123456789abcdeg",
            "é".repeat(32).as_str(),
        ] {
            assert_eq!(KeyKind::of(text), None, "{text}");
        }
    }
}
