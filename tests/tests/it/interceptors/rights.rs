//! To intercept is a right of its own.

use plugin_core::lifecycle::ConfigureError;
use serde_json::json;

use super::fixture::rig;

#[test]
fn it_is_asked_for_and_granted_by_topic() {
    let granted = |topics: &str| {
        let permissions = json!([
            {"resource": topics, "actions": ["intercept"]},
            {"resource": "service:Journal", "actions": ["use"]},
        ]);
        rig()
            .set("test-outer", "permissions", permissions)
            .configure()
    };
    assert!(granted("event_bus").is_ok());
    assert!(granted("event_bus:gate.**").is_ok());
    let Err(ConfigureError::Permissions(denied)) = granted("event_bus:gate.order") else {
        panic!("`gate.**` is more than `gate.order`")
    };
    let texts: Vec<_> = denied.iter().map(ToString::to_string).collect();
    assert_eq!(
        texts,
        [
            "`test-outer` may not intercept `gate.**`: grant it `event_bus` with action \
             `intercept` in its `permissions`"
        ]
    );
}
