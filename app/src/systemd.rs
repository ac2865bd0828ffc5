//! Tells systemd how the service does, when it asks: `sd_notify`, a datagram to the socket that its
//! environment names.
//!
//! | message | when |
//! | --- | --- |
//! | `READY=1` | every plugin runs; again at the end of a reload |
//! | `RELOADING=1`, with `MONOTONIC_USEC` | a reload begins, whoever asked for it |
//! | `STOPPING=1` | the stop begins, by a signal or by a failure |
//! | `WATCHDOG=1` | twice in each period that `WATCHDOG_USEC` asks for, as long as the manager works |
//! | `STATUS=…` | with each of the first three, for people |

use std::convert::Infallible;
use std::env;
use std::time::Duration;

use plugin_core::counted;
use plugin_core::lifecycle::{ManagerHandle, ReloadOutcome};
use tokio::time::{Instant, MissedTickBehavior, interval_at};

use self::socket::{Socket, monotonic_micros};
use crate::output::note;

/// How long systemd may leave the socket full.
const PATIENCE: Duration = Duration::from_secs(5);

/// The way to systemd, if the process was started by it.
#[derive(Debug)]
pub(crate) struct Systemd {
    socket: Option<Socket>,
    /// How often it wants to hear of the process.
    watchdog: Option<Duration>,
}

impl Systemd {
    /// As the environment has it. A socket that can't be used is told of, and no reason to stop.
    pub(crate) fn of_process() -> Self {
        let name = env::var_os("NOTIFY_SOCKET").filter(|name| !name.is_empty());
        let socket = name.and_then(|name| {
            let connected = Socket::connect(&name);
            if let Err(error) = &connected {
                let name = name.display();
                note(format_args!(
                    "warning: NOTIFY_SOCKET: can't reach `{name}`: {error}"
                ));
            }
            connected.ok()
        });
        let number = |name: &str| env::var(name).ok()?.parse::<u64>().ok();
        // Who is named is meant; a child that inherits the variables is not.
        let is_meant =
            number("WATCHDOG_PID").is_none_or(|pid| pid == u64::from(std::process::id()));
        let watchdog = number("WATCHDOG_USEC").filter(|micros| is_meant && *micros > 0);
        Self {
            watchdog: watchdog.map(Duration::from_micros),
            socket,
        }
    }

    /// Tells that every plugin runs.
    ///
    /// # Cancel safety
    ///
    /// When it is dropped, systemd may have been told, or not.
    pub(crate) async fn ready(&self, plugins: usize) {
        let status = counted(plugins, "plugin");
        self.tell(&format!("READY=1\nSTATUS={status} running"))
            .await;
    }

    /// Tells what happens from now on, for as long as it is polled.
    pub(crate) async fn attend(&self, manager: &ManagerHandle) -> Infallible {
        if self.socket.is_none() {
            return std::future::pending().await;
        }
        let stops = async {
            manager.stopping().await;
            self.tell("STOPPING=1\nSTATUS=stopping").await;
            std::future::pending().await
        };
        tokio::select! {
            never = stops => never,
            never = self.tell_reloads(manager) => never,
            never = self.keep_watchdog(manager) => never,
        }
    }

    async fn tell_reloads(&self, manager: &ManagerHandle) -> Infallible {
        let mut reloads = manager.reloads();
        let mut was_reloading = false;
        while reloads.changed().await.is_ok() {
            let now = *reloads.borrow_and_update();
            if now.is_reloading {
                let micros = monotonic_micros();
                let begun = format!("RELOADING=1\nMONOTONIC_USEC={micros}");
                self.tell(&format!("{begun}\nSTATUS=the config is read again"))
                    .await;
            } else {
                // A reload may be over before its beginning is seen; systemd wants to hear of both.
                if !was_reloading {
                    let micros = monotonic_micros();
                    self.tell(&format!("RELOADING=1\nMONOTONIC_USEC={micros}"))
                        .await;
                }
                let status = match now.last {
                    Some((ReloadOutcome::Applied, _)) | None => "running",
                    Some(_) => "running; the last reload was not taken over",
                };
                self.tell(&format!("READY=1\nSTATUS={status}")).await;
            }
            was_reloading = now.is_reloading;
        }
        std::future::pending().await
    }

    /// As long as the manager works: a process that only answers signals is no good.
    async fn keep_watchdog(&self, manager: &ManagerHandle) -> Infallible {
        let Some(period) = self.watchdog else {
            return std::future::pending().await;
        };
        let mut ticks = interval_at(Instant::now(), period / 2);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            if let Some(socket) = self.socket.as_ref().filter(|_| manager.is_alive()) {
                // Where there is no room, there are others that systemd has not read yet.
                socket.try_send("WATCHDOG=1");
            }
        }
    }

    /// Waits for room, but not for ever: a systemd that does not read holds nobody up.
    async fn tell(&self, message: &str) {
        if let Some(socket) = &self.socket {
            // What it does not hear of is its loss.
            drop(tokio::time::timeout(PATIENCE, socket.send(message)).await);
        }
    }
}

#[cfg(target_os = "linux")]
mod socket {
    use std::ffi::OsStr;
    use std::io;
    use std::os::linux::net::SocketAddrExt;
    use std::os::unix::ffi::OsStrExt;
    use std::os::unix::net::SocketAddr;

    use rustix::time::{ClockId, clock_gettime};
    use tokio::net::UnixDatagram;

    #[derive(Debug)]
    pub(super) struct Socket(UnixDatagram);

    impl Socket {
        /// A name that begins with `@` is no path, but one that the system keeps.
        pub(super) fn connect(name: &OsStr) -> io::Result<Self> {
            let socket = std::os::unix::net::UnixDatagram::unbound()?;
            socket.set_nonblocking(true)?;
            match name.as_bytes().strip_prefix(b"@") {
                Some(name) => socket.connect_addr(&SocketAddr::from_abstract_name(name)?)?,
                None => socket.connect(name)?,
            }
            Ok(Self(UnixDatagram::from_std(socket)?))
        }

        pub(super) async fn send(&self, message: &str) {
            drop(self.0.send(message.as_bytes()).await);
        }

        pub(super) fn try_send(&self, message: &str) {
            drop(self.0.try_send(message.as_bytes()));
        }
    }

    pub(super) fn monotonic_micros() -> u64 {
        let now = clock_gettime(ClockId::Monotonic);
        let micros = now.tv_sec * 1_000_000 + now.tv_nsec / 1_000;
        u64::try_from(micros).unwrap_or_default()
    }
}

/// There is no systemd.
#[cfg(not(target_os = "linux"))]
mod socket {
    use std::convert::Infallible;
    use std::ffi::OsStr;
    use std::io;

    #[derive(Debug)]
    pub(super) struct Socket(Infallible);

    impl Socket {
        pub(super) fn connect(_: &OsStr) -> io::Result<Self> {
            Err(io::ErrorKind::Unsupported.into())
        }

        pub(super) async fn send(&self, _: &str) {
            match self.0 {}
        }

        pub(super) fn try_send(&self, _: &str) {
            match self.0 {}
        }
    }

    pub(super) fn monotonic_micros() -> u64 {
        0
    }
}
