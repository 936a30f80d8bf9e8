//! Runs Cognito's post-confirmation trigger, which returns the event that Cognito sent.

use std::future::Future;
use std::sync::Arc;

use crudder_store::Store;
use crudder_telemetry::{End, Invocation, RuntimeLayer, Trigger};
use lambda_runtime::{LambdaEvent, Runtime, service_fn};
use serde::Deserialize;
use serde_json::Value;

use crate::error::{ApiError, Result};
use crate::exit::{Exit, FatalError, RunResult, exit, start_telemetry};

/// The trigger source of a sign-up. Cognito calls the same function after a new password was
/// confirmed, where there is nothing to do. (Amazon Cognito Developer Guide, "Post confirmation
/// Lambda trigger".)
const SIGN_UP: &str = "PostConfirmation_ConfirmSignUp";

/// The attributes of a user whose sign-up Cognito has confirmed.
#[derive(Debug, Clone, Deserialize)]
pub struct Confirmation {
    /// The `sub` of the user's tokens.
    pub sub: String,
    /// The display name.
    pub name: Option<String>,
    /// The handle that the user asked for.
    pub preferred_username: Option<String>,
}

/// Runs the post-confirmation trigger until Lambda ends the process. It calls `handler` once per
/// confirmed sign-up and returns the event to Cognito unchanged.
pub async fn serve_trigger<H, F>(handler: H) -> Exit
where
    H: Fn(Confirmation, Store) -> F + Send + Sync + 'static,
    F: Future<Output = Result<()>> + Send,
{
    exit(run(handler).await)
}

async fn run<H, F>(handler: H) -> RunResult
where
    H: Fn(Confirmation, Store) -> F + Send + Sync + 'static,
    F: Future<Output = Result<()>> + Send,
{
    let telemetry = start_telemetry()?;
    let store = Store::from_env().await?;
    let shared = Arc::new((telemetry, store, handler));
    let service = service_fn(move |event: LambdaEvent<Value>| {
        let shared = Arc::clone(&shared);
        async move {
            let (telemetry, store, handler) = &*shared;
            let LambdaEvent { payload, context } = event;
            let invocation = Invocation::from_context(&context, Trigger::Other("post-confirmation"));
            let work = async {
                let done = match confirmation(&payload) {
                    Ok(Some(confirmation)) => handler(confirmation, store.clone()).await,
                    Ok(None) => Ok(()),
                    Err(error) => Err(error),
                };
                done.inspect_err(ApiError::log)
            };
            let end = |done: &Result<()>| match done.as_ref().err().and_then(ApiError::failure) {
                Some(failure) => End::ok().because(failure),
                None => End::ok(),
            };
            // Boxed: the type of the nested futures would exceed the compiler's recursion limit.
            telemetry.observe(invocation, Box::pin(work), end).await.map(|()| payload)
        }
    });
    Runtime::new(service).layer(RuntimeLayer).run().await.map_err(FatalError::Runtime)
}

/// Returns the confirmed sign-up of an event, or `None` for an event of another trigger source.
fn confirmation(event: &Value) -> Result<Option<Confirmation>> {
    if event["triggerSource"] != SIGN_UP {
        return Ok(None);
    }
    let attributes = event["request"]["userAttributes"].clone();
    serde_json::from_value(attributes).map(Some).map_err(ApiError::internal)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn only_a_confirmed_sign_up_yields_a_confirmation() {
        let event: Value = serde_json::from_str(include_str!("../../../events/post-confirmation.json")).unwrap();
        let found = confirmation(&event).unwrap().unwrap();
        assert_eq!(found.name.as_deref(), Some("Andrew Brown"));
        assert_eq!(found.preferred_username.as_deref(), Some("andrewbrown"));
        let mut other = event.clone();
        other["triggerSource"] = "PostConfirmation_ConfirmForgotPassword".into();
        assert!(confirmation(&other).unwrap().is_none());
    }

    #[test]
    fn an_event_without_a_sub_is_an_error() {
        let event = json!({"triggerSource": SIGN_UP, "request": {"userAttributes": {"name": "Nobody"}}});
        assert!(confirmation(&event).is_err());
    }
}
