//! What a user has to look like before it is stored.

use plugin_contracts::User;
use plugin_core::{Error, Result};

/// Longest id, in bytes: what its column holds.
pub(crate) const ID_LENGTH: usize = 64;
const TEXT_LENGTH: usize = 255;

/// Checks a user who is to be created.
///
/// # Errors
///
/// Names the field that is wrong.
pub(crate) fn user(user: &User) -> Result<()> {
    text("id", &user.id, ID_LENGTH)?;
    text("name", &user.name, TEXT_LENGTH)?;
    text("email", &user.email, TEXT_LENGTH)?;
    if let Some(phone) = &user.phone {
        text("phone", phone, ID_LENGTH)?;
    }
    match user.email.split_once('@') {
        Some((name, host)) if !name.is_empty() && !host.is_empty() && !user.email.contains(' ') => {
            Ok(())
        }
        _ => Err(Error::external(format!(
            "`{}` is no e-mail address",
            user.email
        ))),
    }
}

fn text(field: &str, text: &str, most: usize) -> Result<()> {
    let trimmed = text.trim() == text && !text.is_empty();
    if trimmed && text.len() <= most && !text.contains(char::is_control) {
        return Ok(());
    }
    Err(Error::external(format!(
        "`{field}` of a user is a text of 1 to {most} bytes, without spaces around it and control characters"
    )))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn who(id: &str, email: &str) -> User {
        User {
            id: id.into(),
            name: "Ann".into(),
            email: email.into(),
            phone: None,
        }
    }

    #[test]
    fn a_user_looks_like_one() {
        assert!(user(&who("ann", "ann@example.com")).is_ok());
        assert!(user(&who("安", "安@例子.com")).is_ok());
        for (id, email) in [
            ("", "ann@example.com"),
            (" ann", "ann@example.com"),
            ("a\nb", "ann@example.com"),
            (&"a".repeat(65), "ann@example.com"),
            ("ann", "ann"),
            ("ann", "@example.com"),
            ("ann", "ann@example.com\r\nBcc: all@example.com"),
        ] {
            assert!(user(&who(id, email)).is_err(), "{id} {email}");
        }
    }
}
