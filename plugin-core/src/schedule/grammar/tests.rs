//! What the grammar takes, and what it says of the rest.

use proptest::prelude::*;

use super::*;

#[test]
fn each_field_says_what_it_takes() {
    for good in [
        "* * * * *",
        "*/5 * * * *",
        "0 */5 * * * *",
        "0 9-17/2 1,15,L jan-mar MON-FRI",
        "0 0 LW * 5L",
        "0 0 15W * fri#2",
        "0 0 * * SUN",
        "0 0 * * FRI-SUN",
    ] {
        assert_eq!(fault(good), None, "{good}");
    }
    for (bad, what) in [
        ("", "five or six"),
        ("* * * *", "five or six"),
        ("* * * * * * *", "five or six"),
        ("@daily", "five or six"),
        ("60 * * * *", "minutes"),
        ("61 * * * * *", "seconds"),
        ("5/10 * * * *", "minutes"),
        ("99999999999999999999 * * * *", "minutes"),
        ("* 24 * * *", "hours"),
        ("* */0 * * *", "hours"),
        ("* * 0 * *", "days of the month"),
        ("* * 32 * *", "days of the month"),
        ("* * * 13 *", "months"),
        ("* * * MON *", "months"),
        ("* * * * FRI-MON", "days of the week"),
        ("* * * * 5#6", "days of the week"),
        ("* * * * 1,,2", "days of the week"),
        ("* * * * 1,", "days of the week"),
        ("* * * * ?", "days of the week"),
    ] {
        let found = fault(bad).unwrap_or_default();
        assert!(found.contains(what), "{bad}: {found}");
    }
}

fn item(field: Field) -> impl Strategy<Value = String> {
    let (low, high) = field.range();
    let pair = (low..=high, low..=high).prop_map(|(a, b)| (a.min(b), a.max(b)));
    (pair, 1..=high, 0..6_u8).prop_map(move |((low, high), step, shape)| match shape {
        0 => format!("*/{step}"),
        1 => format!("{low}-{high}"),
        2 => format!("{low}-{high}/{step}"),
        3 if field == Field::DayOfMonth => format!("{low}W"),
        4 if field == Field::DayOfMonth => "L".to_owned(),
        3 if field == Field::DayOfWeek => format!("{low}#3"),
        4 if field == Field::DayOfWeek => format!("{low}L"),
        _ => low.to_string(),
    })
}

fn expression() -> impl Strategy<Value = String> {
    let field = |field| {
        prop_oneof![
            Just("*".to_owned()),
            prop::collection::vec(item(field), 1..4).prop_map(|items| items.join(","))
        ]
    };
    Field::ALL
        .map(field)
        .to_vec()
        .prop_map(|fields| fields.join(" "))
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_the_grammar_takes_the_library_reads(text in expression()) {
        prop_assert_eq!(fault(&text), None);
        prop_assert!(text.parse::<croner::Cron>().is_ok());
    }

    #[test]
    fn any_text_has_an_answer_and_what_is_taken_is_read(text in "[0-9*,/LW#A-Za-z -]{0,24}") {
        if fault(&text).is_none() {
            prop_assert!(text.parse::<croner::Cron>().is_ok(), "{}", text);
        }
    }
}
