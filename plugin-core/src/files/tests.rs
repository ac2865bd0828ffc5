//! Roundtrips, escapes and refusals, on a real directory.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::PathBuf;

use super::*;
use crate::audit::Audit;
use crate::error::ErrorKind;
use crate::permission::{Grants, Permission};

/// A root with a secret beside it.
struct Place {
    _outer: tempfile::TempDir,
    root: PathBuf,
    secret: PathBuf,
}

impl Place {
    fn new() -> Self {
        let outer = tempfile::tempdir().unwrap();
        let (root, secret) = (outer.path().join("root"), outer.path().join("secret"));
        fs::create_dir(&root).unwrap();
        fs::write(&secret, "secret").unwrap();
        Self {
            _outer: outer,
            root,
            secret,
        }
    }

    fn files(&self, grants: Grants) -> Files {
        Files::open(
            &self.root,
            &Arc::new(Identity::new(
                "file-plugin",
                crate::context::InstanceId::default(),
                grants,
            )),
        )
        .unwrap()
    }

    fn all(&self) -> Files {
        self.files(Grants::all("file-plugin"))
    }

    fn only(&self, resource: &str, action: &str) -> Files {
        let entry = Permission {
            resource: resource.to_owned(),
            actions: vec![action.to_owned()],
        };
        self.files(Grants::only("file-plugin", [&entry]).unwrap())
    }
}

#[expect(clippy::needless_pass_by_value, reason = "a call reads as a sentence")]
fn is_outside<T: fmt::Debug>(result: Result<T, FileError>) {
    assert!(
        matches!(result, Err(FileError::Outside { .. })),
        "{result:?}"
    );
}

#[expect(clippy::needless_pass_by_value, reason = "a call reads as a sentence")]
fn is_denied<T: fmt::Debug>(result: Result<T, FileError>) {
    assert!(matches!(result, Err(FileError::Denied(_))), "{result:?}");
}

#[tokio::test]
async fn what_is_written_is_read() {
    let place = Place::new();
    let files = place.all();
    files.write("a/b.txt", "one").await.unwrap();
    files.write("./a/b.txt", "two").await.unwrap();
    files.append("a/b.txt", ", three").await.unwrap();
    files.append("a/c.txt", "new").await.unwrap();
    assert_eq!(files.read("a/b.txt").await.unwrap(), b"two, three");
    assert_eq!(files.list("a").await.unwrap(), ["b.txt", "c.txt"]);
    assert_eq!(files.list("").await.unwrap(), ["a"]);
    files.remove("a/b.txt").await.unwrap();
    assert!(!files.exists("a/b.txt").await.unwrap());
    assert!(files.exists("a").await.unwrap());
    let missing = files.read("a/b.txt").await.unwrap_err();
    assert!(matches!(missing, FileError::Io { .. }), "{missing:?}");
}

#[tokio::test]
async fn a_file_that_is_too_large_is_not_read() {
    let place = Place::new();
    let files = place.all();
    files.write("a", "12345").await.unwrap();
    assert_eq!(files.read_at_most("a", 5).await.unwrap(), b"12345");
    let refused = files.read_at_most("a", 4).await;
    assert!(
        matches!(refused, Err(FileError::TooLarge { limit: 4, .. })),
        "{refused:?}"
    );
}

#[tokio::test]
async fn a_write_that_fails_leaves_nothing_behind() {
    let place = Place::new();
    fs::create_dir(place.root.join("directory")).unwrap();
    fs::write(place.root.join("directory/old"), "old").unwrap();
    place.all().write("directory", "x").await.unwrap_err();
    let names: Vec<_> = fs::read_dir(&place.root)
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    assert_eq!(names, ["directory"]);
}

#[tokio::test]
async fn dots_and_absolute_paths_are_refused() {
    let place = Place::new();
    let files = place.all();
    for path in ["../secret", "a/../../secret", "a/../b", "..", "/etc/passwd"] {
        is_outside(files.read(path).await);
        is_outside(files.write(path, "x").await);
        is_outside(files.append(path, "x").await);
        is_outside(files.remove(path).await);
        is_outside(files.list(path).await);
        is_outside(files.exists(path).await);
    }
    is_outside(files.read(&place.secret).await);
    assert_eq!(fs::read(&place.secret).unwrap(), b"secret");
}

