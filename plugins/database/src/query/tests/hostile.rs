//! Queries that are refused: those that were seen to get through, and others of their kinds.

use std::time::Instant;

use super::*;

fn refuses(queries: &[&str]) {
    refused_by(&[Grammar::Sqlite, Grammar::MySql], queries);
}

fn refused_by(grammars: &[Grammar], queries: &[&str]) {
    let passed: Vec<_> = (queries.iter())
        .flat_map(|query| grammars.iter().map(move |grammar| (grammar, query)))
        .filter_map(|(grammar, query)| checked(*grammar, query, &[]).ok())
        .collect();
    assert!(passed.is_empty(), "{passed:#?}");
}

#[test]
fn report_a3_what_writes_locks_or_waits_is_refused() {
    refuses(&[
        "SELECT 1e1INTO OUTFILE '/tmp/x'",
        "SELECT 1 INTO OUTFILE '/tmp/x'",
        "SELECT 1e1INTO DUMPFILE '/tmp/x'",
        "SELECT 1 INTO @a",
        "SELECT total FROM orders INTO OUTFILE '/tmp/x'",
        "SELECT 1 UNION SELECT 2 INTO OUTFILE '/tmp/x'",
        "SELECT 1 /*! INTO OUTFILE '/tmp/x' */",
        "SELECT 1 /*!50000INTO OUTFILE '/tmp/x'*/",
        "SELECT /*+ SET_VAR(sql_mode='') */ 1",
        "SELECT 1 -- a",
        "SELECT 1 # a",
        "SELECT total FROM orders FOR UPDATE",
        "SELECT total FROM orders FOR SHARE",
        "SELECT total FROM orders LOCK IN SHARE MODE",
        "SELECT total FROM orders PROCEDURE ANALYSE()",
        "SELECT SLEEP(1)",
        "SELECT BENCHMARK(1000000, 1)",
        "SELECT LOAD_FILE('/etc/passwd')",
        "SELECT load_extension('x')",
        "SELECT GET_LOCK('a', 1)",
        "SELECT NEXTVAL(numbers)",
        "SELECT NEXT VALUE FOR numbers",
        "SELECT LAST_INSERT_ID(7)",
        "SELECT @a := 1",
        "SELECT @a",
        "SELECT @@version",
        "SELECT @@global.secure_file_priv",
        "SELECT VERSION(), USER(), DATABASE()",
        "SELECT sqlite_version()",
        "SELECT user REGEXP 'a' FROM orders",
        "SELECT user RLIKE 'a' FROM orders",
        "SELECT user MATCH 'a' FROM orders",
        "SELECT x'41'",
        "SELECT 0x41",
        "SELECT _utf8'a'",
        "SELECT 1; DELETE FROM orders",
        "DELETE FROM orders",
        "INSERT INTO orders VALUES (1)",
        "WITH a AS (SELECT 1) DELETE FROM orders",
        "WITH a AS (DELETE FROM orders RETURNING id) SELECT * FROM a",
        "(DELETE FROM orders)",
        "VALUES (1)",
        "TABLE orders",
        "HANDLER orders OPEN",
        "EXPLAIN SELECT 1",
        "PRAGMA query_only = 0",
        "ATTACH 'x' AS y",
        "",
        "SELECT",
    ]);
    // To SQLite these are names of columns.
    refused_by(
        &[Grammar::MySql],
        &[
            "SELECT SQL_CALC_FOUND_ROWS total FROM orders",
            "SELECT HIGH_PRIORITY total FROM orders",
        ],
    );
}

