//! Calls of AWS services without the SDK, which would be most of the binary.

mod config;
mod key_source;
mod sigv4;

pub use config::AwsConfig;
pub(crate) use key_source::KeySource;
pub(crate) use key_source::{KeyError, fetch_key};
pub(crate) use sigv4::{Call, signed_request};
