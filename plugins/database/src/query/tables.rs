//! The tables of a `SELECT` in `FROM` and `JOIN`, each written with its listed columns.

use plugin_core::{Error, Result};
use sqlparser::ast::{Join, JoinConstraint, JoinOperator, TableAlias, TableFactor, TableWithJoins};

use super::writer::Writer;
use super::{names, not_allowed};

impl Writer<'_> {
    /// Writes the tables and returns the copies of their columns.
    pub(super) fn from(&mut self, from: &[TableWithJoins]) -> Result<usize> {
        let mut copies = 1;
        for (index, tables) in from.iter().enumerate() {
            self.push(if index == 0 { " FROM " } else { ", " });
            copies = copies.max(self.joined(tables)?);
        }
        Ok(copies)
    }

    fn joined(&mut self, tables: &TableWithJoins) -> Result<usize> {
        let TableWithJoins { relation, joins } = tables;
        let mut copies = self.table(relation)?;
        for join in joins {
            let Join {
                relation,
                global,
                join_operator,
            } = join;
            let (word, constraint) = join_word(join_operator)?;
            if *global {
                return Err(not_allowed("`GLOBAL`"));
            }
            if matches!(constraint, JoinConstraint::Natural) {
                self.push(" NATURAL");
            }
            self.push(word);
            copies = copies.max(self.table(relation)?);
            self.copies.push(copies);
            self.constraint(constraint)?;
            self.copies.pop();
        }
        Ok(copies)
    }

    fn constraint(&mut self, constraint: &JoinConstraint) -> Result<()> {
        match constraint {
            JoinConstraint::None | JoinConstraint::Natural => Ok(()),
            JoinConstraint::On(condition) => self.condition(" ON ", Some(condition)),
            JoinConstraint::Using(columns) => {
                self.push(" USING (");
                for (index, column) in columns.iter().enumerate() {
                    self.comma(index);
                    self.ident(names::single(column)?)?;
                }
                self.push(")");
                Ok(())
            }
            JoinConstraint::UsingAlias(..) => Err(not_allowed("an alias of `USING`")),
        }
    }

    fn table(&mut self, table: &TableFactor) -> Result<usize> {
        self.deeper(|this| match table {
            TableFactor::Table {
                name,
                alias,
                args: None,
                with_hints,
                version: None,
                with_ordinality: false,
                partitions,
                json_path: None,
                sample: None,
                index_directives,
                inheritance: None,
            } if with_hints.is_empty() && partitions.is_empty() && index_directives.is_empty() => {
                let name = names::plain(names::single(name)?)?;
                this.named(name, alias.as_ref())
            }
            TableFactor::Derived {
                lateral: false,
                subquery,
                alias,
                sample: None,
            } => {
                this.push("(");
                let copies = this.query(subquery)?;
                this.push(")");
                this.alias(None, alias.as_ref())?;
                Ok(copies)
            }
            TableFactor::NestedJoin {
                table_with_joins,
                alias: None,
            } => {
                this.push("(");
                let copies = this.joined(table_with_joins)?;
                this.push(")");
                Ok(copies)
            }
            _ => Err(not_allowed(
                "functions, hints or options in the place of a table",
            )),
        })
    }

    /// The table for a name: a `WITH` of the query, otherwise an open table.
    fn named(&mut self, name: &str, alias: Option<&TableAlias>) -> Result<usize> {
        let is = |known: &str| known.eq_ignore_ascii_case(name);
        if let Some(common) = self.common.iter().rev().find(|common| is(&common.name)) {
            let (written, copies, tables) = (common.written.clone(), common.copies, common.tables);
            self.add_tables(tables)?;
            self.name(&written);
            self.alias(Some(name), alias)?;
            return Ok(copies);
        }
        let open = self.open;
        let Some((table, columns)) = open.iter().find(|(table, _)| is(table)) else {
            return Err(closed(name, open.keys()));
        };
        self.add_tables(1)?;
        self.push("(SELECT ");
        for (index, column) in columns.iter().enumerate() {
            self.comma(index);
            self.name(column);
        }
        self.push(" FROM ");
        self.name(table);
        self.push(")");
        self.alias(Some(name), alias)?;
        Ok(1)
    }

    fn alias(&mut self, default: Option<&str>, alias: Option<&TableAlias>) -> Result<()> {
        let (name, columns) = match alias {
            Some(alias) => {
                let (name, columns) = names::alias(alias)?;
                (Some(name), columns)
            }
            None => (default, Vec::new()),
        };
        if !columns.is_empty() {
            return Err(not_allowed("names of columns in the alias of a table"));
        }
        if let Some(name) = name {
            self.push(" AS ");
            self.name(name);
        }
        Ok(())
    }
}

fn closed<'a>(name: &str, open: impl Iterator<Item = &'a String>) -> Error {
    let open: Vec<_> = open.map(|table| format!("`{table}`")).collect();
    let listed = if open.is_empty() {
        "none".to_owned()
    } else {
        open.join(", ")
    };
    Error::external(format!(
        "table `{name}` is not open to events: `tables` of the config lists {listed}"
    ))
}

fn join_word(operator: &JoinOperator) -> Result<(&'static str, &JoinConstraint)> {
    Ok(match operator {
        JoinOperator::Join(on) | JoinOperator::Inner(on) => (" JOIN ", on),
        JoinOperator::Left(on) | JoinOperator::LeftOuter(on) => (" LEFT JOIN ", on),
        JoinOperator::Right(on) | JoinOperator::RightOuter(on) => (" RIGHT JOIN ", on),
        JoinOperator::FullOuter(on) => (" FULL JOIN ", on),
        JoinOperator::CrossJoin(on) => (" CROSS JOIN ", on),
        _ => return Err(not_allowed("this kind of `JOIN`")),
    })
}
