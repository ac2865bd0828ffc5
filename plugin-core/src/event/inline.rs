//! A handler that runs on its publisher's task, as two words that a route keeps side by side: a
//! function, and what it is called on.
//!
//! Invariants: the target of an entry is what its function takes, and lives as long as the
//! [`Inline`] that it is of; a route holds both.

use std::any::Any;
use std::mem::transmute;
use std::sync::Arc;
use std::time::Instant;

use super::any::{AnyEvent, Carried};
use super::envelope::Envelope;
use super::handler::{Filter, Site, admits};
use super::tally::Tally;
use crate::error::Result;

/// Calls a target whose type only the function knows.
type Function<P> = unsafe fn(*const (), &Envelope<P>) -> Result<()>;

/// A function and what it is called on.
pub(super) struct Entry<P> {
    function: Function<P>,
    target: *const (),
}

#[expect(unsafe_code, reason = "a target is shared between publishers")]
// SAFETY: a target is `Send + Sync`, whoever makes an entry sees to that, and only shared
// references to it are made.
unsafe impl<P> Send for Entry<P> {}
#[expect(unsafe_code, reason = "a target is shared between publishers")]
// SAFETY: as above.
unsafe impl<P> Sync for Entry<P> {}

impl<P> Clone for Entry<P> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<P> Copy for Entry<P> {}

impl<P> Entry<P> {
    /// Calls the handler. The caller holds the `Inline` that the entry is of.
    #[inline(always)]
    #[expect(unsafe_code, reason = "the function knows the type of its target")]
    pub(super) fn call(self, envelope: &Envelope<P>) -> Result<()> {
        // SAFETY: the target is what the function takes, and is alive: see the invariants.
        unsafe { (self.function)(self.target, envelope) }
    }
}

/// An entry with what keeps its target alive.
pub(super) struct Bound<P> {
    entry: Entry<P>,
    target: Arc<dyn Any + Send + Sync>,
}

impl<P: 'static> Bound<P> {
    /// A method of a plugin: called without a step in between.
    #[expect(unsafe_code, reason = "the type of the plugin is erased")]
    pub(super) fn method<T: Send + Sync + 'static>(
        plugin: Arc<T>,
        method: fn(&T, &Envelope<P>) -> Result<()>,
    ) -> Self {
        // SAFETY: `&T` and `*const ()` are thin pointers to sized types, so that the two function
        // types are ABI-compatible (documentation of `fn`, "ABI compatibility"). The target below
        // is the plugin that the method takes, and outlives each call.
        let function =
            unsafe { transmute::<fn(&T, &Envelope<P>) -> Result<()>, Function<P>>(method) };
        let target = Arc::as_ptr(&plugin).cast();
        Self {
            entry: Entry { function, target },
            target: plugin,
        }
    }

    /// A closure.
    pub(super) fn closure<F>(closure: F) -> Self
    where
        F: Fn(&Envelope<P>) -> Result<()> + Send + Sync + 'static,
    {
        Self::of(Arc::new(closure), |closure, envelope| closure(envelope))
    }

    /// What a route keeps of it.
    pub(super) fn entry(&self) -> Entry<P> {
        self.entry
    }

    /// What is known by its type: the function is one of its own for each `F`.
    #[expect(unsafe_code, reason = "the type of the target is erased")]
    pub(super) fn of<T, F>(target: Arc<T>, _call: F) -> Self
    where
        T: Send + Sync + 'static,
        F: Fn(&T, &Envelope<P>) -> Result<()> + Copy,
    {
        const { assert!(size_of::<F>() == 0, "the call captures nothing") };
        unsafe fn shim<T, P, F: Fn(&T, &Envelope<P>) -> Result<()>>(
            target: *const (),
            envelope: &Envelope<P>,
        ) -> Result<()> {
            // SAFETY: `F` has no size, and one was there when the entry was made.
            let call = unsafe { std::ptr::NonNull::<F>::dangling().as_ref() };
            // SAFETY: `of` made the target of an `Arc<T>`, which the entry's owner holds.
            call(unsafe { &*target.cast::<T>() }, envelope)
        }
        Self {
            entry: Entry {
                function: shim::<T, P, F>,
                target: Arc::as_ptr(&target).cast(),
            },
            target,
        }
    }
}

