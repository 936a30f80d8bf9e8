//! Sockets: the door that callers come through, and the stream on which answers are honest or not.

mod listener;
mod stream;

pub(crate) use listener::Door;
pub(crate) use stream::{Manner, Wire, WireStream};
