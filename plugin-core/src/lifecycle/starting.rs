//! Starts one instance: `init`, then `start`, each with its time limit.

use std::sync::Arc;

use tokio::time::Instant;

use super::activation::{activate, scope};
use super::hook;
use super::instance::{Instance, Live, Setup};
use super::kernel::Kernel;
use super::providing::install;
use super::state::Step;
use super::stopping;
use super::system::System;
use crate::audit::Outcome;
use crate::boxed::{BoxFuture, PluginRef};
use crate::descriptor::StartHook;
use crate::error::{Error, Result};
use crate::event::kernel::{PluginInitialized, PluginStarted};
use crate::event::{Deliveries, Subscriber};
use crate::guard;
use crate::init::{Handover, InitContext, Predecessor};
use crate::tasks::Tasks;

/// Starts one instance from the beginning, as a restart does. Its services replace the old ones
/// only when it runs.
pub(super) async fn launch(
    kernel: &Arc<Kernel>,
    instance: &Arc<Instance>,
    predecessor: &Arc<Predecessor>,
) -> Result<()> {
    if instance.is_held() {
        if instance.has_its_setup() {
            return revive(kernel, instance).await;
        }
        // Its handlers are those of another config.
        stopping::tear_down(kernel, instance, None).await;
    }
    let launched = match initialize(kernel, instance, predecessor).await {
        Ok(()) => start(kernel, instance).await,
        Err(error) => Err(error),
    };
    launched.inspect(|()| {
        install(kernel, instance);
        let_go_of_before(instance);
    })
}

pub(super) async fn initialize(
    kernel: &Arc<Kernel>,
    instance: &Arc<Instance>,
    predecessor: &Arc<Predecessor>,
) -> Result<()> {
    let began = Instant::now();
    construct(kernel, instance, predecessor).await?;
    kernel.announcer.announce(PluginInitialized {
        plugin: instance.name().to_owned(),
        took_us: micros(began),
    });
    Ok(())
}

/// Calls `init` without announcing it.
pub(super) async fn construct(
    kernel: &Arc<Kernel>,
    instance: &Arc<Instance>,
    predecessor: &Arc<Predecessor>,
) -> Result<()> {
    instance.step(Step::Initialize)?;
    instance.begin_life();
    instance.setup().identity.unmute();
    instance.setup().identity.account().lift_throttle(false);
    instance.setup().timetable.begin();
    let mailbox = (kernel.bus).mailbox(instance.setup().identity.uid(), instance.setup().mailbox);
    let subscriber = Subscriber::new(
        kernel.bus.clone(),
        Arc::clone(&instance.setup().identity),
        Arc::clone(&mailbox),
        instance.setup().timeout,
    );
    let handover = Handover::after(predecessor.handover.clone());
    let setup = instance.setup();
    let lives = (predecessor, &handover);
    let plugin = match build(kernel, instance, &subscriber, lives, &setup).await {
        Ok(plugin) => plugin,
        Err(error) => {
            instance.fail(&error);
            Box::pin(instance.setup().timetable.end()).await;
            return Err(error);
        }
    };
    *instance.live() = Some(Live {
        plugin,
        setup,
        mailbox,
        subscriber,
        handover,
        has_started: false,
        tasks: None,
        worker: None,
        reception: None,
        deliveries: Deliveries::default(),
        breakers: Vec::new(),
        quotas: Vec::new(),
    });
    instance.step(Step::Initialized)?;
    Ok(())
}

fn build(
    kernel: &Arc<Kernel>,
    instance: &Arc<Instance>,
    subscriber: &Subscriber,
    (predecessor, handover): (&Arc<Predecessor>, &Handover),
    setup: &Arc<Setup>,
) -> BoxFuture<'static, Result<PluginRef>> {
    let (shared, subscriber) = (Arc::clone(kernel), subscriber.clone());
    let current = setup.identity.current();
    let (setup, before) = (Arc::clone(setup), instance.held());
    let limits = kernel.start_limits(instance);
    let (instance, predecessor) = (Arc::clone(instance), Arc::clone(predecessor));
    let handover = handover.clone();
    hook::run(current, "init", limits, move || {
        // What a failed `init` has recorded does not belong to this life.
        instance.figures.clear();
        let process = setup.place.start(before);
        let mut context = InitContext {
            identity: &setup.identity,
            config: &setup.config,
            data_dir: &shared.data_dir,
            home: &instance.home,
            figures: &instance.figures,
            bus: &shared.bus,
            services: &shared.switchboard,
            bindings: &setup.bindings,
            system: &System::new(&shared),
            subscriber: &subscriber,
            timetable: &setup.timetable,
            predecessor: &predecessor,
            handover: &handover,
            timeout: setup.timeout,
            process: process.as_deref(),
        };
        (setup.hooks.init)(&mut context)
    })
}

pub(super) async fn start(kernel: &Arc<Kernel>, instance: &Arc<Instance>) -> Result<()> {
    let began = Instant::now();
    prepare(kernel, instance).await?;
    instance.step(Step::Started)?;
    activate(kernel, instance);
    kernel.audit(instance, "start", Outcome::Done, None);
    kernel.announcer.announce(PluginStarted {
        plugin: instance.name().to_owned(),
        took_us: micros(began),
    });
    Ok(())
}

