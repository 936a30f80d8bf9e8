//! The error of a function: a public string for the client, and a cause for the log.

use std::any::Any;
use std::error::Error as StdError;
use std::fmt::Display;
use std::iter::successors;

use crudder_domain::Invalid;
use crudder_telemetry::Failure;
use http::StatusCode;
use lambda_runtime::Diagnostic;

/// The result of a handler.
pub type Result<T> = std::result::Result<T, ApiError>;

/// An error response. The client reads `public`; `cause` is only logged.
#[derive(Debug, thiserror::Error)]
#[error("{status}: {public}")]
pub struct ApiError {
    pub(crate) status: StatusCode,
    pub(crate) public: String,
    cause: Option<Cause>,
}

/// The error with its chain, and the type name that Rollbar groups such errors by.
#[derive(Debug)]
struct Cause {
    kind: &'static str,
    error: Box<dyn StdError + Send + Sync>,
}

#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct Panic(String);

impl ApiError {
    fn new(status: StatusCode, public: impl Into<String>) -> Self {
        Self { status, public: public.into(), cause: None }
    }

    /// Returns a 500 for a failure on our side. The client learns nothing else.
    pub fn internal<E: StdError + Send + Sync + 'static>(error: E) -> Self {
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "generic_500").because(error)
    }

    fn because<E: StdError + Send + Sync + 'static>(self, error: E) -> Self {
        Self { cause: Some(Cause { kind: std::any::type_name::<E>(), error: Box::new(error) }), ..self }
    }

    /// Returns a 500 for a handler that panicked.
    pub(crate) fn panic(payload: &(dyn Any + Send)) -> Self {
        let text = payload.downcast_ref::<&str>().map(|text| (*text).to_owned());
        let text = text.or_else(|| payload.downcast_ref::<String>().cloned());
        Self::internal(Panic(text.unwrap_or_else(|| "panic without a message".to_owned())))
    }

    /// Returns a 400 for a body that is not JSON. `why` names the place and the fault.
    pub(crate) fn malformed_json(why: impl Display) -> Self {
        Self::new(StatusCode::BAD_REQUEST, format!("malformed_json: {why}"))
    }

    /// Returns a 422 for JSON of an unexpected shape. `why` names the place and the fault.
    pub(crate) fn unexpected_json(why: impl Display) -> Self {
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, format!("unexpected_json: {why}"))
    }

    /// Returns a 422 with the code of an invalid value.
    pub(crate) fn invalid(code: &'static str) -> Self {
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, code)
    }

    /// Returns a 401: the route needs a caller, and the request has none.
    #[must_use]
    pub fn unauthorized() -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "generic_401")
    }

    /// Returns a 404: the resource does not exist or has expired.
    #[must_use]
    pub fn not_found() -> Self {
        Self::new(StatusCode::NOT_FOUND, "not_found")
    }

    /// Returns the failure on our side. A 4xx has none: it is the client's.
    pub(crate) fn failure(&self) -> Option<Failure> {
        let cause = self.cause.as_ref()?;
        Some(Failure::new(cause.kind, &*cause.error))
    }

    /// Logs a failure on our side. The panic hook has already logged a panic.
    pub(crate) fn log(&self) {
        let Some(Cause { kind, error }) = &self.cause else { return };
        if error.is::<Panic>() {
            return;
        }
        let causes = successors(error.source(), |&cause| cause.source()).map(ToString::to_string);
        let causes: Vec<String> = causes.collect();
        tracing::error!(
            exception.r#type = kind,
            exception.message = %error,
            exception.causes = causes.join(": "),
            "the request failed: {error}"
        );
    }
}

/// The error of a trigger, which has no HTTP response: Lambda reports it, and Cognito shows its
/// message.
impl From<ApiError> for Diagnostic {
    fn from(error: ApiError) -> Self {
        let error_type = error.cause.map_or("ApiError", |cause| cause.kind).to_owned();
        Self { error_type, error_message: error.public }
    }
}

impl From<Invalid> for ApiError {
    fn from(invalid: Invalid) -> Self {
        match invalid {
            Invalid::NotFound => Self::not_found(),
            invalid => Self::invalid(invalid.code()),
        }
    }
}

impl From<crudder_store::Error> for ApiError {
    fn from(error: crudder_store::Error) -> Self {
        use crudder_store::Error;
        match error {
            Error::NotFound => Self::not_found(),
            Error::Invalid(invalid) => invalid.into(),
            Error::Forbidden => Self::new(StatusCode::FORBIDDEN, "generic_403"),
            Error::Busy { .. } => Self::new(StatusCode::SERVICE_UNAVAILABLE, "generic_503").because(error),
            _ => Self::internal(error),
        }
    }
}
