//! The service, with a token for each caller that a test needs.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tempfile::TempDir;

/// The app while it runs.
#[derive(Debug)]
pub(crate) struct Service {
    folder: TempDir,
    child: Child,
}

/// Who may ask, with which rights; each name is also the token.
const CALLERS: [(&str, &str); 6] = [
    ("ann", "role: admin"),
    ("only-state", "rights: ['state:read']"),
    ("only-tap", "rights: ['tap:read']"),
    ("only-config", "rights: ['config:read']"),
    ("only-operate", "rights: ['operate']"),
    ("only-write", "rights: ['config:write']"),
];

impl Service {
    pub(crate) fn start() -> Self {
        Self::with("")
    }

    /// With a file of config of its own.
    pub(crate) fn with(config: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let tokens = CALLERS.map(|(name, rights)| {
            let hash: String = (Sha256::digest(name)
                .iter()
                .map(|byte| format!("{byte:02x}")))
            .collect();
            format!("      - {{ name: {name}, hash: '{hash}', {rights} }}\n")
        });
        let admin = format!(
            "admin-plugin:\n  config:\n    listen: '127.0.0.1:0'\n    tokens:\n{}",
            tokens.concat()
        );
        let plugins = folder.path().join("config/plugins");
        std::fs::create_dir_all(&plugins).unwrap();
        std::fs::write(plugins.join("admin-plugin.yaml"), admin).unwrap();
        if !config.is_empty() {
            std::fs::write(plugins.join("own.yaml"), config).unwrap();
        }
        let mut child = Command::new(binary())
            .current_dir(folder.path())
            .env("APP__API_PLUGIN__CONFIG__ADDRESS", "127.0.0.1:0")
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let runs = lines.any(|line| line.unwrap().starts_with("running;"));
        assert!(runs, "it ended");
        std::thread::spawn(move || lines.for_each(drop));
        Self { folder, child }
    }

    /// Where the console is.
    pub(crate) fn url(&self) -> String {
        let file = "data/plugins/admin-plugin/address";
        let address = std::fs::read_to_string(self.folder.path().join(file)).unwrap();
        format!("http://{}/", address.trim())
    }

    /// Publishes an event.
    pub(crate) fn publish(&self, topic: &str, data: &Value) {
        let url = format!("{}v1/events/{topic}", self.url());
        let asked = ureq::post(&url).header("authorization", "Bearer ann");
        asked.send_json(data).unwrap();
    }

    /// Publishes an order that nobody has placed: its confirmation fails for good.
    pub(crate) fn fail(&self, order: &str) {
        let order = json!({"order_id": order, "user_id": "nobody", "total_cents": 5});
        self.publish("order.created", &order);
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        let _killed = self.child.kill();
        let _ended = self.child.wait();
    }
}

/// The app beside the test's own binary.
fn binary() -> PathBuf {
    let own = std::env::current_exe().unwrap();
    let profile = own.parent().and_then(Path::parent).unwrap();
    let binary = profile.join("app");
    assert!(binary.is_file(), "run `cargo build -p app` first");
    binary
}
