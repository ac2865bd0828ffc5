//! Small templates: text that contains `{field}`.
//!
//! Invariant: a parsed template contains only fields that its event has, so that rendering can't
//! fail.

use std::fmt;

/// A text with places for fields.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Template(Vec<Piece>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Piece {
    Text(String),
    Field(String),
}

/// The error for a text that is not a template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum TemplateError {
    /// A `{` without `}`, or the reverse.
    Brace {
        /// The single brace.
        lone: char,
    },
    /// A field that the event does not have.
    Field {
        /// Its name.
        name: String,
        /// The fields that exist.
        fields: &'static [&'static str],
    },
}

impl Template {
    /// Parses a template. `{{` and `}}` stand for the braces themselves.
    ///
    /// # Errors
    ///
    /// Returns an error for a single brace, or for a field that is not in `fields`.
    pub(crate) fn parse(
        text: &str,
        fields: &'static [&'static str],
    ) -> Result<Self, TemplateError> {
        let mut pieces = Vec::new();
        let mut plain = String::new();
        let mut rest = text;
        while let Some(at) = rest.find(['{', '}']) {
            plain.push_str(&rest[..at]);
            let brace = if rest[at..].starts_with('{') {
                '{'
            } else {
                '}'
            };
            rest = &rest[at + 1..];
            if let Some(after) = rest.strip_prefix(brace) {
                plain.push(brace);
                rest = after;
                continue;
            }
            let (field, after) = field(brace, rest, fields)?;
            pieces.push(Piece::Text(std::mem::take(&mut plain)));
            pieces.push(Piece::Field(field));
            rest = after;
        }
        plain.push_str(rest);
        pieces.push(Piece::Text(plain));
        Ok(Self(pieces))
    }

    /// Inserts the fields; one that is not in `values` becomes empty.
    #[must_use]
    pub(crate) fn render(&self, values: &[(&str, &str)]) -> String {
        let piece = |piece: &Piece| match piece {
            Piece::Text(text) => text.clone(),
            Piece::Field(field) => lookup(values, field).to_owned(),
        };
        self.0.iter().map(piece).collect()
    }
}

/// The field after a `{`, and the text after its `}`.
fn field<'a>(
    brace: char,
    rest: &'a str,
    fields: &'static [&'static str],
) -> Result<(String, &'a str), TemplateError> {
    let lone = TemplateError::Brace { lone: brace };
    let (name, after) = match brace {
        '{' => rest.split_once('}').ok_or(lone)?,
        _ => return Err(lone),
    };
    if fields.contains(&name) {
        return Ok((name.to_owned(), after));
    }
    let name = name.to_owned();
    Err(TemplateError::Field { name, fields })
}

fn lookup<'a>(values: &[(&str, &'a str)], field: &str) -> &'a str {
    let found = values.iter().find(|(name, _)| *name == field);
    found.map_or("", |(_, value)| value)
}

impl fmt::Display for TemplateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Brace { lone } => {
                write!(
                    f,
                    "a `{lone}` stands alone: write `{lone}{lone}` for the character"
                )
            }
            Self::Field { name, fields } => {
                write!(
                    f,
                    "there is no field `{name}`: use one of `{}`",
                    fields.join("`, `")
                )
            }
        }
    }
}

impl std::error::Error for TemplateError {}

#[cfg(test)]
mod tests {
    use super::*;

    const FIELDS: &[&str] = &["name", "message"];

    #[test]
    fn fields_are_filled_in() {
        let template = Template::parse("你好 {name}: {message}!", FIELDS).unwrap();
        let text = template.render(&[("message", "welcome"), ("name", "Ada")]);
        assert_eq!(text, "你好 Ada: welcome!");
    }

    #[test]
    fn a_value_is_not_read_as_a_template() {
        let template = Template::parse("{name}", FIELDS).unwrap();
        assert_eq!(
            template.render(&[("name", "{message}"), ("message", "x")]),
            "{message}"
        );
    }

    #[test]
    fn doubled_braces_are_the_characters() {
        let template = Template::parse("{{name}} {name}}}", FIELDS).unwrap();
        assert_eq!(template.render(&[("name", "Ada")]), "{name} Ada}");
    }

    #[test]
    fn an_unknown_field_is_named_with_those_that_exist() {
        let error = Template::parse("{nmae}", FIELDS).unwrap_err();
        assert_eq!(
            error.to_string(),
            "there is no field `nmae`: use one of `name`, `message`"
        );
    }

    #[test]
    fn a_lone_brace_is_refused() {
        for (text, lone) in [("a { b", '{'), ("a } b", '}'), ("{name", '{')] {
            assert_eq!(
                Template::parse(text, FIELDS),
                Err(TemplateError::Brace { lone }),
                "{text}"
            );
        }
    }
}
