//! The plugins that come and go: their handlers do what the event says, and write it down.

use plugin_core::prelude::*;
use plugin_core::{Descriptor, Plugin, current};

use super::handlers::{
    ALL, BATCH, BROAD, DECLARED, EVEN, FIRST, Handler, NEWEST, OLDEST, PLUGINS, SIDE, STEADY,
    STRICT,
};
use super::history::{Answer, End, Entry, Fate, Ledger, Tag};

#[event("machine.note")]
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub(super) struct Note {
    pub(super) tag: Tag,
    /// The handler that does something, and what.
    pub(super) at: usize,
    pub(super) fate: Fate,
}

#[event("machine.side")]
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub(super) struct Side {
    pub(super) tag: Tag,
}

/// What a plugin can publish and subscribe with.
#[derive(Debug, Clone)]
pub(super) struct Sender {
    pub(super) notes: Publisher<Note>,
    pub(super) sides: Publisher<Side>,
    pub(super) topics: Publishers,
    pub(super) subscriber: Subscriber,
    pub(super) desk: Desk,
}

/// Where one life of a plugin writes down what it does.
#[derive(Debug, Clone)]
pub(super) struct Desk {
    plugin: usize,
    life: u64,
    ledger: Service<dyn Ledger>,
    sides: Publisher<Side>,
}

/// A call of a handler; if it is not ended, it was cancelled, or it panicked.
struct Call {
    number: u64,
    ledger: Service<dyn Ledger>,
    ended: bool,
}

impl Call {
    fn end(mut self, how: End) {
        self.ended = true;
        let call = self.number;
        self.ledger.write(Entry::Ended { call, how });
    }
}

impl Drop for Call {
    fn drop(&mut self) {
        let how = if std::thread::panicking() {
            End::Panicked
        } else {
            End::Cancelled
        };
        if !self.ended {
            let call = self.number;
            self.ledger.write(Entry::Ended { call, how });
        }
    }
}

impl Desk {
    fn started(&self) {
        let (plugin, life) = (self.plugin, self.life);
        self.ledger.write(Entry::Started { plugin, life });
    }

    fn stopping(&self) {
        let (plugin, life) = (self.plugin, self.life);
        self.ledger.write(Entry::Stopping { plugin, life });
    }

    fn begin(&self, handler: usize, tags: Vec<Tag>) -> Call {
        let number = self.ledger.next();
        self.ledger.write(Entry::Begun {
            call: number,
            handler,
            life: self.life,
            tags,
        });
        Call {
            number,
            ledger: self.ledger.clone(),
            ended: false,
        }
    }

    /// A call of an inline handler.
    pub(super) fn now(&self, handler: usize, tag: Tag, fate: Fate) -> Result<()> {
        let call = self.begin(handler, vec![tag]);
        match fate {
            Fate::Fail | Fate::Flaky(_) => {
                call.end(End::Failed);
                Err(Error::external("told to fail"))
            }
            // Without the hook that prints it.
            Fate::Panic => std::panic::resume_unwind(Box::new("told to panic")),
            Fate::Yield => {
                // Long enough for a stop beside it to come to its `stop`, if it did not wait.
                (0..100).for_each(|_| std::thread::yield_now());
                call.end(End::Done);
                Ok(())
            }
            _ => {
                call.end(End::Done);
                Ok(())
            }
        }
    }

    /// A call of a queued handler.
    pub(super) async fn later(&self, handler: usize, tags: Vec<Tag>, fate: Fate) -> Result<()> {
        let first = tags[0];
        let call = self.begin(handler, tags);
        match fate {
            Fate::Yield => {
                for _ in 0..3 {
                    tokio::task::yield_now().await;
                }
            }
            Fate::Fail => {
                call.end(End::Failed);
                return Err(Error::external("told to fail"));
            }
            Fate::Flaky(fails) if self.ledger.attempt(handler, first) <= fails => {
                call.end(End::Failed);
                return Err(Error::retriable("told to fail for now"));
            }
            Fate::Panic => std::panic::resume_unwind(Box::new("told to panic")),
            Fate::Hang => {
                let gate = self.ledger.gate();
                gate.notified().await;
            }
            Fate::Echo => self.echo(call.number).await,
            Fate::Return | Fate::Flaky(_) | Fate::FilterPanic => {}
        }
        call.end(End::Done);
        Ok(())
    }

    /// Publishes from within a handler, in a lane that nobody else has.
    async fn echo(&self, call: u64) {
        let tag = Tag {
            lane: u32::MAX - u32::try_from(call).expect("few calls"),
            number: 0,
        };
        let (by, item) = (self.plugin, Side::echo());
        self.ledger.write(Entry::Publishing { tag, by, item });
        let answer = Answer::of(self.sides.publish(Side { tag }).await);
        self.ledger.write(Entry::Published { tag, answer });
    }
}

/// What happens to this handler, or to the member of its group that gets the event.
pub(super) fn fate(note: &Note, handler: usize) -> Fate {
    let shares = |own: &Handler| own.shares_with(&DECLARED[note.at]);
    if note.at == handler || DECLARED.get(handler).is_some_and(shares) {
        note.fate
    } else {
        Fate::Return
    }
}

