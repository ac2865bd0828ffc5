//! A system with the interface in it.

use std::fs;

use plugin_api::Api;
use plugin_core::config::Sources;
use plugin_core::lifecycle::{Manager, Running, StartError};
use plugin_core::{Composition, Plugin};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::backends::{Gatekeeper, Orders, People};
use crate::client::Client;
use crate::store::{Mailer, Vault};

/// A token that the gatekeeper takes.
pub(crate) const TOKEN: Option<&str> = Some("token-of-ada");

/// A running system.
pub(crate) struct Site {
    pub(crate) dir: TempDir,
    pub(crate) running: Running,
}

impl Site {
    /// Starts a system on a free port; `file` is a plugin's file, or nothing.
    pub(crate) async fn start(file: &str, mut config: Value) -> Result<Self, StartError> {
        if config["address"].is_null() {
            config["address"] = json!("127.0.0.1:0");
        }
        let dir = tempfile::tempdir().unwrap();
        let mut sources = Sources::new();
        if !file.is_empty() {
            sources = sources.embedded("a plugin's file", file);
        }
        let plugins = [
            Api::DESCRIPTOR,
            Gatekeeper::DESCRIPTOR,
            Orders::DESCRIPTOR,
            People::DESCRIPTOR,
        ];
        let configured = Manager::builder(&Composition::assemble(&plugins).unwrap())
            .sources(sources)
            .data_dir(dir.path())
            .plugin_config("api-plugin", config)
            .configure()
            .unwrap();
        let running = configured.start().await?;
        Ok(Self { dir, running })
    }

    /// Starts a system with a plugin that keeps its events in a store, and says what that does.
    pub(crate) async fn stored(mode: &str, gate: usize, mut config: Value) -> Self {
        config["address"] = json!("127.0.0.1:0");
        let dir = tempfile::tempdir().unwrap();
        let plugins = [
            Api::DESCRIPTOR,
            Gatekeeper::DESCRIPTOR,
            Mailer::DESCRIPTOR,
            Orders::DESCRIPTOR,
            People::DESCRIPTOR,
            Vault::DESCRIPTOR,
        ];
        let configured = Manager::builder(&Composition::assemble(&plugins).unwrap())
            .sources(Sources::new())
            .data_dir(dir.path())
            .plugin_config("api-plugin", config)
            .plugin_config("vault", json!({"mode": mode, "gate": gate}))
            .configure()
            .unwrap();
        let running = configured.start().await.unwrap();
        Self { dir, running }
    }

    /// Starts a system with the defaults.
    pub(crate) async fn new() -> Self {
        Self::start("", json!({})).await.unwrap()
    }

    /// The address that the plugin wrote down.
    pub(crate) fn address(&self) -> String {
        fs::read_to_string(self.dir.path().join("api-plugin/address")).unwrap()
    }

    pub(crate) fn client(&self) -> Client {
        Client::new(self.address())
    }
}
