//! The edge of a trigger: Cognito calls after a sign-up was confirmed, and wants its event back.

use std::future::Future;
use std::sync::Arc;

use crudder_store::Store;
use crudder_telemetry::{End, Invocation, RuntimeLayer, Trigger};
use lambda_runtime::{LambdaEvent, Runtime, service_fn};
use serde::Deserialize;
use serde_json::Value;

use crate::ended::{Ended, Exit, Fatal, exit, start_telemetry};
use crate::error::{ApiError, Result};

/// The one trigger that stands for a sign-up. The same function is called after a forgotten password was confirmed:
/// there is nothing to do then.
/// (Amazon Cognito Developer Guide, "Post confirmation Lambda trigger".)
const SIGN_UP: &str = "PostConfirmation_ConfirmSignUp";

/// What Cognito tells of a person whose sign-up is confirmed.
#[derive(Debug, Clone, Deserialize)]
pub struct Confirmation {
    /// Who the person's tokens will speak for.
    pub sub: String,
    /// The name to show.
    pub name: Option<String>,
    /// The handle that the person wished for.
    pub preferred_username: Option<String>,
}

/// Runs the post-confirmation trigger: `handler` is called once per confirmed sign-up, and Cognito gets its event back unchanged.
pub async fn serve_trigger<H, F>(handler: H) -> Exit
where
    H: Fn(Confirmation, Store) -> F + Send + Sync + 'static,
    F: Future<Output = Result<()>> + Send,
{
    exit(serve_until_end(handler).await)
}

async fn serve_until_end<H, F>(handler: H) -> Ended
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
            // Boxed: the layout of all layers in one would be deeper than the compiler goes.
            telemetry.observe(invocation, Box::pin(work), end).await.map(|()| payload)
        }
    });
    Runtime::new(service).layer(RuntimeLayer).run().await.map_err(Fatal::Runtime)
}

/// The sign-up in an event, or `None` when the event is about something else.
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
    fn only_a_confirmed_sign_up_is_one() {
        let event: Value = serde_json::from_str(include_str!("../../../events/post-confirmation.json")).unwrap();
        let found = confirmation(&event).unwrap().unwrap();
        assert_eq!(found.name.as_deref(), Some("Andrew Brown"));
        assert_eq!(found.preferred_username.as_deref(), Some("andrewbrown"));
        let mut other = event.clone();
        other["triggerSource"] = "PostConfirmation_ConfirmForgotPassword".into();
        assert!(confirmation(&other).unwrap().is_none());
    }

    #[test]
    fn an_event_without_a_sub_is_an_error_and_not_a_user() {
        let event = json!({"triggerSource": SIGN_UP, "request": {"userAttributes": {"name": "Nobody"}}});
        assert!(confirmation(&event).is_err());
    }
}
