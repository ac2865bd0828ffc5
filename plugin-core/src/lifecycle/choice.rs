//! Chooses a config to compare with: the running one, the files, or a generation.

use std::borrow::Cow;
use std::fmt;
use std::io;
use std::str::FromStr;

use serde::de::{Deserialize, Deserializer, Error as _};

use super::checked::{Checked, Instead};
use super::operation::OperationError;
use crate::config::{Generation, Generations};

/// A config that can be compared with others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ConfigChoice {
    /// The running config.
    Running,
    /// The files as they are now.
    Files,
    /// An applied config, by its number.
    Generation(u64),
}

impl fmt::Display for ConfigChoice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Running => f.write_str("running"),
            Self::Files => f.write_str("files"),
            Self::Generation(number) => number.fmt(f),
        }
    }
}

impl FromStr for ConfigChoice {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "running" => Ok(Self::Running),
            "files" => Ok(Self::Files),
            number => match number.parse() {
                Ok(number) => Ok(Self::Generation(number)),
                Err(_) => {
                    Err("expected a number that `config history` lists, `running` or `files`")
                }
            },
        }
    }
}

impl<'de> Deserialize<'de> for ConfigChoice {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Cow::<'_, str>::deserialize(deserializer)?;
        text.parse().map_err(D::Error::custom)
    }
}

/// An applied config, if it is kept.
pub(super) fn kept(generations: &Generations, number: u64) -> Result<Generation, OperationError> {
    let known = generations.numbers().map_err(unreadable)?;
    match known.contains(&number) {
        true => generations.read(number).map_err(unreadable),
        false => Err(OperationError::NoGeneration { number, known }),
    }
}

#[expect(clippy::needless_pass_by_value, reason = "for `map_err`")]
pub(super) fn unreadable(error: io::Error) -> OperationError {
    OperationError::Unreadable(format!(
        "what is noted of config can't be read or written: {error}"
    ))
}

impl Checked {
    /// Reads the chosen config from the same sources as this one.
    pub(super) fn chosen(&self, choice: ConfigChoice) -> Result<Self, OperationError> {
        let instead = match choice {
            ConfigChoice::Running => return Ok(self.clone()),
            ConfigChoice::Files => Instead::Files,
            ConfigChoice::Generation(number) => {
                Instead::Generation(kept(&Generations::of(&self.settings), number)?)
            }
        };
        let switches = self.sources.switches().clone();
        let (_, read) = self.read_again(switches, instead);
        read.map_err(OperationError::Config)
    }

    /// The present config with some sections of this one, each of which one of the two has to have.
    pub(super) fn taken(self, sections: &[String], now: &Self) -> Result<Self, OperationError> {
        let there = [now, &self].map(|config| &config.settings.plugins);
        let is_known = |name: &String| there.iter().any(|all| all.contains_key(&**name));
        if let Some(unknown) = sections.iter().find(|name| !is_known(name)) {
            let known = self.settings.instances().map(|(_, one)| one.name());
            return Err(OperationError::Unknown {
                plugin: unknown.clone(),
                known: known.collect(),
            });
        }
        self.only(sections, now).map_err(OperationError::Config)
    }
}
