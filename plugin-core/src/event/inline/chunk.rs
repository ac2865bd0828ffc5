//! Calls the inline handlers with several events. One handler gets all of them before the next one
//! does, so that the indirect call, the guard and the frame are needed only once for all events.

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};

use super::InlineHandlers;
use super::entry::InlineCall;
use super::unrolled::CallResult;
use crate::context::{Frame, Meta, Series, within};
use crate::event::payload::{Carried, Envelope};
use crate::rcu::epoch::{DEEPEST, Reading};
use crate::rcu::record::ThreadRecord;

/// The publishing data of several events.
struct Metas<'a, P>(&'a [Envelope<P>]);

impl<P> Series for Metas<'_, P> {
    fn meta(&self, at: usize) -> &Meta {
        self.0[at.min(self.0.len() - 1)].meta_ref()
    }
}

impl<P: Carried> InlineHandlers<P> {
    /// Like [`InlineHandlers::call`], with several events; there is at least one.
    pub(in crate::event) fn call_chunk(
        &self,
        record: &ThreadRecord,
        reading: &Reading<'_>,
        events: &[Envelope<P>],
    ) {
        let count = events.len() as u64;
        let before = record.add(self.slot, count);
        if reading.depth() >= DEEPEST {
            (events.iter()).for_each(|event| self.call_watched(reading, event));
        } else if self.sampling.is_chunk_timed(before, count) {
            self.each_timed(events, self.sampling.begin());
        } else {
            self.each(|at, bound| self.call_with_all((at, bound), events));
        }
    }

    fn each(&self, mut call: impl FnMut(usize, &InlineCall<P>)) {
        let bound = self.bound().enumerate();
        bound.for_each(|(at, bound)| call(at, bound));
    }

    #[cold]
    fn each_timed(&self, events: &[Envelope<P>], billed: Option<u64>) {
        self.each(|at, bound| {
            let clock = self.handlers[at].core.start_clock(billed);
            self.call_with_all((at, bound), events);
            // A handler with a filter or a time limit checks this itself.
            if self.handlers[at].takes_all() {
                let core = &self.handlers[at].core;
                let taken = (events.len(), core.stop_clock(clock));
                core.took_chunk(events[0].meta(), taken);
            }
        });
    }

    /// Calls one handler with all events. After an event that it fails to handle, it continues with
    /// the next one.
    fn call_with_all(&self, (at, bound): (usize, &InlineCall<P>), events: &[Envelope<P>]) {
        let metas = Metas(events);
        let frame = Frame::series(&self.handlers[at].core.owner, &metas);
        let cursor = frame.cursor();
        within(&frame, || {
            while let Some(failed) = call(bound, events, cursor) {
                self.failed(at, &events[cursor.get()], failed);
                cursor.set(cursor.get() + 1);
            }
        });
    }
}

/// Calls a handler until all events are done or a call fails; the cursor is then at the event of
/// that call.
fn call<P: Carried>(
    bound: &InlineCall<P>,
    events: &[Envelope<P>],
    cursor: &Cell<usize>,
) -> Option<CallResult> {
    match catch_unwind(AssertUnwindSafe(|| bound.call_each(events, cursor))) {
        Ok(Ok(())) => None,
        failed => Some(failed),
    }
}