/// The tag of an event of either type.
pub(super) fn any_tag(event: &AnyEvent<'_>) -> Tag {
    let note = event.downcast_ref::<Note>().map(|note| note.tag);
    note.or_else(|| event.downcast_ref::<Side>().map(|side| side.tag))
        .expect("a pattern of two topics")
}

/// Declares a plugin that writes its start and its stop down, with some handlers.
macro_rules! subject {
    ($plugin:ident, $name:literal, { $($handlers:tt)* }) => {
        pub(super) struct $plugin(Desk);

        #[plugin(name = $name)]
        impl $plugin {
            #[init]
            fn init(
                ledger: Service<dyn Ledger>,
                notes: Publisher<Note>,
                sides: Publisher<Side>,
                topics: Publishers,
                subscriber: Subscriber,
            ) -> Self {
                let name = current().expect("`init` runs in a context").plugin;
                let plugin = PLUGINS.iter().position(|other| *other == name).expect("it is known");
                let (life, sides_too) = (ledger.next(), sides.clone());
                let desk = Desk { plugin, life, ledger: ledger.clone(), sides: sides_too };
                ledger.enroll(plugin, Sender { notes, sides, topics, subscriber, desk: desk.clone() });
                Self(desk)
            }

            #[start]
            fn start(&self) {
                self.0.started();
            }

            #[stop]
            fn stop(&self) {
                self.0.stopping();
            }

            $($handlers)*
        }
    };
}

mod order;

use order::{Patient, Team};

subject!(Calm, "machine-calm", {
    #[subscribe(priority = 5)]
    fn first(&self, note: &Note) -> Result<()> {
        self.0.now(FIRST, note.tag, fate(note, FIRST))
    }

    #[subscribe]
    async fn steady(&self, note: &Note) -> Result<()> {
        let fate = fate(note, STEADY);
        self.0.later(STEADY, vec![note.tag], fate).await
    }

    #[subscribe("machine.*")]
    async fn all<'a>(&'a self, event: &'a AnyEvent<'a>) -> Result<()> {
        let fate = event
            .downcast_ref()
            .map_or(Fate::Yield, |note| fate(note, ALL));
        self.0.later(ALL, vec![any_tag(event)], fate).await
    }
});

subject!(Lossy, "machine-lossy", {
    #[subscribe(overflow = drop_oldest)]
    async fn oldest(&self, note: &Note) -> Result<()> {
        let fate = fate(note, OLDEST);
        self.0.later(OLDEST, vec![note.tag], fate).await
    }

    #[subscribe(overflow = drop_newest)]
    async fn newest(&self, note: &Note) -> Result<()> {
        let fate = fate(note, NEWEST);
        self.0.later(NEWEST, vec![note.tag], fate).await
    }

    #[subscribe(filter = |note| {
        if note.fate == Fate::FilterPanic {
            std::panic::resume_unwind(Box::new("told to panic"));
        }
        note.tag.number.is_multiple_of(2)
    })]
    fn even(&self, note: &Note) -> Result<()> {
        self.0.now(EVEN, note.tag, fate(note, EVEN))
    }
});

subject!(Wide, "machine-wide", {
    #[subscribe(concurrency = 3)]
    async fn broad(&self, note: &Note) -> Result<()> {
        let fate = fate(note, BROAD);
        self.0.later(BROAD, vec![note.tag], fate).await
    }

    #[subscribe(batch = 3, linger = "20ms")]
    async fn batch(&self, notes: Batch<Note>) -> Result<()> {
        // An echo, too, would be of one call: whoever asks for more waits a few times.
        let mut fates = notes.iter().map(|note| fate(note, BATCH));
        let fate = match fates.find(|fate| *fate != Fate::Return) {
            Some(Fate::Hang | Fate::Echo) => Fate::Yield,
            fate => fate.unwrap_or(Fate::Return),
        };
        let tags = notes.iter().map(|note| note.tag).collect();
        self.0.later(BATCH, tags, fate).await
    }

    #[subscribe(overflow = fail)]
    async fn strict(&self, note: &Note) -> Result<()> {
        let fate = fate(note, STRICT);
        self.0.later(STRICT, vec![note.tag], fate).await
    }

    #[subscribe("machine.*", priority = -5)]
    fn side(&self, event: &AnyEvent<'_>) -> Result<()> {
        let fate = event
            .downcast_ref()
            .map_or(Fate::Return, |note| fate(note, SIDE));
        self.0.now(SIDE, any_tag(event), fate)
    }
});

subject!(Publishing, "machine-sender", {});

/// The same once more: another plugin.
const fn second(first: &Descriptor, name: &'static str) -> Descriptor {
    Descriptor::new(name, "1.0.0", first.hooks)
        .needs(first.needs)
        .subscriptions(first.subscriptions)
}

const SENDER_B: Descriptor = second(Publishing::DESCRIPTOR, "machine-sender-b");
const TEAM_B: Descriptor = second(Team::DESCRIPTOR, "machine-team-b");

/// All plugins but the archive.
pub(super) const SUBJECTS: [&Descriptor; PLUGINS.len()] = [
    Calm::DESCRIPTOR,
    Lossy::DESCRIPTOR,
    Patient::DESCRIPTOR,
    Publishing::DESCRIPTOR,
    &SENDER_B,
    Team::DESCRIPTOR,
    &TEAM_B,
    Wide::DESCRIPTOR,
];
