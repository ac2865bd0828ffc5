//! Typed services: one plugin provides a trait, and others call it through a handle.

mod future;
mod handle;
pub(crate) mod linked;
mod provide;
mod remote;
mod switchboard;

pub use future::ServiceFuture;
#[doc(hidden)]
pub use future::{Outlives, call_async};
#[doc(hidden)]
pub use handle::call;
pub use handle::{Provider, Service, Services};
pub use provide::Provide;
pub(crate) use remote::BoundService;
#[doc(hidden)]
pub use remote::{
    RemoteArgument, RemoteOutcome, RemoteTrait, ServedCall, ServiceArguments, ServiceCall,
    ServiceLink, WrittenArgument,
};
pub use remote::{RemoteError, RemoteService, RemoteValue};
pub use switchboard::Installer;
pub(crate) use switchboard::Switchboard;

/// A trait object that is a service by `#[service]`, such as `dyn UserService`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a service",
    label = "no `#[service]` on this trait",
    note = "write `#[service]` above the trait, and name it as `dyn Trait`"
)]
pub trait ServiceTrait: Send + Sync + 'static {
    /// The description of the service.
    const DESCRIPTOR: &'static ServiceDescriptor;
}

/// The output of `#[service]`. It is a separate trait, so that a compile error about a type that is
/// not a service does not list the services.
#[doc(hidden)]
pub trait DeclaredService: Send + Sync + 'static {
    const DESCRIPTOR: &'static ServiceDescriptor;
}

#[diagnostic::do_not_recommend]
impl<T: DeclaredService + ?Sized> ServiceTrait for T {
    const DESCRIPTOR: &'static ServiceDescriptor = <T as DeclaredService>::DESCRIPTOR;
}

/// The description of a service at compile time.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct ServiceDescriptor {
    /// Name of the trait.
    pub name: &'static str,
    /// The module that declares it.
    pub module: &'static str,
    /// The key of the module and the name.
    pub key: u64,
    /// Whether several plugins of a build may provide it.
    pub many: bool,
    /// A description in one line, for operators.
    pub description: &'static str,
    /// Names of the methods.
    pub methods: &'static [&'static str],
    /// How it is called from another process, if it can be.
    pub remote: Option<&'static RemoteService>,
}

/// The key tells which service it is.
impl PartialEq for ServiceDescriptor {
    fn eq(&self, other: &Self) -> bool {
        self.key == other.key
    }
}

impl Eq for ServiceDescriptor {}

impl ServiceDescriptor {
    /// Describes a trait. `path` is `module::Name`, from which the key is made.
    #[must_use]
    pub const fn new(name: &'static str, module: &'static str, path: &'static str) -> Self {
        Self {
            name,
            module,
            key: crate::key::of(path),
            many: false,
            description: "",
            methods: &[],
            remote: None,
        }
    }

    /// Allows several providers.
    #[must_use]
    pub const fn many(mut self) -> Self {
        self.many = true;
        self
    }

    /// Sets the description for operators.
    #[must_use]
    pub const fn description(mut self, description: &'static str) -> Self {
        self.description = description;
        self
    }

    /// Sets the names of the methods.
    #[must_use]
    pub const fn methods(mut self, methods: &'static [&'static str]) -> Self {
        self.methods = methods;
        self
    }

    /// Lets it be called from another process.
    #[must_use]
    pub const fn remote(mut self, remote: &'static RemoteService) -> Self {
        self.remote = Some(remote);
        self
    }
}
