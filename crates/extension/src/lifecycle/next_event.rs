//! Requests `/next` in a task of its own, so that the loop can handle everything else while Lambda
//! lets it wait.

use std::time::Duration;

use crudder_text::error_chain;
use tokio::sync::mpsc;

use super::extensions_api::{ExtensionsApi, NextEvent};
use crate::log;

/// The pause between two attempts of a failed call: never a busy loop.
pub(super) const RETRY_PAUSE: Duration = Duration::from_millis(100);
/// A platform that fails this often has gone.
pub(super) const MAX_TRIES: usize = 50;

/// The task that requests `/next`, and the events that it received.
pub(super) struct NextEvents {
    requests: mpsc::Sender<()>,
    pub(super) events: mpsc::Receiver<NextEvent>,
}

impl NextEvents {
    /// Requests the next event. While a request is open, further ones are the same request.
    pub(super) fn request(&self) {
        let _ = self.requests.try_send(());
    }
}

/// Starts the task.
pub(super) fn next_events(mut api: ExtensionsApi) -> NextEvents {
    let (requests, mut requested) = mpsc::channel(1);
    let (sender, events) = mpsc::channel(1);
    tokio::spawn(async move {
        while requested.recv().await.is_some() {
            let Some(event) = next(&mut api).await else { return };
            if sender.send(event).await.is_err() {
                return;
            }
        }
    });
    NextEvents { requests, events }
}

/// Requests `/next`, again after a pause if that fails. Returns `None` if the platform has gone.
async fn next(api: &mut ExtensionsApi) -> Option<NextEvent> {
    for _ in 0..MAX_TRIES {
        match api.next().await {
            Ok(event) => return Some(event),
            Err(error) => log::warn("failed to request the next event", [("error", error_chain(&error).into())]),
        }
        tokio::time::sleep(RETRY_PAUSE).await;
    }
    None
}
