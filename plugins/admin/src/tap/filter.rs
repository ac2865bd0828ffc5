//! Filters of taps: a condition on the fields of the data of events.
//!
//! ```text
//! user.id == "a" && total_cents > 100
//! items.0.sku ~ "X-" || !(paid) && note != null
//! ```
//!
//! A path consists of the names of fields, and of the indexes of list elements, separated by dots.
//! A name with other characters than letters, digits, `_` and `-` has to be in backquotes. `==` and
//! `!=` compare with any value; `<`, `<=`, `>` and `>=` compare numbers with numbers and texts with
//! texts; `~` checks whether a text contains another one. A path without an operator checks whether
//! the value exists and is neither `false` nor `null`. `!` binds more strongly than `&&`, and `&&`
//! more strongly than `||`. A missing value is `null`.

use std::cmp::Ordering;
use std::fmt;

use serde_json::{Number, Value};

/// Most bytes of a filter.
const LONGEST: usize = 1024;

/// Deepest nesting of conditions.
const DEEPEST: usize = 32;

/// A condition on the data of an event.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct TapFilter(Condition);

#[derive(Debug, Clone, PartialEq)]
enum Condition {
    Any(Vec<Condition>),
    All(Vec<Condition>),
    Not(Box<Condition>),
    Holds(Vec<String>),
    Compares(Vec<String>, Comparison, Value),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Comparison {
    Equal,
    Unequal,
    Less,
    AtMost,
    Greater,
    AtLeast,
    Contains,
}

/// The comparison operators, longer ones first.
const SIGNS: [(&str, Comparison); 7] = [
    ("==", Comparison::Equal),
    ("!=", Comparison::Unequal),
    ("<=", Comparison::AtMost),
    (">=", Comparison::AtLeast),
    ("<", Comparison::Less),
    (">", Comparison::Greater),
    ("~", Comparison::Contains),
];

/// The error for a text that is not a filter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TapFilterError {
    /// The position of the wrong character, counted from 1.
    pub(crate) column: usize,
    what: String,
}

impl fmt::Display for TapFilterError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "column {}: {}", self.column, self.what)
    }
}

impl TapFilter {
    /// Parses a filter.
    pub(crate) fn parse(text: &str) -> Result<Self, TapFilterError> {
        let mut parser = Parser { text, at: 0 };
        if text.len() > LONGEST {
            return Err(parser.wrong(format!("a filter has {LONGEST} bytes at most")));
        }
        let condition = parser.any(0)?;
        parser.skip_space();
        if parser.at < text.len() {
            return Err(parser.expected("`&&`, `||` or the end"));
        }
        Ok(Self(condition))
    }

    /// Whether it accepts an event with this data.
    pub(crate) fn admits(&self, data: &Value) -> bool {
        self.0.holds(data)
    }
}

impl Condition {
    fn holds(&self, data: &Value) -> bool {
        match self {
            Self::Any(conditions) => conditions.iter().any(|one| one.holds(data)),
            Self::All(conditions) => conditions.iter().all(|one| one.holds(data)),
            Self::Not(condition) => !condition.holds(data),
            Self::Holds(path) => !matches!(find(data, path), Value::Null | Value::Bool(false)),
            Self::Compares(path, comparison, value) => comparison.holds(find(data, path), value),
        }
    }
}

impl Comparison {
    fn holds(self, found: &Value, wanted: &Value) -> bool {
        let ordering = || order(found, wanted);
        match self {
            Self::Equal => is_equal(found, wanted),
            Self::Unequal => !is_equal(found, wanted),
            Self::Less => ordering() == Some(Ordering::Less),
            Self::Greater => ordering() == Some(Ordering::Greater),
            Self::AtMost => ordering().is_some_and(Ordering::is_le),
            Self::AtLeast => ordering().is_some_and(Ordering::is_ge),
            Self::Contains => match (found, wanted) {
                (Value::String(found), Value::String(wanted)) => found.contains(wanted),
                (Value::Array(found), wanted) => found.iter().any(|one| is_equal(one, wanted)),
                _ => false,
            },
        }
    }
}

fn is_equal(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::Number(_), Value::Number(_)) => order(one, other) == Some(Ordering::Equal),
        _ => one == other,
    }
}

