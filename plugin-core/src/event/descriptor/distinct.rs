//! Refuses JSON from outside in which a key occurs twice, because it is unclear which value was
//! meant.

use std::borrow::Cow;
use std::collections::HashSet;
use std::fmt;

use serde::de::{Deserialize, DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};

use crate::printable;

/// Any JSON in which no object has a key twice.
pub(in crate::event) struct Distinct;

impl<'de> Deserialize<'de> for Distinct {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Self)
    }
}

impl<'de> Visitor<'de> for Distinct {
    type Value = Self;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_bool<E>(self, _: bool) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_str<E>(self, _: &str) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Self, A::Error> {
        while items.next_element::<Self>()?.is_some() {}
        Ok(self)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Self, A::Error> {
        let mut keys = HashSet::new();
        while let Some(key) = entries.next_key_seed(KeySeed)? {
            if keys.contains(&key) {
                let key = printable::line(&key).into_owned();
                return Err(A::Error::custom(format_args!(
                    "the key `{key}` is there twice"
                )));
            }
            keys.insert(key);
            entries.next_value::<Self>()?;
        }
        Ok(self)
    }
}

/// A key, borrowed unless it has escapes.
struct KeySeed;

impl<'de> DeserializeSeed<'de> for KeySeed {
    type Value = Cow<'de, str>;

    fn deserialize<D: Deserializer<'de>>(self, key: D) -> Result<Self::Value, D::Error> {
        key.deserialize_str(self)
    }
}

impl<'de> Visitor<'de> for KeySeed {
    type Value = Cow<'de, str>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key")
    }

    fn visit_borrowed_str<E>(self, key: &'de str) -> Result<Self::Value, E> {
        Ok(Cow::Borrowed(key))
    }

    fn visit_str<E>(self, key: &str) -> Result<Self::Value, E> {
        Ok(Cow::Owned(key.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::Distinct;
    use crate::event::descriptor::erased::read;

    fn fault(json: &str) -> Option<(String, String)> {
        let error = read::<Distinct>(json.as_bytes()).err()?;
        Some((error.path().to_string(), error.inner().to_string()))
    }

    #[test]
    fn report_d_a_key_that_comes_twice_is_found_wherever_it_is() {
        for json in [
            r#"{"a":{"b":1,"b":2}}"#,
            r#"{"a":{"b":1,"\u0062":1}}"#,
            r#"{"a":{"c":[],"b":null,"b":null}}"#,
        ] {
            let (path, text) = fault(json).unwrap();
            assert_eq!(path, "a", "{json}");
            assert!(text.contains("`b` is there twice"), "{json}: {text}");
        }
        assert!(fault(r#"[{"a":1},[{"a":1,"a":1}]]"#).is_some());
    }

    #[test]
    fn the_same_key_in_other_objects_is_another() {
        for json in [
            r#"{"a":{"a":1},"b":{"a":-1.5}}"#,
            r#"[{"a":1},{"a":true}]"#,
            r#"{"a":"a","A":1}"#,
            "7",
        ] {
            assert_eq!(fault(json), None, "{json}");
        }
    }
}
