//! What is watched, and what keys do to it.

use std::cmp::Ordering;
use std::collections::VecDeque;

use plugin_core::event::Pattern;
use plugin_core::printable;
use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use serde::Deserialize;
use serde_json::Value;

use super::Answers;
use crate::commands::answer;
use crate::commands::instance::Row;
use crate::failure::Failure;

/// Events of a tap that are kept.
const EVENTS: usize = 200;

/// What is watched.
pub(super) struct App {
    rows: Vec<Row>,
    pub(super) sort: Sort,
    /// Whether the smallest comes first.
    pub(super) rising: bool,
    pub(super) filter: String,
    /// Whether keys are letters of the filter.
    pub(super) is_typing: bool,
    /// Name of the instance that the cursor is on.
    selected: Option<String>,
    /// The first row that is seen.
    pub(super) offset: usize,
    pub(super) one: Option<One>,
    pub(super) paints: bool,
}

/// The instance that is looked at.
#[derive(Default)]
pub(super) struct One {
    pub(super) name: String,
    pub(super) handlers: Vec<Handler>,
    /// Events in a second, the last two minutes.
    pub(super) rates: Vec<u64>,
    pub(super) lines: Vec<String>,
    pub(super) events: VecDeque<String>,
    /// Whether events are shown in the place of lines of the log.
    pub(super) taps: bool,
}

/// A handler of the instance.
#[derive(Debug, Deserialize)]
pub(super) struct Handler {
    pub(super) handler: String,
    pub(super) topic: String,
    pub(super) received: u64,
    pub(super) errors: u64,
    pub(super) dead_lettered: u64,
}

/// What rows are sorted by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sort {
    Start,
    Name,
    State,
    In,
    Out,
    Errors,
    P99,
    Queued,
    Cpu,
    Memory,
}

impl Sort {
    pub(super) const ALL: [Self; 10] = [
        Self::Start,
        Self::Name,
        Self::State,
        Self::In,
        Self::Out,
        Self::Errors,
        Self::P99,
        Self::Queued,
        Self::Cpu,
        Self::Memory,
    ];

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Start => "start order",
            Self::Name => "name",
            Self::State => "state",
            Self::In => "in/s",
            Self::Out => "out/s",
            Self::Errors => "err/s",
            Self::P99 => "p99",
            Self::Queued => "queued",
            Self::Cpu => "cpu",
            Self::Memory => "memory",
        }
    }

    /// Whether the smallest comes first unless somebody turns it round.
    const fn rises(self) -> bool {
        matches!(self, Self::Start | Self::Name | Self::State)
    }

    fn compare(self, one: &Row, other: &Row) -> Ordering {
        let by = |of: fn(&Row) -> Option<f64>| {
            let of = |row| of(row).unwrap_or(-1.0);
            of(one).total_cmp(&of(other))
        };
        match self {
            Self::Start => Ordering::Equal,
            Self::Name => one.instance.cmp(&other.instance),
            Self::State => (one.ready, &one.state).cmp(&(other.ready, &other.state)),
            Self::In => by(|row| row.received.per_second),
            Self::Out => by(|row| row.out.per_second),
            Self::Errors => by(|row| row.errors.per_second),
            Self::P99 => by(|row| row.p99_us),
            Self::Queued => one.queued.cmp(&other.queued),
            Self::Cpu => by(|row| row.cpu),
            Self::Memory => one.memory.cmp(&other.memory),
        }
    }
}

/// What a key asks for.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Wish {
    Nothing,
    Quit,
    /// The service is to be asked at once.
    Ask,
    /// A tap is to begin or to end.
    Tap,
}

impl App {
    pub(super) fn new(paints: bool) -> Self {
        Self {
            rows: Vec::new(),
            sort: Sort::Start,
            rising: true,
            filter: String::new(),
            is_typing: false,
            selected: None,
            offset: 0,
            one: None,
            paints,
        }
    }

    /// The rows that are seen, in their order.
    pub(super) fn shown(&self) -> Vec<&Row> {
        let filter = self.filter.to_lowercase();
        let is_wanted = |row: &&Row| {
            row.instance.to_lowercase().contains(&filter) || row.state.contains(&filter)
        };
        let mut rows: Vec<_> = self.rows.iter().filter(is_wanted).collect();
        rows.sort_by(|one, other| {
            let order = self.sort.compare(one, other);
            if self.rising { order } else { order.reverse() }
        });
        if self.sort == Sort::Start && !self.rising {
            rows.reverse();
        }
        rows
    }

    /// How many instances there are, and how many of them serve.
    pub(super) fn counts(&self) -> (usize, usize) {
        let ready = self.rows.iter().filter(|row| row.ready).count();
        (self.rows.len(), ready)
    }

    /// The row of the instance that is looked at.
    pub(super) fn row(&self, name: &str) -> Option<&Row> {
        self.rows.iter().find(|row| row.instance == name)
    }

    /// Where the cursor is among the rows that are seen.
    pub(super) fn cursor(&self, shown: &[&Row]) -> usize {
        let selected = self.selected.as_deref();
        let at = shown
            .iter()
            .position(|row| Some(row.instance.as_str()) == selected);
        at.unwrap_or(0)
    }

    /// Name of the instance that is looked at.
    pub(super) fn looked_at(&self) -> Option<&str> {
        self.one.as_ref().map(|one| one.name.as_str())
    }

    pub(super) fn is_tapping(&self) -> bool {
        self.one.as_ref().is_some_and(|one| one.taps)
    }

