//! From a checked configuration to a kernel with its instances, which do not run yet.

use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex};

use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::announcer::Announcer;
use super::configured::Configured;
use super::instance::{Instance, InstanceSettings};
use super::instances::{InstanceId, Instances};
use super::kernel::{Kernel, Life, Report};
use super::operation::Request;
use super::replica;
use super::schedules;
use super::wiring::Wiring;
use crate::audit::Audit;
use crate::config::PluginSettings;
use crate::context::Identity;
use crate::descriptor::Descriptor;
use crate::event::{Bus, DeadLetterAnnouncer, DeadLetters};
use crate::means::Before;
use crate::owned;
use crate::permission::Grants;
use crate::schedule::Timetable;
use crate::service::Switchboard;

impl Configured {
    /// What all parts of the system share, with its instances; nothing runs yet but the kernel's own.
    pub(super) async fn kernel(
        &self,
        reports: mpsc::UnboundedSender<Report>,
        requests: mpsc::Sender<Request>,
    ) -> Result<Arc<Kernel>, crate::Error> {
        let manager = &self.settings.manager;
        let before = Before::of(&manager.data_dir);
        owned::create_dir_all(&manager.data_dir).map_err(|error| {
            let path = manager.data_dir.display();
            crate::Error::config(format!("`{path}` can't be the `data_dir`")).because(error)
        })?;
        let audit = Audit::open_within(&manager.data_dir, manager.audit)
            .map_err(|error| crate::Error::config("").because(error))?;
        before.keep_audit(&audit)?;
        let switchboard = Switchboard::default();
        let (letters, errands) = DeadLetters::new(manager.dead_letters.capacity, switchboard.all());
        let bus = Bus::linked(letters);
        let last = usize::MAX;
        let host = Arc::new(Identity::new("host", last, Grants::all("host")));
        let speaker = Identity::new("manager", last, Grants::all("manager"));
        let speaker = Arc::new(speaker.of_manager());
        drop(crate::spawn::spawn(
            DeadLetterAnnouncer::new(errands).run(bus.downgrade(), Arc::clone(&speaker)),
        ));
        let (announcer, _) = Announcer::spawn(bus.clone(), speaker);
        let instances = self.instances(&audit, &announcer);
        declare_durables(&bus, &instances)?;
        Ok(Arc::new(Kernel {
            instances: Mutex::new(Arc::new(instances)),
            wiring: Wiring::new(self.composition.plugins(), &self.composition.edges()),
            bus,
            switchboard,
            announcer,
            audit,
            host,
            data_dir: manager.data_dir.clone(),
            before,
            max_concurrency: manager.max_concurrency,
            drain_timeout: manager.drain_timeout.get(),
            health_interval: manager.health_interval.get(),
            insist: CancellationToken::new(),
            stopping: CancellationToken::new(),
            life: Life::begin(),
            has_drained: AtomicBool::new(false),
            reports,
            requests,
        }))
    }

    /// The instances that will run: those of a plugin side by side.
    fn instances(&self, audit: &Audit, announcer: &Announcer) -> Instances {
        let mut instances = Vec::new();
        for (place, plugin) in self.composition.plugins().enumerate() {
            let settings = &self.settings.plugins[plugin.name];
            if !settings.config.enabled {
                continue;
            }
            let grants = self.grants_of(plugin, settings).with_audit(audit.clone());
            let names = replica::names(plugin.name, settings.config.replicas);
            for (number, name) in names.enumerate() {
                let id = InstanceId {
                    plugin: place,
                    number,
                };
                let grants = grants.clone().of_instance(name);
                let depth = self.settings.manager.max_event_depth;
                let identity = Identity::new(name, id.order(), grants)
                    .sharing_events(settings.config.replicas > 1)
                    .bounded(depth);
                let instance = self.instance((id, plugin), settings, identity, announcer);
                instances.push(Arc::new(instance));
            }
        }
        Instances::new(instances)
    }

    fn instance(
        &self,
        (id, plugin): (InstanceId, &'static Descriptor),
        settings: &PluginSettings,
        identity: Identity,
        announcer: &Announcer,
    ) -> Instance {
        let identity = Arc::new(identity);
        let announcer = announcer.clone();
        let timetable = Timetable::new(
            Arc::clone(&identity),
            (settings.config.timeout.get(), self.clock.clone()),
            schedules::declared(plugin, settings),
            Box::new(move |plugin, ended| schedules::announce(&announcer, plugin, ended)),
        );
        let settings = instance_settings(plugin, settings);
        Instance::new(id, plugin, identity, settings, Arc::new(timetable))
    }
}

/// Gives durable subscriptions their place on the bus. The plan has proved that there is a store,
/// unless a descriptor made by hand does not ask for it.
fn declare_durables(bus: &Bus, instances: &Instances) -> Result<(), crate::Error> {
    for instance in instances {
        let durables = bus.durables();
        durables.declare(bus, &instance.identity, &instance.settings.subscriptions);
        if !durables.is_empty() && !instances.iter().any(|one| one.is_event_store()) {
            return Err(crate::Error::config(format!(
                "`{}` has a durable subscription, and no plugin that runs provides `EventStore`",
                instance.name()
            )));
        }
    }
    Ok(())
}

fn instance_settings(plugin: &Descriptor, settings: &PluginSettings) -> InstanceSettings {
    let config = &settings.config;
    let subscriptions = plugin.subscriptions.iter();
    InstanceSettings {
        subscriptions: subscriptions.map(|one| config.subscription(one)).collect(),
        config: settings.values.clone(),
        timeout: config.timeout.get(),
        mailbox: config.mailbox,
        tasks: config.resources.tasks.unwrap_or(usize::MAX),
        start: config.start.clone(),
        restart: config.restart.clone(),
    }
}
