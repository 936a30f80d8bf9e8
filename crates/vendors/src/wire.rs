//! Sockets: the door that callers come through, and the stream on which answers are honest or not.

mod door;
mod stream;

pub(crate) use door::Door;
pub(crate) use stream::{Manner, Wire, WireStream};
