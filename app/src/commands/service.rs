//! The running service, asked over the socket of `admin-plugin`.

use std::io;

use plugin_admin::{Answer, Client, ClientError};
use plugin_core::config;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use tokio::runtime::{Builder, Runtime};

use crate::cli::Place;
use crate::defaults;
use crate::failure::Failure;
use crate::plugins::COMPOSITION;

/// The running service that has the data folder.
pub(super) struct Service {
    client: Client,
    runtime: Runtime,
}

impl Service {
    pub(super) fn of(place: &Place) -> Result<Self, Failure> {
        let data_dir = match &place.data_dir {
            Some(named) => named.clone(),
            None => config::data_dir(&defaults::sources(place), &COMPOSITION),
        };
        // Who stands in another directory sees it.
        let client = Client::of(&std::path::absolute(&data_dir).unwrap_or(data_dir));
        let runtime = Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(Failure::io("can't start a runtime"))?;
        Ok(Self { client, runtime })
    }

    /// Asks for something, by the segments of its path.
    pub(super) fn get(&self, path: &[&str]) -> Result<Value, Failure> {
        let answer = self.runtime.block_on(self.client.get(&Client::path(path)));
        Ok(settled(answer)?.body)
    }

    /// Asks to do something.
    pub(super) fn post(&self, path: &[&str], body: &Value) -> Result<Answer, Failure> {
        let path = Client::path(path);
        settled(self.runtime.block_on(self.client.post(&path, body)))
    }
}

/// An answer as a type. Keys that a later version added are left alone.
pub(super) fn read<T: DeserializeOwned>(answer: Value) -> Result<T, Failure> {
    let read = serde_json::from_value(answer).map_err(io::Error::other);
    read.map_err(Failure::io("the answer of the service can't be read"))
}

/// A refusal says why in `detail`.
fn settled(answer: Result<Answer, ClientError>) -> Result<Answer, Failure> {
    let answer = answer.map_err(Failure::Service)?;
    if answer.status < 400 {
        return Ok(answer);
    }
    let why = answer.body["detail"].as_str().map_or_else(
        || format!("the service answered {} and nothing more", answer.status),
        str::to_owned,
    );
    let issues = Vec::deserialize(&answer.body["issues"]).unwrap_or_default();
    Err(Failure::Refused(answer.status, why, issues))
}
