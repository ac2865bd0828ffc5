//! What an event may ask, and what not, however it is written.

use plugin_core::Result;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::{Checked, Grammar, check, single_select};
use crate::param::Param;
use crate::schema::OpenTables;

mod hostile;

fn tables() -> OpenTables {
    let columns = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect();
    OpenTables::from([
        ("orders".to_owned(), columns(&["id", "total", "user"])),
        ("notes".to_owned(), columns(&["id", "text", "user"])),
    ])
}

fn checked(grammar: Grammar, query: &str, given: &[Value]) -> Result<Checked> {
    check(grammar, query, given, &tables())
}

fn written(grammar: Grammar, query: &str) -> String {
    let marks = query.matches('?').count();
    let given = vec![json!("x"); marks];
    checked(grammar, query, &given)
        .unwrap_or_else(|error| panic!("{query}: {error}"))
        .sql
}

fn refusal(grammar: Grammar, query: &str) -> String {
    match checked(grammar, query, &[]) {
        Ok(checked) => panic!("{query} runs as {}", checked.sql),
        Err(error) => error.to_string(),
    }
}

const ORDERS: &str = "(SELECT `id`, `total`, `user` FROM `orders`)";

#[test]
fn a_query_is_written_anew() {
    let query =
        "select User, COUNT(*) n, -total from ORDERS o where o.total >= - -1 and user <> 'it''s'
        group by user having count(*) > 1 order by n desc, 1 limit 5 offset ?;";
    assert_eq!(
        written(Grammar::Sqlite, query),
        format!(
            "SELECT `User` AS `User`, COUNT(*) AS `n`, - `total` AS `- total` FROM {ORDERS} AS `o` \
             WHERE `o`.`total` >= - - 1 AND `user` <> 'it''s' GROUP BY `user` \
             HAVING count(*) > 1 ORDER BY `n` DESC, 1 LIMIT 5 OFFSET ?"
        )
    );
}

#[test]
fn what_people_ask_is_understood() {
    for query in [
        "SELECT * FROM orders",
        "SELECT o.*, n.text FROM orders o JOIN notes n ON n.user = o.user",
        "SELECT 1 + 1, 'a;b' AS into_, NULL, TRUE",
        "SELECT user, SUM(total) FROM orders GROUP BY user ORDER BY SUM(total) DESC LIMIT 3",
        "SELECT DISTINCT user FROM orders WHERE total BETWEEN 1 AND 9 AND user IN (?, 'b')",
        "SELECT id FROM orders WHERE user LIKE ? OR NOT (total IS NULL) AND user LIKE '%' || ? || '%'",
        "SELECT id FROM orders LEFT JOIN notes USING (user)",
        "SELECT id FROM orders WHERE EXISTS (SELECT 1 FROM notes WHERE notes.user = orders.user)",
        "SELECT id FROM orders WHERE user NOT IN (SELECT user FROM notes)",
        "SELECT CASE WHEN total > 9 THEN 'much' ELSE 'little' END AS how FROM orders",
        "SELECT COALESCE(user, '-'), UPPER(user), ROUND(total / 3.0, 2), LENGTH(user) FROM orders",
        "SELECT t.n FROM (SELECT COUNT(DISTINCT user) AS n FROM orders) AS t",
        "WITH big AS (SELECT id FROM orders WHERE total > 9) SELECT COUNT(*) FROM big, big AS two",
        "SELECT id FROM orders UNION ALL SELECT id FROM notes ORDER BY id",
        "SELECT total, ROW_NUMBER() OVER (PARTITION BY user ORDER BY total) AS place FROM orders",
        "SELECT first || ' ' || last FROM (SELECT user AS first, user AS last FROM orders) AS t",
        "SELECT (SELECT MAX(total) FROM orders) AS most",
        "SELECT SUBSTR(user, 1, 3), TRIM(user), CAST(total AS DECIMAL(9, 2)) FROM orders",
    ] {
        for grammar in [Grammar::Sqlite, Grammar::MySql] {
            written(grammar, query);
        }
    }
    for query in [
        "SELECT strftime('%Y', user), CAST(total AS TEXT), total(total) FROM orders",
        "SELECT id FROM orders WHERE user GLOB 'a*' COLLATE NOCASE",
        "SELECT \"user\", [user], `user` FROM \"orders\" WHERE total IS NOT NULL AND user IS ?",
    ] {
        written(Grammar::Sqlite, query);
    }
    for query in [
        "SELECT CONCAT(user, \"x\"), DATE_FORMAT(user, '%Y'), CAST(total AS CHAR) FROM orders",
        "SELECT id FROM orders WHERE user > NOW() - INTERVAL 7 DAY AND total <=> NULL LIMIT 2, 5",
        "SELECT total DIV 2, total % 2, IF(total > 1, 'a', 'b') FROM `orders` WHERE user = 'a\\'b'",
    ] {
        written(Grammar::MySql, query);
    }
}

