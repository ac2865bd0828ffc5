//! One cause can be followed: what plugins do belongs to the trace that it comes from.

use plugin_core::prelude::*;
use plugin_core::trace::{self, TraceContext};
use plugin_core::{Descriptor, Plugin};

use crate::journal::{Journal, Notebook};
use crate::rig::Rig;

#[event("trace.asked")]
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
struct Asked;

#[event("trace.passed")]
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
struct Passed {
    by: String,
}

/// Publishes when it is called.
#[service]
trait Relay {
    async fn relay(&self) -> Result<()>;
}

struct Relayer(Publisher<Passed>);

#[plugin(name = "trace-relay", provides(Relay))]
impl Relayer {
    #[init]
    fn init(passed: Publisher<Passed>) -> Self {
        Self(passed)
    }
}

#[service]
impl Relay for Relayer {
    async fn relay(&self) -> Result<()> {
        let by = "service".to_owned();
        Ok(self.0.publish(Passed { by }).await?)
    }
}

/// Passes what it is asked on, in every way there is.
struct Passer {
    passed: Publisher<Passed>,
    relay: Service<dyn Relay>,
    journal: Service<dyn Journal>,
    tasks: std::sync::OnceLock<Tasks>,
}

#[plugin(name = "trace-passer")]
impl Passer {
    #[init]
    fn init(
        passed: Publisher<Passed>,
        relay: Service<dyn Relay>,
        journal: Service<dyn Journal>,
    ) -> Self {
        let tasks = std::sync::OnceLock::new();
        Self {
            passed,
            relay,
            journal,
            tasks,
        }
    }

    #[start]
    fn start(&self, tasks: Tasks) {
        self.tasks.set(tasks).unwrap();
    }

    #[subscribe]
    fn inline(&self, asked: &Envelope<Asked>) -> Result<()> {
        assert_eq!(trace::current(), Some(asked.trace()));
        let by = "inline".to_owned();
        Ok(self.passed.try_publish(Passed { by })?)
    }

    #[subscribe]
    async fn queued(&self, asked: &Envelope<Asked>) -> Result<()> {
        tokio::task::yield_now().await;
        assert_eq!(trace::current(), Some(asked.trace()));
        let by = "queued".to_owned();
        self.passed.publish(Passed { by }).await?;
        self.relay.relay().await?;
        let (passed, by) = (self.passed.clone(), "task".to_owned());
        let tasks = self.tasks.get().unwrap();
        tasks.spawn("pass", async move { passed.publish(Passed { by }).await })?;
        Ok(())
    }

    #[subscribe("trace.passed")]
    fn note(&self, passed: &AnyEvent<'_>) {
        let by = passed.downcast_ref::<Passed>().unwrap().by.clone();
        self.journal.write(format!("{by} {}", passed.trace()));
    }
}

const PLUGINS: [&Descriptor; 3] = [
    Passer::DESCRIPTOR,
    Relayer::DESCRIPTOR,
    Notebook::DESCRIPTOR,
];

/// Who passed what on, and in which span.
async fn passed(ask: impl AsyncFnOnce(Publisher<Asked>)) -> Vec<(String, TraceContext)> {
    let running = Rig::new(&PLUGINS).start().await;
    let journal = running.service::<dyn Journal>().unwrap();
    ask(running.publisher()).await;
    while journal.lines().len() < 4 {
        tokio::task::yield_now().await;
    }
    assert!(running.stop().await.is_clean());
    let read = |line: &String| {
        let (by, span) = line.split_once(' ').unwrap();
        (by.to_owned(), span.parse().unwrap())
    };
    journal.lines().iter().map(read).collect()
}

#[tokio::test(start_paused = true)]
async fn what_an_event_leads_to_is_in_its_trace() {
    let incoming = TraceContext::root();
    let passed = passed(async |asked| {
        let publish = async { asked.publish(Asked).await.unwrap() };
        trace::scope(incoming, publish).await;
        assert_eq!(trace::current(), None, "the scope has ended");
    })
    .await;
    let by: Vec<_> = passed.iter().map(|(by, _)| by.as_str()).collect();
    assert_eq!(by, ["inline", "queued", "service", "task"]);
    for (by, span) in &passed {
        assert_eq!(span.trace_id(), incoming.trace_id(), "{by}");
        assert_ne!(span.span_id(), incoming.span_id(), "{by}");
    }
    let spans: std::collections::HashSet<_> = passed.iter().map(|(_, span)| span).collect();
    assert_eq!(spans.len(), 4, "each event is a span of its own");
}

#[tokio::test(start_paused = true)]
async fn an_event_from_nowhere_begins_a_trace() {
    let mut traces = Vec::new();
    for _ in 0..2 {
        let passed = passed(async |asked| asked.publish(Asked).await.unwrap()).await;
        let trace = passed[0].1.trace_id();
        assert!(passed.iter().all(|(_, span)| span.trace_id() == trace));
        traces.push(trace);
    }
    assert_ne!(traces[0], traces[1]);
}

#[tokio::test(start_paused = true)]
async fn code_that_is_called_puts_its_caller_back_where_it_was() {
    let running = Rig::new(&PLUGINS).start().await;
    let incoming = TraceContext::root();
    trace::in_scope(incoming, || {
        running.publisher().try_publish(Asked).unwrap();
        assert_eq!(trace::current(), Some(incoming));
    });
    assert_eq!(trace::current(), None);
    running.stop().await;
}
