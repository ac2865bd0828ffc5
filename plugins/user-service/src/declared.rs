//! Users that configs declare: changes apply from the next start on.
//!
//! A user that a config declared and that no config declares any more is disabled and not deleted,
//! because other tables contain the id, and no other user may get it.

use std::collections::HashSet;

use plugin_contracts::{Database, User};
use plugin_core::{Error, ErrorExt, Result};

use crate::repository::Repository;

/// The source of this plugin's own config. It overrides what other sources say about a user.
pub(crate) const OWN: &str = "user-service";

/// Brings the users of a source into the state that the source declares.
///
/// # Errors
///
/// Returns an error if a user is invalid or occurs twice, or if the database fails.
pub(crate) async fn declare<D: Database>(
    repository: &Repository<D>,
    source: &str,
    users: &[User],
) -> Result<()> {
    let mut ids = HashSet::new();
    for user in users {
        user.check().context(told(user))?;
        if !ids.insert(user.id.as_str()) {
            return Err(Error::config("is there twice").context(told(user)));
        }
    }
    let before = repository.declared(source).await?;
    let gone = (before.iter()).filter(|(id, listed)| **listed && !ids.contains(id.as_str()));
    for (id, _) in gone {
        disable(repository, source, id).await?;
    }
    for user in users {
        let was_listed = before.get(&user.id) == Some(&true);
        let outcome = declare_one(repository, source, user, was_listed).await;
        outcome.context(told(user))?;
    }
    Ok(())
}

fn told(user: &User) -> String {
    format!("user `{}` of the config", user.id)
}

async fn disable<D: Database>(repository: &Repository<D>, source: &str, id: &str) -> Result<()> {
    repository.list(source, id, false).await?;
    if !repository.sources(id).await?.is_enabled() {
        tracing::warn!(
            user = id,
            "user disabled: no config lists them any more; what is stored of them stays"
        );
    }
    Ok(())
}

async fn declare_one<D: Database>(
    repository: &Repository<D>,
    source: &str,
    user: &User,
    was_listed: bool,
) -> Result<()> {
    let sources = repository.sources(&user.id).await?;
    match repository.any(&user.id).await? {
        None => {
            repository.create(user, None).await?;
            tracing::info!(user = user.id, "user created");
        }
        Some(stored) if stored == *user => {}
        Some(stored) if source != OWN && sources.has(OWN) => {
            let fields = different(&stored, user);
            tracing::warn!(
                user = user.id,
                fields,
                "`user-service` and another plugin's config list the user differently: what `user-service` says holds"
            );
        }
        Some(stored) => {
            let fields = different(&stored, user);
            repository.change(user).await?;
            tracing::info!(
                user = user.id,
                fields,
                "user changed to what the config says"
            );
        }
    }
    if !was_listed {
        repository.list(source, &user.id, true).await?;
    }
    if !sources.is_enabled() {
        tracing::info!(user = user.id, "user enabled: a config lists them again");
    }
    Ok(())
}

/// The names of the fields that differ.
fn different(one: &User, other: &User) -> String {
    let fields = [
        ("name", one.name != other.name),
        ("email", one.email != other.email),
        ("phone", one.phone != other.phone),
    ];
    let names = fields.iter().filter(|(_, differs)| *differs);
    names.map(|(name, _)| *name).collect::<Vec<_>>().join(", ")
}
