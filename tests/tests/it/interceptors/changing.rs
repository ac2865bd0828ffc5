//! Interceptors that put another event in the place of the one that is published.

mod verbs;

use plugin_core::Plugin;
use plugin_core::prelude::*;
use plugin_queue::Queue;
use serde_json::json;

use crate::journal::{Journal, Notebook};
use crate::rig::{Rig, Started};

/// Someone wrote something.
#[event("change.note", subject = none)]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub(crate) struct Note {
    #[schemars(length(max = 20))]
    text: String,
    secret: Option<String>,
}

impl Note {
    fn new(text: &str) -> Self {
        Self {
            text: text.to_owned(),
            secret: Some("s3cret".to_owned()),
        }
    }
}

/// What is stored.
#[event("change.kept", subject = none)]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
struct Kept {
    text: String,
}

/// By type, between the two others.
struct Marks;

#[plugin(name = "change-marks", kind = middleware)]
impl Marks {
    #[init]
    fn init() -> Self {
        Self
    }

    #[intercept(publish, priority = 5)]
    fn mark(&self, note: &Note) -> Result<Option<Note>> {
        if note.text == "refuse" {
            return Err(Error::external("told to refuse"));
        }
        let text = format!("{}+typed", note.text);
        Ok((note.text != "leave").then(|| Note {
            text,
            secret: note.secret.clone(),
        }))
    }

    #[intercept(publish, priority = 5)]
    fn keep(&self, kept: &Envelope<Kept>) -> Option<Kept> {
        assert!(!kept.source().is_empty());
        let text = format!("{}+typed", kept.text);
        Some(Kept { text })
    }

    #[intercept(publish, priority = 4)]
    fn only_asks(&self, kept: &Kept) -> Result<()> {
        assert!(kept.text.ends_with("+typed"));
        Ok(())
    }
}

/// By pattern, before and after.
struct Redacts;

#[plugin(name = "change-redacts", kind = middleware)]
impl Redacts {
    #[init]
    fn init() -> Self {
        Self
    }

    #[intercept(publish, topics = "change.**", priority = 10)]
    fn first(&self, event: &AnyEvent<'_>) -> Result<Option<Patch>> {
        let text = event.field("text").unwrap_or_default();
        let text = text.as_str().unwrap_or_default();
        Ok(match text {
            "unfit" => Some(Patch::merge(json!({ "text": 7 }))),
            "unruly" => Some(Patch::merge(json!({ "text": "x".repeat(21) }))),
            "leave" | "refuse" => None,
            "replace" => Some(Patch::replace(json!({ "text": "replaced" }))),
            other => Some(Patch::merge(json!({ "text": format!("{other}+first") }))),
        })
    }

    #[intercept(publish, topics = "change.**", priority = -10)]
    fn last(&self, event: &AnyEvent<'_>) -> Option<Patch> {
        let has_secret = event.field("secret").is_some();
        has_secret.then(|| Patch::merge(json!({ "secret": null })))
    }
}

/// What audits and traces: it comes last.
struct Watch(Service<dyn Journal>);

#[plugin(name = "change-watch", kind = middleware)]
impl Watch {
    #[init]
    fn init(journal: Service<dyn Journal>) -> Self {
        Self(journal)
    }

    #[intercept(publish, topics = "change.**", priority = i32::MIN)]
    fn saw(&self, event: &AnyEvent<'_>) {
        self.0.write(format!("watch {}", event.to_json().unwrap()));
    }

    #[intercept(deliver, topics = "change.**")]
    fn delivers(&self, delivery: &Delivery<'_>) {
        let data = delivery.event().to_json().unwrap();
        self.0.write(format!("deliver {data}"));
    }
}

/// Who hears the events.
struct Hears(Service<dyn Journal>);

#[plugin(name = "change-hears")]
impl Hears {
    #[init]
    fn init(journal: Service<dyn Journal>) -> Self {
        Self(journal)
    }

    #[subscribe(filter = |note| note.secret.is_none())]
    fn inline(&self, note: &Note) -> Result<()> {
        self.0.write(format!("inline {}", note.text));
        Ok(())
    }

    #[subscribe]
    async fn fails(&self, note: &Note) -> Result<()> {
        self.0.write(format!("queued {}", note.text));
        if note.text.starts_with("fail") {
            return Err(Error::external("told to fail"));
        }
        Ok(())
    }

    #[subscribe("change.undeclared")]
    async fn any(&self, event: &AnyEvent<'_>) {
        self.0.write(format!("any {}", event.to_json().unwrap()));
    }
}

/// Who keeps them.
struct Keeps(Service<dyn Journal>);

