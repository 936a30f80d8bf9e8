//! The HTTP edge of a Crudder function: the only crate that knows `lambda_http`.
//!
//! A function in `functions/` is a sentence; this crate is its grammar. [`serve()`] and [`serve_with_store`] run it behind one stack
//! (`serve.rs` says in which order and why), [`Request`] parses what came, [`Reply`] is what leaves, [`ApiError`] what went wrong,
//! once for the client and once for us. [`serve_trigger`] is the same for Cognito's post-confirmation trigger, which is no request.

mod access;
mod caller;
mod config;
mod ended;
mod error;
mod fault;
mod link;
mod listed;
mod reply;
mod request;
mod seen;
mod serve;
mod trigger;

pub use config::ConfigError;
pub use ended::Exit;
pub use error::{ApiError, Result};
pub use fault::Fault;
pub use listed::{Listed, listed};
pub use reply::Reply;
pub use request::Request;
pub use serve::{serve, serve_with_store};
pub use trigger::{Confirmation, serve_trigger};
