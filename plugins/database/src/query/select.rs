//! The clauses of a `SELECT`. Each node is destructured completely, so that a field that a later
//! version of the parser adds does not compile until it is handled.

use plugin_core::Result;
use sqlparser::ast::{
    Distinct, Expr, GroupByExpr, Query, Select, SelectFlavor, SelectItem,
    SelectItemQualifiedWildcardKind, SetExpr, WildcardAdditionalOptions,
};

use super::writer::Writer;
use super::{names, not_allowed, operators, refused};

/// Longest generated name of a column.
const LONGEST_MADE_NAME: usize = 60;

/// From how many values the columns of a query are combined.
pub(super) struct Copies {
    columns: usize,
    /// For columns as its `ORDER BY` sees them.
    inside: usize,
}

impl Writer<'_> {
    /// Writes a query, and returns the copies of its columns.
    pub(super) fn query(&mut self, query: &Query) -> Result<usize> {
        self.deeper(|this| this.clauses(query))
    }

    fn clauses(&mut self, query: &Query) -> Result<usize> {
        let Query {
            with,
            body,
            order_by,
            limit_clause,
            fetch,
            locks,
            for_clause,
            settings,
            format_clause,
            pipe_operators,
        } = query;
        let absent = fetch.is_none()
            && locks.is_empty()
            && for_clause.is_none()
            && settings.is_none()
            && format_clause.is_none()
            && pipe_operators.is_empty();
        if !absent {
            return Err(not_allowed(
                "`FETCH`, `FOR UPDATE`, or another clause after `LIMIT`",
            ));
        }
        self.reads()?;
        let seen = self.common.len();
        if let Some(with) = with {
            self.with(with)?;
        }
        let copies = self.body(body)?;
        self.copies.push(copies.inside);
        if let Some(order) = order_by {
            self.order(order)?;
        }
        if let Some(limit) = limit_clause {
            self.limit(limit)?;
        }
        self.copies.pop();
        self.common.truncate(seen);
        Ok(copies.columns)
    }

    /// A chain of `UNION`s is nested to the left. It is walked in a loop, whatever its length.
    fn body(&mut self, body: &SetExpr) -> Result<Copies> {
        let mut rest = Vec::new();
        let mut first = body;
        while let SetExpr::SetOperation {
            op,
            set_quantifier,
            left,
            right,
        } = first
        {
            rest.push((operators::set(*op, *set_quantifier)?, right));
            first = left;
        }
        let mut copies = self.part(first)?;
        for (word, right) in rest.into_iter().rev() {
            self.push(word);
            let right = self.part(right)?;
            copies.columns = copies.columns.max(right.columns);
            copies.inside = copies.columns;
        }
        Ok(copies)
    }

    fn part(&mut self, part: &SetExpr) -> Result<Copies> {
        match part {
            SetExpr::Select(select) => self.deeper(|this| this.select(select)),
            SetExpr::Query(query) => {
                self.push("(");
                let columns = self.query(query)?;
                self.push(")");
                Ok(Copies {
                    columns,
                    inside: columns,
                })
            }
            SetExpr::SetOperation { .. } => Err(not_allowed(
                "a `UNION` on the right side of another without parentheses",
            )),
            SetExpr::Values(_)
            | SetExpr::Insert(_)
            | SetExpr::Update(_)
            | SetExpr::Delete(_)
            | SetExpr::Merge(_)
            | SetExpr::Table(_) => Err(refused("is a `SELECT`")),
        }
    }

    fn select(&mut self, select: &Select) -> Result<Copies> {
        let Select {
            select_token: _,
            optimizer_hints,
            distinct,
            select_modifiers,
            top,
            top_before_distinct: _,
            projection,
            exclude,
            into,
            from,
            lateral_views,
            prewhere,
            selection,
            connect_by,
            group_by,
            cluster_by,
            distribute_by,
            sort_by,
            having,
            named_window,
            qualify,
            window_before_qualify: _,
            value_table_mode,
            flavor,
        } = select;
        if into.is_some() {
            return Err(not_allowed("`INTO`: it writes nowhere"));
        }
        let plain = optimizer_hints.is_empty()
            && select_modifiers
                .as_ref()
                .is_none_or(|words| !words.is_any_set())
            && top.is_none()
            && exclude.is_none()
            && lateral_views.is_empty()
            && prewhere.is_none()
            && connect_by.is_empty()
            && cluster_by.is_empty()
            && distribute_by.is_empty()
            && sort_by.is_empty()
            && named_window.is_empty()
            && qualify.is_none()
            && value_table_mode.is_none()
            && *flavor == SelectFlavor::Standard
            && !projection.is_empty();
        if !plain {
            return Err(not_allowed("hints, `WINDOW`, or words of another database"));
        }
        let (tables, of_tables) = self.aside(|this| this.from(from))?;
        self.copies.push(of_tables);
        self.push(match distinct {
            None | Some(Distinct::All) => "SELECT ",
            Some(Distinct::Distinct) => "SELECT DISTINCT ",
            Some(Distinct::On(_)) => return Err(not_allowed("`DISTINCT ON`")),
        });
        let mut columns = 1;
        for (index, item) in projection.iter().enumerate() {
            self.comma(index);
            columns = columns.max(self.item(item)?);
        }
        self.append(tables);
        // A condition may use a column of the projection by its alias.
        let inside = of_tables.max(columns);
        self.copies.pop();
        self.copies.push(inside);
        self.condition(" WHERE ", selection.as_ref())?;
        self.group(group_by)?;
        self.condition(" HAVING ", having.as_ref())?;
        self.copies.pop();
        Ok(Copies { columns, inside })
    }

    pub(super) fn condition(&mut self, word: &str, condition: Option<&Expr>) -> Result<()> {
        let Some(condition) = condition else {
            return Ok(());
        };
        self.push(word);
        self.expr(condition).map(drop)
    }

    fn group(&mut self, group_by: &GroupByExpr) -> Result<()> {
        let GroupByExpr::Expressions(expressions, modifiers) = group_by else {
            return Err(not_allowed("`GROUP BY ALL`"));
        };
        if !modifiers.is_empty() {
            return Err(not_allowed("`WITH ROLLUP`"));
        }
        if !expressions.is_empty() {
            self.push(" GROUP BY ");
            self.list(expressions)?;
        }
        Ok(())
    }

    fn item(&mut self, item: &SelectItem) -> Result<usize> {
        match item {
            SelectItem::UnnamedExpr(expr) => {
                let start = self.out.sql.len();
                let copies = self.expr(expr)?;
                self.push(" AS ");
                let name = self.made_name(start, expr);
                self.name(&name);
                Ok(copies)
            }
            SelectItem::ExprWithAlias { expr, alias } => {
                let copies = self.expr(expr)?;
                self.push(" AS ");
                self.ident(alias)?;
                Ok(copies)
            }
            SelectItem::Wildcard(options) => {
                bare(options)?;
                self.push("*");
                self.column()
            }
            SelectItem::QualifiedWildcard(
                SelectItemQualifiedWildcardKind::ObjectName(name),
                options,
            ) => {
                bare(options)?;
                self.ident(names::single(name)?)?;
                self.push(".*");
                self.column()
            }
            SelectItem::QualifiedWildcard(..) | SelectItem::ExprWithAliases { .. } => {
                Err(not_allowed("this kind of column"))
            }
        }
    }

    /// The name of a column without an alias: the name of the column that it is, otherwise its
    /// text, as in the databases.
    fn made_name(&self, start: usize, expr: &Expr) -> String {
        match expr {
            Expr::Identifier(name) => name.value.clone(),
            Expr::CompoundIdentifier(names) => names
                .last()
                .map(|name| name.value.clone())
                .unwrap_or_default(),
            _ => {
                let text = self.out.sql.get(start..).unwrap_or_default();
                let text = text.trim_end_matches(" AS ").replace('`', "");
                let name: String = text.chars().take(LONGEST_MADE_NAME).collect();
                name.trim().to_owned()
            }
        }
    }
}

fn bare(options: &WildcardAdditionalOptions) -> Result<()> {
    let WildcardAdditionalOptions {
        wildcard_token: _,
        opt_ilike,
        opt_exclude,
        opt_except,
        opt_replace,
        opt_rename,
        opt_alias,
    } = options;
    let bare = opt_ilike.is_none()
        && opt_exclude.is_none()
        && opt_except.is_none()
        && opt_replace.is_none()
        && opt_rename.is_none()
        && opt_alias.is_none();
    if bare {
        return Ok(());
    }
    Err(not_allowed("a `*` with words after it"))
}
