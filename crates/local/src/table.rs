//! DynamoDB on one machine: an embedded endpoint on a file, or in memory, whose expired items are swept as DynamoDB sweeps them.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::time::Duration;

use dynoxide::Database;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio::time::{MissedTickBehavior, interval, timeout};

/// The table's file in the data folder.
const FILE: &str = "table.sqlite";

/// DynamoDB takes days to sweep what expired; readers filter in the meantime. Here it shows within a minute that nothing depends on it.
const SWEEP_EVERY: Duration = Duration::from_secs(60);

/// For requests that are under way when the table stops. A client that never ends its own is left.
const STOP_WITHIN: Duration = Duration::from_secs(1);

/// A running endpoint. Dropping it stops it too, without waiting.
#[derive(Debug)]
pub struct Table {
    address: SocketAddr,
    stop: oneshot::Sender<()>,
    serving: JoinHandle<()>,
    _sweeping: Sweeping,
}

/// The sweeper, which ends with the table.
#[derive(Debug)]
struct Sweeping(JoinHandle<()>);

impl Drop for Sweeping {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// The endpoint can't be started.
#[derive(Debug, thiserror::Error)]
pub enum TableError {
    /// The file is none of a table's, or can't be written.
    #[error("open the table's file: {0}")]
    File(String),
    /// No port.
    #[error("listen for the table")]
    Port(#[from] io::Error),
}

impl Table {
    /// On a file in `folder`, so that what is written survives a restart.
    ///
    /// # Errors
    /// When the file can't be used or there is no port.
    pub async fn open(folder: &Path) -> Result<Self, TableError> {
        let path = folder.join(FILE);
        let path = path.to_str().ok_or_else(|| TableError::File(format!("{} is no text", path.display())))?;
        Self::serve(Database::new(path).map_err(|error| TableError::File(error.to_string()))?).await
    }

    /// In memory, for tests.
    ///
    /// # Errors
    /// When there is no port.
    pub async fn in_memory() -> Result<Self, TableError> {
        Self::serve(Database::memory().map_err(|error| TableError::File(error.to_string()))?).await
    }

    async fn serve(database: Database) -> Result<Self, TableError> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let (stop, stopped) = oneshot::channel::<()>();
        let sweeping = Sweeping(tokio::spawn(sweep(database.clone())));
        let serving = tokio::spawn(async move {
            let stopped = async { drop(stopped.await) };
            if let Err(error) = dynoxide::server::serve_with_shutdown(listener, database, stopped).await {
                tracing::error!("the table stopped: {error}");
            }
        });
        Ok(Self { address, stop, serving, _sweeping: sweeping })
    }

    /// The endpoint, for `AWS_ENDPOINT_URL_DYNAMODB`.
    #[must_use]
    pub fn endpoint(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Ends it and frees its port. What was answered is on the file.
    pub async fn stop(self) {
        // The receiver is gone only where the server is.
        let _ = self.stop.send(());
        let abort = self.serving.abort_handle();
        if timeout(STOP_WITHIN, self.serving).await.is_err() {
            abort.abort();
        }
    }
}

async fn sweep(database: Database) {
    let mut clock = interval(SWEEP_EVERY);
    clock.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        clock.tick().await;
        let database = database.clone();
        // It waits for a lock, so it must not stand in the way of the runtime.
        match tokio::task::spawn_blocking(move || database.sweep_ttl()).await {
            Ok(Ok(_)) => (),
            Ok(Err(error)) => tracing::warn!("expired items could not be swept: {error}"),
            Err(_) => return,
        }
    }
}
