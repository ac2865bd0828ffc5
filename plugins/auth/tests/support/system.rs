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
    let plugins = [
        Authenticator::DESCRIPTOR,
        MemoryCache::DESCRIPTOR,
        SqlDatabase::DESCRIPTOR,
        Users::DESCRIPTOR,
    ];
    let composition = Composition::assemble(&plugins).expect("the set is whole");
    Manager::builder(&composition)
        .sources(sources)
        .data_dir(data_dir)
        .configure()
        .expect("the config is good")
        .start()
        .await
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
