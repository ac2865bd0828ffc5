//! The binary, driven as a user drives it: in an empty directory, by its command line, its files,
//! its variables and its signals.

mod absent;
mod accounts;
mod admin;
mod audit;
mod broken;
mod feed;
mod followed;
mod full_disk;
mod gapless;
mod history;
mod instances;
#[cfg(target_os = "linux")]
mod isolation;
mod kept;
#[cfg(unix)]
mod killed;
mod letters;
mod limits;
mod listening;
mod metrics;
mod outside;
mod private;
mod readme;
mod replicas;
mod secrets;
mod serve;
mod show;
mod signals;
mod streams;
#[cfg(target_os = "linux")]
mod systemd;
mod watched;

use std::path::{Path, PathBuf};
use std::process::Output;
use std::time::{Duration, Instant};

use assert_cmd::Command;
use serde_json::Value;
use tempfile::TempDir;

/// Longest wait for what the app should do.
const PATIENCE: Duration = Duration::from_secs(60);

/// The app in a directory of its own.
struct App {
    directory: TempDir,
}

/// How a run of the app ended.
#[derive(Debug)]
struct Ended {
    code: Option<i32>,
    stdout: String,
    stderr: String,
}

impl App {
    fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        Self { directory }
    }

    /// Puts a file into its directory.
    fn file(self, path: &str, text: &str) -> Self {
        let path = self.path(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
        self
    }

    fn path(&self, path: &str) -> PathBuf {
        self.directory.path().join(path)
    }

    /// Runs it to its end; the words of `line` are its arguments.
    fn run(&self, line: &str) -> Ended {
        self.run_with(line, "")
    }

    /// The same, with variables.
    fn run_set<const N: usize>(&self, line: &str, variables: [(String, &str); N]) -> Ended {
        let mut command = self.command(line);
        Ended::of(&command.envs(variables).output().unwrap())
    }

    /// The same, with something to read.
    fn run_with(&self, line: &str, input: &str) -> Ended {
        Ended::of(&self.command(line).write_stdin(input).output().unwrap())
    }

    fn command(&self, line: &str) -> Command {
        let mut command = Command::new(binary());
        command
            .args(line.split_whitespace())
            .current_dir(self.directory.path());
        command
    }
}

impl Ended {
    fn of(output: &Output) -> Self {
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
        Self {
            code: output.status.code(),
            stdout: text(&output.stdout),
            stderr: text(&output.stderr),
        }
    }

    /// What it printed, as JSON; it has to have ended well.
    fn json(&self) -> Value {
        assert_eq!(self.code, Some(0), "{self:?}");
        serde_json::from_str(&self.stdout).unwrap()
    }
}

/// Looks until something is so.
fn eventually(what: &str, mut is_so: impl FnMut() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !is_so() {
        assert!(
            Instant::now() < deadline,
            "it does not come to this: {what}"
        );
        std::thread::yield_now();
    }
}

/// The app beside the test's own binary.
fn binary() -> PathBuf {
    let own = std::env::current_exe().unwrap();
    let profile = own.parent().and_then(Path::parent).unwrap();
    let binary = profile.join(format!("app{}", std::env::consts::EXE_SUFFIX));
    assert!(
        binary.is_file(),
        "`{}` is not there: run `cargo build -p app` first",
        binary.display()
    );
    binary
}

/// A file of the repository.
fn repository(path: &str) -> String {
    format!("{}/../{path}", env!("CARGO_MANIFEST_DIR"))
}
