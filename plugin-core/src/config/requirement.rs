//! The version of a plugin that a config requires.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::version::Version;

/// A requirement on a version, in Cargo's syntax: `1.0.0` means `^1.0.0`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VersionRequirement(semver::VersionReq);

impl VersionRequirement {
    /// Whether a version meets the requirement.
    #[must_use]
    pub fn matches(&self, version: &Version) -> bool {
        let pre = semver::Prerelease::new(version.pre).unwrap_or_default();
        self.0.matches(&semver::Version {
            major: version.major,
            minor: version.minor,
            patch: version.patch,
            pre,
            build: semver::BuildMetadata::EMPTY,
        })
    }
}

/// The error for a text that is not a valid version requirement.
#[derive(Debug)]
pub struct RequirementError(semver::Error);

impl fmt::Display for RequirementError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "no version requirement: {}", self.0)
    }
}

impl std::error::Error for RequirementError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.0)
    }
}

impl FromStr for VersionRequirement {
    type Err = RequirementError;

    fn from_str(text: &str) -> Result<Self, RequirementError> {
        text.parse().map(Self).map_err(RequirementError)
    }
}

impl fmt::Display for VersionRequirement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Serialize for VersionRequirement {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for VersionRequirement {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(de::Error::custom)
    }
}

impl JsonSchema for VersionRequirement {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "VersionRequirement".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "format": "version-requirement" })
    }
}
