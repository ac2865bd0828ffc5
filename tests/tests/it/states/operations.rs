//! Random operations on a small set, against a model of a few lines: who runs, who may, in which
//! order. After each operation the system and the model say the same, exactly the plugins that
//! run are alive, and exactly those hear an event.

use std::time::Duration;

use plugin_core::lifecycle::{OperationError, PluginFailed, State};
use plugin_core::prelude::*;
use plugin_core::{Descriptor, Plugin, Requirement, current};
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::json;

use crate::heard::Heard;
use crate::journal::{Journal, Notebook};
use crate::rig::{Rig, Started};

#[event("states.ping")]
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
struct Ping;

/// Tells a plugin to fail.
#[event("states.break")]
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
struct Break {
    plugin: String,
}

/// A plugin that notes what is done to it; there are several of it, under other names.
struct Node {
    name: &'static str,
    journal: Service<dyn Journal>,
    tasks: std::sync::OnceLock<Tasks>,
}

#[plugin(name = "states-node")]
impl Node {
    #[init]
    fn init(journal: Service<dyn Journal>) -> Result<Self> {
        let name = current().expect("`init` runs in a context").plugin;
        journal.write(format!("init {name}"));
        let tasks = std::sync::OnceLock::new();
        Ok(Self {
            name,
            journal,
            tasks,
        })
    }

    #[start]
    async fn start(&self, tasks: Tasks) {
        self.journal.write(format!("start {}", self.name));
        self.tasks.get_or_init(|| tasks);
    }

    #[stop]
    fn stop(&self) {
        self.journal.write(format!("stop {}", self.name));
    }

    #[subscribe]
    fn ping(&self, _ping: &Ping) {}

    #[subscribe]
    async fn fail(&self, event: &Break) -> Result<()> {
        if event.plugin == self.name {
            let tasks = self.tasks.get().expect("it was started");
            tasks.spawn("told", async { Err::<(), _>(Error::external("told to")) })?;
        }
        Ok(())
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        self.journal.write(format!("drop {}", self.name));
    }
}

const fn node(name: &'static str, requires: &'static [Requirement]) -> Descriptor {
    let node = Node::DESCRIPTOR;
    Descriptor::new(name, "1.0.0", node.hooks)
        .needs(node.needs)
        .subscriptions(node.subscriptions)
        .requires(requires)
}

const fn on(plugin: &'static str) -> Requirement {
    Requirement {
        plugin,
        version: "*",
    }
}

/// What takes longer never ends: all that is waited for is done at once.
const HANGS: Duration = Duration::from_secs(3_600);

/// In start order.
const NAMES: [&str; 4] = ["a", "b", "c", "d"];
const A: Descriptor = node("a", &[]);
const B: Descriptor = node("b", &[on("a")]);
const C: Descriptor = node("c", &[on("b")]);
const D: Descriptor = node("d", &[on("a")]);

/// Whom each plugin needs.
const NEEDS: [&[usize]; 4] = [&[], &[0], &[1], &[0]];

#[derive(Debug, Clone, Copy)]
enum Operation {
    Start(usize),
    Stop(usize),
    StopCascade(usize),
    Restart(usize),
    Break(usize),
    Publish,
}

/// What the system should be.
#[derive(Debug)]
struct Model([State; 4]);

/// What an operation should come to: the plugins it changed, or the word for its refusal.
type Expected = Result<Vec<&'static str>, &'static str>;

impl Model {
    fn runs(&self, at: usize) -> bool {
        self.0[at] == State::Running
    }

