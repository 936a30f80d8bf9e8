//! The API calls that processes of a Managed Instance may make.

use tokio::sync::oneshot;

use super::Managed;
use crate::api::{CallResponse, PendingCall};
use crate::lifecycle::{ApiCall, ApiError, Failure};
use crate::outcome::FailureKind;

impl Managed {
    /// Answers the call, or keeps it open until there is something to dispatch. A returned failure
    /// ends the environment.
    pub(super) async fn called(&mut self, pending: PendingCall) -> Option<Failure> {
        let PendingCall { call, response } = pending;
        match call {
            ApiCall::RuntimeNext => {
                self.workers.push_back(response);
                self.dispatch_queue();
            }
            ApiCall::ExtensionNext { id } => self.extension_next(&id, response),
            ApiCall::Register { id, name, events } => answer(response, self.register(id, &name, &events)),
            ApiCall::Subscribe { id, request } => {
                let index = self.extension_index(&id);
                if let Some(index) = index {
                    self.base.subscribe(self.base.extension_name(index), request);
                }
                let result = index.map(|_| CallResponse::Accepted).ok_or_else(|| ApiError::unknown_extension(&id));
                answer(response, result);
            }
            ApiCall::ExtensionError { .. } => answer(response, Ok(CallResponse::Accepted)),
            ApiCall::InitError { error_type, body } => {
                answer(response, Ok(CallResponse::Accepted));
                return Some(Failure { kind: FailureKind::Init, ..Failure::handler_error(error_type, body) });
            }
            call => self.response_or_error(call, response).await,
        }
        None
    }

    /// Handles the response or the error of one of the invocations.
    async fn response_or_error(&mut self, call: ApiCall, response: oneshot::Sender<CallResponse>) {
        let (request_id, first_byte, result, error) = match call {
            ApiCall::Response { request_id, first_byte, body } => (request_id, first_byte, Ok(body), None),
            ApiCall::InvocationError { request_id, first_byte, error_type, body } => {
                (request_id, first_byte, Err(Failure::handler_error(error_type, body)), None)
            }
            ApiCall::ResponseTooLarge { request_id, first_byte, bytes } => {
                let failure = Failure::response_too_large(bytes);
                (request_id, first_byte, Err(failure), Some(ApiError::response_too_large()))
            }
            ApiCall::InvalidResponseMode { request_id, first_byte } => {
                let failure = Failure::invalid_response_mode();
                (request_id, first_byte, Err(failure), Some(ApiError::invalid_response_mode()))
            }
            ApiCall::ResponseTruncated { request_id, first_byte } => {
                let failure = Failure::response_truncated();
                (request_id, first_byte, Err(failure), Some(ApiError::response_truncated()))
            }
            _ => return,
        };
        if !self.running.contains_key(&request_id) {
            return answer(response, Err(ApiError::invalid_request_id()));
        }
        answer(response, error.map_or(Ok(CallResponse::Accepted), Err));
        self.base.drain_output().await;
        self.respond(&request_id, first_byte, result);
        // The worker of an invocation that timed out before is free from now on.
        self.running.remove(&request_id);
        self.dispatch_queue();
    }

    fn register(&mut self, id: String, name: &str, events: &[String]) -> Result<CallResponse, ApiError> {
        if let Some(event) = events.iter().find(|event| *event != "SHUTDOWN") {
            let message = format!("{event}: ErrorInvalidEventType");
            return Err(ApiError::new(403, "Extension.InvalidEventType", message));
        }
        let index = (0..self.extensions.len()).find(|index| self.base.extension_name(*index) == name);
        let invalid = || ApiError::new(403, "Extension.InvalidExtensionName", "Invalid extension name");
        self.extensions[index.ok_or_else(invalid)?] = Some(id);
        self.start_runtime_when_registered();
        Ok(CallResponse::Registered)
    }

    fn extension_index(&self, id: &str) -> Option<usize> {
        self.extensions.iter().position(|known| known.as_deref() == Some(id))
    }

    fn extension_next(&mut self, id: &str, response: oneshot::Sender<CallResponse>) {
        let Some(index) = self.extension_index(id) else {
            return answer(response, Err(ApiError::unknown_extension(id)));
        };
        self.base.extension_next.insert(index, response);
        match self.shutdown {
            Some((reason, deadline)) => self.base.dispatch_shutdown(index, reason, deadline),
            None => self.dispatch_queue(),
        }
    }
}

fn answer(response: oneshot::Sender<CallResponse>, result: Result<CallResponse, ApiError>) {
    // This fails if the process was killed during its call.
    let _gone = response.send(result.unwrap_or_else(CallResponse::Refused));
}
