//! What a plugin's file says of the handlers that the plugin declares.

use std::time::Duration;

use plugin_core::Plugin;
use plugin_core::config::{Origin, Sources};
use plugin_core::event::DeadLetterQuery;
use plugin_core::prelude::*;

use crate::flaky::{ALWAYS, Flaky, Once, Task};
use crate::journal::{Journal, Notebook};
use crate::rig::Rig;

#[event("tuned.parcel")]
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
struct Parcel {
    id: u32,
}

struct Tuned;

#[plugin(name = "tuned")]
impl Tuned {
    #[init]
    fn init() -> Self {
        Self
    }

    #[subscribe]
    fn inline(&self, _: &Parcel) {}

    #[subscribe(batch = 8, key = |parcel| parcel.id)]
    async fn packed(&self, _: Batch<Parcel>) {}

    #[subscribe(queue = 50, retry = 2, backoff = "1s", breaker = 3, open_for = "7s")]
    async fn sent(&self, _: &Parcel) {}

    #[subscribe(durable, concurrency = 2)]
    async fn kept(&self, _: &Parcel) {}
}

fn flaky(yaml: &str) -> Rig {
    let sources = Sources::new().embedded("flaky.yaml", yaml);
    Rig::from_sources(&[Flaky::DESCRIPTOR, Notebook::DESCRIPTOR], sources)
}

fn tuned(yaml: &str) -> Rig {
    let sources = Sources::new().embedded("tuned.yaml", yaml);
    let store = plugin_queue::Queue::DESCRIPTOR;
    Rig::from_sources(&[Tuned::DESCRIPTOR, store], sources)
}

#[tokio::test(start_paused = true)]
async fn report_d_a_file_gives_retries_to_a_handler_and_takes_them_away() {
    let yaml = "
flaky:
  handlers:
    hasty: { retry: 2, backoff: 1s }
    patient: { retry: 0 }
";
    let running = flaky(yaml).start().await;
    running
        .publisher()
        .publish(Once::failing(1, 2, "retriable"))
        .await
        .unwrap();
    running
        .publisher()
        .publish(Task::failing(2, ALWAYS, "retriable"))
        .await
        .unwrap();
    running.idle().await;
    let journal = running.service::<dyn Journal>().unwrap();
    let lines = journal.lines();
    assert_eq!(lines, ["hasty 1", "patient 2", "hasty 1", "hasty 1"]);
    let page = running.dead_letters().list(DeadLetterQuery::new()).await;
    let letters = page.unwrap().letters;
    assert_eq!((letters.len(), letters[0].attempts), (1, 1), "{letters:?}");
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn report_d_a_file_sets_a_handlers_time_limit_and_calls_at_once() {
    let yaml = "{ flaky: { handlers: { hasty: { timeout: 9s, concurrency: 2 } } } }";
    let running = flaky(yaml).start().await;
    let began = tokio::time::Instant::now();
    for id in [1, 2] {
        running
            .publisher()
            .publish(Once::failing(id, ALWAYS, "hang"))
            .await
            .unwrap();
    }
    running.idle().await;
    assert_eq!(began.elapsed().as_secs(), 9, "side by side");
    running.stop().await;
}

#[test]
fn report_d_what_holds_is_known_with_its_origin() {
    let configured = tuned(
        "
tuned:
  handlers:
    sent: { max_backoff: 20s, breaker: { failures: 9 } }
    packed: { batch: 4 }
",
    )
    .configure()
    .unwrap();
    let settings = &configured.settings().plugins["tuned"];
    let of = |handler| {
        let declared = Tuned::DESCRIPTOR.subscriptions.iter();
        let declared = declared.clone().find(|one| one.handler == handler);
        settings.config.subscription(declared.unwrap()).options
    };
    let sent = of("sent");
    let retry = sent.retry.unwrap();
    assert_eq!(
        (retry.retries, retry.backoff.max.get()),
        (2, Duration::from_secs(20))
    );
    let breaker = sent.breaker.unwrap();
    assert_eq!(
        (breaker.failures, breaker.open_for.get()),
        (9, Duration::from_secs(7))
    );
    assert_eq!((of("packed").batch, of("packed").queue), (4, None));
    assert_eq!(sent.queue, Some(50));
    let origin = settings.origin("handlers.sent.max_backoff").to_string();
    assert_eq!(origin, "embedded tuned.yaml:4:26");
    assert_eq!(settings.origin("handlers.sent.retry"), Origin::Default);
}

#[test]
fn report_d_what_a_handler_cannot_have_is_refused_with_the_reason() {
    let refused = tuned(
        "
tuned:
  handlers:
    inline: { retry: 3, timeout: 1s }
    packed: { concurrency: 2, overflow: never }
    sent: { batch: 3 }
    kept: { overflow: fail }
    snt: { retry: 1 }
",
    );
    let refused = refused.configure().unwrap_err().to_string();
    for expected in [
        "tuned.yaml:8:5: tuned.handlers.snt: unknown key (expected one of `inline`, `kept`, `packed`, `sent`; did you mean `sent`?)",
        "tuned.yaml:5:41: tuned.handlers.packed.overflow: ",
    ] {
        assert!(refused.contains(expected), "{refused}");
    }
    let refused = tuned(
        "
tuned:
  handlers:
    inline: { retry: 3, timeout: 1s }
    packed: { concurrency: 2 }
    sent: { batch: 3 }
    kept: { overflow: fail }
",
    );
    let refused = refused.configure().unwrap_err().to_string();
    for expected in [
        "tuned.yaml:4:22: tuned.handlers.inline.retry: `inline` is a `fn`, which has no mailbox and runs on the publisher's task: leave `retry` out",
        "tuned.yaml:5:28: tuned.handlers.packed.concurrency: a batch holds events of many keys",
        "tuned.yaml:6:20: tuned.handlers.sent.batch: `sent` takes one event and no batch",
        "tuned.yaml:7:23: tuned.handlers.kept.overflow: the events of the durable `kept` wait in the store",
    ] {
        assert!(refused.contains(expected), "{refused}");
    }
    assert!(!refused.contains("inline.timeout"), "{refused}");
}

#[test]
fn report_d_options_that_contradict_each_other_are_refused() {
    for (yaml, expected) in [
        (
            "{ tuned: { handlers: { packed: { backoff: 1s } } } }",
            "tuned.handlers.packed.backoff: `backoff` is the pause before a retry, and this handler has none: set `retry`",
        ),
        (
            "{ tuned: { handlers: { sent: { retry: 0, max_backoff: 3s } } } }",
            "tuned.handlers.sent.max_backoff: `max_backoff` is the pause before a retry",
        ),
        (
            "{ tuned: { handlers: { sent: { backoff: 1m } } } }",
            "tuned.handlers.sent.backoff: the first pause, `backoff`, is 1m, and the longest, `max_backoff`, is 10s",
        ),
        (
            "{ tuned: { handlers: { sent: { concurrency: 2, overflow: drop_oldest } } } }",
            "tuned.handlers.sent.overflow: with `concurrency` and a `key` or a `breaker`",
        ),
        (
            "{ tuned: { handlers: { sent: { breaker: { open_for: 0s } } } } }",
            "tuned.handlers.sent.breaker.open_for: out of range",
        ),
    ] {
        let refused = tuned(yaml).configure().unwrap_err().to_string();
        assert!(refused.contains(expected), "{refused}");
    }
}

#[test]
fn report_d_a_plugin_that_is_off_may_have_any() {
    let yaml = "{ tuned: { enabled: false, handlers: { inline: { retry: 3 } } } }";
    assert!(tuned(yaml).configure().is_ok());
}
