//! What the file of a plugin says: whether it is on, what the kernel makes of it, and what its hooks
//! do.

use plugin_core::prelude::*;
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Value, json};

/// What a hook does.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub(super) enum Fault {
    #[default]
    None,
    Error,
    Panic,
    Hang,
}

impl Fault {
    pub(super) async fn act(self) -> Result<()> {
        match self {
            Self::None => Ok(()),
            Self::Error => Err(Error::external("told to fail")),
            Self::Panic => panic!("told to panic"),
            Self::Hang => std::future::pending().await,
        }
    }
}

/// The plugin's own section: a value, and what each hook does.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Own {
    #[schemars(range(min = 0, max = 9))]
    pub(super) word: u8,
    pub(super) init: Fault,
    pub(super) start: Fault,
    pub(super) stop: Fault,
    pub(super) reload: Fault,
}

impl Own {
    /// Whether an instance with it comes up.
    pub(super) fn comes_up(&self) -> bool {
        [self.init, self.start] == [Fault::None; 2]
    }
}

/// What the file of a plugin says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Section {
    pub(super) enabled: bool,
    pub(super) own: Own,
    /// A limit that an instance is made with.
    pub(super) mailbox: u32,
    /// How it is started: no matter to an instance that runs.
    pub(super) attempts: u32,
    /// Whether its own section has a key that there is not.
    pub(super) is_wrong: bool,
}

impl Section {
    pub(super) const FIRST: Self = Self {
        enabled: true,
        own: Own {
            word: 0,
            init: Fault::None,
            start: Fault::None,
            stop: Fault::None,
            reload: Fault::None,
        },
        mailbox: 8,
        attempts: 1,
        is_wrong: false,
    };

    /// The text of the file.
    pub(super) fn text(&self, plugin: &str) -> String {
        let mut own = serde_json::to_value(self.own).unwrap();
        if self.is_wrong {
            own["wrod"] = Value::from(1);
        }
        let section = json!({
            "enabled": self.enabled,
            "mailbox": self.mailbox,
            "start": {"attempts": self.attempts},
            "config": own,
        });
        json!({ plugin: section }).to_string()
    }
}

/// Sections, most of which are good.
pub(super) fn section() -> impl Strategy<Value = Section> {
    const FAULTY: &[Fault] = &[Fault::Error, Fault::Panic, Fault::Hang];
    let fault = || prop_oneof![11 => Just(Fault::None), 1 => select(FAULTY)];
    let own = (0..3_u8, fault(), fault(), fault(), fault());
    let own = own.prop_map(|(word, init, start, stop, reload)| Own {
        word,
        init,
        start,
        stop,
        reload,
    });
    let some = |share| proptest::bool::weighted(share);
    (some(0.85), own, some(0.2), some(0.2), some(0.08)).prop_map(
        |(enabled, own, mailbox, attempts, is_wrong)| Section {
            enabled,
            own,
            mailbox: 8 + u32::from(mailbox),
            attempts: 1 + u32::from(attempts),
            is_wrong,
        },
    )
}
