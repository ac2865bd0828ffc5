//! Messages quote what is written, and suggest from all the words that would do.

use plugin_core::config::{Issue, Sources};

use crate::build::{base, lines, loaded, refused, with};

/// What is said of a value of a key of `database-plugin`.
fn told(key: &str, value: &str) -> String {
    let text = format!("database-plugin:\n  config:\n    {key}: {value}\n");
    let lines = lines(&with(&text));
    assert_eq!(lines.len(), 1, "{lines:?}");
    let (_, told) = lines[0].split_once("(").unwrap_or_default();
    let told = told.trim_end_matches(')');
    told.split_once(", found ")
        .map_or(told, |(_, told)| told)
        .to_owned()
}

#[test]
fn report_c4_a_scalar_is_quoted_as_it_is_written() {
    for written in [
        "1.10",
        "0x10",
        "0o17",
        "1e3",
        "-0",
        "+1.50",
        "99999999999999999999",
        "007.0",
    ] {
        let right = format!("the number {written}; did you mean `\"{written}\"`?");
        assert_eq!(told("host", written), right);
    }
    for written in ["True", "FALSE"] {
        let right = format!("`{written}`; did you mean `\"{written}\"`?");
        assert_eq!(told("host", written), right);
    }
    let infinite = refused(&with("database-plugin: { config: { host: .inf } }")).to_string();
    assert!(infinite.contains("`\".inf\"` for the text"), "{infinite}");
    // Of these YAML makes text.
    for text in ["yes", "2024-01-01", "12:30", "010", "1_000", "1.2.3"] {
        let text = format!("database-plugin: {{ config: {{ host: {text} }} }}");
        loaded(&with(&text));
    }
}

#[test]
fn report_c4_a_version_keeps_its_zero() {
    assert_eq!(
        lines(&with("hello-plugin:\n  version: 1.10\n")),
        [
            "2:12: hello-plugin.version: wrong type (expected a version requirement such as `1.2` or `>=1.2, <3`, found the number 1.10; did you mean `\"1.10\"`?)"
        ]
    );
    let variable = base().environment([("APP__DATABASE_PLUGIN__CONFIG__VERBOSE", "1.10")]);
    let told = refused(&variable).to_string();
    assert!(told.ends_with("found the number 1.10)"), "{told}");
}

#[test]
fn report_c4_what_is_suggested_would_do() {
    let cases = [
        ("linger", "1.50", "the number 1.50; did you mean `1.50s`?"),
        ("linger", "1e3", "the number 1e3; did you mean `1000s`?"),
        ("linger", "0x10", "the number 0x10; did you mean `16s`?"),
        ("linger", "-5", "the number -5"),
        ("port", "8.0e1", "the number 8.0e1; did you mean `80`?"),
        ("port", "'80'", "the text `80`; did you mean `80`?"),
        ("port", "0080", "the text `0080`; did you mean `80`?"),
        ("port", "1_000", "the text `1_000`; did you mean `1000`?"),
        ("port", "many", "the text `many`"),
        ("verbose", "yes", "the text `yes`; did you mean `true`?"),
        ("verbose", "Off", "the text `Off`; did you mean `false`?"),
        ("tables", "[{ name: ~ }]", "nothing; did you mean `\"~\"`?"),
    ];
    for (key, value, right) in cases {
        assert_eq!(told(key, value), right, "{key}: {value}");
    }
}

#[test]
fn report_c4_a_text_of_several_lines_is_one_line_of_a_message() {
    assert_eq!(
        told(
            "port",
            "|\n      one\n      \u{1b}two\u{202e}\n"
                .replace('\u{1b}', "")
                .as_str()
        ),
        "the text `one\\ntwo\\u{202e}\\n`"
    );
    let key = refused(&with("\"hello\\e[31m\\nplugin\": {}")).to_string();
    assert!(key.contains("hello\\u{1b}[31m\\nplugin"), "{key}");
}

#[test]
fn report_c8_aliases_are_suggested_too() {
    let told = lines(&with("hello-plugin:\n  resources: { goruotines: 3 }\n"));
    assert!(told[0].ends_with("did you mean `goroutines`?)"), "{told:?}");
    let variable = base().environment([("APP__HELLO_PLUGIN__RESOURCES__GORUOTINES", "3")]);
    let told = refused(&variable).to_string();
    assert!(
        told.ends_with("did you mean `APP__HELLO_PLUGIN__RESOURCES__GOROUTINES`?)"),
        "{told}"
    );
    // A plugin that the build could hold is a word, too.
    let absent = refused(&base().environment([("APP__CACHE_PLUGIN_X__MAILBOX", "3")])).to_string();
    assert!(
        absent.ends_with("did you mean `APP__CACHE_PLUGIN`?)"),
        "{absent}"
    );
}

#[test]
fn report_c6_many_mistakes_are_counted() {
    let keys: String = (0..10_000).map(|at| format!("    key_{at}: 1\n")).collect();
    let text = format!("database-plugin:\n  config:\n{keys}");
    let error = refused(&with(&text));
    assert_eq!(error.issues().len(), 10_000);
    let told = error.to_string();
    assert_eq!(told.lines().count(), 101);
    assert!(
        told.ends_with("\nand 9900 more"),
        "{}",
        &told[told.len() - 40..]
    );

    let keys: String = (0..50_000).map(|at| format!("    key_{at}: 1\n")).collect();
    loaded(&Sources::new()
        .embedded("base", "hello-plugin: { config: { message: x } }\ndatabase-plugin: { config: { password: x } }")
        .embedded("test", format!("free-plugin:\n  config:\n{keys}")));
}

/// What is expected and what was meant costs most of a mistake: a mistake that is not printed does
/// without, so that a file of sixty thousand of them takes no minute.
#[test]
fn report_c6_no_more_mistakes_are_looked_into_than_are_printed() {
    let many = |line: fn(usize) -> String| (0..2_000).map(line).collect::<String>();
    let roles = many(|at| format!("    r{at}: {{}}\n"));
    for text in [
        many(|at| format!("helo-plugin{at}: 1\n")),
        "hello-plugin:\n".to_owned() + &many(|at| format!("  enable{at}: 1\n")),
        "hello-plugin:\n  config:\n".to_owned() + &many(|at| format!("    messag{at}: 1\n")),
        "hello-plugin:\n  config:\n    message: a\n  handlers:\n".to_owned()
            + &many(|at| format!("    h{at}: 1\n")),
        "database-plugin:\n  config:\n    tables:\n".to_owned()
            + &many(|_| "      - 1\n".to_owned()),
        format!("plugin_manager:\n  roles:\n{roles}hello-plugin:\n  roles:\n")
            + &many(|at| format!("    - rr{at}\n")),
    ] {
        let error = refused(&with(&text));
        let looked_into = |issue: &&Issue| issue.suggestion.is_some() || issue.expected.is_some();
        let count = error.issues().iter().filter(looked_into).count();
        assert!(error.issues().len() >= 2_000, "{error}");
        assert!((1..=101).contains(&count), "{count} of {error}");
    }
}
