//! A plugin that operates the system it is part of: what it may, what it is told, and that nobody
//! waits for who waits for them.

mod rights;
mod waiting;

use plugin_core::lifecycle::{Operated, Operation, OperationError, ScheduleAction};
use plugin_core::prelude::*;
use plugin_core::{Descriptor, Plugin};

use crate::journal::{Journal, Notebook};
use crate::rig::Rig;

/// What somebody wants to be done.
#[event("operator.wish")]
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
struct Wish {
    verb: String,
    plugin: String,
}

fn wish(verb: &str, plugin: &str) -> Wish {
    Wish {
        verb: verb.to_owned(),
        plugin: plugin.to_owned(),
    }
}

impl Wish {
    fn operation(&self) -> Operation {
        let plugin = self.plugin.clone();
        match self.verb.as_str() {
            "start" => Operation::Start { plugin },
            "stop" => Operation::Stop {
                plugin,
                cascade: false,
            },
            "cascade" => Operation::Stop {
                plugin,
                cascade: true,
            },
            "restart" => Operation::Restart { plugin },
            "pause" => Operation::Schedule {
                plugin,
                schedule: "tick".to_owned(),
                action: ScheduleAction::Pause,
            },
            other => panic!("nobody wishes `{other}`"),
        }
    }
}

fn said(outcome: &Result<Operated, OperationError>) -> String {
    match outcome {
        Ok(Operated::Done(outcome)) => format!("done {}", outcome.plugins.join(" ")),
        Ok(Operated::Accepted) => "accepted".to_owned(),
        Err(error) => error.to_string(),
    }
}

/// Does what is wished, and writes down what it was told.
struct Steward {
    operator: Operator,
    journal: Service<dyn Journal>,
}

#[plugin(name = "steward", provides(Errands))]
impl Steward {
    #[init]
    fn init(operator: Operator, journal: Service<dyn Journal>) -> Self {
        Self { operator, journal }
    }

    #[subscribe]
    async fn on_wish(&self, wish: &Wish) {
        let operator = self.operator.on_behalf_of("ada");
        let outcome = operator.operate(wish.operation()).await;
        self.journal.write(said(&outcome));
    }
}

/// Operations for those who have no operator.
#[service]
trait Errands {
    async fn run(&self, operation: Operation) -> Result<Operated, OperationError>;
}

#[service]
impl Errands for Steward {
    async fn run(&self, operation: Operation) -> Result<Operated, OperationError> {
        self.operator.operate(operation).await
    }
}

/// Something to operate.
struct Clockwork;

#[plugin(name = "clockwork")]
impl Clockwork {
    #[init]
    fn init() -> Self {
        Self
    }

    #[schedule(every = "1h")]
    fn tick(&self) {}
}

fn rig(others: &[&'static Descriptor]) -> Rig {
    let mut plugins = vec![
        Steward::DESCRIPTOR,
        Clockwork::DESCRIPTOR,
        Notebook::DESCRIPTOR,
    ];
    plugins.extend(others);
    Rig::new(&plugins)
}
