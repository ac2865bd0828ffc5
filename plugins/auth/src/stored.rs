//! Weak passwords of accounts that the config does not list, which were created by other plugins or
//! by hand.
//!
//! A hash does not show whether its password is weak. What is known is recorded: when a password is
//! set, when it is used in a login, and here, by trying the most common passwords.

use std::collections::HashSet;
use std::time::Duration;

use plugin_contracts::{Database, UserService};
use plugin_core::{Error, Result};
use tokio::time::Instant;

use crate::accounts::Accounts;

/// The most common passwords, in addition to the id.
const FIRST: [&str; 7] = [
    "demo", "password", "admin", "changeme", "secret", "12345678", "",
];

/// How long the passwords of accounts are checked during a start. The rest is checked at the next
/// login of each user.
const BUDGET: Duration = Duration::from_secs(5);

/// Most names in a message.
const NAMED: usize = 10;

/// Refuses passwords that are known to be weak.
///
/// # Errors
///
/// Returns an error if there are weak passwords, or if the users can't be reached.
pub(crate) async fn check<D: Database, U: UserService>(
    accounts: &Accounts<'_, D, U>,
    listed: &HashSet<&str>,
) -> Result<()> {
    let until = Instant::now() + BUDGET;
    let (mut weak, mut others, mut after) = (Vec::new(), 0, String::new());
    while Instant::now() < until {
        let page = accounts.users.with_password(&after).await?;
        let Some((last, _)) = page.last() else {
            break;
        };
        after.clone_from(last);
        for (id, hash) in page {
            if listed.contains(id.as_str()) {
                continue;
            }
            others += 1;
            if is_weak(accounts, &id, &hash, until).await? {
                weak.push(id);
            }
        }
    }
    if others > 0 {
        tracing::info!(
            accounts = others,
            "can log in though the config does not list them"
        );
    }
    if weak.is_empty() {
        return Ok(());
    }
    let more = weak.len().saturating_sub(NAMED);
    weak.truncate(NAMED);
    let names = weak.join("`, `");
    let more = if more > 0 {
        format!(" and {more} more")
    } else {
        String::new()
    };
    Err(Error::config(format!(
        "weak passwords are stored of users that the config does not list, `{names}`{more}: list them in `users` with better ones, or set `allow_weak_passwords`"
    )))
}

async fn is_weak<D: Database, U: UserService>(
    accounts: &Accounts<'_, D, U>,
    id: &str,
    hash: &str,
    until: Instant,
) -> Result<bool> {
    let mut note = accounts.ledger.find(id).await?;
    if note.listed == Some(false) {
        return Ok(false);
    }
    if let Some(weak) = note.weakness_of(hash) {
        return Ok(weak);
    }
    for guess in [id].into_iter().chain(FIRST) {
        if Instant::now() >= until {
            return Ok(false);
        }
        // With a hash that can't be read, nobody can log in.
        if let Ok(true) = accounts.passwords.verify(guess, Some(hash)).await {
            note.set_weakness(hash, true);
            accounts.ledger.write(id, &note).await?;
            return Ok(true);
        }
    }
    note.set_weakness(hash, false);
    accounts.ledger.write(id, &note).await?;
    Ok(false)
}
