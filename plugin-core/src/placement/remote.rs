//! An instance in a process of its own, from the host's side: the port that represents the plugin,
//! with the hooks that call it.
//!
//! A port outlives its processes. While there is no process, calls of handlers wait for the next
//! one.

use std::any::Any;
use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::sync::{Arc, Weak};
use std::time::Duration;

use tokio::sync::{Mutex, mpsc, watch};

use super::spec::InstanceSpec;
use super::upstream::Upstream;
use super::watched::{ENDED, ProcessOrder, RemoteProcess};
use super::wire::{WireAnswer, WireCall, WireDelivery, WireEvent, WireNote, WireRun};
use crate::boxed::{BoxFuture, PluginRef};
use crate::child_command::ChildCommand;
use crate::error::{Error, Result};
use crate::event::Payload;
use crate::event::port::{self, HandlerName, Port, ScheduleRun};

/// The fraction of its time limit that a `stop` leaves for the signals that follow.
const RESERVE: u32 = 4;

/// Most processes in a row that one call of a handler may end.
const MOST_LOSSES: u32 = 2;

/// An instance in a process of its own.
pub(crate) struct Remote {
    life: watch::Sender<RemoteLife>,
    timeout: Duration,
    /// Whether its process has to end.
    is_stopping: AtomicBool,
    /// Receives the failures of the plugin's tasks.
    failures: Mutex<mpsc::UnboundedReceiver<Error>>,
    failed: mpsc::UnboundedSender<Error>,
}

/// The state of its process.
#[derive(Clone)]
enum RemoteLife {
    /// It has no process now; contains the cause of the last one's end.
    Down(Option<Arc<str>>),
    /// The instance is initialized there and gets no events yet.
    Built(Arc<RemoteProcess>),
    Up(Arc<RemoteProcess>),
    /// It is being stopped there: it gets no more calls of services.
    Leaving(Arc<RemoteProcess>),
    /// There will be no further process; contains the reason.
    Over(Arc<str>),
}

impl RemoteLife {
    fn process(&self) -> Option<&Arc<RemoteProcess>> {
        match self {
            Self::Built(process) | Self::Up(process) | Self::Leaving(process) => Some(process),
            Self::Down(_) | Self::Over(_) => None,
        }
    }
}

/// The lives of an instance, for calls of its services. It keeps neither the port nor a process.
#[derive(Clone)]
pub(super) struct RemoteLives(watch::Receiver<RemoteLife>);

impl RemoteLives {
    /// Waits for a process in which the instance is built, and is not being stopped; `None` if the
    /// port is gone, so that another one may follow.
    pub(super) async fn serving(&mut self) -> Option<Result<Arc<RemoteProcess>>> {
        let is_serving = |life: &RemoteLife| match life {
            RemoteLife::Built(process) | RemoteLife::Up(process) => Some(Arc::clone(process)),
            _ => None,
        };
        wait_for_process(&mut self.0, is_serving).await
    }
}

/// Waits for a process that is chosen, or until there is none any more; `None` if the port is gone.
async fn wait_for_process(
    life: &mut watch::Receiver<RemoteLife>,
    choose: impl Fn(&RemoteLife) -> Option<Arc<RemoteProcess>>,
) -> Option<Result<Arc<RemoteProcess>>> {
    let found = |life: &RemoteLife| match life {
        RemoteLife::Over(cause) => Some(Err(Error::external(cause.to_string()))),
        life => choose(life).map(Ok),
    };
    // The last life says why there is none any more, also when the port is gone.
    let _is_there = life.wait_for(|life| found(life).is_some()).await.is_ok();
    found(&life.borrow())
}

impl Remote {
    pub(super) fn new(timeout: Duration) -> Self {
        let (failed, failures) = mpsc::unbounded_channel();
        Self {
            life: watch::Sender::new(RemoteLife::Down(None)),
            timeout,
            is_stopping: AtomicBool::new(false),
            failures: Mutex::new(failures),
            failed,
        }
    }

    /// The instance behind an erased plugin; `None` if the plugin is in this process.
    pub(crate) fn of(plugin: &PluginRef) -> Option<Arc<Self>> {
        let port: Arc<dyn Any + Send + Sync> = port::of(plugin)?;
        port.downcast().ok()
    }

    /// Whether its process has ended and another one may follow.
    pub(crate) fn is_down(&self) -> bool {
        matches!(*self.life.borrow(), RemoteLife::Down(_))
    }

