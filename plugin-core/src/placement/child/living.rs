//! The instance of a child, and the parts of a kernel that it needs.

use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use serde_json::Value;
use tokio::sync::mpsc;
use tokio_util::task::TaskTracker;

use super::host_link;
use super::uplink::HostUplink;
use crate::accounting::Accounts;
use crate::boxed::{BoxFuture, PluginRef};
use crate::clock::Clock;
use crate::context::{Current, EventId, Identity, InstanceId, Lineage, Meta};
use crate::descriptor::Descriptor;
use crate::error::{Error, Result};
use crate::event::{
    Bus, DeadLetters, EventDescriptor, LetterTask, OutsideHandler, Payload, Subscriber, Uplink,
    bind_uplink, interned, read_event,
};
use crate::guard;
use crate::health::Health;
use crate::init::{Handover, InitContext, Predecessor, SystemView};
use crate::instance_name::{self, InstanceName};
use crate::meter::OwnFigures;
use crate::permission::Grants;
use crate::place::Place;
use crate::placement::connection::Connection;
use crate::placement::served::ServedServices;
use crate::placement::spec::InstanceSpec;
use crate::placement::wire::{
    WireAnswer, WireDelivery, WireEvent, WireNote, WireRun, WireServiceCall,
};
use crate::provider_bindings::ProviderBindings;
use crate::schedule::{ScheduledRun, Timetable};
use crate::service::Switchboard;
use crate::tasks::Tasks;
use crate::traceparent::TraceContext;

/// The instance of a child.
pub(super) struct Living {
    kernel: ChildKernel,
    plugin: PluginRef,
    handlers: Vec<OutsideHandler>,
    /// What it provides.
    services: ServedServices,
    /// The calls of what it provides that are under way.
    calls: TaskTracker,
    tasks: Mutex<Option<Tasks>>,
}

/// The parts of a kernel that one instance needs.
struct ChildKernel {
    descriptor: &'static Descriptor,
    identity: Arc<Identity>,
    bus: Bus,
    switchboard: Switchboard,
    subscriber: Subscriber,
    timetable: Arc<Timetable>,
    bindings: ProviderBindings,
    system: AnsweredRequests,
    handover: Handover,
    home: Mutex<Option<Place>>,
    figures: Arc<OwnFigures>,
    data_dir: PathBuf,
    timeout: Duration,
    most_tasks: usize,
    connection: Arc<Connection>,
    under_way: Arc<AtomicUsize>,
    /// No event becomes a dead letter here, but the channel for letters has to stay open.
    _letters: mpsc::Receiver<LetterTask>,
}

/// The keys of the requests that have a responder.
#[derive(Debug)]
struct AnsweredRequests(Vec<u64>);

impl SystemView for AnsweredRequests {
    fn answers(&self, request: &EventDescriptor, _label: &str) -> bool {
        self.0.contains(&request.key)
    }
}

/// Interval of the check whether all events have reached the host.
const LOOK: Duration = Duration::from_millis(1);

impl Living {
    pub(super) async fn build(
        descriptor: &'static Descriptor,
        spec: InstanceSpec,
        connection: &Arc<Connection>,
    ) -> Result<Self> {
        let predecessor = Predecessor {
            snapshot: spec.snapshot.clone(),
            handover: None,
        };
        let config = spec.config.clone();
        let kernel = ChildKernel::new(descriptor, spec, connection)?;
        let current = kernel.identity.current();
        let init = descriptor.hooks.init;
        let built = guard::call(current, || init(&mut kernel.context(&config, &predecessor)))?;
        let plugin = guard::unlimited(current, built).await?;
        let handlers = OutsideHandler::bind(
            &kernel.bus,
            &kernel.identity,
            kernel.subscriber.mailbox(),
            (&plugin, descriptor.subscriptions),
        );
        let services = ServedServices::of_plugin(descriptor, (&plugin, &kernel.identity));
        Ok(Self {
            kernel,
            plugin,
            handlers,
            services,
            calls: TaskTracker::new(),
            tasks: Mutex::default(),
        })
    }

    fn current(&self) -> Current {
        self.kernel.identity.current()
    }

    fn plugin(&self) -> PluginRef {
        Arc::clone(&self.plugin)
    }

