//! Events, one struct per topic.

use plugin_core::prelude::*;
use serde_json::{Map, Value};

use crate::services::User;

/// A user logged in.
#[event("user.login")]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct UserLogin {
    /// Who.
    pub user_id: String,
    /// Address that the user came from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ip: Option<String>,
}

/// A user logged out.
#[event("user.logout")]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct UserLogout {
    /// Who.
    pub user_id: String,
}

/// A user is to be welcomed.
#[event("user.welcome")]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct UserWelcome {
    /// Who.
    pub user_id: String,
    /// Text of the welcome.
    pub message: String,
}

/// A user is asked for.
#[event("user.lookup", answer = Option<User>)]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct UserLookup {
    /// Who.
    pub user_id: String,
}

/// An order was placed.
#[event("order.created")]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OrderCreated {
    /// Number of the order.
    pub order_id: String,
    /// Who ordered.
    pub user_id: String,
    /// Price of the whole, in cents.
    pub total_cents: u64,
}

/// A row is to be saved.
#[event("data.save")]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DataSave {
    /// Name of the table.
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
    pub table: String,
    /// Key that the database gave the row.
    pub id: i64,
}

/// Rows are asked for.
#[event("data.query")]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DataQuery {
    /// A `SELECT` with a `?` for each parameter.
    pub query: String,
    /// The parameters, in order.
    #[serde(default)]
    pub params: Vec<Value>,
}

/// Rows were found.
#[event("data.query_result")]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DataQueryResult {
    /// The query that was asked.
    pub query: String,
    /// Column names and values, row by row.
    pub results: Vec<Map<String, Value>>,
}
