//! The start of one unit: `init`, then `start`, each with its deadline.

use std::sync::Arc;

use tokio::time::Instant;

use super::activation::{activate, scope};
use super::hook;
use super::kernel::Kernel;
use super::providing::install;
use super::state::Step;
use super::stopping;
use super::system::System;
use super::unit::Live;
use crate::audit::Outcome;
use crate::boxed::{BoxFuture, PluginRef};
use crate::error::{Error, Result};
use crate::event::kernel::{PluginInitialized, PluginStarted};
use crate::event::{Deliveries, Subscriber};
use crate::init::InitContext;

/// Starts one unit from the beginning: what a restart does. Its services change hands only when
/// it runs.
pub(super) async fn launch(kernel: &Arc<Kernel>, unit: usize) -> Result<()> {
    let launched = match initialize(kernel, unit).await {
        Ok(()) => start(kernel, unit).await,
        Err(error) => Err(error),
    };
    launched.inspect(|()| install(kernel, unit))
}

pub(super) async fn initialize(kernel: &Arc<Kernel>, unit: usize) -> Result<()> {
    let this = &kernel.units[unit];
    let began = Instant::now();
    this.step(Step::Initialize)?;
    this.begin_generation();
    this.identity.unmute();
    this.timetable.begin();
    let mailbox = (kernel.bus).mailbox(this.identity.uid(), this.settings.mailbox);
    let subscriber = Subscriber::new(
        kernel.bus.clone(),
        Arc::clone(&this.identity),
        Arc::clone(&mailbox),
        this.settings.timeout,
    );
    let plugin = match build(kernel, unit, &subscriber).await {
        Ok(plugin) => plugin,
        Err(error) => {
            this.fail(&error);
            Box::pin(this.timetable.end()).await;
            return Err(error);
        }
    };
    *this.live() = Some(Live {
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
    this.step(Step::Initialized)?;
    kernel.announcer.announce(PluginInitialized {
        plugin: this.name().to_owned(),
        took_us: micros(began),
    });
    Ok(())
}

fn build(
    kernel: &Arc<Kernel>,
    unit: usize,
    subscriber: &Subscriber,
) -> BoxFuture<'static, Result<PluginRef>> {
    let (shared, subscriber) = (Arc::clone(kernel), subscriber.clone());
    let current = kernel.units[unit].identity.current();
    hook::run(current, "init", kernel.start_limits(unit), move || {
        let this = &shared.units[unit];
        let mut context = InitContext {
            identity: &this.identity,
            config: &this.settings.config,
            data_dir: &shared.data_dir,
            home: &this.home,
            bus: &shared.bus,
            services: &shared.switchboard,
            system: &System::new(&shared),
            subscriber: &subscriber,
            timetable: &this.timetable,
            timeout: this.settings.timeout,
        };
        (this.descriptor.hooks.init)(&mut context)
    })
}

pub(super) async fn start(kernel: &Arc<Kernel>, unit: usize) -> Result<()> {
    let this = &kernel.units[unit];
    let began = Instant::now();
    this.step(Step::Start)?;
    let tasks = this.may_spawn().then(|| scope(kernel, unit));
    let plugin = {
        let mut live = this.live();
        let live = live
            .as_mut()
            .ok_or_else(|| Error::bug("`start` without `init`"))?;
        live.has_started = true;
        live.tasks.clone_from(&tasks);
        Arc::clone(&live.plugin)
    };
    if let Some((hook, tasks)) = this.descriptor.hooks.start.zip(tasks) {
        let (current, limits) = (this.identity.current(), kernel.start_limits(unit));
        let started = hook::run(current, "start", limits, move || Ok(hook(plugin, tasks)));
        if let Err(error) = started.await {
            this.fail(&error);
            Box::pin(stopping::discard(kernel, unit)).await;
            return Err(error);
        }
    }
    this.step(Step::Started)?;
    activate(kernel, unit);
    kernel.audit(unit, "start", Outcome::Done, None);
    kernel.announcer.announce(PluginStarted {
        plugin: this.name().to_owned(),
        took_us: micros(began),
    });
    Ok(())
}

fn micros(since: Instant) -> u64 {
    u64::try_from(since.elapsed().as_micros()).unwrap_or(u64::MAX)
}
