//! Access control: rights, the roles that name several of them, and the caller who has them.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use axum::http::StatusCode;
use plugin_core::prelude::*;
use plugin_http::Problem;
use schemars::{Schema, SchemaGenerator, json_schema};
use serde::{Serialize, Serializer};

/// A right of a caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub enum Right {
    /// See which plugins run, and their states.
    #[serde(rename = "state:read")]
    StateRead,
    /// See the data of events.
    #[serde(rename = "tap:read")]
    TapRead,
    /// See config; secrets are always masked.
    #[serde(rename = "config:read")]
    ConfigRead,
    /// Start, stop and reload plugins, replay dead letters, publish events, and the like.
    #[serde(rename = "operate")]
    Operate,
    /// Change config.
    #[serde(rename = "config:write")]
    ConfigWrite,
}

impl Right {
    /// All rights.
    pub const ALL: [Self; 5] = [
        Self::StateRead,
        Self::TapRead,
        Self::ConfigRead,
        Self::Operate,
        Self::ConfigWrite,
    ];

    /// Its name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::StateRead => "state:read",
            Self::TapRead => "tap:read",
            Self::ConfigRead => "config:read",
            Self::Operate => "operate",
            Self::ConfigWrite => "config:write",
        }
    }

    const fn bit(self) -> u8 {
        1 << self as u8
    }
}

impl fmt::Display for Right {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A set of rights. Its serialized form is a list of names.
#[derive(Clone, Copy, PartialEq, Eq, Default)]
pub struct Rights(u8);

impl Rights {
    /// All rights.
    #[must_use]
    pub fn all() -> Self {
        Right::ALL.into_iter().collect()
    }

    /// Whether the set contains a right.
    #[must_use]
    pub const fn has(self, right: Right) -> bool {
        self.0 & right.bit() != 0
    }

    fn iter(self) -> impl Iterator<Item = Right> {
        Right::ALL.into_iter().filter(move |right| self.has(*right))
    }
}

impl FromIterator<Right> for Rights {
    fn from_iter<I: IntoIterator<Item = Right>>(rights: I) -> Self {
        let bits = rights.into_iter().map(Right::bit);
        Self(bits.fold(0, |all, bit| all | bit))
    }
}

impl fmt::Debug for Rights {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.iter()).finish()
    }
}

impl Serialize for Rights {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.iter())
    }
}

impl JsonSchema for Rights {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Rights".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let right = generator.subschema_for::<Right>();
        json_schema!({ "type": "array", "items": right, "uniqueItems": true })
    }
}

/// A name for several rights.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Sees states and config.
    Viewer,
    /// Also sees the data of events, and operates the service.
    Operator,
    /// Has all rights.
    Admin,
}

impl Role {
    /// The rights of the role.
    #[must_use]
    pub fn rights(self) -> Rights {
        use Right::{ConfigRead, Operate, StateRead, TapRead};
        match self {
            Self::Viewer => [StateRead, ConfigRead].into_iter().collect(),
            Self::Operator => [StateRead, ConfigRead, TapRead, Operate]
                .into_iter()
                .collect(),
            Self::Admin => Rights::all(),
        }
    }
}

/// The caller with its rights. Every admitted request has it as an extension.
#[derive(Debug, Clone)]
pub(crate) struct Caller {
    /// The name in the audit log.
    pub(crate) name: Arc<str>,
    /// The address of the caller; `None` for a caller on this machine.
    pub(crate) address: Option<Arc<str>>,
    pub(crate) rights: Rights,
}

impl Caller {
    /// Refuses a caller without a right, with 403 and the name of the right.
    pub(crate) fn require(&self, right: Right) -> Result<(), Problem> {
        if self.rights.has(right) {
            return Ok(());
        }
        let detail = format!(
            "`{}` may not do this: it needs the right `{right}`",
            self.name
        );
        let remedy = format!(
            "use a token whose `rights` have `{right}`, or whose `role` has it: `tokens` in the \
             config of `admin-plugin`"
        );
        Err(Problem::new(StatusCode::FORBIDDEN, detail)
            .with("right", right.as_str())
            .with("remedy", remedy))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_role_has_all_that_the_one_below_it_has() {
        let rights = |role: Role| json!(role.rights());
        assert_eq!(rights(Role::Viewer), json!(["state:read", "config:read"]));
        assert_eq!(
            rights(Role::Operator),
            json!(["state:read", "tap:read", "config:read", "operate"])
        );
        assert_eq!(rights(Role::Admin), json!(Right::ALL));
    }

    #[test]
    fn a_right_is_written_as_it_is_named() {
        for right in Right::ALL {
            assert_eq!(json!(right), json!(right.as_str()));
            let rights: Rights = [right].into_iter().collect();
            assert_eq!(
                Right::ALL.map(|other| rights.has(other)),
                Right::ALL.map(|other| other == right)
            );
        }
    }
}
