//! The running service, asked over the socket of `admin-plugin`.

use std::io;
use std::path::PathBuf;

use plugin_admin::{Answer, Client, ClientError};
use plugin_core::config;
use plugin_core::lifecycle::holder;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use tokio::runtime::{Builder, Runtime};

use crate::cli::Place;
use crate::defaults;
use crate::failure::{Failure, Refusal};
use crate::plugins::COMPOSITION;

/// The running service that has the data folder.
pub(super) struct Service {
    client: Client,
    data_dir: PathBuf,
    runtime: Runtime,
}

impl Service {
    pub(super) fn of(place: &Place) -> Result<Self, Failure> {
        let data_dir = match &place.data_dir {
            Some(named) => named.clone(),
            None => config::data_dir(&defaults::sources(place), &COMPOSITION),
        };
        // Who stands in another directory sees it.
        let data_dir = std::path::absolute(&data_dir).unwrap_or(data_dir);
        let client = Client::of(&data_dir);
        let runtime = Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(Failure::io("can't start a runtime"))?;
        Ok(Self {
            client,
            data_dir,
            runtime,
        })
    }

    /// The process of the service, if one runs.
    pub(super) fn pid(&self) -> Option<u32> {
        holder(&self.data_dir)?.pid
    }

    /// Asks for something, by the segments of its path.
    pub(super) fn get(&self, path: &[&str]) -> Result<Value, Failure> {
        let answer = self.runtime.block_on(self.client.get(&Client::path(path)));
        Ok(self.settled(answer)?.body)
    }

    /// Asks to do something.
    pub(super) fn post(&self, path: &[&str], body: &Value) -> Result<Answer, Failure> {
        let path = Client::path(path);
        self.settled(self.runtime.block_on(self.client.post(&path, body)))
    }

    /// A refusal says why in `detail`.
    fn settled(&self, answer: Result<Answer, ClientError>) -> Result<Answer, Failure> {
        let answer = answer.map_err(|error| match error {
            ClientError::NotRunning { .. } => match holder(&self.data_dir) {
                Some(holder) => Failure::Deaf(holder.pid, self.data_dir.clone()),
                None => Failure::Service(error),
            },
            error => Failure::Service(error),
        })?;
        if answer.status < 400 {
            return Ok(answer);
        }
        let why = answer.body["detail"].as_str().map_or_else(
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

/// What the interface takes as a key is an option here.
fn options_named(text: &str) -> String {
    text.replace("`cascade`", "`--cascade`")
}

/// An answer as a type. Keys that a later version added are left alone.
pub(super) fn read<T: DeserializeOwned>(answer: Value) -> Result<T, Failure> {
    let read = serde_json::from_value(answer).map_err(io::Error::other);
    read.map_err(Failure::io("the answer of the service can't be read"))
}
