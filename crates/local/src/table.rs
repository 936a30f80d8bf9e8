//! DynamoDB on one machine: an embedded endpoint on a file or in memory, with TTL.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::Duration;

use dynoxide::Database;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio::time::{MissedTickBehavior, interval, timeout};

/// The name of the table file in the data folder.
const FILE: &str = "table.sqlite";

/// The interval between deletions of expired items. DynamoDB takes days, so readers must filter
/// expired items. With a minute, a developer sees soon that nothing depends on them.
const TTL_INTERVAL: Duration = Duration::from_secs(60);

/// How long a stopping table waits for requests in progress. It aborts those that take longer.
const STOP_TIMEOUT: Duration = Duration::from_secs(1);

/// A running endpoint. Dropping it stops it too, without waiting.
#[derive(Debug)]
pub struct Table {
    address: SocketAddr,
    stop: oneshot::Sender<()>,
    server: JoinHandle<()>,
    _ttl: TtlTask,
}

/// The task that deletes expired items; aborted with the table.
#[derive(Debug)]
struct TtlTask(JoinHandle<()>);

impl Drop for TtlTask {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// The endpoint cannot start.
#[derive(Debug, thiserror::Error)]
pub enum TableError {
    /// The file does not hold a table, or cannot be written.
    #[error("open the table file {path}: {cause}; remove the file to start with an empty table")]
    File {
        /// The file.
        path: PathBuf,
        /// The error of the database.
        cause: String,
    },
    /// The database cannot be created in memory.
    #[error("create a table in memory: {0}")]
    Memory(String),
    /// No port is free.
    #[error("listen on a port for the table")]
    Port(#[from] io::Error),
}

impl Table {
    /// Opens the table file in `folder`, so that the data survives a restart.
    ///
    /// # Errors
    /// If the file cannot be used, or no port is free.
    pub async fn open(folder: &Path) -> Result<Self, TableError> {
        let path = folder.join(FILE);
        let failed = |cause: String| TableError::File { path: path.clone(), cause };
        let text = path.to_str().ok_or_else(|| failed("the path is not valid UTF-8".to_owned()))?;
        let database = Database::new(text).map_err(|error| failed(error.to_string()))?;
        Self::serve(database).await
    }

    /// Creates an empty table in memory, for tests.
    ///
    /// # Errors
    /// If no port is free.
    pub async fn in_memory() -> Result<Self, TableError> {
        Self::serve(Database::memory().map_err(|error| TableError::Memory(error.to_string()))?).await
    }

    async fn serve(database: Database) -> Result<Self, TableError> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let (stop, stopped) = oneshot::channel::<()>();
        let ttl = TtlTask(tokio::spawn(delete_expired(database.clone())));
        let server = tokio::spawn(async move {
            let stopped = async { drop(stopped.await) };
            if let Err(error) = dynoxide::server::serve_with_shutdown(listener, database, stopped).await {
                tracing::error!("the table stopped: {error}");
            }
        });
        Ok(Self { address, stop, server, _ttl: ttl })
    }

    /// Returns the endpoint, for `AWS_ENDPOINT_URL_DYNAMODB`.
    #[must_use]
    pub fn endpoint(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Stops the table and frees its port. Every acknowledged write is in the file.
    pub async fn stop(self) {
        // The send fails only if the server has ended already.
        let _ = self.stop.send(());
        let abort = self.server.abort_handle();
        if timeout(STOP_TIMEOUT, self.server).await.is_err() {
            abort.abort();
        }
    }
}

async fn delete_expired(database: Database) {
    let mut clock = interval(TTL_INTERVAL);
    clock.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        clock.tick().await;
        let database = database.clone();
        // The call waits for a lock, so it must not block a thread of the runtime.
        match tokio::task::spawn_blocking(move || database.sweep_ttl()).await {
            Ok(Ok(_)) => (),
            Ok(Err(error)) => tracing::warn!("failed to delete expired items: {error}"),
            Err(_) => return,
        }
    }
}
