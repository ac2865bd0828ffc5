//! The plugin: the service, step by step.

use std::time::Duration;

use plugin_contracts::{
    Auth, AuthError, Cache, Database, Session, UserLogin, UserLogout, UserService,
};
use plugin_core::prelude::*;

use crate::attempts::{Attempts, Origin};
use crate::config::AuthConfig;
use crate::password::Passwords;
use crate::revocation::Revocations;
use crate::token::{Claims, Signer};
use crate::{accounts, key};

/// Longest id of a user that is looked at.
const LONGEST_ID: usize = 256;

/// Checks passwords, issues and revokes tokens.
#[derive(Debug)]
pub struct Authenticator {
    users: Service<dyn UserService>,
    passwords: Passwords,
    signer: Signer,
    attempts: Attempts<Service<dyn Cache>>,
    revocations: Revocations<Service<dyn Cache>, Service<dyn Database>>,
    token_ttl: Duration,
    clock: Clock,
    login: Publisher<UserLogin>,
    logout: Publisher<UserLogout>,
}

/// Checks passwords, and issues and revokes tokens.
#[plugin(name = "auth-plugin", provides(Auth))]
impl Authenticator {
    #[init]
    #[expect(
        clippy::too_many_arguments,
        reason = "each parameter is a need of the plugin"
    )]
    async fn init(
        Config(config): Config<AuthConfig>,
        cache: Service<dyn Cache>,
        database: Service<dyn Database>,
        users: Service<dyn UserService>,
        login: Publisher<UserLogin>,
        logout: Publisher<UserLogout>,
        data_dir: DataDir,
        clock: Clock,
    ) -> Result<Self> {
        let key = key::load(config.secret.as_ref(), &data_dir.path().join("token.key"))?;
        let passwords = Passwords::new().await?;
        accounts::ensure(&config, &users, &passwords).await?;
        Ok(Self {
            users,
            passwords,
            signer: Signer::new(&key)?,
            attempts: Attempts::new(cache.clone(), config.failures),
            revocations: Revocations::open(cache, database, clock.now()).await?,
            token_ttl: config.token_ttl.get(),
            clock,
            login,
            logout,
        })
    }

    /// Forgets revoked tokens that are over: nobody can use them any more.
    #[schedule(every = "1h", jitter = "5m")]
    async fn forget_revoked(&self) -> Result<()> {
        self.revocations.forget(self.clock.now()).await
    }

    /// Whether the password is the user's, at the same cost for a user who is not there.
    async fn check(&self, user: &str, password: &str) -> Result<bool> {
        let hash = self.users.password_hash(user).await?;
        self.passwords.verify(password, hash.as_deref()).await
    }

    async fn issue(&self, user: &str, ip: Option<&str>) -> Result<String> {
        let claims = Claims::new(user, self.clock.now(), self.token_ttl)?;
        let token = self.signer.sign(&claims)?;
        let event = UserLogin {
            user_id: user.to_owned(),
            ip: ip.map(str::to_owned),
        };
        tracing::debug!(user_id = user, "login granted");
        self.login.publish(event).await?;
        Ok(token)
    }

    /// The claims of a token that is good: signed, not over, not revoked.
    async fn claims(&self, token: &str) -> Result<Claims, AuthError> {
        let now = self.clock.now();
        let claims = self.signer.read(token, now).ok_or(AuthError::Token)?;
        match self.revocations.contains(&claims, now).await {
            Ok(false) => Ok(claims),
            Ok(true) => Err(AuthError::Token),
            Err(error) => Err(AuthError::Failed(error)),
        }
    }

    async fn revoke(&self, claims: Claims) -> Result<()> {
        self.revocations.revoke(&claims, self.clock.now()).await?;
        self.logout
            .publish(UserLogout {
                user_id: claims.sub,
            })
            .await?;
        Ok(())
    }
}

#[service]
impl Auth for Authenticator {
    async fn login(
        &self,
        user_id: &str,
        password: &str,
        ip: Option<&str>,
    ) -> Result<String, AuthError> {
        if user_id.len() > LONGEST_ID {
            return Err(AuthError::Credentials);
        }
        let origin = Origin::new(user_id, ip);
        let begun = self.attempts.begin(&origin, self.clock.now()).await;
        begun.map_err(|retry_after| AuthError::RateLimited { retry_after })?;
        match self.check(user_id, password).await {
            Ok(true) => self.attempts.succeeded(&origin, self.clock.now()).await,
            Ok(false) => return Err(AuthError::Credentials),
            Err(error) => {
                self.attempts.undecided(&origin, self.clock.now()).await;
                return Err(AuthError::Failed(error));
            }
        }
        self.issue(user_id, ip).await.map_err(AuthError::Failed)
    }

    async fn logout(&self, token: &str) -> Result<(), AuthError> {
        let claims = self.claims(token).await?;
        self.revoke(claims).await.map_err(AuthError::Failed)
    }

    async fn verify(&self, token: &str) -> Result<Session, AuthError> {
        let claims = self.claims(token).await?;
        let expires = claims.expires();
        Ok(Session {
            user_id: claims.sub,
            expires,
        })
    }
}
