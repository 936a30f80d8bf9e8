//! The target of access lines.

/// The target of access lines. Telemetry prints the first line of a request with this target after
/// Lambda has taken the response, and makes no report of such a line, not even at ERROR: the error
/// was reported where it happened.
pub const ACCESS: &str = "access";
