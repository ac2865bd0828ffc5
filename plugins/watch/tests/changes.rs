//! Real files, changed as editors, scripts and Kubernetes change them.
#![cfg(unix)]

use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use plugin_core::Composition;
use plugin_core::config::{Sources, files};
use plugin_watch::{Changes, Mode};
use tempfile::TempDir;

/// How long the files are left alone before a change is told.
const INTERVAL: Duration = Duration::from_millis(60);

/// After this time a change that is still not told will never be.
const NEVER: Duration = Duration::from_secs(60);

static NOTHING: Composition = Composition::proven(&[], &[], &[]);

/// Config files, and what is told of them.
struct Watched {
    root: TempDir,
    changes: Changes,
    count: usize,
}

impl Watched {
    /// A manager's file and three files of plugins, under watch.
    async fn new(mode: Mode) -> Self {
        Self::of(mode, |root| {
            write(root, "config/manager.yaml", "plugin_manager: {}");
            for name in ["a", "b", "c"] {
                write(root, &format!("config/plugins/{name}.yaml"), "old");
            }
        })
        .await
    }

    /// What is made in an empty directory, under watch.
    async fn of(mode: Mode, make: impl FnOnce(&Path)) -> Self {
        let root = tempfile::tempdir().expect("a directory");
        make(root.path());
        let manager = root.path().join("config/manager.yaml");
        let directory = root.path().join("config/plugins");
        let sources = Sources::new()
            .embedded(
                "test",
                format!("plugin_manager: {{ config_dir: {directory:?} }}"),
            )
            .optional_manager_file(manager);
        let look = move || files(&sources, &NOTHING);
        let changes = Changes::new(look(), look, mode, INTERVAL);
        let mut watched = Self {
            root,
            changes,
            count: 0,
        };
        watched.nothing_else().await;
        watched
    }

    fn path(&self, name: &str) -> PathBuf {
        self.root.path().join(name)
    }

    fn write(&self, name: &str, text: &str) {
        write(self.root.path(), name, text);
    }

    /// The files of the next change, by their names below the root.
    async fn next(&mut self) -> Vec<String> {
        let change = tokio::time::timeout(NEVER, self.changes.next()).await;
        let change = change.expect("a change is told");
        let name = |path: &PathBuf| {
            let path = path
                .strip_prefix(self.root.path())
                .expect("a file of the test");
            path.to_string_lossy().into_owned()
        };
        change.files.iter().map(name).collect()
    }

    /// The next change is of these files, and there is no other after it.
    async fn told(&mut self, files: &[&str]) {
        assert_eq!(self.next().await, files);
        self.nothing_else().await;
    }

    /// The next that is told is what this changes: whatever else there was to tell comes before.
    async fn nothing_else(&mut self) {
        self.count += 1;
        let text = format!("plugin_manager: {{}} # {}", self.count);
        self.write("config/manager.yaml", &text);
        assert_eq!(self.next().await, ["config/manager.yaml"]);
    }
}

fn write(root: &Path, name: &str, text: &str) {
    let path = root.join(name);
    fs::create_dir_all(path.parent().expect("a file in a directory")).expect("a directory");
    fs::write(path, text).expect("a file");
}

const A: &str = "config/plugins/a.yaml";
const B: &str = "config/plugins/b.yaml";
const C: &str = "config/plugins/c.yaml";

#[tokio::test]
async fn a_file_that_is_written_over() {
    let mut watched = Watched::new(Mode::Events).await;
    let mut file = File::create(watched.path(A)).unwrap();
    for part in ["n", "e", "w"] {
        file.write_all(part.as_bytes()).unwrap();
        file.sync_all().unwrap();
    }
    watched.told(&[A]).await;
}

#[tokio::test]
async fn a_file_that_is_renamed_into_place() {
    let mut watched = Watched::new(Mode::Events).await;
    for text in ["new", "newer"] {
        watched.write("config/plugins/.a.yaml.swp", text);
        fs::rename(watched.path("config/plugins/.a.yaml.swp"), watched.path(A)).unwrap();
        watched.told(&[A]).await;
    }
}

#[tokio::test]
async fn a_file_that_is_moved_to_a_copy_and_written_anew() {
    let mut watched = Watched::new(Mode::Events).await;
    fs::rename(watched.path(A), watched.path("config/plugins/a.yaml~")).unwrap();
    watched.write(A, "new");
    watched.told(&[A]).await;
}

#[tokio::test]
async fn several_files_at_once() {
    let mut watched = Watched::new(Mode::Events).await;
    watched.write(A, "new");
    fs::remove_file(watched.path(B)).unwrap();
    watched.write("config/plugins/d.yaml", "new");
    watched.told(&[A, B, "config/plugins/d.yaml"]).await;
}

