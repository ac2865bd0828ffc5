//! A handler that does what most do: it reads JSON and writes it. A process of its own runs it, so
//! that it can have an allocator of its own, and says how long it took.

use std::hint::black_box;
use std::io::{self, BufRead as _, BufReader, Write as _};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::Duration;

use plugin_core::Plugin;
use plugin_core::prelude::*;
use serde_json::{Value, json};

use crate::System;

/// Events of one run.
pub const JSON_BURST: usize = 100;

/// Text for the handler to read.
#[event("bench.json")]
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
struct Text {
    text: String,
}

struct Reader;

#[plugin(name = "json-reader")]
impl Reader {
    #[init]
    fn init() -> Self {
        Self
    }

    #[subscribe]
    async fn read(&self, event: &Text) -> Result<()> {
        let value: Value = serde_json::from_str(&event.text)?;
        black_box(serde_json::to_string(&value)?);
        Ok(())
    }
}

/// Some 1.5 kB.
fn order() -> String {
    let item = |number: u32| {
        json!({
            "sku": format!("item-{number:05}"),
            "name": "A thing that somebody has ordered",
            "quantity": number % 7,
            "price_cents": 1999 + number,
        })
    };
    let items: Vec<_> = (0..14).map(item).collect();
    json!({"order_id": "o-1", "user_id": "u-1", "items": items}).to_string()
}

/// Runs bursts: as many as each line of the input says, and answers each with nanoseconds.
///
/// # Errors
///
/// When the other end is gone.
pub fn json_bursts() -> io::Result<()> {
    let text = order();
    let event = move |_| Text { text: text.clone() };
    let mut run = System::start(&[Reader::DESCRIPTOR]).bursts(JSON_BURST, event);
    let mut answers = io::stdout().lock();
    for line in io::stdin().lock().lines() {
        let times = line?.parse().map_err(io::Error::other)?;
        writeln!(answers, "{}", run(times).as_nanos())?;
        answers.flush()?;
    }
    Ok(())
}

/// The process that runs bursts; it ends with its input.
pub struct JsonProcess {
    _process: Child,
    questions: ChildStdin,
    answers: BufReader<ChildStdout>,
}

impl JsonProcess {
    /// Starts a program that calls [`json_bursts`].
    #[must_use]
    pub fn start(program: &str) -> Self {
        let mut process = Command::new(program)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the program was built with the bench");
        Self {
            questions: process.stdin.take().expect("it is piped"),
            answers: BufReader::new(process.stdout.take().expect("it is piped")),
            _process: process,
        }
    }

    /// Has so many bursts run, and says how long they took.
    pub fn run(&mut self, times: u64) -> Duration {
        writeln!(self.questions, "{times}").expect("the process waits");
        let mut answer = String::new();
        (self.answers.read_line(&mut answer)).expect("the process answers");
        Duration::from_nanos(answer.trim().parse().expect("it answers with a number"))
    }
}
