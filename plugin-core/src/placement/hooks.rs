//! The hooks of an instance in a process of its own: each makes a call to the process.

use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;

use super::frame::PROTOCOL;
use super::logged;
use super::remote::{Remote, done, unexpected};
use super::served::ServedServices;
use super::spec::InstanceSpec;
use super::upstream::Upstream;
use super::wire::{WireAnswer, WireCall};
use crate::boxed::{BoxFuture, PluginRef};
use crate::child_command::ChildCommand;
use crate::config::Resources;
use crate::descriptor::{Descriptor, Hooks};
use crate::error::{Error, Result};
use crate::event::port;
use crate::health::Health;
use crate::init::{InitContext, Need, make_data_dir};
use crate::permission::Permission;
use crate::tasks::Tasks;

/// The additional setup of an instance in a process of its own.
#[derive(Debug, Clone)]
pub(crate) struct ProcessSetup {
    pub(crate) command: ChildCommand,
    pub(crate) plugin: &'static Descriptor,
    /// What it may do; `None` means everything that its types ask for.
    pub(crate) permissions: Option<Vec<Permission>>,
    pub(crate) resources: Resources,
    /// How long its process may give no sign of life.
    pub(crate) watchdog: Duration,
    pub(crate) max_event_depth: u16,
}

/// A process that has to be started.
#[derive(Debug)]
pub(crate) struct ProcessStart {
    pub(crate) setup: Arc<ProcessSetup>,
    /// The port whose process has ended, if it gets another one.
    pub(crate) before: Option<PluginRef>,
}

/// The hooks of an instance in a process of its own: those that the plugin has.
pub(crate) fn hooks(plugin: &Descriptor) -> Hooks {
    let own = plugin.hooks;
    Hooks {
        init,
        start: Some(start),
        stop: Some(stop),
        reload: own.reload.map(|_| reload as _),
        health: Some(health),
        snapshot: own.snapshot.map(|_| snapshot as _),
    }
}

fn init(context: &mut InitContext<'_>) -> Result<BoxFuture<'static, Result<PluginRef>>> {
    let start = (context.process).and_then(|start| start.downcast_ref::<ProcessStart>());
    let start = start.ok_or_else(|| Error::bug("it is not set up for a process of its own"))?;
    let plugin = start.setup.plugin;
    let keeps = |need: &Need| matches!(need, Need::DataDir | Need::Files);
    if plugin.needs.iter().any(keeps) {
        make_data_dir(context)?;
    }
    let services = ServedServices::for_plugin(plugin, context);
    let spec = spec(context, &start.setup, &services);
    let before = start.before.as_ref().and_then(Remote::of);
    let remote = before.unwrap_or_else(|| Arc::new(Remote::new(context.timeout)));
    let owner = (context.identity, plugin);
    let upstream = Upstream::new(context.bus, owner, services, remote.failures());
    let command = start.setup.command.clone();
    Ok(Box::pin(async move {
        remote.begin(command, spec, upstream).await?;
        Ok(port::plugin(remote))
    }))
}

fn spec(
    context: &InitContext<'_>,
    setup: &ProcessSetup,
    services: &ServedServices,
) -> InstanceSpec {
    let plugin = setup.plugin;
    let label = |key: u64| context.bindings.label(key);
    let keys = plugin.needs.iter().filter_map(|need| match need {
        Need::Service { service, .. } => Some(service.key),
        Need::Request { request, .. } => Some(request.key),
        _ => None,
    });
    let is_answered = |request: &&crate::event::EventDescriptor| {
        context.system.answers(request, label(request.key))
    };
    InstanceSpec {
        protocol: PROTOCOL,
        version: plugin.version.to_string(),
        plugin: plugin.name.to_owned(),
        instance: context.identity.name().to_owned(),
        config: context.config.clone(),
        data_dir: context.data_dir.to_owned(),
        permissions: setup.permissions.clone(),
        resources: setup.resources.clone(),
        watchdog: setup.watchdog,
        timeout: context.timeout,
        max_event_depth: setup.max_event_depth,
        bindings: keys.map(|key| (key, label(key).to_owned())).collect(),
        services: (services.providers())
            .map(|(key, provider)| (key, provider.to_owned()))
            .collect(),
        answered: (plugin.requests().filter(is_answered))
            .map(|request| request.key)
            .collect(),
        snapshot: context.predecessor.snapshot.clone(),
        level: logged::taken(),
    }
}

/// The remote instance. These hooks are never called with another plugin.
fn remote(plugin: &PluginRef) -> Result<Arc<Remote>> {
    Remote::of(plugin).ok_or_else(|| Error::bug("it does not run in a process of its own"))
}

fn start(plugin: PluginRef, tasks: Tasks) -> BoxFuture<'static, Result<()>> {
    Box::pin(async move {
        let remote = remote(&plugin)?;
        remote.start().await?;
        tasks.spawn("process", async move { remote.failed().await })?;
        Ok(())
    })
}

fn stop(plugin: PluginRef) -> BoxFuture<'static, Result<()>> {
    Box::pin(async move { remote(&plugin)?.stop().await })
}

fn health(plugin: PluginRef) -> BoxFuture<'static, Health> {
    Box::pin(async move {
        let answer = match remote(&plugin) {
            Ok(remote) => remote.ask(WireCall::Health).await,
            Err(error) => Err(error),
        };
        match answer {
            Ok(WireAnswer::Health(health)) => health.into(),
            Ok(answer) => Health::Unavailable(unexpected(answer).to_string()),
            Err(error) => Health::Unavailable(error.to_string()),
        }
    })
}

#[expect(
    clippy::needless_pass_by_value,
    reason = "it is a hook, which is given the plugin"
)]
fn reload(
    plugin: PluginRef,
    context: &mut InitContext<'_>,
) -> Result<BoxFuture<'static, Result<()>>> {
    let (remote, config) = (remote(&plugin)?, context.config.clone());
    Ok(Box::pin(async move {
        let reloaded = remote.ask(WireCall::Reload(config)).await;
        reloaded.and_then(done)
    }))
}

fn snapshot(plugin: PluginRef) -> BoxFuture<'static, Result<Value>> {
    Box::pin(async move {
        match remote(&plugin)?.ask(WireCall::Snapshot).await? {
            WireAnswer::Value(value) => Ok(value),
            answer => Err(unexpected(answer)),
        }
    })
}
