//! Calls of functions, with their windows.

use plugin_core::Result;
use sqlparser::ast::{
    DuplicateTreatment, Function, FunctionArg, FunctionArgExpr, FunctionArgumentList,
    FunctionArguments, ObjectName, WindowSpec, WindowType,
};

use super::functions::{self, Kind};
use super::writer::Writer;
use super::{names, not_allowed};

impl Writer<'_> {
    pub(super) fn function(&mut self, function: &Function) -> Result<usize> {
        let Function {
            name,
            uses_odbc_syntax: false,
            parameters: FunctionArguments::None,
            args,
            within_group,
            filter,
            null_treatment: None,
            over,
        } = function
        else {
            return Err(not_allowed("this way to call a function"));
        };
        if !within_group.is_empty() {
            return Err(not_allowed("`WITHIN GROUP`"));
        }
        let name = function_name(name)?;
        let kind = match args {
            FunctionArguments::None if functions::is_bare(name) => {
                self.push(name);
                return Ok(1);
            }
            FunctionArguments::List(list) => {
                let kind = functions::kind(self.grammar, name)?;
                self.push(name);
                self.arguments(kind, name, list)?
            }
            FunctionArguments::None | FunctionArguments::Subquery(_) => {
                return Err(not_allowed("this way to call a function"));
            }
        };
        if let Some(filter) = filter {
            self.around(" FILTER (WHERE ", filter, ")")?;
        }
        self.over(over.as_ref())?;
        Ok(kind)
    }

    /// Writes the arguments and returns the copies of the value.
    fn arguments(&mut self, kind: Kind, name: &str, list: &FunctionArgumentList) -> Result<usize> {
        let FunctionArgumentList {
            duplicate_treatment,
            args,
            clauses,
        } = list;
        if !clauses.is_empty() || (kind == Kind::Single && args.len() != 1) {
            return Err(not_allowed(format_args!("`{name}` with these arguments")));
        }
        self.push("(");
        if matches!(duplicate_treatment, Some(DuplicateTreatment::Distinct)) {
            self.push("DISTINCT ");
        }
        let mut of_args = Vec::with_capacity(args.len());
        for (index, arg) in args.iter().enumerate() {
            self.comma(index);
            of_args.push(self.argument(kind, name, index, arg)?);
        }
        self.push(")");
        self.bounded(match kind {
            Kind::Short | Kind::Count | Kind::Pattern(_) => 1,
            Kind::Plain | Kind::Single => of_args.iter().copied().max().unwrap_or(1),
            // The separator of `concat_ws` is inserted between all others.
            Kind::Concat => of_args.iter().sum::<usize>() + of_args.len(),
            Kind::Paths => of_args
                .first()
                .map_or(1, |first| first * of_args.len().max(2) - first),
        })
    }

    fn argument(
        &mut self,
        kind: Kind,
        name: &str,
        index: usize,
        arg: &FunctionArg,
    ) -> Result<usize> {
        match (kind, arg) {
            (Kind::Count, FunctionArg::Unnamed(FunctionArgExpr::Wildcard)) => {
                self.push("*");
                Ok(1)
            }
            (Kind::Pattern(at), FunctionArg::Unnamed(FunctionArgExpr::Expr(expr)))
                if at == index =>
            {
                self.pattern(|this| this.expr(expr)).map(|()| 1)
            }
            (_, FunctionArg::Unnamed(FunctionArgExpr::Expr(expr))) => self.expr(expr),
            _ => Err(not_allowed(format_args!("`{name}` with these arguments"))),
        }
    }

    fn over(&mut self, over: Option<&WindowType>) -> Result<()> {
        let spec = match over {
            None => return Ok(()),
            Some(WindowType::WindowSpec(spec)) => spec,
            Some(WindowType::NamedWindow(_)) => return Err(not_allowed("a named window")),
        };
        let WindowSpec {
            window_name: None,
            partition_by,
            order_by,
            window_frame: None,
        } = spec
        else {
            return Err(not_allowed("the frame of a window"));
        };
        self.push(" OVER (");
        if !partition_by.is_empty() {
            self.push("PARTITION BY ");
            self.list(partition_by)?;
        }
        if !order_by.is_empty() {
            self.push(if partition_by.is_empty() {
                "ORDER BY "
            } else {
                " ORDER BY "
            });
            self.sorted(order_by)?;
        }
        self.push(")");
        Ok(())
    }
}

/// It is written as in the query, after it was found in the list. The case is kept, because it
/// becomes the name of a column without an alias.
fn function_name(name: &ObjectName) -> Result<&str> {
    let ident = names::single(name)?;
    let name = names::plain(ident)?;
    let plain = name
        .chars()
        .all(|char| char.is_ascii_alphanumeric() || char == '_');
    if ident.quote_style.is_some() || !plain {
        return Err(not_allowed("a function whose name is in quotes"));
    }
    Ok(name)
}