#[plugin(name = "change-keeps")]
impl Keeps {
    #[init]
    fn init(journal: Service<dyn Journal>) -> Self {
        Self(journal)
    }

    #[subscribe(durable, filter = |kept| kept.text.ends_with("typed"))]
    async fn keep(&self, kept: &Kept) {
        self.0.write(format!("kept {}", kept.text));
    }
}

fn rig() -> Rig {
    Rig::new(&[
        Marks::DESCRIPTOR,
        Redacts::DESCRIPTOR,
        Watch::DESCRIPTOR,
        Hears::DESCRIPTOR,
        Notebook::DESCRIPTOR,
    ])
}

/// With a durable handler, whose events a store keeps.
fn stored() -> Rig {
    Rig::new(&[
        Marks::DESCRIPTOR,
        Redacts::DESCRIPTOR,
        Keeps::DESCRIPTOR,
        Notebook::DESCRIPTOR,
        Queue::DESCRIPTOR,
    ])
}

/// The lines so far, without those of the watch unless they are asked for.
async fn lines(running: &Started) -> Vec<String> {
    running.idle().await;
    let journal = running.service::<dyn Journal>().unwrap();
    let lines = journal.lines();
    journal.clear();
    lines
}

async fn heard(running: &Started) -> Vec<String> {
    let mut lines = lines(running).await;
    lines.retain(|line| !line.starts_with("watch") && !line.starts_with("deliver"));
    lines
}

#[test]
fn report_d4_who_may_change_an_event_says_so() {
    let changes: Vec<_> = [Marks::DESCRIPTOR, Redacts::DESCRIPTOR, Watch::DESCRIPTOR]
        .iter()
        .flat_map(|plugin| plugin.interceptors)
        .map(|one| (one.name, one.topics, one.changes))
        .collect();
    assert_eq!(
        changes,
        [
            ("mark", "change.note", true),
            ("keep", "change.kept", true),
            ("only_asks", "change.kept", false),
            ("first", "change.**", true),
            ("last", "change.**", true),
            ("saw", "change.**", false),
            ("delivers", "change.**", false),
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn report_d4_each_sees_what_those_before_it_made_and_handlers_see_the_last() {
    let running = rig().start().await;
    running.publisher().publish(Note::new("a")).await.unwrap();
    let data = json!({ "text": "a+first+typed", "secret": null });
    let expected = [
        format!("watch {data}"),
        format!("deliver {data}"),
        "inline a+first+typed".to_owned(),
        format!("deliver {data}"),
        "queued a+first+typed".to_owned(),
    ];
    assert_eq!(lines(&running).await, expected);
    running
        .publisher()
        .publish(Note::new("replace"))
        .await
        .unwrap();
    let expected = ["inline replaced+typed", "queued replaced+typed"];
    assert_eq!(heard(&running).await, expected);
    assert!(running.stop().await.is_clean());
}

#[tokio::test(start_paused = true)]
async fn report_d4_a_change_that_makes_no_such_event_refuses_and_names_its_interceptor() {
    let running = rig().start().await;
    for (text, why) in [
        (
            "unfit",
            "not a `change.note`: `text`: invalid type: integer `7`, expected a string",
        ),
        ("unruly", "not a `change.note`: `text`"),
    ] {
        let error = running.publisher().publish(Note::new(text)).await;
        let error = error.unwrap_err().to_string();
        let beginning =
            "refused by `first` of `change-redacts`: what it put in the event's place is ";
        assert!(error.starts_with(&format!("{beginning}{why}")), "{error}");
        assert!(lines(&running).await.is_empty(), "nobody heard of it");
    }
    let reports = running.bus().interceptors();
    let first = reports
        .iter()
        .find(|one| one.interceptor == "first")
        .unwrap();
    assert_eq!((first.calls, first.errors), (2, 2));
    assert!(running.stop().await.is_clean());
}

#[tokio::test(start_paused = true)]
async fn report_d4_a_replay_does_not_change_an_event_again() {
    let running = rig().start().await;
    running
        .publisher()
        .publish(Note::new("fail"))
        .await
        .unwrap();
    assert_eq!(
        heard(&running).await,
        ["inline fail+first+typed", "queued fail+first+typed"]
    );
    let query = plugin_core::event::DeadLetterQuery::new();
    let letters = running.dead_letters().list(query).await.unwrap().letters;
    assert_eq!(letters[0].data["text"], "fail+first+typed");
    let desk = running.handle().dead_letters();
    assert!(desk.replay(letters[0].id).await.is_err());
    assert_eq!(heard(&running).await, ["queued fail+first+typed"]);
    running.stop().await;
}
