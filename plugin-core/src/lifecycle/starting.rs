//! The start of one instance: `init`, then `start`, each with its deadline.

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
use crate::error::{Error, Result};
use crate::event::kernel::{PluginInitialized, PluginStarted};
use crate::event::{Deliveries, Subscriber};
use crate::init::InitContext;

/// Starts one instance from the beginning: what a restart does. Its services change hands only when
/// it runs.
pub(super) async fn launch(kernel: &Arc<Kernel>, instance: &Arc<Instance>) -> Result<()> {
    let launched = match initialize(kernel, instance).await {
        Ok(()) => start(kernel, instance).await,
        Err(error) => Err(error),
    };
    launched.inspect(|()| install(kernel, instance))
}

pub(super) async fn initialize(kernel: &Arc<Kernel>, instance: &Arc<Instance>) -> Result<()> {
    let began = Instant::now();
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
    let plugin = match build(kernel, instance, &subscriber).await {
        Ok(plugin) => plugin,
        Err(error) => {
            instance.fail(&error);
            Box::pin(instance.setup().timetable.end()).await;
            return Err(error);
        }
    };
    *instance.live() = Some(Live {
        plugin,
        mailbox,
        subscriber,
        has_started: false,
        tasks: None,
        worker: None,
        reception: None,
        deliveries: Deliveries::default(),
        breakers: Vec::new(),
        quotas: Vec::new(),
    });
    instance.step(Step::Initialized)?;
    kernel.announcer.announce(PluginInitialized {
        plugin: instance.name().to_owned(),
        took_us: micros(began),
    });
    Ok(())
}

fn build(
    kernel: &Arc<Kernel>,
    instance: &Arc<Instance>,
    subscriber: &Subscriber,
) -> BoxFuture<'static, Result<PluginRef>> {
    let (shared, subscriber) = (Arc::clone(kernel), subscriber.clone());
    let current = instance.setup().identity.current();
    let limits = kernel.start_limits(instance);
    let instance = Arc::clone(instance);
    hook::run(current, "init", limits, move || {
        // What an `init` that failed has made is not of this life.
        instance.figures.clear();
        let mut context = InitContext {
            identity: &instance.setup().identity,
            config: &instance.setup().config,
            data_dir: &shared.data_dir,
            home: &instance.home,
            figures: &instance.figures,
            bus: &shared.bus,
            services: &shared.switchboard,
            bindings: &instance.setup().bindings,
            system: &System::new(&shared),
            subscriber: &subscriber,
            timetable: &instance.setup().timetable,
            timeout: instance.setup().timeout,
        };
        (instance.descriptor.hooks.init)(&mut context)
    })
}

pub(super) async fn start(kernel: &Arc<Kernel>, instance: &Arc<Instance>) -> Result<()> {
    let began = Instant::now();
    instance.step(Step::Start)?;
    let tasks = instance.may_spawn().then(|| scope(kernel, instance));
    let plugin = {
        let mut live = instance.live();
        let live = live
            .as_mut()
            .ok_or_else(|| Error::bug("`start` without `init`"))?;
        live.has_started = true;
        live.tasks.clone_from(&tasks);
        Arc::clone(&live.plugin)
    };
    if let Some((hook, tasks)) = instance.descriptor.hooks.start.zip(tasks) {
        let (current, limits) = (
            instance.setup().identity.current(),
            kernel.start_limits(instance),
        );
        let started = hook::run(current, "start", limits, move || Ok(hook(plugin, tasks)));
        if let Err(error) = started.await {
            instance.fail(&error);
            Box::pin(stopping::discard(kernel, instance)).await;
            return Err(error);
        }
    }
    instance.step(Step::Started)?;
    activate(kernel, instance);
    kernel.audit(instance, "start", Outcome::Done, None);
    kernel.announcer.announce(PluginStarted {
        plugin: instance.name().to_owned(),
        took_us: micros(began),
    });
    Ok(())
}

/// Has a running instance take over another config in place.
pub(super) async fn reload(
    kernel: &Arc<Kernel>,
    instance: &Arc<Instance>,
    setup: &Setup,
) -> Result<()> {
    let live =
        (instance.live().as_ref()).map(|live| (Arc::clone(&live.plugin), live.subscriber.clone()));
    let (Some(hook), Some((plugin, subscriber))) = (instance.descriptor.hooks.reload, live) else {
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
            timeout: before.timeout,
        };
        hook(plugin, &mut context)
    })
    .await
}

fn micros(since: Instant) -> u64 {
    u64::try_from(since.elapsed().as_micros()).unwrap_or(u64::MAX)
}