#[test]
fn report_a4_what_is_not_listed_is_out_of_reach() {
    refuses(&[
        "SELECT * FROM other.secrets",
        "SELECT * FROM main.orders",
        "SELECT * FROM shop.orders",
        "SELECT * FROM secrets",
        "SELECT * FROM `SECRETS`",
        "SELECT * FROM 'secrets'",
        "SELECT name FROM pragma_table_list",
        "SELECT name FROM pragma_table_info('users')",
        "SELECT * FROM pragma_database_list()",
        "SELECT name FROM sqlite_master",
        "SELECT * FROM sqlite_schema",
        "SELECT * FROM dbstat",
        "SELECT * FROM information_schema.tables",
        "SELECT * FROM mysql.user",
        "SELECT * FROM json_each('[1]')",
        "SELECT * FROM JSON_TABLE('[1]', '$[*]' COLUMNS (a INT PATH '$')) AS t",
        "SELECT * FROM orders, LATERAL (SELECT * FROM secrets) AS t",
        "SELECT * FROM generate_series(1, 9)",
        "SELECT * FROM orders UNION SELECT * FROM secrets",
        "SELECT * FROM orders WHERE id IN (SELECT id FROM secrets)",
        "SELECT * FROM orders WHERE id IN secrets",
        "SELECT * FROM orders WHERE EXISTS (SELECT 1 FROM secrets)",
        "SELECT (SELECT hash FROM secrets LIMIT 1)",
        "SELECT * FROM (SELECT * FROM secrets) AS t",
        "SELECT * FROM (orders JOIN secrets ON 1)",
        "SELECT * FROM orders NATURAL JOIN secrets",
        "SELECT COUNT(*) FILTER (WHERE EXISTS (SELECT 1 FROM secrets)) FROM orders",
        "SELECT id FROM orders ORDER BY (SELECT hash FROM secrets)",
        "SELECT id FROM orders LIMIT (SELECT 1 FROM secrets)",
        "SELECT id FROM orders GROUP BY (SELECT 1 FROM secrets)",
        "SELECT SUM(total) OVER (ORDER BY (SELECT 1 FROM secrets)) FROM orders",
        "WITH orders AS (SELECT * FROM secrets) SELECT * FROM orders",
        "WITH RECURSIVE orders AS (SELECT * FROM secrets) SELECT * FROM orders",
        "SELECT main.orders.id FROM orders",
        "SELECT * FROM orders PARTITION (p0)",
        "SELECT * FROM orders INDEXED BY i",
        "SELECT * FROM orders AS OF SYSTEM TIME '2020-01-01'",
    ]);
    // A column that the config does not list is not there: neither named nor by `*`.
    let sql = written(Grammar::MySql, "SELECT *, hidden FROM orders");
    assert!(
        sql.contains("FROM (SELECT `id`, `total`, `user` FROM `orders`) AS `orders`"),
        "{sql}"
    );
}

#[test]
fn report_a5_a_short_query_makes_no_long_value() {
    refuses(&[
        "SELECT zeroblob(500000000)",
        "SELECT randomblob(500000000)",
        "SELECT hex(zeroblob(9))",
        "SELECT printf('%500000000d', 1)",
        "SELECT format('%.*c', 500000000, 'a')",
        "SELECT replace(user, 'a', user) FROM orders",
        "SELECT group_concat(user) FROM orders",
        "SELECT string_agg(user, ',') FROM orders",
        "SELECT json_group_array(user) FROM orders",
        "SELECT REPEAT('a', 500000000)",
        "SELECT LPAD('a', 500000000, 'b')",
        "SELECT SPACE(500000000)",
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i FROM n",
    ]);
    // Doubled again and again, by whichever way a value is carried.
    let mut doubled = "SELECT user || user AS a FROM orders".to_owned();
    for level in 0..8 {
        doubled = format!("SELECT a || a AS a FROM ({doubled}) AS t{level}");
    }
    let by_names = (1..9).fold(
        "WITH w0 AS (SELECT user AS a FROM orders)".to_owned(),
        |with, n| format!("{with}, w{n} AS (SELECT a || a AS a FROM w{})", n - 1),
    );
    let by_function = format!(
        "SELECT {}user{} FROM orders",
        "CONCAT(".repeat(6),
        ", user)".repeat(6)
    )
    .replace(
        "user, user",
        "CONCAT(user,user,user,user,user,user,user,user), user",
    );
    let chain = format!("SELECT {} FROM orders", vec!["user"; 40].join(" || "));
    let scalar = "SELECT (SELECT (SELECT o.a || o.a || o.a || o.a || o.a || o.a) || o.a) FROM \
        (SELECT user || user || user || user || user || user AS a FROM orders) AS o";
    for query in [
        &doubled,
        &format!("{by_names} SELECT a FROM w8"),
        &chain,
        scalar,
    ] {
        assert!(
            refusal(Grammar::Sqlite, query).contains("values together"),
            "{query}"
        );
    }
    assert!(refusal(Grammar::MySql, &by_function).contains("values together"));
    // What `WITH` unfolds to.
    let unfolded = (1..12).fold(
        "WITH w0 AS (SELECT id FROM orders)".to_owned(),
        |with, n| {
            format!(
                "{with}, w{n} AS (SELECT a.id FROM w{0} AS a, w{0} AS b)",
                n - 1
            )
        },
    );
    assert!(refusal(Grammar::Sqlite, &format!("{unfolded} SELECT id FROM w11")).contains("tables"));
}

