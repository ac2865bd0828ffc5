//! Parses the arguments of an attribute: literals, `flag`, `name = value` and `name(…)`, separated
//! by commas. Unknown, repeated and malformed arguments are reported, and the rest is still read.

use proc_macro2::{Group, TokenStream};
use quote::ToTokens;
use syn::ext::IdentExt;
use syn::parse::{ParseStream, Parser};
use syn::{Attribute, Expr, ExprLit, Ident, Lit, LitInt, LitStr, Meta, Token, Type, token};

use crate::diagnostics::Diagnostics;
use crate::{fragment, suggestion};

/// An attribute and its options, each with an example.
pub(crate) struct Grammar {
    /// The attribute as the user writes it: `#[plugin]`.
    pub(crate) attribute: &'static str,
    /// The meaning of the argument without a name, with an example, if the attribute has such an
    /// argument.
    pub(crate) unnamed: Option<&'static str>,
    /// Names and examples.
    pub(crate) options: &'static [(&'static str, &'static str)],
}

/// One named argument, with its tokens.
pub(crate) struct Argument {
    pub(crate) name: Ident,
    pub(crate) value: Value,
}

/// The part after the name of an argument.
pub(crate) enum Value {
    /// Nothing: a flag.
    Flag,
    /// `= value`.
    Expr(Expr),
    /// `= Type`, for an option that takes a type.
    Type(Type),
    /// `(…)`.
    List(Group),
}

impl Argument {
    /// Whether nothing follows the name.
    pub(crate) fn is_flag(&self) -> bool {
        matches!(self.value, Value::Flag)
    }
}

impl ToTokens for Argument {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        self.name.to_tokens(tokens);
        match &self.value {
            Value::Flag => {}
            Value::Expr(value) => value.to_tokens(tokens),
            Value::Type(ty) => ty.to_tokens(tokens),
            Value::List(list) => list.to_tokens(tokens),
        }
    }
}

/// The arguments of one attribute. The caller takes them by name.
pub(crate) struct Arguments {
    grammar: &'static Grammar,
    /// Arguments without a name, in order.
    pub(crate) positional: Vec<Expr>,
    named: Vec<Argument>,
    has_unknown: bool,
}

