//! Services, one trait each, and the values that their methods take and return.

use std::fmt;
use std::time::{Duration, SystemTime};

use plugin_core::prelude::*;
use plugin_core::{Timestamp, counted};
use serde_json::{Map, Value};

/// A row: column names and values.
pub type Row = Map<String, Value>;

/// Rows in a relational database.
#[service]
pub trait Database {
    /// Inserts a row and returns its key. Table and columns must be those of the schema.
    async fn insert(&self, table: &str, row: &Row) -> Result<i64>;

    /// Runs a `SELECT`; each `?` takes one parameter, bound, never pasted.
    async fn query(&self, query: &str, params: &[Value]) -> Result<Vec<Row>>;

    /// Runs any other statement and returns how many rows it changed.
    async fn execute(&self, statement: &str, params: &[Value]) -> Result<u64>;
}

/// Values kept in memory for a limited time.
#[service]
pub trait Cache {
    /// The value of a key, unless it is gone or its time is over.
    async fn get(&self, key: &str) -> Option<Value>;

    /// Keeps a value for `ttl`, or until the cache is full and the value the least in use.
    async fn set(&self, key: &str, value: Value, ttl: Duration);

    /// Forgets a key.
    async fn remove(&self, key: &str);
}

/// A user as other plugins see it: without the password's hash.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct User {
    /// Key.
    pub id: String,
    /// What the user is called.
    pub name: String,
    /// Where mail goes.
    pub email: String,
    /// Where text messages go.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phone: Option<String>,
}

/// A user who is to be created.
#[derive(Clone)]
pub struct NewUser {
    /// The user.
    pub user: User,
    /// Hash of the password in PHC format; never the password.
    pub password_hash: String,
}

impl fmt::Debug for NewUser {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NewUser")
            .field("user", &self.user)
            .finish_non_exhaustive()
    }
}

/// Users. One who is disabled stays in the database, and is to all methods but
/// [`declare`](Self::declare) as one who is not there; the id can't be given to another.
#[service]
pub trait UserService {
    /// The user with that key.
    async fn find(&self, id: &str) -> Result<Option<User>>;

    /// The hash of that user's password, in PHC format.
    async fn password_hash(&self, id: &str) -> Result<Option<String>>;

    /// Creates a user.
    async fn create(&self, user: NewUser) -> Result<()>;

    /// Replaces the hash of that user's password; an error if there is no such user.
    async fn set_password_hash(&self, id: &str, hash: &str) -> Result<()>;

    /// Makes the users that `source`, the config of a plugin, declares those of `users`: creates
    /// who is absent, takes over what is written differently, enables who was disabled, and
    /// disables whom this source declared before and no source declares now. Users that no source
    /// ever declared are left alone. Each change is told in the log.
    ///
    /// An error when a user does not look like one or is there twice; an implementation that
    /// takes no users from a config need not have the method.
    async fn declare(&self, source: &str, users: &[User]) -> Result<()> {
        let (source, count) = (source.to_owned(), users.len());
        let count = counted(count, "user");
        let text = format!("this `UserService` can't take the {count} of `{source}`");
        Err(Error::config(text))
    }

    /// Ids and hashes of users with a password, in the order of their ids: the next ones after
    /// the id `_after`, some hundred at most, and none when there are no more.
    async fn with_password(&self, _after: &str) -> Result<Vec<(String, String)>> {
        Ok(Vec::new())
    }
}

/// A login that was granted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// Who.
    pub user_id: String,
    /// Until when.
    pub expires: SystemTime,
}

/// Why a login or a token is refused.
#[derive(Debug)]
#[non_exhaustive]
pub enum AuthError {
    /// User or password are wrong; it does not say which.
    Credentials,
    /// The token is not one of this service, or is over, or was revoked, or its account was
    /// changed or disabled since.
    Token,
    /// Too many failures.
    RateLimited {
        /// When to try again.
        retry_after: Duration,
    },
    /// The service itself failed.
    Failed(Error),
}

impl fmt::Display for AuthError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Credentials => f.write_str("user or password are wrong"),
            Self::Token => f.write_str("the token is not valid, or not any more"),
            Self::RateLimited { retry_after } => {
                write!(
                    f,
                    "too many failures: try again in {} s",
                    retry_after.as_secs()
                )
            }
            Self::Failed(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for AuthError {}

/// Logins and tokens.
#[service]
pub trait Auth {
    /// Checks a password and returns a token. `ip` is where the user came from.
    async fn login(
        &self,
        user_id: &str,
        password: &str,
        ip: Option<&str>,
    ) -> Result<String, AuthError>;

    /// Revokes a token.
    async fn logout(&self, token: &str) -> Result<(), AuthError>;

    /// The session that a token stands for.
    async fn verify(&self, token: &str) -> Result<Session, AuthError>;

    /// As [`verify`](Self::verify). `_ip` is where the caller came from, for the audit log.
    async fn verify_from(&self, token: &str, _ip: Option<&str>) -> Result<Session, AuthError> {
        self.verify(token).await
    }

    /// Revokes a token, and with [`LogOut::Everywhere`] all that its user has. `_ip` is where the
    /// caller came from, for the audit log. An implementation that can't end the others revokes
    /// the one.
    async fn logout_from(
        &self,
        token: &str,
        _extent: LogOut,
        _ip: Option<&str>,
    ) -> Result<(), AuthError> {
        self.logout(token).await
    }
}

/// Which tokens a log-out ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogOut {
    /// The one that is shown.
    Here,
    /// All tokens of the user.
    Everywhere,
}

/// Files below the root of one plugin.
#[service]
pub trait FileStore {
    /// Writes a whole file.
    async fn write(&self, path: &str, data: &[u8]) -> Result<()>;

    /// Reads a whole file.
    async fn read(&self, path: &str) -> Result<Vec<u8>>;
}

/// A line of the log.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct LogLine {
    /// Tells it from others of the process; the next line has the next number.
    pub number: u64,
    /// When it was written.
    pub at: Timestamp,
    /// `error`, `warn`, `info`, `debug` or `trace`.
    pub level: &'static str,
    /// The module that wrote it.
    pub target: String,
    /// The plugin whose code wrote it, or that it is about.
    pub plugin: Option<String>,
    /// What it says.
    pub message: String,
    /// Its fields.
    pub fields: Map<String, Value>,
}

/// The last lines of the log, as far as they are kept in memory.
#[service]
pub trait LogTail {
    /// Lines after a number, the oldest first: so many at most. Numbers that are missing at the
    /// beginning are of lines that are not kept any more.
    fn after(&self, number: u64, most: usize) -> Vec<LogLine>;

    /// The number of the last line; 0 before the first.
    fn last(&self) -> u64;

    /// Waits until there is a line after a number.
    async fn grown(&self, number: u64);
}
