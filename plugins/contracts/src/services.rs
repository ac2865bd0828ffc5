//! Services, one trait each, and the types of their parameters and results.

use std::fmt;
use std::time::{Duration, SystemTime};

use plugin_core::prelude::*;
use plugin_core::{Timestamp, counted};
use serde_json::{Map, Value};

/// A row: column names and values.
pub type Row = Map<String, Value>;

/// Rows in a relational database.
#[service(remote)]
pub trait Database {
    /// Inserts a row and returns its key. Table and columns must be those of the schema.
    async fn insert(&self, table: &str, row: &Row) -> Result<i64>;

    /// Runs a `SELECT`. Each `?` is replaced by one parameter, which is bound and never inserted into
    /// the text.
    async fn query(&self, query: &str, params: &[Value]) -> Result<Vec<Row>>;

    /// Runs any other statement and returns how many rows it changed.
    async fn execute(&self, statement: &str, params: &[Value]) -> Result<u64>;
}

/// Values kept in memory for a limited time.
#[service(remote)]
pub trait Cache {
    /// Returns the value of a key, or `None` if it was removed or has expired.
    async fn get(&self, key: &str) -> Result<Option<Value>>;

    /// Stores a value for `ttl`. If the cache is full, the least recently used value is removed
    /// earlier.
    async fn set(&self, key: &str, value: Value, ttl: Duration) -> Result<()>;

    /// Removes a key and its value.
    async fn remove(&self, key: &str) -> Result<()>;
}

/// A user as other plugins see it: without the password's hash.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct User {
    /// Id of the user.
    pub id: String,
    /// Name of the user.
    pub name: String,
    /// Address for mail.
    pub email: String,
    /// Number for text messages.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phone: Option<String>,
}

/// The data of a new user.
#[derive(Clone, Serialize, Deserialize)]
pub struct NewUser {
    /// The user.
    pub user: User,
    /// Hash of the password in PHC format, never the password itself.
    pub password_hash: String,
}

impl fmt::Debug for NewUser {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NewUser")
            .field("user", &self.user)
            .finish_non_exhaustive()
    }
}

/// Users. A disabled user stays in the database. For all methods except [`declare`](Self::declare),
/// a disabled user does not exist; the id can't be given to another user.
#[service(remote)]
pub trait UserService {
    /// Returns the user with this key.
    async fn find(&self, id: &str) -> Result<Option<User>>;

    /// Returns the hash of the user's password, in PHC format.
    async fn password_hash(&self, id: &str) -> Result<Option<String>>;

    /// Creates a user.
    async fn create(&self, user: NewUser) -> Result<()>;

    /// Replaces the hash of the user's password. It is an error if there is no such user.
    async fn set_password_hash(&self, id: &str, hash: &str) -> Result<()>;

    /// Declares `users` as the users of `source`, the config of a plugin. It creates missing users,
    /// stores changed values, enables disabled users, and disables users that this source declared
    /// before and that no source declares now. Users that no source ever declared are not changed.
    /// The log reports each change.
    ///
    /// It is an error if a user is invalid or occurs twice. An implementation that takes no users
    /// from a config need not have this method.
    async fn declare(&self, source: &str, users: &[User]) -> Result<()> {
        let (source, count) = (source.to_owned(), users.len());
        let count = counted(count, "user");
        let text = format!("this `UserService` can't take the {count} of `{source}`");
        Err(Error::config(text))
    }

    /// Returns ids and hashes of users with a password, in the order of their ids: the next ones
    /// after the id `_after`, at most some hundred. The list is empty when there are no more.
    async fn with_password(&self, _after: &str) -> Result<Vec<(String, String)>> {
        Ok(Vec::new())
    }
}

/// A login that was granted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Session {
    /// The id of the user.
    pub user_id: String,
    /// The time at which the login expires.
    pub expires: SystemTime,
}

/// The reason why a login or a token is refused.
#[derive(Debug, Serialize, Deserialize)]
#[non_exhaustive]
pub enum AuthError {
    /// The user or the password is wrong; the error does not say which.
    Credentials,
    /// The token is not from this service, has expired or was revoked, or its account has been
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

impl From<Error> for AuthError {
    fn from(error: Error) -> Self {
        Self::Failed(error)
    }
}

/// Logins and tokens.
#[service(remote)]
pub trait Auth {
    /// Checks a password and returns a token. `ip` is the address of the user.
    async fn login(
        &self,
        user_id: &str,
        password: &str,
        ip: Option<&str>,
    ) -> Result<String, AuthError>;

    /// Revokes a token.
    async fn logout(&self, token: &str) -> Result<(), AuthError>;

    /// Checks a token and returns its session.
    async fn verify(&self, token: &str) -> Result<Session, AuthError>;

    /// As [`verify`](Self::verify). `_ip` is the address of the caller, for the audit log.
    async fn verify_from(&self, token: &str, _ip: Option<&str>) -> Result<Session, AuthError> {
        self.verify(token).await
    }

    /// Revokes a token, and with [`LogOut::Everywhere`] all tokens of its user. `_ip` is the address
    /// of the caller, for the audit log. An implementation that can't revoke the other tokens
    /// revokes only this one.
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
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum LogOut {
    /// Only the token that the caller shows.
    Here,
    /// All tokens of the user.
    Everywhere,
}

/// Files below the root of one plugin.
#[service(remote)]
pub trait FileStore {
    /// Writes a whole file.
    async fn write(&self, path: &str, data: &[u8]) -> Result<()>;

    /// Reads a whole file.
    async fn read(&self, path: &str) -> Result<Vec<u8>>;
}

/// A line of the log.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct LogLine {
    /// A number, unique in the process; the next line has the next number.
    pub number: u64,
    /// When the line was written.
    pub at: Timestamp,
    /// `error`, `warn`, `info`, `debug` or `trace`.
    pub level: &'static str,
    /// The module that wrote the line.
    pub target: String,
    /// The plugin whose code wrote the line, or to which it refers.
    pub plugin: Option<String>,
    /// The message.
    pub message: String,
    /// Its fields.
    pub fields: Map<String, Value>,
}

/// The last lines of the log, as far as they are in memory.
#[service]
pub trait LogTail {
    /// Returns at most the given number of lines after a line number, the oldest first. If numbers
    /// are missing at the beginning, those lines are not kept any more.
    fn after(&self, number: u64, most: usize) -> Vec<LogLine>;

    /// Returns the number of the last line, or 0 before the first line.
    fn last(&self) -> u64;

    /// Waits until there is a line after a number.
    async fn grown(&self, number: u64);
}
