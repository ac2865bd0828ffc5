//! An event that interceptors are asked about, and may replace.

use crate::error::Result;
use crate::event::payload::{AnyEvent, Carried, Envelope, Substitute};

/// An event on its way to be published, which interceptors may change.
pub(in crate::event) trait Changing {
    fn view(&self) -> AnyEvent<'_>;
    /// # Errors
    ///
    /// When what comes of it is no event of the type.
    fn apply(&mut self, change: Substitute) -> Result<()>;
}

/// An event that interceptors are asked about.
pub(in crate::event) struct Asked<'a, P> {
    envelope: &'a mut Envelope<P>,
    /// The publisher's own, if it was changed.
    original: Option<P>,
}

impl<'a, P: Carried> Asked<'a, P> {
    pub(in crate::event) fn new(envelope: &'a mut Envelope<P>) -> Self {
        Self {
            envelope,
            original: None,
        }
    }

    /// The publisher's own event, if another is in its place.
    pub(in crate::event) fn original(self) -> Option<P> {
        self.original
    }

    /// Puts the publisher's own event back.
    pub(in crate::event) fn restore(self) {
        if let Some(original) = self.original {
            self.envelope.put(original);
        }
    }
}

impl<P: Carried> Changing for Asked<'_, P> {
    fn view(&self) -> AnyEvent<'_> {
        AnyEvent::new(&*self.envelope)
    }

    fn apply(&mut self, change: Substitute) -> Result<()> {
        let changed = self.envelope.event().changed(change)?;
        let earlier = self.envelope.put(changed);
        self.original.get_or_insert(earlier);
        Ok(())
    }
}
