//! Exporters: all code that knows a particular destination.
//!
//! To add a destination, write a file with its [`Exporter`] and add one line to `registry.rs`.

mod context;
mod defaults;
mod exporter;
mod gzip;
mod honeycomb;
mod http;
mod item;
mod payload;
mod registry;
mod result;
mod rollbar;
mod xray;

pub(crate) use context::{Context, Observation};
pub(crate) use exporter::{Access, Batch, Credentials, Exporter};
pub(crate) use gzip::gunzip;
#[cfg(test)]
pub(crate) use http::HttpResponse;
pub(crate) use http::client;
pub(crate) use item::Item;
pub(crate) use payload::Payload;
pub(crate) use registry::{Build, REGISTRY};
pub(crate) use result::ExportResult;
pub use rollbar::death_uuid;
