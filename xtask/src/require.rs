//! The servers that tests talk to: installed if they are missing and can be, else named.

use std::path::Path;
use std::process::Command;

use crate::command::{run, say};

/// A program that a test needs, and the Debian package that brings it.
struct Server {
    what: &'static str,
    package: &'static str,
    is_there: fn() -> bool,
}

const SERVERS: [Server; 2] = [
    Server {
        what: "mariadbd (the database plugin is tested against a real MariaDB)",
        package: "mariadb-server",
        is_there: || {
            ["/usr/sbin/mariadbd", "/usr/local/sbin/mariadbd"]
                .iter()
                .any(|path| Path::new(path).exists())
        },
    },
    Server {
        what: "aiosmtpd (the notification plugin is tested against a real SMTP server)",
        package: "python3-aiosmtpd",
        is_there: || {
            let mut python = Command::new("/usr/bin/python3");
            python.args(["-c", "import aiosmtpd"]);
            python.output().is_ok_and(|output| output.status.success())
        },
    },
];

/// Makes sure that every server is there.
pub(crate) fn servers() -> Result<(), String> {
    let missing: Vec<_> = SERVERS
        .iter()
        .filter(|server| !(server.is_there)())
        .collect();
    if missing.is_empty() {
        return Ok(());
    }
    let packages: Vec<_> = missing.iter().map(|server| server.package).collect();
    say(&format!("installing {}", packages.join(", ")));
    let installed = install(&packages);
    let still: Vec<_> = (missing.iter())
        .filter(|server| !(server.is_there)())
        .map(|server| format!("  {}", server.what))
        .collect();
    if still.is_empty() {
        return Ok(());
    }
    Err(format!(
        "the tests need these programs, which can't be installed from here{}:\n{}\ninstall them with: sudo apt-get install {}",
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