/// A handler that runs on the publisher's task.
pub(crate) struct Inline<P> {
    pub(super) site: Arc<Site>,
    bound: Bound<P>,
    /// What is asked before each call; `None` if every event of the route is handled.
    check: Option<Arc<Check<P>>>,
}

/// What a handler with a filter, a time limit or an end of its own asks and counts.
struct Check<P> {
    site: Arc<Site>,
    filter: Option<Filter<P>>,
    calls: Arc<Tally>,
    handler: Entry<P>,
    /// Keeps the handler's target.
    _target: Arc<dyn Any + Send + Sync>,
}

impl<P: 'static> Inline<P> {
    pub(super) fn new(site: Arc<Site>, filter: Option<Filter<P>>, handler: Bound<P>) -> Self {
        if filter.is_none() && !site.is_checked() {
            return Self {
                site,
                bound: handler,
                check: None,
            };
        }
        let check = Arc::new(Check {
            site: Arc::clone(&site),
            filter,
            calls: Arc::new(Tally::new()),
            handler: handler.entry,
            _target: handler.target,
        });
        site.opened(&check.calls);
        Self {
            site,
            bound: Bound::of(Arc::clone(&check), |check, envelope| check.call(envelope)),
            check: Some(check),
        }
    }

    /// The handler for one type of payload, of a function that takes any.
    pub(super) fn any(
        site: Arc<Site>,
        filter: Option<Filter<P>>,
        call: Arc<dyn Fn(&AnyEvent<'_>) -> Result<()> + Send + Sync>,
    ) -> Self
    where
        P: Carried,
    {
        let handler = Bound::closure(move |envelope| call(&AnyEvent::new(envelope)));
        Self::new(site, filter, handler)
    }

    /// What a route keeps of it.
    pub(super) fn entry(&self) -> Entry<P> {
        self.bound.entry
    }

    /// Whether it is called with every event of its route, so that the route's count is its own.
    pub(super) fn takes_all(&self) -> bool {
        self.check.is_none()
    }

    /// Whether it wants an event; if so, the event is counted.
    pub(super) fn admit(&self, envelope: &Envelope<P>) -> bool {
        (self.check.as_ref()).is_none_or(|check| check.admit(envelope))
    }

    /// Whether it wants an event, which is not counted.
    pub(super) fn wants(&self, envelope: &Envelope<P>) -> bool {
        (self.check.as_ref())
            .is_none_or(|check| admits(&check.site, check.filter.as_ref(), envelope))
    }

    /// Calls the handler itself, after [`Inline::admit`] or [`Inline::wants`].
    pub(super) fn call(&self, envelope: &Envelope<P>) -> Result<()> {
        match &self.check {
            Some(check) => check.handler.call(envelope),
            None => self.bound.entry.call(envelope),
        }
    }
}

impl<P> Drop for Inline<P> {
    fn drop(&mut self) {
        if let Some(check) = &self.check {
            self.site.settled(&check.calls);
        }
    }
}

impl<P> Check<P> {
    fn admit(&self, envelope: &Envelope<P>) -> bool {
        let admits = admits(&self.site, self.filter.as_ref(), envelope);
        if admits {
            self.calls.count_here();
        }
        admits
    }

    fn call(&self, envelope: &Envelope<P>) -> Result<()> {
        if !self.admit(envelope) {
            return Ok(());
        }
        if self.site.options.timeout.is_none() {
            return self.handler.call(envelope);
        }
        let began = Instant::now();
        let result = self.handler.call(envelope);
        self.site.took_inline(envelope.meta(), began.elapsed());
        result
    }
}
