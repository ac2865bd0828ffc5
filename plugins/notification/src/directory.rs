//! The source of users.

use plugin_contracts::{User, UserLookup};
use plugin_core::event::Requester;
use plugin_core::{BoxFuture, Result};

/// Finds users, itself or through another plugin.
pub(crate) trait Directory: Send + Sync {
    /// The user with this id.
    fn find(&self, id: &str) -> BoxFuture<'_, Result<Option<User>>>;
}

impl Directory for Requester<UserLookup> {
    fn find(&self, id: &str) -> BoxFuture<'_, Result<Option<User>>> {
        let user_id = id.to_owned();
        Box::pin(async move { Ok(self.request(UserLookup { user_id }).await?) })
    }
}
