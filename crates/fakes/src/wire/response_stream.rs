//! A TCP stream that writes responses completely, or fails as a connection fault demands.

use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::Duration;
use std::{fmt, io};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::Sleep;

/// How the stream writes the next response.
#[derive(Debug, Default)]
pub(crate) enum WriteMode {
    /// Writes the whole response.
    #[default]
    Complete,
    /// Writes half of the first buffer and closes the connection.
    Truncated,
    /// Closes the connection without a byte.
    Closed,
    /// Resets the connection (RST instead of FIN) without a byte.
    Reset,
    /// Writes one byte after each interval.
    Slow(Duration),
}

/// Controls how the next response is written, and calls back when all of it is written.
#[derive(Clone, Default)]
pub(crate) struct ResponseControl(Arc<Mutex<ResponseState>>);

#[derive(Default)]
struct ResponseState {
    mode: WriteMode,
    pause: Option<Pin<Box<Sleep>>>,
    written: usize,
    on_written: Option<Box<dyn FnOnce() + Send>>,
}

impl fmt::Debug for ResponseControl {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_tuple("ResponseControl").field(&self.lock().mode).finish()
    }
}

impl ResponseControl {
    /// Sets the mode of the next response. The stream calls `on_written` once the operating system
    /// has all of it.
    pub(crate) fn prepare(&self, mode: WriteMode, on_written: impl FnOnce() + Send + 'static) {
        *self.lock() = ResponseState { mode, pause: None, written: 0, on_written: Some(Box::new(on_written)) };
    }

    fn lock(&self) -> MutexGuard<'_, ResponseState> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A TCP stream whose writes obey a [`ResponseControl`].
#[derive(Debug)]
pub(crate) struct ResponseStream {
    stream: TcpStream,
    control: ResponseControl,
}

impl ResponseStream {
    pub(crate) fn new(stream: TcpStream, control: ResponseControl) -> Self {
        Self { stream, control }
    }
}

fn injected_abort() -> io::Error {
    io::Error::new(io::ErrorKind::ConnectionAborted, "an injected fault cut the response")
}

impl ResponseState {
    /// Returns how many of the next `offered` bytes may be written now.
    fn allowance(&mut self, context: &mut Context<'_>, stream: &TcpStream, offered: usize) -> Poll<io::Result<usize>> {
        match self.mode {
            WriteMode::Complete => Poll::Ready(Ok(offered)),
            WriteMode::Truncated if self.written == 0 => Poll::Ready(Ok(offered.div_ceil(2))),
            WriteMode::Truncated | WriteMode::Closed => Poll::Ready(Err(injected_abort())),
            WriteMode::Reset => Poll::Ready(Err(stream.set_zero_linger().err().unwrap_or_else(injected_abort))),
            WriteMode::Slow(interval) => {
                let pause = self.pause.get_or_insert_with(|| Box::pin(tokio::time::sleep(interval)));
                ready!(pause.as_mut().poll(context));
                self.pause = None;
                Poll::Ready(Ok(1))
            }
        }
    }
}

impl AsyncWrite for ResponseStream {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let mut state = this.control.lock();
        let allowed = ready!(state.allowance(context, &this.stream, bytes.len()))?.min(bytes.len());
        let written = ready!(Pin::new(&mut this.stream).poll_write(context, &bytes[..allowed]))?;
        state.written += written;
        Poll::Ready(Ok(written))
    }

    /// Flushes the stream. The server flushes when its buffer holds nothing more of a response, so
    /// the response is written then.
    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        ready!(Pin::new(&mut this.stream).poll_flush(context))?;
        let mut state = this.control.lock();
        if state.written > 0
            && let Some(on_written) = state.on_written.take()
        {
            drop(state);
            on_written();
        }
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_shutdown(context)
    }
}

impl AsyncRead for ResponseStream {
    fn poll_read(self: Pin<&mut Self>, context: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_read(context, buffer)
    }
}
