//! What can be done to the system, and how it is set up.

use std::fmt;

use proptest::prelude::*;
use proptest::sample::select;

use super::handlers::{
    CALM, DECLARED, KEEPER, LOSSY, PLUGINS, RECEIVERS, SENDER, SENDER_B, STEADY, STORED,
    STORED_BATCH, WIDE,
};
use super::history::{Fate, How, Item, Kind};

/// One thing that the test does.
#[derive(Clone)]
pub(super) enum Operation {
    Start(usize),
    Stop(usize),
    Restart(usize),
    /// Subscribes at run time, on behalf of a plugin.
    Subscribe(usize, Kind),
    /// Ends one of those subscriptions.
    Unsubscribe(usize),
    /// Publishes events one after the other, beside everything else.
    Send {
        by: usize,
        items: Vec<Item>,
    },
    /// Publishes events of one type with one call.
    SendAll {
        by: usize,
        items: Vec<Item>,
    },
    /// Stops the whole system, and starts it with what it has stored.
    Reboot,
    /// Lets hung calls go on.
    Release,
    /// Waits until all that is published has been.
    Join,
    Idle,
}

impl fmt::Debug for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Start(plugin) => write!(f, "Start {}", PLUGINS[*plugin]),
            Self::Stop(plugin) => write!(f, "Stop {}", PLUGINS[*plugin]),
            Self::Restart(plugin) => write!(f, "Restart {}", PLUGINS[*plugin]),
            Self::Subscribe(plugin, kind) => write!(f, "Subscribe {} {kind:?}", PLUGINS[*plugin]),
            Self::Unsubscribe(at) => write!(f, "Unsubscribe {at}"),
            Self::Send { by, items } => write!(f, "Send by {}: {items:?}", PLUGINS[*by]),
            Self::SendAll { by, items } => {
                write!(f, "SendAll by {}: {items:?}", PLUGINS[*by])
            }
            Self::Reboot => f.write_str("Reboot"),
            Self::Release => f.write_str("Release"),
            Self::Join => f.write_str("Join"),
            Self::Idle => f.write_str("Idle"),
        }
    }
}

/// A set of mailboxes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Setup {
    /// Capacities of those that receive.
    pub(super) mailboxes: [usize; RECEIVERS.len()],
}

pub(super) fn setup() -> impl Strategy<Value = Setup> {
    prop::array::uniform(1_usize..=6).prop_map(|mailboxes| Setup { mailboxes })
}

pub(super) fn operations() -> impl Strategy<Value = Vec<Operation>> {
    proptest::collection::vec(operation(), 1..20)
}

fn operation() -> impl Strategy<Value = Operation> {
    // One that is stopped and started shows more if its events are stored.
    let plugin = || prop_oneof![4 => 0..PLUGINS.len(), 1 => Just(KEEPER)];
    let receiver = select(&[CALM, LOSSY, WIDE][..]);
    let kind = select(&[Kind::Inline, Kind::Queued, Kind::Pattern][..]);
    let sender = || select(&[SENDER, SENDER_B][..]);
    prop_oneof![
        9 => (sender(), proptest::collection::vec(item(), 1..8))
            .prop_map(|(by, items)| Operation::Send { by, items }),
        2 => (sender(), together()).prop_map(|(by, items)| Operation::SendAll { by, items }),
        1 => Just(Operation::Reboot),
        3 => plugin().prop_map(Operation::Stop),
        4 => plugin().prop_map(Operation::Start),
        2 => plugin().prop_map(Operation::Restart),
        2 => (receiver, kind).prop_map(|(plugin, kind)| Operation::Subscribe(plugin, kind)),
        2 => (0_usize..8).prop_map(Operation::Unsubscribe),
        2 => Just(Operation::Release),
        2 => Just(Operation::Join),
        2 => Just(Operation::Idle),
    ]
}

fn item() -> impl Strategy<Value = Item> {
    let how = prop_oneof![
        6 => Just(How::Publish),
        1 => Just(How::Json),
        3 => Just(How::Try),
        2 => Just(How::Wait),
        2 => Just(How::Durable),
        1 => Just(How::GiveUp),
    ];
    (how, prop::bool::weighted(0.2), at(), fate())
        .prop_map(|(how, side, at, fate)| Item::new(how, side, (at, fate)))
}

/// Events of one type that are published together: some, or more than one series of them.
fn together() -> impl Strategy<Value = Vec<Item>> {
    let item = |fate: BoxedStrategy<Fate>| (at(), fate);
    let calm = select(&[Fate::Return, Fate::Yield][..]).boxed();
    let items = prop_oneof![
        5 => proptest::collection::vec(item(fate().boxed()), 1..12),
        1 => proptest::collection::vec(item(calm), 60..140),
    ];
    (items, prop::bool::weighted(0.3)).prop_map(|(items, side)| {
        let all = items.into_iter();
        all.map(|what| Item::new(How::All, side, what)).collect()
    })
}

/// Which handler does something: one whose events are stored more often than others.
fn at() -> impl Strategy<Value = usize> {
    prop_oneof![3 => 0..DECLARED.len(), 1 => STORED..=STORED_BATCH]
}

fn fate() -> impl Strategy<Value = Fate> {
    prop_oneof![
        4 => Just(Fate::Return),
        4 => Just(Fate::Yield),
        1 => Just(Fate::Fail),
        2 => (1_u32..=3).prop_map(Fate::Flaky),
        1 => Just(Fate::Panic),
        1 => Just(Fate::FilterPanic),
        2 => Just(Fate::Hang),
        1 => Just(Fate::Echo),
    ]
}

impl Item {
    fn new(how: How, side: bool, (at, fate): (usize, Fate)) -> Self {
        Self {
            how,
            side,
            at,
            // Only one handler echoes: those that hear an echo must not.
            fate: match fate {
                Fate::Echo if at != STEADY => Fate::Yield,
                fate => fate,
            },
        }
    }
}
