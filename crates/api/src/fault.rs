//! Faults that a request can inject, to show how each destination records them.

use std::time::Duration;

use crate::error::{ApiError, Result};

/// A fault that `/rollbar/test?kind=` injects where `CRUDDER_FAULTS=on`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// The handler returns an error, a 500.
    Error,
    /// The handler panics. The error responder catches the panic and returns a 500.
    Panic,
    /// The handler never returns. Lambda ends it at the function's timeout.
    Timeout,
    /// The process aborts (SIGABRT).
    Abort,
    /// The process allocates memory until Lambda kills it at the memory limit.
    Oom,
    /// The process exits with status 1.
    Exit,
}

/// The size of one allocation. It is small beside the least memory of a function (128 MB), so that
/// the process reaches the limit in steps.
const CHUNK_BYTES: usize = 4 << 20;

impl Fault {
    /// Returns the fault named `kind`.
    #[must_use]
    pub fn parse(kind: &str) -> Option<Self> {
        Some(match kind {
            "error" => Self::Error,
            "panic" => Self::Panic,
            "timeout" => Self::Timeout,
            "abort" => Self::Abort,
            "oom" => Self::Oom,
            "exit" => Self::Exit,
            _ => return None,
        })
    }

    /// Injects the fault. Only [`Fault::Error`] returns.
    ///
    /// # Errors
    /// Always, if it returns at all.
    ///
    /// # Panics
    /// For [`Fault::Panic`], on purpose.
    #[tracing::instrument(name = "fault", skip_all, fields(fault.kind = ?self))]
    pub async fn inject(self) -> Result<()> {
        match self {
            Self::Error => Err(ApiError::internal(InjectedError)),
            Self::Panic => panic!("a panic on purpose"),
            Self::Timeout => loop {
                tokio::time::sleep(Duration::from_secs(60)).await;
            },
            Self::Abort => std::process::abort(),
            Self::Oom => exhaust_memory(),
            Self::Exit => std::process::exit(1),
        }
    }
}

#[derive(Debug, thiserror::Error)]
#[error("an error on purpose")]
struct InjectedError;

/// Allocates memory until the process is killed. It writes to every page, because untouched memory
/// does not count towards the limit.
fn exhaust_memory() -> ! {
    let mut chunks = Vec::new();
    loop {
        chunks.push(vec![1_u8; CHUNK_BYTES]);
        std::hint::black_box(&chunks);
    }
}