#[test]
fn values_keep_their_order_whatever_is_written_first() {
    let query = "SELECT ? AS a FROM (SELECT id FROM orders WHERE total = ?) AS t WHERE id = ?";
    let given = [json!("one"), json!(2), json!(3.5)];
    let checked = checked(Grammar::MySql, query, &given).unwrap();
    let expected = [
        Param::Text("one".into()),
        Param::Integer(2),
        Param::Real(3.5),
    ];
    assert_eq!(checked.params, expected);
    assert_eq!(checked.sql.matches('?').count(), 3);
    for given in [vec![], vec![json!(1); 2], vec![json!(1); 4]] {
        let error = super::check(Grammar::MySql, query, &given, &tables()).unwrap_err();
        assert!(error.to_string().contains("`params` has"), "{error}");
    }
}

#[test]
fn a_text_that_only_one_database_reads_otherwise_becomes_a_parameter() {
    let text = |grammar, query| checked(grammar, query, &[]).unwrap();
    let mysql = text(Grammar::MySql, r"SELECT 'a\'; DROP TABLE t; -- ' AS a");
    assert_eq!(mysql.sql, "SELECT 'a''; DROP TABLE t; -- ' AS `a`");
    let mysql = text(Grammar::MySql, r"SELECT 'a\\' AS a");
    assert_eq!(mysql.sql, "SELECT ? AS `a`");
    assert_eq!(mysql.params, [Param::Text(r"a\".into())]);
    let sqlite = text(Grammar::Sqlite, r"SELECT 'a\' AS a");
    assert_eq!(sqlite.params, [Param::Text(r"a\".into())]);
}

#[test]
fn a_name_of_with_is_no_table_and_no_table_is_a_name_of_with() {
    let query =
        "WITH notes AS (SELECT * FROM orders) SELECT * FROM notes AS n, (SELECT * FROM notes) AS m";
    let sql = written(Grammar::Sqlite, query);
    assert!(!sql.contains("FROM `notes`"), "{sql}");
    assert_eq!(sql.matches("FROM `with 1`").count(), 2);
    // It does not see itself: this is the table.
    let query = "WITH notes AS (SELECT * FROM notes) SELECT * FROM notes";
    assert_eq!(
        written(Grammar::Sqlite, query)
            .matches("FROM `notes`")
            .count(),
        1
    );
    // Nor what comes after it, and nothing outside sees it.
    for query in [
        "WITH a AS (SELECT * FROM secrets), secrets AS (SELECT 1 AS x) SELECT * FROM a",
        "SELECT * FROM (WITH secrets AS (SELECT 1 AS x) SELECT * FROM secrets) AS t, secrets",
    ] {
        assert!(
            refusal(Grammar::Sqlite, query).contains("not open"),
            "{query}"
        );
    }
}

#[test]
fn a_query_of_a_plugin_is_one_select() {
    for query in [
        "SELECT * FROM users",
        " with a as (select 1) select * from a ; ",
    ] {
        assert!(single_select(Grammar::MySql, query).is_ok(), "{query}");
    }
    for query in [
        "",
        "DELETE FROM orders",
        "SELECT 1; DELETE FROM orders",
        "SELECT 1e1INTO OUTFILE '/tmp/x'",
        "SELECT 1 /*! INTO OUTFILE 'x' */",
        "SELECT 1 -- a comment",
        "SELECT 'open",
        "EXPLAIN SELECT 1",
    ] {
        assert!(single_select(Grammar::MySql, query).is_err(), "{query}");
    }
}

proptest! {
    #[test]
    fn no_text_panics(text in "\\PC{0,200}") {
        for grammar in [Grammar::Sqlite, Grammar::MySql] {
            drop(checked(grammar, &text, &[]));
        }
    }

    #[test]
    fn no_words_panic(words in prop::collection::vec(prop::sample::select(WORDS), 0..60)) {
        let query = format!("SELECT {}", words.join(" "));
        for grammar in [Grammar::Sqlite, Grammar::MySql] {
            drop(checked(grammar, &query, &[]));
        }
    }

    /// What is written is understood, and means the same when it is read a second time.
    #[test]
    fn a_text_stays_one_text(text in "[^\\x00]{0,20}") {
        let query = format!("SELECT '{}' AS a FROM orders", text.replace('\'', "''"));
        let checked = checked(Grammar::Sqlite, &query, &[]).unwrap();
        let quoted = format!("'{}'", text.replace('\'', "''"));
        let bound = checked.params == [Param::Text(text)];
        prop_assert!(bound || checked.sql.starts_with(&format!("SELECT {quoted} AS")), "{:?}", checked);
    }
}

const WORDS: &[&str] = &[
    "(",
    ")",
    ",",
    "*",
    "+",
    "-",
    "||",
    "=",
    "<",
    "'a'",
    "1",
    "?",
    "a",
    "orders",
    "o",
    ".",
    "AS",
    "FROM",
    "WHERE",
    "JOIN",
    "ON",
    "SELECT",
    "UNION",
    "WITH",
    "CASE",
    "WHEN",
    "THEN",
    "END",
    "IN",
    "LIKE",
    "BETWEEN",
    "AND",
    "NOT",
    "EXISTS",
    "CAST",
    "INTERVAL",
    "DAY",
    "OVER",
    "PARTITION",
    "BY",
    "ORDER",
    "GROUP",
    "LIMIT",
    "count",
    "ARRAY",
    "[",
    "]",
    "::",
    "INTO",
    "@x",
    "@@y",
    ";",
];
