//! SQLite, asked what a query does.

use rusqlite::hooks::{AuthAction, AuthContext, Authorization};
use rusqlite::types::ValueRef;
use rusqlite::{Connection, params_from_iter};

/// What the config does not list holds this.
const SECRET: &str = "not for events";

/// As `plugin-database` bounds how many values a value may be put together of.
const MOST_COPIES: usize = 32;

/// Longest value that is no text: a number or a time.
const SHORT: usize = 64;

pub(crate) struct Oracle(Connection);

impl Oracle {
    pub(crate) fn open() -> Self {
        let connection = Connection::open_in_memory().expect("memory");
        let tables = format!(
            "CREATE TABLE orders (id INTEGER PRIMARY KEY, total REAL, user TEXT, hidden TEXT);
             CREATE TABLE notes (id INTEGER PRIMARY KEY, text TEXT, user TEXT);
             CREATE TABLE secrets (hash TEXT);
             INSERT INTO orders VALUES (1, 1.5, 'ann', '{SECRET}'), (2, NULL, 'bob', '{SECRET}');
             INSERT INTO notes VALUES (1, '{{\"a\": [1, 2]}}', '{SECRET}'), (2, 'x', '{SECRET}');
             INSERT INTO secrets VALUES ('{SECRET}');"
        );
        connection.execute_batch(&tables).expect("the tables");
        connection.authorizer(Some(authorize)).expect("a hook");
        // About a millisecond.
        connection
            .progress_handler(20_000, Some(|| true))
            .expect("a hook");
        Self(connection)
    }

    /// Checks that a query only reads, as far as it runs, and that no value is longer than those
    /// that it is put together of, of which the longest has `longest` bytes.
    pub(crate) fn check(&self, query: &str, values: usize, longest: usize) {
        // It may name columns and collations that are not there.
        let Ok(mut statement) = self.0.prepare(query) else {
            return;
        };
        assert!(statement.readonly(), "{query}");
        assert_eq!(statement.parameter_count(), values, "{query}");
        let (columns, most) = (statement.column_count(), MOST_COPIES * longest.max(SHORT));
        let mut rows = statement
            .query(params_from_iter((0..values).map(|_| "x")))
            .expect("it has all values");
        while let Ok(Some(row)) = rows.next() {
            for column in 0..columns {
                let value = row.get_ref(column).expect("a column");
                if let ValueRef::Text(bytes) | ValueRef::Blob(bytes) = value {
                    assert!(bytes.len() <= most, "{} bytes of {query}", bytes.len());
                    let text = String::from_utf8_lossy(bytes);
                    assert!(query.contains(SECRET) || !text.contains(SECRET), "{query}");
                }
            }
        }
    }
}

/// SQLite asks this of all that a query does, before it runs.
fn authorize(context: AuthContext<'_>) -> Authorization {
    match context.action {
        AuthAction::Select | AuthAction::Function { .. } => {}
        // A query that reads no column at all, as a count of rows, reads the column without a name.
        AuthAction::Read {
            table_name: "orders",
            column_name: "id" | "total" | "user" | "",
        }
        | AuthAction::Read {
            table_name: "notes",
            column_name: "id" | "text" | "",
        } => {}
        AuthAction::Read { table_name, .. } if table_name.is_empty() => {}
        action => panic!("{action:?}"),
    }
    Authorization::Allow
}
