//! A future that borrows goes before what it borrows, and reads it right up to its drop, however
//! its call ends.

mod several;

use std::future::poll_fn;
use std::mem;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;
use std::task::Waker;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::*;
use crate::context;
use crate::context::Meta;
use crate::error::{Error, ErrorKind};
use crate::event::descriptor::{Declared, EventDescriptor};
use crate::permission::Grants;
use crate::rcu::record::ThreadRecord;

/// What was dropped, in order.
type Log = Arc<Mutex<Vec<&'static str>>>;

/// The mailbox whose worker polls.
const WORKER: usize = 7;

/// What becomes of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
enum Fate {
    End,
    Fail,
    /// Panics before there is a future.
    PanicAtOnce,
    PanicInPoll,
    PanicInDrop,
}

const FATES: [Fate; 5] = [
    Fate::End,
    Fate::Fail,
    Fate::PanicAtOnce,
    Fate::PanicInPoll,
    Fate::PanicInDrop,
];

/// An event that says what becomes of the call with it.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
struct Note {
    fate: Fate,
    /// How often its future waits before that.
    waits: u32,
    text: String,
    #[serde(skip)]
    names: [&'static str; 2],
    #[serde(skip)]
    log: Log,
}

impl Declared for Note {
    const DESCRIPTOR: &'static EventDescriptor = &EventDescriptor::of::<Note>("note", "Note");
}

impl Drop for Note {
    fn drop(&mut self) {
        self.log.lock().unwrap().push(self.names[1]);
        self.text.clear();
    }
}

/// The plugin.
struct Lender {
    name: String,
    log: Log,
}

impl Drop for Lender {
    fn drop(&mut self) {
        self.log.lock().unwrap().push("plugin");
        self.name.clear();
    }
}

/// Something of the future's that reads what it borrows.
struct Reading<'a>(&'a Lender, &'a Envelope<Note>);

impl Reading<'_> {
    fn read(&self) {
        assert_eq!(self.0.name, "lender");
        assert_eq!(self.1.text, "note");
    }
}

impl Drop for Reading<'_> {
    fn drop(&mut self) {
        self.read();
        self.0.log.lock().unwrap().push(self.1.names[0]);
        assert!(
            self.1.fate != Fate::PanicInDrop || std::thread::panicking(),
            "the drop was told to panic"
        );
    }
}

fn lend<'a>(
    lender: &'a Lender,
    note: &'a Envelope<Note>,
) -> impl Future<Output = Result<()>> + Send + 'a {
    assert_ne!(note.fate, Fate::PanicAtOnce, "it was told to panic");
    async move {
        let reading = Reading(lender, note);
        for _ in 0..note.waits {
            wait().await;
            reading.read();
            let current = context::current().unwrap();
            assert_eq!((current.plugin, current.event), ("lender", Some(note.id())));
            assert_eq!(current.worker, Some(WORKER));
        }
        match note.fate {
            Fate::Fail => Err(Error::external("it was told to fail")),
            Fate::PanicInPoll => panic!("it was told to panic"),
            _ => Ok(()),
        }
    }
}

/// A future that holds what it reads until it is dropped, not only until it is ready.
struct Holding<'a>(Reading<'a>);

impl Future for Holding<'_> {
    type Output = Result<()>;

    fn poll(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Result<()>> {
        self.0.read();
        assert_ne!(self.0.1.fate, Fate::PanicInPoll, "it was told to panic");
        Poll::Ready(Ok(()))
    }
}

fn hold<'a>(lender: &'a Lender, note: &'a Envelope<Note>) -> Holding<'a> {
    Holding(Reading(lender, note))
}

/// Pending once.
async fn wait() {
    let mut waited = false;
    poll_fn(|_| match mem::replace(&mut waited, true) {
        true => Poll::Ready(()),
        false => Poll::Pending,
    })
    .await;
}

/// The events of a call, as a worker has them.
struct Work {
    events: Vec<Arc<dyn Payload>>,
    has_begun: bool,
}

impl Work {
    fn of(events: impl Into<Vec<Arc<dyn Payload>>>) -> Self {
        let events = events.into();
        let has_begun = false;
        Self { events, has_begun }
    }

