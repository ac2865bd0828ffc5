//! An event that is shown to interceptors, which may replace it.

use crate::error::Result;
use crate::event::payload::{AnyEvent, Carried, Envelope, Substitute};

/// An event before it is published, which interceptors may change.
pub(in crate::event) trait Changing {
    fn view(&self) -> AnyEvent<'_>;
    /// # Errors
    ///
    /// Returns an error if the result is not a valid event of the type.
    fn apply(&mut self, change: Substitute) -> Result<()>;
}

/// An event that is shown to interceptors.
pub(in crate::event) struct Asked<'a, P> {
    envelope: &'a mut Envelope<P>,
    /// The publisher's event, if an interceptor replaced it.
    original: Option<P>,
}

impl<'a, P: Carried> Asked<'a, P> {
    pub(in crate::event) fn new(envelope: &'a mut Envelope<P>) -> Self {
        Self {
            envelope,
            original: None,
        }
    }

    /// The publisher's event, if it was replaced.
    pub(in crate::event) fn original(self) -> Option<P> {
        self.original
    }

    /// Restores the publisher's event.
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