    pub(super) async fn start(&self) -> Result<()> {
        let Some(hook) = self.kernel.descriptor.hooks.start else {
            return Ok(());
        };
        let connection = Arc::clone(&self.kernel.connection);
        let tasks = Tasks::new(
            self.current(),
            self.kernel.most_tasks,
            Box::new(move |task, error| {
                connection.tell(WireNote::TaskFailed {
                    task: task.to_owned(),
                    error,
                });
            }),
        );
        let kept = self.tasks.lock();
        *kept.unwrap_or_else(PoisonError::into_inner) = Some(tasks.clone());
        let plugin = self.plugin();
        let started = guard::call(self.current(), || Ok(hook(plugin, tasks)))?;
        guard::unlimited(self.current(), started).await
    }

    pub(super) async fn deliver(&self, delivery: WireDelivery) -> Result<()> {
        let name = (&*delivery.handler, &*delivery.topic);
        let mut handlers = self.handlers.iter();
        let handler = handlers.find(|one| (one.name.handler, &*one.name.topic) == name);
        let handler = handler.ok_or_else(|| {
            Error::bug(format!("its process has no handler `{}`", delivery.handler))
        })?;
        let events = delivery.events.iter();
        let events = events.map(|event| self.read(event));
        let call = handler.call(events.collect::<Result<_>>()?);
        call.await
    }

    fn read(&self, event: &WireEvent) -> Result<Arc<dyn Payload>> {
        let parent = event.parent.as_deref().map(TraceContext::from_stored);
        let meta = Meta {
            id: EventId::of_number(event.id),
            source: interned(&event.source),
            parent: parent.transpose()?,
            key: Some(event.key),
        };
        Ok(read_event(
            &self.kernel.bus,
            &event.topic,
            &event.data,
            meta,
        )?)
    }

    /// Calls what the instance provides.
    pub(super) fn serve(&self, call: WireServiceCall) -> BoxFuture<'static, WireAnswer> {
        let parent = call.parent.as_deref();
        let parent = parent.and_then(|text| TraceContext::from_stored(text).ok());
        let current = Current {
            lineage: parent.map_or(Lineage::None, Lineage::Span),
            ..self.current()
        };
        let served = self.services.serve(call, current);
        Box::pin(self.calls.track_future(served))
    }

    pub(super) async fn run(&self, run: WireRun) -> Result<()> {
        let mut schedules = self.kernel.descriptor.schedules.iter();
        let schedule = schedules.find(|schedule| schedule.name == run.schedule);
        let schedule = schedule
            .ok_or_else(|| Error::bug(format!("its process has no schedule `{}`", run.schedule)))?;
        let run = ScheduledRun::of(&run.schedule, run.number, (run.due, run.by_hand));
        let plugin = self.plugin();
        let running = guard::call(self.current(), || Ok((schedule.run)(plugin, run)))?;
        guard::unlimited(self.current(), running).await
    }

    pub(super) async fn health(&self) -> Health {
        let Some(hook) = self.kernel.descriptor.hooks.health else {
            return Health::Healthy;
        };
        let plugin = self.plugin();
        let asked = guard::call(self.current(), || {
            let health = hook(plugin);
            Ok(Box::pin(async move { Ok(health.await) }) as _)
        });
        let said = match asked {
            Ok(asked) => guard::unlimited(self.current(), asked).await,
            Err(error) => Err(error),
        };
        said.unwrap_or_else(|error| Health::Unhealthy(error.to_string()))
    }

    pub(super) async fn reload(&self, config: &Value) -> Result<()> {
        let hook = self.kernel.descriptor.hooks.reload;
        let hook = hook.ok_or_else(|| Error::bug("it has no `#[reload]`"))?;
        let (plugin, predecessor) = (self.plugin(), Predecessor::default());
        let reloading = guard::call(self.current(), || {
            hook(plugin, &mut self.kernel.context(config, &predecessor))
        })?;
        guard::unlimited(self.current(), reloading).await
    }

    pub(super) async fn snapshot(&self) -> Result<Value> {
        let hook = self.kernel.descriptor.hooks.snapshot;
        let hook = hook.ok_or_else(|| Error::bug("it has no `#[snapshot]`"))?;
        let plugin = self.plugin();
        let taken = guard::call(self.current(), || Ok(hook(plugin)))?;
        guard::unlimited(self.current(), taken).await
    }

    /// Stops the instance, and waits until everything that it published has reached the host.
    pub(super) async fn stop(&self) -> Result<()> {
        let stopped = match self.kernel.descriptor.hooks.stop {
            Some(hook) => {
                let plugin = self.plugin();
                match guard::call(self.current(), || Ok(hook(plugin))) {
                    Ok(stopping) => guard::unlimited(self.current(), stopping).await,
                    Err(error) => Err(error),
                }
            }
            None => Ok(()),
        };
        self.calls.close();
        self.calls.wait().await;
        let tasks = self.tasks.lock();
        let tasks = tasks.unwrap_or_else(PoisonError::into_inner).take();
        if let Some(tasks) = tasks {
            tasks.cancel();
            tasks.join().await;
        }
        self.kernel.bus.idle().await;
        while self.kernel.under_way.load(Relaxed) > 0 {
            tokio::time::sleep(LOOK).await;
        }
        stopped
    }
}

