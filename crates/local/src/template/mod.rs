//! Reads `template.yaml`: the one source of routes, timeouts, memory, authorizers, and the
//! responses that the gateway itself makes.

mod api;
mod document;
mod error;
mod function;
mod intrinsics;
mod parameters;
mod pseudo_parameters;
mod reader;
mod route;
mod sam;
mod validation;
mod yaml;

pub use api::{Api, Cors, GatewayResponse};
pub use document::Document;
pub use error::{TemplateError, ValidationError};
pub use function::Function;
pub(crate) use pseudo_parameters::{ACCOUNT, REGION};
pub use reader::Template;
pub use route::{Access, Part, Route};
