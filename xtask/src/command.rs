//! Runs a program and says what was run.

use std::ffi::OsStr;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// The folder of the workspace. `cargo run` tells where the package is; the place where this program
/// was built may be another checkout with the same target folder.
pub(crate) fn root() -> PathBuf {
    let here = std::env::var_os("CARGO_MANIFEST_DIR")
        .map_or_else(|| env!("CARGO_MANIFEST_DIR").into(), PathBuf::from);
    here.parent().unwrap_or(&here).to_owned()
}

/// The cargo that runs this program.
pub(crate) fn cargo<S: AsRef<OsStr>>(args: impl IntoIterator<Item = S>) -> Command {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    command.args(args).current_dir(root());
    command
}

/// Runs it; its output goes where ours goes.
pub(crate) fn run(mut command: Command) -> Result<(), String> {
    say(&format!("$ {}", line(&command)));
    match command.status() {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(format!("`{}` failed: {status}", line(&command))),
        Err(error) => Err(format!("can't run `{}`: {error}", line(&command))),
    }
}

/// Runs it and returns whether it succeeded and what it wrote to standard error.
pub(crate) fn capture(mut command: Command) -> Result<(bool, String), String> {
    let output = command
        .output()
        .map_err(|error| format!("can't run `{}`: {error}", line(&command)))?;
    Ok((
        output.status.success(),
        String::from_utf8_lossy(&output.stderr).into_owned(),
    ))
}

/// Runs it and returns what it wrote to standard output, if it succeeded.
pub(crate) fn output(mut command: Command) -> Result<String, String> {
    command.stderr(Stdio::inherit());
    let output = command
        .output()
        .map_err(|error| format!("can't run `{}`: {error}", line(&command)))?;
    let stdout = String::from_utf8_lossy(&output.stdout).into_owned();
    match output.status.success() {
        true => Ok(stdout),
        false => Err(format!("`{}` failed:\n{stdout}", line(&command))),
    }
}

pub(crate) fn say(text: &str) {
    // Whoever reads our output may have gone; the work goes on.
    let _closed = writeln!(io::stdout(), "{text}");
}

fn line(command: &Command) -> String {
    let mut line = Path::new(command.get_program())
        .file_name()
        .unwrap_or(command.get_program())
        .to_string_lossy()
        .into_owned();
    for arg in command.get_args() {
        line.push(' ');
        line.push_str(&arg.to_string_lossy());
    }
    line
}