    fn running(&self) -> Vec<&'static str> {
        (0..4)
            .filter(|&at| self.runs(at))
            .map(|at| NAMES[at])
            .collect()
    }

    /// The plugins that run and can't be without one, those that stop first in front.
    fn dependents(&self, of: usize) -> Vec<usize> {
        let mut found = vec![of];
        for (at, needs) in NEEDS.into_iter().enumerate() {
            if needs.iter().any(|need| found.contains(need)) {
                found.push(at);
            }
        }
        found
            .into_iter()
            .skip(1)
            .filter(|&at| self.runs(at))
            .rev()
            .collect()
    }

    fn start(&mut self, at: usize) -> Expected {
        if self.runs(at) {
            return Err("state");
        }
        if NEEDS[at].iter().any(|&need| !self.runs(need)) {
            return Err("needs");
        }
        self.0[at] = State::Running;
        Ok(vec![NAMES[at]])
    }

    fn stop(&mut self, at: usize, cascade: bool) -> Expected {
        let mut stopped = self.dependents(at);
        if !stopped.is_empty() && !cascade {
            return Err("needed");
        }
        if !self.runs(at) {
            return Err("state");
        }
        stopped.push(at);
        stopped.iter().for_each(|&at| self.0[at] = State::Stopped);
        Ok(stopped.into_iter().map(|at| NAMES[at]).collect())
    }

    fn restart(&mut self, at: usize) -> Expected {
        if self.runs(at) {
            return Ok(vec![NAMES[at]]);
        }
        self.start(at)
    }

    /// It is given up at once, and those that can't be without it stop.
    fn fail(&mut self, at: usize) {
        let dependents = self.dependents(at);
        dependents
            .into_iter()
            .for_each(|at| self.0[at] = State::Stopped);
        self.0[at] = State::Failed;
    }
}

/// The system under test.
struct Subject {
    running: Started,
    journal: Service<dyn Journal>,
    failed: Heard<PluginFailed>,
}

impl Subject {
    async fn start(rig: &Rig) -> Self {
        let running = rig.start().await;
        let journal = running.service::<dyn Journal>().unwrap();
        let failed = Heard::on(&running);
        Self {
            running,
            journal,
            failed,
        }
    }

    async fn apply(&self, operation: Operation, model: &mut Model) -> Result<(), TestCaseError> {
        let manager = self.running.handle();
        let (outcome, expected) = match operation {
            Operation::Start(at) => (manager.start(NAMES[at]).await, model.start(at)),
            Operation::Stop(at) => (manager.stop(NAMES[at]).await, model.stop(at, false)),
            Operation::StopCascade(at) => {
                (manager.stop_cascade(NAMES[at]).await, model.stop(at, true))
            }
            Operation::Restart(at) => (manager.restart(NAMES[at]).await, model.restart(at)),
            Operation::Break(at) => return self.fail(at, model).await,
            Operation::Publish => return self.publish(model).await,
        };
        let outcome = outcome
            .map(|outcome| outcome.plugins)
            .map_err(|error| word(&error));
        prop_assert!(
            same(&outcome, &expected),
            "{outcome:?}, expected {expected:?}"
        );
        Ok(())
    }

    async fn fail(&self, at: usize, model: &mut Model) -> Result<(), TestCaseError> {
        let plugin = NAMES[at].to_owned();
        let outcomes = self
            .running
            .publisher()
            .publish_and_wait(Break { plugin })
            .await;
        prop_assert!(
            outcomes
                .unwrap()
                .iter()
                .all(|outcome| outcome.result.is_ok())
        );
        if model.runs(at) {
            prop_assert_eq!(self.failed.next().await.plugin, NAMES[at]);
            // The manager does one thing after the other: when it answers, it is done with this.
            let refused = self.running.handle().start("nobody").await;
            prop_assert!(matches!(refused, Err(OperationError::Unknown(_))));
            model.fail(at);
        }
        Ok(())
    }

    async fn publish(&self, model: &Model) -> Result<(), TestCaseError> {
        let outcomes = self
            .running
            .publisher()
            .publish_and_wait(Ping)
            .await
            .unwrap();
        let mut heard: Vec<_> = outcomes.iter().map(|outcome| outcome.plugin).collect();
        heard.sort_unstable();
        prop_assert_eq!(heard, model.running());
        Ok(())
    }

