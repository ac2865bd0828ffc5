//! `ORDER BY` and `LIMIT`.

use plugin_core::Result;
use sqlparser::ast::{
    LimitClause, Offset, OrderBy, OrderByExpr, OrderByKind, OrderByOptions, OrderBySort,
};

use super::not_allowed;
use super::writer::Writer;

impl Writer<'_> {
    pub(super) fn order(&mut self, order: &OrderBy) -> Result<()> {
        let OrderBy { kind, interpolate } = order;
        match (kind, interpolate) {
            (OrderByKind::Expressions(by), None) => {
                self.push(" ORDER BY ");
                self.sorted(by)
            }
            _ => Err(not_allowed("`ORDER BY ALL` or `INTERPOLATE`")),
        }
    }

    pub(super) fn sorted(&mut self, by: &[OrderByExpr]) -> Result<()> {
        for (index, key) in by.iter().enumerate() {
            let OrderByExpr {
                expr,
                options,
                with_fill,
            } = key;
            let OrderByOptions { sort, nulls_first } = options;
            if with_fill.is_some() {
                return Err(not_allowed("`WITH FILL`"));
            }
            self.comma(index);
            self.expr(expr)?;
            self.push(match sort {
                None => "",
                Some(OrderBySort::Asc) => " ASC",
                Some(OrderBySort::Desc) => " DESC",
                Some(OrderBySort::Using(_)) => return Err(not_allowed("`USING` in `ORDER BY`")),
            });
            self.push(match nulls_first {
                None => "",
                Some(true) => " NULLS FIRST",
                Some(false) => " NULLS LAST",
            });
        }
        Ok(())
    }

    pub(super) fn limit(&mut self, limit: &LimitClause) -> Result<()> {
        match limit {
            LimitClause::LimitOffset {
                limit,
                offset,
                limit_by,
            } if limit_by.is_empty() => {
                self.condition(" LIMIT ", limit.as_ref())?;
                let offset = offset.as_ref().map(|Offset { value, rows: _ }| value);
                self.condition(" OFFSET ", offset)
            }
            LimitClause::OffsetCommaLimit { offset, limit } => {
                self.condition(" LIMIT ", Some(limit))?;
                self.condition(" OFFSET ", Some(offset))
            }
            LimitClause::LimitOffset { .. } => Err(not_allowed("`LIMIT BY`")),
        }
    }
}
