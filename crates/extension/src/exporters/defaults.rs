//! Names that a function without a configuration gets.

/// The name of the service if neither the function nor the configuration (`OTEL_SERVICE_NAME`)
/// names one.
pub(super) const SERVICE_NAME: &str = "crudder";
/// The name of the instrumentation scope.
pub(super) const SCOPE_NAME: &str = "crudder";
