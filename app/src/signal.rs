//! Ctrl-C and SIGTERM as values, so that what follows is decided in one place.

use std::io;
use std::sync::Arc;

use tokio::sync::Mutex;

/// The signals that ask the process to stop, one after the other. Clones share them.
#[derive(Debug, Clone)]
pub(crate) struct Signals(Arc<Mutex<Source>>);

impl Signals {
    /// Takes the signals over: from now on they no longer end the process by themselves.
    ///
    /// # Errors
    ///
    /// When the system refuses that.
    pub(crate) fn listen() -> io::Result<Self> {
        Ok(Self(Arc::new(Mutex::new(Source::listen()?))))
    }

    /// The next signal.
    ///
    /// # Cancel safety
    ///
    /// No signal is lost when it is dropped.
    pub(crate) async fn next(&self) {
        self.0.lock().await.next().await;
    }
}

/// Ctrl-C, and SIGTERM as init systems and containers send it.
#[cfg(unix)]
#[derive(Debug)]
struct Source {
    interrupt: tokio::signal::unix::Signal,
    terminate: tokio::signal::unix::Signal,
}

#[cfg(unix)]
impl Source {
    fn listen() -> io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
        })
    }

    async fn next(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}

/// Ctrl-C.
#[cfg(windows)]
#[derive(Debug)]
struct Source(tokio::signal::windows::CtrlC);

#[cfg(windows)]
impl Source {
    fn listen() -> io::Result<Self> {
        tokio::signal::windows::ctrl_c().map(Self)
    }

    async fn next(&mut self) {
        self.0.recv().await;
    }
}
