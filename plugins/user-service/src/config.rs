//! Settings of `user-service`.

use plugin_contracts::User;
use plugin_core::prelude::*;

/// Settings of `user-service`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default, remote = "Self")]
pub struct UserServiceConfig {
    /// The users of this config. At the start, missing users are created, changes are applied, and
    /// users that were listed before and are not listed any more are disabled. They have no
    /// password and can't log in; users who can log in are listed in the config of `auth-plugin`.
    pub users: Vec<SeedUser>,
}

plugin_core::checked!(UserServiceConfig, UserServiceConfig::check);

impl UserServiceConfig {
    fn check(&self) -> Result<()> {
        let users: Vec<User> = self.users.iter().cloned().map(User::from).collect();
        User::check_all("users", &users)
    }
}

/// A user of the config.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SeedUser {
    /// Id of the user.
    #[schemars(length(min = 1, max = 64))]
    pub id: String,
    /// Name of the user.
    #[schemars(length(min = 1, max = 255))]
    pub name: String,
    /// Address for mail.
    #[schemars(length(min = 1, max = 255))]
    pub email: String,
    /// Number for text messages.
    #[serde(default)]
    #[schemars(length(min = 1, max = 64))]
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
