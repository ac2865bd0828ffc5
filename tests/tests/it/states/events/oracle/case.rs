//! A history, sorted: who was in force when, what was published, which calls there were.

use std::collections::BTreeMap;

use super::Facts;
use crate::states::events::handlers::{DECLARED, Handler, PLUGINS};
use crate::states::events::history::{Answer, End, Entry, Item, Tag};

/// Whether a plugin or a subscription receives events.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Phase {
    Off,
    /// It is being started or stopped.
    Perhaps,
    On,
}

/// The phases of a plugin or a subscription, by place in the history.
#[derive(Debug, Clone, Default)]
pub(super) struct Timeline(Vec<(usize, Phase)>);

/// One publishing.
#[derive(Debug)]
pub(super) struct Publication {
    pub(super) by: usize,
    pub(super) item: Item,
    pub(super) begun: usize,
    /// None when it was given up.
    pub(super) answered: Option<(usize, Answer)>,
}

/// One call of a handler.
#[derive(Debug)]
pub(super) struct Call {
    pub(super) handler: usize,
    pub(super) life: u64,
    pub(super) tags: Vec<Tag>,
    /// The how-manieth call of its handler with these events it is, from one on: in one life of the
    /// plugin, if the handler is durable.
    pub(super) attempt: usize,
    pub(super) begun: usize,
    pub(super) ended: Option<(usize, End)>,
}

/// A history, sorted.
pub(super) struct Case<'a> {
    pub(super) facts: &'a Facts,
    pub(super) handlers: Vec<Handler>,
    pub(super) plugins: Vec<Timeline>,
    /// Of each handler.
    pub(super) timelines: Vec<Timeline>,
    /// Handlers whose subscription was ended by hand: what waited for them is not called.
    pub(super) ended: Vec<usize>,
    pub(super) publications: BTreeMap<Tag, Publication>,
    pub(super) calls: Vec<Call>,
    /// Those of each handler.
    own: Vec<Vec<usize>>,
    /// Handler, event and idempotency key of each call of a durable handler.
    pub(super) keys: Vec<(usize, Tag, u128)>,
}

impl Timeline {
    fn push(&mut self, at: usize, phase: Phase) {
        self.0.push((at, phase));
    }

    fn last(&self) -> Phase {
        self.0.last().map_or(Phase::Off, |(_, phase)| *phase)
    }

    /// What it is from one place to another: `Perhaps` if it changes.
    pub(super) fn over(&self, from: usize, to: usize) -> Phase {
        let before = self.0.iter().rev().find(|(at, _)| *at <= from);
        let first = before.map_or(Phase::Off, |(_, phase)| *phase);
        let mut changes = self.0.iter().filter(|(at, _)| *at > from && *at <= to);
        if changes.any(|(_, phase)| *phase != first) {
            Phase::Perhaps
        } else {
            first
        }
    }
}

impl Publication {
    /// The last place at which it can have taken effect.
    pub(super) fn until(&self) -> usize {
        self.answered.as_ref().map_or(usize::MAX, |(at, _)| *at)
    }

    /// What it came to; to be dropped while it waits is to be given up.
    pub(super) fn answer(&self) -> &Answer {
        self.answered
            .as_ref()
            .map_or(&Answer::GivenUp, |(_, answer)| answer)
    }
}

impl Call {
    /// The place of its end; one that never ended is as long as the history.
    pub(super) fn until(&self) -> usize {
        self.ended.map_or(usize::MAX, |(at, _)| at)
    }

    pub(super) fn how(&self) -> End {
        self.ended.map_or(End::Cancelled, |(_, how)| how)
    }
}

impl<'a> Case<'a> {
    pub(super) fn read(facts: &'a Facts) -> Self {
        let mut case = Self {
            facts,
            handlers: DECLARED.to_vec(),
            plugins: vec![Timeline::default(); PLUGINS.len()],
            timelines: vec![Timeline::default(); DECLARED.len()],
            ended: Vec::new(),
            publications: BTreeMap::new(),
            calls: Vec::new(),
            own: vec![Vec::new(); DECLARED.len()],
            keys: Vec::new(),
        };
        let mut open = BTreeMap::new();
        for (at, entry) in facts.history.iter().enumerate() {
            case.read_phase(at, entry);
            case.read_event(at, entry, &mut open);
        }
        case
    }

    fn read_event(&mut self, at: usize, entry: &Entry, open: &mut BTreeMap<u64, usize>) {
        match entry.clone() {
            Entry::Publishing { tag, by, item } => {
                let publication = Publication {
                    by,
                    item,
                    begun: at,
                    answered: None,
                };
                self.publications.insert(tag, publication);
            }
            Entry::Published { tag, answer } => {
                let publication = self.publications.get_mut(&tag);
                publication.expect("it began").answered = Some((at, answer));
            }
            Entry::Begun {
                call,
                handler,
                life,
                tags,
            } => {
                open.insert(call, self.calls.len());
                let own = self.own.len().max(handler + 1);
                self.own.resize(own, Vec::new());
                let durable = self.handlers[handler].durable;
                let attempt = 1
                    + (self.calls_with(tags[0], handler))
                        .filter(|call| !durable || call.life == life)
                        .count();
                self.own[handler].push(self.calls.len());
                self.calls.push(Call {
                    handler,
                    life,
                    tags,
                    attempt,
                    begun: at,
                    ended: None,
                });
            }
            Entry::Ended { call, how } => self.calls[open[&call]].ended = Some((at, how)),
            Entry::Keyed { handler, tag, key } => self.keys.push((handler, tag, key)),
            _ => {}
        }
    }

