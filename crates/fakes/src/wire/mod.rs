//! Sockets: the listener of a fake and the stream that can cut, reset or slow down a response.

mod listener;
mod response_stream;

pub(crate) use listener::Listener;
pub(crate) use response_stream::{ResponseControl, ResponseStream, WriteMode};
