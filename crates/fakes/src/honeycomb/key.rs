//! Honeycomb's keys: their kinds, which show in their shape, and what one of them may do.

use serde_json::{Value, json};

use crate::Secret;

/// What kind of key a text looks like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyKind {
    /// `hc[a-z]ik_` and 64 characters in all: for sending only.
    Ingest,
    /// 22 letters and digits, or `hc[a-z]lk_…`: sends, and manages one environment.
    Configuration,
    /// 32 hexadecimal digits: sends to the classic environment, and manages it.
    Classic,
    /// `hc[a-z]ic_` and 64 characters in all: sends to the classic environment.
    ClassicIngest,
}

impl KeyKind {
    /// The kind that a key's shape tells; nothing for what is no sending key, such as a management key (`hc[a-z]mk_`).
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

    /// Classic keys need the header `x-honeycomb-dataset`.
    #[must_use]
    pub fn is_classic(self) -> bool {
        matches!(self, Self::Classic | Self::ClassicIngest)
    }
}

/// Where a key is at home. The other region does not know it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Region {
    /// `api.honeycomb.io`
    Us,
    /// `api.eu1.honeycomb.io`
    Eu,
}

/// A key that the fake knows.
#[derive(Debug, Clone)]
pub struct HoneycombKey {
    /// The key.
    pub text: Secret,
    /// The team's slug.
    pub team: String,
    /// The environment's slug; classic keys have none, whatever stands here.
    pub environment: String,
    /// Where it is at home.
    pub region: Region,
    /// The permission `events`.
    pub may_send: bool,
    /// The permission `createDatasets`, told by `/1/auth`. What Honeycomb answers to a key without it is not documented, so it is not acted on.
    pub may_create_datasets: bool,
    /// Switched off in the console.
    pub disabled: bool,
}

/// The key of one machine: of the right shape, worth nothing anywhere else.
const LOCAL: &str = "hcaik_00000000000000000000local00000000000000000000000000000crud";

impl HoneycombKey {
    /// A key that may send, of team and environment `crudder` in the US.
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

    /// The ingest key that the default configuration accepts.
    #[must_use]
    pub fn local() -> Self {
        Self::new(LOCAL)
    }

    fn kind(&self) -> Option<KeyKind> {
        KeyKind::of(self.text.reveal())
    }

    /// What `/1/auth` tells of it. The id of an ingest key is its first half; the rest is the secret.
    pub(super) fn told(&self) -> Value {
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
    fn a_keys_shape_tells_its_kind() {
        assert_eq!(KeyKind::of(LOCAL), Some(KeyKind::Ingest));
        assert_eq!(KeyKind::of(&format!("hceic_{}", "a".repeat(58))), Some(KeyKind::ClassicIngest));
        assert_eq!(KeyKind::of("hcalk_01hqk4k20cjeh63wca8vva5stw"), Some(KeyKind::Configuration));
        assert_eq!(KeyKind::of("abcDEF0123456789abcdef"), Some(KeyKind::Configuration));
        assert_eq!(KeyKind::of("0123456789abcdef0123456789abcdef"), Some(KeyKind::Classic));
    }

    #[test]
    fn what_cannot_send_has_no_kind() {
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
