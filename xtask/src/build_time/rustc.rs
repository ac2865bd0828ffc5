//! A compiler that is watched: cargo calls this program in its place, which calls the compiler and
//! writes down what it took.

use std::ffi::OsString;
use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::Path;
use std::process::{Command, ExitCode};
use std::time::{Duration, Instant};

use super::at;

/// Names the file that is written to. Where it is set, this program is a compiler.
pub(crate) const LOG: &str = "XTASK_RUSTC_LOG";

/// A tick of the processor times that Linux tells.
const TICK: Duration = Duration::from_millis(10);

/// What the compiler took.
#[derive(Clone, Copy)]
pub(super) struct Usage {
    pub(super) wall: Duration,
    /// Of all its threads and of the linker, in the kernel too.
    pub(super) cpu: Duration,
}

/// Makes a cargo call this program in place of its compiler.
pub(super) fn watch(cargo: &mut Command, log: &Path) {
    let program = std::env::current_exe().unwrap_or_else(|_| "xtask".into());
    cargo.env("RUSTC_WRAPPER", program).env(LOG, log);
}

/// Runs the compiler, whose path is the first argument, and writes down what it took.
pub(crate) fn run(
    log: &Path,
    mut args: impl Iterator<Item = OsString>,
) -> Result<ExitCode, String> {
    let rustc = args.next().ok_or("no compiler is named")?;
    let args: Vec<OsString> = args.collect();
    let began = Instant::now();
    let status = Command::new(&rustc).args(&args).env_remove(LOG).status();
    let (status, wall) = (
        status.map_err(|error| at(Path::new(&rustc), &error))?,
        began.elapsed(),
    );
    let name = args.iter().skip_while(|arg| *arg != "--crate-name").nth(1);
    if let Some(name) = name.and_then(|name| name.to_str()) {
        let line = format!("{name} {} {}\n", wall.as_nanos(), children()?);
        let mut file = OpenOptions::new().append(true).create(true).open(log);
        let written = file.as_mut().map(|file| file.write_all(line.as_bytes()));
        written
            .map_err(|error| at(log, error))?
            .map_err(|error| at(log, &error))?;
    }
    Ok(if status.success() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

/// Ticks that the children of this process took which have ended.
fn children() -> Result<u64, String> {
    let file = Path::new("/proc/self/stat");
    let text = fs::read_to_string(file).map_err(|error| at(file, &error))?;
    // The name of the program, in parentheses, may hold anything. After it, `cutime` and `cstime`
    // are the fourteenth and fifteenth.
    let (_, numbers) = text.rsplit_once(')').ok_or("/proc/self/stat has no name")?;
    let ticks = numbers.split_whitespace().skip(13).take(2);
    Ok(ticks.filter_map(|ticks| ticks.parse::<u64>().ok()).sum())
}

/// Removes what earlier compilers wrote down.
pub(super) fn forget(log: &Path) -> Result<(), String> {
    match fs::remove_file(log) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(at(log, &error)),
        _ => Ok(()),
    }
}

/// What the compiler took for a package: the only one that it was called for.
pub(super) fn usage(log: &Path, package: &str) -> Result<Usage, String> {
    let text = fs::read_to_string(log).map_err(|error| at(log, &error))?;
    // By this name cargo asks the compiler about itself.
    let lines = text.lines().filter(|line| !line.starts_with("___ "));
    let words: Vec<&str> = lines.flat_map(str::split_whitespace).collect();
    match words.as_slice() {
        [name, wall, ticks] if *name == package.replace('-', "_") => {
            let (wall, ticks) = (wall.parse(), ticks.parse());
            let (Ok(wall), Ok(ticks)) = (wall, ticks) else {
                return Err(format!("{}: no numbers: {text}", log.display()));
            };
            Ok(Usage {
                wall: Duration::from_nanos(wall),
                cpu: TICK * ticks,
            })
        }
        _ => Err(format!("not only `{package}` was built, but:\n{text}")),
    }
}
