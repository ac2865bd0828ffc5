//! Settings of `user-service`.

use plugin_contracts::User;
use plugin_core::prelude::*;

/// Settings of `user-service`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct UserServiceConfig {
    /// Users to create at start, unless they are there. They have no password and can't log in:
    /// those who can are listed in the config of `auth-plugin`.
    pub users: Vec<SeedUser>,
}

/// A user to create at start.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SeedUser {
    /// Key.
    pub id: String,
    /// What the user is called.
    pub name: String,
    /// Where mail goes.
    pub email: String,
    /// Where text messages go.
    #[serde(default)]
    pub phone: Option<String>,
}

impl From<SeedUser> for User {
    fn from(user: SeedUser) -> Self {
        Self {
            id: user.id,
            name: user.name,
            email: user.email,
            phone: user.phone,
        }
    }
}
