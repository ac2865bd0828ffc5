//! `AuthPlugin`: it does one thing, and what it needs is injected by the types of `init`.

use plugin_auth::Authenticator;
use plugin_cache::MemoryCache;
use plugin_contracts::{Auth, AuthError, UserLogin};
use plugin_core::{Arity, Need, Plugin};
use plugin_database::SqlDatabase;
use plugin_user_service::Users;
use serde_json::json;

use crate::heard::Heard;
use crate::rig::Rig;

#[test]
fn what_it_needs_is_read_off_its_init() {
    let services: Vec<_> = (Authenticator::DESCRIPTOR.needs.iter())
        .filter_map(|need| match need {
            Need::Service {
                service,
                arity: Arity::One,
            } => Some(service.name),
            _ => None,
        })
        .collect();
    assert_eq!(services, ["Cache", "Database", "UserService"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn it_gets_its_services_and_serves() {
    let user = json!({"id": "ann", "name": "Ann", "email": "ann@shop.example", "password": "correct horse"});
    let rig = Rig::new(&[
        Authenticator::DESCRIPTOR,
        Users::DESCRIPTOR,
        SqlDatabase::DESCRIPTOR,
        MemoryCache::DESCRIPTOR,
    ])
    .config("auth-plugin", json!({"users": [user]}));
    let running = rig.start().await;
    let order: Vec<_> = running
        .start_report()
        .plugins
        .iter()
        .map(|plugin| plugin.name)
        .collect();
    assert_eq!(
        order,
        [
            "cache-plugin",
            "database-plugin",
            "user-service",
            "auth-plugin"
        ]
    );
    let logins = Heard::<UserLogin>::on(&running);
    let auth = running.service::<dyn Auth>().unwrap();
    let wrong = auth.login("ann", "wrong", None).await;
    assert!(matches!(wrong, Err(AuthError::Credentials)));
    let token = auth.login("ann", "correct horse", None).await.unwrap();
    assert_eq!(auth.verify(&token).await.unwrap().user_id, "ann");
    assert_eq!(logins.take().len(), 1);
    assert!(running.stop().await.is_clean());
}