impl Arguments {
    /// Reads all arguments, and reports unknown and repeated names.
    pub(crate) fn parse(
        grammar: &'static Grammar,
        tokens: TokenStream,
        diagnostics: &mut Diagnostics,
    ) -> Self {
        let mut arguments = Self {
            grammar,
            positional: Vec::new(),
            named: Vec::new(),
            has_unknown: false,
        };
        let parser = |input: ParseStream<'_>| {
            while !input.is_empty() {
                if let Err(error) = arguments.one(input, diagnostics) {
                    diagnostics.push(error);
                    skip_to_comma(input)?;
                }
            }
            Ok(())
        };
        diagnostics_of(parser, tokens);
        arguments
    }

    /// The attribute as the user writes it: `#[plugin]`.
    pub(crate) fn attribute(&self) -> &'static str {
        self.grammar.attribute
    }

    /// Reads the arguments of an attribute that may have none. `parentheses` says how to write
    /// some.
    pub(crate) fn of(
        attribute: &Attribute,
        grammar: &'static Grammar,
        parentheses: &str,
        diagnostics: &mut Diagnostics,
    ) -> Self {
        let tokens = match &attribute.meta {
            Meta::Path(_) => TokenStream::new(),
            Meta::List(list) => list.tokens.clone(),
            Meta::NameValue(pair) => {
                diagnostics.at(pair, parentheses);
                TokenStream::new()
            }
        };
        Self::parse(grammar, tokens, diagnostics)
    }

    /// Refuses arguments without a name.
    pub(crate) fn refuse_positional(&self, message: &str, diagnostics: &mut Diagnostics) {
        for stray in &self.positional {
            diagnostics.at(stray, message);
        }
    }

    /// Reads one argument and the comma after it.
    fn one(&mut self, input: ParseStream<'_>, diagnostics: &mut Diagnostics) -> syn::Result<()> {
        if input.peek(Ident::peek_any) && !input.peek2(Token![::]) {
            let argument = argument(input)?;
            self.add(argument, diagnostics);
        } else {
            self.positional.push(expression(input)?);
        }
        if !input.is_empty() && input.parse::<Token![,]>().is_err() {
            return Err(input.error(format!(
                "the arguments of `{}` are separated by commas: write a `,` before this",
                self.grammar.attribute
            )));
        }
        Ok(())
    }

    fn add(&mut self, argument: Argument, diagnostics: &mut Diagnostics) {
        let name = argument.name.unraw().to_string();
        if !self.names().any(|known| known == name) {
            self.has_unknown = true;
            return diagnostics.at(&argument.name, self.unknown(&name));
        }
        if self.has(&name) {
            let message = format!("`{name}` is given twice: keep one of them");
            return diagnostics.at(&argument.name, message);
        }
        self.named.push(argument);
    }

    fn unknown(&self, name: &str) -> String {
        let names: Vec<_> = self.names().collect();
        let other_words = || {
            OTHER_WORDS
                .into_iter()
                .filter(|(_, meant)| names.contains(meant))
        };
        let words: Vec<_> = other_words().map(|(word, _)| word).collect();
        let hint = match suggestion::closest(name, &words) {
            Some(word) if suggestion::closest(name, &names).is_none() => other_words()
                .find(|(other, _)| *other == word)
                .map_or(String::new(), |(_, meant)| {
                    format!(" (did you mean `{meant}`?)")
                }),
            _ => suggestion::hint(name, &names),
        };
        let known = suggestion::listed(&names);
        let unnamed = self
            .grammar
            .unnamed
            .map(|unnamed| format!("{unnamed}, and "));
        let (attribute, unnamed) = (self.grammar.attribute, unnamed.unwrap_or_default());
        format!("`{attribute}` has no option `{name}`{hint}: it takes {unnamed}{known}")
    }

    fn names(&self) -> impl Iterator<Item = &'static str> + use<> {
        self.grammar.options.iter().map(|(name, _)| *name)
    }

    /// Whether there is an unknown argument, which may be meant as a missing one.
    pub(crate) fn has_unknown(&self) -> bool {
        self.has_unknown
    }

    /// Whether an argument is certainly missing. If there is an unknown argument, that may be meant
    /// as this one, and each mistake is reported only once.
    pub(crate) fn lacks(&self, name: &str) -> bool {
        !self.has(name) && !self.has_unknown
    }

    /// Whether an argument is given.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.named
            .iter()
            .any(|argument| argument.name.unraw() == name)
    }

    /// The name of an argument, as the user wrote it.
    pub(crate) fn name_of(&self, name: &str) -> Option<&Ident> {
        let argument = self
            .named
            .iter()
            .find(|argument| argument.name.unraw() == name)?;
        Some(&argument.name)
    }

    /// Whether the value of an argument is this word.
    pub(crate) fn is_word(&self, name: &str, word: &str) -> bool {
        let mut named = self.named.iter();
        let argument = named.find(|argument| argument.name.unraw() == name);
        argument.is_some_and(|argument| match &argument.value {
            Value::Expr(value) => fragment::text(value).trim_matches('"') == word,
            _ => false,
        })
    }

    /// An example of an option.
    pub(crate) fn example(&self, name: &str) -> &'static str {
        let mut options = self.grammar.options.iter();
        options
            .find(|(known, _)| *known == name)
            .map_or("", |(_, example)| example)
    }

    /// Takes an argument.
    pub(crate) fn take(&mut self, name: &str) -> Option<Argument> {
        let at = self
            .named
            .iter()
            .position(|argument| argument.name.unraw() == name)?;
        Some(self.named.swap_remove(at))
    }

    /// Takes a flag, and returns whether it was given.
    pub(crate) fn flag(&mut self, name: &str, diagnostics: &mut Diagnostics) -> bool {
        let Some(argument) = self.take(name) else {
            return false;
        };
        if !argument.is_flag() {
            self.malformed(&argument, diagnostics);
        }
        true
    }

    /// Takes `name = "text"`.
    pub(crate) fn string(&mut self, name: &str, diagnostics: &mut Diagnostics) -> Option<LitStr> {
        let argument = self.take(name)?;
        match &argument.value {
            Value::Expr(Expr::Lit(ExprLit {
                lit: Lit::Str(text),
                ..
            })) => Some(text.clone()),
            _ => self.refuse(&argument, diagnostics),
        }
    }

    /// Takes `name = 1`.
    pub(crate) fn integer(&mut self, name: &str, diagnostics: &mut Diagnostics) -> Option<LitInt> {
        let argument = self.take(name)?;
        match &argument.value {
            Value::Expr(Expr::Lit(ExprLit {
                lit: Lit::Int(number),
                ..
            })) => Some(number.clone()),
            _ => self.refuse(&argument, diagnostics),
        }
    }

    /// Takes `name = word` or `name = "word"`.
    pub(crate) fn word(&mut self, name: &str, diagnostics: &mut Diagnostics) -> Option<Ident> {
        let argument = self.take(name)?;
        let word = match &argument.value {
            Value::Expr(Expr::Path(path)) => path.path.get_ident().cloned(),
            Value::Expr(Expr::Lit(ExprLit {
                lit: Lit::Str(text),
                ..
            })) => text.parse().ok(),
            _ => None,
        };
        word.or_else(|| self.refuse(&argument, diagnostics))
    }

    /// Takes `name = expression`.
    pub(crate) fn expression(&mut self, name: &str, diagnostics: &mut Diagnostics) -> Option<Expr> {
        let argument = self.take(name)?;
        match argument.value {
            Value::Expr(expression) => Some(expression),
            _ => self.refuse(&argument, diagnostics),
        }
    }

    /// Takes `name = Type`.
    pub(crate) fn ty(&mut self, name: &str, diagnostics: &mut Diagnostics) -> Option<Type> {
        let argument = self.take(name)?;
        match argument.value {
            Value::Type(ty) => Some(ty),
            _ => self.refuse(&argument, diagnostics),
        }
    }

    /// Takes the parentheses of `name(…)`.
    pub(crate) fn list(&mut self, name: &str, diagnostics: &mut Diagnostics) -> Option<Group> {
        let argument = self.take(name)?;
        match argument.value {
            Value::List(list) => Some(list),
            _ => self.refuse(&argument, diagnostics),
        }
    }

    /// Reports an argument that does not have the form of its example.
    pub(crate) fn malformed(&self, argument: &Argument, diagnostics: &mut Diagnostics) {
        let name = argument.name.unraw().to_string();
        let example = self.example(&name);
        let attribute = self.grammar.attribute;
        diagnostics.at(
            argument,
            format!("`{name}` of `{attribute}` is written `{example}`"),
        );
    }

    fn refuse<T>(&self, argument: &Argument, diagnostics: &mut Diagnostics) -> Option<T> {
        self.malformed(argument, diagnostics);
        None
    }
}

