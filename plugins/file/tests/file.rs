//! The design's `writeFile`: a permission check, a path check, then the write.

use std::fs;
use std::path::Path;

use plugin_contracts::FileStore;
use plugin_core::config::Sources;
use plugin_core::files::FileError;
use plugin_core::lifecycle::{ConfigureError, Configured, Manager, Running};
use plugin_core::{Composition, Error, ErrorKind, Plugin};
use plugin_file::FilePlugin;
use serde_json::{Value, json};

/// The plugin with what its file says.
fn configure(data_dir: &Path, file: &str) -> Result<Configured, ConfigureError> {
    let plugins = [<FilePlugin as Plugin>::DESCRIPTOR];
    let composition = Composition::assemble(&plugins).expect("one plugin needs no other");
    Manager::builder(&composition)
        .sources(Sources::new().embedded("test", file).data_dir(data_dir))
        .configure()
}

async fn start(data_dir: &Path, settings: Value) -> Running {
    configure(data_dir, &json!({ "file-plugin": settings }).to_string())
        .expect("the settings are good")
        .start()
        .await
        .expect("the plugin starts")
}

fn is_outside(error: &Error) -> bool {
    matches!(error.downcast_ref(), Some(FileError::Outside { .. }))
}

#[tokio::test]
async fn what_is_written_is_read_and_stays_below_the_root() {
    let data_dir = tempfile::tempdir().unwrap();
    let running = start(data_dir.path(), json!({ "config": { "max_bytes": 8 } })).await;
    let files = running.service::<dyn FileStore>().unwrap();

    files.write("notes/a.txt", b"12345678").await.unwrap();
    assert_eq!(files.read("notes/a.txt").await.unwrap(), b"12345678");
    let path = data_dir.path().join("file-plugin/notes/a.txt");
    assert_eq!(fs::read(path).unwrap(), b"12345678");

    for path in ["../audit.ndjson", "/etc/passwd", "notes/../../x"] {
        assert!(is_outside(&files.write(path, b"x").await.unwrap_err()));
        assert!(is_outside(&files.read(path).await.unwrap_err()));
    }
    assert!(running.stop().await.is_clean());
}

#[test]
fn the_default_file_loads_as_it_stands() {
    let data_dir = tempfile::tempdir().unwrap();
    let file = include_str!("../../../config/plugins/file-plugin.yaml");
    assert!(
        configure(data_dir.path(), file)
            .unwrap()
            .warnings()
            .is_empty()
    );
}

#[test]
fn without_a_grant_the_start_is_refused_and_says_what_to_add() {
    let data_dir = tempfile::tempdir().unwrap();
    let refused = configure(data_dir.path(), "file-plugin: { permissions: [] }");
    assert_eq!(
        refused.unwrap_err().to_string().trim_end(),
        r#"`file-plugin` may not use files: grant it `file` with action `read` in its `permissions`
in the file of `file-plugin`, under
permissions:
  - resource: "file"
    actions: ["read"]"#
    );
}

#[tokio::test]
async fn larger_data_is_refused() {
    let data_dir = tempfile::tempdir().unwrap();
    let running = start(data_dir.path(), json!({ "config": { "max_bytes": 8 } })).await;
    let files = running.service::<dyn FileStore>().unwrap();

    let is_too_large = |error: Error| {
        matches!(
            error.downcast_ref(),
            Some(FileError::TooLarge { limit: 8, .. })
        )
    };
    assert!(is_too_large(
        files.write("a", b"123456789").await.unwrap_err()
    ));
    let root = data_dir.path().join("file-plugin");
    assert_eq!(fs::read_dir(&root).unwrap().count(), 0);
    fs::write(root.join("b"), b"123456789").unwrap();
    assert!(is_too_large(files.read("b").await.unwrap_err()));
    assert!(running.stop().await.is_clean());
}

#[tokio::test]
async fn a_missing_permission_is_refused_and_recorded() {
    let data_dir = tempfile::tempdir().unwrap();
    let permissions = json!([{ "resource": "file:exports/", "actions": ["write"] }]);
    let running = start(data_dir.path(), json!({ "permissions": permissions })).await;
    let files = running.service::<dyn FileStore>().unwrap();

    files.write("exports/a", b"x").await.unwrap();
    let denied = files.write("a", b"x").await.unwrap_err();
    assert_eq!(denied.kind(), ErrorKind::Denied);
    assert_eq!(
        denied.to_string(),
        "`file-plugin` may not write `a`: grant it `file` with action `write` in its `permissions`"
    );
    let denied = files.read("exports/a").await.unwrap_err();
    assert_eq!(denied.kind(), ErrorKind::Denied);
    assert!(running.stop().await.is_clean());

    let audit = fs::read_to_string(data_dir.path().join("audit.ndjson")).unwrap();
    let recorded = |action: &str, detail: &str| {
        let entry = format!(r#""action":"{action}","outcome":"denied","detail":"{detail}","#);
        audit.lines().any(|line| line.contains(&entry))
    };
    assert!(recorded("file.write", "a"), "{audit}");
    assert!(recorded("file.read", "exports/a"), "{audit}");
}
