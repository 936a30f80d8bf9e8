//! What processes of a Managed Instance may ask.

use tokio::sync::oneshot;
use tokio::time::Instant;

use super::Managed;
use crate::api::{Answer, Asked};
use crate::life::{Call, Fatal, Refusal, of_runtime};
use crate::outcome::FailureKind;

impl Managed {
    /// Answers the call, or keeps it until there is something to hand over. What comes back ends the environment.
    pub(super) async fn called(&mut self, asked: Asked) -> Option<Fatal> {
        let Asked { call, answer } = asked;
        match call {
            Call::RuntimeNext => {
                self.workers.push_back(answer);
                self.hand_out();
            }
            Call::ExtensionNext { id } => self.extension_next(&id, answer),
            Call::Register { id, name, events } => reply(answer, self.register(id, &name, &events)),
            Call::Subscribe { id, request } => {
                let known = self.extension(&id);
                if let Some(index) = known {
                    self.base.subscribe(self.base.extension_name(index), request);
                }
                let result = known.map(|_| Answer::Accepted).ok_or_else(|| Refusal::unknown_extension(&id));
                reply(answer, result);
            }
            Call::ExtensionErred { .. } => reply(answer, Ok(Answer::Accepted)),
            Call::InitErred { error_type, body } => {
                reply(answer, Ok(Answer::Accepted));
                return Some(Fatal { kind: FailureKind::Init, ..of_runtime::handler_error(error_type, body) });
            }
            call => self.answered(call, answer).await,
        }
        None
    }

    /// An answer or an error of one of the invocations.
    async fn answered(&mut self, call: Call, answer: oneshot::Sender<Answer>) {
        let bad_mode = || Refusal::new(400, "InvalidFunctionResponseMode", "Invalid function response mode");
        let cut_off = || Refusal::new(400, "TruncatedHTTPRequest", "HTTP request detected as truncated");
        let (request_id, first_byte, result, refusal) = match call {
            Call::Answered { request_id, first_byte, body } => (request_id, first_byte, Ok(body), None),
            Call::Erred { request_id, first_byte, error_type, body } => {
                (request_id, first_byte, Err(of_runtime::handler_error(error_type, body)), None)
            }
            Call::TooLarge { request_id, first_byte, bytes } => {
                (request_id, first_byte, Err(of_runtime::too_large(bytes)), Some(Refusal::too_large()))
            }
            Call::BadMode { request_id, first_byte } => {
                (request_id, first_byte, Err(of_runtime::bad_mode()), Some(bad_mode()))
            }
            Call::Truncated { request_id, first_byte } => {
                (request_id, first_byte, Err(of_runtime::truncated()), Some(cut_off()))
            }
            _ => return,
        };
        if !self.running.contains_key(&request_id) {
            return reply(answer, Err(Refusal::request_id()));
        }
        reply(answer, refusal.map_or(Ok(Answer::Accepted), Err));
        self.base.settle().await;
        self.answer(&request_id, first_byte, result);
        // Of one that timed out before, this was the end.
        self.running.remove(&request_id);
        self.hand_out();
    }

    fn register(&mut self, id: String, name: &str, events: &[String]) -> Result<Answer, Refusal> {
        if let Some(event) = events.iter().find(|event| *event != "SHUTDOWN") {
            let message = format!("{event}: ErrorInvalidEventType");
            return Err(Refusal::new(403, "Extension.InvalidEventType", message));
        }
        let index = (0..self.extensions.len()).find(|index| self.base.extension_name(*index) == name);
        let index =
            index.ok_or_else(|| Refusal::new(403, "Extension.InvalidExtensionName", "Invalid extension name"))?;
        self.extensions[index] = Some(id);
        self.start_runtime_when_registered();
        Ok(Answer::Registered)
    }

    fn extension(&self, id: &str) -> Option<usize> {
        self.extensions.iter().position(|known| known.as_deref() == Some(id))
    }

    fn extension_next(&mut self, id: &str, answer: oneshot::Sender<Answer>) {
        let Some(index) = self.extension(id) else { return reply(answer, Err(Refusal::unknown_extension(id))) };
        self.base.waiting_extensions.insert(index, answer);
        match self.shutdown {
            Some((reason, deadline)) => self.base.hand_shutdown(index, reason, deadline),
            None => self.hand_out(),
        }
    }

    /// What is over since it was last looked, in one word for all that still wait.
    pub(super) fn fail_all(&mut self, fatal: &Fatal) {
        let now = Instant::now();
        let running: Vec<String> = self.running.keys().cloned().collect();
        for request_id in running {
            self.answer(&request_id, now, Err(fatal.clone()));
        }
        for job in std::mem::take(&mut self.queue) {
            let mut current = self.base.begin(job, false, now);
            let info = current.served.clone();
            if let Some(answer) = current.answer.take() {
                let _gone = answer.send(super::super::act::failed(fatal.clone(), info));
            }
        }
    }
}

/// The caller may be gone: a process that was killed while it asked.
fn reply(answer: oneshot::Sender<Answer>, result: Result<Answer, Refusal>) {
    let _gone = answer.send(result.unwrap_or_else(Answer::Refused));
}
