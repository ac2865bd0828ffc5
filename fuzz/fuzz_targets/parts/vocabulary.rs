//! Queries made of whole words.

/// The query whose words the bytes stand for.
pub(crate) fn query(words: &[u8]) -> String {
    let words = words
        .iter()
        .map(|byte| WORDS[usize::from(*byte) % WORDS.len()]);
    words.collect::<Vec<_>>().join(" ")
}

#[rustfmt::skip]
const WORDS: &[&str] = &[
    "SELECT", "DISTINCT", "FROM", "WHERE", "GROUP", "BY", "HAVING", "ORDER", "LIMIT", "OFFSET",
    "UNION", "ALL", "EXCEPT", "INTERSECT", "WITH", "AS", "JOIN", "LEFT", "CROSS", "NATURAL",
    "USING", "ON", "CASE", "WHEN", "THEN", "ELSE", "END", "EXISTS", "NOT", "IN", "BETWEEN", "AND",
    "OR", "LIKE", "GLOB", "ESCAPE", "IS", "NULL", "COLLATE", "NOCASE", "CAST", "TEXT", "INTEGER",
    "REAL", "INTERVAL", "DAY", "OVER", "PARTITION", "FILTER", "ASC", "DESC", "NULLS", "FIRST",
    "LAST", "TRUE", "RECURSIVE", "VALUES", "LATERAL", "FOR", "UPDATE", "INTO", "(", ")", ",", ".",
    "*", "+", "-", "/", "%", "||", "=", "<>", "<", ">=", "&", "|", "<<", "~", ";", "?", "orders",
    "notes", "secrets", "hidden", "rowid", "sqlite_master", "o", "n", "a", "id", "total", "user",
    "text", "1", "2", "0.5", "1e1", "'a'", "'%a%'", "'$.a'", "'{\"a\":1}'", "'!'", "\"b\"", "`id`",
    "count", "sum", "max", "min", "avg", "coalesce", "ifnull", "nullif", "abs", "length", "lower",
    "upper", "trim", "substr", "instr", "strftime", "json_extract", "json_type", "round",
    "row_number", "rank", "lag", "first_value", "typeof", "iif", "date", "datetime", "unixepoch",
    "concat", "concat_ws", "date_format", "if", "current_timestamp", "greatest", "@x", "[id]",
    "/*!", "--", "main.orders", "IS NOT DISTINCT FROM", "count(*)", "'it''s'",
];
