//! Ways to die on purpose, so that anyone can watch each plane catch it.

use std::time::Duration;

use crate::error::{ApiError, Result};

/// What `/rollbar/test?kind=` may ask for where `CRUDDER_FAULTS=on`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// The handler answers with an error, a 500.
    Error,
    /// The handler panics; the panic is caught and becomes a 500.
    Panic,
    /// The handler never answers: Lambda ends it at the function's timeout.
    Timeout,
    /// The process aborts (SIGABRT).
    Abort,
    /// Memory is taken until Lambda's limit kills the process.
    Oom,
    /// The process exits with status 1.
    Exit,
}

/// How much memory is taken at a time: small beside the least memory of a function (128 MB), so that the limit is met and not leapt.
const CHUNK_BYTES: usize = 4 << 20;

impl Fault {
    /// The fault that `kind` names.
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

    /// Strikes. Only [`Fault::Error`] returns, with its error.
    ///
    /// # Errors
    /// Always, when it returns at all.
    ///
    /// # Panics
    /// For [`Fault::Panic`], on purpose.
    #[tracing::instrument(name = "fault", skip_all, fields(fault.kind = ?self))]
    pub async fn strike(self) -> Result<()> {
        match self {
            Self::Error => Err(ApiError::internal(Purpose)),
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
struct Purpose;

/// Takes and touches memory for good. Touched, because memory that was never written does not count towards the limit.
fn exhaust_memory() -> ! {
    let mut hoard = Vec::new();
    loop {
        hoard.push(vec![1_u8; CHUNK_BYTES]);
        std::hint::black_box(&hoard);
    }
}