/// Names that other tools use for an option, and its name here.
const OTHER_WORDS: [(&str, &str); 12] = [
    ("retries", "retry"),
    ("attempts", "retry"),
    ("delay", "backoff"),
    ("workers", "concurrency"),
    ("parallel", "concurrency"),
    ("batch_size", "batch"),
    ("circuit_breaker", "breaker"),
    ("interval", "every"),
    ("period", "every"),
    ("topic", "topics"),
    ("depends", "requires"),
    ("deadline", "timeout"),
];

/// Options whose value is a type. A type with parameters is not an expression.
const TYPES: [&str; 1] = ["answer"];

fn argument(input: ParseStream<'_>) -> syn::Result<Argument> {
    let name = Ident::parse_any(input)?;
    let value = if input.parse::<Option<Token![=]>>()?.is_some() {
        if TYPES.iter().any(|option| name == option) {
            Value::Type(input.parse().map_err(|error| {
                let message = format!("`{name}` takes a type: write `{name} = UserProfile`");
                syn::Error::new(error.span(), message)
            })?)
        } else {
            Value::Expr(expression(input)?)
        }
    } else if input.peek(token::Paren) {
        Value::List(input.parse()?)
    } else {
        Value::Flag
    };
    Ok(Argument { name, value })
}

/// Reads an expression, and checks that nothing follows it.
fn expression(input: ParseStream<'_>) -> syn::Result<Expr> {
    input.parse().map(fragment::bare_expr)
}

fn skip_to_comma(input: ParseStream<'_>) -> syn::Result<()> {
    while !input.is_empty() {
        if input.parse::<Option<Token![,]>>()?.is_some() {
            break;
        }
        input.parse::<proc_macro2::TokenTree>()?;
    }
    Ok(())
}

/// Runs a parser that collects its errors itself.
fn diagnostics_of(parser: impl FnOnce(ParseStream<'_>) -> syn::Result<()>, tokens: TokenStream) {
    let outcome = parser.parse2(tokens);
    debug_assert!(outcome.is_ok(), "the parser reads to the end");
}
