//! A plugin in a process of its own: the same plugin, the same guarantees.

mod child;
mod crossing;
mod desk;
mod ending;
mod moving;
mod refused;
mod services;

use plugin_core::prelude::*;
use plugin_core::{Descriptor, Plugin, config::Sources};
use serde_json::json;

use crate::journal::{Journal, Notebook};
use crate::rig::{Rig, Started};

/// Work, and what is to become of it.
#[event("isolation.work")]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
struct Work {
    number: u32,
    /// `fine`, `retriable`, `external`, `panic`, `die`, `die_once`, `ask`, `publish` or `hang`.
    how: String,
}

/// What came of it.
#[event("isolation.said")]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
struct Said {
    what: String,
}

/// What is asked while work is done.
#[event("isolation.question", answer = String)]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
struct Question {
    number: u32,
}

/// Work that comes together.
#[event("isolation.parcel")]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
struct Parcel {
    number: u32,
}

fn work(number: u32, how: &str) -> Work {
    let how = how.to_owned();
    Work { number, how }
}

/// How it stops, and whether its tasks fail.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
struct WorkerConfig {
    /// `fine`, `deaf`, or `loop`.
    stop: String,
    /// Whether a task of it fails.
    fails: bool,
}

/// Works, and says what it did.
struct Worker {
    config: WorkerConfig,
    data: DataDir,
    said: Publisher<Said>,
    question: Requester<Question>,
}

const WORKER: &str = "isolation-worker";

#[plugin(name = "isolation-worker", overlap)]
impl Worker {
    #[init]
    fn init(
        Config(config): Config<WorkerConfig>,
        data: DataDir,
        said: Publisher<Said>,
        question: Requester<Question>,
    ) -> Self {
        Self {
            config,
            data,
            said,
            question,
        }
    }

    #[start]
    fn start(&self, tasks: Tasks) -> Result<()> {
        if self.config.fails {
            tasks.spawn("failing", async {
                Err::<(), _>(Error::external("no luck"))
            })?;
        }
        Ok(())
    }

    #[subscribe(retry = 2, backoff = "1ms")]
    async fn work(&self, work: &Envelope<Work>) -> Result<()> {
        let text = match &*work.how {
            "retriable" => return Err(Error::retriable("busy")),
            "external" => return Err(Error::external("broken")),
            "panic" => panic!("no more"),
            "die" => std::process::abort(),
            "die_once" if self.is_first(work.number) => std::process::abort(),
            "spin_once" if self.is_first(work.number) => loop {
                std::hint::spin_loop();
            },
            "allocate" => format!("{} bytes", vec![1_u8; 256 << 20].len()),
            "reserve" => {
                let refused = Vec::<u8>::new().try_reserve(256 << 20).is_err();
                format!("refused: {refused}")
            }
            "hang" => std::future::pending().await,
            "ask" => {
                let number = work.number;
                self.question.request(Question { number }).await?
            }
            "key" => work.delivery_key().to_string(),
            "trace" => work.trace().trace_id().to_string(),
            "source" => work.source().to_owned(),
            "log" => {
                tracing::warn!(number = work.number, "it is logged");
                "logged".to_owned()
            }
            how => format!("{how} in {}", place()),
        };
        let what = format!("{} {text}", work.number);
        self.said.publish(Said { what }).await?;
        Ok(())
    }

    /// Whether it sees a number for the first time, in whichever process.
    fn is_first(&self, number: u32) -> bool {
        let seen = self.data.path().join(number.to_string());
        let is_first = !seen.exists();
        std::fs::write(seen, "").unwrap();
        is_first
    }

    #[subscribe(batch = 4, linger = "20ms")]
    async fn parcels(&self, parcels: Batch<Parcel>) -> BatchOutcome {
        let odd = |parcel: &Envelope<Parcel>| match parcel.number % 2 {
            0 => Ok(()),
            _ => Err(Error::external("odd")),
        };
        parcels.iter().map(odd).collect()
    }

    /// A `fn`, which is called in its own process too.
    #[subscribe]
    fn hear(&self, said: &Said) -> Result<()> {
        if said.what == "refuse" {
            return Err(Error::external("refused"));
        }
        Ok(())
    }

    #[schedule(every = "1h")]
    async fn tick(&self) -> Result<()> {
        let what = format!("tick in {}", place());
        Ok(self.said.publish(Said { what }).await?)
    }

    #[stop]
    async fn stop(&self) -> Result<()> {
        match &*self.config.stop {
            "deaf" => std::future::pending().await,
            "loop" => loop {
                std::hint::spin_loop();
            },
            _ => Ok(()),
        }
    }
}

/// Which process it is.
fn place() -> &'static str {
    match std::env::var_os(child::IS_CHILD) {
        Some(_) => "a process of its own",
        None => "the process of the manager",
    }
}

/// Writes down what is said, and answers.
struct Listener {
    journal: Service<dyn Journal>,
}

#[plugin(name = "isolation-listener")]
impl Listener {
    #[init]
    fn init(journal: Service<dyn Journal>) -> Self {
        Self { journal }
    }

    #[subscribe]
    async fn hear(&self, said: &Said) {
        self.journal.write(said.what.clone());
    }

    #[respond]
    async fn answer(&self, question: &Question) -> Result<String> {
        match question.number {
            0 => Err(Error::external("nobody knows")),
            number => Ok(format!("answer {number}")),
        }
    }
}

const SET: [&Descriptor; 3] = [
    Worker::DESCRIPTOR,
    Listener::DESCRIPTOR,
    Notebook::DESCRIPTOR,
];

/// Both, the worker where it is said.
fn rig(isolation: &str) -> Rig {
    let sources = Sources::new().processes(child::command());
    Rig::from_sources(&SET, sources)
        .set(WORKER, "isolation", isolation)
        .set(WORKER, "restart", json!({"backoff": {"initial": "1ms"}}))
}

/// What was written down, in order.
fn lines(running: &Started) -> Vec<String> {
    let journal: Service<dyn Journal> = running.service().unwrap();
    journal.lines()
}

async fn publish(running: &Started, work: Work) {
    running.publisher().publish(work).await.unwrap();
}
