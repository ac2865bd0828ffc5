//! The loop over the inline handlers of an event.
//!
//! A processor predicts the target of an indirect call by the address of the call instruction. In a
//! loop there is one such instruction with a new target in each iteration. Here, sixteen calls in a
//! row have one target each, and each event type has its own copy of the function.

use std::panic::{AssertUnwindSafe, catch_unwind};

use super::InlineHandlers;
use super::entry::{Inline, InlineEntry};
use crate::context::{Frame, Handlers, Identity, within};
use crate::error::{Error, Result};
use crate::event::payload::{Carried, Envelope};
use crate::rcu::epoch::{DEEPEST, Reading};
use crate::rcu::record::ThreadRecord;

/// Number of calls in a row.
const UNROLLED: usize = 16;

pub(in crate::event) type CallResult = std::thread::Result<Result<()>>;

impl<P: Carried> InlineHandlers<P> {
    /// Calls the inline handlers in order: guarded, counted, and timed for a sample.
    #[inline(always)]
    pub(in crate::event) fn call(
        &self,
        record: &ThreadRecord,
        reading: &Reading<'_>,
        envelope: &Envelope<P>,
    ) {
        let before = record.count(self.slot);
        if self.sampling.is_timed(before) || reading.depth() >= DEEPEST {
            self.call_watched(reading, envelope);
        } else {
            self.call_all(envelope);
        }
    }

    /// Like [`InlineHandlers::call`], and returns the outcome of each handler.
    pub(in crate::event) fn call_told(
        &self,
        record: &ThreadRecord,
        reading: &Reading<'_>,
        envelope: &Envelope<P>,
        done: impl FnMut(&Inline<P>, Result<()>),
    ) {
        record.count(self.slot);
        self.call_each((reading, Some(1)), envelope, done);
    }

    #[inline(never)]
    fn call_all(&self, envelope: &Envelope<P>) {
        if self.entries.len() > UNROLLED {
            return self.call_many(envelope);
        }
        let frame = Frame::handlers(self, envelope.meta_ref());
        within(&frame, || {
            self.call_unrolled(&self.entries, &frame, envelope)
        });
    }

    /// Calls more handlers than fit in one row: one row after the other.
    #[inline(never)]
    fn call_many(&self, envelope: &Envelope<P>) {
        let frame = Frame::handlers(self, envelope.meta_ref());
        within(&frame, || {
            let (chunks, rest) = self.entries.as_chunks::<UNROLLED>();
            for (at, calls) in chunks.iter().enumerate() {
                frame.begin(at * UNROLLED);
                self.call_unrolled(calls, &frame, envelope);
            }
            frame.begin(chunks.len() * UNROLLED);
            self.call_unrolled(rest, &frame, envelope);
        });
    }

    /// At most `UNROLLED` calls in a row.
    #[inline(always)]
    fn call_unrolled(&self, calls: &[InlineEntry<P>], frame: &Frame<'_>, envelope: &Envelope<P>) {
        macro_rules! steps {
            ($($step:literal)*) => {$(
                let Some(entry) = calls.get($step) else { return };
                frame.step($step);
                match catch_unwind(AssertUnwindSafe(|| entry.call(envelope))) {
                    Ok(Ok(())) => {}
                    failed => self.failed(frame.place(), envelope, failed),
                }
            )*};
        }
        steps!(0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15);
    }

    #[cold]
    pub(in crate::event) fn failed(&self, at: usize, envelope: &Envelope<P>, outcome: CallResult) {
        if let Err(error) = flatten(outcome) {
            self.handlers[at].core.failed(envelope.meta(), &error);
            self.handlers[at].core.bury(envelope, &error);
        }
    }

    /// Handles an event that is timed, or that is published at too great a depth.
    #[cold]
    pub(in crate::event) fn call_watched(&self, reading: &Reading<'_>, envelope: &Envelope<P>) {
        let billed = self.sampling.begin();
        self.call_each((reading, billed), envelope, |_, _| ());
    }

    /// Makes one call after the other, with the clock. The bill may count each as several calls.
    fn call_each(
        &self,
        (reading, billed): (&Reading<'_>, Option<u64>),
        envelope: &Envelope<P>,
        mut done: impl FnMut(&Inline<P>, Result<()>),
    ) {
        let frame = Frame::handlers(self, envelope.meta_ref());
        for (at, handler) in self.handlers.iter().enumerate() {
            frame.begin(at);
            if !handler.admit(envelope) {
                continue;
            }
            let clock = handler.core.start_clock(billed);
            let result = if reading.depth() >= DEEPEST {
                Err(too_deep(envelope))
            } else {
                within(&frame, || {
                    flatten(catch_unwind(AssertUnwindSafe(|| {
                        self.call_one(at, envelope)
                    })))
                })
            };
            let took = handler.core.stop_clock(clock);
            handler.core.took_inline(envelope.meta(), took);
            if let Err(error) = &result {
                handler.core.failed(envelope.meta(), error);
                handler.core.bury(envelope, error);
            }
            done(handler, result);
        }
    }
}

impl<P: Carried> Handlers for InlineHandlers<P> {
    fn owner(&self, at: usize) -> Option<&Identity> {
        Some(&self.handlers.get(at)?.core.owner)
    }
}

fn flatten(outcome: CallResult) -> Result<()> {
    outcome.unwrap_or_else(|panic| Err(Error::panic(&*panic)))
}

/// Events may form a cycle, but the stack must not grow without limit.
fn too_deep<P: Carried>(envelope: &Envelope<P>) -> Error {
    Error::bug(format!(
        "`{}` was published {DEEPEST} times within itself: make one handler of the circle an `async fn`",
        envelope.event().topic()
    ))
}
