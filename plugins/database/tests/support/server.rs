//! A MariaDB server of the test's own: a data directory and a port that nobody else uses, ended
//! with the value.

use std::io::{BufRead, BufReader, Write};
use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::time::Duration;

use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tokio::time::timeout;

/// Longest wait for the server.
const PATIENCE: Duration = Duration::from_secs(60);

/// What is there when the server answers: a database, an account that may use it alone, and one
/// that may do everything.
const ACCOUNTS: &str = "CREATE DATABASE IF NOT EXISTS shop CHARACTER SET utf8mb4;\n\
    CREATE USER IF NOT EXISTS 'admin'@'127.0.0.1';\n\
    GRANT ALL ON *.* TO 'admin'@'127.0.0.1' WITH GRANT OPTION;\n\
    CREATE USER IF NOT EXISTS 'shop'@'127.0.0.1' IDENTIFIED BY 'its password';\n\
    GRANT ALL ON shop.* TO 'shop'@'127.0.0.1';\n";

/// A server that runs.
#[derive(Debug)]
pub(crate) struct Server {
    process: Child,
    /// The lines of its log as they come.
    log: UnboundedReceiver<String>,
    port: u16,
    directory: TempDir,
}

impl Server {
    /// Starts a server and waits until it answers.
    ///
    /// # Panics
    ///
    /// When there is no MariaDB on this machine, or it does not start.
    pub(crate) async fn start() -> Self {
        let directory = tempfile::tempdir().expect("a temporary directory can be made");
        let options = options(directory.path());
        let install = program("mariadb-install-db")
            .args(&options)
            .args(["--auth-root-authentication-method=normal", "--skip-test-db"])
            .output()
            .unwrap_or_else(|error| missing("mariadb-install-db", &error));
        assert!(
            install.status.success(),
            "{}",
            String::from_utf8_lossy(&install.stderr)
        );
        let port = free_port();
        let (process, log) = spawn(directory.path(), &options, port);
        let mut server = Self {
            process,
            log,
            port,
            directory,
        };
        server.wait().await;
        server
    }

    /// The config of `database-plugin` that reaches it, with more keys of the caller's.
    pub(crate) fn config(&self, more: Value) -> Value {
        let mut config = json!({
            "host": "127.0.0.1",
            "port": self.port,
            "database": "shop",
            "username": "shop",
            "password": "its password",
        });
        if let (Value::Object(config), Value::Object(more)) = (&mut config, more) {
            config.extend(more);
        }
        config
    }

    /// A client of who may do everything.
    fn client(&self) -> Command {
        let port = format!("--port={}", self.port);
        let mut client = program("mariadb");
        client
            .args(["--no-defaults", "--host=127.0.0.1", "--user=admin", &port])
            .args(["--default-character-set=utf8mb4"]);
        client
    }

    /// A session that runs a statement and stays until its input ends.
    ///
    /// # Panics
    ///
    /// When there is none.
    pub(crate) fn session(&self, sql: &str) -> Session {
        let mut client = self.client();
        client.args(["--unbuffered"]).stdin(Stdio::piped());
        let mut client = client.stdout(Stdio::piped()).spawn().expect("it can run");
        let mut input = client.stdin.take().expect("it is piped");
        writeln!(input, "{sql}; SELECT 'done';").expect("it reads");
        let output = client.stdout.take().expect("it is piped");
        let said = BufReader::new(output).lines().next();
        said.expect("it answers").expect("it is text");
        Session {
            client,
            input: Some(input),
        }
    }

    /// Has the process stand still, or go on.
    ///
    /// # Panics
    ///
    /// When no signal can be sent.
    pub(crate) fn signal(&self, signal: &str) {
        let process = self.process.id().to_string();
        let sent = Command::new("kill").args([signal, &process]).status();
        assert!(sent.expect("`kill` can be run").success(), "{signal}");
    }

