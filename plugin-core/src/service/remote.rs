//! Services that can be called from another process. The code that `#[service(remote)]` generates
//! uses this module; calls within one process don't.
//!
//! Arguments and results cross as JSON. If a call can't be made or answered, the method returns its
//! own error type, which is converted from an [`Error`].

use std::borrow::Borrow;
use std::fmt;
use std::future::Future;
use std::sync::Arc;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::value::{RawValue, to_raw_value};

use super::{Installer, Service, ServiceDescriptor, ServiceFuture, ServiceTrait, Switchboard};
use crate::boxed::BoxFuture;
use crate::error::{Error, Result};

/// How a service is called from another process, and how it is provided there.
#[derive(Clone, Copy)]
pub struct RemoteService {
    /// Installs a provider that calls another process.
    pub(crate) install: fn(Arc<dyn ServiceLink>, &mut Installer<'_>),
    /// The provider with a label, for calls from another process; `None` while there is none.
    pub(crate) bind: fn(&Switchboard, &'static str) -> Option<BoundService>,
}

impl RemoteService {
    /// Describes a service whose trait is `#[service(remote)]`.
    #[must_use]
    pub const fn of<T: RemoteTrait + ?Sized>() -> Self {
        Self {
            install: |link, installer| installer.install::<T>(T::client(link)),
            bind: |switchboard, label| {
                let service = switchboard.one::<T>(label)?;
                Some(BoundService {
                    provider: service.provider().plugin(),
                    serve: Box::new(move |call| T::serve(service.clone(), call)),
                })
            },
        }
    }
}

impl fmt::Debug for RemoteService {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RemoteService")
    }
}

/// A provider that is called from another process.
pub(crate) struct BoundService {
    /// Name of the instance that provides.
    pub(crate) provider: &'static str,
    serve: Box<dyn Fn(ServiceCall) -> ServedCall + Send + Sync>,
}

impl BoundService {
    pub(crate) fn serve(&self, call: ServiceCall) -> ServedCall {
        (self.serve)(call)
    }
}

impl fmt::Debug for BoundService {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "BoundService({})", self.provider)
    }
}

/// The two ends of a service's calls between processes; `#[service(remote)]` writes them.
#[doc(hidden)]
pub trait RemoteTrait: ServiceTrait {
    /// A provider whose methods are called in another process.
    fn client(link: Arc<dyn ServiceLink>) -> Arc<Self>;

    /// Calls a provider on behalf of another process.
    fn serve(provider: Service<Self>, call: ServiceCall) -> ServedCall;
}

/// The way to the provider of a service in another process.
#[doc(hidden)]
pub trait ServiceLink: Send + Sync {
    /// Calls the provider in the other process. Dropping the future cancels the call there.
    fn call(self: Arc<Self>, call: ServiceCall) -> ServedCall;
}

/// The outcome of a call between processes: the `Result` of the method as JSON, or the reason why
/// the method was not called or did not return.
#[doc(hidden)]
pub type ServedCall = BoxFuture<'static, Result<Box<RawValue>>>;

/// An argument as JSON.
#[doc(hidden)]
pub type WrittenArgument = serde_json::Result<Box<RawValue>>;

/// A call of a method of a service.
#[doc(hidden)]
#[derive(Debug, Serialize, Deserialize)]
pub struct ServiceCall {
    pub(crate) service: u64,
    method: String,
    arguments: Vec<Box<RawValue>>,
}

impl ServiceCall {
    /// Name of the method.
    #[must_use]
    pub fn method(&self) -> &str {
        &self.method
    }

    /// The outcome of a call of an unknown method.
    #[must_use]
    pub fn unknown(self) -> ServedCall {
        let text = format!("the other process has no method `{}`", self.method);
        Box::pin(std::future::ready(Err(Error::bug(text))))
    }
}

/// The arguments of a call, in order.
#[doc(hidden)]
#[derive(Debug)]
pub struct ServiceArguments(std::vec::IntoIter<Box<RawValue>>);

impl ServiceArguments {
    /// Reads the next argument.
    fn read<T: DeserializeOwned>(&mut self) -> Result<T> {
        let missing = || Error::bug("the other process sent fewer arguments");
        let argument = self.0.next().ok_or_else(missing)?;
        let unread =
            |error| Error::bug("an argument can't be read in the other process").because(error);
        serde_json::from_str(argument.get()).map_err(unread)
    }
}

/// An owned value that can cross to another process. It is implemented for all types that can.
#[diagnostic::on_unimplemented(
    message = "`{Self}` can't cross to another process",
    label = "needs `#[derive(Serialize, Deserialize)]`, owned fields, and no thread-bound ones",
    note = "derive `Serialize` and `Deserialize` on `{Self}`, or take `remote` from the `#[service]` of the trait"
)]
pub trait RemoteValue: Serialize + DeserializeOwned + Send + Sync + 'static {}

#[diagnostic::do_not_recommend]
impl<T: Serialize + DeserializeOwned + Send + Sync + 'static> RemoteValue for T {}

/// The type of an argument, of which the method takes a value or a reference: a [`RemoteValue`],
/// `str`, or a slice of values.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "`{Self}` can't cross to another process",
    label = "needs `#[derive(Serialize, Deserialize)]`, owned fields, and no thread-bound ones",
    note = "derive `Serialize` and `Deserialize` on `{Self}`, or take `remote` from the `#[service]` of the trait"
)]
pub trait RemoteArgument {
    /// The owned type that the other process reads.
    type Owned: Borrow<Self> + DeserializeOwned + Send + Sync + 'static;

