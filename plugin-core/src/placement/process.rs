//! The process of one instance: its start, its end, and the cause of its end.

use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::process::ExitStatusExt;
use std::process::{ExitStatus, Stdio};
use std::sync::{OnceLock, mpsc};
use std::time::Duration;

use tokio::net::UnixStream;
use tokio::process::{Child, Command};
use tokio::runtime::Handle;
use tokio::sync::oneshot;

use crate::child_command::ChildCommand;
use crate::error::{Error, Result};

/// The variables that a process inherits from its host.
const VARIABLES: [&str; 7] = [
    "HOME",
    "LANG",
    "LC_ALL",
    "PATH",
    "RUST_BACKTRACE",
    "TMPDIR",
    "TZ",
];

/// How long a process has to end after SIGTERM.
const TERM: Duration = Duration::from_millis(500);

/// The process of one instance. It is killed when this is dropped.
#[derive(Debug)]
pub(super) struct ChildProcess(Child);

impl ChildProcess {
    /// Starts a process that has the other end of the stream as its standard input.
    ///
    /// # Errors
    ///
    /// Returns an error if the system does not start it.
    pub(super) async fn start(
        command: &ChildCommand,
        instance: &str,
    ) -> Result<(Self, UnixStream)> {
        let started = Self::try_start(command, instance).await;
        started.map_err(|error| {
            let program = command.program.display();
            Error::retriable(format!("can't start a process of `{program}`")).because(error)
        })
    }

    async fn try_start(command: &ChildCommand, instance: &str) -> io::Result<(Self, UnixStream)> {
        let (own, other) = std::os::unix::net::UnixStream::pair()?;
        own.set_nonblocking(true)?;
        let stream = UnixStream::from_std(own)?;
        let mut process = Command::new(&command.program);
        process
            .args(&command.arguments)
            .arg(instance)
            .env_clear()
            .envs(
                VARIABLES
                    .iter()
                    .filter_map(|name| Some((name, std::env::var_os(name)?))),
            )
            .envs(command.variables.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::from(OwnedFd::from(other)))
            .stdout(Stdio::null())
            // Ctrl-C in a terminal goes to the host, which stops this process.
            .process_group(0)
            .kill_on_drop(true);
        let child = on_spawner(move || process.spawn()).await??;
        Ok((Self(child), stream))
    }

    /// The id of the process, while it runs.
    pub(super) fn id(&self) -> Option<u32> {
        self.0.id()
    }

    /// Waits for its end, and returns the cause.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: it can be dropped at any time.
    pub(super) async fn ended(&mut self) -> String {
        match self.0.wait().await {
            Ok(status) => cause(status),
            Err(error) => format!("its process can't be waited for: {error}"),
        }
    }

    /// Ends it: with SIGTERM, and with SIGKILL if it does not end in time.
    pub(super) async fn end(&mut self) {
        self.terminate();
        if tokio::time::timeout(TERM, self.0.wait()).await.is_err() {
            self.kill().await;
        }
    }

    /// Ends it at once.
    pub(super) async fn kill(&mut self) {
        // If it has ended already, no signal is needed.
        drop(self.0.kill().await);
    }

    #[cfg(target_os = "linux")]
    fn terminate(&self) {
        let pid = self.0.id().and_then(|id| i32::try_from(id).ok());
        // A child that is not waited for yet keeps its process id, so no other process has it.
        if let Some(pid) = pid.and_then(rustix::process::Pid::from_raw) {
            // If it has just ended, no signal is needed.
            let term = rustix::process::Signal::TERM;
            let _is_sent = rustix::process::kill_process(pid, term).is_ok();
        }
    }

    #[cfg(not(target_os = "linux"))]
    #[expect(clippy::unused_self, reason = "there is no call for it here")]
    fn terminate(&self) {}
}

/// The cause of a process's end.
fn cause(status: ExitStatus) -> String {
    match (status.signal(), status.code()) {
        (Some(signal), _) => format!("its process was ended by {}", signal_name(signal)),
        (None, Some(code)) => format!("its process ended with exit code {code}"),
        (None, None) => "its process ended".to_owned(),
    }
}

fn signal_name(signal: i32) -> String {
    let name = match signal {
        1 => "SIGHUP",
        2 => "SIGINT",
        3 => "SIGQUIT",
        4 => "SIGILL",
        6 => "SIGABRT",
        7 => "SIGBUS",
        8 => "SIGFPE",
        9 => "SIGKILL",
        11 => "SIGSEGV",
        13 => "SIGPIPE",
        15 => "SIGTERM",
        24 => "SIGXCPU",
        31 => "SIGSYS",
        _ => return format!("signal {signal}"),
    };
    format!("signal {signal} ({name})")
}

type SpawnJob = Box<dyn FnOnce() + Send>;

/// Runs a function on the thread that starts processes. This thread exists as long as the host,
/// because a process is notified of its parent's death when the *thread* that started it ends.
async fn on_spawner<T: Send + 'static>(
    function: impl FnOnce() -> T + Send + 'static,
) -> io::Result<T> {
    static SPAWNER: OnceLock<mpsc::Sender<SpawnJob>> = OnceLock::new();
    let spawner = match SPAWNER.get() {
        Some(spawner) => spawner,
        None => {
            let (jobs, queue) = mpsc::channel::<SpawnJob>();
            let thread = std::thread::Builder::new().name("spawner".to_owned());
            thread.spawn(move || queue.into_iter().for_each(|job| job()))?;
            // If two callers come first at the same time, one of the threads gets no jobs and ends.
            SPAWNER.get_or_init(|| jobs)
        }
    };
    let (answer, answered) = oneshot::channel();
    let runtime = Handle::current();
    let job = Box::new(move || {
        let _runtime = runtime.enter();
        // The waiting caller may have been dropped.
        drop(answer.send(function()));
    });
    let gone = || io::Error::other("the thread that starts processes is gone");
    spawner.send(job).map_err(|_| gone())?;
    answered.await.map_err(|_| gone())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sh(script: &str) -> ChildCommand {
        ChildCommand::new("/bin/sh", ["-c", script])
    }

    #[tokio::test]
    async fn an_end_has_a_cause() {
        for (script, told) in [
            ("exit 3", "its process ended with exit code 3"),
            ("kill -9 $$", "its process was ended by signal 9 (SIGKILL)"),
            (
                "kill -11 $$",
                "its process was ended by signal 11 (SIGSEGV)",
            ),
        ] {
            let (mut process, _stream) = ChildProcess::start(&sh(script), "x").await.unwrap();
            assert_eq!(process.ended().await, told);
        }
    }

    #[tokio::test]
    async fn one_that_does_not_listen_is_killed() {
        let deaf = sh("trap '' TERM; echo ready >&0; while :; do sleep 1; done");
        let (mut process, mut stream) = ChildProcess::start(&deaf, "x").await.unwrap();
        let mut ready = [0; 6];
        tokio::io::AsyncReadExt::read_exact(&mut stream, &mut ready)
            .await
            .unwrap();
        process.end().await;
        assert_eq!(
            process.ended().await,
            "its process was ended by signal 9 (SIGKILL)"
        );
    }

    #[tokio::test]
    async fn one_that_is_not_there_is_an_error_that_names_it() {
        let absent = ChildCommand::new("/no/such/program", ["x"]);
        let error = ChildProcess::start(&absent, "x").await.unwrap_err();
        assert!(error.to_string().contains("/no/such/program"), "{error}");
        assert!(error.kind().is_retriable());
    }
}