    /// Makes the call that is to be made, else polls the one that waits.
    fn poll(&mut self, caller: &mut Pin<Box<dyn Caller>>) -> Poll<Result<()>> {
        let mut context = Context::from_waker(Waker::noop());
        match mem::replace(&mut self.has_begun, true) {
            false => (caller.as_mut()).call(&self.events[0], self, &mut context),
            true => caller.as_mut().poll(&mut context),
        }
    }
}

impl EventBatch for Work {
    fn all(&self) -> Vec<Arc<dyn Payload>> {
        self.events.clone()
    }
}

fn callee() -> Callee {
    Callee {
        owner: Arc::new(Identity::new(
            "lender",
            crate::context::InstanceId::default(),
            Grants::all("lender"),
        )),
        worker: WORKER,
    }
}

/// A call, of which nothing is left but what it wrote down.
struct Trial {
    /// It goes before the caller, which has to keep what it needs of it.
    work: Option<Work>,
    caller: Pin<Box<dyn Caller>>,
    log: Log,
}

impl Trial {
    fn new() -> Self {
        Self::of(lend)
    }

    fn of<H>(handler: H) -> Self
    where
        H: for<'a> Handler<'a, Lender, Note> + Send + 'static,
        <H as Handler<'static, Lender, Note>>::Future: Send,
    {
        let log = Log::default();
        let lender = Lender {
            name: "lender".to_owned(),
            log: Arc::clone(&log),
        };
        Self {
            caller: borrowing(callee(), Arc::new(lender), handler),
            work: None,
            log,
        }
    }

    fn note(&self, fate: Fate, waits: u32, names: [&'static str; 2]) -> Arc<dyn Payload> {
        let note = Note {
            fate,
            waits,
            text: "note".to_owned(),
            names,
            log: Arc::clone(&self.log),
        };
        let meta = Meta::new(ThreadRecord::current(), "test");
        Arc::new(Envelope::new(meta, note))
    }

    fn begin(&mut self, fate: Fate, waits: u32) {
        let note = self.note(fate, waits, ["future", "event"]);
        self.work = Some(Work::of([note]));
    }

    fn poll(&mut self) -> Poll<Result<()>> {
        let work = self.work.as_mut().expect("a call was begun");
        work.poll(&mut self.caller)
    }

    /// What came of a call that is polled so often, unless it is ready sooner.
    fn poll_up_to(&mut self, polls: u32) -> Poll<Result<()>> {
        let mut polled = Poll::Pending;
        for _ in 0..polls {
            if polled.is_pending() {
                polled = self.poll();
            }
        }
        polled
    }

    fn give_up(&mut self) -> Result<()> {
        self.caller.as_mut().give_up()
    }

    /// Ends the call, if it has not ended, and takes the work away, as a worker does it.
    fn take(&mut self) -> Option<Work> {
        drop(self.give_up());
        self.work.take()
    }

    /// What was dropped since this was last asked.
    fn dropped(&self) -> Vec<&'static str> {
        mem::take(&mut self.log.lock().unwrap())
    }
}

/// The kind of its error, if the call is ready.
fn kind(polled: Poll<Result<()>>) -> Poll<Option<ErrorKind>> {
    polled.map(|result| result.err().map(|error| error.kind()))
}

/// What a call comes to that is polled until it is ready.
fn outcome(fate: Fate) -> Poll<Option<ErrorKind>> {
    Poll::Ready(match fate {
        Fate::End => None,
        Fate::Fail => Some(ErrorKind::External { retriable: false }),
        Fate::PanicAtOnce | Fate::PanicInPoll | Fate::PanicInDrop => Some(ErrorKind::Bug),
    })
}

/// What is dropped of a call, in order.
fn drops(fate: Fate) -> &'static [&'static str] {
    match fate {
        Fate::PanicAtOnce => &["event"],
        _ => &["future", "event"],
    }
}

#[test]
fn a_call_that_is_ready_has_no_future_any_more() {
    for fate in FATES {
        for waits in 0..3 {
            let mut trial = Trial::new();
            trial.begin(fate, waits);
            let polled = kind(trial.poll_up_to(waits + 1));
            assert_eq!(polled, outcome(fate), "{fate:?}, {waits} waits");
            let work = trial.take();
            let before = &drops(fate)[..drops(fate).len() - 1];
            assert_eq!(trial.dropped(), before, "{fate:?}, {waits} waits");
            drop(work);
            assert_eq!(trial.dropped(), ["event"], "{fate:?}, {waits} waits");
        }
    }
}