#[tokio::test]
async fn links_out_are_refused() {
    let place = Place::new();
    symlink(&place.secret, place.root.join("absolute")).unwrap();
    symlink("../secret", place.root.join("relative")).unwrap();
    symlink("..", place.root.join("up")).unwrap();
    symlink("../new", place.root.join("dangling")).unwrap();
    let files = place.all();
    for path in ["absolute", "relative", "up/secret", "dangling"] {
        is_outside(files.read(path).await);
        is_outside(files.write(path, "x").await);
        is_outside(files.append(path, "x").await);
        is_outside(files.exists(path).await);
    }
    is_outside(files.list("up").await);
    is_outside(files.write("up/new", "x").await);
    is_outside(files.write("up/new/er", "x").await);
    is_outside(files.append("up/new", "x").await);
    is_outside(files.remove("up/secret").await);
    assert_eq!(fs::read(&place.secret).unwrap(), b"secret");
    assert!(!place.root.with_file_name("new").exists());
}

#[tokio::test]
async fn links_inside_are_followed() {
    let place = Place::new();
    fs::create_dir(place.root.join("v1")).unwrap();
    symlink("v1", place.root.join("current")).unwrap();
    symlink("v1/data", place.root.join("link")).unwrap();
    let files = place.all();
    files.write("current/data", "one").await.unwrap();
    files.write("link", "two").await.unwrap();
    assert_eq!(files.read("v1/data").await.unwrap(), b"two");
    assert!(
        fs::symlink_metadata(place.root.join("link"))
            .unwrap()
            .is_symlink()
    );
}

#[tokio::test]
async fn a_narrowed_grant_is_a_root_of_its_own() {
    let place = Place::new();
    fs::write(place.root.join("private"), "private").unwrap();
    let files = place.only("file:exports/", "write");
    files.write("exports/a/b", "x").await.unwrap();
    assert_eq!(fs::read(place.root.join("exports/a/b")).unwrap(), b"x");

    symlink("../private", place.root.join("exports/link")).unwrap();
    is_outside(files.write("exports/link", "x").await);
    is_outside(files.write("exports/../private", "x").await);
    is_denied(files.write("private", "x").await);
    is_denied(files.read("exports/a/b").await);
    is_denied(files.exists("exports/a/b").await);
    is_denied(files.list("").await);
    assert_eq!(fs::read(place.root.join("private")).unwrap(), b"private");
}

#[tokio::test]
async fn reading_needs_the_directory_and_makes_none() {
    let place = Place::new();
    let files = place.only("file:exports", "read");
    assert!(!files.exists("exports").await.unwrap());
    assert!(!place.root.join("exports").exists());
    fs::create_dir(place.root.join("exports")).unwrap();
    assert!(files.exists("exports").await.unwrap());
    assert!(files.list("exports").await.unwrap().is_empty());
    is_denied(files.write("exports/a", "x").await);
}

#[test]
fn without_a_grant_there_are_no_files() {
    let place = Place::new();
    let none = Grants::only("file-plugin", []).unwrap();
    let refused = Files::open(
        &place.root,
        &Arc::new(Identity::new(
            "file-plugin",
            crate::context::InstanceId::default(),
            none,
        )),
    );
    assert_eq!(refused.unwrap_err().kind(), ErrorKind::Denied);
}

#[tokio::test]
async fn an_escape_is_recorded() {
    let place = Place::new();
    let audit = Audit::open(&place.root).unwrap();
    let files = place.files(Grants::all("file-plugin").with_audit(audit.clone()));
    symlink("../secret", place.root.join("link")).unwrap();
    is_outside(files.read("../secret").await);
    is_outside(files.write("link", "x").await);
    audit.close().await;
    let text = fs::read_to_string(place.root.join("audit.ndjson")).unwrap();
    let ends = [
        r#""action":"file.read","outcome":"denied","detail":"../secret"}"#,
        r#""action":"file.write","outcome":"denied","detail":"link"}"#,
    ];
    assert_eq!(text.lines().count(), 2, "{text}");
    for (line, end) in text.lines().zip(ends) {
        assert!(line.ends_with(end), "{line}");
    }
}