#[test]
fn report_a6_no_single_step_takes_long() {
    refuses(&[
        "SELECT instr(zeroblob(20000000), zeroblob(10000000) || x'01')",
        "SELECT instr(text, user) FROM notes",
        "SELECT text LIKE user FROM notes",
        "SELECT text LIKE '%' || user FROM notes",
        "SELECT text LIKE (SELECT text FROM notes) FROM notes",
        "SELECT text LIKE 'a' ESCAPE user FROM notes",
        "SELECT trim(text, user) FROM notes",
    ]);
    let long = "%a".repeat(100);
    for query in [
        "SELECT id FROM notes WHERE text LIKE ?",
        "SELECT instr(text, ?) FROM notes",
    ] {
        let error = checked(Grammar::Sqlite, query, &[json!(long)]).unwrap_err();
        assert!(error.to_string().contains("128 bytes"), "{error}");
        assert!(checked(Grammar::Sqlite, query, &[json!("%a%")]).is_ok());
    }
    // The pattern can't grow by what the database binds otherwise than the parser.
    let sql = written(
        Grammar::Sqlite,
        "SELECT text GLOB 'a' || 'b', text LIKE 'a' || 'b' FROM notes",
    );
    assert!(sql.contains("(`text` LIKE ('a' || 'b'))"), "{sql}");
    assert!(
        sql.contains("(`text` GLOB ('a' || 'b'))") || sql.contains("(`text` GLOB ('a'))"),
        "{sql}"
    );
}

/// Runs on half of the stack of a worker of tokio.
fn in_a_megabyte(test: impl FnOnce() + Send + 'static) {
    let thread = std::thread::Builder::new().stack_size(1024 * 1024);
    thread.spawn(test).unwrap().join().unwrap();
}

/// What nests, in each of the ways that a query can.
fn nested(depth: usize) -> Vec<String> {
    let around = |open: &str, inner: &str, close: &str| {
        format!("{}{inner}{}", open.repeat(depth), close.repeat(depth))
    };
    vec![
        format!("SELECT {}", around("(", "1", ")")),
        format!("SELECT {}", around("abs(", "1", ")")),
        format!("SELECT {}", around("NOT ", "1", "")),
        format!("SELECT {}", around("- ", "1", "")),
        format!("SELECT {}", around("CASE WHEN ", "1", " THEN 1 END")),
        format!("SELECT {}", around("CASE ", "1", " WHEN 1 THEN 1 END")),
        format!("SELECT {}", around("CAST(", "1", " AS TEXT)")),
        format!("SELECT CAST(1 AS {})", around("ARRAY<", "INT", ">")),
        format!("SELECT {}", around("INTERVAL ", "1", " DAY")),
        format!("SELECT {}", around("EXISTS (SELECT ", "1", ")")),
        format!("SELECT {}", around("[", "1", "]")),
        format!("SELECT {}", around("1 IN (", "1", ")")),
        format!("SELECT 1{}", around("", "", " IS NULL")),
        format!("SELECT 1{}", around("", "", " COLLATE x")),
        format!("SELECT 1{}", around("", "", " + 1")),
        format!("SELECT 'a'{}", around("", "", " GLOB 'a'")),
        format!("SELECT 'a'{}", around("", "", " LIKE 'a'")),
        format!("SELECT 1{}", around("", "", " BETWEEN 1 AND 2")),
        format!("SELECT 1{}", around("", "", " IN (1)")),
        format!("SELECT 1{}", around("", "", "::INT")),
        format!("SELECT 1 FROM {}", around("(", "orders", ")")),
        format!(
            "SELECT 1 FROM {}",
            around("(SELECT 1 FROM ", "orders", ") AS t")
        ),
        format!("SELECT 1 FROM orders{}", around("", "", " JOIN orders")),
        format!("SELECT 1 FROM orders{}", around("", "", ", orders")),
        around("(", "SELECT 1", ")"),
        around("(SELECT 1 UNION ", "SELECT 1", ")"),
        format!("SELECT 1{}", around("", "", " UNION SELECT 1")),
        around("WITH a AS (", "SELECT 1", ") SELECT 1"),
    ]
}

#[test]
fn nesting_ends_neither_the_stack_nor_the_patience() {
    in_a_megabyte(|| {
        for depth in [10, 16, 30, 60, 400, 1_500] {
            for query in nested(depth) {
                for grammar in [Grammar::Sqlite, Grammar::MySql] {
                    let begun = Instant::now();
                    drop(checked(grammar, &query, &[]));
                    let took = begun.elapsed();
                    assert!(took.as_secs() < 2, "{took:?} for {depth} of {query:.80}");
                }
            }
        }
    });
}

#[test]
fn what_is_too_large_is_refused_before_it_is_parsed() {
    let long = format!("SELECT '{}'", "a".repeat(20_000));
    assert!(refusal(Grammar::Sqlite, &long).contains("16384 bytes"));
    let many = format!("SELECT {}", vec!["1"; 3_000].join(","));
    assert!(refusal(Grammar::Sqlite, &many).contains("2000 words"));
    assert!(refusal(Grammar::Sqlite, &nested(30)[0]).contains("parentheses"));
}
