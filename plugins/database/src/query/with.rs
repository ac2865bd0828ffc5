//! `WITH`: queries that have a name for the rest of the statement.

use plugin_core::Result;
use sqlparser::ast::{Cte, With};

use super::writer::{Common, Writer};
use super::{names, not_allowed};

impl Writer<'_> {
    pub(super) fn with(&mut self, with: &With) -> Result<()> {
        let With {
            with_token: _,
            recursive,
            cte_tables,
        } = with;
        if *recursive {
            return Err(not_allowed("`WITH RECURSIVE`"));
        }
        self.push("WITH ");
        for (index, common) in cte_tables.iter().enumerate() {
            self.comma(index);
            self.common(common)?;
        }
        self.push(" ");
        Ok(())
    }

    /// It is visible to what comes after it, not to itself.
    fn common(&mut self, common: &Cte) -> Result<()> {
        let Cte {
            alias,
            query,
            from,
            materialized,
            closing_paren_token: _,
        } = common;
        if from.is_some() || materialized.is_some() {
            return Err(not_allowed("`MATERIALIZED` in a `WITH`"));
        }
        let (name, columns) = names::alias(alias)?;
        self.made += 1;
        // No table has a blank in its name.
        let written = format!("with {}", self.made);
        self.name(&written);
        self.columns(&columns);
        self.push(" AS (");
        let before = self.tables;
        let copies = self.query(query)?;
        self.push(")");
        self.common.push(Common {
            name: name.to_owned(),
            written,
            copies,
            tables: (self.tables - before).max(1),
        });
        Ok(())
    }

    fn columns(&mut self, columns: &[&str]) {
        if columns.is_empty() {
            return;
        }
        self.push(" (");
        for (index, column) in columns.iter().enumerate() {
            self.comma(index);
            self.name(column);
        }
        self.push(")");
    }
}
