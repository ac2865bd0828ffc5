//! Operators and types that a query of an event may use.

use plugin_core::Result;
use sqlparser::ast::{
    BinaryOperator, DataType, DateTimeField, ExactNumberInfo, SetOperator, SetQuantifier,
    UnaryOperator,
};

use super::{Grammar, not_allowed};

/// The notation of a binary operator.
///
/// # Errors
///
/// Returns an error if it is not on the list. Operators of regular expressions are not on the list,
/// because their time is not limited.
pub(super) fn binary(operator: &BinaryOperator) -> Result<&'static str> {
    use BinaryOperator as Is;
    Ok(match operator {
        Is::Plus => "+",
        Is::Minus => "-",
        Is::Multiply => "*",
        Is::Divide => "/",
        Is::Modulo => "%",
        Is::MyIntegerDivide => "DIV",
        Is::StringConcat => "||",
        Is::Gt => ">",
        Is::Lt => "<",
        Is::GtEq => ">=",
        Is::LtEq => "<=",
        Is::Eq => "=",
        Is::NotEq => "<>",
        Is::Spaceship => "<=>",
        Is::Is => "IS",
        Is::IsNot => "IS NOT",
        Is::And => "AND",
        Is::Or => "OR",
        Is::Xor => "XOR",
        Is::BitwiseOr => "|",
        Is::BitwiseAnd => "&",
        Is::PGBitwiseShiftLeft => "<<",
        Is::PGBitwiseShiftRight => ">>",
        _ => return Err(not_allowed(format_args!("the operator `{operator}`"))),
    })
}

/// The notation of a prefix operator.
///
/// # Errors
///
/// Returns an error if it is not on the list.
pub(super) fn unary(operator: UnaryOperator) -> Result<&'static str> {
    Ok(match operator {
        UnaryOperator::Plus => "+ ",
        UnaryOperator::Minus => "- ",
        UnaryOperator::Not => "NOT ",
        UnaryOperator::BitwiseNot => "~ ",
        _ => return Err(not_allowed(format_args!("the operator `{operator}`"))),
    })
}

/// The notation of the type of a `CAST`.
///
/// # Errors
///
/// Returns an error if it is not on the list.
pub(super) fn cast(grammar: Grammar, wanted: &DataType) -> Result<String> {
    let name = match wanted {
        DataType::Text => "TEXT",
        DataType::Integer(None) | DataType::Int(None) => "INTEGER",
        DataType::Real => "REAL",
        DataType::Blob(None) => "BLOB",
        DataType::Numeric(ExactNumberInfo::None) => "NUMERIC",
        DataType::Char(None) => "CHAR",
        DataType::Signed | DataType::SignedInteger => "SIGNED",
        DataType::Unsigned | DataType::UnsignedInteger => "UNSIGNED",
        DataType::Double(ExactNumberInfo::None) => "DOUBLE",
        DataType::Date => "DATE",
        DataType::Datetime(None) => "DATETIME",
        DataType::Decimal(ExactNumberInfo::None) => "DECIMAL",
        DataType::Decimal(ExactNumberInfo::PrecisionAndScale(precision, scale)) => {
            return Ok(format!("DECIMAL({precision}, {scale})"));
        }
        _ => return Err(not_allowed("this type in a `CAST`")),
    };
    let wrong_database = match grammar {
        Grammar::Sqlite => ["CHAR", "SIGNED", "UNSIGNED"].contains(&name),
        Grammar::MySql => ["TEXT", "REAL", "BLOB", "NUMERIC"].contains(&name),
    };
    if wrong_database {
        return Err(not_allowed(format_args!("the type `{name}` in a `CAST`")));
    }
    Ok(name.to_owned())
}

/// The notation of the unit of an `INTERVAL`.
///
/// # Errors
///
/// Returns an error if it is not on the list.
pub(super) fn unit(unit: &DateTimeField) -> Result<&'static str> {
    Ok(match unit {
        DateTimeField::Microsecond => "MICROSECOND",
        DateTimeField::Second => "SECOND",
        DateTimeField::Minute => "MINUTE",
        DateTimeField::Hour => "HOUR",
        DateTimeField::Day => "DAY",
        DateTimeField::Week(None) => "WEEK",
        DateTimeField::Month => "MONTH",
        DateTimeField::Quarter => "QUARTER",
        DateTimeField::Year => "YEAR",
        _ => return Err(not_allowed("this unit of an `INTERVAL`")),
    })
}

/// The notation of the word between two `SELECT`s.
///
/// # Errors
///
/// Returns an error if it is not on the list.
pub(super) fn set(operator: SetOperator, quantifier: SetQuantifier) -> Result<&'static str> {
    use SetQuantifier::{All, Distinct, None};
    Ok(match (operator, quantifier) {
        (SetOperator::Union, All) => " UNION ALL ",
        (SetOperator::Union, None | Distinct) => " UNION ",
        (SetOperator::Except, None | Distinct) => " EXCEPT ",
        (SetOperator::Intersect, None | Distinct) => " INTERSECT ",
        _ => return Err(not_allowed(format_args!("`{operator} {quantifier}`"))),
    })
}
