//! The process of one instance: it creates the instance, and carries out the calls of the host.

mod confined;
mod host_link;
mod living;
mod uplink;

use std::io;
use std::os::fd::AsFd;
use std::process::ExitCode;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use tokio::net::UnixStream;
use tokio::runtime::Builder;
use tokio_util::sync::CancellationToken;

use super::connection::{Connection, FrameService};
use super::logged;
use super::spec::InstanceSpec;
use super::upstream::BEATS;
use super::wire::{WireAnswer, WireCall, WireNote};
use crate::boxed::BoxFuture;
use crate::compose::Composition;
use crate::error::{Error, Result};
use living::Living;

/// Runs one instance of a composed set for the host that started this process. A program that
/// [`ChildCommand`](crate::ChildCommand) starts has to call this before anything else. It returns
/// when the instance has stopped or the host has ended.
#[must_use = "it is what `main` returns"]
pub fn serve(composition: &Composition) -> ExitCode {
    match run(composition) {
        Ok(()) => ExitCode::SUCCESS,
        // Standard error belongs to the host.
        Err(_) => ExitCode::FAILURE,
    }
}

fn run(composition: &Composition) -> io::Result<()> {
    die_with_parent();
    let socket = io::stdin().as_fd().try_clone_to_owned()?;
    let stream = std::os::unix::net::UnixStream::from(socket);
    stream.set_nonblocking(true)?;
    let runtime = Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let stream = UnixStream::from_std(stream)?;
        let child = Arc::new(ChildService {
            composition: composition.clone(),
            connection: OnceLock::new(),
            living: OnceLock::new(),
            leave: CancellationToken::new(),
        });
        // Nothing is read before this task awaits, so the connection is set before it is used.
        let connection = Connection::open(stream, Arc::clone(&child) as _);
        // It is set only once.
        let _first = child.connection.set(Arc::clone(&connection)).is_ok();
        tell_panics(&connection);
        tokio::select! {
            () = connection.ended() => {}
            () = child.leave.cancelled() => connection.close().await,
        }
        Ok(())
    })
}

/// Makes the system end this process when the host ends, even if its code is in an endless loop.
fn die_with_parent() {
    #[cfg(target_os = "linux")]
    {
        // On other systems, the end of the connection ends this process.
        let kill = Some(rustix::process::Signal::KILL);
        let _is_armed = rustix::process::set_parent_process_death_signal(kill).is_ok();
    }
}

/// Sends signs of life, as long as no code blocks the thread of this process.
async fn beat(connection: Arc<Connection>, within: Duration) {
    let mut beats = tokio::time::interval(within / BEATS);
    loop {
        beats.tick().await;
        connection.tell(WireNote::Beat);
    }
}

/// Reports the place of each panic to the host.
fn tell_panics(connection: &Arc<Connection>) {
    let connection = Arc::clone(connection);
    let before = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        let place = panic.location().map(ToString::to_string);
        let text = panic.payload_as_str().unwrap_or("no text");
        let place = place.unwrap_or_else(|| "an unknown place".to_owned());
        connection.tell(WireNote::Panicked(format!("a panic at {place}: {text}")));
        before(panic);
    }));
}

/// The calls that the host can make.
struct ChildService {
    composition: Composition,
    connection: OnceLock<Arc<Connection>>,
    living: OnceLock<Arc<Living>>,
    leave: CancellationToken,
}

impl ChildService {
    fn living(&self) -> Result<Arc<Living>> {
        let living = self.living.get().cloned();
        living.ok_or_else(|| Error::bug("the instance is not built"))
    }

    async fn init(&self, spec: InstanceSpec) -> Result<()> {
        let connection = self.connection.get();
        let connection = connection.ok_or_else(|| Error::bug("there is no connection"))?;
        let plugin = self.composition.find(&spec.plugin).ok_or_else(|| {
            let name = &spec.plugin;
            Error::config(format!("the binary of its process does not hold `{name}`"))
        })?;
        if let Some(misfit) = spec.misfit(&plugin.version.to_string()) {
            return Err(Error::config(misfit));
        }
        logged::forward(connection, spec.level());
        confined::confine(&spec.resources)?;
        drop(crate::spawn::spawn(beat(
            Arc::clone(connection),
            spec.watchdog,
        )));
        let living = Living::build(plugin, spec, connection).await?;
        let is_first = self.living.set(Arc::new(living)).is_ok();
        is_first
            .then_some(())
            .ok_or_else(|| Error::bug("a process runs one instance"))
    }
}

/// The answer to a call for which there may be no instance.
fn of_living(
    living: Result<Arc<Living>>,
    call: impl FnOnce(Arc<Living>) -> BoxFuture<'static, WireAnswer>,
) -> BoxFuture<'static, WireAnswer> {
    match living {
        Ok(living) => call(living),
        Err(error) => Box::pin(std::future::ready(WireAnswer::Failed(error))),
    }
}

impl FrameService for ChildService {
    fn call(self: Arc<Self>, call: WireCall) -> BoxFuture<'static, WireAnswer> {
        if let WireCall::Init(spec) = call {
            return Box::pin(async move { self.init(*spec).await.into() });
        }
        of_living(self.living(), |living| match call {
            WireCall::Start => Box::pin(async move { living.start().await.into() }),
            WireCall::Deliver(delivery) => {
                Box::pin(async move { living.deliver(delivery).await.into() })
            }
            WireCall::Run(run) => Box::pin(async move { living.run(run).await.into() }),
            WireCall::Health => {
                Box::pin(async move { WireAnswer::Health(living.health().await.into()) })
            }
            WireCall::Reload(config) => {
                Box::pin(async move { living.reload(&config).await.into() })
            }
            WireCall::Serve(call) => living.serve(call),
            WireCall::Snapshot => Box::pin(async move {
                match living.snapshot().await {
                    Ok(snapshot) => WireAnswer::Value(snapshot),
                    Err(error) => WireAnswer::Failed(error),
                }
            }),
            WireCall::Stop => Box::pin(async move { living.stop().await.into() }),
            _ => {
                let error = Error::bug("a child is not asked for that");
                Box::pin(std::future::ready(WireAnswer::Failed(error)))
            }
        })
    }

    fn hear(&self, note: WireNote) {
        if matches!(note, WireNote::Leave) {
            self.leave.cancel();
        }
    }
}
