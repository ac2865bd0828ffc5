//! The signals that ask for a stop or for a reload, as values, so that what follows is decided in one
//! place.

use std::io;
use std::sync::Arc;

use tokio::sync::{Mutex, Notify};

#[cfg(unix)]
use crate::output::note;

/// The signals that ask the process to stop, one after the other, and those that ask for a reload.
/// Clones share them.
#[derive(Debug, Clone)]
pub(crate) struct Signals {
    source: Arc<Mutex<Source>>,
    reload: Arc<Notify>,
}

impl Signals {
    /// Takes the signals over: from now on they no longer end the process by themselves.
    ///
    /// # Errors
    ///
    /// When the system refuses that.
    pub(crate) fn listen() -> io::Result<Self> {
        Ok(Self {
            source: Arc::new(Mutex::new(Source::listen()?)),
            reload: Arc::default(),
        })
    }

    /// The next signal that asks for a stop. Meanwhile those are noted that ask for a reload.
    ///
    /// # Cancel safety
    ///
    /// No signal is lost when it is dropped.
    pub(crate) async fn next(&self) {
        while self.source.lock().await.next().await == SignalRequest::Reload {
            self.reload.notify_one();
        }
    }

    /// Waits until a reload was asked for: several times before this is called are one.
    ///
    /// # Cancel safety
    ///
    /// No signal is lost when it is dropped.
    pub(crate) async fn reload(&self) {
        self.reload.notified().await;
    }
}

/// What a signal asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum SignalRequest {
    Stop,
    Reload,
}

/// SIGINT (Ctrl-C), SIGTERM (as init systems and containers send it), SIGQUIT (Ctrl-\\) and the
/// SIGHUP of a terminal that was closed ask for a stop. A SIGHUP that somebody sent asks for a
/// reload. SIGUSR1 (as log rotation sends it), SIGUSR2 and SIGALRM mean nothing here and are
/// ignored: without a handler, each of these signals would end the process without a stop.
#[cfg(unix)]
#[derive(Debug)]
struct Source {
    interrupt: tokio::signal::unix::Signal,
    terminate: tokio::signal::unix::Signal,
    quit: tokio::signal::unix::Signal,
    /// Nothing when whoever started the process wants it to survive its terminal, as `nohup` does.
    hangup: Option<tokio::signal::unix::Signal>,
    terminal: Terminal,
    meaningless: [tokio::signal::unix::Signal; 3],
    /// SIGXFSZ, of a file that may not grow further, which the write is told of as well; and SIGIO.
    _silent: [tokio::signal::unix::Signal; 2],
}

#[cfg(unix)]
impl Source {
    fn listen() -> io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        let hangup = (!ignored::hangup()).then(|| signal(SignalKind::hangup()));
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
            quit: signal(SignalKind::quit())?,
            hangup: hangup.transpose()?,
            terminal: Terminal::now(),
            meaningless: [
                signal(SignalKind::user_defined1())?,
                signal(SignalKind::user_defined2())?,
                signal(SignalKind::alarm())?,
            ],
            _silent: [
                signal(SignalKind::from_raw(rustix::process::Signal::XFSZ.as_raw()))?,
                signal(SignalKind::io())?,
            ],
        })
    }

    async fn next(&mut self) -> SignalRequest {
        let [user1, user2, alarm] = &mut self.meaningless;
        let ignored = async {
            loop {
                let name = tokio::select! {
                    _ = user1.recv() => "SIGUSR1",
                    _ = user2.recv() => "SIGUSR2",
                    _ = alarm.recv() => "SIGALRM",
                };
                note(format_args!("{name} means nothing here, and is ignored"));
            }
        };
        let hangup = async {
            match &mut self.hangup {
                Some(hangup) => hangup.recv().await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            _ = self.interrupt.recv() => SignalRequest::Stop,
            _ = self.terminate.recv() => SignalRequest::Stop,
            _ = self.quit.recv() => SignalRequest::Stop,
            _ = hangup => self.terminal.asks(),
            asked = ignored => asked,
        }
    }
}

/// The terminal that the process was started from, if any.
#[cfg(unix)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Terminal {
    Open,
    Absent,
}

#[cfg(unix)]
impl Terminal {
    fn now() -> Self {
        // Of a terminal that was closed, it can't be opened any more.
        match std::fs::File::open("/dev/tty") {
            Ok(_) => Self::Open,
            Err(_) => Self::Absent,
        }
    }

    /// What a SIGHUP asks for: it comes by itself when the terminal is closed.
    fn asks(self) -> SignalRequest {
        match (self, Self::now()) {
            (Self::Open, Self::Absent) => SignalRequest::Stop,
            _ => SignalRequest::Reload,
        }
    }
}

/// Signals that the process was started to ignore.
#[cfg(unix)]
mod ignored {
    /// Whether SIGHUP was ignored from the start. Only Linux tells; elsewhere it counts as not.
    pub(super) fn hangup() -> bool {
        std::fs::read_to_string("/proc/self/status").is_ok_and(|status| has_hangup(&status))
    }

    fn has_hangup(status: &str) -> bool {
        let mask = (status.lines()).find_map(|line| line.strip_prefix("SigIgn:"));
        let mask = mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
        // SIGHUP is signal 1, the lowest bit.
        mask.is_some_and(|mask| mask & 1 == 1)
    }

    #[cfg(test)]
    mod tests {
        #[test]
        fn the_mask_of_the_system_is_read() {
            let status = |mask| format!("Name:\tapp\nSigBlk:\t0000\nSigIgn:\t{mask}\n");
            assert!(super::has_hangup(&status("0000000000001001")));
            assert!(!super::has_hangup(&status("0000000000001000")));
            assert!(!super::has_hangup("Name:\tapp\n"));
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

    async fn next(&mut self) -> SignalRequest {
        self.0.recv().await;
        SignalRequest::Stop
    }
}
