//! Where an instance runs: the place that config asks for, and the reasons that keep a plugin in
//! the manager's process.

use std::collections::BTreeMap;

use super::isolation::{Isolated, Isolation};
use super::issue::{Issue, IssueKind};
use super::manager::{self, ManagerConfig};
use super::report::Report;
use super::settings::{PluginSettings, Section, Settings};
use crate::child_command::ChildCommand;
use crate::descriptor::{Descriptor, Kind};
use crate::event::EventStore;
use crate::init::{Arity, Need};
#[cfg(feature = "placement")]
use crate::permission::Permission;
use crate::service::ServiceTrait;

/// The reasons that keep a plugin in the manager's process; none if it can run in a process of its
/// own.
#[must_use]
pub fn ties(plugin: &Descriptor) -> Vec<String> {
    let mut ties = Vec::new();
    if plugin.kind == Kind::System {
        ties.push("it is a system plugin, which serves the process itself".to_owned());
    }
    let provides = plugin.provides.iter();
    let tied = provides.filter(|provide| provide.service.remote.is_none());
    ties.extend(tied.map(|provide| {
        let service = provide.service.name;
        format!("it provides the service `{service}`, {NOT_REMOTE}")
    }));
    // The manager calls the plugin that stores the events of durable handlers.
    let is_durable = (plugin.subscriptions.iter()).any(|handler| handler.options.durable);
    let mut stores = usize::from(is_durable);
    let needs = plugin.needs.iter().filter(|need| {
        let is_store = is_event_store(need) && stores > 0;
        stores -= usize::from(is_store);
        !is_store
    });
    ties.extend(needs.filter_map(tie));
    ties.extend((plugin.responds.iter()).map(|respond| {
        let topic = respond.request.topic;
        format!("it answers the request `{topic}`, which is not done across processes yet")
    }));
    ties.extend((plugin.interceptors.iter()).map(|interceptor| {
        let name = interceptor.name;
        format!(
            "its `{name}` is called around the events of others, on the task of their publisher"
        )
    }));
    ties
}

/// What is said of a service that stays in the process.
const NOT_REMOTE: &str =
    "which can't be called from another process: its trait is not `#[service(remote)]`";

fn is_event_store(need: &Need) -> bool {
    let store = <dyn EventStore as ServiceTrait>::DESCRIPTOR.key;
    matches!(need, Need::Service { service, .. } if service.key == store)
}

/// The reason why a need can't be met in another process; `None` if it can.
fn tie(need: &Need) -> Option<String> {
    let what = match need {
        Need::Service { service, arity } => {
            let name = service.name;
            return match (arity, service.remote) {
                (Arity::Many, _) => Some(format!(
                    "its `init` takes all providers of `{name}`, which is not done across processes yet"
                )),
                (_, Some(_)) => None,
                (_, None) => Some(format!("it needs the service `{name}`, {NOT_REMOTE}")),
            };
        }
        Need::PublishAny => "`Publishers`",
        Need::RequestAny => "`Requesters`",
        Need::Subscribe => "`Subscriber`",
        Need::Observe => "`Observer`",
        Need::Schedule => "`Scheduler`",
        Need::Meter => "`Meter`",
        Need::System => "`System`",
        Need::Operate { .. } => "`Operator`",
        Need::SecurityLog => "`SecurityLog`",
        Need::Handover => "`Handover`",
        Need::Other(what) => what,
        Need::Config(_)
        | Need::Publish(_)
        | Need::Request { .. }
        | Need::Files
        | Need::DataDir
        | Need::Clock
        | Need::Snapshot => return None,
    };
    Some(format!(
        "its `init` takes {what}, which is not there in another process"
    ))
}

/// The part of a sandbox that is not in force.
const UNCONFINED: &str = "in force in part: business plugins run in processes of their own, which \
    may do all that the service may do: see docs/isolation.md";

/// The reason why this program can't start processes of instances; `None` if it can.
fn no_processes(command: Option<&ChildCommand>) -> Option<&'static str> {
    if !cfg!(feature = "placement") {
        return Some("this build can't: `plugin-core` was built without the feature `placement`");
    }
    let can_start = command.is_some();
    (!can_start).then_some("this program can't: it does not say how a process is started")
}

