//! Builds a kernel with its instances, which do not run yet, from a checked configuration.

use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex};

use tokio::sync::{mpsc, watch};
use tokio_util::sync::CancellationToken;

use super::announcer::Announcer;
use super::checked::{Checked, Wanted};
use super::instance::{Instance, Setup};
use super::instances::Instances;
use super::isolation::InstancePlace;
use super::kernel::{InstanceReport, Kernel, Life, Pulse};
use super::metrics::Rates;
use super::operation::OperationRequest;
use super::reloads::ReloadLog;
use super::schedules;
use super::wiring::Wiring;
use crate::accounting::Accounts;
use crate::audit::Audit;
use crate::context::{Identity, InstanceId};
use crate::data_dirs::Before;
use crate::event::{Bus, DeadLetterAnnouncer, DeadLetters, Subscription};
use crate::options::Mode;
use crate::permission::Grants;
use crate::schedule::Timetable;
use crate::service::Switchboard;

/// Builds everything that the parts of the system share, and the instances. Only the kernel's own
/// tasks run so far.
pub(super) fn assemble(
    checked: Checked,
    reports: mpsc::UnboundedSender<InstanceReport>,
    requests: mpsc::Sender<OperationRequest>,
) -> Result<Arc<Kernel>, crate::Error> {
    let manager = &checked.settings.manager;
    let before = Before::of(&manager.data_dir);
    let audit = Audit::open_within(&manager.data_dir, manager.audit)
        .map_err(|error| crate::Error::config("").because(error))?;
    before.keep_audit(&audit)?;
    let switchboard = Switchboard::default();
    let (letters, tasks) = DeadLetters::new(manager.dead_letters.capacity, switchboard.all());
    let bus = Bus::linked(letters);
    let last = InstanceId::LAST;
    let host = Arc::new(Identity::new("host", last, Grants::all("host")));
    let speaker = Identity::new("manager", last, Grants::all("manager"));
    let speaker = Arc::new(speaker.of_manager());
    drop(crate::spawn::spawn(
        DeadLetterAnnouncer::new(tasks).run(bus.downgrade(), Arc::clone(&speaker)),
    ));
    let (announcer, _) = Announcer::spawn(bus.clone(), speaker);
    let accounts = Accounts::new();
    accounts.whole().limit_cpu(manager.max_cpu);
    let maker = Maker {
        audit: &audit,
        announcer: &announcer,
        accounts: &accounts,
    };
    let wanted = checked.wanted().into_iter();
    let instances = wanted.map(|wanted| Arc::new(maker.instance(&checked, wanted)));
    let instances = Instances::new(instances.collect());
    declare_durables(&bus, &instances)?;
    Ok(Arc::new(Kernel {
        instances: Mutex::new(Arc::new(instances)),
        wiring: Wiring::new(checked.composition.plugins(), &checked.composition.edges()),
        bus,
        switchboard,
        announcer,
        audit,
        accounts,
        host,
        data_dir: manager.data_dir.clone(),
        before,
        max_concurrency: manager.max_concurrency,
        insist: CancellationToken::new(),
        stopping: CancellationToken::new(),
        life: Life::begin(),
        pulse: Pulse::begin(),
        reloads: ReloadLog::new(),
        rates: Rates::begin(),
        has_drained: AtomicBool::new(false),
        reports,
        requests,
        configured: watch::Sender::new(Arc::new(checked)),
    }))
}

/// Creates instances with everything that they share.
pub(super) struct Maker<'a> {
    pub(super) audit: &'a Audit,
    pub(super) announcer: &'a Announcer,
    pub(super) accounts: &'a Accounts,
}

impl<'a> Maker<'a> {
    pub(super) fn of(kernel: &'a Kernel) -> Self {
        Self {
            audit: &kernel.audit,
            announcer: &kernel.announcer,
            accounts: &kernel.accounts,
        }
    }

    pub(super) fn instance(&self, checked: &Checked, wanted: Wanted) -> Instance {
        Instance::new(wanted.id, wanted.plugin, self.setup(checked, wanted, None))
    }

    /// The setup that config gives to an instance. The identity stays the same, so that its
    /// counters continue, unless its rights differ.
    pub(super) fn setup(&self, checked: &Checked, wanted: Wanted, before: Option<&Setup>) -> Setup {
        let Wanted {
            id, plugin, name, ..
        } = wanted;
        let settings = &checked.settings.plugins[wanted.section];
        let grants = checked.grants_of(settings);
        let same = before.filter(|before| before.identity.grants().equal(&grants));
        let identity = match same {
            Some(before) => Arc::clone(&before.identity),
            None => {
                let grants = grants.with_audit(self.audit.clone()).of_instance(name);
                let identity = Identity::new(name, id, grants)
                    .sharing_events(settings.config.replicas > 1 || plugin.overlap)
                    .bounded(checked.settings.manager.max_event_depth)
                    .billed(self.accounts.of(name));
                Arc::new(identity)
            }
        };
        let announcer = self.announcer.clone();
        let timetable = Timetable::new(
            Arc::clone(&identity),
            (settings.config.timeout.get(), checked.clock.clone()),
            schedules::declared(plugin, settings),
            Box::new(move |plugin, ended| schedules::announce(&announcer, plugin, ended)),
        );
        let section = &settings.config;
        let subscriptions = plugin.subscriptions.iter();
        let place = InstancePlace::of(&checked.settings, plugin, settings);
        let is_here = place.is_here();
        // A method in another process always has a mailbox, so that no publisher waits for it.
        let subscription = |declared| {
            let own: Subscription = section.subscription(declared);
            let mode = if is_here { own.mode } else { Mode::Queued };
            Subscription { mode, ..own }
        };
        Setup {
            identity,
            timetable: Arc::new(timetable),
            subscriptions: subscriptions.map(subscription).collect(),
            isolated: settings.isolated.clone(),
            hooks: place.hooks(plugin),
            place,
            config: settings.values.clone(),
            bindings: Arc::new(checked.bindings(&wanted)),
            timeout: section.timeout.get(),
            mailbox: section.mailbox,
            resources: section.resources.clone(),
            start: section.start.clone(),
            restart: section.restart.clone(),
        }
    }
}

/// Adds durable subscriptions to the bus. The plan has proved that there is a store for them,
/// except for a hand-made descriptor that does not ask for one.
fn declare_durables(bus: &Bus, instances: &Instances) -> Result<(), crate::Error> {
    for instance in instances {
        let (durables, setup) = (bus.durables(), instance.setup());
        durables.declare(bus, &setup.identity, &setup.subscriptions);
        if !durables.is_empty() && !instances.iter().any(|one| one.is_event_store()) {
            return Err(crate::Error::config(format!(
                "`{}` has a durable subscription, and no plugin that runs provides `EventStore`",
                instance.name()
            )));
        }
    }
    Ok(())
}