/// The order of two numbers or two texts.
fn order(one: &Value, other: &Value) -> Option<Ordering> {
    match (one, other) {
        (Value::String(one), Value::String(other)) => Some(one.cmp(other)),
        (Value::Number(one), Value::Number(other)) => {
            let whole = |number: &Number| {
                let unsigned = number.as_u64().map(i128::from);
                number.as_i64().map(i128::from).or(unsigned)
            };
            match (whole(one), whole(other)) {
                // A float can't represent all of their digits.
                (Some(one), Some(other)) => Some(one.cmp(&other)),
                _ => one.as_f64()?.partial_cmp(&other.as_f64()?),
            }
        }
        _ => None,
    }
}

fn find<'v>(data: &'v Value, path: &[String]) -> &'v Value {
    let step = |value: &'v Value, step: &String| match value {
        Value::Object(fields) => fields.get(step),
        Value::Array(elements) => elements.get(step.parse::<usize>().ok()?),
        _ => None,
    };
    let found = path.iter().try_fold(data, step);
    found.unwrap_or(&Value::Null)
}

struct Parser<'t> {
    text: &'t str,
    at: usize,
}

impl<'t> Parser<'t> {
    /// Conditions separated by `||`.
    fn any(&mut self, depth: usize) -> Result<Condition, TapFilterError> {
        if depth > DEEPEST {
            return Err(self.wrong("the conditions stand too deep in each other".to_owned()));
        }
        let mut conditions = vec![self.all(depth)?];
        while self.takes("||") {
            conditions.push(self.all(depth)?);
        }
        Ok(one_or(conditions, Condition::Any))
    }

    /// Conditions separated by `&&`.
    fn all(&mut self, depth: usize) -> Result<Condition, TapFilterError> {
        let mut conditions = vec![self.single(depth)?];
        while self.takes("&&") {
            conditions.push(self.single(depth)?);
        }
        Ok(one_or(conditions, Condition::All))
    }

    fn single(&mut self, depth: usize) -> Result<Condition, TapFilterError> {
        if depth > DEEPEST {
            return Err(self.wrong("the conditions stand too deep in each other".to_owned()));
        }
        if self.takes("!") {
            return Ok(Condition::Not(Box::new(self.single(depth + 1)?)));
        }
        if self.takes("(") {
            let inner = self.any(depth + 1)?;
            return match self.takes(")") {
                true => Ok(inner),
                false => Err(self.expected("`&&`, `||` or `)`")),
            };
        }
        let path = self.path()?;
        for (sign, comparison) in SIGNS {
            if self.takes(sign) {
                return Ok(Condition::Compares(path, comparison, self.value()?));
            }
        }
        if self.rest().starts_with('=') {
            return Err(self.wrong("`=` compares nothing: write `==`".to_owned()));
        }
        Ok(Condition::Holds(path))
    }

    fn path(&mut self) -> Result<Vec<String>, TapFilterError> {
        let mut path = vec![self.name()?];
        while self.rest().starts_with('.') {
            self.at += 1;
            path.push(self.name()?);
        }
        self.skip_space();
        Ok(path)
    }

    fn name(&mut self) -> Result<String, TapFilterError> {
        if path_is_empty(self.text, self.at) {
            self.skip_space();
        }
        if let Some(quoted) = self.rest().strip_prefix('`') {
            let Some(end) = quoted.find('`') else {
                return Err(self.wrong("the name in back quotes has no end".to_owned()));
            };
            self.at += end + 2;
            return Ok(quoted[..end].to_owned());
        }
        let is_part = |char: char| char.is_alphanumeric() || "_-".contains(char);
        let rest = self.rest();
        let name = &rest[..rest.find(|char| !is_part(char)).unwrap_or(rest.len())];
        if name.is_empty() {
            return Err(self.expected("the name of a field, as in `user.id == \"a\"`"));
        }
        self.at += name.len();
        Ok(name.to_owned())
    }

    /// A JSON value: a text, a number, `true`, `false` or `null`.
    fn value(&mut self) -> Result<Value, TapFilterError> {
        self.skip_space();
        let rest = self.rest();
        let mut values = serde_json::Deserializer::from_str(rest).into_iter::<Value>();
        match values.next() {
            Some(Ok(value)) if !value.is_object() && !value.is_array() => {
                self.at += values.byte_offset();
                Ok(value)
            }
            _ if rest.starts_with('\'') => {
                Err(self.wrong("a text stands in double quotes: `\"a\"`".to_owned()))
            }
            _ => Err(self.expected("a value: `\"a text\"`, a number, `true`, `false` or `null`")),
        }
    }