#[tokio::test]
async fn a_file_that_is_removed_and_made_again() {
    let mut watched = Watched::new(Mode::Events).await;
    fs::remove_file(watched.path(A)).unwrap();
    watched.told(&[A]).await;
    watched.write(A, "old");
    watched.told(&[A]).await;
    fs::remove_file(watched.path(A)).unwrap();
    watched.write(A, "new");
    watched.told(&[A]).await;
}

#[tokio::test]
async fn a_directory_that_is_replaced() {
    let mut watched = Watched::new(Mode::Events).await;
    for round in ["1", "2"] {
        watched.write("next/a.yaml", round);
        watched.write("next/b.yaml", "old");
        fs::rename(
            watched.path("config/plugins"),
            watched.path(&format!("gone{round}")),
        )
        .unwrap();
        fs::rename(watched.path("next"), watched.path("config/plugins")).unwrap();
        let gone: &[&str] = if round == "1" { &[A, C] } else { &[A] };
        watched.told(gone).await;
        watched.write(B, "new");
        watched.told(&[B]).await;
        watched.write(B, "old");
        watched.told(&[B]).await;
    }
    fs::remove_dir_all(watched.path("config")).unwrap();
    watched.write(A, "2");
    watched.write(B, "newer");
    watched.write("config/manager.yaml", "plugin_manager: {}");
    assert_eq!(watched.next().await, ["config/manager.yaml", B]);
    watched.write(A, "new");
    watched.told(&[A]).await;
}

#[tokio::test]
async fn the_directory_above_that_is_replaced() {
    let mut watched = Watched::new(Mode::Events).await;
    for (round, text) in [("gone1", "one"), ("gone2", "two")] {
        watched.write("next/plugins/a.yaml", text);
        watched.write("next/manager.yaml", "plugin_manager: {}");
        fs::rename(watched.path("config"), watched.path(round)).unwrap();
        fs::rename(watched.path("next"), watched.path("config")).unwrap();
        let told = watched.next().await;
        assert!(told.contains(&A.to_owned()), "{told:?}");
        watched.write(A, "new");
        watched.told(&[A]).await;
    }
}

#[tokio::test]
async fn a_directory_that_is_the_same_but_another_one() {
    let mut watched = Watched::new(Mode::Events).await;
    for name in ["a", "b", "c"] {
        watched.write(&format!("next/{name}.yaml"), "old");
    }
    fs::remove_dir_all(watched.path("config/plugins")).unwrap();
    fs::rename(watched.path("next"), watched.path("config/plugins")).unwrap();
    watched.nothing_else().await;
    watched.write(A, "new");
    watched.told(&[A]).await;
}

#[tokio::test]
async fn a_directory_that_comes_later() {
    let mut watched = Watched::of(Mode::Events, |_| {}).await;
    watched.write(A, "new");
    watched.told(&[A]).await;
    watched.write(A, "newer");
    watched.told(&[A]).await;
}

/// A volume of a ConfigMap: files are links through `..data`, which is a link to the directory of
/// one version, and is replaced by renaming.
#[tokio::test]
async fn the_links_of_a_config_map() {
    let version = |root: &Path, version: &str, a: &str| {
        write(root, &format!("config/plugins/{version}/a.yaml"), a);
        write(root, &format!("config/plugins/{version}/b.yaml"), "old");
    };
    let mut watched = Watched::of(Mode::Events, |root| {
        version(root, "..1", "old");
        let plugins = root.join("config/plugins");
        symlink("..1", plugins.join("..data")).unwrap();
        for name in ["a.yaml", "b.yaml"] {
            symlink(format!("..data/{name}"), plugins.join(name)).unwrap();
        }
    })
    .await;
    for (old, new) in [("..1", "..2"), ("..2", "..3")] {
        version(watched.root.path(), new, new);
        let draft = watched.path("config/plugins/..data_tmp");
        symlink(new, &draft).unwrap();
        fs::rename(draft, watched.path("config/plugins/..data")).unwrap();
        fs::remove_dir_all(watched.path(&format!("config/plugins/{old}"))).unwrap();
        watched.told(&[A]).await;
    }
}

