//! What went wrong: one part for the client, one for us.

use std::any::Any;
use std::error::Error as StdError;
use std::fmt::Display;
use std::iter::successors;

use crudder_domain::Invalid;
use crudder_telemetry::Failure;
use http::StatusCode;
use lambda_runtime::Diagnostic;

use crate::reply::Reply;

/// What a function's body returns.
pub type Result<T> = std::result::Result<T, ApiError>;

/// An answer that is no success. `public` is written for the client, `cause` is only logged.
#[derive(Debug, thiserror::Error)]
#[error("{status}: {public}")]
pub struct ApiError {
    pub(crate) status: StatusCode,
    pub(crate) public: String,
    pub(crate) cause: Option<Cause>,
}

/// What only we read: the error with its chain, and the name under which such errors are counted together.
#[derive(Debug)]
pub(crate) struct Cause {
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

    /// 500: our own mistake. The client learns only that.
    pub fn internal<E: StdError + Send + Sync + 'static>(error: E) -> Self {
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "generic_500").because(error)
    }

    fn because<E: StdError + Send + Sync + 'static>(self, error: E) -> Self {
        Self { cause: Some(Cause { kind: std::any::type_name::<E>(), error: Box::new(error) }), ..self }
    }

    /// 500: the handler panicked.
    pub(crate) fn panic(payload: &(dyn Any + Send)) -> Self {
        let text = payload.downcast_ref::<&str>().map(|text| (*text).to_owned());
        let text = text.or_else(|| payload.downcast_ref::<String>().cloned());
        Self::internal(Panic(text.unwrap_or_else(|| "a panic without words".to_owned())))
    }

    /// 400: what came can't be read at all; `why` says what and where.
    pub(crate) fn unreadable(why: impl Display) -> Self {
        Self::new(StatusCode::BAD_REQUEST, format!("malformed_json: {why}"))
    }

    /// 422: what came is JSON of another shape; `why` says what and where.
    pub(crate) fn misshapen(why: impl Display) -> Self {
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, format!("unexpected_json: {why}"))
    }

    /// 422: a value that can't be, by its code.
    pub(crate) fn invalid(code: &'static str) -> Self {
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, code)
    }

    /// 401: the route needs a caller and there is none.
    #[must_use]
    pub fn unauthorized() -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "generic_401")
    }

    /// 404: no such thing, or none any more.
    #[must_use]
    pub fn not_found() -> Self {
        Self::new(StatusCode::NOT_FOUND, "not_found")
    }

    /// What went wrong on our side, if it was that: a 4xx is the client's.
    pub(crate) fn failure(&self) -> Option<Failure> {
        let cause = self.cause.as_ref()?;
        Some(Failure::new(cause.kind, &*cause.error))
    }

    /// One line for the one who must look. What the client did wrong is no such line, and a panic has had its own.
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

    /// The answer in the shape that the page reads: a bare JSON array of one string.
    pub(crate) fn reply(&self) -> Reply {
        Reply::json(self.status, serde_json::Value::from(vec![self.public.as_str()]).to_string())
    }
}

/// A trigger has no HTTP answer: Lambda reports this, and Cognito shows its message.
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
