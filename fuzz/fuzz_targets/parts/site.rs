//! A system with the HTTP interface in it, and what its plugins saw of a request.

use std::net::SocketAddr;
use std::sync::{Mutex, PoisonError};
use std::time::SystemTime;

use plugin_api::Api;
use plugin_contracts::{
    Auth, AuthError, DataSave, NewUser, OrderCreated, Session, User, UserService,
};
use plugin_core::lifecycle::{Manager, Running};
use plugin_core::prelude::*;
use plugin_core::{Composition, Descriptor, Plugin};
use serde_json::json;
use tempfile::TempDir;

/// May publish for others.
pub(crate) const SPEAKER: &str = "ada";

/// What the plugins saw.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    /// Whose tokens were shown.
    pub(crate) callers: Vec<String>,
    /// From where.
    pub(crate) addresses: Vec<String>,
    pub(crate) orders: Vec<OrderCreated>,
    pub(crate) saves: Vec<DataSave>,
}

static SEEN: Mutex<Seen> = Mutex::new(Seen {
    callers: Vec::new(),
    addresses: Vec::new(),
    orders: Vec::new(),
    saves: Vec::new(),
});

/// What was seen since the last call.
pub(crate) fn seen() -> Seen {
    std::mem::take(&mut SEEN.lock().unwrap_or_else(PoisonError::into_inner))
}

fn see(see: impl FnOnce(&mut Seen)) {
    see(&mut SEEN.lock().unwrap_or_else(PoisonError::into_inner));
}

/// Takes the token `token-of-NAME`, and the password `secret`.
pub(crate) struct Gatekeeper;

#[plugin(name = "gatekeeper", provides(Auth))]
impl Gatekeeper {
    #[init]
    fn init() -> Self {
        Self
    }
}

#[service]
impl Auth for Gatekeeper {
    async fn login(
        &self,
        user: &str,
        password: &str,
        ip: Option<&str>,
    ) -> Result<String, AuthError> {
        see(|seen| seen.addresses.extend(ip.map(str::to_owned)));
        match password {
            "secret" => Ok(format!("token-of-{user}")),
            _ => Err(AuthError::Credentials),
        }
    }

    async fn logout(&self, _: &str) -> Result<(), AuthError> {
        Ok(())
    }

    async fn verify(&self, token: &str) -> Result<Session, AuthError> {
        let user = token.strip_prefix("token-of-").ok_or(AuthError::Token)?;
        see(|seen| seen.callers.push(user.to_owned()));
        Ok(Session {
            user_id: user.to_owned(),
            expires: SystemTime::now(),
        })
    }

    async fn verify_from(&self, token: &str, ip: Option<&str>) -> Result<Session, AuthError> {
        see(|seen| seen.addresses.extend(ip.map(str::to_owned)));
        self.verify(token).await
    }
}

/// Knows everybody whose name is short.
pub(crate) struct People;

#[plugin(name = "people", provides(UserService))]
impl People {
    #[init]
    fn init() -> Self {
        Self
    }
}

#[service]
impl UserService for People {
    async fn find(&self, id: &str) -> Result<Option<User>> {
        Ok((id.len() < 4).then(|| User {
            id: id.to_owned(),
            name: id.to_owned(),
            email: format!("{id}@shop.example"),
            phone: None,
        }))
    }

    async fn password_hash(&self, _: &str) -> Result<Option<String>> {
        Ok(None)
    }

    async fn create(&self, _: NewUser) -> Result<()> {
        Err(Error::bug("nobody is created here"))
    }

    async fn set_password_hash(&self, _: &str, _: &str) -> Result<()> {
        Err(Error::bug("nobody is changed here"))
    }
}

/// Hears of what callers may publish.
pub(crate) struct Listener;

#[plugin(name = "listener")]
impl Listener {
    #[init]
    fn init() -> Self {
        Self
    }

    #[subscribe]
    fn order(&self, order: &OrderCreated) {
        see(|seen| seen.orders.push(order.clone()));
    }

    #[subscribe]
    fn save(&self, save: &DataSave) {
        see(|seen| seen.saves.push(save.clone()));
    }
}

/// All plugins of the system.
pub(crate) const PLUGINS: &[&Descriptor] = &[
    Api::DESCRIPTOR,
    Gatekeeper::DESCRIPTOR,
    Listener::DESCRIPTOR,
    People::DESCRIPTOR,
];

/// A running system; its limits are so small that an input can go beyond them.
pub(crate) struct Site {
    pub(crate) address: SocketAddr,
    _running: Running,
    _data: TempDir,
}

impl Site {
    /// Starts it; `proxy_header` is where the client, a trusted proxy, says for whom it asks.
    pub(crate) async fn start(proxy_header: &str) -> Self {
        let data = tempfile::tempdir().expect("a directory");
        let config = json!({
            "address": "127.0.0.1:0",
            "trusted_proxies": ["127.0.0.0/8", "10.0.0.0/8"],
            "proxy_header": proxy_header,
            "may_publish_for": [SPEAKER],
            "max_header_bytes": 1024,
            "max_headers": 12,
            "max_body_bytes": 512,
        });
        let composition = Composition::assemble(PLUGINS).expect("a set");
        let configured = Manager::builder(&composition)
            .data_dir(data.path())
            .plugin_config("api-plugin", config)
            .configure();
        let running = configured.expect("a config").start().await;
        let running = running.expect("a system that starts");
        let address = std::fs::read_to_string(data.path().join("api-plugin/address"));
        Self {
            address: address
                .expect("it listens")
                .trim()
                .parse()
                .expect("an address"),
            _running: running,
            _data: data,
        }
    }
}
