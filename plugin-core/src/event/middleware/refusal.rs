//! A publishing that middleware is asked about, and may refuse.

use std::sync::Arc;

use super::chain::Chain;
use super::change::Asked;
use crate::error::Error;
use crate::event::any::Carried;
use crate::event::envelope::Envelope;
use crate::event::epoch::Reading;
use crate::event::outcome::{PublishError, TryPublishError};
use crate::event::route::Route;
use crate::instance::Identity;

/// Who refused an event, and why.
#[derive(Debug)]
pub(in crate::event) struct Refusal {
    pub(super) plugin: &'static str,
    pub(super) middleware: &'static str,
    pub(super) error: Error,
}

impl Refusal {
    /// The same, with the event that comes back.
    pub(in crate::event) fn of<E>(self, event: E) -> TryPublishError<E> {
        TryPublishError::Refused {
            event,
            plugin: self.plugin,
            middleware: self.middleware,
            error: self.error,
        }
    }
}

impl<P: Carried> Route<P> {
    /// Asks the middleware whether an event may be published; it may put another in its place, and
    /// then the publisher's own is returned. With an error, the envelope holds that one again.
    #[inline]
    pub(in crate::event) fn admit(
        &self,
        owner: &Identity,
        reading: &Reading<'_>,
        envelope: &mut Envelope<P>,
    ) -> Result<Option<P>, Refusal> {
        match &self.middleware {
            None => Ok(None),
            Some(chain) => ask(chain, owner, reading, envelope),
        }
    }

    /// As [`Route::admit`], of an event that is shared already, and that nobody else has.
    #[inline]
    pub(in crate::event) fn admit_shared(
        &self,
        owner: &Identity,
        reading: &Reading<'_>,
        envelope: &mut Arc<Envelope<P>>,
    ) -> Result<(), Refusal> {
        if self.middleware.is_none() {
            return Ok(());
        }
        let envelope = Arc::get_mut(envelope).expect("nobody has an event before it is admitted");
        self.admit(owner, reading, envelope).map(drop)
    }
}

#[inline(never)]
fn ask<P: Carried>(
    chain: &Chain,
    owner: &Identity,
    reading: &Reading<'_>,
    envelope: &mut Envelope<P>,
) -> Result<Option<P>, Refusal> {
    let mut asked = Asked::new(envelope);
    match chain.admit(owner, reading, &mut asked) {
        Ok(()) => Ok(asked.original()),
        Err(refusal) => {
            asked.restore();
            Err(refusal)
        }
    }
}

impl From<Refusal> for PublishError {
    fn from(refusal: Refusal) -> Self {
        Self::Refused {
            plugin: refusal.plugin,
            middleware: refusal.middleware,
            error: refusal.error,
        }
    }
}
