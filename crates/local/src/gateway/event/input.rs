//! The parts of a request that its event needs.

use std::collections::BTreeMap;
use std::time::SystemTime;

use http::HeaderMap;
use serde_json::{Map, Value};

/// The parts of a request that the event needs.
pub(crate) struct EventInput<'a> {
    pub(crate) stage: &'a str,
    pub(crate) stage_variables: &'a BTreeMap<String, String>,
    pub(crate) resource: &'a str,
    pub(crate) variables: &'a BTreeMap<String, String>,
    pub(crate) method: &'a str,
    /// The path without the stage, not decoded.
    pub(crate) path: &'a str,
    /// The path as it was requested, with the stage if it had one.
    pub(crate) full_path: &'a str,
    pub(crate) query: &'a [(String, String)],
    pub(crate) headers: &'a HeaderMap,
    pub(crate) host: &'a str,
    /// The gateway's port.
    pub(crate) port: u16,
    pub(crate) source: std::net::IpAddr,
    pub(crate) trace: &'a str,
    pub(crate) claims: Option<&'a Map<String, Value>>,
    pub(crate) request_id: &'a str,
    pub(crate) now: SystemTime,
    pub(crate) body: &'a [u8],
    /// Whether the template's `BinaryMediaTypes` include the media type of the body.
    pub(crate) binary: bool,
}
