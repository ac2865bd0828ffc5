//! A handler that runs on its publisher's task, as two words that a route stores next to each
//! other: a function and its target.
//!
//! Invariants: the target of an entry has the type that its function takes, and lives as long as
//! the [`InlineCall`] of the entry; a route holds both.

use std::any::Any;
use std::cell::Cell;
use std::ptr::NonNull;
use std::sync::Arc;

use crate::error::Result;
use crate::event::handler::{Filter, HandlerCore, admits};
use crate::event::payload::{AnyEvent, Carried, Envelope};
use crate::rcu::tally::Tally;

/// Calls a target whose type only the function knows.
type Function<P> = unsafe fn(*const (), &Envelope<P>) -> Result<()>;

/// Calls a target with one event after the other, beginning at the cursor, in a loop into which the
/// handler is compiled. It stops at a call that fails or panics; the cursor is then at that event.
type Loop<P> = unsafe fn(*const (), &[Envelope<P>], &Cell<usize>) -> Result<()>;

/// A function and its target.
pub(in crate::event) struct InlineEntry<P> {
    function: Function<P>,
    target: *const (),
}

#[expect(unsafe_code, reason = "a target is shared between publishers")]
// SAFETY: the code that makes an entry ensures that the target is `Send + Sync`, and only shared
// references to it are made.
unsafe impl<P> Send for InlineEntry<P> {}
#[expect(unsafe_code, reason = "a target is shared between publishers")]
// SAFETY: as above.
unsafe impl<P> Sync for InlineEntry<P> {}

impl<P> Clone for InlineEntry<P> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<P> Copy for InlineEntry<P> {}

impl<P> InlineEntry<P> {
    /// Calls the handler. The caller holds the `InlineCall` of this entry.
    #[inline(always)]
    #[expect(unsafe_code, reason = "the function knows the type of its target")]
    pub(in crate::event) fn call(self, envelope: &Envelope<P>) -> Result<()> {
        // SAFETY: the target has the type that the function takes, and is alive: see the
        // invariants.
        unsafe { (self.function)(self.target, envelope) }
    }
}

/// An entry together with the owner of its target.
pub(in crate::event) struct InlineCall<P> {
    entry: InlineEntry<P>,
    each: Loop<P>,
    target: Arc<dyn Any + Send + Sync>,
}

impl<P: 'static> InlineCall<P> {
    /// A closure.
    pub(in crate::event) fn closure<F>(closure: F) -> Self
    where
        F: Fn(&Envelope<P>) -> Result<()> + Send + Sync + 'static,
    {
        Self::of(Arc::new(closure), |closure, envelope| closure(envelope))
    }

    /// A function that captures nothing, with its target. Each `F` gets its own two functions to
    /// call it, into which `F` is compiled.
    pub(in crate::event) fn of<T, F>(target: Arc<T>, _call: F) -> Self
    where
        T: Send + Sync + 'static,
        F: Fn(&T, &Envelope<P>) -> Result<()> + Copy,
    {
        const { assert!(size_of::<F>() == 0, "the call captures nothing") };
        Self {
            entry: InlineEntry {
                function: call_one::<T, P, F>,
                target: Arc::as_ptr(&target).cast(),
            },
            each: call_each::<T, P, F>,
            target,
        }
    }

    /// The entry for a route.
    pub(in crate::event) fn entry(&self) -> InlineEntry<P> {
        self.entry
    }

    /// Calls the handler with events, beginning at the cursor. The cursor stays at a call that
    /// fails or panics.
    #[expect(unsafe_code, reason = "the function knows the type of its target")]
    pub(in crate::event) fn call_each(
        &self,
        events: &[Envelope<P>],
        cursor: &Cell<usize>,
    ) -> Result<()> {
        // SAFETY: `of` made both for one type, and this holds the target.
        unsafe { (self.each)(self.entry.target, events, cursor) }
    }
}

#[expect(unsafe_code, reason = "the type of the target is erased")]
unsafe fn call_one<T, P, F>(target: *const (), envelope: &Envelope<P>) -> Result<()>
where
    F: Fn(&T, &Envelope<P>) -> Result<()>,
{
    // SAFETY: `F` has no size, and a value of it existed when the entry was made.
    let call = unsafe { NonNull::<F>::dangling().as_ref() };
    // SAFETY: `InlineCall::of` made the target from an `Arc<T>`, which the entry's owner holds.
    call(unsafe { &*target.cast::<T>() }, envelope)
}

#[expect(unsafe_code, reason = "the type of the target is erased")]
unsafe fn call_each<T, P, F>(
    target: *const (),
    events: &[Envelope<P>],
    cursor: &Cell<usize>,
) -> Result<()>
where
    F: Fn(&T, &Envelope<P>) -> Result<()>,
{
    // SAFETY: as in `call_one`.
    let call = unsafe { NonNull::<F>::dangling().as_ref() };
    // SAFETY: as in `call_one`.
    let target = unsafe { &*target.cast::<T>() };
    for (at, envelope) in events.iter().enumerate().skip(cursor.get()) {
        cursor.set(at);
        call(target, envelope)?;
    }
    cursor.set(events.len());
    Ok(())
}

/// A handler that runs on the publisher's task.
pub(crate) struct Inline<P> {
    pub(in crate::event) core: Arc<HandlerCore>,
    bound: InlineCall<P>,
    /// The checks before each call; `None` if every event of the route is handled.
    check: Option<Arc<CheckedCall<P>>>,
}

/// The checks and counters of a handler that has a filter, a time limit, or a subscription that can
/// end.
struct CheckedCall<P> {
    core: Arc<HandlerCore>,
    filter: Option<Filter<P>>,
    calls: Arc<Tally>,
    handler: InlineEntry<P>,
    /// Keeps the handler's target alive.
    _target: Arc<dyn Any + Send + Sync>,
}

