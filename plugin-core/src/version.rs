//! Semantic versions that const evaluation can parse and compare.
//!
//! The rules are those of Cargo; build metadata is checked and then ignored.

/// The operator `?` for options, which const evaluation does not support.
macro_rules! option {
    ($value:expr) => {
        match $value {
            Some(value) => value,
            None => return None,
        }
    };
}

mod precedence;
mod requirement;
mod scan;

use std::cmp::Ordering;
use std::fmt;

use crate::const_text::Text;
use scan::Scan;

pub use requirement::is_valid_requirement;

/// A semantic version.
///
/// # Example
///
/// ```
/// use plugin_core::version::Version;
///
/// const VERSION: Version = Version::parse("1.4.0-rc.1");
/// assert!(VERSION < Version::parse("1.4.0"));
/// assert!(Version::parse("1.4.2").meets("^1.2"));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Version {
    /// Incompatible changes.
    pub major: u64,
    /// Compatible additions.
    pub minor: u64,
    /// Compatible repairs.
    pub patch: u64,
    /// The text after `-`, such as `alpha.1`; empty for a release.
    pub pre: &'static str,
}

impl Version {
    /// Parses a version.
    ///
    /// # Panics
    ///
    /// Panics if the text is not a semantic version; in a constant, this is a compile error.
    #[must_use]
    #[track_caller]
    pub const fn parse(text: &'static str) -> Self {
        match Self::try_parse(text) {
            Some(version) => version,
            None => panic!("not a semantic version: write it as `1.2.3` or `1.2.3-alpha.1`"),
        }
    }

    /// Parses a version; `None` if the text is not one.
    #[must_use]
    pub const fn try_parse(text: &'static str) -> Option<Self> {
        let mut scan = Scan::new(text);
        let version = Self {
            major: option!(scan.number()),
            minor: option!(scan.dotted_number()),
            patch: option!(scan.dotted_number()),
            pre: option!(scan.pre()),
        };
        if scan.build() && scan.is_at_end() {
            Some(version)
        } else {
            None
        }
    }

    /// Whether the version meets a requirement in Cargo's syntax. No version meets an invalid
    /// requirement.
    #[must_use]
    pub const fn meets(&self, requirement: &str) -> bool {
        matches!(self.judge(requirement), Some(true))
    }

    /// Like [`Version::meets`]; `None` if the requirement is invalid.
    pub(crate) const fn judge(&self, requirement: &str) -> Option<bool> {
        requirement::check(requirement, Some(self))
    }

    /// `Ord::cmp` for const evaluation.
    #[must_use]
    pub const fn compare(&self, other: &Self) -> Ordering {
        match precedence::numbers(self.numbers(), other.numbers(), 3) {
            Ordering::Equal => precedence::pre(self.pre, other.pre),
            order => order,
        }
    }

    const fn numbers(&self) -> [u64; 3] {
        [self.major, self.minor, self.patch]
    }

    const fn write(&self, text: &mut Text<'_>) {
        text.number(self.major)
            .push(".")
            .number(self.minor)
            .push(".")
            .number(self.patch);
        if !self.pre.is_empty() {
            text.push("-").push(self.pre);
        }
    }
}

impl PartialOrd for Version {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Version {
    fn cmp(&self, other: &Self) -> Ordering {
        self.compare(other)
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.major, self.minor, self.patch)?;
        if !self.pre.is_empty() {
            write!(f, "-{}", self.pre)?;
        }
        Ok(())
    }
}

/// Proves in const evaluation that a plugin's requirement on another plugin is met.
///
/// # Panics
///
/// Panics if it is not met, or if it is invalid. The message names both plugins.
#[track_caller]
pub const fn assert_met(plugin: &str, other: &str, version: &'static str, requirement: &str) {
    let version = Version::parse(version);
    let mut buffer = [0; 1024];
    let mut text = Text::new(&mut buffer);
    match version.judge(requirement) {
        Some(true) => return,
        Some(false) => write_mismatch((plugin, other), &version, requirement, &mut text),
        None => write_invalid((plugin, other), requirement, &mut text),
    }
    panic!("{}", text.as_str());
}

pub(crate) const fn write_mismatch(
    (plugin, other): (&str, &str),
    version: &Version,
    requirement: &str,
    text: &mut Text<'_>,
) {
    write_requirement((plugin, other), requirement, text);
    text.push(", but ").name(other).push(" is ");
    version.write(text);
    text.push(": change the requirement, or use a version of ")
        .name(other)
        .push(" that meets it");
}

pub(crate) const fn write_invalid(plugins: (&str, &str), requirement: &str, text: &mut Text<'_>) {
    write_requirement(plugins, requirement, text);
    text.push(", which is no version requirement: write one as Cargo reads it, such as `^1.2`");
}

const fn write_requirement((plugin, other): (&str, &str), requirement: &str, text: &mut Text<'_>) {
    text.push("plugin ")
        .name(plugin)
        .push(" requires ")
        .name(other)
        .push(" ")
        .push(requirement);
}