/// Its drop is part of the call: a panic in it is the call's.
#[test]
fn a_future_is_dropped_as_soon_as_it_is_ready() {
    for fate in [Fate::End, Fate::PanicInDrop] {
        let mut trial = Trial::of(hold);
        trial.begin(fate, 0);
        assert_eq!(kind(trial.poll()), outcome(fate));
        assert_eq!(trial.dropped(), ["future"]);
        drop(trial.take());
        assert_eq!(trial.dropped(), ["event"]);
    }
}

/// One that panicked when it was polled holds what it borrows like any other.
#[test]
fn a_future_that_panicked_goes_before_what_it_borrows() {
    let mut trial = Trial::of(hold);
    trial.begin(Fate::PanicInPoll, 0);
    assert_eq!(kind(trial.poll()), outcome(Fate::PanicInPoll));
    assert_eq!(trial.dropped(), [""; 0]);
    drop(trial.take());
    assert_eq!(trial.dropped(), ["future", "event"]);
}

#[test]
fn a_call_that_is_given_up_has_no_future_any_more() {
    for fate in FATES {
        let mut trial = Trial::new();
        assert!(trial.give_up().is_ok(), "nothing began");
        trial.begin(fate, 2);
        assert!(trial.give_up().is_ok(), "there is no future yet");
        let is_waiting = trial.poll().is_pending();
        assert_eq!(is_waiting, fate != Fate::PanicAtOnce);
        let given_up = trial.give_up();
        assert_eq!(given_up.is_err(), fate == Fate::PanicInDrop, "{fate:?}");
        let given_up = trial.dropped();
        assert_eq!(given_up, &drops(fate)[..usize::from(is_waiting)]);
        assert!(trial.give_up().is_ok(), "the future is gone");
        drop(trial.take());
        assert_eq!(trial.dropped(), ["event"]);
    }
}

/// All ways that a call can end at each point of its way, also those that a worker never goes.
#[test]
fn the_future_goes_before_what_it_borrows() {
    type Ending = fn(Trial);
    let endings: [(&str, Ending); 4] = [
        ("dropped", drop),
        ("given up and dropped", |mut trial| {
            drop(trial.give_up());
        }),
        ("taken out", |mut trial| drop(trial.take())),
        ("in the place of another", |mut trial| {
            let next = trial.note(Fate::End, 0, ["next future", "next event"]);
            trial.work = Some(Work::of([next]));
            drop(trial.poll());
        }),
    ];
    for fate in FATES {
        for polls in 0..4 {
            for (how, end) in endings {
                let mut trial = Trial::new();
                let log = Arc::clone(&trial.log);
                trial.begin(fate, 2);
                drop(trial.poll_up_to(polls));
                let panics = catch_unwind(AssertUnwindSafe(|| end(trial))).is_err();
                let may_panic = fate == Fate::PanicInDrop && (1..3).contains(&polls);
                // The others are guarded.
                let expected = may_panic && how == "dropped";
                assert_eq!(panics, expected, "{fate:?}, {polls} polls, {how}");
                let mut dropped = mem::take(&mut *log.lock().unwrap());
                dropped.retain(|what| !what.starts_with("next"));
                let first = usize::from(polls == 0 && fate != Fate::PanicAtOnce);
                let expected = [&drops(fate)[first..], &["plugin"]].concat();
                assert_eq!(dropped, expected, "{fate:?}, {polls} polls, {how}");
            }
        }
    }
}

#[test]
fn a_caller_serves_one_call_after_the_other() {
    let mut trial = Trial::new();
    for before in FATES {
        for (fate, waits) in FATES.into_iter().zip([0, 1, 0, 1, 0]) {
            // Ready, then one that is given up, as a worker does it.
            trial.begin(fate, waits);
            assert_eq!(kind(trial.poll_up_to(waits + 1)), outcome(fate));
            drop(trial.give_up());
            drop(trial.take());
            assert_eq!(trial.dropped(), drops(fate), "{fate:?} after {before:?}");
            trial.begin(before, 2);
            drop(trial.poll());
            drop(trial.give_up());
            drop(trial.take());
            assert_eq!(trial.dropped(), drops(before), "{before:?} after {fate:?}");
        }
    }
    drop(trial.caller);
    assert_eq!(*trial.log.lock().unwrap(), ["plugin"]);
}
