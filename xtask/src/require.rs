//! Programs that checks need: installed if they are missing and can be, else named.

use std::path::Path;
use std::process::Command;

use crate::command::{run, say};

/// A program that a check needs, and the Debian package that brings it.
struct Program {
    what: &'static str,
    package: &'static str,
    is_there: fn() -> bool,
}

const SERVERS: [Program; 3] = [
    Program {
        what: "mariadbd (the database plugin is tested against a real MariaDB)",
        package: "mariadb-server",
        is_there: || {
            ["/usr/sbin/mariadbd", "/usr/local/sbin/mariadbd"]
                .iter()
                .any(|path| Path::new(path).exists())
        },
    },
    Program {
        what: "prometheus and promtool (the metrics plugin is scraped by a real Prometheus)",
        package: "prometheus",
        is_there: || answers("prometheus") && answers("promtool"),
    },
    Program {
        what: "aiosmtpd (the notification plugin is tested against a real SMTP server)",
        package: "python3-aiosmtpd",
        is_there: || {
            let mut python = Command::new("/usr/bin/python3");
            python.args(["-c", "import aiosmtpd"]);
            python.output().is_ok_and(|output| output.status.success())
        },
    },
];

const COUNTERS: [Program; 2] = [
    Program {
        what: "valgrind (it counts the instructions of an operation)",
        package: "valgrind",
        is_there: || answers("valgrind"),
    },
    Program {
        what: "objdump (it tells which instructions are locked)",
        package: "binutils",
        is_there: || answers("objdump"),
    },
];

const BROWSERS: [Program; 2] = [
    Program {
        what: "chromium (the console is tested in a real browser)",
        package: "chromium",
        is_there: || answers("chromium"),
    },
    Program {
        what: "chromedriver (it drives that browser)",
        package: "chromium-driver",
        is_there: || answers("chromedriver"),
    },
];

const FOR_ROOT: [Program; 1] = [Program {
    what: "setpriv (a test asks the service as another user)",
    package: "util-linux",
    is_there: || answers("setpriv"),
}];

fn answers(program: &str) -> bool {
    let mut program = Command::new(program);
    program.arg("--version");
    program.output().is_ok_and(|output| output.status.success())
}

/// Makes sure that every server is there that tests talk to.
pub(crate) fn servers() -> Result<(), String> {
    all(&SERVERS)
}

/// Makes sure that a browser is there that can be driven.
pub(crate) fn browsers() -> Result<(), String> {
    all(&BROWSERS)
}

/// Makes sure that what root tests with is there.
pub(crate) fn for_root() -> Result<(), String> {
    all(&FOR_ROOT)
}

/// Makes sure that instructions can be counted.
pub(crate) fn counters() -> Result<(), String> {
    all(&COUNTERS)
}

fn all(programs: &[Program]) -> Result<(), String> {
    let missing: Vec<_> = (programs.iter())
        .filter(|program| !(program.is_there)())
        .collect();
    if missing.is_empty() {
        return Ok(());
    }
    let packages: Vec<_> = missing.iter().map(|program| program.package).collect();
    say(&format!("installing {}", packages.join(", ")));
    let installed = install(&packages);
    let still: Vec<_> = (missing.iter())
        .filter(|program| !(program.is_there)())
        .map(|program| format!("  {}", program.what))
        .collect();
    if still.is_empty() {
        return Ok(());
    }
    Err(format!(
        "the checks need these programs, which can't be installed from here{}:\n{}\ninstall them with: sudo apt-get install {}",
        installed
            .err()
            .map_or_else(String::new, |error| format!(" ({error})")),
        still.join("\n"),
        packages.join(" "),
    ))
}

fn install(packages: &[&str]) -> Result<(), String> {
    let mut update = Command::new("apt-get");
    update.arg("update");
    run(update)?;
    let mut install = Command::new("apt-get");
    install
        .args(["install", "--yes", "--no-install-recommends"])
        .args(packages)
        .env("DEBIAN_FRONTEND", "noninteractive");
    run(install)
}
