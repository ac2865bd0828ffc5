//! The running service, asked over the socket of `admin-plugin`.

use std::io;
use std::path::PathBuf;

use plugin_admin::{Answer, Client, ClientError, EventStream, Listened, StreamMessage};
use plugin_core::config;
use plugin_core::lifecycle::holder;
use serde::Deserialize;
use serde_json::Value;
use tokio::runtime::{Builder, Runtime};

use crate::cli::Place;
use crate::defaults;
use crate::exit::Exit;
use crate::failure::{Failure, Refusal};
use crate::plugins::COMPOSITION;
use crate::signal::Signals;

/// The running service that has the data folder.
pub(super) struct Service {
    client: Client,
    /// Nothing for one that is elsewhere.
    data_dir: Option<PathBuf>,
    runtime: Runtime,
}

impl Service {
    pub(super) fn of(place: &Place) -> Result<Self, Failure> {
        let runtime = Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(Failure::io("can't start a runtime"))?;
        if let Some(url) = &place.url {
            return Ok(Self {
                client: elsewhere(url, place)?,
                data_dir: None,
                runtime,
            });
        }
        let data_dir = match &place.data_dir {
            Some(named) => named.clone(),
            None => config::data_dir(&defaults::sources(place), &COMPOSITION),
        };
        // Who stands in another directory sees it.
        let data_dir = std::path::absolute(&data_dir).unwrap_or(data_dir);
        Ok(Self {
            client: Client::of(&data_dir),
            data_dir: Some(data_dir),
            runtime,
        })
    }

    /// The process of the service, if one runs.
    pub(super) fn pid(&self) -> Option<u32> {
        holder(self.data_dir.as_deref()?)?.pid
    }

    /// Asks for something, by the segments of its path.
    pub(super) fn get(&self, path: &[&str]) -> Result<Value, Failure> {
        self.get_with(path, &[])
    }

    /// The same, with a query.
    pub(super) fn get_with(
        &self,
        path: &[&str],
        query: &[(&str, String)],
    ) -> Result<Value, Failure> {
        self.runtime.block_on(self.fetch(path, query))
    }

    /// Asks for something while other things go on.
    pub(super) async fn fetch(
        &self,
        path: &[&str],
        query: &[(&str, String)],
    ) -> Result<Value, Failure> {
        Ok(self.look(path, query).await?.body)
    }

    async fn look(&self, path: &[&str], query: &[(&str, String)]) -> Result<Answer, Failure> {
        let path = with_query(&Client::path(path), query);
        self.settled(self.client.get(&path).await)
    }

    /// What tells the state of something from others.
    pub(super) fn tag(&self, path: &[&str]) -> Result<Option<String>, Failure> {
        Ok(self.runtime.block_on(self.look(path, &[]))?.tag)
    }

    /// Asks to change what has been seen.
    pub(super) fn patch(
        &self,
        path: &[&str],
        seen: Option<&str>,
        body: &Value,
    ) -> Result<Answer, Failure> {
        let path = Client::path(path);
        let asked = self.client.patch(&path, seen, body);
        self.settled(self.runtime.block_on(asked))
    }

    /// Where futures of this service run.
    #[cfg(feature = "top")]
    pub(super) fn runtime(&self) -> &Runtime {
        &self.runtime
    }

    /// Listens until nothing more is wanted, or somebody interrupts: that is the end of it, and no
    /// failure. A service that goes away is one.
    pub(super) fn listen(
        &self,
        query: &[(&str, String)],
        mut heard: impl FnMut(StreamMessage) -> Result<Step, Failure>,
    ) -> Result<Exit, Failure> {
        self.runtime.block_on(async {
            let signals = Signals::listen().map_err(Failure::io("can't listen for signals"))?;
            let mut stream = self.open(query).await?;
            loop {
                let message = tokio::select! {
                    biased;
                    () = signals.next() => return Ok(Exit::Ok),
                    message = stream.next() => message,
                };
                match message.map_err(Failure::io("the stream can't be read"))? {
                    None => return Err(Failure::Gone),
                    Some(message) => match heard(message)? {
                        Step::On => {}
                        Step::Enough => return Ok(Exit::Ok),
                    },
                }
            }
        })
    }

    /// Opens a stream.
    pub(super) async fn open(&self, query: &[(&str, String)]) -> Result<EventStream, Failure> {
        let path = with_query("/v1/stream", query);
        match self.client.listen(&path).await {
            Ok(Listened::Stream(stream)) => Ok(stream),
            Ok(Listened::Refused(answer)) => match self.settled(Ok(answer)) {
                Ok(_) => Err(Failure::Gone),
                Err(refusal) => Err(refusal),
            },
            Err(error) => match self.settled(Err(error)) {
                Ok(_) => Err(Failure::Gone),
                Err(failure) => Err(failure),
            },
        }
    }

    /// Asks to do something.
    pub(super) fn post(&self, path: &[&str], body: &Value) -> Result<Answer, Failure> {
        let path = Client::path(path);
        self.settled(self.runtime.block_on(self.client.post(&path, body)))
    }

    /// A refusal says why in `detail`.
    fn settled(&self, answer: Result<Answer, ClientError>) -> Result<Answer, Failure> {
        let answer = answer.map_err(|error| match error {
            ClientError::NotRunning { .. } => {
                let dir = self.data_dir.as_deref();
                match dir.and_then(|dir| Some((holder(dir)?.pid, dir.to_owned()))) {
                    Some((pid, dir)) => Failure::Deaf(pid, dir),
                    None => Failure::Service(error),
                }
            }
            error => Failure::Service(error),
        })?;
        if answer.status < 400 {
            return Ok(answer);
        }
        let detail = answer.body["detail"].as_str();
        // What a router says of a path that none of its routes has.
        if answer.status == 404 && detail.is_some_and(|it| it.starts_with("there is nothing at")) {
            return Err(Failure::Older);
        }
        let why = detail.map_or_else(
            || format!("the service answered {} and nothing more", answer.status),
            options_named,
        );
        Err(Failure::Refused(Refusal {
            status: answer.status,
            why,
            remedy: answer.body["remedy"].as_str().map(options_named),
            issues: Vec::deserialize(&answer.body["issues"]).unwrap_or_default(),
        }))
    }
}

/// Whether more of a stream is wanted.
pub(super) enum Step {
    On,
    Enough,
}

fn with_query(path: &str, query: &[(&str, String)]) -> String {
    let query: Vec<_> = query
        .iter()
        .map(|(key, value)| (*key, value.as_str()))
        .collect();
    Client::query(path, &query)
}

fn elsewhere(url: &str, place: &Place) -> Result<Client, Failure> {
    let Some(file) = &place.token_file else {
        let why = io::Error::new(io::ErrorKind::InvalidInput, "name a file with a token");
        return Err(Failure::io("`--url` needs `--token-file`")(why));
    };
    let what = format!("can't read `{}`", file.display());
    let token = std::fs::read_to_string(file).map_err(Failure::io(what))?;
    let client = Client::elsewhere(url, token.trim(), place.ca.as_deref());
    client.map_err(Failure::io(format!("`{url}`")))
}

/// What the interface takes as a key is an option here.
fn options_named(text: &str) -> String {
    text.replace("`cascade`", "`--cascade`")
}
