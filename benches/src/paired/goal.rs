//! What is expected of a variant.

use super::table::time;

/// A figure of a contest, and the most or the least that it may be.
#[derive(Debug, Clone, Copy)]
pub struct Goal {
    pub(super) of: Cost,
    pub(super) than: Than,
    pub(super) bound: f64,
}

/// What is looked at.
#[derive(Debug, Clone, Copy)]
pub(super) enum Cost {
    One(&'static str),
    /// What the first takes more than the second.
    Added(&'static str, &'static str),
}

/// What it is compared with.
#[derive(Debug, Clone, Copy)]
pub(super) enum Than {
    /// The clock: nanoseconds, at most so many.
    Clock,
    /// At most so many times the other.
    AtMost(Cost),
    /// The other takes at least so many times as long.
    Faster(&'static str),
}

impl Goal {
    /// At most so many nanoseconds.
    #[must_use]
    pub const fn nanos(of: &'static str, bound: f64) -> Self {
        Self {
            of: Cost::One(of),
            than: Than::Clock,
            bound,
        }
    }

    /// At most so many times what the baseline takes.
    #[must_use]
    pub const fn ratio(of: &'static str, baseline: &'static str, bound: f64) -> Self {
        Self {
            of: Cost::One(of),
            than: Than::AtMost(Cost::One(baseline)),
            bound,
        }
    }

    /// The baseline takes at least so many times as long.
    #[must_use]
    pub const fn faster(of: &'static str, baseline: &'static str, bound: f64) -> Self {
        Self {
            of: Cost::One(of),
            than: Than::Faster(baseline),
            bound,
        }
    }

    /// What the first of a pair adds to the second is at most so many times the baseline.
    #[must_use]
    pub const fn added(
        (of, to): (&'static str, &'static str),
        baseline: &'static str,
        bound: f64,
    ) -> Self {
        Self {
            of: Cost::Added(of, to),
            than: Than::AtMost(Cost::One(baseline)),
            bound,
        }
    }

    /// What the first of a pair adds to the second is at most so many times what is added in the
    /// other pair.
    #[must_use]
    pub const fn added_of_added(
        (of, to): (&'static str, &'static str),
        (baseline, to_baseline): (&'static str, &'static str),
        bound: f64,
    ) -> Self {
        Self {
            of: Cost::Added(of, to),
            than: Than::AtMost(Cost::Added(baseline, to_baseline)),
            bound,
        }
    }

    pub(super) fn met(&self, figure: f64) -> bool {
        match self.than {
            Than::Clock | Than::AtMost(_) => figure <= self.bound,
            Than::Faster(_) => figure >= self.bound,
        }
    }

    pub(super) fn what(&self) -> String {
        let of = self.of.name();
        match self.than {
            Than::Clock => of,
            Than::AtMost(than) => format!("{of} : {}", than.name()),
            Than::Faster(than) => format!("{than} : {of}"),
        }
    }

    pub(super) fn limit(&self) -> String {
        match self.than {
            Than::Clock => format!("≤ {}", time(self.bound)),
            Than::AtMost(_) => format!("≤ {} ×", self.bound),
            Than::Faster(_) => format!("≥ {} ×", self.bound),
        }
    }

    pub(super) fn unit(&self) -> &'static str {
        match self.than {
            Than::Clock => "ns",
            Than::AtMost(_) | Than::Faster(_) => "×",
        }
    }
}

impl Cost {
    fn name(self) -> String {
        match self {
            Self::One(name) => name.to_owned(),
            Self::Added(of, to) => format!("({of} − {to})"),
        }
    }

    /// Nanoseconds in one round, of which each variant's are given by name.
    pub(super) fn nanos(self, of: impl Fn(&str) -> f64) -> f64 {
        match self {
            Self::One(name) => of(name),
            Self::Added(more, less) => of(more) - of(less),
        }
    }
}
