//! The tables and columns that the database really has. Names in an event are looked up here, and
//! the statement is built from the names that were found: no text of an event ever becomes part of
//! a statement.

use std::collections::BTreeMap;

use plugin_contracts::Row;
use plugin_core::{Error, Result};

use crate::config::{ColumnKind, Tables};
use crate::param::Param;

/// Tables that events may access, with the columns that they may access there: those that config
/// lists, and the key `id` if there is one.
pub(crate) type OpenTables = BTreeMap<String, Vec<String>>;

/// The known tables of the database.
#[derive(Debug, Default)]
pub(crate) struct Schema {
    tables: BTreeMap<String, BTreeMap<String, Option<ColumnKind>>>,
    open: OpenTables,
}

/// A statement with its values.
#[derive(Debug, PartialEq)]
pub(crate) struct Insert {
    pub(crate) sql: String,
    pub(crate) params: Vec<Param>,
}

impl Schema {
    /// Combines the tables of the database with those in config.
    ///
    /// # Errors
    ///
    /// Returns an error if a table lacks a column that config lists.
    pub(crate) fn new(found: Vec<(String, String)>, declared: &Tables) -> Result<Self> {
        let mut tables: BTreeMap<String, BTreeMap<String, Option<ColumnKind>>> = BTreeMap::new();
        for (table, column) in found {
            let kind = declared
                .get(&table)
                .and_then(|columns| columns.get(&column))
                .copied();
            tables.entry(table).or_default().insert(column, kind);
        }
        for (table, columns) in declared {
            check_declared(&tables, table, columns)?;
        }
        let open = declared
            .iter()
            .map(|(table, columns)| (table.clone(), open_columns(&tables, table, columns)))
            .collect();
        Ok(Self { tables, open })
    }

    /// Tables and columns that events may query.
    pub(crate) fn open(&self) -> &OpenTables {
        &self.open
    }

    /// Checks that events may write a row of a table.
    ///
    /// # Errors
    ///
    /// Returns an error if config does not list the table or one of the columns.
    pub(crate) fn check_open(&self, table: &str, row: &Row) -> Result<()> {
        let Some(columns) = self.open.get(table) else {
            return Err(Error::external(format!(
                "table `{table}` is not open to events: `tables` of the config lists {}",
                list(self.open.keys())
            )));
        };
        match row.keys().find(|name| !columns.contains(name)) {
            None => Ok(()),
            Some(name) => Err(Error::external(format!(
                "no column `{name}` in `{table}`: there is {}",
                list(columns.iter())
            ))),
        }
    }

    /// The statement that inserts a row.
    ///
    /// # Errors
    ///
    /// Returns an error if there is no such table or column, or if a value does not fit its column.
    pub(crate) fn insert(&self, quote: char, table: &str, row: &Row) -> Result<Insert> {
        let Some((table, columns)) = self.tables.get_key_value(table) else {
            let known = list(self.tables.keys());
            return Err(Error::external(format!(
                "no table `{table}`: there is {known}"
            )));
        };
        if row.is_empty() {
            return Err(Error::external(format!(
                "a row of `{table}` has at least one column"
            )));
        }
        let mut names = String::new();
        let mut params = Vec::with_capacity(row.len());
        for (name, value) in row {
            let Some((name, kind)) = columns.get_key_value(name) else {
                let known = list(columns.keys());
                return Err(Error::external(format!(
                    "no column `{name}` in `{table}`: there is {known}"
                )));
            };
            if !params.is_empty() {
                names.push_str(", ");
            }
            names.push_str(&quoted(quote, name));
            let param = match kind {
                Some(kind) => Param::for_kind(*kind, value),
                None => Param::of(value),
            };
            params.push(param.map_err(|error| error.context(format!("column `{table}.{name}`")))?);
        }
        let marks = vec!["?"; params.len()].join(", ");
        let table = quoted(quote, table);
        let sql = format!("INSERT INTO {table} ({names}) VALUES ({marks})");
        Ok(Insert { sql, params })
    }
}

/// A name in quotation marks; quotation marks inside it are doubled.
pub(crate) fn quoted(quote: char, name: &str) -> String {
    let inner = name.replace(quote, &format!("{quote}{quote}"));
    format!("{quote}{inner}{quote}")
}

