//! Functions on `lambda_http`: the attributes of a request, its access line, and a layer that sets both.

mod access_line;
mod invocation;
mod observe;

pub use access_line::log_access;
pub use invocation::HttpInvocation;
pub use observe::{ObserveHttpLayer, ObservedHttp};