    pub(super) fn take(&mut self, answers: Answers) -> Result<(), Failure> {
        self.take_list(answers.list)?;
        if let Some((name, instance, lines)) = answers.one {
            self.take_one(&name, &instance, &lines);
        }
        Ok(())
    }

    pub(super) fn take_list(&mut self, list: Value) -> Result<(), Failure> {
        #[derive(Deserialize)]
        struct RowList {
            instances: Vec<Row>,
        }
        let RowList { instances } = answer::read(list)?;
        self.rows = instances;
        Ok(())
    }

    fn take_one(&mut self, name: &str, instance: &Value, lines: &Value) {
        let Some(one) = self.one.as_mut().filter(|one| one.name == name) else {
            return;
        };
        one.handlers = Vec::deserialize(&instance["handlers"]).unwrap_or_default();
        let rates = instance["history"][0]["in"].as_array();
        let rate = |rate: &Value| rate.as_f64().unwrap_or(0.0).round() as u64;
        one.rates = rates.map_or_else(Vec::new, |rates| rates.iter().map(rate).collect());
        let lines = lines["lines"].as_array();
        let line = |line: &Value| {
            let text = |key: &str| line[key].as_str().unwrap_or_default().to_owned();
            let at = text("at");
            let at = super::super::tap::clock(&at).to_owned();
            let told = format!(
                "{at} {:>5} {}",
                text("level").to_uppercase(),
                text("message")
            );
            printable::line(&told).into_owned()
        };
        one.lines = lines.map_or_else(Vec::new, |lines| lines.iter().map(line).collect());
    }

    /// Takes an event of the tap, if it has to do with the instance.
    pub(super) fn take_event(&mut self, event: &Value) {
        let Some(one) = &mut self.one else { return };
        let text = |key: &str| event[key].as_str().unwrap_or_default();
        let hears = |handler: &Handler| {
            Pattern::parse(&handler.topic).is_ok_and(|pattern| pattern.matches(text("topic")))
        };
        let is_own = text("publisher") == one.name;
        if !is_own && !one.handlers.iter().any(hears) {
            return;
        }
        let (at, way) = (
            super::super::tap::clock(text("at")),
            if is_own { "→" } else { "←" },
        );
        let told = format!("{at} {way} {} {}", text("topic"), event["payload"]);
        one.events.push_back(printable::line(&told).into_owned());
        if one.events.len() > EVENTS {
            one.events.pop_front();
        }
    }

    pub(super) fn key(&mut self, key: KeyEvent) -> Wish {
        if key.modifiers.contains(KeyModifiers::CONTROL) && key.code == KeyCode::Char('c') {
            return Wish::Quit;
        }
        if self.is_typing {
            self.type_filter(key.code);
            return Wish::Nothing;
        }
        match (key.code, &mut self.one) {
            (KeyCode::Char('q'), _) => return Wish::Quit,
            (KeyCode::Esc | KeyCode::Backspace | KeyCode::Left, Some(_)) => self.one = None,
            (KeyCode::Char('t'), Some(one)) => {
                one.taps = !one.taps;
                return Wish::Tap;
            }
            (_, Some(_)) => {}
            (KeyCode::Esc, None) => self.filter.clear(),
            (KeyCode::Char('/'), None) => self.is_typing = true,
            (KeyCode::Char('s'), None) => self.sort_by(1),
            (KeyCode::Char('S'), None) => self.sort_by(Sort::ALL.len() - 1),
            (KeyCode::Char('r'), None) => self.rising = !self.rising,
            (KeyCode::Up | KeyCode::Char('k'), None) => self.go(-1),
            (KeyCode::Down | KeyCode::Char('j'), None) => self.go(1),
            (KeyCode::PageUp, None) => self.go(-10),
            (KeyCode::PageDown, None) => self.go(10),
            (KeyCode::Home | KeyCode::Char('g'), None) => self.go(isize::MIN),
            (KeyCode::End | KeyCode::Char('G'), None) => self.go(isize::MAX),
            (KeyCode::Enter | KeyCode::Right, None) => return self.look(),
            _ => {}
        }
        Wish::Nothing
    }

    fn type_filter(&mut self, code: KeyCode) {
        match code {
            KeyCode::Enter => self.is_typing = false,
            KeyCode::Esc => {
                self.filter.clear();
                self.is_typing = false;
            }
            KeyCode::Backspace => drop(self.filter.pop()),
            KeyCode::Char(letter) => self.filter.push(letter),
            _ => {}
        }
    }

    fn sort_by(&mut self, steps: usize) {
        let at = Sort::ALL.iter().position(|sort| *sort == self.sort);
        self.sort = Sort::ALL[(at.unwrap_or(0) + steps) % Sort::ALL.len()];
        self.rising = self.sort.rises();
    }

    fn go(&mut self, steps: isize) {
        let shown = self.shown();
        let last = shown.len().saturating_sub(1);
        let at = self.cursor(&shown).saturating_add_signed(steps).min(last);
        self.selected = shown.get(at).map(|row| row.instance.clone());
    }

    fn look(&mut self) -> Wish {
        let shown = self.shown();
        let Some(row) = shown.get(self.cursor(&shown)) else {
            return Wish::Nothing;
        };
        let name = row.instance.clone();
        self.selected = Some(name.clone());
        self.one = Some(One {
            name,
            ..One::default()
        });
        Wish::Ask
    }
}
