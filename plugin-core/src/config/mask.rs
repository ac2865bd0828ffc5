//! Finds secrets inside of other values: a password in an address, a key in a query, a token in a
//! header. They are found by their form, because the type of the value does not say that it
//! contains a secret.

use std::borrow::Cow;

use serde_json::Value;

use super::secret::MASK;

/// In an address or a connection string, a name with one of these endings has a secret as its
/// value.
const NAMES: [&str; 15] = [
    "password",
    "passwd",
    "passphrase",
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
    "credentials",
    "jwt",
];

/// A key with exactly one of these names has a secret as its value, whatever the type of the value.
const KEYS: [&str; 11] = [
    "password",
    "passwd",
    "passphrase",
    "pwd",
    "secret",
    "token",
    "apikey",
    "privatekey",
    "secretkey",
    "accesskey",
    "credentials",
];

/// Prefixes of the tokens of widely used services, and of JSON Web Tokens.
const PREFIXES: [&str; 11] = [
    "eyJ",
    "ghp_",
    "gho_",
    "ghs_",
    "github_pat_",
    "glpat-",
    "sk_live_",
    "sk-",
    "xoxb-",
    "xoxp-",
    "AKIA",
];

/// Least number of characters of a token after its prefix.
const SHORTEST: usize = 12;

/// Words that precede a secret in a header.
const SCHEMES: [&str; 2] = ["bearer", "basic"];

/// Whether a character separates the parts of a text.
fn is_gap(char: char) -> bool {
    char.is_whitespace() || "\"'`<>,;".contains(char)
}

/// Replaces the secrets in a text that can be recognized by their form: the user in an address
/// (`https://***@host`, `***@host`), a port that is not a number (`https://host:***/`), the values
/// of names that indicate a secret (`?key=***`, `Password=***;`, `{"password": "***"}`,
/// `api_key: ***`), the text after `Bearer` or `Basic`, and tokens with a known prefix (`eyJ…`,
/// `ghp_…`). For a value that consists of one address that may contain a secret, use
/// [`SecretUrl`](super::SecretUrl), which hides more.
///
/// # Example
///
/// ```
/// use plugin_core::config::mask;
///
/// assert_eq!(mask("mysql://app:hunter2@db/shop"), "mysql://***@db/shop");
/// assert_eq!(mask("https://gw/send?to=1&api_key=f00"), "https://gw/send?to=1&api_key=***");
/// assert_eq!(mask(r#"{"password": "hunter2"}"#), r#"{"password": "***"}"#);
/// assert_eq!(mask("welcome"), "welcome");
/// ```
#[must_use]
pub fn mask(text: &str) -> Cow<'_, str> {
    let mut masked = Cow::Borrowed(text);
    for find in [user, port, login, value, credentials, token] {
        let hidden = hide(&masked, find);
        if let Some(hidden) = hidden {
            masked = Cow::Owned(hidden);
        }
    }
    masked
}

/// Hides the secrets in a JSON value at any depth: every value of a key that indicates a secret
/// (`password`, `api_key`), whatever its type, and what [`mask`] finds in other texts.
///
/// # Example
///
/// ```
/// use plugin_core::config::mask_value;
/// use serde_json::json;
///
/// let mut order = json!({"card": {"api_key": 7}, "hook": "https://u:p@h/", "total": 1});
/// mask_value(&mut order);
/// assert_eq!(order, json!({"card": {"api_key": "***"}, "hook": "https://***@h/", "total": 1}));
/// ```
pub fn mask_value(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            for (key, value) in fields {
                match names_secret(key) {
                    true => *value = MASK.into(),
                    false => mask_value(value),
                }
            }
        }
        Value::Array(values) => values.iter_mut().for_each(mask_value),
        Value::String(text) => {
            if let Cow::Owned(masked) = mask(text) {
                *text = masked;
            }
        }
        _ => {}
    }
}

