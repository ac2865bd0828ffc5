//! Every method that the attributes mark is called, with what its signature asks for.

use std::sync::{Mutex, PoisonError};

use plugin_core::config::Sources;
use plugin_core::lifecycle::Manager;
use plugin_core::prelude::*;
use plugin_core::{Composition, Plugin};

#[event("count.number")]
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
struct Number {
    value: u32,
}

#[event("count.sum")]
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
struct Sum {
    value: u32,
}

#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
struct Settings {
    start: u32,
}

static JOURNAL: Mutex<Vec<String>> = Mutex::new(Vec::new());

fn note(text: impl Into<String>) {
    let mut journal = JOURNAL.lock().unwrap_or_else(PoisonError::into_inner);
    journal.push(text.into());
}

struct Counter {
    start: u32,
    sum: Publisher<Sum>,
}

#[plugin(name = "test-counter")]
impl Counter {
    #[init]
    async fn init(Config(settings): Config<Settings>, sum: Publisher<Sum>) -> Result<Self> {
        note("init");
        let start = settings.start;
        Ok(Self { start, sum })
    }

    #[start]
    async fn start(&self, tasks: Tasks) -> Result<()> {
        note(format!("start with {} tasks", tasks.len()));
        Ok(())
    }

    #[subscribe]
    fn inline(&self, number: &Number) {
        note(format!("inline {}", number.value));
    }

    #[subscribe(priority = 1)]
    fn enveloped(&self, number: &Envelope<Number>) -> Result<()> {
        note(format!("enveloped {} of {}", number.value, number.source()));
        Ok(())
    }

    #[subscribe(filter = |number| number.value % 2 == 0)]
    async fn queued(&self, number: &Number) -> Result<()> {
        let value = self.start + number.value;
        self.sum.publish(Sum { value }).await?;
        note(format!("queued {value}"));
        Ok(())
    }

    #[subscribe(batch = 2, linger = "1h")]
    async fn batched(&self, numbers: Batch<Number>) {
        let values: Vec<_> = numbers.iter().map(|number| number.value).collect();
        note(format!("batched {values:?}"));
    }

    #[subscribe("count.*", filter = |event| event.topic() == "count.sum")]
    fn any(&self, event: &AnyEvent<'_>) {
        note(format!("any {}", event.topic()));
    }

    #[subscribe("count.sum")]
    async fn any_queued(&self, event: &AnyEvent<'_>) {
        note(format!(
            "any queued {}",
            event.to_json().expect("a sum is JSON")
        ));
    }

    #[stop]
    async fn stop(&self) {
        note("stop");
    }
}

#[tokio::test]
async fn each_marked_method_is_called() {
    let data = tempfile::tempdir().expect("a directory");
    let composition = Composition::assemble(&[Counter::DESCRIPTOR]).expect("a plan");
    let running = Manager::builder(&composition)
        .sources(Sources::new().data_dir(data.path()))
        .plugin_config("test-counter", serde_json::json!({ "start": 40 }))
        .configure()
        .expect("a configuration")
        .start()
        .await
        .expect("a start");
    let numbers = running.publisher::<Number>();
    for value in [1, 2] {
        numbers.publish(Number { value }).await.expect("room");
    }
    running.idle().await;
    assert!(running.stop().await.is_clean());
    let mut journal = JOURNAL.lock().unwrap_or_else(PoisonError::into_inner);
    let last = journal.pop();
    assert_eq!(journal[..2], ["init", "start with 0 tasks"]);
    assert_eq!(last.as_deref(), Some("stop"));
    let mut handled = journal.split_off(2);
    handled.sort();
    let expected = [
        "any count.sum",
        r#"any queued {"value":42}"#,
        "batched [1, 2]",
        "enveloped 1 of host",
        "enveloped 2 of host",
        "inline 1",
        "inline 2",
        "queued 42",
    ];
    assert_eq!(handled, expected);
}
