use plugin_core::prelude::*;

#[event("test.ping")]
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
struct Ping { n: u32 }

#[event("test.pong")]
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
struct Pong { n: u32 }

#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
struct Settings { message: String }

struct Hello { settings: Settings, pong: Publisher<Pong> }

/// Answers.
#[plugin(name = "hello-plugin", after("logger-plugin"), kind = system)]
impl Hello {
    #[init]
    async fn init(Config(settings): Config<Settings>, pong: Publisher<Pong>) -> Result<Self> {
        Ok(Self { settings, pong })
    }

    #[subscribe(filter = |e| e.n > 1, timeout = "5s")]
    async fn ping(&self, event: &Ping) -> Result<()> {
        self.pong.publish(Pong { n: event.n }).await?;
        Ok(())
    }
    #[subscribe]
    fn ping_inline(&self, event: &Envelope<Ping>) { drop(event.id()); }
    #[subscribe("test.*")]
    fn any(&self, event: &AnyEvent<'_>) { drop(event.id()); }
    #[subscribe("test.*", filter = |event| event.topic() == "x")]
    async fn any_async(&self, event: &AnyEvent<'_>) -> Result<()> { drop(event.id()); Ok(()) }
    #[subscribe(batch = 3, linger = "5ms")]
    async fn batch(&self, events: Batch<Ping>) -> Result<()> { drop(events.len()); Ok(()) }
    #[start]
    async fn start(&self, tasks: Tasks) -> Result<()> { tasks.spawn("x", async {})?; Ok(()) }
    #[stop]
    fn stop(&self) {}
    #[reload]
    async fn reload(&self, Config(new): Config<Settings>) { drop(new.message); drop(&self.settings.message) }
    #[health]
    async fn health(&self) -> Health { Health::Healthy }
}