/// The text with everything replaced that `find` finds; `None` if it finds nothing.
fn hide(text: &str, find: fn(&str, usize) -> Option<(usize, usize)>) -> Option<String> {
    let (mut hidden, mut from) = (String::new(), 0);
    while let Some((start, end)) = find(text, from) {
        hidden.extend([&text[from..start], MASK]);
        from = end;
    }
    (from > 0).then(|| hidden + &text[from..])
}

/// The user in the first address at or after `from`.
fn user(text: &str, from: usize) -> Option<(usize, usize)> {
    let mut from = from;
    loop {
        let start = text[from..].find("://")? + from + 3;
        let rest = &text[start..];
        let ends = |char| is_gap(char) || char == '?' || char == '#';
        let authority = &rest[..rest.find(ends).unwrap_or(rest.len())];
        // A password may contain a slash, although it should not, so the last `@` counts.
        match authority.rfind('@') {
            Some(at) if at > 0 => return Some((start, start + at)),
            _ => from = start + authority.len(),
        }
    }
}

/// The text in place of the port of an address, if it is not a number.
fn port(text: &str, from: usize) -> Option<(usize, usize)> {
    let mut from = from;
    loop {
        let start = text[from..].find("://")? + from + 3;
        let rest = &text[start..];
        let ends = |char| is_gap(char) || "/?#\\".contains(char);
        let authority = &rest[..rest.find(ends).unwrap_or(rest.len())];
        let host = start + authority.rfind('@').map_or(0, |at| at + 1);
        from = start + authority.len();
        // The colons of an IPv6 address are within brackets.
        let host = host + text[host..from].find(']').unwrap_or(0);
        let Some(colon) = text[host..from].find(':') else {
            continue;
        };
        let port = host + colon + 1;
        let is_told = text[port..from].bytes().all(|byte| byte.is_ascii_digit());
        if !is_told && &text[port..from] != MASK {
            return Some((port, from));
        }
    }
}

/// The user in a text without a scheme: `user:password@host`.
fn login(text: &str, from: usize) -> Option<(usize, usize)> {
    let mut from = from;
    loop {
        let at = text[from..].find('@')? + from;
        let word = text[from..at].rfind(is_gap).map_or(from, |gap| {
            gap + from + text[gap + from..].chars().next().map_or(0, char::len_utf8)
        });
        // After the last slash, equals sign or bracket there are only the user and the password.
        let word = text[word..at]
            .rfind(['/', '=', '?', '&', '(', '[', '{'])
            .map_or(word, |gap| word + gap + 1);
        match text[word..at].split_once(':') {
            Some((user, password)) if !user.is_empty() && !password.is_empty() => {
                // A password may contain an `@`, so the last `@` of the word counts.
                let rest = &text[at..];
                let rest = &rest[..rest.find(is_gap).unwrap_or(rest.len())];
                return Some((word, at + rest.rfind('@').unwrap_or(0)));
            }
            _ => from = at + 1,
        }
    }
}

/// The value of the first name at or after `from` that indicates a secret.
fn value(text: &str, from: usize) -> Option<(usize, usize)> {
    let mut from = from;
    loop {
        let sign = text[from..].find(['=', ':'])? + from;
        from = sign + 1;
        let (before, rest) = (&text[..sign], text[from..].trim_start_matches(' '));
        if !tells(before, text.as_bytes()[sign]) {
            continue;
        }
        // In JSON within JSON, a quotation mark is escaped.
        let quoted = rest.trim_start_matches('\\');
        let mark = match quoted.chars().next() {
            Some('"' | '\'') => &rest[..rest.len() - quoted.len() + 1],
            _ => "",
        };
        let start = text.len() - rest.len() + mark.len();
        let rest = &text[start..];
        let length = match mark {
            "" => rest.find(|char| is_gap(char) || "&#)]}".contains(char)),
            _ => closing(rest, mark),
        };
        let length = length.unwrap_or(rest.len());
        if length > 0 {
            return Some((start, start + length));
        }
    }
}