    /// The argument as JSON.
    fn write(&self) -> WrittenArgument;

    /// The argument as JSON; `null` for `None`.
    fn write_option(argument: Option<&Self>) -> WrittenArgument {
        argument.map_or_else(|| to_raw_value(&()), Self::write)
    }

    /// Reads the next argument.
    ///
    /// # Errors
    ///
    /// Returns an error if the argument is missing or has another type.
    fn read(arguments: &mut ServiceArguments) -> Result<Self::Owned> {
        arguments.read()
    }

    /// Reads the next argument; `None` for `null`.
    ///
    /// # Errors
    ///
    /// Returns an error if the argument is missing or has another type.
    fn read_option(arguments: &mut ServiceArguments) -> Result<Option<Self::Owned>> {
        arguments.read()
    }
}

#[diagnostic::do_not_recommend]
impl<T: RemoteValue> RemoteArgument for T {
    type Owned = T;

    fn write(&self) -> WrittenArgument {
        to_raw_value(self)
    }
}

impl RemoteArgument for str {
    type Owned = String;

    fn write(&self) -> WrittenArgument {
        to_raw_value(self)
    }
}

#[diagnostic::do_not_recommend]
impl<T: RemoteValue> RemoteArgument for [T] {
    type Owned = Vec<T>;

    fn write(&self) -> WrittenArgument {
        to_raw_value(self)
    }
}

/// An error that a method of a remote service can return. It can cross to another process, and can be
/// converted from an [`Error`], which says why a call was not answered. [`Error`] itself is such a
/// type.
#[diagnostic::on_unimplemented(
    message = "a method of a remote service can't fail with `{Self}`",
    label = "needs `Serialize`, `Deserialize` and `From<plugin_core::Error>`",
    note = "return `Result<…>` of `plugin_core`, or derive `Serialize` and `Deserialize` on `{Self}` and write `impl From<plugin_core::Error>` for it"
)]
pub trait RemoteError: RemoteValue + From<Error> {}

#[diagnostic::do_not_recommend]
impl<E: RemoteValue + From<Error>> RemoteError for E {}

/// The return type of a method of a remote service: a `Result`.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "a method of a remote service can't return `{Self}`",
    label = "needs a `Result` whose value and error can cross to another process",
    note = "write `-> Result<T>`, where `T` has `Serialize` and `Deserialize`; an error type of your own has both, and `From<plugin_core::Error>`"
)]
pub trait RemoteOutcome: Send + Sized + 'static {
    /// The outcome of a call that was not answered.
    fn failed(error: Error) -> Self;

    /// Calls a method in another process.
    fn call<'call, const N: usize>(
        link: &Arc<dyn ServiceLink>,
        (service, method): (&'static ServiceDescriptor, &'static str),
        arguments: [WrittenArgument; N],
    ) -> ServiceFuture<'call, Self>
    where
        Self: 'call,
    {
        ServiceFuture::new(match written(service, method, arguments) {
            Err(error) => Box::pin(std::future::ready(Self::failed(error))),
            Ok(call) => {
                let called = Arc::clone(link).call(call);
                Box::pin(async move {
                    let outcome = called.await.and_then(|outcome| Self::read(&outcome));
                    outcome.unwrap_or_else(|error| {
                        let service = service.name;
                        Self::failed(error.context(format_args!("`{service}::{method}`")))
                    })
                })
            }
        })
    }

    /// Calls a method on behalf of another process.
    fn answer<F: Future<Output = Self> + Send + 'static>(
        call: ServiceCall,
        method: impl FnOnce(&mut ServiceArguments) -> Result<F>,
    ) -> ServedCall {
        match method(&mut ServiceArguments(call.arguments.into_iter())) {
            Ok(outcome) => Box::pin(async move { outcome.await.write() }),
            Err(error) => Box::pin(std::future::ready(Err(error))),
        }
    }

    /// The outcome as JSON.
    ///
    /// # Errors
    ///
    /// Returns an error if its `Serialize` fails.
    fn write(&self) -> Result<Box<RawValue>>;

    /// Reads the outcome.
    ///
    /// # Errors
    ///
    /// Returns an error if the JSON is not what the method returns.
    fn read(outcome: &RawValue) -> Result<Self>;
}

#[diagnostic::do_not_recommend]
impl<T: RemoteValue, E: RemoteError> RemoteOutcome for Result<T, E> {
    fn failed(error: Error) -> Self {
        Err(error.into())
    }

    fn write(&self) -> Result<Box<RawValue>> {
        let unwritten = |error| Error::bug("its result can't be written as JSON").because(error);
        to_raw_value(self).map_err(unwritten)
    }

    fn read(outcome: &RawValue) -> Result<Self> {
        let unread = |error| Error::bug("its result can't be read").because(error);
        serde_json::from_str(outcome.get()).map_err(unread)
    }
}

fn written<const N: usize>(
    service: &ServiceDescriptor,
    method: &str,
    arguments: [WrittenArgument; N],
) -> Result<ServiceCall> {
    let arguments: serde_json::Result<_> = arguments.into_iter().collect();
    Ok(ServiceCall {
        service: service.key,
        method: method.to_owned(),
        arguments: arguments.map_err(|error| {
            let what = format!("an argument of `{}::{method}`", service.name);
            Error::bug(format!("{what} can't be written as JSON")).because(error)
        })?,
    })
}