    /// Runs statements as who may do everything.
    ///
    /// # Panics
    ///
    /// When the server refuses them.
    pub(crate) fn admin(&self, sql: &str) {
        let done = (self.client())
            .args(["--execute", sql])
            .output()
            .unwrap_or_else(|error| missing("mariadb", &error));
        assert!(
            done.status.success(),
            "{}",
            String::from_utf8_lossy(&done.stderr)
        );
    }

    /// Ends it at once, as a crash does.
    pub(crate) fn kill(&mut self) {
        // When it has ended already, there is nothing to end.
        drop(self.process.kill());
        drop(self.process.wait());
    }

    /// Starts it again, with the same data on the same port.
    pub(crate) async fn revive(&mut self) {
        let options = options(self.directory.path());
        (self.process, self.log) = spawn(self.directory.path(), &options, self.port);
        self.wait().await;
    }

    /// Waits until its log says that it takes connections: the accounts are made before that.
    async fn wait(&mut self) {
        let mut said = Vec::new();
        let ready = async {
            while let Some(line) = self.log.recv().await {
                let is_ready = line.contains("ready for connections");
                said.push(line);
                if is_ready {
                    return true;
                }
            }
            false
        };
        let ready = timeout(PATIENCE, ready).await;
        assert_eq!(ready, Ok(true), "no server: {said:#?}");
    }
}

/// A session at the server, ended with the value.
#[derive(Debug)]
pub(crate) struct Session {
    client: Child,
    input: Option<ChildStdin>,
}

impl Drop for Session {
    fn drop(&mut self) {
        drop(self.input.take());
        drop(self.client.wait());
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.kill();
    }
}

fn spawn(directory: &Path, options: &[String], port: u16) -> (Child, UnboundedReceiver<String>) {
    let accounts = directory.join("accounts.sql");
    std::fs::write(&accounts, ACCOUNTS).expect("the directory is the test's own");
    let mut server = program("mariadbd")
        .args(options)
        .arg(format!("--init-file={}", accounts.display()))
        .arg(format!("--socket={}", directory.join("socket").display()))
        .arg(format!("--pid-file={}", directory.join("pid").display()))
        .arg(format!("--port={port}"))
        .args([
            "--bind-address=127.0.0.1",
            "--skip-name-resolve",
            "--skip-log-bin",
        ])
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap_or_else(|error| missing("mariadbd", &error));
    let stderr = BufReader::new(server.stderr.take().expect("it is piped"));
    let (said, log) = unbounded_channel();
    // All of it is read: a full pipe would hold the server up.
    std::thread::spawn(move || {
        for line in stderr.split(b'\n').map_while(std::io::Result::ok) {
            drop(said.send(String::from_utf8_lossy(&line).into_owned()));
        }
    });
    (server, log)
}

/// `--no-defaults` has to come first.
fn options(directory: &Path) -> Vec<String> {
    let data = directory.join("data");
    let mut options = vec![
        "--no-defaults".to_owned(),
        format!("--datadir={}", data.display()),
        // A server that starts removes temporary tables there, also those of another one.
        format!("--tmpdir={}", directory.display()),
    ];
    if is_root(directory) {
        options.push("--user=root".to_owned());
    }
    options
}

/// Whoever runs the test owns the directory that it made.
#[cfg(unix)]
fn is_root(own: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;

    std::fs::metadata(own).is_ok_and(|metadata| metadata.uid() == 0)
}

#[cfg(not(unix))]
fn is_root(_: &Path) -> bool {
    false
}

fn free_port() -> u16 {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("there is a free port");
    listener.local_addr().expect("it is bound").port()
}

/// Servers are often installed where only root's `PATH` looks.
fn program(name: &str) -> Command {
    let found = ["/usr/sbin", "/usr/bin", "/usr/local/sbin", "/usr/local/bin"]
        .iter()
        .map(|directory| Path::new(directory).join(name))
        .find(|path| path.exists());
    Command::new(found.unwrap_or_else(|| PathBuf::from(name)))
}

fn missing(name: &str, error: &std::io::Error) -> ! {
    panic!("`{name}` can't be run ({error}): install it with `apt-get install mariadb-server`")
}
