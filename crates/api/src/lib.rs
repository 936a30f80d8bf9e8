//! HTTP layer of the functions.
//!
#![doc = include_str!("../README.md")]

mod caller;
mod config;
mod error;
mod exit;
mod fault;
mod link;
mod list_span;
mod request;
mod request_parts;
mod response;
mod serve;
mod settings;
mod trigger;

pub use crudder_settings::ConfigError;
pub use error::{ApiError, Result};
pub use exit::Exit;
pub use fault::Fault;
pub use list_span::{List, list_span};
pub use request::Request;
pub use response::Response;
pub use serve::{serve, serve_with_store};
pub use trigger::{Confirmation, serve_trigger};
