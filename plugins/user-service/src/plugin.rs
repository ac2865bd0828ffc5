//! The plugin: implements the service with the table of users.

use plugin_contracts::{Database, NewUser, User, UserLookup, UserService};
use plugin_core::prelude::*;

use crate::config::UserServiceConfig;
use crate::declared;
use crate::repository::Repository;

/// Finds and creates users in the database.
#[derive(Debug)]
pub struct Users {
    repository: Repository<Service<dyn Database>>,
}

/// Keeps users in the database.
#[plugin(name = "user-service", provides(UserService))]
impl Users {
    #[init]
    async fn init(
        Config(config): Config<UserServiceConfig>,
        database: Service<dyn Database>,
    ) -> Result<Self> {
        let repository = Repository::open(database).await?;
        let users: Vec<_> = config.users.into_iter().map(User::from).collect();
        declared::declare(&repository, declared::OWN, &users).await?;
        Ok(Self { repository })
    }

    /// For plugins that need the data of a user, and nothing else of the service.
    #[respond]
    async fn lookup(&self, lookup: &UserLookup) -> Result<Option<User>> {
        let user = self.repository.find(&lookup.user_id).await?;
        let found = user.is_some();
        tracing::debug!(user_id = lookup.user_id, found, "user looked up");
        Ok(user)
    }
}

#[service]
impl UserService for Users {
    async fn find(&self, id: &str) -> Result<Option<User>> {
        self.repository.find(id).await
    }

    async fn password_hash(&self, id: &str) -> Result<Option<String>> {
        self.repository.password_hash(id).await
    }

    async fn create(&self, user: NewUser) -> Result<()> {
        self.repository
            .create(&user.user, Some(&user.password_hash))
            .await
    }

    async fn set_password_hash(&self, id: &str, hash: &str) -> Result<()> {
        self.repository.set_password_hash(id, hash).await
    }

    async fn declare(&self, source: &str, users: &[User]) -> Result<()> {
        declared::declare(&self.repository, source, users).await
    }

    async fn with_password(&self, after: &str) -> Result<Vec<(String, String)>> {
        self.repository.with_password(after).await
    }
}
