//! What `${…}` in a value comes to, by example and by the grammar.

use proptest::prelude::*;

use super::*;

fn variables(set: &[(&str, &str)]) -> Variables {
    let mut variables = Variables::default();
    for (name, value) in set {
        variables.add(name.into(), value.into());
    }
    variables
}

/// The text, with `A` set to `a`, `E` to nothing and no other variable.
fn filled(text: &str) -> String {
    match expand(text, &variables(&[("A", "a"), ("E", "")]), &mut { LARGEST }) {
        Ok(Filled::Whole(text) | Filled::Part(text)) => text,
        Err(faults) => panic!("{text}: {faults:?}"),
    }
}

fn faults(text: &str) -> Vec<(usize, String)> {
    let faults =
        expand(text, &variables(&[("A", "a"), ("E", "")]), &mut { LARGEST }).expect_err(text);
    let told = faults.into_iter();
    told.map(|fault| (fault.at, fault.what.to_string()))
        .collect()
}

#[test]
fn report_c3_defaults_may_hold_variables() {
    let cases = [
        ("${X:-${A}}", "a"),
        ("${A:-${X}}", "a"),
        ("${X:-${Y:-${E:-z}}}", "z"),
        ("<${X:-${A} and ${A}}>", "<a and a>"),
        ("${X:-}", ""),
        ("${X:-a:-b}", "a:-b"),
        ("${E:-x}${A}", "xa"),
        ("{${A:-x}}", "{a}"),
        ("{\"k\": \"${X:-v}\"}", "{\"k\": \"v\"}"),
        ("${A}}", "a}"),
    ];
    for (text, right) in cases {
        assert_eq!(filled(text), right, "{text}");
    }
}

#[test]
fn report_c3_braces_and_dollars_can_be_written() {
    let cases = [
        ("$${A} ${A}", "${A} a"),
        ("$$${A} ${A}", "$${A} a"),
        ("${X:-x$}y}", "x}y"),
        ("${X:-{$}}", "{}"),
        ("${X:-$${A$}}", "${A}"),
        ("${X:-5$$}", "5$"),
        ("${X:-5$ 6}", "5$ 6"),
        ("${A:-b}$}", "a}"),
        ("$A $5 $ ${A}$", "$A $5 $ a$"),
    ];
    for (text, right) in cases {
        assert_eq!(filled(text), right, "{text}");
    }
}

#[test]
fn report_c3_what_is_no_value_has_a_place_and_a_remedy() {
    let cases = [
        ("${A:-x}y}", 8, "a `}` closes nothing"),
        (
            "${A:-{}}",
            7,
            "for a `}` in a default, or for the text itself, write `$}`",
        ),
        ("a ${A:-${B}", 2, "a `${` is not closed by `}`"),
        ("a ${A", 2, "a `${` is not closed by `}`"),
        ("${${A}}", 0, "`${A` is no name of a variable"),
        ("${}", 0, "`` is no name of a variable"),
        ("${1A}", 0, "`1A` is no name of a variable"),
        ("${A:?no}", 0, "`A:?no` is no name of a variable"),
        ("${X:-${Y}}", 5, "environment variable `Y` is not set"),
        ("${A:-${b-d}}", 5, "`b-d` is no name of a variable"),
    ];
    for (text, at, told) in cases {
        let faults = faults(text);
        assert_eq!(faults[0].0, at, "{text}: {faults:?}");
        assert!(faults[0].1.contains(told), "{text}: {faults:?}");
    }
    assert_eq!(faults("${X} ${Y} ${A").len(), 3);
}

#[test]
fn report_c3_depth_and_time_are_bounded() {
    let deep = |depth: usize| format!("{}x{}", "${X:-".repeat(depth), "}".repeat(depth));
    assert_eq!(filled(&deep(DEEPEST + 1)), "x");
    assert!(
        faults(&deep(DEEPEST + 2))[0]
            .1
            .contains("more than 16 defaults")
    );
    for text in [
        "${X:-",
        "${",
        "${-",
        "${A}",
        "${!}",
        "$${",
        "}",
        "${X:-}}",
        "${X:-${X:-}",
    ] {
        drop(expand(&text.repeat(200_000), &variables(&[]), &mut {
            LARGEST
        }));
    }
}

/// A value, and what it comes to.
fn value(depth: u32) -> BoxedStrategy<(String, String)> {
    let text = "[a-z $:\"\u{e9}-]{0,6}".prop_map(|text| {
        // A `$` before what follows would be read with it.
        let text = text.trim_end_matches('$').to_owned();
        (text.clone(), text)
    });
    let escape = prop::sample::select(vec![("$${", "${"), ("$}", "}")])
        .prop_map(|(text, right)| (text.to_owned(), right.to_owned()));
    let set = Just(("${A}".to_owned(), "a".to_owned()));
    let part = if depth == 0 {
        prop_oneof![text, escape, set].boxed()
    } else {
        let inner = value(depth - 1);
        let default = (prop::sample::select(vec!["A", "E", "X"]), inner).prop_map(
            |(name, (default, right))| {
                let right = if name == "A" { "a".to_owned() } else { right };
                (format!("${{{name}:-{default}}}"), right)
            },
        );
        prop_oneof![text, escape, set, default].boxed()
    };
    prop::collection::vec(part, 0..4)
        .prop_map(|parts| parts.into_iter().unzip::<_, _, String, String>())
        .boxed()
}

proptest! {
    #[test]
    fn report_c3_what_is_written_by_the_grammar_comes_to_what_it_says((text, right) in value(3)) {
        // A value ends the text, so its literal `}` are all escaped.
        prop_assert_eq!(filled(&text), right);
    }

    #[test]
    fn any_text_is_filled_in_or_refused(text in "[A-C$\\{\\}:\\- \n\u{e9}]{0,40}") {
        let variables = variables(&[("A", "a"), ("E", "")]);
        if let Err(faults) = expand(&text, &variables, &mut { LARGEST }) {
            for fault in faults {
                prop_assert!(text.is_char_boundary(fault.at));
            }
        }
    }
}

#[test]
fn report_c6_variables_fill_in_no_more_than_a_file_may_hold() {
    let long = "x".repeat(LARGEST / 4);
    let variables = variables(&[("LONG", &long)]);
    let mut room = LARGEST;
    assert!(expand("${LONG}${LONG}${LONG}", &variables, &mut room).is_ok());
    assert_eq!(room, LARGEST / 4);
    assert!(expand("${LONG}", &variables, &mut room).is_ok());
    let faults = expand("a ${LONG}${X:-}", &variables, &mut room).unwrap_err();
    let told = faults[0].what.to_string();
    assert!(
        told.contains("`LONG`") && told.contains("1048576"),
        "{told}"
    );
    // Many times is told at once.
    let mut room = LARGEST;
    assert!(expand(&"${LONG}".repeat(100_000), &variables, &mut room).is_err());
}
