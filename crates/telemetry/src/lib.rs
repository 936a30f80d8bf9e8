//! Telemetry for AWS Lambda functions that survives the function.
#![doc = include_str!("../README.md")]

mod access;
mod backtrace;
mod buffer;
mod builder;
mod config;
mod current;
mod destinations;
mod end;
mod exception;
mod failure;
#[cfg(feature = "http")]
mod http;
mod http_request;
mod ids;
mod invocation;
#[cfg(feature = "lambda")]
mod lambda;
mod lock;
mod log;
mod otlp;
mod panic;
mod parent_context;
mod post_response;
mod recorder;
mod report;
mod request;
mod resource;
mod root_attributes;
mod root_span;
mod settings;
mod span;
mod subscriber;
mod telemetry;
mod time;
mod xray_span;

#[cfg(test)]
mod tests;

pub use access::ACCESS;
pub use builder::{TelemetryBuilder, start};
pub use config::{Config, LogFormat};
pub use crudder_settings::ConfigError;
pub use crudder_text::scrub;
pub use current::{add_link, current_ids, set_annotation, set_attribute};
pub use end::End;
pub use failure::Failure;
#[cfg(feature = "http")]
pub use http::{HttpInvocation, ObserveHttpLayer, ObservedHttp, log_access};
pub use http_request::HttpRequest;
pub use ids::TraceIds;
pub use invocation::{Invocation, Trigger};
#[cfg(feature = "lambda")]
pub use lambda::{ObserveLayer, Observed, RuntimeFuture, RuntimeLayer, RuntimeService};
pub use telemetry::{Losses, Telemetry};
