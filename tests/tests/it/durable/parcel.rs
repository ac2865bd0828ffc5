//! A plugin that receives parcels and writes down what it sees of them.

use plugin_core::prelude::*;
use plugin_core::{Descriptor, Plugin};
use plugin_queue::Queue;
use serde_json::json;

use crate::journal::{Journal, Notebook};
use crate::rig::Rig;

#[event("durable.parcel")]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub(super) struct Parcel {
    pub(super) number: u64,
}

pub(super) fn parcel(number: u64) -> Parcel {
    Parcel { number }
}

#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
struct ReceiverConfig {
    /// The handler never comes back from this number and those behind it.
    hang_from: Option<u64>,
    /// The handler fails with this number.
    fail: Option<u64>,
}

pub(super) struct Receiver {
    config: ReceiverConfig,
    journal: Service<dyn Journal>,
}

#[plugin(name = "durable-receiver")]
impl Receiver {
    #[init]
    fn init(Config(config): Config<ReceiverConfig>, journal: Service<dyn Journal>) -> Self {
        Self { config, journal }
    }

    #[subscribe(durable, filter = |parcel| parcel.number > 0)]
    async fn receive(&self, parcel: &Envelope<Parcel>) -> Result<()> {
        let number = parcel.number;
        if self.config.hang_from.is_some_and(|from| number >= from) {
            self.write("began", parcel);
            std::future::pending::<()>().await;
        }
        if self.config.fail == Some(number) {
            return Err(Error::external("told to fail"));
        }
        self.write("handled", parcel);
        Ok(())
    }

    fn write(&self, what: &str, parcel: &Envelope<Parcel>) {
        let key = parcel.idempotency_key().map(|key| key.to_string());
        let (number, source) = (parcel.number, parcel.source());
        self.journal.write(format!(
            "{what} {number} from {source} {}",
            key.unwrap_or_default()
        ));
    }
}

pub(super) fn plugins() -> [&'static Descriptor; 3] {
    [
        Receiver::DESCRIPTOR,
        Notebook::DESCRIPTOR,
        Queue::DESCRIPTOR,
    ]
}

pub(super) fn rig() -> Rig {
    Rig::new(&plugins())
}

/// A life in which the handler hangs.
pub(super) fn hanging(rig: Rig, from: Option<u64>) -> Rig {
    rig.config("durable-receiver", json!({ "hang_from": from }))
}

/// Lines without the keys.
pub(super) fn without_keys(lines: &[String]) -> Vec<&str> {
    lines
        .iter()
        .map(|line| line.rsplit_once(' ').unwrap().0)
        .collect()
}

/// The key at the end of a line.
pub(super) fn key(line: &str) -> &str {
    line.rsplit_once(' ').unwrap().1
}