    fn check(&self, model: &Model) -> Result<(), TestCaseError> {
        let status = self.running.status();
        for (at, name) in NAMES.into_iter().enumerate() {
            let plugin = status.plugins.iter().find(|plugin| plugin.name == name);
            prop_assert_eq!(plugin.unwrap().state, model.0[at], "{}", name);
        }
        prop_assert_eq!(status.ready, model.running().len() == 4);
        let lines = self.journal.lines();
        prop_assert_eq!(alive(&lines), model.running());
        Ok(())
    }
}

fn word(error: &OperationError) -> &'static str {
    match error {
        OperationError::State { .. } => "state",
        OperationError::Needed { .. } => "needed",
        OperationError::Needs { .. } => "needs",
        _ => "other",
    }
}

/// Dependents come first; between independent ones the order of their ends is open.
fn same(outcome: &Expected, expected: &Expected) -> bool {
    let (Ok(outcome), Ok(expected)) = (outcome, expected) else {
        return outcome == expected;
    };
    let sorted = |names: &[&'static str]| {
        let mut names = names.to_vec();
        names.sort_unstable();
        names
    };
    sorted(outcome) == sorted(expected) && in_order(outcome)
}

/// Whether nobody stopped before one that needs it.
fn in_order(stops: &[&str]) -> bool {
    let place = |name: &str| stops.iter().position(|stop| *stop == name);
    NAMES.iter().enumerate().all(|(at, name)| {
        let needs = NEEDS[at].iter().filter_map(|&need| place(NAMES[need]));
        needs
            .into_iter()
            .all(|need| place(name).is_none_or(|own| own < need))
    })
}

/// The plugins that were built and not dropped, in order of their names.
fn alive(lines: &[String]) -> Vec<&str> {
    let mut alive = Vec::new();
    for line in lines {
        match line.split_once(' ') {
            Some(("init", name)) => alive.push(name),
            Some(("drop", name)) => alive.retain(|other| *other != name),
            _ => {}
        }
    }
    alive.sort_unstable();
    alive
}

async fn run(operations: &[Operation]) -> Result<(), TestCaseError> {
    let rig = NAMES.iter().fold(
        Rig::new(&[&A, &B, &C, &D, Notebook::DESCRIPTOR]),
        |rig, name| rig.set(name, "restart", json!({"policy": "never"})),
    );
    let subject = Subject::start(&rig).await;
    let mut model = Model([State::Running; 4]);
    for &operation in operations {
        let applied = subject.apply(operation, &mut model);
        let in_time = tokio::time::timeout(HANGS, applied).await;
        in_time.expect("nothing hangs")?;
        subject.check(&model)?;
    }
    let Subject {
        running,
        journal,
        failed,
    } = subject;
    drop(failed);
    journal.clear();
    prop_assert!(running.stop().await.is_clean());
    let lines = journal.lines();
    let stops: Vec<_> = (lines.iter())
        .filter_map(|line| line.strip_prefix("stop "))
        .collect();
    let mut sorted = stops.clone();
    sorted.sort_unstable();
    prop_assert_eq!(sorted, model.running());
    prop_assert!(in_order(&stops), "{:?}", stops);
    prop_assert_eq!(
        lines.len(),
        2 * stops.len(),
        "each stops and is dropped, once"
    );
    Ok(())
}

fn operation() -> impl Strategy<Value = Operation> {
    let unit = || select(&[0_usize, 1, 2, 3][..]);
    prop_oneof![
        3 => unit().prop_map(Operation::Start),
        2 => unit().prop_map(Operation::Stop),
        1 => unit().prop_map(Operation::StopCascade),
        2 => unit().prop_map(Operation::Restart),
        1 => unit().prop_map(Operation::Break),
        2 => Just(Operation::Publish),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_operations_leave_one_truth(operations in proptest::collection::vec(operation(), 0..24)) {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .start_paused(true)
            .build()
            .unwrap();
        runtime.block_on(run(&operations))?;
    }
}
