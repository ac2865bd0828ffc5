//! The parameters of `init`. Each parameter is one need, which the kernel derives from its type.

mod handover;
mod need;
mod predecessor;

use std::any::Any;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use crate::audit::SecurityLog;
use crate::context::Identity;
use crate::data_dirs::{keep, make_home};
use crate::error::{Error, Result};
use crate::event::{
    Bus, Event, EventDescriptor, Observer, Publisher, Publishers, Request, Requester, Requesters,
    Subscriber,
};
use crate::files::Files;
use crate::meter::{Meter, OwnFigures};
use crate::permission::Grants;
use crate::place::Place;
use crate::provider_bindings::ProviderBindings;
use crate::schedule::{Scheduler, Timetable};
use crate::service::{Service, ServiceTrait, Services, Switchboard};

pub use crate::clock::Clock;
pub use handover::Handover;
pub use need::{Arity, ConfigNeed, Need};
pub(crate) use predecessor::Predecessor;
pub use predecessor::{Snapshot, SnapshotType};

/// A type that a parameter of `#[init]` can have.
///
/// `#[plugin]` collects `NEED` in the plugin's descriptor at compile time, so the declared needs
/// always agree with the parameters. A crate may implement this trait for its own type, with
/// [`Need::Other`].
#[diagnostic::on_unimplemented(
    message = "`{Self}` can't be a parameter of `#[init]`",
    label = "not something the kernel can hand to a plugin",
    note = "`#[init]` takes `Config<C>`, `Service<dyn T>`, `Option<Service<dyn T>>`, `Services<dyn T>`, `Publisher<E>`, `Publishers`, `Requester<Q>`, `Option<Requester<Q>>`, `Requesters`, `Subscriber`, `Option<Observer>`, `Files`, `DataDir`, `Clock`, `Scheduler`, `SecurityLog`, `Meter`, `System`, `Operator`, `Option<Operator>`, `Option<Snapshot<T>>` or `Handover`"
)]
pub trait InitParam: Sized {
    /// The need that the parameter declares.
    const NEED: Need;

    /// Creates the value from the context.
    ///
    /// # Errors
    ///
    /// When a permission is missing, or the need can't be met.
    fn extract(context: &mut InitContext<'_>) -> Result<Self>;
}

/// The source of the values for [`InitParam::extract`]: the instance that is being created.
#[derive(Debug)]
pub struct InitContext<'a> {
    pub(crate) identity: &'a Arc<Identity>,
    pub(crate) config: &'a serde_json::Value,
    pub(crate) data_dir: &'a Path,
    /// Records the directory in which the instance stores data.
    pub(crate) home: &'a Mutex<Option<Place>>,
    /// The metrics that the instance itself records.
    pub(crate) figures: &'a Arc<OwnFigures>,
    pub(crate) bus: &'a Bus,
    pub(crate) services: &'a Switchboard,
    /// The instances that provide services and answers to it.
    pub(crate) bindings: &'a ProviderBindings,
    pub(crate) system: &'a dyn SystemView,
    pub(crate) subscriber: &'a Subscriber,
    pub(crate) timetable: &'a Arc<Timetable>,
    /// What the previous life left.
    pub(crate) predecessor: &'a Predecessor,
    /// The connection to the lives before and after this one.
    pub(crate) handover: &'a Handover,
    /// The instance's time limit.
    pub(crate) timeout: Duration,
    /// How its process is started, if it runs in a process of its own.
    pub(crate) process: Option<&'a (dyn Any + Send + Sync)>,
}

/// What parameters of `init` need to know about the whole system.
pub(crate) trait SystemView: Any + fmt::Debug {
    /// Whether an enabled instance with this label answers a request.
    fn answers(&self, request: &EventDescriptor, label: &str) -> bool;
}

