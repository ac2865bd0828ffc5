//! Rules of schemas, and values that keep or break them.

use serde_json::json;

use super::*;

fn fault(schema: &Value, value: &Value) -> Option<(String, String)> {
    let rules = EventRules::new(schema.clone()).expect("it has rules");
    let fault = rules.check(value).err()?;
    Some((fault.key(), fault.to_string()))
}

#[test]
fn lengths_patterns_and_ranges_are_asked_at_any_depth() {
    let schema = json!({
        "properties": {
            "id": { "type": "string", "minLength": 1, "maxLength": 3, "pattern": "^[^\\u0000-\\u001f]*$" },
            "items": { "type": "array", "maxItems": 2, "items": { "$ref": "#/$defs/Item" } },
            "more": { "additionalProperties": { "maximum": 1.5 } },
        },
        "$defs": { "Item": { "properties": { "count": { "minimum": 1, "maximum": 9 } } } },
    });
    let of = |value: &Value| fault(&schema, value);
    assert_eq!(of(&json!({"id": "äöü", "items": [{"count": 9}]})), None);
    for (value, key, what) in [
        (json!({"id": ""}), "id", "has 0 characters"),
        (json!({"id": "abcd"}), "id", "at most 3"),
        (json!({"id": "a\r\n"}), "id", "U+000D"),
        (
            json!({"items": [{}, {"count": 10}]}),
            "items[1].count",
            "at most 9",
        ),
        (json!({"items": [1, 2, 3]}), "items", "has 3 items"),
        (json!({"more": {"x": 1.6}}), "more.x", "at most 1.5"),
    ] {
        let (at, text) = of(&value).expect(what);
        assert_eq!(at, key);
        assert!(text.contains(what), "{text}");
    }
}

#[test]
fn of_several_forms_the_one_that_was_meant_is_asked() {
    let schema = json!({
        "oneOf": [
            { "properties": { "kind": { "const": "a" }, "x": { "maximum": 1 } }, "required": ["kind", "x"] },
            { "properties": { "kind": { "const": "b" }, "x": { "maximum": 5 } }, "required": ["kind", "x"] },
            { "type": "null" },
        ],
    });
    let of = |value: &Value| fault(&schema, value);
    assert_eq!(of(&json!({"kind": "b", "x": 3})), None);
    assert_eq!(of(&Value::Null), None);
    let (at, text) = of(&json!({"kind": "a", "x": 3})).expect("it is too large");
    assert_eq!((&*at, text.contains("at most 1")), ("x", true), "{text}");
}

#[test]
fn a_type_without_rules_costs_nothing_and_a_broken_pattern_lets_nothing_in() {
    assert!(EventRules::new(json!({"type": "object"})).is_none());
    let broken = json!({"pattern": "("});
    assert!(fault(&broken, &json!("text")).is_some());
}

#[test]
fn what_a_stranger_sent_is_in_no_message() {
    let schema = json!({"pattern": "^a$", "maxLength": 10_000});
    let (_, text) = fault(&schema, &json!("evil ".repeat(1000))).expect("it is not `a`");
    assert!(!text.contains("evil") && text.len() < 200, "{text}");
}
