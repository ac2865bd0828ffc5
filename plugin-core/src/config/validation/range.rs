//! Bounds of numbers, lengths of texts and lists, and formats of texts.

use std::cmp::Ordering;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

use serde_json::{Map, Number, Value};

use super::super::node::{Data, Node};
use super::super::requirement::VersionRequirement;
use super::super::secret_url;
use crate::counted::counted;
use crate::period::Period;

/// The bounds that a schema sets, of a number or of a length.
pub(super) struct Range {
    min: Option<Number>,
    max: Option<Number>,
    above: Option<Number>,
    below: Option<Number>,
    sizes: [(Option<u64>, Option<u64>); 3],
}

const SIZES: [(&str, &str); 3] = [
    ("minLength", "maxLength"),
    ("minItems", "maxItems"),
    ("minProperties", "maxProperties"),
];

impl Range {
    pub(super) fn of(schema: &Map<String, Value>) -> Self {
        let number = |name: &str| schema.get(name).and_then(Value::as_number).cloned();
        let size = |name: &str| schema.get(name).and_then(Value::as_u64);
        let (low, high) = of_format(schema).unzip();
        Self {
            min: number("minimum").or(low),
            max: number("maximum").or(high),
            above: number("exclusiveMinimum"),
            below: number("exclusiveMaximum"),
            sizes: SIZES.map(|(min, max)| (size(min), size(max))),
        }
    }

    pub(super) fn holds(&self, node: &Node) -> bool {
        match &node.data {
            Data::Number(number) => self.holds_number(number),
            Data::Text(text) => self.holds_size(0, text.chars().count()),
            Data::List(items) => self.holds_size(1, items.len()),
            // If there are too many keys, some are unknown, and these are reported separately.
            Data::Map(map) => self.sizes[2].0.is_none_or(|min| map.len() as u64 >= min),
            _ => true,
        }
    }

    fn holds_number(&self, number: &Number) -> bool {
        let ordered = |bound: &Option<Number>, allowed: &[Ordering]| {
            bound
                .as_ref()
                .is_none_or(|bound| allowed.contains(&compare(number, bound)))
        };
        ordered(&self.min, &[Ordering::Equal, Ordering::Greater])
            && ordered(&self.max, &[Ordering::Equal, Ordering::Less])
            && ordered(&self.above, &[Ordering::Greater])
            && ordered(&self.below, &[Ordering::Less])
    }

    fn holds_size(&self, of: usize, size: usize) -> bool {
        let (min, max) = self.sizes[of];
        min.is_none_or(|min| size as u64 >= min) && max.is_none_or(|max| size as u64 <= max)
    }

    /// Describes the bounds in words that follow the name of a type.
    pub(super) fn describe(&self, kind: &str) -> String {
        let (size, unit) = match kind {
            "integer" | "number" => return self.describe_number(),
            "string" => (self.sizes[0], "character"),
            "array" => (self.sizes[1], "item"),
            "object" => (self.sizes[2], "key"),
            _ => return String::new(),
        };
        match size {
            (Some(min), Some(max)) if min == max => format!(" of {}", counted(max, unit)),
            (Some(min), Some(max)) => format!(" of {min} to {}", counted(max, unit)),
            (Some(1), None) => " that is not empty".to_owned(),
            (Some(min), None) => format!(" of at least {}", counted(min, unit)),
            (None, Some(max)) => format!(" of at most {}", counted(max, unit)),
            (None, None) => String::new(),
        }
    }

    fn describe_number(&self) -> String {
        match (&self.min, &self.max, &self.above, &self.below) {
            (Some(min), Some(max), ..) => format!(" from {min} to {max}"),
            (Some(min), None, ..) => format!(" of at least {min}"),
            (None, _, Some(above), Some(below)) => format!(" above {above} and below {below}"),
            (None, Some(max), Some(above), _) => format!(" above {above} and at most {max}"),
            (None, None, Some(above), None) => format!(" above {above}"),
            (None, None, None, Some(below)) => format!(" below {below}"),
            (None, Some(max), None, _) => format!(" of at most {max}"),
            (None, None, None, None) => String::new(),
        }
    }
}

/// The bounds of an integer type that the schema names only as a format.
fn of_format(schema: &Map<String, Value>) -> Option<(Number, Number)> {
    match schema.get("format")?.as_str()? {
        "int32" => Some((i32::MIN.into(), i32::MAX.into())),
        "uint32" => Some((0.into(), u32::MAX.into())),
        _ => None,
    }
}

fn compare(a: &Number, b: &Number) -> Ordering {
    match (a.as_i128(), b.as_i128()) {
        (Some(a), Some(b)) => a.cmp(&b),
        _ => {
            let float = |number: &Number| number.as_f64().unwrap_or(f64::NAN);
            float(a).total_cmp(&float(b))
        }
    }
}

/// The mistake in a text that has a known format.
pub(super) fn format_fault(schema: &Map<String, Value>, node: &Node) -> Option<&'static str> {
    if let Data::Text(text) = &node.data
        && schema.get(secret_url::KEYWORD) == Some(&Value::Bool(true))
        && !secret_url::is_address(text)
    {
        return Some(
            "no address: write scheme, host and, if need be, a port that is a number, such as \
             `https://gateway.example:8443/send`; in a password write `@`, `/` and `:` as `%40`, \
             `%2F` and `%3A`",
        );
    }
    let (Some(format), Data::Text(text)) = (schema.get("format")?.as_str(), &node.data) else {
        return None;
    };
    match format {
        "period" => match text.parse::<Period>() {
            Err(error) => Some(error.what()),
            Ok(period) if !Periods::of(schema).hold(period) => Some("out of range"),
            Ok(_) => None,
        },
        "version-requirement" => reads::<VersionRequirement>(text, "no version requirement"),
        "ip" => reads::<IpAddr>(text, "no IP address"),
        "ipv4" => reads::<Ipv4Addr>(text, "no IPv4 address"),
        "ipv6" => reads::<Ipv6Addr>(text, "no IPv6 address"),
        _ => None,
    }
}

/// The bounds of a period. JSON Schema has no keywords for them: `x-min` and `x-max` contain one
/// bound each, and `exclusiveMinimum: 0` refuses zero.
pub(super) struct Periods {
    is_positive: bool,
    min: Option<Period>,
    max: Option<Period>,
}

impl Periods {
    pub(super) fn of(schema: &Map<String, Value>) -> Self {
        let bound = |name: &str| schema.get(name)?.as_str()?.parse().ok();
        Self {
            is_positive: schema.contains_key("exclusiveMinimum"),
            min: bound("x-min"),
            max: bound("x-max"),
        }
    }

    fn hold(&self, period: Period) -> bool {
        !(self.is_positive && period.get().is_zero())
            && self.min.is_none_or(|min| period >= min)
            && self.max.is_none_or(|max| period <= max)
    }

    /// Describes the bounds in words that follow the noun.
    pub(super) fn describe(&self) -> String {
        match (self.min, self.max) {
            (Some(min), Some(max)) => format!(" from `{min}` to `{max}`"),
            (Some(min), None) => format!(" of at least `{min}`"),
            (None, Some(max)) if self.is_positive => format!(" above zero and at most `{max}`"),
            (None, Some(max)) => format!(" of at most `{max}`"),
            (None, None) if self.is_positive => " above zero".to_owned(),
            (None, None) => String::new(),
        }
    }
}

fn reads<T: FromStr>(text: &str, fault: &'static str) -> Option<&'static str> {
    text.parse::<T>().err().map(|_| fault)
}
