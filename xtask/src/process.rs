//! `cargo xtask process`: the app as a whole process, built for release: how long it takes when
//! there is nothing to do, and a million lines through it.

use std::fs;
use std::io::BufWriter;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::command::{cargo, root, run as execute, say};
use crate::demo;

/// Starts of which the median is told.
const STARTS: usize = 21;

/// Lines that go through it.
const LINES: u64 = 1_000_000;

/// Builds the app and measures it.
pub(crate) fn run() -> Result<(), String> {
    execute(cargo(["build", "--quiet", "--release", "--package", "app"]))?;
    let app = App::in_new_folder()?;
    app.starts()?;
    app.lines()
}

struct App {
    program: PathBuf,
    folder: PathBuf,
}

impl App {
    /// The app, in a folder without data of earlier runs.
    fn in_new_folder() -> Result<Self, String> {
        let (program, folder) = (
            root().join("target/release/app"),
            root().join("target/process"),
        );
        if folder.exists() {
            fs::remove_dir_all(&folder).map_err(|error| at(&folder, &error))?;
        }
        fs::create_dir_all(&folder).map_err(|error| at(&folder, &error))?;
        Ok(Self { program, folder })
    }

    fn run(&self, events: &str) -> Command {
        let mut command = Command::new(&self.program);
        command
            .args(["run", "--events", events])
            .current_dir(&self.folder)
            // Every order is a mail in the outbox otherwise.
            .env("APP__NOTIFICATION_PLUGIN__ENABLED", "false")
            .stdout(Stdio::piped())
            .stderr(Stdio::null());
        command
    }

    /// From the start of the process to its end, with all plugins running in between. The first is
    /// not counted: it makes the databases.
    fn starts(&self) -> Result<(), String> {
        let mut times = (0..=STARTS)
            .map(|_| {
                let began = Instant::now();
                self.succeed(self.run("/dev/null").spawn())?;
                Ok(began.elapsed())
            })
            .collect::<Result<Vec<Duration>, String>>()?;
        times.remove(0);
        times.sort_unstable();
        say(&format!(
            "start and stop: {:.1?}, the median of {STARTS}; {:.1?} at least",
            times[STARTS / 2],
            times[0]
        ));
        Ok(())
    }

    fn lines(&self) -> Result<(), String> {
        let began = Instant::now();
        let mut child = (self.run("-").stdin(Stdio::piped()).spawn())
            .map_err(|error| at(&self.program, &error))?;
        let stdin = child.stdin.take().ok_or("the app has no standard input")?;
        demo::write_lines(&mut BufWriter::new(&stdin), LINES).map_err(|error| error.to_string())?;
        // All but what is in the pipe is read by now, and the app waits for more.
        let memory = peak(&child);
        drop(stdin);
        let said = self.succeed(Ok(child))?;
        let took = began.elapsed();
        say(&said);
        say(&format!(
            "{LINES} lines: {took:.1?}, {:.0} lines a second; {memory} at most",
            LINES as f64 / took.as_secs_f64()
        ));
        Ok(())
    }

    /// Waits for the end; returns the line that says what was published.
    fn succeed(&self, child: std::io::Result<Child>) -> Result<String, String> {
        let output = child.and_then(Child::wait_with_output);
        let output = output.map_err(|error| at(&self.program, &error))?;
        let said = String::from_utf8_lossy(&output.stdout);
        if output.status.success() {
            let line = said.lines().find(|line| line.contains(" lines in "));
            return Ok(line.unwrap_or_default().to_owned());
        }
        Err(format!(
            "{}: {}\n{said}",
            self.program.display(),
            output.status
        ))
    }
}

/// Most memory that a process had so far, as Linux tells it.
fn peak(child: &Child) -> String {
    let status = fs::read_to_string(format!("/proc/{}/status", child.id())).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.map_or("memory that is not known".to_owned(), |line| {
        line.trim().to_owned()
    })
}

fn at(path: &std::path::Path, error: &std::io::Error) -> String {
    format!("{}: {error}", path.display())
}
