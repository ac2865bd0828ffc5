//! Names of files. Only names in exactly this form belong to this module.

use jiff::civil::Date;

/// The part between the stem and the extension of a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Name {
    /// The text of the period.
    pub(super) date: Option<String>,
    /// Number of newer files of the period.
    pub(super) number: u32,
}

impl Name {
    pub(super) fn write(&self, stem: &str, extension: &str) -> String {
        let mut name = stem.to_owned();
        if let Some(date) = &self.date {
            name = format!("{name}.{date}");
        }
        if self.number > 0 {
            name = format!("{name}.{}", self.number);
        }
        if extension.is_empty() {
            name
        } else {
            format!("{name}.{extension}")
        }
    }

    /// Parses a name in the form of [`Name::write`]; all other names are ignored.
    pub(super) fn read(name: &str, stem: &str, extension: &str) -> Option<Self> {
        let mut inner = name.strip_prefix(stem)?;
        if !extension.is_empty() {
            inner = inner.strip_suffix(extension)?.strip_suffix('.')?;
        }
        let mut read = Self {
            date: None,
            number: 0,
        };
        let mut parts = inner.split('.');
        if parts.next() != Some("") {
            return None;
        }
        for part in parts {
            if read.number == 0 && read.date.is_none() && is_date(part) {
                read.date = Some(part.to_owned());
            } else if read.number == 0 && is_number(part) {
                read.number = part.parse().ok()?;
            } else {
                return None;
            }
        }
        Some(read)
    }
}

/// Whether a text is a number without a sign and without leading zeros.
fn is_number(text: &str) -> bool {
    !text.starts_with('0') && !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// Whether a text is a day, an hour or a minute.
fn is_date(text: &str) -> bool {
    let mut parts = text.split('-');
    let day: Vec<&str> = parts.by_ref().take(3).collect();
    let widths: Vec<usize> = day.iter().map(|part| part.len()).collect();
    let is_day = widths == [4, 2, 2] && day.join("-").parse::<Date>().is_ok();
    let two = |part: Option<&str>, most: u8| {
        part.is_none_or(|part| part.len() == 2 && part.parse().is_ok_and(|value: u8| value <= most))
    };
    is_day && two(parts.next(), 23) && two(parts.next(), 59) && parts.next().is_none()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_read_as_it_is_written() {
        for name in [
            "app.log",
            "app.3.log",
            "app.2026-11-30.log",
            "app.2026-11-30-09.12.log",
            "app.2026-11-30-09-59.log",
        ] {
            let read = Name::read(name, "app", "log").unwrap();
            assert_eq!(read.write("app", "log"), name);
        }
    }

    #[test]
    fn report_b13_names_of_others_are_not_ours() {
        for name in [
            "app.log.gz",
            "app-notes.log",
            "app.notes.log",
            "application.log",
            "app.2026-11-30.log.1",
            "app.2026-13-30.log",
            "app.2026-11-30-24.log",
            "app.2026-11-30-09-05-01.log",
            "app.20261130.old.log",
            "app.01.log",
            "app.0.log",
            "app.+1.log",
            "app.1.2.log",
            "app.1.2026-11-30.log",
            "app..log",
            "app.2026-11-30.txt",
            "app",
            "web.app.log",
        ] {
            assert_eq!(Name::read(name, "app", "log"), None, "{name}");
        }
    }
}
