//! What a text is read as, what is refused, and how long it takes.

use std::time::{Duration, Instant};

use proptest::prelude::*;
use serde_json::json;

use super::*;

fn origin() -> Origin {
    Origin::embedded("test")
}

fn read(text: &str) -> serde_json::Value {
    match parse(text, &origin()) {
        Ok(node) => node.to_json(),
        Err(issues) => panic!("{text}: {}", issues[0]),
    }
}

fn refused(text: &str) -> String {
    match parse(text, &origin()) {
        Ok(_) => panic!("{} bytes are read", text.len()),
        Err(issues) => issues[0].to_string(),
    }
}

#[test]
fn values_have_the_types_that_yaml_gives_them() {
    let text = "
a: [1, -1, 0x10, 0o17, 0b11, 1.10, 1e3, .5, 18446744073709551615, 99999999999999999999]
b: [~, null, '', \"~\", yes, 010, 1_000, 2024-01-01, 12:30, 1.2.3]
c: [true, False, 'true', !!str 1.10, !!int '7', !!float 1, !!bool 'True', !!null '', !!str true]
d: !!map {!!str e: !!seq [1]}
1.10: key
true: key
";
    assert_eq!(
        read(text),
        json!({
            "a": [1, -1, 16, 15, 3, 1.1, 1000.0, 0.5, 18_446_744_073_709_551_615_u64, 1e20],
            "b": [null, null, "", "~", "yes", "010", "1_000", "2024-01-01", "12:30", "1.2.3"],
            "c": [true, false, "true", "1.10", 7, 1, true, null, "true"],
            "d": {"e": [1]},
            "1.10": "key",
            "true": "key",
        })
    );
    assert_eq!(read(""), json!(null));
    assert_eq!(
        read("\u{feff}---\na: &x {b: 1}\nc: *x\n"),
        json!({"a": {"b": 1}, "c": {"b": 1}})
    );
    assert_eq!(read("a: >\n  one\n  two\n"), json!({"a": "one two\n"}));
}

#[test]
fn what_is_refused_says_where_and_why() {
    let cases = [
        (
            "a: .inf",
            "embedded test:1:4: a: expected a finite number, found `.inf`",
        ),
        (
            "a: [1, !x 2]",
            "embedded test:1:8: a[1]: expected a value without a tag",
        ),
        (
            "a: !!int x",
            "embedded test:1:4: a: the value is no `!!int`",
        ),
        (
            "a: !!bool yes",
            "embedded test:1:4: a: the value is no `!!bool`",
        ),
        (
            "a: !!x 1",
            "embedded test:1:4: a: expected a value without a tag",
        ),
        (
            "a: !!seq {b: 1}",
            "embedded test:1:4: a: expected a value without a tag",
        ),
        (
            "!!int 1: 1",
            "embedded test:1:1: expected a key that is text",
        ),
        (
            "a: 1\na: 2",
            "embedded test:2:1: a: the key is there twice, first in line 1",
        ),
        (
            "a: 1\n---\na: 2",
            "embedded test:2:1: a second document begins",
        ),
        (
            "a: &x [*x]",
            "embedded test:1:8: a[0]: an alias stands for what it is in",
        ),
        (
            "a: &x 1\nb: {<<: *x}",
            "embedded test:2:5: b: `<<` is not supported",
        ),
        ("[a]: 1", "embedded test:1:1: expected a key that is text"),
        ("a: \"b\0\"", "embedded test:1:"),
    ];
    for (text, told) in cases {
        let said = refused(text);
        assert!(said.starts_with(told), "{text}: {said}");
    }
}

/// The parser's own words are for who writes parsers: each has a sentence with the remedy, at the
/// place and with the key.
#[test]
fn report_d_what_is_no_yaml_is_told_with_the_remedy() {
    for (text, told) in [
        (
            "a:\n  b: \"c\n  d: 1",
            "2:6: a.b: a text in quotes begins here and does not end",
        ),
        (
            "a: 'b",
            "1:4: a: a text in quotes begins here and does not end",
        ),
        (
            "a: \"b\n---\nc: 1",
            "1:4: a: a text in quotes begins here and does not end",
        ),
        (
            "a:\n\tb: 1",
            "2:2: a: a tab can't indent a line: write spaces",
        ),
        ("a:\n  b:\n\tc: 1", "3:2: a.b: a tab can't indent a line"),
        ("a: b: c", "1:5: a key can't stand here"),
        ("a: [b\nc: 1", "2:2: a[0]: a key can't stand here"),
        (
            "a: [b, c",
            "2:1: a[2]: the list that a `[` opened in line 1 is not closed",
        ),
        (
            "a: {b: c",
            "2:1: a: the section that a `{` opened in line 1 is not closed",
        ),
        ("a: {b: c d: e}", "1:11: a: the section that a `{` opened"),
        ("a: {}}", "1:6: a bracket or brace closes what none opened"),
        (
            "a:\n    b: 1\n   c: 1",
            "3:4: this line is indented unlike the keys or items around it",
        ),
        (
            "a: @b",
            "1:4: a: a text can't begin with this character: put it in quotes",
        ),
        ("a: `b`", "1:4: a: a text can't begin with this character"),
        ("a: %b", "1:4: a: a text can't begin with this character"),
        ("a: *b", "1:4: a: `*` and `&` begin the name of an anchor"),
        ("a: &", "1:4: a: `*` and `&` begin the name of an anchor"),
        (
            "a: \"C:\\dir\"",
            "1:4: a: `\\` begins no escape that there is",
        ),
        (
            "a: \"b\" c",
            "1:8: a: the line goes on behind the closing quote",
        ),
        (
            "a: |x\n  b",
            "1:4: a: the text after `|` or `>` begins on the next line",
        ),
        ("a: !<b", "1:4: a: expected a value without a tag"),
        (
            "%YAML\na: b",
            "1:1: `%`, `---` and `...` at the beginning of a line",
        ),
    ] {
        let said = refused(text);
        assert!(
            said.starts_with(&format!("embedded test:{told}")),
            "{text}: {said}"
        );
        for words in [
            "while ",
            "did not find",
            "disallowed",
            "not allowed",
            "invalid ",
        ] {
            assert!(!said.contains(words), "{text}: {said}");
        }
    }
}

/// What is in quotes, in a comment or in a block of text nests nothing.
#[test]
fn report_13_a_nul_character_is_told_where_it_stands() {
    let told = "a NUL character, a byte of zero, stands here: take it away, or write `\\0` in \
        double quotes";
    for (text, place) in [
        ("\0", "1:1"),
        ("a:\n  b: \"c\0d\"", "2:8"),
        ("a: ä\0\nb: c", "1:5"),
        ("a: b\n# c\0\nd: e", "2:4"),
        ("\u{feff}a: \0", "1:4"),
    ] {
        assert_eq!(
            refused(text),
            format!("embedded test:{place}: {told}"),
            "{text:?}"
        );
    }
    assert_eq!(read("a: \"b\\0c\""), json!({"a": "b\0c"}));
}

#[test]
fn report_c6_only_what_nests_counts() {
    let many = "[{".repeat(1000);
    for text in [
        format!("a: 1 # {many}"),
        format!("# it's {many}\na: 1"),
        format!("a: '{many}'"),
        format!("a: \"\\\" {many}\""),
        format!("a: |\n  {many}\nb: 1"),
        format!("a: >-\n  it's {many}"),
        format!("a: b {many}"),
        format!("a: [\"{many}\", '{many}', 1] # {many}"),
    ] {
        read(&text);
    }
    let wide = format!("{}[{}", "[".repeat(250), "1,".repeat(400_000));
    refused(&wide);
}

#[test]
fn report_c6_no_text_takes_long() {
    let begin = Instant::now();
    let deep = "sections and lists are nested deeper than 64 levels";
    for open in ["[", "{a: ", "- ", "[\"]\", ", "['[', "] {
        let said = refused(&open.repeat(100_000));
        assert!(said.contains(deep), "{open}: {said}");
    }
    assert!(refused(&format!("{}1{}", "[".repeat(65), "]".repeat(65))).contains(deep));
    read(&format!("{}1{}", "[".repeat(64), "]".repeat(64)));

    let huge = refused(&"a".repeat(16 << 20));
    assert!(
        huge.contains("holds 16777216 bytes, and a config file may hold 1048576"),
        "{huge}"
    );

    let mut laughs = "a0: &a0 [lol, lol, lol]\n".to_owned();
    for level in 1..20 {
        let inner = format!("*a{}", level - 1);
        laughs += &format!("a{level}: &a{level} [{}]\n", [inner.as_str(); 9].join(", "));
    }
    assert!(refused(&laughs).contains("aliases repeat more than"));

    let many: String = (0..60_000).map(|at| format!("key-{at}: {at}\n")).collect();
    assert_eq!(
        read(&many).as_object().map(serde_json::Map::len),
        Some(60_000)
    );
    let twice = many.replace("key-1", "key-");
    assert!(parse(&twice, &origin()).is_err_and(|issues| issues.len() > 1_000));
    let flat = format!("[{}]", "1,".repeat(400_000));
    assert_eq!(read(&flat).as_array().map(Vec::len), Some(400_000));
    assert!(
        begin.elapsed() < Duration::from_secs(30),
        "{:?}",
        begin.elapsed()
    );
}

/// JSON, which is YAML too.
fn json_value() -> impl Strategy<Value = serde_json::Value> {
    let leaf = prop_oneof![
        Just(json!(null)),
        any::<bool>().prop_map(|it| json!(it)),
        any::<i64>().prop_map(|it| json!(it)),
        (-1e9..1e9_f64).prop_map(|it| json!(it)),
        "[ -~\u{e9}\u{4e2d}]{0,12}".prop_map(|it| json!(it)),
    ];
    leaf.prop_recursive(4, 40, 5, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(|it| json!(it)),
            prop::collection::btree_map("[a-z]{1,6}", inner, 0..5).prop_map(|it| json!(it)),
        ]
    })
}

proptest! {
    #[test]
    fn json_is_read_as_what_it_is(value in json_value()) {
        prop_assert_eq!(read(&value.to_string()), value.clone());
        let pretty = serde_json::to_string_pretty(&value).expect("JSON");
        prop_assert_eq!(read(&pretty), value);
    }

    #[test]
    fn any_text_is_read_or_refused(text in "[-a0-9:?\\[\\]{}&*!|>'\"%@#, \n\t~.]{0,60}") {
        drop(parse(&text, &origin()));
    }
}
