//! The tables, and the identification of a file.

/// `PRAGMA application_id`: "plqu".
pub(crate) const APPLICATION: i64 = 0x706c_7175;

/// `PRAGMA user_version`: the version of the tables.
pub(crate) const VERSION: i64 = 4;

/// Creates the tables of version 1; each of [`UPGRADES`] makes the next version from the previous
/// one.
///
/// `events.seq` is the position. `AUTOINCREMENT` ensures that no position is assigned twice, even
/// if the newest event is removed. `events.letter` is the dead letter that an event was before it
/// was revived; `dead_letters.seq` is the position to which it returns, and `requested_ms` the time
/// at which its replay was requested.
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
        traceparent TEXT,
        data TEXT NOT NULL,
        letter TEXT
    ) STRICT;
    CREATE INDEX events_of_subscription ON events (subscription, seq);
    CREATE TABLE dead_letters (
        id TEXT PRIMARY KEY,
        plugin TEXT NOT NULL,
        topic TEXT NOT NULL,
        letter TEXT NOT NULL,
        seq INTEGER,
        published_ms INTEGER,
        requested_ms INTEGER
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX dead_letters_requested ON dead_letters (requested_ms) WHERE requested_ms NOT NULL;
    CREATE TABLE counters (
        name TEXT PRIMARY KEY,
        value INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID;
    INSERT INTO counters VALUES ('probes', 0);
";

/// The upgrade from version 1 to 2, from 2 to 3, and so on.
pub(crate) const UPGRADES: [&str; 3] = [TO_2, TO_3, TO_4];

/// Version 1 did not record crashes.
///
/// `events.called` is set before a suspect is handled, and `events.crashes` counts the processes
/// that ended then. `serving` is 1 while a process serves the file, and `left` is the last position
/// that a crashed process has left. What a process of version 1 did is not known, so the events
/// that it left are treated like those of a crash.
const TO_2: &str = "
    ALTER TABLE events ADD COLUMN crashes INTEGER NOT NULL DEFAULT 0;
    ALTER TABLE events ADD COLUMN called INTEGER;
    INSERT INTO counters VALUES ('serving', EXISTS (SELECT 1 FROM events)), ('left', 0);
    PRAGMA user_version = 2;
";

/// Version 2 had to read every letter to count those of a handler, and recorded requests for
/// replays by the time of day, which occurs again if a clock is set back.
///
/// `dead_letters.requested` is the number of the request to which a letter belongs; `requests`
/// counts them. The long column is the last one, so that a scan of the others does not read it.
/// `subscriptions.waiting` is the number of events that wait for room in the file, and `dropped`
/// the number of events that were dropped for newer ones, since the file was created.
const TO_3: &str = "
    ALTER TABLE subscriptions ADD COLUMN waiting INTEGER NOT NULL DEFAULT 0;
    ALTER TABLE subscriptions ADD COLUMN dropped INTEGER NOT NULL DEFAULT 0;
    CREATE TABLE letters (
        id TEXT PRIMARY KEY,
        plugin TEXT NOT NULL,
        handler TEXT NOT NULL,
        topic TEXT NOT NULL,
        requested INTEGER,
        seq INTEGER,
        published_ms INTEGER,
        letter TEXT NOT NULL
    ) STRICT, WITHOUT ROWID;
    INSERT INTO letters SELECT id, plugin, letter ->> 'handler', topic,
        CASE WHEN requested_ms NOT NULL THEN 1 END, seq, published_ms, letter FROM dead_letters;
    DROP TABLE dead_letters;
    ALTER TABLE letters RENAME TO dead_letters;
    CREATE INDEX dead_letters_requested ON dead_letters (requested) WHERE requested NOT NULL;
    CREATE INDEX dead_letters_of_handler ON dead_letters (plugin, handler, topic);
    INSERT INTO counters VALUES ('requests', 1);
    PRAGMA user_version = 3;
";

/// Version 3 had to read an index of all events to count them.
///
/// `subscriptions.events` and `bytes` are the sums of `events`, which triggers maintain, so that no
/// statement can miss them.
const TO_4: &str = "
    ALTER TABLE subscriptions ADD COLUMN events INTEGER NOT NULL DEFAULT 0;
    ALTER TABLE subscriptions ADD COLUMN bytes INTEGER NOT NULL DEFAULT 0;
    UPDATE subscriptions SET events = stored.events, bytes = stored.bytes FROM (
        SELECT subscription, count(*) AS events, sum(octet_length(data)) AS bytes
        FROM events GROUP BY subscription
    ) AS stored WHERE stored.subscription = id;
    CREATE TRIGGER events_counted AFTER INSERT ON events BEGIN
        UPDATE subscriptions SET events = events + 1, bytes = bytes + octet_length(new.data)
        WHERE id = new.subscription;
    END;
    CREATE TRIGGER events_discounted AFTER DELETE ON events BEGIN
        UPDATE subscriptions SET events = events - 1, bytes = bytes - octet_length(old.data)
        WHERE id = old.subscription;
    END;
    PRAGMA user_version = 4;
";
