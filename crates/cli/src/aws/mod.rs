//! AWS calls: X-Ray through its SDK, other services by signed HTTP requests.

mod client;
mod error;
mod functions;
mod gateway;
mod logs;
mod signed_call;
mod stack;
mod xray;

pub(crate) use client::Aws;
pub(crate) use error::AwsError;
pub(crate) use functions::{Function, KeyMatch};
pub(crate) use logs::LogGroup;
pub(crate) use stack::Stack;
pub(crate) use xray::{Group, SamplingRule, SegmentDestination, TraceDocuments};