impl<P: 'static> Inline<P> {
    pub(in crate::event) fn new(
        core: Arc<HandlerCore>,
        filter: Option<Filter<P>>,
        handler: InlineCall<P>,
    ) -> Self {
        if filter.is_none() && !core.is_checked() {
            return Self {
                core,
                bound: handler,
                check: None,
            };
        }
        let check = Arc::new(CheckedCall {
            core: Arc::clone(&core),
            filter,
            calls: Arc::new(Tally::new()),
            handler: handler.entry,
            _target: handler.target,
        });
        core.opened(&check.calls);
        Self {
            core,
            bound: InlineCall::of(Arc::clone(&check), |check, envelope| check.call(envelope)),
            check: Some(check),
        }
    }

    /// The handler for one type of payload, from a function that takes any type.
    pub(in crate::event) fn any(
        core: Arc<HandlerCore>,
        filter: Option<Filter<P>>,
        call: Arc<dyn Fn(&AnyEvent<'_>) -> Result<()> + Send + Sync>,
    ) -> Self
    where
        P: Carried,
    {
        let handler = InlineCall::closure(move |envelope| call(&AnyEvent::new(envelope)));
        Self::new(core, filter, handler)
    }

    /// The entry for a route.
    pub(in crate::event) fn entry(&self) -> InlineEntry<P> {
        self.bound.entry
    }

    /// The handler in the form in which a route calls it.
    pub(in crate::event) fn bound(&self) -> &InlineCall<P> {
        &self.bound
    }

    /// Whether it is called with every event of its route, so that it can share the count of the
    /// route.
    pub(in crate::event) fn takes_all(&self) -> bool {
        self.check.is_none()
    }

    /// Whether it wants an event; if so, the event is counted.
    pub(in crate::event) fn admit(&self, envelope: &Envelope<P>) -> bool {
        (self.check.as_ref()).is_none_or(|check| check.admit(envelope))
    }

    /// Whether it wants an event, without counting it.
    pub(in crate::event) fn wants(&self, envelope: &Envelope<P>) -> bool {
        (self.check.as_ref())
            .is_none_or(|check| admits(&check.core, check.filter.as_ref(), envelope))
    }

    /// Calls the handler itself, after [`Inline::admit`] or [`Inline::wants`].
    pub(in crate::event) fn call(&self, envelope: &Envelope<P>) -> Result<()> {
        match &self.check {
            Some(check) => check.handler.call(envelope),
            None => self.bound.entry.call(envelope),
        }
    }
}

impl<P> Drop for Inline<P> {
    fn drop(&mut self) {
        if let Some(check) = &self.check {
            self.core.settled(&check.calls);
        }
    }
}

impl<P> CheckedCall<P> {
    fn admit(&self, envelope: &Envelope<P>) -> bool {
        let admits = admits(&self.core, self.filter.as_ref(), envelope);
        if admits {
            self.calls.count_here();
        }
        admits
    }

    fn call(&self, envelope: &Envelope<P>) -> Result<()> {
        if !self.admit(envelope) {
            return Ok(());
        }
        if self.core.options.timeout.is_none() {
            return self.handler.call(envelope);
        }
        let clock = self.core.start_clock(Some(1));
        let result = self.handler.call(envelope);
        let took = self.core.stop_clock(clock);
        self.core.took_inline(envelope.meta(), took);
        result
    }
}

#[cfg(test)]
mod tests {
    use std::panic::{AssertUnwindSafe, catch_unwind};
    use std::sync::Mutex;

    use super::*;
    use crate::context::Meta;
    use crate::error::Error;
    use crate::rcu::record::ThreadRecord;

    /// Records its events, fails with a two, and panics with a four.
    fn bound(seen: &Arc<Mutex<Vec<u32>>>) -> InlineCall<u32> {
        InlineCall::of(Arc::clone(seen), |seen, event: &Envelope<u32>| {
            seen.lock().unwrap().push(*event.event());
            assert_ne!(**event, 4);
            (**event != 2).then_some(()).ok_or(Error::bug("a two"))
        })
    }

    fn events() -> Vec<Envelope<u32>> {
        let event = |number| Envelope::new(Meta::new(ThreadRecord::current(), "test"), number);
        (0..6).map(event).collect()
    }

    #[test]
    fn the_cursor_stands_where_a_call_fails_or_panics() {
        let seen = Arc::default();
        let (bound, events, cursor) = (bound(&seen), events(), Cell::new(0));
        bound.call_each(&events, &cursor).unwrap_err();
        assert_eq!(cursor.replace(3), 2);
        let again = AssertUnwindSafe(|| bound.call_each(&events, &cursor));
        catch_unwind(again).unwrap_err();
        assert_eq!(cursor.replace(5), 4);
        bound.call_each(&events, &cursor).unwrap();
        assert_eq!(cursor.get(), 6);
        assert_eq!(*seen.lock().unwrap(), [0, 1, 2, 3, 4, 5]);
    }

    #[test]
    fn an_entry_reaches_its_target_and_keeps_it_no_longer_than_its_owner() {
        let seen = Arc::default();
        let bound = bound(&seen);
        assert_eq!(Arc::strong_count(&seen), 2);
        let entry = bound.entry();
        entry.call(&events()[1]).unwrap();
        entry.call(&events()[2]).unwrap_err();
        drop(bound);
        assert_eq!(Arc::strong_count(&seen), 1);
        assert_eq!(*seen.lock().unwrap(), [1, 2]);
    }
}
