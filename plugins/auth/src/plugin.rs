//! The plugin: implements the service step by step.

use std::collections::HashSet;
use std::time::Duration;

use plugin_contracts::{
    Auth, AuthError, Cache, Database, LogOut, Session, UserLogin, UserLogout, UserService,
};
use plugin_core::audit::SecurityLog;
use plugin_core::prelude::*;

use crate::accounts::Accounts;
use crate::attempts::{Attempt, Attempts, Throttled};
use crate::config::AuthConfig;
use crate::generations::Generations;
use crate::key;
use crate::known::Known;
use crate::ledger::Ledger;
use crate::origin::Origin;
use crate::password::Passwords;
use crate::revocation::Revocations;
use crate::stored;
use crate::strength;
use crate::token::{self, Claims, Signer};
use crate::trail::Trail;

/// The file of the key for tokens, if the config has none.
const KEY_FILE: &str = "token.key";

/// Longest id of a user that is checked.
const LONGEST_ID: usize = 256;

/// Checks passwords, issues and revokes tokens.
#[derive(Debug)]
pub struct Authenticator {
    config: AuthConfig,
    users: Service<dyn UserService>,
    passwords: Passwords,
    signer: Signer,
    attempts: Attempts,
    known: Known<Service<dyn Database>>,
    generations: Generations<Service<dyn Database>, Service<dyn UserService>>,
    revocations: Revocations<Service<dyn Cache>, Service<dyn Database>>,
    trail: Trail,
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
        log: SecurityLog,
        data_dir: DataDir,
        clock: Clock,
    ) -> Result<Self> {
        let key = key::load(config.secret.as_ref(), &data_dir.path().join(KEY_FILE))?;
        if config.secret.is_none() {
            data_dir.keep(KEY_FILE)?;
        }
        let (signer, passwords) = (Signer::new(&key)?, Passwords::new().await?);
        let (trail, now) = (Trail::new(log), clock.now());
        let ledger = Ledger::open(database.clone()).await?;
        let known = Known::open(database.clone(), now).await?;
        let accounts = Accounts {
            users: &users,
            passwords: &passwords,
            ledger: &ledger,
            trail: &trail,
        };
        for user in accounts.ensure(&config).await? {
            known.forget(&user).await?;
        }
        if !config.allow_weak_passwords {
            let listed: HashSet<_> = config.users.iter().map(|it| it.id.as_str()).collect();
            stored::check(&accounts, &listed).await?;
        }
        Ok(Self {
            generations: Generations::new(ledger, users.clone(), signer.clone()),
            users,
            passwords,
            signer,
            attempts: Attempts::new(config.failures),
            known,
            revocations: Revocations::open(cache, database, now).await?,
            trail,
            clock,
            login,
            logout,
            config,
        })
    }

    /// Removes revoked tokens that expired long ago, and networks that were not seen for a long
    /// time.
    #[schedule(every = "1h", jitter = "5m")]
    async fn forget_revoked(&self) -> Result<()> {
        let now = self.clock.now();
        self.revocations.forget(now).await?;
        self.known.forget_old(now).await
    }

    fn begin(&self, origin: &Origin, ip: Option<&str>) -> Result<Attempt<'_>, AuthError> {
        let begun = self.attempts.begin(origin, self.known.contains(origin));
        begun.map_err(|refused| {
            let (retry_after, why) = match refused {
                Throttled::Later(wait) => (wait, "too many failures"),
                Throttled::Busy => (Duration::from_secs(1), "too many logins at once"),
            };
            self.trail.login_refused(&origin.user, ip, why);
            AuthError::RateLimited { retry_after }
        })
    }

    /// The generation of the user's tokens if the password is right; otherwise the reason of the
    /// refusal. It needs the same amount of work for a user who does not exist.
    async fn check(&self, user: &str, password: &str) -> Result<Result<String, &'static str>> {
        let hash = self.users.password_hash(user).await?;
        let is_right = self.passwords.verify(password, hash.as_deref()).await?;
        let Some(hash) = hash else {
            return Ok(Err("no such user, or none who can log in"));
        };
        if !is_right {
            return Ok(Err("wrong password"));
        }
        let mut note = self.generations.ledger.find(user).await?;
        if note.listed == Some(false) {
            return Ok(Err("disabled"));
        }
        let weak = strength::is_weak(&[user], password);
        if note.weakness_of(&hash).is_none() {
            note.set_weakness(&hash, weak);
            self.generations.ledger.write(user, &note).await?;
        }
        if weak && !self.config.allow_weak_passwords {
            return Ok(Err("the password is right and weak"));
        }
        Ok(Ok(self.generations.of(user, &hash, &note)))
    }

    async fn issue(&self, origin: &Origin, generation: String, ip: Option<&str>) -> Result<String> {
        let (user, now) = (origin.user.as_str(), self.clock.now());
        if let Err(error) = self.known.remember(origin, now).await {
            tracing::warn!(
                user_id = user,
                "where the user came from is not noted: {error}"
            );
        }
        let claims = Claims::new(user, generation, now, self.config.token_ttl.get())?;
        let token = self.signer.sign(&claims)?;
        let event = UserLogin {
            user_id: user.to_owned(),
            ip: ip.map(str::to_owned),
        };
        tracing::debug!(user_id = user, "login granted");
        self.trail.logged_in(user, ip);
        self.login.publish(event).await?;
        Ok(token)
    }

    /// The claims of a valid token: signed, not expired, not revoked, and for the present state of
    /// the account.
    async fn claims(&self, token: &str, ip: Option<&str>) -> Result<Claims, AuthError> {
        let (now, ttl) = (self.clock.now(), self.config.token_ttl.get());
        let refused = |user: Option<&str>, why| {
            self.trail.token_refused(user, ip, why);
            AuthError::Token
        };
        let claims = self.signer.read(token, now, ttl).map_err(|(why, user)| {
            let why = match why {
                token::TokenRefusal::Foreign => "not made here, or changed",
                token::TokenRefusal::Over => "over",
                token::TokenRefusal::Early => "made later than now",
            };
            refused(user.as_deref(), why)
        })?;
        let revoked = self.revocations.contains(&claims, now).await;
        if revoked.map_err(AuthError::Failed)? {
            return Err(refused(Some(&claims.sub), "revoked"));
        }
        let current = self
            .generations
            .is_current(&claims.sub, &claims.generation)
            .await;
        if !current.map_err(AuthError::Failed)? {
            let why = "of an account that was changed or disabled since";
            return Err(refused(Some(&claims.sub), why));
        }
        Ok(claims)
    }

    async fn revoke(&self, claims: Claims, extent: LogOut) -> Result<()> {
        match extent {
            LogOut::Here => self.revocations.revoke(&claims, self.clock.now()).await?,
            LogOut::Everywhere => self.generations.end(&claims.sub).await?,
        }
        let user_id = claims.sub;
        self.logout.publish(UserLogout { user_id }).await?;
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
            self.trail.login_refused(user_id, ip, "no such user");
            return Err(AuthError::Credentials);
        }
        let origin = Origin::new(user_id, ip);
        let attempt = self.begin(&origin, ip)?;
        let generation = match self.check(user_id, password).await {
            Ok(Ok(generation)) => generation,
            Ok(Err(why)) => {
                self.trail.login_refused(user_id, ip, why);
                if attempt.failed() {
                    let failures = self.config.failures.per_user.get();
                    self.trail.slowed_down(user_id, ip, failures);
                }
                return Err(AuthError::Credentials);
            }
            Err(error) => {
                attempt.undecided();
                self.trail
                    .login_refused(user_id, ip, "it could not be checked");
                return Err(AuthError::Failed(error));
            }
        };
        attempt.succeeded();
        let issued = self.issue(&origin, generation, ip).await;
        issued.map_err(AuthError::Failed)
    }

    async fn logout(&self, token: &str) -> Result<(), AuthError> {
        self.logout_from(token, LogOut::Here, None).await
    }

    async fn verify(&self, token: &str) -> Result<Session, AuthError> {
        self.verify_from(token, None).await
    }

    async fn verify_from(&self, token: &str, ip: Option<&str>) -> Result<Session, AuthError> {
        let claims = self.claims(token, ip).await?;
        let expires = claims.expires();
        Ok(Session {
            user_id: claims.sub,
            expires,
        })
    }

    async fn logout_from(
        &self,
        token: &str,
        extent: LogOut,
        ip: Option<&str>,
    ) -> Result<(), AuthError> {
        let claims = self.claims(token, ip).await?;
        let user = claims.sub.clone();
        let revoked = self.revoke(claims, extent).await;
        revoked.map_err(AuthError::Failed)?;
        self.trail
            .logged_out(&user, ip, extent == LogOut::Everywhere);
        Ok(())
    }
}