/// Calls `start` of an initialized instance. The instance works then, but nothing reaches it yet.
pub(super) async fn prepare(kernel: &Arc<Kernel>, instance: &Arc<Instance>) -> Result<()> {
    instance.step(Step::Start)?;
    let tasks = instance.may_spawn().then(|| scope(kernel, instance));
    let (plugin, hooks) = {
        let mut live = instance.live();
        let live = live
            .as_mut()
            .ok_or_else(|| Error::bug("`start` without `init`"))?;
        live.has_started = true;
        live.tasks.clone_from(&tasks);
        (Arc::clone(&live.plugin), live.setup.hooks)
    };
    if let Some((hook, tasks)) = hooks.start.zip(tasks)
        && let Err(error) = call_start(kernel, instance, (plugin, tasks), hook).await
    {
        instance.fail(&error);
        Box::pin(stopping::discard(kernel, instance)).await;
        return Err(error);
    }
    Ok(())
}

async fn call_start(
    kernel: &Arc<Kernel>,
    instance: &Arc<Instance>,
    (plugin, tasks): (PluginRef, Tasks),
    hook: StartHook,
) -> Result<()> {
    let (current, limits) = (
        instance.setup().identity.current(),
        kernel.start_limits(instance),
    );
    let started = hook::run(current, "start", limits, move || Ok(hook(plugin, tasks)));
    started.await
}

/// Gives an instance a new process in place of one that ended. Its handlers stay in the dispatch
/// table all the time, and their events wait.
async fn revive(kernel: &Arc<Kernel>, instance: &Arc<Instance>) -> Result<()> {
    let began = Instant::now();
    instance.step(Step::Initialize)?;
    if let Err(error) = begin_again(kernel, instance).await {
        instance.end_process();
        instance.fail(&error);
        return Err(error);
    }
    instance.step(Step::Started)?;
    kernel.audit(instance, "start", Outcome::Done, None);
    kernel.announcer.announce(PluginStarted {
        plugin: instance.name().to_owned(),
        took_us: micros(began),
    });
    Ok(())
}

async fn begin_again(kernel: &Arc<Kernel>, instance: &Arc<Instance>) -> Result<()> {
    let live = instance.live().as_ref().map(|live| {
        let tasks = live.tasks.clone();
        (live.subscriber.clone(), live.handover.clone(), tasks)
    });
    let gone = || Error::bug("it has no life to go on with");
    let (subscriber, handover, tasks) = live.ok_or_else(gone)?;
    let (setup, lives) = (instance.setup(), (&Arc::default(), &handover));
    let plugin = build(kernel, instance, &subscriber, lives, &setup).await?;
    instance.step(Step::Initialized)?;
    instance.step(Step::Start)?;
    let (hook, tasks) = setup.hooks.start.zip(tasks).ok_or_else(gone)?;
    call_start(kernel, instance, (plugin, tasks), hook).await
}

/// Drops what the previous life provided.
pub(super) fn let_go_of_before(instance: &Instance) {
    let handover = instance.live().as_ref().map(|live| live.handover.clone());
    if let Some(handover) = handover {
        let_go_of_offers(instance, Handover::close, &handover);
    }
}

/// Drops what was provided. These may be the last references to what a plugin made.
pub(super) fn let_go_of_offers(
    instance: &Instance,
    let_go: impl FnOnce(&Handover),
    handover: &Handover,
) {
    let let_go = guard::call(instance.setup().identity.current(), || {
        let_go(handover);
        Ok(())
    });
    if let Err(error) = let_go {
        tracing::error!(
            plugin = instance.name(),
            "the `Drop` of what it handed over {error}"
        );
    }
}

/// Lets a running instance apply another config.
pub(super) async fn reload(
    kernel: &Arc<Kernel>,
    instance: &Arc<Instance>,
    setup: &Setup,
) -> Result<()> {
    let live = instance.live().as_ref().and_then(|live| {
        let (plugin, hook) = (Arc::clone(&live.plugin), live.setup.hooks.reload?);
        Some((hook, plugin, live.subscriber.clone(), live.handover.clone()))
    });
    let Some((hook, plugin, subscriber, handover)) = live else {
        return Err(Error::bug("it has no `#[reload]`, or does not run"));
    };
    let (shared, instance, setup) = (Arc::clone(kernel), Arc::clone(instance), setup.clone());
    let (current, limits) = (
        instance.setup().identity.current(),
        kernel.start_limits(&instance),
    );
    hook::run(current, "reload", limits, move || {
        let before = instance.setup();
        let mut context = InitContext {
            identity: &before.identity,
            config: &setup.config,
            data_dir: &shared.data_dir,
            home: &instance.home,
            figures: &instance.figures,
            bus: &shared.bus,
            services: &shared.switchboard,
            bindings: &before.bindings,
            system: &System::new(&shared),
            subscriber: &subscriber,
            timetable: &before.timetable,
            predecessor: &Predecessor::default(),
            handover: &handover,
            timeout: before.timeout,
            process: None,
        };
        hook(plugin, &mut context)
    })
    .await
}

pub(super) fn micros(since: Instant) -> u64 {
    u64::try_from(since.elapsed().as_micros()).unwrap_or(u64::MAX)
}
