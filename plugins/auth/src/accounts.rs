//! The users of the config: at start they are there, with the password that the config says.

use plugin_contracts::{NewUser, User, UserService};
use plugin_core::{Error, ErrorExt, Result};

use crate::config::{Account, AuthConfig};
use crate::password::Passwords;

/// Shortest password that is not weak, in bytes.
const SHORTEST: usize = 12;

/// Creates the users that are absent, and corrects passwords that the config changed.
///
/// # Errors
///
/// When a password is weak and that is not allowed, or the users can't be reached.
pub(crate) async fn ensure(
    config: &AuthConfig,
    users: &impl UserService,
    passwords: &Passwords,
) -> Result<()> {
    for account in &config.users {
        check_strength(account, config.allow_weak_passwords)?;
        let ensured = ensure_one(account, users, passwords).await;
        ensured.context(format!("user `{}` of the config", account.id))?;
    }
    Ok(())
}

async fn ensure_one(
    account: &Account,
    users: &impl UserService,
    passwords: &Passwords,
) -> Result<()> {
    let password = account.password.expose();
    if users.find(&account.id).await?.is_none() {
        let password_hash = passwords.hash(password).await?;
        let user = user(account);
        users
            .create(NewUser {
                user,
                password_hash,
            })
            .await?;
        tracing::info!(user = account.id, "user created");
        return Ok(());
    }
    let hash = users.password_hash(&account.id).await?;
    if !passwords.verify(password, hash.as_deref()).await? {
        let hash = passwords.hash(password).await?;
        users.set_password_hash(&account.id, &hash).await?;
        tracing::info!(user = account.id, "password changed to that of the config");
    }
    Ok(())
}

fn user(account: &Account) -> User {
    User {
        id: account.id.clone(),
        name: account.name.clone(),
        email: account.email.clone(),
        phone: account.phone.clone(),
    }
}

fn check_strength(account: &Account, allow_weak: bool) -> Result<()> {
    let password = account.password.expose();
    if password.is_empty() {
        return Err(Error::config(format!(
            "the password of user `{}` is empty",
            account.id
        )));
    }
    let weak = password.len() < SHORTEST || password.eq_ignore_ascii_case(&account.id);
    match (weak, allow_weak) {
        (false, _) => Ok(()),
        (true, true) => {
            tracing::warn!(
                user = account.id,
                "a weak password, which `allow_weak_passwords` lets pass: change it before others can reach this machine"
            );
            Ok(())
        }
        (true, false) => Err(Error::config(format!(
            "the password of user `{}` is weak: take one of {SHORTEST} bytes or more that is not the id, or set `allow_weak_passwords`",
            account.id
        ))),
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
        assert!(check_strength(&account("correct horse"), false).is_ok());
        for weak in ["short", "Administrator"] {
            assert!(check_strength(&account(weak), false).is_err());
            assert!(check_strength(&account(weak), true).is_ok());
        }
        assert!(check_strength(&account(""), true).is_err());
    }
}
