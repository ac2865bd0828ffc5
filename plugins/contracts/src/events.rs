//! The events, one struct for each topic.
//!
//! The lengths and patterns are checked for data that arrives as JSON: from callers of
//! `api-plugin`, and from files of events.

use plugin_core::prelude::*;
use serde_json::{Map, Value};

use crate::services::User;

/// Characters that a name must not contain: control characters, and characters that are invisible
/// or change the direction of text (Unicode's default ignorable characters, and the blank Braille
/// pattern). They would reach terminals, logs and line protocols, and make two different names look
/// the same.
macro_rules! unnamed {
    () => {
        r"\u0000-\u001f\u007f-\u009f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2028-\u202e\u2060-\u206f\u2800\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\u{1bca0}-\u{1bca3}\u{1d173}-\u{1d17a}\u{e0000}-\u{e0fff}"
    };
}

/// Unicode's blanks. A name may contain them only inside, because at its ends they make two
/// different names look the same. A name must not consist only of blanks.
macro_rules! blank {
    () => {
        r"\u0020\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000"
    };
}

/// The form of a name.
pub(crate) const NAME: &str = concat!(
    "^[^",
    unnamed!(),
    blank!(),
    "]([^",
    unnamed!(),
    "]*[^",
    unnamed!(),
    blank!(),
    "])?$",
);

/// The form of a text for people: like [`NAME`], but with tabs and line feeds.
pub(crate) const TEXT: &str = r"^[^\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200b\u200e-\u200f\u2028-\u202e\u2060-\u206f\ufeff]*$";

/// A user logged in.
#[event("user.login")]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct UserLogin {
    /// Id of the user.
    #[schemars(length(min = 1, max = 128), regex(pattern = NAME))]
    pub user_id: String,
    /// Address from which the user logged in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 64), regex(pattern = NAME))]
    pub ip: Option<String>,
}

/// A user logged out.
#[event("user.logout")]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct UserLogout {
    /// Id of the user.
    #[schemars(length(min = 1, max = 128), regex(pattern = NAME))]
    pub user_id: String,
}

/// A user is to be welcomed.
#[event("user.welcome")]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct UserWelcome {
    /// Id of the user.
    #[schemars(length(min = 1, max = 128), regex(pattern = NAME))]
    pub user_id: String,
    /// Text of the welcome.
    #[schemars(length(max = 4000), regex(pattern = TEXT))]
    pub message: String,
}

/// A user is asked for.
#[event("user.lookup", answer = Option<User>)]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct UserLookup {
    /// Id of the user.
    #[schemars(length(min = 1, max = 128), regex(pattern = NAME))]
    pub user_id: String,
}

/// An order was placed.
#[event("order.created", subject = user_id)]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OrderCreated {
    /// Number of the order.
    #[schemars(length(min = 1, max = 128), regex(pattern = NAME))]
    pub order_id: String,
    /// Id of the user who ordered.
    #[schemars(length(min = 1, max = 128), regex(pattern = NAME))]
    pub user_id: String,
    /// Price of the whole order, in cents.
    #[schemars(range(max = 9_007_199_254_740_991_u64))]
    pub total_cents: u64,
}

/// A row is to be saved.
#[event("data.save")]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DataSave {
    /// Name of the table.
    #[schemars(length(min = 1, max = 128), regex(pattern = NAME))]
    pub table: String,
    /// Columns and their values.
    pub data: Map<String, Value>,
}

/// A row was saved.
#[event("data.saved")]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DataSaved {
    /// Name of the table.
    #[schemars(length(min = 1, max = 128), regex(pattern = NAME))]
    pub table: String,
    /// Key that the database assigned to the row.
    pub id: i64,
}

/// Rows are asked for.
#[event("data.query")]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DataQuery {
    /// A `SELECT` with a `?` for each parameter.
    #[schemars(length(min = 1, max = 65_536))]
    pub query: String,
    /// The parameters, in order.
    #[serde(default)]
    #[schemars(length(max = 1000))]
    pub params: Vec<Value>,
}

/// Rows were found.
#[event("data.query_result")]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DataQueryResult {
    /// The query that was executed.
    pub query: String,
    /// The rows, each with column names and values.
    pub results: Vec<Map<String, Value>>,
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn report_a8_what_names_something_has_a_form() {
        let check = |id: &str| {
            let order = json!({"order_id": id, "user_id": "ann", "total_cents": 1});
            OrderCreated::DESCRIPTOR.check(order.to_string().as_bytes())
        };
        for id in ["A-1", "订单 7", "é", "a\u{1f600}"] {
            assert!(check(id).is_ok(), "{id}");
        }
        for id in [
            "",
            "a\r",
            "a\nb",
            "\u{1b}[2J",
            "\u{9b}",
            "\u{202e}a",
            "a\u{200b}",
            "a\u{ad}b",
            "\u{3164}",
            "a\u{fe0f}",
            "\u{e0041}b",
            "\u{1d173}",
            "\0",
        ] {
            let error = check(id).expect_err("it is not a name");
            assert_eq!(error.key(), "order_id", "{id:?}");
        }
        let message = |text: &str| {
            let welcome = json!({"user_id": "ann", "message": text});
            UserWelcome::DESCRIPTOR.check(welcome.to_string().as_bytes())
        };
        assert!(message("two\n\tlines").is_ok());
        assert!(message("a\r.\r").is_err() && message("\u{1b}").is_err());
    }

    fn is_refused<E: Event>(data: &Value) -> bool {
        E::DESCRIPTOR.check(data.to_string().as_bytes()).is_err()
    }

    #[test]
    fn report_a8_a_name_is_more_than_blanks_and_has_none_at_its_ends() {
        for name in [
            " ",
            "   ",
            "\u{a0}",
            "\u{3000}\u{2003}",
            "ada ",
            " ada",
            "\t",
            "",
        ] {
            assert!(
                is_refused::<UserLogin>(&json!({"user_id": name})),
                "{name:?}"
            );
            assert!(
                is_refused::<UserLogin>(&json!({"user_id": "ada", "ip": name})),
                "{name:?}"
            );
            assert!(
                is_refused::<UserLogout>(&json!({"user_id": name})),
                "{name:?}"
            );
            assert!(
                is_refused::<UserLookup>(&json!({"user_id": name})),
                "{name:?}"
            );
            assert!(
                is_refused::<DataSave>(&json!({"table": name, "data": {}})),
                "{name:?}"
            );
            let welcome = json!({"user_id": name, "message": "hi"});
            assert!(is_refused::<UserWelcome>(&welcome), "{name:?}");
            for (order, user) in [(name, "ada"), ("1", name)] {
                let order = json!({"order_id": order, "user_id": user, "total_cents": 1});
                assert!(is_refused::<OrderCreated>(&order), "{name:?}");
            }
        }
        for name in ["a", "ada", "Ada L.", "\u{5f20} \u{4e09}", "o-1"] {
            assert!(
                !is_refused::<UserLogout>(&json!({"user_id": name})),
                "{name:?}"
            );
        }
    }

    #[test]
    fn report_d_a_row_with_a_column_twice_is_refused() {
        let twice = br#"{"table":"notes","data":{"text":"a","text":"b"}}"#;
        let error = DataSave::DESCRIPTOR.check(twice).unwrap_err();
        assert_eq!(error.key(), "data");
        assert!(
            error.to_string().contains("`text` is there twice"),
            "{error}"
        );
    }
}
