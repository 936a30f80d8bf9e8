//! Asks `/next` on a side task, so that the loop can hear everything else while Lambda lets it wait.

use std::time::Duration;

use tokio::sync::mpsc;

use crate::lambda::{Lambda, Turn};
use crate::log;

/// Between two tries of a call that failed: never a hot loop.
pub(crate) const RETRY: Duration = Duration::from_millis(100);
/// A platform that does not answer so often has no use for a layer any more.
pub(crate) const TRIES: usize = 50;

/// A side task that asks `/next` whenever it is told to, and brings the turns.
pub(crate) struct Asker {
    ask: mpsc::Sender<()>,
    pub(crate) turns: mpsc::Receiver<Turn>,
}

impl Asker {
    pub(crate) fn ask(&self) {
        // One question at a time; one that already waits is the same question.
        let _ = self.ask.try_send(());
    }
}

pub(crate) fn asker(mut lambda: Lambda) -> Asker {
    let (ask, mut asked) = mpsc::channel(1);
    let (sender, turns) = mpsc::channel(1);
    tokio::spawn(async move {
        while asked.recv().await.is_some() {
            let Some(turn) = next(&mut lambda).await else { return };
            if sender.send(turn).await.is_err() {
                return;
            }
        }
    });
    Asker { ask, turns }
}

/// `/next`, asked again after a pause when it fails. `None` when the platform is gone for good.
async fn next(lambda: &mut Lambda) -> Option<Turn> {
    for _ in 0..TRIES {
        match lambda.next().await {
            Ok(turn) => return Some(turn),
            Err(error) => log::warn("asking for the next event failed", [("error", log::chain(&error).into())]),
        }
        tokio::time::sleep(RETRY).await;
    }
    None
}