/// Sets for each section where its instances run, and adds issues for places that are not possible.
pub(super) fn settle(
    (manager, section): (&ManagerConfig, &Section),
    command: Option<&ChildCommand>,
    plugins: &mut BTreeMap<&'static str, PluginSettings>,
    report: &mut Report,
) {
    let (default, key) = match manager.isolation {
        Some(isolation) => (isolation, "isolation"),
        None if manager.enable_sandbox => (Isolation::Process, "enable_sandbox"),
        None => (Isolation::InProcess, ""),
    };
    let unable = no_processes(command);
    if default == Isolation::Process
        && let Some(unable) = unable
    {
        let node = section.node.get(key).unwrap_or(&section.node);
        let what = format!("not in force: {unable}");
        report.warn(node, format!("{}.{key}", manager::ROOT), what);
    }
    if manager.enable_sandbox && unable.is_none() {
        let node = section.node.get("enable_sandbox").unwrap_or(&section.node);
        let key = format!("{}.enable_sandbox", manager::ROOT);
        report.warn(node, key, UNCONFINED.to_owned());
    }
    for settings in plugins.values_mut() {
        let Some(plugin) = settings.section.plugin else {
            continue;
        };
        let own = settings.config.isolation;
        let ties = ties(plugin);
        let isolated = match own {
            Some(isolation) => {
                if isolation == Isolation::Process && settings.config.enabled {
                    refuse(settings, &ties, unable, report);
                }
                of_section(isolation, format!("`isolation` of `{}`", settings.name()))
            }
            None if key.is_empty() => of_section(default, "default".to_owned()),
            None => by_default(plugin, default, (key, &ties), unable),
        };
        let is_kept = own.is_none() && unable.is_none() && default != isolated.isolation;
        if is_kept && settings.config.enabled && plugin.kind == Kind::Business {
            let node = section.node.get(key).unwrap_or(&section.node);
            let what = format!(
                "`{}` stays in the process of the manager: {}",
                settings.name(),
                isolated.because
            );
            report.warn(node, format!("{}.{key}", manager::ROOT), what);
        }
        settings.config.isolation = Some(isolated.isolation);
        settings.isolated = isolated;
    }
}

fn of_section(isolation: Isolation, because: String) -> Isolated {
    Isolated { isolation, because }
}

/// The place that the manager's default gives to an instance.
fn by_default(
    plugin: &Descriptor,
    default: Isolation,
    (key, ties): (&str, &[String]),
    unable: Option<&str>,
) -> Isolated {
    let asked = format!("`{key}` of `{}`", manager::ROOT);
    if default == Isolation::InProcess {
        return of_section(default, asked);
    }
    if plugin.kind != Kind::Business {
        let because = format!(
            "it is a {} plugin, and {asked} is for business plugins",
            plugin.kind
        );
        return of_section(Isolation::InProcess, because);
    }
    match (unable, ties) {
        (None, []) => of_section(default, asked),
        (Some(unable), _) => of_section(Isolation::InProcess, unable.to_owned()),
        (None, ties) => of_section(Isolation::InProcess, ties.join("; ")),
    }
}

fn refuse(settings: &PluginSettings, ties: &[String], unable: Option<&str>, report: &mut Report) {
    let name = settings.name();
    let place = settings.origin("isolation");
    let reasons = unable
        .map(str::to_owned)
        .into_iter()
        .chain(ties.iter().cloned());
    for reason in reasons {
        let what = format!("`{name}` can't run in a process of its own: {reason}");
        let key = format!("{name}.isolation");
        report.issue(Issue::new(IssueKind::Build, &place, key, what));
    }
}

impl Settings {
    /// How the process of an instance is started, if the instance runs in a process of its own.
    #[cfg(feature = "placement")]
    pub(crate) fn process_of(&self, section: &PluginSettings) -> Option<&ChildCommand> {
        let is_process = section.isolated.isolation == Isolation::Process;
        self.processes.as_ref().filter(|_| is_process)
    }

    /// What a plugin may do by its `permissions` and `roles`; `None` if neither key is set.
    #[cfg(feature = "placement")]
    pub(crate) fn permissions_of(&self, section: &PluginSettings) -> Option<Vec<Permission>> {
        let config = &section.config;
        if config.permissions.is_none() && config.roles.is_empty() {
            return None;
        }
        let roles = config.roles.iter();
        let roles = roles.filter_map(|role| self.manager.roles.get(role));
        let listed = config.permissions.iter().flatten();
        let listed = listed.chain(roles.flat_map(|role| &role.permissions));
        Some(listed.cloned().collect())
    }
}
