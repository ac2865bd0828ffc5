//! The tables, and how a file says that it is one of ours.

/// `PRAGMA application_id`: "plqu".
pub(crate) const APPLICATION: i64 = 0x706c_7175;

/// `PRAGMA user_version`: that of the tables.
pub(crate) const VERSION: i64 = 1;

/// Makes the tables of a new file.
///
/// `events.seq` is the position. `AUTOINCREMENT` sees to it that none is given out twice, also when
/// the newest is gone.
pub(crate) const CREATE: &str = "
    CREATE TABLE subscriptions (
        id INTEGER PRIMARY KEY,
        plugin TEXT NOT NULL,
        handler TEXT NOT NULL,
        topic TEXT NOT NULL,
        UNIQUE (plugin, handler, topic)
    ) STRICT;
    CREATE TABLE events (
        seq INTEGER PRIMARY KEY AUTOINCREMENT,
        subscription INTEGER NOT NULL REFERENCES subscriptions (id),
        key BLOB NOT NULL UNIQUE,
        source TEXT NOT NULL,
        published_ms INTEGER NOT NULL,
        data TEXT NOT NULL
    ) STRICT;
    CREATE INDEX events_of_subscription ON events (subscription, seq);
    CREATE TABLE counters (
        name TEXT PRIMARY KEY,
        value INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID;
    INSERT INTO counters VALUES ('probes', 0);
";
