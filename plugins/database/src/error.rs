//! What a failure of the database means: whether trying again may help, and who has to act.

use plugin_core::Error;
use sqlx::mysql::MySqlDatabaseError;
use sqlx::sqlite::SqliteError;

/// What a failure means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Meaning {
    /// The connection, or another transaction was in the way.
    Retriable,
    /// Settings, accounts or permissions are wrong.
    Config,
    /// It was ended by its time limit.
    TooLong,
    /// The statement is wrong, or breaks a rule of the schema.
    Statement,
}

/// The plugin's error of a driver's one.
pub(crate) fn classify(error: sqlx::Error) -> Error {
    let text = "database";
    match meaning(&error) {
        Meaning::Retriable => Error::retriable(text).because(error),
        Meaning::Config => Error::config(text).because(error),
        Meaning::TooLong => {
            Error::external("the statement took longer than `query_timeout` allows").because(error)
        }
        Meaning::Statement => Error::external(text).because(error),
    }
}

fn meaning(error: &sqlx::Error) -> Meaning {
    match error {
        sqlx::Error::Io(_)
        | sqlx::Error::PoolTimedOut
        | sqlx::Error::WorkerCrashed
        | sqlx::Error::BeginFailed
        | sqlx::Error::Protocol(_) => Meaning::Retriable,
        sqlx::Error::Configuration(_) | sqlx::Error::Tls(_) => Meaning::Config,
        sqlx::Error::Database(error) => {
            if let Some(error) = error.try_downcast_ref::<MySqlDatabaseError>() {
                return mysql(error.number());
            }
            if let Some(error) = error.try_downcast_ref::<SqliteError>() {
                let code = sqlx::error::DatabaseError::code(error);
                return sqlite(code.and_then(|code| code.parse().ok()).unwrap_or(0));
            }
            Meaning::Statement
        }
        _ => Meaning::Statement,
    }
}

/// By the server's error number.
fn mysql(number: u16) -> Meaning {
    match number {
        // Too many connections, shutdown, lock wait, deadlock, killed, aborted, read-only for now.
        1040 | 1053 | 1152 | 1158..=1161 | 1203 | 1205 | 1213 | 1290 | 1317 | 1927 => {
            Meaning::Retriable
        }
        // Access denied to the server, database or table; unknown database.
        1044 | 1045 | 1049 | 1130 | 1142 | 1143 | 1227 | 1698 => Meaning::Config,
        // MariaDB's limit; MySQL's.
        1969 | 3024 => Meaning::TooLong,
        _ => Meaning::Statement,
    }
}

/// By the primary result code, the low byte of the extended one.
fn sqlite(code: u32) -> Meaning {
    match code & 0xff {
        // Busy, locked, disk I/O, full.
        5 | 6 | 10 | 13 => Meaning::Retriable,
        // No permission, read-only, corrupt, can't open, not a database.
        3 | 8 | 11 | 14 | 26 => Meaning::Config,
        // Interrupted.
        9 => Meaning::TooLong,
        _ => Meaning::Statement,
    }
}

#[cfg(test)]
mod tests {
    use plugin_core::ErrorKind;

    use super::*;

    #[test]
    fn a_lost_connection_is_worth_a_retry() {
        let lost = std::io::Error::from(std::io::ErrorKind::ConnectionReset);
        assert!(classify(sqlx::Error::Io(lost)).kind().is_retriable());
        assert!(classify(sqlx::Error::PoolTimedOut).kind().is_retriable());
        assert_eq!(mysql(1213), Meaning::Retriable);
        assert_eq!(sqlite(5 | (2 << 8)), Meaning::Retriable);
    }

    #[test]
    fn a_wrong_account_is_the_operators() {
        assert_eq!(mysql(1045), Meaning::Config);
        assert_eq!(sqlite(14), Meaning::Config);
    }

    #[test]
    fn a_wrong_statement_is_neither() {
        assert_eq!(mysql(1062), Meaning::Statement);
        assert_eq!(sqlite(19), Meaning::Statement);
        let error = classify(sqlx::Error::RowNotFound);
        assert_eq!(error.kind(), ErrorKind::External { retriable: false });
    }
}