impl ChildKernel {
    fn new(
        descriptor: &'static Descriptor,
        spec: InstanceSpec,
        connection: &Arc<Connection>,
    ) -> Result<Self> {
        let name = instance_name::interned(&spec.instance);
        let grants = match &spec.permissions {
            None => Grants::all(name),
            Some(listed) => Grants::only(name, listed)
                .map_err(|_| Error::bug("the host sent permissions that can't be read"))?,
        };
        let account = Accounts::new().of(name);
        account.limit_cpu(spec.resources.cpu);
        let files = spec.resources.file_handles;
        account.limit_files(files.map(|files| usize::try_from(files).unwrap_or(usize::MAX)));
        let id = InstanceId {
            label: InstanceName::of(name).label.unwrap_or_default(),
            ..InstanceId::default()
        };
        let identity = Identity::new(name, id, grants)
            .bounded(spec.max_event_depth)
            .billed(account);
        let identity = Arc::new(identity);
        let switchboard = Switchboard::default();
        host_link::install(descriptor, &spec, connection, &switchboard);
        let (letters, tasks) = DeadLetters::new(1, switchboard.all());
        let bus = Bus::linked(letters);
        let mailbox = bus.mailbox(identity.uid(), 1);
        let under_way = Arc::default();
        let uplink: Arc<dyn Uplink> = Arc::new(HostUplink {
            connection: Arc::clone(connection),
            instance: name,
            under_way: Arc::clone(&under_way),
        });
        bind_uplink(&bus, &identity, &mailbox, &uplink);
        let subscriber = Subscriber::new(bus.clone(), Arc::clone(&identity), mailbox, spec.timeout);
        let timetable = Timetable::new(
            Arc::clone(&identity),
            (spec.timeout, Clock::system()),
            Vec::new(),
            Box::new(|_, _| {}),
        );
        let bindings = spec.bindings.iter();
        let bindings = bindings.map(|(key, label)| (*key, instance_name::interned(label)));
        Ok(Self {
            descriptor,
            identity,
            bus,
            switchboard,
            subscriber,
            timetable: Arc::new(timetable),
            bindings: bindings.collect(),
            system: AnsweredRequests(spec.answered),
            handover: Handover::after(None),
            home: Mutex::default(),
            figures: Arc::default(),
            data_dir: spec.data_dir,
            timeout: spec.timeout,
            most_tasks: spec.resources.tasks.unwrap_or(usize::MAX),
            connection: Arc::clone(connection),
            under_way,
            _letters: tasks,
        })
    }

    fn context<'a>(&'a self, config: &'a Value, predecessor: &'a Predecessor) -> InitContext<'a> {
        InitContext {
            identity: &self.identity,
            config,
            data_dir: &self.data_dir,
            home: &self.home,
            figures: &self.figures,
            bus: &self.bus,
            services: &self.switchboard,
            bindings: &self.bindings,
            system: &self.system,
            subscriber: &self.subscriber,
            timetable: &self.timetable,
            predecessor,
            handover: &self.handover,
            timeout: self.timeout,
            process: None,
        }
    }
}
