//! Classifies failures of the database: whether a retry may help, and who has to act.

use plugin_core::Error;
use sqlx::error::DatabaseError;
use sqlx::mysql::MySqlDatabaseError;
use sqlx::sqlite::SqliteError;

/// The meaning of a failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Meaning {
    /// It is temporary: caused by the connection, by another transaction, or by the state of the
    /// server or its disk.
    Retriable,
    /// Settings, accounts or permissions are wrong.
    Config,
    /// The time limit ended it.
    TooLong,
    /// The statement is wrong, or violates a rule of the schema.
    Statement,
}

/// The plugin's error for a driver's error.
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

/// The plugin's error for a write. A write waits only for locks and the disk, so if it exceeds its
/// time limit, these were busy, which is temporary. With `again`, a key that exists already is
/// temporary too.
pub(crate) fn classify_write(error: sqlx::Error, again: bool) -> Error {
    let passes = match meaning(&error) {
        Meaning::TooLong => true,
        Meaning::Statement => again,
        Meaning::Retriable | Meaning::Config => false,
    };
    if passes {
        return Error::retriable("database").because(error);
    }
    classify(error)
}

/// Whether the database answered, so that nothing is in progress on the connection and it can be
/// used again. A connection to a server that is shutting down or has begun to refuse statements
/// should be replaced.
pub(crate) fn is_answer(error: &sqlx::Error) -> bool {
    let sqlx::Error::Database(answer) = error else {
        return false;
    };
    let local = answer.try_downcast_ref::<SqliteError>().is_some();
    local || meaning(error) != Meaning::Retriable
}

/// Whether another connection held the lock of the file. A statement that waits for locked tables
/// of a server is ended by its time limit before the server reports the lock.
pub(crate) fn is_locked(error: &sqlx::Error) -> bool {
    let sqlx::Error::Database(error) = error else {
        return false;
    };
    matches!(sqlite_code(&**error), Some(5 | 6))
}

/// The primary result code of SQLite, the low byte of the extended one.
fn sqlite_code(error: &dyn DatabaseError) -> Option<u32> {
    let error = error.try_downcast_ref::<SqliteError>()?;
    Some(DatabaseError::code(error)?.parse::<u32>().ok()? & 0xff)
}

fn meaning(error: &sqlx::Error) -> Meaning {
    match error {
        // A closed pool belongs to a plugin that is being restarted.
        sqlx::Error::Io(_)
        | sqlx::Error::PoolTimedOut
        | sqlx::Error::PoolClosed
        | sqlx::Error::WorkerCrashed
        | sqlx::Error::BeginFailed
        // The driver assumes that the connection is in a transaction; another connection is not.
        | sqlx::Error::InvalidSavePointStatement
        | sqlx::Error::Protocol(_) => Meaning::Retriable,
        sqlx::Error::Configuration(_) | sqlx::Error::Tls(_) => Meaning::Config,
        sqlx::Error::Database(error) => {
            if let Some(error) = error.try_downcast_ref::<MySqlDatabaseError>() {
                return mysql(error.number(), error.message());
            }
            sqlite_code(&**error).map_or(Meaning::Statement, sqlite)
        }
        _ => Meaning::Statement,
    }
}

/// Classifies by the server's error number.
fn mysql(number: u16, message: &str) -> Meaning {
    match number {
        // Memory, threads, files or the disk are exhausted.
        1021 | 1026 | 1030 | 1037 | 1038 | 1041 | 1114 | 1135 | 3675
        // There are too many connections, in total or for this account.
        | 1040 | 1203 | 1226
        // The server starts or stops, or has lost this connection.
        | 1042 | 1043 | 1053 | 1077 | 1079 | 1080 | 1152 | 1158..=1161 | 1184 | 1927 | 3168
        | 3169 | 4031
        // The server is not a member of its cluster yet, or is read-only.
        | 1047 | 1836 | 3100 | 3101
        // Lock wait, lock table, deadlock, killed by an administrator, altered concurrently,
        // commit.
        | 1180 | 1181 | 1205 | 1206 | 1213 | 1317 | 1412 | 1613 | 1614 | 1615 | 1637 => {
            Meaning::Retriable
        }
        // An option of the server forbids it. Being read-only may be temporary; other options are
        // not.
        1290 if message.contains("read-only") || message.contains("read_only") => {
            Meaning::Retriable
        }
        // Access denied to the server, database or table; unknown database; a blocked host; an
        // expired or locked account.
        1044 | 1045 | 1049 | 1129 | 1130 | 1142 | 1143 | 1227 | 1251 | 1275 | 1370 | 1698
        | 1820 | 1862 | 3118 | 3955 | 4151 => Meaning::Config,
        // MariaDB's limit; MySQL's.
        1969 | 3024 => Meaning::TooLong,
        _ => Meaning::Statement,
    }
}

/// Classifies by the primary result code.
fn sqlite(code: u32) -> Meaning {
    match code {
        // Busy, locked, no memory, disk I/O, full, can't open a file (now), the locking protocol.
        5 | 6 | 7 | 10 | 13 | 14 | 15 => Meaning::Retriable,
        // No permission, read-only, corrupt, not a database.
        3 | 8 | 11 | 26 => Meaning::Config,
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
        assert_eq!(mysql(1213, ""), Meaning::Retriable);
    }

    #[test]
    fn report_b8_what_passes_is_worth_a_retry_and_nothing_else() {
        assert!(classify(sqlx::Error::PoolClosed).kind().is_retriable());
        let read_only = "running with the --read-only option";
        assert_eq!(mysql(1290, read_only), Meaning::Retriable);
        assert_eq!(mysql(1290, "--secure-file-priv"), Meaning::Statement);
        // Disk full, shutdown, read-only, lock wait, deadlock, killed, killed by an administrator.
        for passes in [1021, 1053, 1836, 1205, 1213, 1317, 1927] {
            assert_eq!(mysql(passes, ""), Meaning::Retriable, "{passes}");
        }
        // Syntax error, unknown table, a text that is too long or not in the charset, an existing
        // key.
        for stays in [1064, 1146, 1292, 1366, 1406, 1062, 1792] {
            assert_eq!(mysql(stays, ""), Meaning::Statement, "{stays}");
        }
        for passes in [5, 6, 7, 10, 13, 14] {
            assert_eq!(sqlite(passes), Meaning::Retriable, "{passes}");
        }
        for stays in [1, 18, 19, 20, 25] {
            assert_eq!(sqlite(stays), Meaning::Statement, "{stays}");
        }
    }

    #[test]
    fn a_write_that_was_ended_by_its_limit_waited_for_what_passes() {
        let taken = || sqlx::Error::RowNotFound;
        assert!(!classify_write(taken(), false).kind().is_retriable());
        assert!(classify_write(taken(), true).kind().is_retriable());
    }

    #[test]
    fn a_wrong_account_is_the_operators() {
        assert_eq!(mysql(1045, ""), Meaning::Config);
        assert_eq!(sqlite(26), Meaning::Config);
    }

    #[test]
    fn a_wrong_statement_is_neither() {
        assert_eq!(mysql(1062, ""), Meaning::Statement);
        assert_eq!(sqlite(19), Meaning::Statement);
        let error = classify(sqlx::Error::RowNotFound);
        assert_eq!(error.kind(), ErrorKind::External { retriable: false });
    }
}
