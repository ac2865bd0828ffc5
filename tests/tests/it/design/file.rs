//! `FilePlugin.writeFile`: a permission check, a path check, then the write.

use plugin_contracts::FileStore;
use plugin_core::config::Sources;
use plugin_core::files::FileError;
use plugin_core::permission::PermissionDenied;
use plugin_core::{ErrorKind, Plugin};
use plugin_file::FilePlugin;
use serde_json::json;

use crate::rig::Rig;

fn rig() -> Rig {
    Rig::from_sources(&[FilePlugin::DESCRIPTOR], Sources::new())
}

#[tokio::test]
async fn a_file_is_written_below_the_root() {
    let rig = rig();
    let running = rig.start().await;
    let files = running.service::<dyn FileStore>().unwrap();
    files.write("reports/day.txt", b"12").await.unwrap();
    let written = std::fs::read(rig.path("file-plugin/reports/day.txt")).unwrap();
    assert_eq!(written, b"12");
    assert!(running.stop().await.is_clean());
}

/// `ErrInvalidPath`.
#[tokio::test]
async fn a_path_that_leads_out_is_refused() {
    let rig = rig();
    let running = rig.start().await;
    let files = running.service::<dyn FileStore>().unwrap();
    #[cfg(unix)]
    std::os::unix::fs::symlink("/", rig.path("file-plugin/out")).unwrap();
    for path in ["../x", "a/../../x", "/tmp/x", "out/tmp/x"] {
        let error = files.write(path, b"x").await.unwrap_err();
        let outside = error.downcast_ref::<FileError>();
        assert!(
            matches!(outside, Some(FileError::Outside { .. })),
            "{path}: {error}"
        );
    }
    assert!(!rig.path("x").exists());
    running.stop().await;
}

/// `ErrPermissionDenied`.
#[tokio::test]
async fn without_the_permission_nothing_is_written() {
    let rig = rig().set(
        "file-plugin",
        "permissions",
        json!([{"resource": "file", "actions": ["read"]}]),
    );
    let running = rig.start().await;
    let files = running.service::<dyn FileStore>().unwrap();
    let error = files.write("a", b"x").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Denied, "{error}");
    assert!(
        error.downcast_ref::<PermissionDenied>().is_some() || error.to_string().contains("grant")
    );
    assert!(!rig.path("file-plugin/a").exists());
    running.stop().await;
    let refusals: Vec<_> = rig
        .audit()
        .into_iter()
        .filter(|line| line["outcome"] == "denied")
        .collect();
    assert_eq!(refusals.len(), 1);
    assert_eq!(refusals[0]["action"], "file.write");
}
