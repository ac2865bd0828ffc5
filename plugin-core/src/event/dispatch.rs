//! The walk over the inline handlers of an event.
//!
//! A processor predicts an indirect call by the place of its call site. A loop has one, with a new
//! target at each turn; sixteen in a straight line have one target each, and the function is one
//! of its own for each type of event.

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Instant;

use super::any::Carried;
use super::envelope::Envelope;
use super::epoch::{DEEPEST, Reading};
use super::handler::TIMED;
use super::inline::Inline;
use super::record::Record;
use super::route::Route;
use crate::context::{Who, within};
use crate::error::{Error, Result};

type Caught = std::thread::Result<Result<()>>;

impl<P: Carried> Route<P> {
    /// Calls the inline handlers in order: guarded, counted, timed now and then.
    #[inline(always)]
    pub(super) fn call_inline(
        &self,
        record: &Record,
        reading: &Reading<'_>,
        envelope: &Envelope<P>,
    ) {
        if self.entries.is_empty() {
            return;
        }
        let before = self.calls.count(record);
        if before < TIMED || before.is_multiple_of(TIMED) || reading.depth() >= DEEPEST {
            self.call_watched(reading, envelope, |_, _| ());
        } else {
            self.walk(envelope);
        }
    }

    /// As [`Route::call_inline`], and tells what each handler made of the event.
    pub(super) fn call_told(
        &self,
        record: &Record,
        reading: &Reading<'_>,
        envelope: &Envelope<P>,
        done: impl FnMut(&Inline<P>, Result<()>),
    ) {
        self.calls.count(record);
        self.call_watched(reading, envelope, done);
    }

    #[inline(never)]
    fn walk(&self, envelope: &Envelope<P>) {
        let who = self.who(envelope);
        let Who::Handlers { at, .. } = &who else {
            return;
        };
        within(&who, || {
            let mut first = 0;
            let mut rest = &*self.entries;
            while !rest.is_empty() {
                macro_rules! step {
                    ($($step:literal)*) => {$(
                        let Some(entry) = rest.get($step) else { return };
                        at.set(first + $step);
                        match catch_unwind(AssertUnwindSafe(|| entry.call(envelope))) {
                            Ok(Ok(())) => {}
                            failed => self.failed(first + $step, envelope, failed),
                        }
                    )*};
                }
                step!(0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15);
                first += 16;
                rest = &rest[16..];
            }
        });
    }

    #[cold]
    fn failed(&self, at: usize, envelope: &Envelope<P>, outcome: Caught) {
        if let Err(error) = flatten(outcome) {
            self.inline[at].site.failed(envelope.meta(), &error);
            self.inline[at].site.bury(envelope, &error);
        }
    }

    /// One call after the other, with the clock.
    #[cold]
    fn call_watched(
        &self,
        reading: &Reading<'_>,
        envelope: &Envelope<P>,
        mut done: impl FnMut(&Inline<P>, Result<()>),
    ) {
        let who = self.who(envelope);
        let Who::Handlers { at: place, .. } = &who else {
            return;
        };
        for (at, handler) in self.inline.iter().enumerate() {
            place.set(at);
            if !handler.admit(envelope) {
                continue;
            }
            let began = Instant::now();
            let result = if reading.depth() >= DEEPEST {
                Err(too_deep(envelope))
            } else {
                within(&who, || {
                    flatten(catch_unwind(AssertUnwindSafe(|| handler.call(envelope))))
                })
            };
            handler.site.took_inline(envelope.meta(), began.elapsed());
            if let Err(error) = &result {
                handler.site.failed(envelope.meta(), error);
                handler.site.bury(envelope, error);
            }
            done(handler, result);
        }
    }

    fn who(&self, envelope: &Envelope<P>) -> Who<'_> {
        Who::Handlers {
            event: envelope.id(),
            owners: &self.owners,
            at: Cell::new(0),
        }
    }
}

fn flatten(outcome: Caught) -> Result<()> {
    outcome.unwrap_or_else(|panic| Err(Error::panic(&*panic)))
}

/// Events may form a circle, a stack may not.
fn too_deep<P: Carried>(envelope: &Envelope<P>) -> Error {
    Error::bug(format!(
        "`{}` was published {DEEPEST} times within itself: make one handler of the circle an `async fn`",
        envelope.event().topic()
    ))
}