impl InitContext<'_> {
    /// The name of the instance that is being created.
    #[must_use]
    pub fn plugin(&self) -> &str {
        self.identity.name()
    }

    /// The rights of the instance.
    #[must_use]
    pub fn grants(&self) -> &Grants {
        self.identity.grants()
    }

    /// A handle of a service, provided by the instance that config chooses.
    fn provider<T: ServiceTrait + ?Sized>(&self) -> Option<Service<T>> {
        let label = self.bindings.label(T::DESCRIPTOR.key);
        self.services.one(label)
    }

    /// The instance's config, before it is converted into its type.
    #[must_use]
    pub fn raw_config(&self) -> &serde_json::Value {
        self.config
    }
}

/// The plugin's config, as a value of its config type. Destructure it in the parameter:
/// `Config(config): Config<C>`.
///
/// `C` derives `Deserialize` and `JsonSchema`. With the schema, the kernel reports all mistakes of a
/// file at once.
#[derive(Debug, Clone)]
pub struct Config<C>(pub C);

/// A config type: deserializable, with a schema.
#[diagnostic::on_unimplemented(
    message = "`{Self}` can't be a plugin's config",
    label = "needs `#[derive(Deserialize, JsonSchema)]`",
    note = "derive both on `{Self}`, and add `#[serde(deny_unknown_fields)]` so that unknown keys are errors"
)]
pub trait ConfigType:
    serde::de::DeserializeOwned + schemars::JsonSchema + Send + Sync + 'static
{
}

#[diagnostic::do_not_recommend]
impl<C: serde::de::DeserializeOwned + schemars::JsonSchema + Send + Sync + 'static> ConfigType
    for C
{
}

impl<C: ConfigType> InitParam for Config<C> {
    const NEED: Need = Need::Config(ConfigNeed::of::<C>());

    fn extract(context: &mut InitContext<'_>) -> Result<Self> {
        serde_path_to_error::deserialize(context.config)
            .map(Self)
            .map_err(|error| {
                Error::config(format!("config of `{}`", context.plugin())).because(error)
            })
    }
}

impl<T: ServiceTrait + ?Sized> InitParam for Service<T> {
    const NEED: Need = Need::Service {
        service: T::DESCRIPTOR,
        arity: Arity::One,
    };

    fn extract(context: &mut InitContext<'_>) -> Result<Self> {
        context.grants().use_service(T::DESCRIPTOR.name)?;
        context.provider().ok_or_else(|| {
            Error::bug(format!(
                "service `{}` has no provider yet",
                T::DESCRIPTOR.name
            ))
        })
    }
}

impl<T: ServiceTrait + ?Sized> InitParam for Option<Service<T>> {
    const NEED: Need = Need::Service {
        service: T::DESCRIPTOR,
        arity: Arity::Optional,
    };

    fn extract(context: &mut InitContext<'_>) -> Result<Self> {
        context.grants().use_service(T::DESCRIPTOR.name)?;
        Ok(context.provider())
    }
}

impl<T: ServiceTrait + ?Sized> InitParam for Services<T> {
    const NEED: Need = Need::Service {
        service: T::DESCRIPTOR,
        arity: Arity::Many,
    };

    fn extract(context: &mut InitContext<'_>) -> Result<Self> {
        context.grants().use_service(T::DESCRIPTOR.name)?;
        Ok(context.services.all())
    }
}

impl<E: Event> InitParam for Publisher<E> {
    const NEED: Need = Need::Publish(E::DESCRIPTOR);

    fn extract(context: &mut InitContext<'_>) -> Result<Self> {
        context.grants().publish(E::DESCRIPTOR.topic)?;
        Ok(Self::new(context.bus, context.identity))
    }
}

impl InitParam for Publishers {
    const NEED: Need = Need::PublishAny;

    fn extract(context: &mut InitContext<'_>) -> Result<Self> {
        context.grants().publish_any()?;
        Ok(Self::new(context.bus, context.identity))
    }
}

impl<Q: Request> InitParam for Requester<Q> {
    const NEED: Need = Need::Request {
        request: Q::DESCRIPTOR,
        arity: Arity::One,
    };

    fn extract(context: &mut InitContext<'_>) -> Result<Self> {
        context.grants().request(Q::DESCRIPTOR.topic)?;
        let label = context.bindings.label(Q::DESCRIPTOR.key);
        let to = (label, context.timeout);
        Ok(Self::new(context.bus, context.identity, to))
    }
}

