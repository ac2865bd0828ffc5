//! A fair comparison on a machine that also does other things: in each round every variant runs a
//! short batch, in shuffled order, and a figure is the median of what the rounds say of it. What
//! slows a round down slows all of its variants.

mod goal;
mod outcome;
mod rounds;
mod table;

use std::hint::black_box;
use std::time::{Duration, Instant};

pub use goal::Goal;
pub use outcome::{Outcome, Reached, Row, load, save};
pub use table::table;

use rounds::{Round, Rounds};

/// Rounds of a contest whose batches are short.
const ROUNDS: usize = 301;
/// Rounds that it takes to say anything.
const FEWEST: usize = 25;
/// A contest ends after this time if it has rounds enough.
const BUDGET: Duration = Duration::from_secs(3);
/// It ends after this time, however few rounds it has.
const LONGEST: Duration = Duration::from_secs(20);
/// How often a batch that was disturbed is run again within its round.
const TRIES: usize = 20;
/// How long a batch takes at least: short beside the time slices of other programs.
const BATCH: Duration = Duration::from_micros(100);

/// One batch, and whether nothing was in its way.
pub type Lap = (Duration, bool);

/// One way to do something.
pub struct Variant {
    name: &'static str,
    run: Box<dyn FnMut(u64) -> Lap>,
}

impl Variant {
    /// What it is called.
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// Does it so many times.
    pub fn run(&mut self, times: u64) -> Lap {
        (self.run)(times)
    }

    /// Does it so many times, until nothing was in the way.
    fn undisturbed(&mut self, times: u64) -> Option<Duration> {
        (0..TRIES)
            .map(|_| self.run(times))
            .find_map(|(took, undisturbed)| undisturbed.then_some(took))
    }

    /// How many times make a batch.
    fn batch(&mut self) -> u64 {
        let mut times = 1;
        while self.run(times).0 < BATCH {
            times *= 2;
        }
        times
    }
}

/// Several ways to do the same, and what is expected of them.
pub struct Contest {
    name: String,
    operations: u64,
    variants: Vec<Variant>,
    goals: Vec<Goal>,
    probe: Box<dyn FnMut() -> Option<&'static str>>,
}

impl Contest {
    /// A contest without variants.
    #[must_use]
    pub fn new(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            operations: 1,
            variants: Vec::new(),
            goals: Vec::new(),
            probe: Box::new(|| Some("")),
        }
    }

    /// How many operations one run of a variant makes: figures are those of one operation.
    #[must_use]
    pub fn operations(mut self, operations: u64) -> Self {
        self.operations = operations;
        self
    }

    /// Adds a variant that is told how many times, and says how long it took.
    #[must_use]
    pub fn add(self, name: &'static str, mut run: impl FnMut(u64) -> Duration + 'static) -> Self {
        self.watched(name, move |times| (run(times), true))
    }

    /// Adds a variant that also says whether it was disturbed.
    #[must_use]
    pub fn watched(mut self, name: &'static str, run: impl FnMut(u64) -> Lap + 'static) -> Self {
        let run = Box::new(run);
        self.variants.push(Variant { name, run });
        self
    }

    /// Adds what is expected.
    #[must_use]
    pub fn goal(mut self, goal: Goal) -> Self {
        self.goals.push(goal);
        self
    }

    /// Tells rounds apart by the state of the machine; `None` is a disturbed one. A round counts if
    /// the state is the same before and after it.
    #[must_use]
    pub fn probe(mut self, probe: impl FnMut() -> Option<&'static str> + 'static) -> Self {
        self.probe = Box::new(probe);
        self
    }

    /// What it is called.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Operations of one run.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.operations
    }

    /// The variants.
    pub fn variants(&mut self) -> &mut [Variant] {
        &mut self.variants
    }

    /// Runs the rounds: an outcome for each state of the machine.
    pub fn measure(&mut self) -> Vec<Outcome> {
        let batches: Vec<u64> = self.variants.iter_mut().map(Variant::batch).collect();
        let mut order: Vec<usize> = (0..batches.len()).collect();
        let mut random = Random(0x9E37_79B9_7F4A_7C15);
        let mut rounds = Rounds::default();
        let began = Instant::now();
        while rounds.len() < ROUNDS && began.elapsed() < LONGEST {
            if rounds.len() >= FEWEST && began.elapsed() > BUDGET {
                break;
            }
            random.shuffle(&mut order);
            if let Some(round) = self.round(&order, &batches) {
                rounds.add(round);
            }
        }
        rounds.outcomes(&self.name, &self.names(), &self.goals, FEWEST)
    }

    fn names(&self) -> Vec<&'static str> {
        self.variants.iter().map(Variant::name).collect()
    }

    /// Nanoseconds of an operation of each variant; `None` if something was in the way.
    fn round(&mut self, order: &[usize], batches: &[u64]) -> Option<Round> {
        let before = (self.probe)()?;
        let mut nanos = vec![0.0; order.len()];
        for &at in order {
            let took = self.variants[at].undisturbed(batches[at])?;
            nanos[at] = took.as_nanos() as f64 / (batches[at] * self.operations) as f64;
        }
        let after = (self.probe)()?;
        (before == after).then_some(Round {
            state: before,
            nanos,
        })
    }
}

/// Does something a number of times by the clock.
pub fn timed<R>(mut operation: impl FnMut() -> R) -> impl FnMut(u64) -> Duration {
    move |times| {
        let began = Instant::now();
        for _ in 0..times {
            black_box(operation());
        }
        began.elapsed()
    }
}

/// Marsaglia's xorshift: the order of variants needs no better.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn shuffle(&mut self, order: &mut [usize]) {
        for end in (1..order.len()).rev() {
            let at = self.next() % (end as u64 + 1);
            order.swap(end, at as usize);
        }
    }
}
