//! The users in the config are the declared state: a listed user can log in with the configured
//! password, and a user who is not listed any more can't log in.
//!
//! A disabled account stays in the tables, so that its id always means the same person. Every
//! change of an account ends its tokens: a token that was issued for another person, or for an
//! earlier password, is not valid any more.

use std::collections::HashSet;

use plugin_contracts::{Database, UserService};
use plugin_core::{Error, ErrorExt, Result};

use crate::config::{Account, AuthConfig};
use crate::ledger::{Ledger, Note, digest};
use crate::password::Passwords;
use crate::strength::is_weak;
use crate::trail::Trail;

/// The name of this plugin as a source of users.
const SOURCE: &str = "auth-plugin";

/// The services that are needed to bring accounts into the state of the config.
pub(crate) struct Accounts<'a, D, U> {
    pub(crate) users: &'a U,
    pub(crate) passwords: &'a Passwords,
    pub(crate) ledger: &'a Ledger<D>,
    pub(crate) trail: &'a Trail,
}

impl<D: Database, U: UserService> Accounts<'_, D, U> {
    /// Brings the accounts into the state of the config, and returns the ids of those whose
    /// password changed or that were disabled.
    ///
    /// # Errors
    ///
    /// Returns an error if a password is weak and weak passwords are not allowed, if a user is
    /// listed twice, or if the users can't be reached.
    pub(crate) async fn ensure(&self, config: &AuthConfig) -> Result<Vec<String>> {
        config.check()?;
        for account in config.users.iter().filter(|account| account.is_weak()) {
            tracing::warn!(
                user = account.id,
                "a weak password, which `allow_weak_passwords` lets pass: change it before others can reach this machine"
            );
        }
        let listed = config.users.iter().map(|account| account.id.as_str());
        let listed: HashSet<&str> = listed.collect();
        // Accounts are disabled first: if the process ended in between, no user would return with
        // old tokens.
        let mut changed = self.close_others(&listed).await?;
        let profiles: Vec<_> = config.users.iter().map(Account::user).collect();
        self.users.declare(SOURCE, &profiles).await?;
        for account in &config.users {
            let opened = self.open(account).await;
            if opened.context(format!("user `{}` of the config", account.id))? {
                changed.push(account.id.clone());
            }
        }
        Ok(changed)
    }

    async fn close_others(&self, listed: &HashSet<&str>) -> Result<Vec<String>> {
        let before = self.ledger.listed().await?.into_iter();
        let gone: Vec<_> = before.filter(|id| !listed.contains(id.as_str())).collect();
        for id in &gone {
            let mut note = self.ledger.find(id).await?;
            note.listed = Some(false);
            note.end_tokens()?;
            self.ledger.write(id, &note).await?;
            tracing::warn!(
                user = id,
                "account disabled: `users` does not list it any more; nobody can log in with it, and its tokens end"
            );
            self.trail
                .account("account.disable", id, "not in `users` any more");
        }
        Ok(gone)
    }

    /// Enables an account of the config, and returns whether its password has changed.
    async fn open(&self, account: &Account) -> Result<bool> {
        let (id, password) = (&account.id, account.password.expose());
        let before = self.ledger.find(id).await?;
        let mut note = before.clone();
        let hash = self.users.password_hash(id).await?;
        let is_back = before.listed == Some(false);
        // A user who returns gets another hash even for the same password, so that old tokens stay
        // invalid.
        let hash = hash.filter(|_| !is_back);
        let is_kept = match &hash {
            // A hash that can't be read is replaced.
            Some(hash) => matches!(self.passwords.verify(password, Some(hash)).await, Ok(true)),
            None => false,
        };
        let hash = match hash.filter(|_| is_kept) {
            Some(hash) => hash,
            None => self.set_password(account, &before, &mut note).await?,
        };
        if note.weakness_of(&hash).is_none() {
            note.set_weakness(&hash, is_weak(&[id], password));
        }
        self.note_profile(id, &mut note).await?;
        note.listed = Some(true);
        if note != before {
            self.ledger.write(id, &note).await?;
        }
        Ok(!is_kept)
    }

    async fn set_password(
        &self,
        account: &Account,
        before: &Note,
        note: &mut Note,
    ) -> Result<String> {
        let id = &account.id;
        let hash = self.passwords.hash(account.password.expose()).await?;
        note.end_tokens()?;
        self.users.set_password_hash(id, &hash).await?;
        let (action, what) = match before.listed {
            Some(false) => ("account.enable", "account enabled: `users` lists it again"),
            Some(true) => (
                "account.change",
                "password changed to that of the config; its tokens end",
            ),
            None => ("account.enable", "account opened: `users` lists it"),
        };
        tracing::info!(user = id, "{what}");
        self.trail.account(action, id, what);
        Ok(hash)
    }

    /// A changed name or address may mean another person.
    async fn note_profile(&self, id: &str, note: &mut Note) -> Result<()> {
        let Some(user) = self.users.find(id).await? else {
            return Err(Error::external("the user can't be found"));
        };
        let phone = user.phone.as_deref().unwrap_or_default();
        let profile = digest(&[&user.name, &user.email, phone]);
        if note.profile.as_ref().is_some_and(|it| *it != profile) {
            note.end_tokens()?;
            let what = "name or addresses changed; its tokens end";
            tracing::info!(user = id, "{what}");
            self.trail.account("account.change", id, what);
        }
        note.profile = Some(profile);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn account(password: &str) -> Account {
        Account {
            id: "administrator".into(),
            name: "Ann".into(),
            email: "ann@example.com".into(),
            phone: None,
            password: password.into(),
        }
    }

    #[test]
    fn weak_passwords_have_to_be_allowed() {
        let check = |password: &str, allow_weak_passwords| {
            let users = vec![account(password)];
            AuthConfig {
                users,
                allow_weak_passwords,
                ..AuthConfig::default()
            }
            .check()
        };
        assert!(check("correct horse", false).is_ok());
        for weak in ["short", "Administrator", "123456789012", "passwordpassword"] {
            assert!(check(weak, false).is_err());
            assert!(check(weak, true).is_ok());
        }
        assert!(check("", true).is_err());
    }
}