impl<Q: Request> InitParam for Option<Requester<Q>> {
    const NEED: Need = Need::Request {
        request: Q::DESCRIPTOR,
        arity: Arity::Optional,
    };

    fn extract(context: &mut InitContext<'_>) -> Result<Self> {
        let requester = Requester::extract(context)?;
        let label = context.bindings.label(Q::DESCRIPTOR.key);
        let is_answered = context.system.answers(Q::DESCRIPTOR, label);
        Ok(is_answered.then_some(requester))
    }
}

impl InitParam for Requesters {
    const NEED: Need = Need::RequestAny;

    fn extract(context: &mut InitContext<'_>) -> Result<Self> {
        context.grants().request_any()?;
        let to = (context.bindings.clone(), context.timeout);
        Ok(Self::new(context.bus, context.identity, to))
    }
}

impl InitParam for Subscriber {
    const NEED: Need = Need::Subscribe;

    fn extract(context: &mut InitContext<'_>) -> Result<Self> {
        context.grants().subscribe_any()?;
        Ok(context.subscriber.hand_out())
    }
}

impl InitParam for Option<Observer> {
    const NEED: Need = Need::Observe;

    fn extract(context: &mut InitContext<'_>) -> Result<Self> {
        let may = context.grants().may_subscribe_any();
        Ok(may.then(|| Observer::new(context.subscriber)))
    }
}

impl InitParam for Files {
    const NEED: Need = Need::Files;

    fn extract(context: &mut InitContext<'_>) -> Result<Self> {
        let root = make_data_dir(context)?;
        Files::open(&root, context.identity)
    }
}

/// The plugin's own directory: the subdirectory of the manager's `data_dir` that has the plugin's
/// name. The kernel creates it before `init` runs.
#[derive(Debug, Clone)]
pub struct DataDir(PathBuf);

impl DataDir {
    /// The path of the directory.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// Records that the plugin keeps a file, which must exist already. The path is below the
    /// directory, or relative to it, or absolute. If the file is missing at a later start, the log
    /// says so, so that the loss of its data is noticed.
    ///
    /// # Errors
    ///
    /// When the record can't be written.
    pub fn keep(&self, file: impl AsRef<Path>) -> Result<()> {
        let noted = keep(&self.0, file.as_ref());
        noted.map_err(|error| Error::retriable("can't note what is kept").because(error))
    }
}

impl InitParam for DataDir {
    const NEED: Need = Need::DataDir;

    fn extract(context: &mut InitContext<'_>) -> Result<Self> {
        make_data_dir(context).map(Self)
    }
}

/// Creates the directory of the instance, and records it.
pub(crate) fn make_data_dir(context: &InitContext<'_>) -> Result<PathBuf> {
    let path = context.data_dir.join(context.plugin());
    make_home(context.data_dir, context.plugin()).map_err(|error| {
        Error::config(format!("can't make `{}`", path.display())).because(error)
    })?;
    let home = Place::of(&path).ok();
    *context.home.lock().unwrap_or_else(PoisonError::into_inner) = home;
    Ok(path)
}

impl InitParam for Clock {
    const NEED: Need = Need::Clock;

    fn extract(context: &mut InitContext<'_>) -> Result<Self> {
        Ok(context.timetable.clock().clone())
    }
}

impl InitParam for SecurityLog {
    const NEED: Need = Need::SecurityLog;

    fn extract(context: &mut InitContext<'_>) -> Result<Self> {
        let audit = context.grants().audit().clone();
        Ok(Self::new(audit, context.identity.name()))
    }
}

impl InitParam for Meter {
    const NEED: Need = Need::Meter;

    fn extract(context: &mut InitContext<'_>) -> Result<Self> {
        Ok(Self::new(context.figures))
    }
}

/// `None` when the right is not granted.
impl InitParam for Scheduler {
    const NEED: Need = Need::Schedule;

    fn extract(context: &mut InitContext<'_>) -> Result<Self> {
        context.grants().schedule()?;
        Ok(Self::new(context.timetable))
    }
}
