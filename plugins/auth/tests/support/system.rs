//! The four plugins that make logins work, started by a manager.

use std::path::Path;

use plugin_auth::Authenticator;
use plugin_cache::MemoryCache;
use plugin_contracts::Auth;
use plugin_core::config::Sources;
use plugin_core::lifecycle::{Manager, Running, StartError};
use plugin_core::prelude::*;
use plugin_core::{Composition, Plugin};
use plugin_database::SqlDatabase;
use plugin_user_service::Users;
use serde_json::{Value, json};

pub(crate) async fn start(
    database: &Value,
    auth: &Value,
    data_dir: &Path,
) -> Result<Running, StartError> {
    let sources = Sources::new()
        .plugin_config("database-plugin", database.clone())
        .plugin_config("auth-plugin", auth.clone());
    start_with(sources, data_dir).await
}

pub(crate) async fn start_with(sources: Sources, data_dir: &Path) -> Result<Running, StartError> {
    let configured = Manager::builder(&composition())
        .sources(sources)
        .data_dir(data_dir)
        .configure();
    configured.expect("the config is good").start().await
}

/// What is wrong with a config of `auth-plugin`, if something is.
pub(crate) fn mistake(auth: Value, data_dir: &Path) -> Option<String> {
    let configured = Manager::builder(&composition())
        .sources(Sources::new().plugin_config("auth-plugin", auth))
        .data_dir(data_dir)
        .configure();
    configured.err().map(|error| error.to_string())
}

fn composition() -> Composition {
    let plugins = [
        Authenticator::DESCRIPTOR,
        MemoryCache::DESCRIPTOR,
        SqlDatabase::DESCRIPTOR,
        Users::DESCRIPTOR,
    ];
    Composition::assemble(&plugins).expect("the set is whole")
}

/// A config with two users, and so many failures of each.
pub(crate) fn config(per_user: u32) -> Value {
    let account = |id: &str, password: &str| json!({"id": id, "name": id, "email": format!("{id}@example.com"), "password": password});
    json!({
        "failures": {"per_user": per_user, "per_ip": 5},
        "users": [account("ann", "correct horse"), account("bob", "battery staple")],
    })
}

pub(crate) fn service(running: &Running) -> Service<dyn Auth> {
    running.service::<dyn Auth>().expect("it is provided")
}