/// Whether the name at the end of `before` indicates that its value is a secret.
fn tells(before: &str, sign: u8) -> bool {
    let before = before.trim_end_matches(' ');
    let name = before.trim_end_matches(['"', '\'', '\\']);
    let named = |telling: &&&str| {
        let at = name.len().checked_sub(telling.len());
        at.and_then(|at| name.get(at..))
            .is_some_and(|end| end.eq_ignore_ascii_case(telling))
    };
    // `the key: …` is ordinary text; `"key": …` and `api_key: …` are not.
    let is_prose = |telling: &str| {
        let rest = &name[..name.len() - telling.len()];
        let is_word = rest.ends_with(|char: char| char.is_alphanumeric() || "_-".contains(char));
        sign == b':' && telling == "key" && name.len() == before.len() && !is_word
    };
    let longest = NAMES.iter().filter(named).max_by_key(|name| name.len());
    longest.is_some_and(|telling| !is_prose(telling))
}

/// The end of a quoted value.
fn closing(rest: &str, mark: &str) -> Option<usize> {
    let is_escaped = |at: usize| mark.len() == 1 && rest[..at].ends_with('\\');
    rest.match_indices(mark)
        .map(|(at, _)| at)
        .find(|at| !is_escaped(*at))
}

/// The text after the first `Bearer` or `Basic` at or after `from`.
fn credentials(text: &str, from: usize) -> Option<(usize, usize)> {
    let is_scheme = |at: usize| {
        let word = |scheme: &&str| at.checked_sub(scheme.len()).and_then(|it| text.get(it..at));
        SCHEMES
            .iter()
            .any(|it| word(it).is_some_and(|word| word.eq_ignore_ascii_case(it)))
    };
    let mut spaces = text[from..].match_indices(' ');
    let start = spaces.find_map(|(at, _)| is_scheme(from + at).then_some(from + at + 1))?;
    let rest = &text[start..];
    let length = rest.find(is_gap).unwrap_or(rest.len());
    Some((start, start + length))
}

/// The first token with a known prefix at or after `from`.
fn token(text: &str, from: usize) -> Option<(usize, usize)> {
    let is_part = |char: char| char.is_ascii_alphanumeric() || "_-".contains(char);
    let mut from = from;
    while let Some(at) = text[from..].find(is_part) {
        let start = from + at;
        let rest = &text[start..];
        let word = &rest[..rest.find(|char| !is_part(char)).unwrap_or(rest.len())];
        from = start + word.len();
        let is_token =
            |prefix: &str| word.starts_with(prefix) && word.len() >= prefix.len() + SHORTEST;
        if PREFIXES.iter().any(|prefix| is_token(prefix)) {
            // Parts that follow a dot belong to the token.
            let ends = |char| char != '.' && !is_part(char);
            let length = rest.find(ends).unwrap_or(rest.len());
            return Some((start, start + length));
        }
    }
    None
}

/// A path of keys with the secrets masked in keys that a file made up.
pub(super) fn mask_path(path: &str) -> Cow<'_, str> {
    let is_part = |char: char| char.is_ascii_alphanumeric() || "_-".contains(char);
    let is_plain = |step: &&str| step.chars().all(is_part) && token(step, 0).is_none();
    let steps = path.split_inclusive('.');
    let plain = steps.take_while(|step| is_plain(&step.trim_end_matches('.')));
    let (before, rest) = path.split_at(plain.map(str::len).sum());
    match mask(rest) {
        Cow::Borrowed(_) => Cow::Borrowed(path),
        Cow::Owned(rest) => Cow::Owned(format!("{before}{rest}")),
    }
}

/// Whether the name of a key indicates that its value is a secret, whatever its type: `api_key`.
pub(super) fn names_secret(key: &str) -> bool {
    let letters = key.chars().filter(char::is_ascii_alphanumeric);
    let folded: String = letters.map(|char| char.to_ascii_lowercase()).collect();
    KEYS.iter().any(|name| folded.ends_with(name))
}

