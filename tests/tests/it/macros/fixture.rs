//! Plugins and events that use every option once.

use plugin_core::prelude::*;

/// A greeting
/// was said.
///
/// More about it.
#[event("greeting.said")]
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub(crate) struct Said {
    pub(crate) text: String,
}

#[event("greeting.answered")]
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub(crate) enum Answered {
    Kindly,
    Not,
}

#[service]
trait Greeter {
    fn greet(&self) -> String;
}

#[service(many)]
trait Phrases {
    fn phrase(&self) -> String;
}

#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
struct Settings {
    message: String,
}

pub(crate) struct Logger;

#[plugin(name = "test-logger", version = "1.4.2-beta.1", kind = system)]
impl Logger {
    #[init]
    async fn init() -> Self {
        Self
    }
}

pub(crate) struct Hello {
    settings: Settings,
    answered: Publisher<Answered>,
}

/// Greets
/// and answers.
///
/// At length.
#[plugin(
    name = "test-hello",
    requires(Logger = ">=1.4.2-beta, <2"),
    after("test-early", "test-first"),
    conflicts("test-rival"),
    provides(Greeter, Phrases(priority = 2 * 5)),
)]
impl Hello {
    const REPLY: Answered = Answered::Kindly;

    #[init]
    async fn init(
        Config(settings): Config<Settings>,
        answered: Publisher<Answered>,
        _phrases: Services<dyn Phrases>,
        _greeter: Option<Service<dyn Greeter>>,
        _clock: Clock,
    ) -> Result<Self> {
        Ok(Self { settings, answered })
    }

    #[start]
    async fn start(&self, tasks: Tasks) -> Result<()> {
        tasks.spawn("nothing", async {})?;
        Ok(())
    }

    #[stop]
    fn stop(&self) {}

    #[reload]
    async fn reload(&self, Config(_new): Config<Settings>, _dir: DataDir) {}

    #[health]
    async fn health(&self) -> Health {
        Health::Degraded(self.settings.message.clone())
    }

    #[subscribe]
    fn hear(&self, event: &Envelope<Said>) -> Result<(), std::fmt::Error> {
        assert!(!event.source().is_empty());
        Ok(())
    }

    #[subscribe(
        filter = |said| !said.text.is_empty(),
        priority = -3,
        timeout = "1500ms",
        concurrency = 4,
        overflow = "drop_oldest",
    )]
    async fn answer(&self, _said: &Said) -> Result<()> {
        self.answered.publish(Self::REPLY).await?;
        Ok(())
    }

    #[subscribe(batch = 16, linger = "10ms", overflow = fail)]
    async fn collect(&self, answers: Batch<Answered>) {
        assert!(!answers.is_empty());
    }

    #[subscribe("greeting.*")]
    fn watch(&self, event: &AnyEvent<'_>) {
        assert!(!event.topic().is_empty());
    }

    #[subscribe("greeting.**", filter = Self::is_greeting)]
    async fn watch_later<'a>(&'a self, event: &'a AnyEvent<'a>) -> Result<()> {
        assert!(!event.topic().is_empty());
        Ok(())
    }

    #[cfg(any())]
    #[subscribe]
    async fn never(&self, said: &NoSuchType) {}

    fn is_greeting(event: &AnyEvent<'_>) -> bool {
        event.topic().starts_with("greeting.")
    }
}

#[service]
impl Greeter for Hello {
    fn greet(&self) -> String {
        self.settings.message.clone()
    }
}

#[service]
impl Phrases for Hello {
    fn phrase(&self) -> String {
        self.settings.message.clone()
    }
}
