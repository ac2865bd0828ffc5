//! The services that the instance of a child takes from its host.

use std::sync::Arc;
use std::time::Duration;

use crate::context::{Identity, InstanceId};
use crate::descriptor::Descriptor;
use crate::error::Error;
use crate::instance_name;
use crate::permission::Grants;
use crate::placement::connection::Connection;
use crate::placement::link::CallLane;
use crate::placement::route::served;
use crate::placement::served::needed;
use crate::placement::spec::InstanceSpec;
use crate::placement::wire::WireCall;
use crate::service::{Installer, ServedCall, ServiceCall, ServiceLink, Switchboard};

/// The way to the services of the host.
struct HostLink {
    connection: Arc<Connection>,
    lane: CallLane,
    limit: Duration,
}

impl ServiceLink for HostLink {
    fn call(self: Arc<Self>, call: ServiceCall) -> ServedCall {
        let connection = Arc::clone(&self.connection);
        self.lane.call(call, self.limit, |call| async move {
            match connection.call(WireCall::Serve(call)).await {
                Some(answer) => served(answer),
                None => Err(Error::retriable("the service has ended during the call")),
            }
        })
    }
}

/// Puts the services of the host behind the handles of the instance.
pub(super) fn install(
    plugin: &'static Descriptor,
    spec: &InstanceSpec,
    connection: &Arc<Connection>,
    switchboard: &Switchboard,
) {
    let link: Arc<dyn ServiceLink> = Arc::new(HostLink {
        connection: Arc::clone(connection),
        lane: CallLane::default(),
        limit: spec.timeout,
    });
    for service in needed(plugin) {
        let provider = spec.services.iter().find(|(key, _)| *key == service.key);
        let Some((remote, (_, provider))) = service.remote.zip(provider) else {
            continue;
        };
        let label = spec.bindings.iter().find(|(key, _)| *key == service.key);
        let name = instance_name::interned(provider);
        let id = InstanceId {
            label: label.map_or("", |(_, label)| instance_name::interned(label)),
            ..InstanceId::default()
        };
        let mut installer = Installer {
            switchboard,
            owner: &Arc::new(Identity::new(name, id, Grants::all(name))),
            priority: 0,
        };
        (remote.install)(Arc::clone(&link), &mut installer);
    }
}