/// What reads and writes of it come to.
async fn touched(files: &Files, path: &str) -> Vec<Result<(), FileError>> {
    let touched = async {
        vec![
            files.read(path).await.map(drop),
            files.read_at_most(path, 9).await.map(drop),
            files.append(path, "more").await,
            files.write(path, "new").await,
        ]
    };
    let limit = std::time::Duration::from_secs(20);
    tokio::time::timeout(limit, touched)
        .await
        .expect("it hangs")
}

#[tokio::test]
async fn report_b16_what_is_no_regular_file_is_an_error_at_once() {
    let place = Place::new();
    let files = place.all();
    let made = rustix::fs::mkfifoat(rustix::fs::CWD, place.root.join("pipe"), 0o600.into());
    made.unwrap();
    let _socket = std::os::unix::net::UnixListener::bind(place.root.join("socket")).unwrap();
    fs::create_dir(place.root.join("folder")).unwrap();
    symlink("pipe", place.root.join("link")).unwrap();
    for path in ["pipe", "socket", "folder", "link", ".", ""] {
        for result in touched(&files, path).await {
            let error = result.unwrap_err();
            assert!(
                matches!(error, FileError::NotRegular { .. }),
                "{path}: {error:?}"
            );
            assert!(error.to_string().contains("no regular file"), "{error}");
        }
    }
    let left = files.list("").await.unwrap();
    assert_eq!(left, ["folder", "link", "pipe", "socket"]);
}

#[tokio::test]
async fn report_b16_a_pipe_with_somebody_at_its_other_end_is_none_either() {
    let place = Place::new();
    let made = rustix::fs::mkfifoat(rustix::fs::CWD, place.root.join("pipe"), 0o600.into());
    made.unwrap();
    let mut options = fs::OpenOptions::new();
    let _both = options
        .read(true)
        .write(true)
        .open(place.root.join("pipe"))
        .unwrap();
    for result in touched(&place.all(), "pipe").await {
        assert!(
            matches!(result, Err(FileError::NotRegular { .. })),
            "{result:?}"
        );
    }
}

#[tokio::test]
async fn report_b11_what_a_crash_left_is_gone_at_the_next_start() {
    let place = Place::new();
    fs::create_dir_all(place.root.join("a/b")).unwrap();
    let process = std::process::id();
    let left = [
        format!(".unfinished-{process}-0"),
        format!("a/b/.unfinished-{process}-1"),
    ];
    for path in &left {
        fs::write(place.root.join(path), "half").unwrap();
    }
    fs::write(place.root.join("a/kept"), "whole").unwrap();
    let files = place.all();
    for path in &left {
        assert!(!place.root.join(path).exists(), "{path}");
    }
    for _ in 0..3 {
        files.write("a/kept", "new").await.unwrap();
    }
    assert_eq!(files.read("a/kept").await.unwrap(), b"new");
}

#[tokio::test]
async fn report_a15_what_is_made_is_its_owners_alone() {
    use std::os::unix::fs::PermissionsExt;

    let place = Place::new();
    let files = place.all();
    files.write("letters/a", "private").await.unwrap();
    files.append("notes/deep/b", "private").await.unwrap();
    let made = [
        ("letters", 0o700),
        ("letters/a", 0o600),
        ("notes", 0o700),
        ("notes/deep", 0o700),
        ("notes/deep/b", 0o600),
    ];
    for (path, mode) in made {
        let is = fs::metadata(place.root.join(path))
            .unwrap()
            .permissions()
            .mode();
        assert_eq!(is & 0o777, mode, "{path}");
    }
}

#[tokio::test]
async fn no_more_files_are_open_than_allowed() {
    let place = Place::new();
    let accounts = Box::leak(Box::new(crate::accounting::Accounts::new()));
    let account = accounts.of("file-plugin");
    account.limit_files(Some(3));
    let owner = Identity::new(
        "file-plugin",
        crate::context::InstanceId::default(),
        Grants::all("file-plugin"),
    )
    .billed(account);
    let files = Files::open(&place.root, &Arc::new(owner)).unwrap();
    files.write("a", "text").await.unwrap();
    assert_eq!(account.open_files(), 1, "the root");
    let others = account.open_file(2).unwrap();
    let refused = files.read("a").await.unwrap_err();
    assert_eq!(
        refused.to_string(),
        "the plugin has 3 files open, as many as `resources.file_handles` allows"
    );
    drop(others);
    assert_eq!(files.read("a").await.unwrap(), b"text");
    drop(files);
    assert_eq!(account.open_files(), 0);
}