    fn takes(&mut self, sign: &str) -> bool {
        self.skip_space();
        let is_there = self.rest().starts_with(sign);
        // `!=` is not a `!`.
        if !is_there || sign == "!" && self.rest().starts_with("!=") {
            return false;
        }
        self.at += sign.len();
        true
    }

    fn skip_space(&mut self) {
        self.at = self.text.len() - self.rest().trim_start().len();
    }

    fn rest(&self) -> &'t str {
        &self.text[self.at..]
    }

    fn expected(&self, what: &str) -> TapFilterError {
        let found = match self.rest().chars().next() {
            Some(char) => format!("`{char}`"),
            None => "the end".to_owned(),
        };
        self.wrong(format!("expected {what}, found {found}"))
    }

    fn wrong(&self, what: String) -> TapFilterError {
        let column = self.text[..self.at].chars().count() + 1;
        TapFilterError { column, what }
    }
}

/// Whether there is no part of a path before a position, except spaces.
fn path_is_empty(text: &str, at: usize) -> bool {
    !text[..at].ends_with('.')
}

fn one_or(mut conditions: Vec<Condition>, many: fn(Vec<Condition>) -> Condition) -> Condition {
    match conditions.len() {
        1 => conditions.remove(0),
        _ => many(conditions),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn admits(filter: &str, data: &Value) -> bool {
        let parsed = TapFilter::parse(filter);
        parsed
            .unwrap_or_else(|error| panic!("{filter}: {error}"))
            .admits(data)
    }

    #[test]
    fn conditions_hold_of_the_data_that_they_describe() {
        let data = json!({
            "user": {"id": "a", "na me": "Ann"}, "total_cents": 101, "paid": true, "note": null,
            "items": [{"sku": "X-1"}], "tags": ["new"], "share": 0.5, "big": 9_007_199_254_740_993_u64,
        });
        for filter in [
            r#"user.id == "a" && total_cents > 100"#,
            r#"user.id=="b"||total_cents>=101"#,
            r#"items.0.sku ~ "X-" && tags ~ "new""#,
            "paid && !note && !absent.deep",
            "!(paid && note) && share < 1 && share == 5e-1",
            r#"user.`na me` != "Bob""#,
            "note == null && absent == null",
            "big == 9007199254740993 && big != 9007199254740992",
            "total_cents <= 101.0 && total_cents == 101.0",
            "!!paid",
        ] {
            assert!(admits(filter, &data), "{filter}");
        }
        for filter in [
            "total_cents > \"100\"",
            "user > 1",
            "paid == 1",
            "items.1.sku",
            "paid && (note || absent)",
        ] {
            assert!(!admits(filter, &data), "{filter}");
        }
        assert!(admits("paid || note && note", &data), "`&&` is stronger");
        assert!(!admits("a", &json!([1])) && admits("0 == 1", &json!([1])));
    }

    #[test]
    fn a_mistake_is_told_where_it_is() {
        let told = |filter: &str| TapFilter::parse(filter).unwrap_err().to_string();
        assert_eq!(
            told("user.id = \"a\""),
            "column 9: `=` compares nothing: write `==`"
        );
        assert_eq!(
            told("a == 'x'"),
            "column 6: a text stands in double quotes: `\"a\"`"
        );
        let value = "a value: `\"a text\"`, a number, `true`, `false` or `null`";
        assert_eq!(
            told("a == "),
            format!("column 6: expected {value}, found the end")
        );
        assert_eq!(
            told("a == [1]"),
            format!("column 6: expected {value}, found `[`")
        );
        assert_eq!(
            told("(a && b"),
            "column 8: expected `&&`, `||` or `)`, found the end"
        );
        assert_eq!(
            told("a b"),
            "column 3: expected `&&`, `||` or the end, found `b`"
        );
        let name = "the name of a field, as in `user.id == \"a\"`";
        assert_eq!(
            told(""),
            format!("column 1: expected {name}, found the end")
        );
        assert_eq!(
            told("a && ü. == 1"),
            format!("column 8: expected {name}, found ` `")
        );
        assert!(told("`a == 1").contains("no end"));
    }

    #[test]
    fn a_filter_is_bounded() {
        for deep in ["!".repeat(500) + "a", "(".repeat(500) + "a"] {
            let told = TapFilter::parse(&deep).unwrap_err().to_string();
            assert!(told.contains("too deep"), "{told}");
        }
        let long = "a && ".repeat(300) + "a";
        assert!(
            TapFilter::parse(&long)
                .unwrap_err()
                .to_string()
                .contains("1024 bytes")
        );
    }
}