/// Whether the text refers to a variable whose name indicates a secret.
pub(super) fn takes_secret(text: &str) -> bool {
    let is_name = |char: char| char.is_ascii_alphanumeric() || char == '_';
    let names = text.split("${").skip(1).map(|rest| {
        let name = &rest[..rest.find(|char| !is_name(char)).unwrap_or(rest.len())];
        name.to_ascii_lowercase()
    });
    let mut names = names;
    names.any(|variable| NAMES.iter().any(|name| variable.ends_with(name)))
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
            ("app:hunter2@db", "***@db"),
            ("app:hun@ter2@db, x@y", "***@db, x@y"),
            ("at app:hunter2@db:3306, x", "at ***@db:3306, x"),
            ("a: b@c x:@d :y@d", "a: b@c x:@d :y@d"),
            (
                r#"{"password": "a b", "n": 1}"#,
                r#"{"password": "***", "n": 1}"#,
            ),
            (r#"{"a":{"apiKey":"a\"b"}}"#, r#"{"a":{"apiKey":"***"}}"#),
            (r#""{\"token\":\"a b\"}""#, r#""{\"token\":\"***\"}""#),
            (r#"{"key": "f00"}"#, r#"{"key": "***"}"#),
            ("{password: f00}", "{password: ***}"),
            ("{'pin': 1, 'pass': 'f00'", "{'pin': 1, 'pass': '***'"),
            ("api_key: f00", "api_key: ***"),
            ("DB_PASSWORD=\"a b\" x", "DB_PASSWORD=\"***\" x"),
            ("x-api-key:f00", "x-api-key:***"),
            ("the key: it is lost", "the key: it is lost"),
            ("password=\"a b", "password=\"***"),
            ("Bearer", "Bearer"),
            ("https://gw/path", "https://gw/path"),
            ("https://gw:hunter2/", "https://gw:***/"),
            ("https://gw:80hunter/x", "https://gw:***/x"),
            ("https://u:p@gw:hunter2?a", "https://***@gw:***?a"),
            (
                "http://gw:8080/ http://[::1]:80/",
                "http://gw:8080/ http://[::1]:80/",
            ),
            ("http://[::1]:hunter2/", "http://[::1]:***/"),
            ("https://u%3Ahunter2%40x@gw/", "https://***@gw/"),
            (
                "https://gw/#access_token=f00&x=1",
                "https://gw/#access_token=***&x=1",
            ),
            (
                "https://gw/?X-Amz-Signature=f00",
                "https://gw/?X-Amz-Signature=***",
            ),
            ("a ghp_0123456789abcdef b", "a *** b"),
            ("eyJhbGciOiJIUzI1NiJ9.e30.abc", "***"),
            ("sk-short eyJ", "sk-short eyJ"),
            ("a = b, see https://@x", "a = b, see https://@x"),
            ("欢迎", "欢迎"),
            ("key=", "key="),
        ] {
            assert_eq!(mask(text), masked);
        }
    }

    #[test]
    fn what_is_masked_is_masked_once() {
        let text = r#"mysql://a:b@c/d?password=e Bearer f {"token": "g"} h:i@j"#;
        assert_eq!(mask(&mask(text)), mask(text));
    }

    /// Each text has half a megabyte. If the time were proportional to the square of the length,
    /// the test would not end.
    #[test]
    fn report_a16_any_text_is_masked_in_linear_time() {
        for part in [
            "=",
            ":",
            "://",
            "://?@",
            "://:",
            "eyJ",
            "eyJ0123456789abc ",
            "key=x ",
            "a:b@",
            "@",
            "\"",
            "key=\"\\",
            "basic ",
        ] {
            let text = part.repeat((1 << 19) / part.len());
            assert!(mask(&text).len() <= 8 * text.len(), "{part}");
        }
    }
}
