//! Who knows the users.

use plugin_contracts::{User, UserLookup};
use plugin_core::event::Requester;
use plugin_core::{BoxFuture, Result};

/// Knows the users, or somebody who does.
pub(crate) trait Directory: Send + Sync {
    /// The user with that key.
    fn find(&self, id: &str) -> BoxFuture<'_, Result<Option<User>>>;
}

impl Directory for Requester<UserLookup> {
    fn find(&self, id: &str) -> BoxFuture<'_, Result<Option<User>>> {
        let user_id = id.to_owned();
        Box::pin(async move { Ok(self.request(UserLookup { user_id }).await?) })
    }
}
