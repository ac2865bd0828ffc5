//! A real mail server in a child process, which ends with the test.

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, ChildStderr, ChildStdin, ChildStdout, Command, Stdio};

use serde::Deserialize;

/// A running server.
pub(crate) struct SmtpServer {
    child: Child,
    stdin: Option<ChildStdin>,
    stdout: BufReader<ChildStdout>,
    pub(crate) port: u16,
}

/// A message as the server parsed it.
#[derive(Debug, Deserialize)]
pub(crate) struct Received {
    pub(crate) sender: String,
    pub(crate) receivers: Vec<String>,
    pub(crate) login: Option<String>,
    pub(crate) headers: Vec<String>,
    pub(crate) to: String,
    pub(crate) subject: String,
    pub(crate) body: String,
}

impl SmtpServer {
    /// Starts a server on a free port.
    pub(crate) fn start() -> Self {
        let mut child = Command::new("/usr/bin/python3")
            .args(["-c", include_str!("smtp_server.py")])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("these tests need `python3`: install the Debian package `python3-aiosmtpd`");
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        let mut port = String::new();
        stdout.read_line(&mut port).unwrap();
        let Ok(port) = port.trim().parse() else {
            panic!(
                "the mail server did not start: {}",
                complaint(child.stderr.take())
            );
        };
        Self {
            stdin: child.stdin.take(),
            child,
            stdout,
            port,
        }
    }

    /// Waits for the next message.
    pub(crate) fn received(&mut self) -> Received {
        let mut line = String::new();
        self.stdout.read_line(&mut line).unwrap();
        serde_json::from_str(&line).unwrap()
    }

    /// Stops the server and returns what it received besides.
    pub(crate) fn rest(mut self) -> String {
        drop(self.stdin.take());
        let mut rest = String::new();
        self.stdout.read_to_string(&mut rest).unwrap();
        rest
    }
}

impl Drop for SmtpServer {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

fn complaint(stderr: Option<ChildStderr>) -> String {
    let mut text = String::new();
    if let Some(mut stderr) = stderr {
        stderr.read_to_string(&mut text).unwrap();
    }
    text
}
