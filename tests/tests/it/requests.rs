//! Requests: one who answers, a deadline, and nothing that goes on for nobody.

mod answers;
mod deadline;
mod lifecycle;
mod rights;
mod room;

use std::time::Duration;

use plugin_core::event::HandlerReport;
use plugin_core::prelude::*;
use plugin_core::{Plugin, current, trace};

use crate::journal::{Journal, Notebook};
use crate::rig::{Rig, Started};

/// Asks for a word.
#[event("request.word", answer = Option<String>)]
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Ask {
    how: String,
}

/// Asks how long a text is.
#[event("request.length", answer = u64)]
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
struct Length(String);

fn ask(how: &str) -> Ask {
    let how = how.to_owned();
    Ask { how }
}

/// Answers in the way that it is asked for.
struct Oracle {
    journal: Service<dyn Journal>,
    requesters: Requesters,
}

#[plugin(name = "request-oracle")]
impl Oracle {
    #[init]
    fn init(journal: Service<dyn Journal>, requesters: Requesters) -> Self {
        Self {
            journal,
            requesters,
        }
    }

    #[respond(concurrency = 2)]
    async fn word(&self, ask: &Envelope<Ask>) -> Result<Option<String>> {
        self.journal.write(format!("begin {}", ask.how));
        let _note = Note(self.journal.clone(), ask.how.clone());
        tokio::task::yield_now().await;
        match ask.how.as_str() {
            "nothing" => return Ok(None),
            "an error" => return Err(Error::retriable("not today")),
            "a panic" => panic!("no words"),
            "never" => std::future::pending().await,
            "a second later" => tokio::time::sleep(Duration::from_secs(1)).await,
            "yourself" => {
                let json = br#"{"how": "an echo"}"#;
                let answer = self.requesters.request("request.word", json).await?;
                return Ok(Some(answer.to_string()));
            }
            "who" => {
                let trace = trace::current().unwrap();
                assert_eq!(trace, ask.trace());
                return Ok(Some(format!("{} {trace}", ask.source())));
            }
            "the time" => {
                let deadline = current().unwrap().deadline.unwrap();
                let left = deadline - tokio::time::Instant::now();
                return Ok(Some(format!("{left:?}")));
            }
            _ => {}
        }
        Ok(Some(ask.how.clone()))
    }

    #[respond]
    fn length(&self, text: &Length) -> u64 {
        text.0.len() as u64
    }
}

/// Writes down when it is dropped.
struct Note(Service<dyn Journal>, String);

impl Drop for Note {
    fn drop(&mut self) {
        self.0.write(format!("end {}", self.1));
    }
}

fn rig() -> Rig {
    Rig::new(&[Oracle::DESCRIPTOR, Notebook::DESCRIPTOR])
}

fn journal(running: &Started) -> Service<dyn Journal> {
    running.service().unwrap()
}

/// What whoever answers a topic did so far.
fn report(running: &Started, topic: &str) -> HandlerReport {
    let mut reports = running.bus().handlers().into_iter();
    reports.find(|report| report.topic == topic).unwrap()
}
