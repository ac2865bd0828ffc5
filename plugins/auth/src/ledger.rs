//! The notes of this plugin about accounts: whether the config lists them, and what makes their
//! tokens invalid.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use plugin_contracts::{Database, Row};
use plugin_core::Result;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

const TABLE: &str = "CREATE TABLE IF NOT EXISTS auth_accounts (\
    id VARCHAR(64) NOT NULL PRIMARY KEY, \
    listed SMALLINT, \
    stamp VARCHAR(64) NOT NULL, \
    profile VARCHAR(64), \
    weak SMALLINT, \
    checked VARCHAR(64))";
const FIND: &str =
    "SELECT id, listed, stamp, profile, weak, checked FROM auth_accounts WHERE id = ?";
const LISTED: &str =
    "SELECT id FROM auth_accounts WHERE listed = 1 AND id > ? ORDER BY id LIMIT 100";
const WRITE: &str = "REPLACE INTO auth_accounts (id, listed, stamp, profile, weak, checked) \
    VALUES (?, ?, ?, ?, ?, ?)";

/// The note about one account.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Note {
    /// Whether the config lists it; `None` if it never did.
    pub(crate) listed: Option<bool>,
    /// A random text; a new one makes all tokens invalid. It is random and not a number, so that an
    /// old state of an account never returns when its row is deleted or an old copy of the database
    /// is restored.
    pub(crate) stamp: String,
    /// Digest of the name and addresses at the last start.
    pub(crate) profile: Option<String>,
    /// Whether the password is weak, if that is known.
    pub(crate) weak: Option<bool>,
    /// Digest of the hash to which `weak` refers.
    pub(crate) checked: Option<String>,
}

impl Note {
    /// Makes all tokens of the account invalid.
    ///
    /// # Errors
    ///
    /// Returns an error if the system has no random numbers.
    pub(crate) fn end_tokens(&mut self) -> Result<()> {
        let mut random = [0; 16];
        getrandom::fill(&mut random)?;
        self.stamp = URL_SAFE_NO_PAD.encode(random);
        Ok(())
    }

    /// Whether the password with this hash is weak, if that is known.
    pub(crate) fn weakness_of(&self, hash: &str) -> Option<bool> {
        self.weak
            .filter(|_| self.checked.as_deref() == Some(&*digest(&[hash])))
    }

    /// Records whether the password with this hash is weak.
    pub(crate) fn set_weakness(&mut self, hash: &str, weak: bool) {
        self.weak = Some(weak);
        self.checked = Some(digest(&[hash]));
    }
}

/// A digest of texts that contain no NUL.
pub(crate) fn digest(texts: &[&str]) -> String {
    let digest = Sha256::digest(texts.join("\0"));
    URL_SAFE_NO_PAD.encode(&digest[..16])
}

/// The table of notes.
#[derive(Debug)]
pub(crate) struct Ledger<D> {
    database: D,
}

impl<D: Database> Ledger<D> {
    /// Opens the table, which is created if it does not exist.
    ///
    /// # Errors
    ///
    /// Returns an error if the database fails.
    pub(crate) async fn open(database: D) -> Result<Self> {
        database.execute(TABLE, &[]).await?;
        Ok(Self { database })
    }

    /// The note about an account; an empty one if there is none.
    ///
    /// # Errors
    ///
    /// Returns an error if the database fails.
    pub(crate) async fn find(&self, id: &str) -> Result<Note> {
        let rows = self.database.query(FIND, &[json!(id)]).await?;
        let same = |row: &&Row| text(row, "id").as_deref() == Some(id);
        let Some(row) = rows.iter().find(same) else {
            return Ok(Note::default());
        };
        let flag = |column: &str| row.get(column).and_then(Value::as_i64).map(|it| it == 1);
        Ok(Note {
            listed: flag("listed"),
            stamp: text(row, "stamp").unwrap_or_default(),
            profile: text(row, "profile"),
            weak: flag("weak"),
            checked: text(row, "checked"),
        })
    }

    /// The ids that the config listed at the last start.
    ///
    /// # Errors
    ///
    /// Returns an error if the database fails.
    pub(crate) async fn listed(&self) -> Result<Vec<String>> {
        let mut ids: Vec<String> = Vec::new();
        loop {
            let after = ids.last().cloned().unwrap_or_default();
            let rows = self.database.query(LISTED, &[json!(after)]).await?;
            if rows.is_empty() {
                return Ok(ids);
            }
            ids.extend(rows.iter().filter_map(|row| text(row, "id")));
        }
    }

    /// Replaces the note about an account.
    ///
    /// # Errors
    ///
    /// Returns an error if the database fails.
    pub(crate) async fn write(&self, id: &str, note: &Note) -> Result<()> {
        let number = |flag: Option<bool>| flag.map(i64::from);
        let params = [
            json!(id),
            json!(number(note.listed)),
            json!(note.stamp),
            json!(note.profile),
            json!(number(note.weak)),
            json!(note.checked),
        ];
        self.database.execute(WRITE, &params).await.map(drop)
    }
}

fn text(row: &Row, column: &str) -> Option<String> {
    row.get(column).and_then(Value::as_str).map(str::to_owned)
}
