//! What is granted and what is refused.

use std::path::Path;

use super::*;
use crate::audit::Audit;
use crate::error::{Error, ErrorKind, PublishError};

fn entry(resource: &str, actions: &[&str]) -> Permission {
    Permission {
        resource: resource.to_owned(),
        actions: actions.iter().map(|&action| action.to_owned()).collect(),
    }
}

fn only(entries: &[(&str, &[&str])]) -> Grants {
    let listed: Vec<_> = entries
        .iter()
        .map(|(resource, actions)| entry(resource, actions))
        .collect();
    Grants::only("hello-plugin", &listed).unwrap()
}

#[test]
fn without_permissions_all_that_the_types_grant_is_there() {
    let grants = Grants::all("hello-plugin");
    grants.publish("user.welcome").unwrap();
    grants.publish_any().unwrap();
    grants.subscribe("**").unwrap();
    grants.subscribe_any().unwrap();
    grants.use_service("UserService").unwrap();
    grants.view_system().unwrap();
    grants.operate_system().unwrap();
    grants.files_any().unwrap();
    assert_eq!(grants.file_read(Path::new("a/b")), Ok(Path::new("")));
    assert_eq!(grants.file_write(Path::new("a/b")), Ok(Path::new("")));
    assert!(grants.may_log());
}

#[test]
fn an_empty_list_takes_everything() {
    let grants = only(&[]);
    let refused = [
        grants.publish("user.welcome").unwrap_err(),
        grants.publish_any().unwrap_err(),
        grants.subscribe("user.*").unwrap_err(),
        grants.subscribe_any().unwrap_err(),
        grants.use_service("UserService").unwrap_err(),
        grants.view_system().unwrap_err(),
        grants.operate_system().unwrap_err(),
        grants.files_any().unwrap_err(),
        grants.file_read(Path::new("in.txt")).unwrap_err(),
        grants.file_write(Path::new("out.txt")).unwrap_err(),
    ];
    assert!(!grants.may_log());
    let texts = refused.map(|denied| denied.to_string());
    let say = |what: &str, resource: &str, action: &str| {
        format!(
            "`hello-plugin` may not {what}: grant it `{resource}` with action `{action}` in its `permissions`"
        )
    };
    assert_eq!(
        texts,
        [
            say("publish `user.welcome`", "event_bus", "publish"),
            say("publish any event", "event_bus", "publish"),
            say("subscribe to `user.*`", "event_bus", "subscribe"),
            say("subscribe to any event", "event_bus", "subscribe"),
            say("use `UserService`", "service", "use"),
            say("see the system", "system", "read"),
            say("operate the system", "system", "operate"),
            say("use files", "file", "read"),
            say("read `in.txt`", "file", "read"),
            say("write `out.txt`", "file", "write"),
        ]
    );
}

#[test]
fn a_narrowed_grant_reaches_as_far_as_it_says() {
    let grants = only(&[
        ("event_bus:user.*", &["publish", "subscribe"]),
        ("service:UserService", &["*"]),
        ("file:exports/", &["read"]),
    ]);
    grants.publish("user.login").unwrap();
    grants.publish_any().unwrap();
    grants.subscribe("user.login").unwrap();
    grants.subscribe("user.*").unwrap();
    grants.use_service("UserService").unwrap();
    assert_eq!(
        grants.file_read(Path::new("exports/a")),
        Ok(Path::new("exports"))
    );

    grants.publish("order.created").unwrap_err();
    grants.subscribe("user.**").unwrap_err();
    grants.subscribe("*.login").unwrap_err();
    grants.use_service("Database").unwrap_err();
    grants.file_read(Path::new("exports2/a")).unwrap_err();
    grants.file_write(Path::new("exports/a")).unwrap_err();
}

#[test]
fn to_see_the_system_is_not_to_operate_it() {
    let grants = only(&[("system", &["read"])]);
    grants.view_system().unwrap();
    grants.operate_system().unwrap_err();
    only(&[("system", &["operate"])]).view_system().unwrap_err();
    only(&[("system", &["*"])]).operate_system().unwrap();
}

#[test]
fn the_union_of_all_entries_counts() {
    let grants = only(&[
        ("event_bus:user.login", &["subscribe"]),
        ("event_bus", &["publish"]),
        ("event_bus:order.**", &["*"]),
        ("file:a/b", &["write"]),
        ("file:a", &["write"]),
    ]);
    grants.publish("anything.at.all").unwrap();
    grants.subscribe("user.login").unwrap();
    grants.subscribe("order.*").unwrap();
    grants.subscribe("user.logout").unwrap_err();
    // The widest one, so that a link from `a/b` to `a/c` can be followed.
    assert_eq!(grants.file_write(Path::new("a/b/c")), Ok(Path::new("a")));
}

#[test]
fn a_missing_right_is_an_error_of_the_kind_denied() {
    let denied = || only(&[]).publish("user.welcome").unwrap_err();
    assert_eq!(Error::from(denied()).kind(), ErrorKind::Denied);
    assert_eq!(
        Error::from(PublishError::Denied(denied())).kind(),
        ErrorKind::Denied
    );
    assert_eq!(
        Error::from(PublishError::Stopping).kind(),
        ErrorKind::External { retriable: false }
    );
}

#[tokio::test]
async fn a_refusal_records_itself() {
    let data_dir = tempfile::tempdir().unwrap();
    let audit = Audit::open(data_dir.path()).unwrap();
    let grants = only(&[]).with_audit(audit.clone());
    grants.publish("user.welcome").unwrap_err();
    grants.view_system().unwrap_err();
    audit.close().await;

    let text = std::fs::read_to_string(data_dir.path().join("audit.ndjson")).unwrap();
    let lines: Vec<_> = text
        .lines()
        .map(|line| line.split_once(",\"actor\"").unwrap().1)
        .map(|line| line.split_once(",\"prev\":").unwrap().0)
        .collect();
    assert_eq!(
        lines,
        [
            r#":"hello-plugin","plugin":"hello-plugin","action":"event_bus.publish","outcome":"denied","detail":"user.welcome""#,
            r#":"hello-plugin","plugin":"hello-plugin","action":"system.read","outcome":"denied""#,
        ]
    );
}
