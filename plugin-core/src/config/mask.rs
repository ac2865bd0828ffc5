//! Secrets inside of other values: a password in an address, a key in its query, a token in a
//! header. They are found by their form, for the type of the value does not tell.

use std::borrow::Cow;

use super::secret::MASK;

/// Names whose value is a secret, in an address or a connection string: a name that ends so.
const NAMES: [&str; 12] = [
    "password",
    "passwd",
    "pwd",
    "pass",
    "secret",
    "token",
    "key",
    "apikey",
    "sig",
    "signature",
    "auth",
    "credential",
];

/// Words before a secret in a header.
const SCHEMES: [&str; 2] = ["bearer ", "basic "];

/// What stands between the parts of a text.
fn is_gap(char: char) -> bool {
    char.is_whitespace() || "\"'`<>,;".contains(char)
}

/// A text without the secrets that its form gives away: who logs in at an address
/// (`https://***@host`), values of telling names (`?key=***`, `Password=***;`) and what follows
/// `Bearer` or `Basic`. For a value that is nothing but an address that may hold a secret there is
/// [`SecretUrl`](super::SecretUrl), which hides more.
///
/// # Example
///
/// ```
/// use plugin_core::config::mask;
///
/// assert_eq!(mask("mysql://app:hunter2@db/shop"), "mysql://***@db/shop");
/// assert_eq!(mask("https://gw/send?to=1&api_key=f00"), "https://gw/send?to=1&api_key=***");
/// assert_eq!(mask("welcome"), "welcome");
/// ```
#[must_use]
pub fn mask(text: &str) -> Cow<'_, str> {
    let mut masked = Cow::Borrowed(text);
    for find in [user, value, credentials] {
        let mut from = 0;
        while let Some((start, end)) = find(&masked, from) {
            masked.to_mut().replace_range(start..end, MASK);
            from = start + MASK.len();
        }
    }
    masked
}

/// Who logs in, in the first address from a place on.
fn user(text: &str, from: usize) -> Option<(usize, usize)> {
    let mut from = from;
    loop {
        let start = text[from..].find("://")? + from + 3;
        let rest = &text[start..];
        let address = &rest[..rest.find(is_gap).unwrap_or(rest.len())];
        let authority = &address[..address.find(['?', '#']).unwrap_or(address.len())];
        // A password may hold a slash, though it should not: the last `@` counts.
        match authority.rfind('@') {
            Some(at) if at > 0 => return Some((start, start + at)),
            _ => from = start,
        }
    }
}

/// The value of the first telling name from a place on.
fn value(text: &str, from: usize) -> Option<(usize, usize)> {
    let mut from = from;
    loop {
        let start = text[from..].find('=')? + from + 1;
        let name = text[..start - 1].trim_end().to_ascii_lowercase();
        let rest = text[start..].trim_start_matches(' ');
        let start = text.len() - rest.len();
        let end = |char: char| is_gap(char) || char == '&' || char == '#';
        let length = rest.find(end).unwrap_or(rest.len());
        if length > 0 && NAMES.iter().any(|telling| name.ends_with(telling)) {
            return Some((start, start + length));
        }
        from = start;
    }
}

/// What follows the word of a header from a place on.
fn credentials(text: &str, from: usize) -> Option<(usize, usize)> {
    let lower = text.to_ascii_lowercase();
    let after = |word: &&str| Some(lower[from..].find(word)? + from + word.len());
    let start = SCHEMES.iter().filter_map(after).min()?;
    let rest = &text[start..];
    let length = rest.find(is_gap).unwrap_or(rest.len());
    Some((start, start + length))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn report_a16_secrets_are_found_by_their_form() {
        for (text, masked) in [
            (
                "https://u:p@gw.example:8443/sms",
                "https://***@gw.example:8443/sms",
            ),
            ("https://token@gw/", "https://***@gw/"),
            ("http://u:p/w@gw/", "http://***@gw/"),
            (
                "a http://u:p@a b http://u:p@b",
                "a http://***@a b http://***@b",
            ),
            (
                "https://gw/?key=f00&to=1&token=b4r#x",
                "https://gw/?key=***&to=1&token=***#x",
            ),
            (
                "https://gw/?access_token=f00",
                "https://gw/?access_token=***",
            ),
            (
                "Server=db;User=a;Password=x y;Port=1",
                "Server=db;User=a;Password=*** y;Port=1",
            ),
            ("pwd = f00", "pwd = ***"),
            ("Authorization: Bearer f00.b4r", "Authorization: Bearer ***"),
            (
                "authorization: basic dTpw, x",
                "authorization: basic ***, x",
            ),
            ("https://gw/?to=a@b", "https://gw/?to=a@b"),
            ("https://gw/path", "https://gw/path"),
            ("a = b, see https://@x", "a = b, see https://@x"),
            ("欢迎", "欢迎"),
            ("key=", "key="),
        ] {
            assert_eq!(mask(text), masked);
        }
    }

    #[test]
    fn what_is_masked_is_masked_once() {
        let text = "mysql://a:b@c/d?password=e Bearer f";
        assert_eq!(mask(&mask(text)), mask(text));
    }
}