#[tokio::test]
async fn a_directory_and_a_file_that_are_links() {
    let mut watched = Watched::of(Mode::Events, |root| {
        write(root, "far/one/a.yaml", "old");
        write(root, "far/two/a.yaml", "new");
        write(root, "other/b.txt", "old");
        symlink("../../other/b.txt", root.join("far/one/b.yaml")).unwrap();
        fs::create_dir(root.join("config")).unwrap();
        symlink("../far/one", root.join("config/plugins")).unwrap();
    })
    .await;
    watched.write("other/b.txt", "new");
    watched.told(&[B]).await;
    let draft = watched.path("config/draft");
    symlink("../far/two", &draft).unwrap();
    fs::rename(draft, watched.path("config/plugins")).unwrap();
    watched.told(&[A, B]).await;
    watched.write("far/two/a.yaml", "newer");
    watched.told(&[A]).await;
}

#[tokio::test]
async fn what_changes_nothing_is_not_told() {
    let mut watched = Watched::new(Mode::Events).await;
    watched.write(A, "old");
    let file = OpenOptions::new()
        .append(true)
        .open(watched.path(B))
        .unwrap();
    file.set_modified(std::time::SystemTime::UNIX_EPOCH)
        .unwrap();
    watched.write("config/plugins/a.yaml.bak", "new");
    watched.write("config/plugins/notes.txt", "new");
    watched.write("config/other.yaml", "new");
    watched.nothing_else().await;
}

#[tokio::test]
async fn a_file_that_can_t_be_read_is_told_once_and_so_is_its_remedy() {
    let mut watched = Watched::new(Mode::Events).await;
    fs::write(watched.path(A), [0xff, 0xfe, 0x00]).unwrap();
    watched.told(&[A]).await;
    fs::remove_file(watched.path(A)).unwrap();
    fs::create_dir(watched.path(A)).unwrap();
    watched.told(&[A]).await;
    fs::remove_dir(watched.path(A)).unwrap();
    watched.write(A, "new");
    watched.told(&[A]).await;
}

#[tokio::test]
async fn where_config_says_that_its_files_are() {
    let mut watched = Watched::new(Mode::Events).await;
    watched.write("elsewhere/z.yaml", "old");
    let elsewhere = watched.path("elsewhere");
    let text = format!("plugin_manager: {{ config_dir: {elsewhere:?} }}");
    watched.write("config/manager.yaml", &text);
    assert_eq!(
        watched.next().await,
        ["config/manager.yaml", A, B, C, "elsewhere/z.yaml"]
    );
    watched.write("elsewhere/z.yaml", "new");
    assert_eq!(watched.next().await, ["elsewhere/z.yaml"]);
    watched.write(A, "new");
    watched.write("elsewhere/z.yaml", "newer");
    assert_eq!(watched.next().await, ["elsewhere/z.yaml"]);
}

#[tokio::test]
async fn a_change_from_before_the_watch_is_told() {
    let root = tempfile::tempdir().unwrap();
    write(root.path(), "manager.yaml", "plugin_manager: {}");
    let sources = Sources::new().manager_file(root.path().join("manager.yaml"));
    let look = move || files(&sources, &NOTHING);
    let known = look();
    write(
        root.path(),
        "manager.yaml",
        "plugin_manager: { timeout: 1s }",
    );
    let mut changes = Changes::new(known, look, Mode::Events, INTERVAL);
    let change = tokio::time::timeout(NEVER, changes.next()).await.unwrap();
    assert_eq!(change.files, [root.path().join("manager.yaml")]);
}

#[tokio::test]
async fn nothing_is_told_before_the_files_were_left_alone() {
    for mode in [Mode::Events, Mode::Poll] {
        let mut watched = Watched::new(mode).await;
        let written = Instant::now();
        watched.write(A, "new");
        assert_eq!(watched.next().await, [A]);
        assert!(written.elapsed() >= INTERVAL);
    }
}

#[tokio::test]
async fn a_wait_that_is_given_up_loses_nothing() {
    let mut watched = Watched::new(Mode::Events).await;
    for text in ["new", "newer"] {
        let written = Instant::now();
        watched.write(A, text);
        let mut early = None;
        for _ in 0..4 {
            let wait = Duration::from_millis(5);
            early = tokio::time::timeout(wait, watched.next()).await.ok();
            if early.is_some() {
                break;
            }
        }
        match early {
            None => watched.told(&[A]).await,
            // On a machine that is busy, the interval is over by now.
            Some(files) => {
                assert_eq!(files, [A]);
                assert!(written.elapsed() >= INTERVAL);
                watched.nothing_else().await;
            }
        }
    }
}

#[tokio::test]
async fn by_looking_where_nothing_is_told() {
    let mut watched = Watched::new(Mode::Poll).await;
    watched.write(A, "new");
    fs::remove_file(watched.path(B)).unwrap();
    watched.told(&[A, B]).await;
    watched.write(A, "new");
    watched.nothing_else().await;
    fs::rename(watched.path("config/plugins"), watched.path("gone")).unwrap();
    watched.told(&[A, C]).await;
}
