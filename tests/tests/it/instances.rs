//! Labelled instances: `shelf@eu` beside `shelf`, each with a section and a life of its own.

mod bound;
mod by_topic;
mod changed;
mod own;

use plugin_core::config::Sources;
use plugin_core::lifecycle::State;
use plugin_core::prelude::*;
use plugin_core::{Descriptor, Plugin};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::journal::{Journal, Notebook};
use crate::rig::{Rig, Started};

/// Tells what it is configured with.
#[service]
trait Word {
    fn word(&self) -> String;
}

/// An extension point.
#[service(many)]
trait Listed {
    fn listed(&self) -> String;
}

/// Each instance notes it.
#[event("instances.order")]
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
struct Ordered {
    number: u32,
}

/// Asks for the word of who answers.
#[event("instances.ask", answer = String)]
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
struct AskWord {}

#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
struct ShelfConfig {
    word: String,
    fails: bool,
}

/// Provides, answers, hears, and runs at times of its own.
struct Shelf {
    config: ShelfConfig,
    journal: Service<dyn Journal>,
    name: &'static str,
}

#[plugin(name = "shelf", provides(Word, Listed))]
impl Shelf {
    #[init]
    fn init(
        Config(config): Config<ShelfConfig>,
        journal: Service<dyn Journal>,
        directory: DataDir,
    ) -> Self {
        let name = instance();
        journal.write(format!("init {name}"));
        assert!(directory.path().ends_with(name));
        Self {
            config,
            journal,
            name,
        }
    }

    #[start]
    fn start(&self) -> Result<()> {
        match self.config.fails {
            true => Err(Error::external("told to fail")),
            false => Ok(()),
        }
    }

    #[stop]
    fn stop(&self) {
        self.journal.write(format!("stop {}", self.name));
    }

    #[subscribe]
    async fn heard(&self, order: &Ordered) -> Result<()> {
        self.journal
            .write(format!("heard {} {}", self.name, order.number));
        match order.number {
            13 => Err(Error::external("thirteen")),
            _ => Ok(()),
        }
    }

    #[subscribe(priority = 5)]
    fn inline(&self, order: &Ordered) {
        self.journal
            .write(format!("inline {} {}", self.name, order.number));
    }

    #[respond]
    fn ask(&self, _ask: &AskWord) -> String {
        self.config.word.clone()
    }

    #[schedule(every = "1h")]
    async fn tidy(&self) -> Result<()> {
        self.journal.write(format!("tidy {}", self.name));
        Ok(())
    }
}

#[service]
impl Word for Shelf {
    fn word(&self) -> String {
        self.config.word.clone()
    }
}

#[service]
impl Listed for Shelf {
    fn listed(&self) -> String {
        self.name.to_owned()
    }
}

/// Takes the word and the answer of one shelf, and sees all of them.
struct Reader {
    word: Service<dyn Word>,
    ask: Requester<AskWord>,
    all: Services<dyn Listed>,
    journal: Service<dyn Journal>,
    name: &'static str,
}

#[plugin(name = "reader", provides(Read))]
impl Reader {
    #[init]
    fn init(
        word: Service<dyn Word>,
        ask: Requester<AskWord>,
        all: Services<dyn Listed>,
        journal: Service<dyn Journal>,
    ) -> Self {
        let name = instance();
        journal.write(format!("init {name}"));
        Self {
            word,
            ask,
            all,
            journal,
            name,
        }
    }

    #[stop]
    fn stop(&self) {
        self.journal.write(format!("stop {}", self.name));
    }
}

/// What a reader reads.
#[service]
trait Read {
    /// The word of its shelf, and the answer to its request.
    async fn read(&self) -> (String, String);

    /// The names of all shelves.
    fn all(&self) -> Vec<String>;
}

#[service]
impl Read for Reader {
    async fn read(&self) -> (String, String) {
        let answer = self.ask.request(AskWord {}).await;
        (
            self.word.word(),
            answer.unwrap_or_else(|error| error.to_string()),
        )
    }

    fn all(&self) -> Vec<String> {
        self.all
            .providers()
            .iter()
            .map(|one| one.listed())
            .collect()
    }
}

/// The instance whose code runs.
fn instance() -> &'static str {
    plugin_core::current().map_or("nobody", |current| current.plugin)
}

/// A rig whose config is in files, one for each section.
struct Files {
    rig: Rig,
    directory: TempDir,
}

const SET: [&Descriptor; 3] = [Shelf::DESCRIPTOR, Reader::DESCRIPTOR, Notebook::DESCRIPTOR];

impl Files {
    fn new<const N: usize>(sections: [(&str, Value); N]) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let rig = Rig::from_sources(&SET, Sources::new().config_dir(directory.path()));
        let files = Self { rig, directory };
        for (name, section) in sections {
            files.write(name, &section);
        }
        files
    }

    fn write(&self, name: &str, section: &Value) {
        let text = json!({ name: section }).to_string();
        std::fs::write(self.directory.path().join(format!("{name}.yaml")), text).unwrap();
    }

    fn remove(&self, name: &str) {
        std::fs::remove_file(self.directory.path().join(format!("{name}.yaml"))).unwrap();
    }

    async fn start(&self) -> Started {
        self.rig.start().await
    }
}

/// A shelf with a word.
fn word(word: &str) -> Value {
    json!({"config": {"word": word}})
}

/// A reader of a shelf, or of the one without a label.
fn reads(shelf: &str) -> Value {
    json!({"services": {"Word": shelf}, "requests": {"instances.ask": shelf}})
}

/// What a reader reads: the word, and the answer.
async fn read(running: &Started, reader: &str) -> (String, String) {
    running.service_of::<dyn Read>(reader).unwrap().read().await
}

/// The lines of the journal that begin with a word, without it.
fn noted(running: &Started, word: &str) -> Vec<String> {
    let lines = running.service::<dyn Journal>().unwrap().lines();
    let lines = lines.iter().filter_map(|line| line.strip_prefix(word));
    lines.map(|line| line.trim().to_owned()).collect()
}

/// The instances and their states, without the journal.
fn states(running: &Started) -> Vec<(&'static str, State)> {
    let plugins = running.status().plugins.into_iter();
    let plugins = plugins.map(|plugin| (plugin.name, plugin.state));
    plugins
        .filter(|(name, _)| *name != "test-journal")
        .collect()
}

async fn publish(running: &Started, number: u32) {
    running
        .publisher()
        .publish(Ordered { number })
        .await
        .unwrap();
    running.idle().await;
}
