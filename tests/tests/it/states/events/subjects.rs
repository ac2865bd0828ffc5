//! The plugins that come and go: their handlers do what the event says, and write it down.

mod desk;

use plugin_core::prelude::*;
use plugin_core::{Descriptor, Plugin, current};

use super::handlers::{
    ALL, BATCH, BROAD, DECLARED, EVEN, FIRST, Handler, NEWEST, OLDEST, PLUGINS, SIDE, STEADY,
    STRICT,
};
use super::history::{Fate, Ledger, Tag};
use desk::Desk;

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

/// What happens to this handler, or to the member of its group that gets the event.
pub(super) fn fate(note: &Note, handler: usize) -> Fate {
    let shares = |own: &Handler| own.shares_with(&DECLARED[note.at]);
    if note.at == handler || DECLARED.get(handler).is_some_and(shares) {
        note.fate
    } else {
        Fate::Return
    }
}

/// What happens to a handler of batches. An echo would be of one call: whoever asks for more waits
/// a few times.
fn batch_fate(notes: &Batch<Note>, handler: usize) -> Fate {
    let mut fates = notes.iter().map(|note| fate(note, handler));
    match fates.find(|fate| *fate != Fate::Return) {
        Some(Fate::Hang | Fate::Echo) => Fate::Yield,
        fate => fate.unwrap_or(Fate::Return),
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

// After the macro, which it uses.
mod keeper;
mod order;

use keeper::Keeper;
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
        let fate = batch_fate(&notes, BATCH);
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
    Keeper::DESCRIPTOR,
    Lossy::DESCRIPTOR,
    Patient::DESCRIPTOR,
    Publishing::DESCRIPTOR,
    &SENDER_B,
    Team::DESCRIPTOR,
    &TEAM_B,
    Wide::DESCRIPTOR,
];
