//! A TCP stream whose writing side has manners: honest, cut after half, reset, or one byte at a time.

use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::Duration;
use std::{fmt, io};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::Sleep;

/// How the next answer is written.
#[derive(Debug, Default)]
pub(crate) enum Manner {
    #[default]
    Honest,
    /// Half of the first write, then the end.
    Half,
    /// Not a byte.
    Cut,
    /// Not a byte, and RST in place of FIN.
    Reset,
    Drip(Duration),
}

/// The handle by which whoever makes an answer says how it is written and hears when it is out.
#[derive(Clone, Default)]
pub(crate) struct Wire(Arc<Mutex<Turn>>);

#[derive(Default)]
struct Turn {
    manner: Manner,
    pause: Option<Pin<Box<Sleep>>>,
    written: usize,
    sent: Option<Box<dyn FnOnce() + Send>>,
}

impl fmt::Debug for Wire {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_tuple("Wire").field(&self.lock().manner).finish()
    }
}

impl Wire {
    /// Sets the manner of the next answer; `sent` is called once all of it is with the operating system.
    pub(crate) fn prepare(&self, manner: Manner, sent: impl FnOnce() + Send + 'static) {
        *self.lock() = Turn { manner, pause: None, written: 0, sent: Some(Box::new(sent)) };
    }

    fn lock(&self) -> MutexGuard<'_, Turn> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The stream itself.
#[derive(Debug)]
pub(crate) struct WireStream {
    stream: TcpStream,
    wire: Wire,
}

impl WireStream {
    pub(crate) fn new(stream: TcpStream, wire: Wire) -> Self {
        Self { stream, wire }
    }
}

fn ended() -> io::Error {
    io::Error::new(io::ErrorKind::ConnectionAborted, "the fake was told to cut this answer")
}

impl Turn {
    /// How many of the next `offered` bytes may be written now.
    fn allowance(&mut self, context: &mut Context<'_>, stream: &TcpStream, offered: usize) -> Poll<io::Result<usize>> {
        match self.manner {
            Manner::Honest => Poll::Ready(Ok(offered)),
            Manner::Half if self.written == 0 => Poll::Ready(Ok(offered.div_ceil(2))),
            Manner::Half | Manner::Cut => Poll::Ready(Err(ended())),
            Manner::Reset => Poll::Ready(Err(stream.set_zero_linger().err().unwrap_or_else(ended))),
            Manner::Drip(every) => {
                let pause = self.pause.get_or_insert_with(|| Box::pin(tokio::time::sleep(every)));
                ready!(pause.as_mut().poll(context));
                self.pause = None;
                Poll::Ready(Ok(1))
            }
        }
    }
}

impl AsyncWrite for WireStream {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let mut turn = this.wire.lock();
        let allowed = ready!(turn.allowance(context, &this.stream, bytes.len()))?.min(bytes.len());
        let written = ready!(Pin::new(&mut this.stream).poll_write(context, &bytes[..allowed]))?;
        turn.written += written;
        Poll::Ready(Ok(written))
    }

    /// The server flushes when nothing of an answer is left in its buffer: then the answer is out.
    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        ready!(Pin::new(&mut this.stream).poll_flush(context))?;
        let mut turn = this.wire.lock();
        if turn.written > 0
            && let Some(sent) = turn.sent.take()
        {
            drop(turn);
            sent();
        }
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_shutdown(context)
    }
}

impl AsyncRead for WireStream {
    fn poll_read(self: Pin<&mut Self>, context: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_read(context, buffer)
    }
}
