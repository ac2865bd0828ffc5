//! From a checked configuration to a kernel with its units, which do not run yet.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::announcer::Announcer;
use super::configured::Configured;
use super::kernel::{Kernel, Life, Report};
use super::operation::Request;
use super::replica;
use super::schedules;
use super::unit::{Unit, UnitSettings};
use super::wiring::wire;
use crate::audit::Audit;
use crate::config::PluginSettings;
use crate::context::Identity;
use crate::descriptor::Descriptor;
use crate::event::{Bus, Clerk, DeadLetters};
use crate::means::Before;
use crate::owned;
use crate::permission::Grants;
use crate::schedule::Timetable;
use crate::service::Switchboard;

impl Configured {
    /// What all parts of the system share, with its units; nothing runs yet but the kernel's own.
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
        let last = (self.enabled().map(|(_, settings)| settings.config.replicas)).sum();
        let host = Arc::new(Identity::new("host", last, Grants::all("host")));
        let speaker = Identity::new("manager", last, Grants::all("manager"));
        let speaker = Arc::new(speaker.of_manager());
        drop(crate::spawn::spawn(
            Clerk::new(errands).run(bus.downgrade(), Arc::clone(&speaker)),
        ));
        let (announcer, _) = Announcer::spawn(bus.clone(), speaker);
        let units = self.units(&audit, &announcer);
        declare_durables(&bus, &units)?;
        Ok(Arc::new(Kernel {
            units,
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
    fn units(&self, audit: &Audit, announcer: &Announcer) -> Vec<Unit> {
        let mut units = Vec::new();
        for (plugin, settings) in self.enabled() {
            let grants = self.grants_of(plugin, settings).with_audit(audit.clone());
            for name in replica::names(plugin.name, settings.config.replicas) {
                let grants = grants.clone().of_instance(name);
                let depth = self.settings.manager.max_event_depth;
                let identity = Identity::new(name, units.len(), grants)
                    .sharing_events(settings.config.replicas > 1)
                    .bounded(depth);
                units.push(self.unit(plugin, settings, Arc::new(identity), announcer));
            }
        }
        wire(&mut units, &self.composition.edges());
        units
    }

    fn unit(
        &self,
        plugin: &'static Descriptor,
        settings: &PluginSettings,
        identity: Arc<Identity>,
        announcer: &Announcer,
    ) -> Unit {
        let announcer = announcer.clone();
        let timetable = Timetable::new(
            Arc::clone(&identity),
            (settings.config.timeout.get(), self.clock.clone()),
            schedules::declared(plugin, settings),
            Box::new(move |plugin, ended| schedules::announce(&announcer, plugin, ended)),
        );
        let settings = unit_settings(plugin, settings);
        Unit::new(plugin, identity, settings, Arc::new(timetable))
    }
}

/// Gives durable subscriptions their place on the bus. The plan has proved that there is a store,
/// unless a descriptor made by hand does not ask for it.
fn declare_durables(bus: &Bus, units: &[Unit]) -> Result<(), crate::Error> {
    for unit in units {
        let durables = bus.durables();
        durables.declare(bus, &unit.identity, &unit.settings.subscriptions);
        if !durables.is_empty() && !units.iter().any(Unit::is_event_store) {
            return Err(crate::Error::config(format!(
                "`{}` has a durable subscription, and no plugin that runs provides `EventStore`",
                unit.name()
            )));
        }
    }
    Ok(())
}

fn unit_settings(plugin: &Descriptor, settings: &PluginSettings) -> UnitSettings {
    let config = &settings.config;
    let subscriptions = plugin.subscriptions.iter();
    UnitSettings {
        subscriptions: subscriptions.map(|one| config.subscription(one)).collect(),
        config: settings.values.clone(),
        timeout: config.timeout.get(),
        mailbox: config.mailbox,
        tasks: config.resources.tasks.unwrap_or(usize::MAX),
        start: config.start.clone(),
        restart: config.restart.clone(),
    }
}