fn check_declared(
    tables: &BTreeMap<String, BTreeMap<String, Option<ColumnKind>>>,
    table: &str,
    columns: &BTreeMap<String, ColumnKind>,
) -> Result<()> {
    let Some(found) = tables.get(table) else {
        return Err(Error::config(format!(
            "the database has no table `{table}`, though the config lists it"
        )));
    };
    match columns.keys().find(|column| !found.contains_key(*column)) {
        None => Ok(()),
        Some(column) => Err(Error::config(format!(
            "table `{table}` has no column `{column}`: add it to the table, or take it out of `tables`"
        ))),
    }
}

fn open_columns(
    tables: &BTreeMap<String, BTreeMap<String, Option<ColumnKind>>>,
    table: &str,
    columns: &BTreeMap<String, ColumnKind>,
) -> Vec<String> {
    let key = tables
        .get(table)
        .and_then(|found| found.get_key_value("id"));
    let key = key.map(|(key, _)| key.clone());
    key.into_iter().chain(columns.keys().cloned()).collect()
}

fn list<'a>(names: impl Iterator<Item = &'a String>) -> String {
    let names: Vec<_> = names.map(|name| format!("`{name}`")).collect();
    if names.is_empty() {
        "none".to_owned()
    } else {
        names.join(", ")
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn schema() -> Schema {
        let found = [
            ("orders", "id"),
            ("orders", "total"),
            ("orders", "na\"me"),
            ("users", "id"),
        ]
        .map(|(table, column)| (table.to_owned(), column.to_owned()));
        let columns = BTreeMap::from([("total".to_owned(), ColumnKind::Integer)]);
        Schema::new(
            found.to_vec(),
            &Tables::from([("orders".to_owned(), columns)]),
        )
        .unwrap()
    }

    fn row(value: Value) -> Row {
        serde_json::from_value(value).unwrap()
    }

    #[test]
    fn a_row_becomes_a_statement_with_bound_values() {
        let insert = schema()
            .insert(
                '"',
                "orders",
                &row(json!({"na\"me": "x'); --", "total": 3})),
            )
            .unwrap();
        assert_eq!(
            insert.sql,
            r#"INSERT INTO "orders" ("na""me", "total") VALUES (?, ?)"#
        );
        assert_eq!(
            insert.params,
            [Param::Text("x'); --".into()), Param::Integer(3)]
        );
    }

    #[test]
    fn unknown_names_are_refused_and_the_known_ones_named() {
        let error = schema()
            .insert('"', "orders; DROP", &row(json!({"a": 1})))
            .unwrap_err();
        assert_eq!(
            error.to_string(),
            "no table `orders; DROP`: there is `orders`, `users`"
        );
        let error = schema()
            .insert('"', "users", &row(json!({"name": 1})))
            .unwrap_err();
        assert_eq!(
            error.to_string(),
            "no column `name` in `users`: there is `id`"
        );
        assert!(schema().insert('"', "orders", &Row::new()).is_err());
    }

    #[test]
    fn a_value_of_the_wrong_kind_names_its_column() {
        let error = schema()
            .insert('"', "orders", &row(json!({"total": "much"})))
            .unwrap_err();
        assert_eq!(
            error.to_string(),
            "column `orders.total`: is an integer, not a text like this one"
        );
    }

    #[test]
    fn only_declared_tables_are_open_to_events() {
        let schema = schema();
        let row = |name: &str| row(json!({name: 1}));
        assert!(schema.check_open("orders", &row("total")).is_ok());
        assert!(schema.check_open("orders", &row("na\"me")).is_err());
        assert!(schema.check_open("users", &row("id")).is_err());
        let orders = (
            "orders".to_owned(),
            vec!["id".to_owned(), "total".to_owned()],
        );
        assert_eq!(schema.open(), &OpenTables::from([orders]));
    }

    #[test]
    fn a_declared_column_that_is_not_there_is_a_config_error() {
        let columns = BTreeMap::from([("total".to_owned(), ColumnKind::Integer)]);
        let declared = Tables::from([("orders".to_owned(), columns)]);
        let found = vec![("orders".to_owned(), "id".to_owned())];
        let error = Schema::new(found, &declared).unwrap_err();
        assert_eq!(error.kind(), plugin_core::ErrorKind::Config);
        assert!(error.to_string().contains("no column `total`"));
    }
}