    fn read_phase(&mut self, at: usize, entry: &Entry) {
        match *entry {
            Entry::Asked { plugin } => {
                self.plugins[plugin].push(at, Phase::Perhaps);
                self.all_of(plugin, |timeline, declared| {
                    if declared || timeline.last() == Phase::On {
                        timeline.push(at, Phase::Perhaps);
                    }
                });
            }
            Entry::Answered {
                plugin,
                changed,
                runs,
                ..
            } => self.answered(at, plugin, (changed, runs)),
            Entry::Subscribing {
                handler,
                plugin,
                kind,
            } => {
                assert_eq!(handler, self.handlers.len(), "they are numbered in order");
                self.handlers.push(Handler::made(plugin, kind));
                let mut timeline = Timeline::default();
                timeline.push(at, Phase::Perhaps);
                self.timelines.push(timeline);
            }
            Entry::Subscribed { handler, accepted } => {
                let phase = if accepted { Phase::On } else { Phase::Off };
                self.timelines[handler].push(at, phase);
            }
            Entry::Unsubscribing { handler } => {
                self.ended.push(handler);
                if self.timelines[handler].last() == Phase::On {
                    self.timelines[handler].push(at, Phase::Perhaps);
                }
            }
            Entry::Unsubscribed { handler } => self.timelines[handler].push(at, Phase::Off),
            Entry::Booted => self.durable_ones(at, Phase::On),
            Entry::Halting => self.durable_ones(at, Phase::Perhaps),
            Entry::Halted => self.durable_ones(at, Phase::Off),
            _ => {}
        }
    }

    /// A plugin was started or stopped: what it declares is in force when it runs, what it made at
    /// run time is only as long as nothing changed.
    fn answered(&mut self, at: usize, plugin: usize, (changed, runs): (bool, bool)) {
        let phase = if runs { Phase::On } else { Phase::Off };
        self.plugins[plugin].push(at, phase);
        self.all_of(plugin, |timeline, declared| match (declared, changed) {
            (true, _) => timeline.push(at, phase),
            (false, false) if timeline.last() == Phase::Perhaps => timeline.push(at, Phase::On),
            (false, false) => {}
            (false, true) => timeline.push(at, Phase::Off),
        });
    }

    /// What is durable is in force as long as the system runs.
    fn durable_ones(&mut self, at: usize, phase: Phase) {
        for (timeline, handler) in self.timelines.iter_mut().zip(&self.handlers) {
            if handler.durable {
                timeline.push(at, phase);
            }
        }
    }

    fn all_of(&mut self, plugin: usize, mut change: impl FnMut(&mut Timeline, bool)) {
        for (at, timeline) in self.timelines.iter_mut().enumerate() {
            if self.handlers[at].plugin == plugin && !self.handlers[at].durable {
                change(timeline, at < DECLARED.len());
            }
        }
    }

    /// The calls of one handler.
    pub(super) fn calls_of(&self, handler: usize) -> impl Iterator<Item = &Call> {
        let own = self.own.get(handler).into_iter().flatten();
        own.map(|at| &self.calls[*at])
    }

    /// The calls of all handlers of one plugin, those of one handler after those of another.
    pub(super) fn calls_in(&self, plugin: usize) -> impl Iterator<Item = &Call> {
        let own = move |at: &usize| self.handlers[*at].plugin == plugin;
        let handlers = (0..self.handlers.len()).filter(own);
        handlers.flat_map(|handler| self.calls_of(handler))
    }

    /// The calls of one handler with an event: the first, and one for each retry.
    pub(super) fn calls_with(&self, tag: Tag, handler: usize) -> impl Iterator<Item = &Call> {
        self.calls_of(handler)
            .filter(move |call| call.tags.contains(&tag))
    }

    /// The calls of one handler, or of all members of its group.
    pub(super) fn calls_of_all(&self, handler: usize) -> impl Iterator<Item = &Call> {
        let own = &self.handlers[handler];
        (self.calls.iter()).filter(move |call| {
            call.handler == handler || own.shares_with(&self.handlers[call.handler])
        })
    }

    /// Whether another member of a handler's group has an event.
    pub(super) fn is_elsewhere(&self, tag: Tag, handler: usize) -> bool {
        (self.calls_of_all(handler)).any(|call| call.handler != handler && call.tags.contains(&tag))
    }

    /// How often a handler was called with an event.
    pub(super) fn times(&self, tag: Tag, handler: usize) -> usize {
        (self.calls_of(handler))
            .map(|call| call.tags.iter().filter(|other| **other == tag).count())
            .sum()
    }
}
