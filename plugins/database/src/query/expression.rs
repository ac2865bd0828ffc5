//! Expressions. Each function returns from how many values the value of the expression may be
//! combined.

use plugin_core::Result;
use sqlparser::ast::{
    BinaryOperator, CaseWhen, CastKind, CeilFloorKind, DateTimeField, Expr, Ident, InTarget,
    Interval, Value, ValueWithSpan,
};

use super::writer::Writer;
use super::{names, not_allowed, operators};

impl Writer<'_> {
    /// Writes an expression.
    pub(super) fn expr(&mut self, expr: &Expr) -> Result<usize> {
        self.deeper(|this| this.any(expr))
    }

    pub(super) fn list(&mut self, list: &[Expr]) -> Result<usize> {
        let mut copies = 1;
        for (index, expr) in list.iter().enumerate() {
            self.comma(index);
            copies = copies.max(self.expr(expr)?);
        }
        Ok(copies)
    }

    fn any(&mut self, expr: &Expr) -> Result<usize> {
        match expr {
            Expr::Identifier(name) => self.reference(std::slice::from_ref(name)),
            Expr::CompoundIdentifier(names) => self.reference(names),
            Expr::Value(ValueWithSpan { value, span: _ }) => self.literal(value).map(|()| 1),
            Expr::Nested(inner) => self.around("(", inner, ")"),
            Expr::Tuple(list) => {
                self.push("(");
                let copies = self.list(list)?;
                self.push(")");
                Ok(copies)
            }
            Expr::BinaryOp { .. } => self.chain(expr),
            Expr::UnaryOp { op, expr } => self.around(operators::unary(*op)?, expr, ""),
            Expr::Subquery(query) => {
                self.push("(");
                let copies = self.query(query)?;
                self.push(")");
                Ok(copies)
            }
            Expr::Exists { subquery, negated } => {
                self.push(if *negated { "NOT EXISTS (" } else { "EXISTS (" });
                self.query(subquery)?;
                self.push(")");
                Ok(1)
            }
            Expr::Function(function) => self.function(function),
            Expr::Case {
                case_token: _,
                end_token: _,
                operand,
                conditions,
                else_result,
            } => self.case(operand.as_deref(), conditions, else_result.as_deref()),
            _ => self.condition_or_call(expr),
        }
    }

    fn condition_or_call(&mut self, expr: &Expr) -> Result<usize> {
        match expr {
            Expr::IsNull(inner) => self.around("", inner, " IS NULL"),
            Expr::IsNotNull(inner) => self.around("", inner, " IS NOT NULL"),
            Expr::IsTrue(inner) => self.around("", inner, " IS TRUE"),
            Expr::IsNotTrue(inner) => self.around("", inner, " IS NOT TRUE"),
            Expr::IsFalse(inner) => self.around("", inner, " IS FALSE"),
            Expr::IsNotFalse(inner) => self.around("", inner, " IS NOT FALSE"),
            Expr::IsUnknown(inner) => self.around("", inner, " IS UNKNOWN"),
            Expr::IsNotUnknown(inner) => self.around("", inner, " IS NOT UNKNOWN"),
            Expr::IsDistinctFrom(left, right) => self.pair(left, " IS DISTINCT FROM ", right),
            Expr::IsNotDistinctFrom(left, right) => {
                self.pair(left, " IS NOT DISTINCT FROM ", right)
            }
            Expr::In {
                expr,
                target,
                negated,
                global: false,
            } => self.membership(expr, target, *negated),
            Expr::Between {
                expr,
                negated,
                low,
                high,
            } => {
                self.expr(expr)?;
                self.push(negatable(*negated, " BETWEEN ", " NOT BETWEEN "));
                self.pair(low, " AND ", high)
            }
            Expr::Like {
                negated,
                any: false,
                expr,
                pattern,
                escape_char,
            } => {
                self.push("(");
                self.expr(expr)?;
                self.push(negatable(*negated, " LIKE ", " NOT LIKE "));
                self.pattern(|this| this.expr(pattern))?;
                self.escape(escape_char.as_deref())?;
                self.push(")");
                Ok(1)
            }
            _ => self.call(expr),
        }
    }

    /// Expressions that look like function calls, but are nodes of their own.
    fn call(&mut self, expr: &Expr) -> Result<usize> {
        match expr {
            Expr::Cast {
                kind: CastKind::Cast,
                expr,
                data_type,
                format: None,
            } => {
                let end = format!(" AS {})", operators::cast(self.grammar, data_type)?);
                self.around("CAST(", expr, &end)
            }
            Expr::Ceil {
                expr,
                field: CeilFloorKind::DateTimeField(DateTimeField::NoDateTime),
            } => self.around("CEIL(", expr, ")").map(|_| 1),
            Expr::Floor {
                expr,
                field: CeilFloorKind::DateTimeField(DateTimeField::NoDateTime),
            } => self.around("FLOOR(", expr, ")").map(|_| 1),
            Expr::Substring {
                expr,
                substring_from: Some(from),
                substring_for,
                special: _,
                shorthand: _,
            } => {
                let copies = self.around("SUBSTR(", expr, ", ")?;
                self.expr(from)?;
                if let Some(length) = substring_for {
                    self.around(", ", length, "")?;
                }
                self.push(")");
                Ok(copies)
            }
            Expr::Trim {
                trim_where: None,
                trim_what: None,
                expr,
                trim_characters: None,
            } => self.around("TRIM(", expr, ")"),
            Expr::Collate { expr, collation } => {
                let name = names::plain(names::single(collation)?)?;
                if !name
                    .chars()
                    .all(|char| char.is_ascii_alphanumeric() || char == '_')
                {
                    return Err(not_allowed("this name of a collation"));
                }
                let end = format!(" COLLATE {name}");
                self.around("", expr, &end)
            }
            Expr::Interval(Interval {
                value,
                leading_field: Some(field),
                leading_precision: None,
                last_field: None,
                fractional_seconds_precision: None,
            }) => {
                let end = format!(" {}", operators::unit(field)?);
                self.around("INTERVAL ", value, &end)
            }
            _ => Err(not_allowed(
                "this kind of expression: take operators and functions of the list in the docs",
            )),
        }
    }

    fn reference(&mut self, names: &[Ident]) -> Result<usize> {
        if names.len() > 2 {
            return Err(not_allowed("a column with more than a table before it"));
        }
        for (index, name) in names.iter().enumerate() {
            self.push(if index > 0 { "." } else { "" });
            self.ident(name)?;
        }
        self.column()
    }

    pub(super) fn around(&mut self, before: &str, expr: &Expr, after: &str) -> Result<usize> {
        self.push(before);
        let copies = self.expr(expr)?;
        self.push(after);
        Ok(copies)
    }

    fn pair(&mut self, left: &Expr, between: &str, right: &Expr) -> Result<usize> {
        let left = self.around("", left, between)?;
        Ok(left.max(self.expr(right)?))
    }

    /// A chain of operators is nested to the left. It is walked in a loop, whatever its length, and
    /// written without additional parentheses, so that it has the same meaning for the database.
    fn chain(&mut self, chain: &Expr) -> Result<usize> {
        let mut rest = Vec::new();
        let mut first = chain;
        while let Expr::BinaryOp { left, op, right } = first {
            rest.push((op, right));
            first = left;
        }
        let start = self.out.sql.len();
        let mut copies = self.expr(first)?;
        for (operator, right) in rest.into_iter().rev() {
            if *operator == BinaryOperator::Glob {
                // It is in parentheses, so that what follows can't become part of the pattern.
                self.out.sql.insert(start, '(');
                self.push(" GLOB ");
                self.pattern(|this| this.expr(right))?;
                self.push(")");
                copies = 1;
                continue;
            }
            self.push(" ");
            self.push(operators::binary(operator)?);
            self.push(" ");
            let right = self.expr(right)?;
            copies = match operator {
                BinaryOperator::StringConcat => self.bounded(copies + right)?,
                _ => copies.max(right),
            };
        }
        Ok(copies)
    }

    fn membership(&mut self, expr: &Expr, target: &InTarget, negated: bool) -> Result<usize> {
        self.expr(expr)?;
        self.push(negatable(negated, " IN (", " NOT IN ("));
        match target {
            InTarget::List(list) => self.list(list)?,
            InTarget::Subquery(query) => self.query(query)?,
            InTarget::Unnest(_) | InTarget::Table { .. } => {
                return Err(not_allowed("`IN` with a table or `UNNEST`"));
            }
        };
        self.push(")");
        Ok(1)
    }

    fn escape(&mut self, escape: Option<&Expr>) -> Result<()> {
        match escape {
            None => Ok(()),
            Some(Expr::Value(ValueWithSpan {
                value: Value::SingleQuotedString(text),
                span: _,
            })) if text.chars().count() == 1 => {
                self.push(" ESCAPE ");
                self.text(text)
            }
            Some(_) => Err(not_allowed("an `ESCAPE` of more than one character")),
        }
    }

    fn case(
        &mut self,
        operand: Option<&Expr>,
        conditions: &[CaseWhen],
        otherwise: Option<&Expr>,
    ) -> Result<usize> {
        self.push("CASE");
        if let Some(operand) = operand {
            self.around(" ", operand, "")?;
        }
        let mut copies = 1;
        for CaseWhen { condition, result } in conditions {
            self.around(" WHEN ", condition, " THEN ")?;
            copies = copies.max(self.expr(result)?);
        }
        if let Some(otherwise) = otherwise {
            copies = copies.max(self.around(" ELSE ", otherwise, "")?);
        }
        self.push(" END");
        Ok(copies)
    }
}

const fn negatable(negated: bool, plain: &'static str, not: &'static str) -> &'static str {
    if negated { not } else { plain }
}