    /// The id of its process, while there is one.
    pub(crate) fn process_id(&self) -> Option<u32> {
        self.up().and_then(|process| process.id)
    }

    /// No further process follows. Everything that waits for one gets the reason.
    pub(crate) fn give_up(&self) {
        self.life.send_if_modified(|life| {
            let RemoteLife::Down(cause) = life else {
                return false;
            };
            let cause = cause.take().unwrap_or_else(|| ENDED.into());
            *life = RemoteLife::Over(cause);
            true
        });
    }

    fn lose(&self, lost: &Weak<RemoteProcess>, cause: Option<Arc<str>>) {
        self.life.send_if_modified(|life| {
            let is_lost = life
                .process()
                .is_some_and(|one| Arc::as_ptr(one) == lost.as_ptr());
            if is_lost {
                *life = RemoteLife::Down(cause);
            }
            is_lost
        });
    }

    /// Ends the process so that another one may follow.
    pub(crate) fn end_process(&self) {
        if let Some(process) = self.up() {
            self.life.send_replace(RemoteLife::Down(None));
            // A process that has ended accepts no orders.
            drop(process.orders.send(ProcessOrder::End));
        }
    }

    /// The sender for failures of the plugin's tasks.
    pub(super) fn failures(&self) -> mpsc::UnboundedSender<Error> {
        self.failed.clone()
    }

    /// How long a call of it may take.
    pub(super) fn timeout(&self) -> Duration {
        self.timeout
    }

    /// What calls of its services look at.
    pub(super) fn lives(&self) -> RemoteLives {
        RemoteLives(self.life.subscribe())
    }

    fn up(&self) -> Option<Arc<RemoteProcess>> {
        self.life.borrow().process().cloned()
    }

    /// Starts a process and initializes the instance in it.
    pub(super) async fn begin(
        self: &Arc<Self>,
        command: ChildCommand,
        spec: InstanceSpec,
        upstream: Upstream,
    ) -> Result<()> {
        let begun = Arc::new(RemoteProcess::start(&command, &spec, upstream).await?);
        match begun.ask(WireCall::Init(Box::new(spec))).await? {
            WireAnswer::Done => {}
            answer => return Err(unexpected(answer)),
        }
        self.life
            .send_replace(RemoteLife::Built(Arc::clone(&begun)));
        // The code that waits for the end must not keep the port or the process alive.
        let (remote, mut ended) = (Arc::downgrade(self), begun.cause.clone());
        let process = Arc::downgrade(&begun);
        drop(crate::spawn::spawn(async move {
            // An error means that the watcher ended without reporting a cause.
            drop(ended.wait_for(Option::is_some).await);
            if let Some(remote) = remote.upgrade() {
                remote.lose(&process, ended.borrow().clone());
            }
        }));
        Ok(())
    }

    /// Calls `start` in the process; after that it gets events.
    pub(super) async fn start(&self) -> Result<()> {
        self.ask(WireCall::Start).await.and_then(done)?;
        self.life.send_if_modified(|life| {
            let RemoteLife::Built(process) = life else {
                return false;
            };
            *life = RemoteLife::Up(Arc::clone(process));
            true
        });
        Ok(())
    }

    /// Waits until the process ends or a task in it fails, and returns why that is a failure of the
    /// plugin.
    pub(super) async fn failed(&self) -> Result<()> {
        let Some(process) = self.up() else {
            return Err(Error::retriable(ENDED));
        };
        let mut failures = self.failures.lock().await;
        let error = tokio::select! {
            cause = process.ended() => {
                // This happens before the failure is reported, so that its events wait for another
                // process.
                self.lose(&Arc::downgrade(&process), Some(Arc::clone(&cause)));
                Error::retriable(cause.to_string())
            }
            Some(error) = failures.recv() => error,
        };
        match self.is_stopping.load(SeqCst) {
            true => Ok(()),
            false => Err(error),
        }
    }

    /// Makes a call to the process that runs now.
    pub(super) async fn ask(&self, call: WireCall) -> Result<WireAnswer> {
        let process = self.up();
        let process = process.ok_or_else(|| Error::retriable(ENDED))?;
        process.ask(call).await
    }

