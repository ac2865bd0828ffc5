//! A future keeps its provider, reads it right up to its drop, and goes before it, however the call
//! ends and whoever replaces the provider meanwhile.

use std::future::poll_fn;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;
use std::task::Waker;

use plugin_macros::service;

use super::*;
use crate::context::Identity;
use crate::permission::Grants;
use crate::service::{Installer, Switchboard};

/// What was dropped, in order.
type Log = Arc<Mutex<Vec<&'static str>>>;

/// What becomes of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    End,
    /// Panics before there is a future.
    PanicAtOnce,
    PanicInPoll,
    PanicInDrop,
}

const FATES: [Fate; 4] = [
    Fate::End,
    Fate::PanicAtOnce,
    Fate::PanicInPoll,
    Fate::PanicInDrop,
];

#[service(crate = crate)]
trait Library {
    async fn read(&self, fate: Fate, title: &str) -> String;
}

/// A provider that waits once.
struct Shelf {
    name: &'static str,
    text: String,
    log: Log,
}

impl Library for Shelf {
    fn read<'call>(&'call self, fate: Fate, title: &'call str) -> ServiceFuture<'call, String> {
        assert_ne!(fate, Fate::PanicAtOnce, "it was told to panic");
        ServiceFuture::new(Box::pin(async move {
            let reading = Reading(self, fate);
            let mut waited = false;
            poll_fn(|_| match mem::replace(&mut waited, true) {
                true => Poll::Ready(()),
                false => Poll::Pending,
            })
            .await;
            reading.read();
            assert_ne!(fate, Fate::PanicInPoll, "it was told to panic");
            if fate == Fate::PanicInDrop {
                // The compiler drops no result of a block whose locals panic: nothing to leak.
                return String::new();
            }
            format!("{} of {title}", self.text)
        }))
    }
}

impl Drop for Shelf {
    fn drop(&mut self) {
        self.log.lock().unwrap().push(self.name);
        self.text.clear();
    }
}

/// Something of the future's that reads the provider.
struct Reading<'a>(&'a Shelf, Fate);

impl Reading<'_> {
    fn read(&self) {
        assert_eq!(self.0.text, "text");
    }
}

impl Drop for Reading<'_> {
    fn drop(&mut self) {
        self.read();
        self.0.log.lock().unwrap().push("future");
        assert!(
            self.1 != Fate::PanicInDrop || std::thread::panicking(),
            "the drop was told to panic"
        );
    }
}

/// A provider that passes each call on to another one, which may be replaced too.
struct Branch {
    main: Service<dyn Library>,
    log: Log,
}

impl Library for Branch {
    fn read<'call>(&'call self, fate: Fate, title: &'call str) -> ServiceFuture<'call, String> {
        self.main.read(fate, title)
    }
}

impl Drop for Branch {
    fn drop(&mut self) {
        self.log.lock().unwrap().push("branch");
    }
}

/// A service whose provider can be replaced.
struct Place {
    switchboard: Switchboard,
    owner: Arc<Identity>,
}

impl Place {
    fn of(provider: impl Library + 'static) -> Self {
        let place = Self {
            switchboard: Switchboard::default(),
            owner: Arc::new(Identity::new(
                "library",
                crate::context::InstanceId::default(),
                Grants::all("library"),
            )),
        };
        place.install(provider);
        place
    }

    fn install(&self, provider: impl Library + 'static) {
        let mut installer = Installer {
            switchboard: &self.switchboard,
            owner: &self.owner,
            priority: 0,
        };
        installer.install::<dyn Library>(Arc::new(provider));
        // Other tests read other values at the same time, and a grace waits for them too.
        while !self.switchboard.let_go() {
            std::thread::yield_now();
        }
    }

    fn handle(&self) -> Service<dyn Library> {
        self.switchboard.one("").unwrap()
    }
}

fn shelf(name: &'static str, log: &Log) -> Shelf {
    Shelf {
        name,
        text: "text".to_owned(),
        log: Arc::clone(log),
    }
}

fn poll<R>(future: &mut (impl Future<Output = R> + Unpin)) -> Poll<R> {
    Pin::new(future).poll(&mut Context::from_waker(Waker::noop()))
}

fn dropped(log: &Log) -> Vec<&'static str> {
    mem::take(&mut log.lock().unwrap())
}

#[test]
fn a_future_goes_before_its_provider() {
    for fate in FATES {
        for polls in 0..3 {
            let log = Log::default();
            let place = Place::of(shelf("first", &log));
            let handle = place.handle();
            let call = AssertUnwindSafe(|| {
                let mut future = handle.read(fate, "title");
                place.install(shelf("second", &log));
                for _ in 0..polls {
                    assert_eq!(log.lock().unwrap().len(), 0);
                    drop(poll(&mut future));
                }
            });
            let panics = catch_unwind(call).is_err();
            let is_told = match fate {
                Fate::End => false,
                Fate::PanicAtOnce => true,
                Fate::PanicInPoll => polls == 2,
                Fate::PanicInDrop => polls > 0,
            };
            assert_eq!(panics, is_told, "{fate:?}, {polls} polls");
            let expected: &[_] = match (fate, polls) {
                (Fate::PanicAtOnce, _) => &[],
                (_, 0) => &["first"],
                _ => &["future", "first"],
            };
            assert_eq!(dropped(&log), expected, "{fate:?}, {polls} polls");
        }
    }
}

#[test]
fn a_future_ends_with_the_provider_that_it_began_with() {
    let log = Log::default();
    let place = Place::of(shelf("first", &log));
    let handle = place.handle();
    let title = "title".to_owned();
    let mut future = handle.read(Fate::End, &title);
    assert!(poll(&mut future).is_pending());
    place.install(shelf("second", &log));
    // It can be moved about: what it borrows stays in its place.
    let mut moved = Box::new(future);
    assert_eq!(poll(&mut moved), Poll::Ready("text of title".to_owned()));
    assert_eq!(dropped(&log), ["future"]);
    drop(moved);
    assert_eq!(dropped(&log), ["first"]);
}

#[test]
fn a_boxed_future_keeps_its_provider_too() {
    let log = Log::default();
    let place = Place::of(shelf("first", &log));
    let handle = place.handle();
    let mut future = handle.read(Fate::End, "title").boxed();
    place.install(shelf("second", &log));
    assert!(poll(&mut future).is_pending());
    assert_eq!(dropped(&log), [""; 0]);
    drop(future);
    assert_eq!(dropped(&log), ["future", "first"]);

    let own = shelf("own", &log);
    let mut future = own.read(Fate::End, "title").boxed();
    assert!(poll(&mut future).is_pending());
    drop(future);
    assert_eq!(dropped(&log), ["future"]);
}

/// A provider may pass on what another one returns: then both stay.
#[test]
fn a_future_that_was_passed_on_keeps_every_provider_on_its_way() {
    let log = Log::default();
    let main = Place::of(shelf("first", &log));
    let branch = |log: &Log| Branch {
        main: main.handle(),
        log: Arc::clone(log),
    };
    let place = Place::of(branch(&log));
    let handle = place.handle();
    let mut future = handle.read(Fate::End, "title");
    main.install(shelf("second", &log));
    place.install(branch(&log));
    assert_eq!(dropped(&log), [""; 0]);
    assert!(poll(&mut future).is_pending());
    assert_eq!(poll(&mut future), Poll::Ready("text of title".to_owned()));
    drop(future);
    assert_eq!(dropped(&log), ["future", "first", "branch"]);
}
