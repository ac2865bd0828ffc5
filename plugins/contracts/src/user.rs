//! The conditions that a user has to meet before it is stored.

use std::collections::HashSet;

use plugin_core::printable::is_obeyed;
use plugin_core::{Error, Result};

use crate::services::User;

const ID_LENGTH: usize = 64;
const TEXT_LENGTH: usize = 255;

impl User {
    /// Longest id in bytes, which is the size of its column.
    pub const ID_LENGTH: usize = ID_LENGTH;

    /// Checks that a user can be stored.
    ///
    /// # Errors
    ///
    /// Returns an error that names the wrong field.
    pub fn check(&self) -> Result<()> {
        Self::check_id(&self.id)?;
        text("name", &self.name, TEXT_LENGTH)?;
        text("email", &self.email, TEXT_LENGTH)?;
        if let Some(phone) = &self.phone {
            text("phone", phone, ID_LENGTH)?;
        }
        match self.email.split_once('@') {
            Some((name, host))
                if !name.is_empty() && !host.is_empty() && !self.email.contains(' ') =>
            {
                Ok(())
            }
            _ => Err(Error::external(format!(
                "`{}` is no e-mail address",
                self.email
            ))),
        }
    }

    /// Checks that a text can be the id of a user, so that an event may contain it as one.
    ///
    /// # Errors
    ///
    /// Returns an error that describes a valid id.
    pub fn check_id(id: &str) -> Result<()> {
        text("id", id, ID_LENGTH)
    }

    /// Checks that the users of a config can all be stored. `key` is the list that contains them.
    ///
    /// # Errors
    ///
    /// Returns an error that names the first user who can't be stored or is listed twice.
    pub fn check_all<'u>(key: &str, users: impl IntoIterator<Item = &'u Self>) -> Result<()> {
        let mut ids = HashSet::new();
        for (at, user) in users.into_iter().enumerate() {
            let fault = match user.check() {
                Err(error) => error.to_string(),
                Ok(()) if !ids.insert(user.id.as_str()) => {
                    format!("the user `{}` is there twice", user.id)
                }
                Ok(()) => continue,
            };
            return Err(Error::config(format!("`{key}[{at}]`: {fault}")));
        }
        Ok(())
    }
}

fn text(field: &str, text: &str, most: usize) -> Result<()> {
    let trimmed = text.trim() == text && !text.is_empty();
    // The same as in the events that name a user. Variation selectors are visible and hide nothing,
    // but they make two different names look the same.
    let is_seen = !text.contains(|char| is_obeyed(char) || matches!(char, '\u{fe0e}' | '\u{fe0f}'));
    if trimmed && text.len() <= most && is_seen {
        return Ok(());
    }
    Err(Error::external(format!(
        "`{field}` of a user is a text of 1 to {most} bytes, without spaces around it, and without \
         control characters and invisible ones"
    )))
}

#[cfg(test)]
mod tests {
    use plugin_core::event::Event;

    use super::*;
    use crate::events::UserLogout;

    fn who(id: &str, email: &str) -> User {
        User {
            id: id.into(),
            name: "Ann".into(),
            email: email.into(),
            phone: None,
        }
    }

    /// An id that the config accepts can be used in events, and other texts can't.
    #[test]
    fn report_a8_an_id_is_what_an_event_may_name() {
        // Beyond these are pictures and letters of old scripts, but no hidden characters.
        let planes = (0..0x1_0000)
            .chain(0x1_bc90..0x1_d200)
            .chain(0xd_fff0..0xe_1010);
        for char in planes.filter_map(char::from_u32) {
            let mut ids = vec![format!("a{char}b")];
            if char <= '\u{3010}' {
                ids.extend([format!("{char}a"), format!("a{char}")]);
            }
            for id in ids {
                let event = serde_json::json!({ "user_id": &id }).to_string();
                let named = UserLogout::DESCRIPTOR.check(event.as_bytes()).is_ok();
                assert_eq!(User::check_id(&id).is_ok(), named, "{id:?}");
            }
        }
    }

    #[test]
    fn a_user_looks_like_one() {
        assert!(who("ann", "ann@example.com").check().is_ok());
        assert!(who("安", "安@例子.com").check().is_ok());
        for (id, email) in [
            ("", "ann@example.com"),
            (" ann", "ann@example.com"),
            ("a\nb", "ann@example.com"),
            (&"a".repeat(65), "ann@example.com"),
            ("ann", "ann"),
            ("ann", "@example.com"),
            ("ann", "ann@example.com\r\nBcc: all@example.com"),
        ] {
            assert!(who(id, email).check().is_err(), "{id} {email}");
        }
    }
}
