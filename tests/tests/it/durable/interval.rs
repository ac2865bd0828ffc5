//! How long a commit may wait for more to come.

use serde_json::json;

use crate::durable::parcel::rig;

#[test]
fn report_b7_a_commit_that_waits_longer_than_a_second_is_refused() {
    for (interval, is_fine) in [("1s", true), ("1001ms", false), ("1m", false)] {
        let rig = rig().config("queue-plugin", json!({ "commit_interval": interval }));
        let configured = rig.configure();
        assert_eq!(configured.is_ok(), is_fine, "{interval}");
        if let Err(error) = configured {
            let error = error.to_string();
            assert!(
                error.contains("a length of time from `0s` to `1s`"),
                "{error}"
            );
        }
    }
}