    /// Waits for another process than the one that was lost, to call a handler in.
    async fn next(&self, lost: Option<&Arc<RemoteProcess>>) -> Result<Arc<RemoteProcess>> {
        let is_other = |process: &Arc<_>| !lost.is_some_and(|lost| Arc::ptr_eq(lost, process));
        let is_next = |life: &RemoteLife| match life {
            RemoteLife::Up(process) | RemoteLife::Leaving(process) if is_other(process) => {
                Some(Arc::clone(process))
            }
            _ => None,
        };
        let mut life = self.life.subscribe();
        let gone = || Error::external(ENDED);
        wait_for_process(&mut life, is_next)
            .await
            .ok_or_else(gone)?
    }

    async fn call_handler(
        &self,
        (handler, topic): (&'static str, String),
        events: Vec<Arc<dyn Payload>>,
    ) -> Result<()> {
        let (mut lost, mut losses) = (None, 0);
        loop {
            let process = self.next(lost.as_ref()).await?;
            let call = WireCall::Deliver(WireDelivery {
                handler: handler.to_owned(),
                topic: topic.clone(),
                events: events
                    .iter()
                    .map(|event| on_the_wire(&**event))
                    .collect::<Result<_>>()?,
            });
            if let Some(answer) = process.connection.call(call).await {
                return done(answer);
            }
            let cause = process.ended().await;
            losses += 1;
            if losses == MOST_LOSSES {
                let text = format!("{cause} while it handled the event, and so did the one before");
                return Err(Error::external(text));
            }
            lost = Some(process);
        }
    }

    pub(super) async fn stop(&self) -> Result<()> {
        self.is_stopping.store(true, SeqCst);
        let Some(process) = self.up() else {
            return Ok(());
        };
        self.life
            .send_replace(RemoteLife::Leaving(Arc::clone(&process)));
        let reserve = self.timeout / RESERVE;
        let asked = tokio::time::timeout(self.timeout - reserve, process.ask(WireCall::Stop));
        let stopped = match asked.await {
            Ok(answer) => answer.and_then(done),
            Err(_) => Err(Error::timeout(format!(
                "`stop` did not return within {:?}, and its process was ended",
                self.timeout - reserve
            ))),
        };
        process.connection.tell(WireNote::Leave);
        let order = if stopped.is_ok() {
            ProcessOrder::Leave
        } else {
            ProcessOrder::End
        };
        // A process that has ended accepts no orders.
        drop(process.orders.send(order));
        process.ended().await;
        stopped
    }
}

impl Port for Remote {
    fn deliver(
        self: Arc<Self>,
        handler: &HandlerName,
        events: Vec<Arc<dyn Payload>>,
    ) -> BoxFuture<'static, Result<()>> {
        let HandlerName { handler, topic } = handler.clone();
        Box::pin(async move { self.call_handler((handler, topic), events).await })
    }

    fn run(self: Arc<Self>, run: &ScheduleRun<'_>) -> BoxFuture<'static, Result<()>> {
        let run = WireRun {
            schedule: run.schedule.to_owned(),
            number: run.number,
            due: run.due,
            by_hand: run.by_hand,
        };
        Box::pin(async move { self.ask(WireCall::Run(run)).await.and_then(done) })
    }
}

fn on_the_wire(event: &dyn Payload) -> Result<WireEvent> {
    let meta = event.meta_ref();
    Ok(WireEvent {
        topic: event.topic().to_owned(),
        data: event.encode()?,
        id: meta.id.number(),
        source: meta.source.to_owned(),
        parent: Some(meta.origin().to_stored()),
        key: meta.delivery_key(),
    })
}

pub(super) fn done(answer: WireAnswer) -> Result<()> {
    match answer {
        WireAnswer::Done => Ok(()),
        answer => Err(unexpected(answer)),
    }
}

pub(super) fn unexpected(answer: WireAnswer) -> Error {
    match answer {
        WireAnswer::Failed(error) => error,
        _ => Error::bug("its process answers something else than it was asked"),
    }
}

impl Drop for Remote {
    /// Its process is not kept by those who look at its lives.
    fn drop(&mut self) {
        self.life.send_if_modified(|life| {
            let has_one = life.process().is_some();
            if has_one {
                *life = RemoteLife::Down(None);
            }
            has_one
        });
    }
}

impl fmt::Debug for RemoteLives {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RemoteLives")
    }
}

impl fmt::Debug for Remote {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Remote")
            .field("process", &self.process_id())
            .finish_non_exhaustive()
    }
}
