//! The attributes on methods that `#[plugin]` reads.

use proc_macro2::TokenStream;
use syn::Attribute;

use crate::conditions::Behind;

/// The purpose of a method.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mark {
    Init,
    Start,
    Stop,
    Reload,
    Health,
    Snapshot,
    Subscribe,
    Respond,
    Schedule,
    Intercept,
}

/// The former name of [`Mark::Intercept`], which is accepted with a warning.
pub(super) const FORMER_INTERCEPT: &str = "middleware";

/// A mark above a method, with its condition.
pub(crate) struct Marked {
    pub(crate) mark: Mark,
    pub(crate) attribute: Attribute,
    /// The predicate of the surrounding `#[cfg_attr]`, and the same as a `#[cfg]`.
    pub(crate) behind: Option<(TokenStream, Attribute)>,
}

impl Marked {
    pub(crate) fn always(mark: Mark, attribute: Attribute) -> Self {
        Self {
            mark,
            attribute,
            behind: None,
        }
    }

    pub(crate) fn behind(mark: Mark, one: Behind) -> Self {
        Self {
            mark,
            behind: one
                .condition()
                .map(|condition| (one.predicate.clone(), condition)),
            attribute: one.attribute,
        }
    }
}

impl Mark {
    const ALL: [Self; 10] = [
        Self::Init,
        Self::Start,
        Self::Stop,
        Self::Reload,
        Self::Health,
        Self::Snapshot,
        Self::Subscribe,
        Self::Respond,
        Self::Schedule,
        Self::Intercept,
    ];

    pub(crate) fn of(attribute: &Attribute) -> Option<Self> {
        let ident = attribute.path().get_ident()?;
        if ident == FORMER_INTERCEPT {
            return Some(Self::Intercept);
        }
        Self::ALL.into_iter().find(|mark| ident == mark.name())
    }

    /// The attribute's name.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Init => "init",
            Self::Start => "start",
            Self::Stop => "stop",
            Self::Reload => "reload",
            Self::Health => "health",
            Self::Snapshot => "snapshot",
            Self::Subscribe => "subscribe",
            Self::Respond => "respond",
            Self::Schedule => "schedule",
            Self::Intercept => "intercept",
        }
    }

    pub(crate) fn takes_arguments(self) -> bool {
        matches!(
            self,
            Self::Subscribe | Self::Respond | Self::Schedule | Self::Intercept
        )
    }

    /// An example of a method with the attribute.
    pub(crate) fn example(self) -> &'static str {
        match self {
            Self::Init => "async fn init(…) -> Result<Self>",
            Self::Start => "async fn start(&self, tasks: Tasks) -> Result<()>",
            Self::Stop => "async fn stop(&self)",
            Self::Reload => "async fn reload(&self, Config(new): Config<C>) -> Result<()>",
            Self::Health => "async fn health(&self) -> Health",
            Self::Snapshot => "async fn snapshot(&self) -> Result<T>",
            Self::Subscribe => "async fn on_login(&self, event: &UserLogin) -> Result<()>",
            Self::Respond => "async fn lookup(&self, request: &UserLookup) -> Result<User>",
            Self::Schedule => "async fn sweep(&self) -> Result<()>",
            Self::Intercept => "fn check(&self, event: &AnyEvent<'_>) -> Result<()>",
        }
    }
}
