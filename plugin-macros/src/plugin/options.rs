//! The options of `#[plugin(…)]`.

use proc_macro2::TokenStream;
use quote::ToTokens;
use syn::parse::{Parse, ParseStream, Parser};
use syn::{Expr, Ident, LitStr, Path, Token, Type, parenthesized, parse_quote, token};

use super::version::{check_requirement, check_version};
use crate::attribute::{Arguments, Grammar};
use crate::diagnostics::Diagnostics;
use crate::{krate, suggestion, topic};

const GRAMMAR: Grammar = Grammar {
    attribute: "#[plugin]",
    unnamed: None,
    options: &[
        ("name", "name = \"hello-plugin\""),
        ("version", "version = \"1.2.3\""),
        ("description", "description = \"Greets users\""),
        ("kind", "kind = system"),
        ("requires", "requires(plugin_logger::Logger = \"^1\")"),
        ("after", "after(\"logger-plugin\")"),
        ("conflicts", "conflicts(\"other-plugin\")"),
        ("singleton", "singleton = \"the log is of the process\""),
        ("overlap", "overlap"),
        ("provides", "provides(UserService, Cache(priority = 10))"),
        ("crate", "crate = path::to::plugin_core"),
    ],
};

const NAME_MISSING: &str =
    "`#[plugin]` needs the plugin's name: write `#[plugin(name = \"hello-plugin\")]`";

const KINDS: [(&str, &str); 3] = [
    ("system", "System"),
    ("middleware", "Middleware"),
    ("business", "Business"),
];

/// The options of `#[plugin(…)]`.
pub(crate) struct Options {
    pub(crate) krate: Path,
    pub(crate) name: LitStr,
    pub(crate) version: Option<LitStr>,
    pub(crate) description: Option<LitStr>,
    /// A variant of `Kind`.
    pub(crate) kind: Option<Ident>,
    pub(crate) requires: Vec<Requires>,
    pub(crate) after: Vec<LitStr>,
    pub(crate) conflicts: Vec<LitStr>,
    /// The reason why it can run only as one instance.
    pub(crate) singleton: Option<LitStr>,
    pub(crate) provides: Vec<Provides>,
    /// Whether two lives of an instance may overlap.
    pub(crate) overlap: bool,
}

/// `Type = "requirement"`.
pub(crate) struct Requires {
    pub(crate) ty: Type,
    pub(crate) version: LitStr,
}

/// `Trait`, or `Trait(priority = 10)`.
pub(crate) struct Provides {
    pub(crate) service: Path,
    pub(crate) priority: Option<Expr>,
}

impl Options {
    /// Reads the options. `item` is the item below the attribute.
    pub(crate) fn parse(
        tokens: TokenStream,
        item: &TokenStream,
        diagnostics: &mut Diagnostics,
    ) -> Self {
        let mut arguments = Arguments::parse(&GRAMMAR, tokens, diagnostics);
        for stray in &arguments.positional {
            diagnostics.at(
                stray,
                "the options of `#[plugin]` have names: write `name = \"hello-plugin\"`",
            );
        }
        let options = Self {
            krate: krate::path(&mut arguments, item, diagnostics),
            name: name(&mut arguments, item, diagnostics),
            version: arguments.string("version", diagnostics),
            description: arguments.string("description", diagnostics),
            kind: kind(&mut arguments, diagnostics),
            requires: list("requires", &mut arguments, diagnostics),
            after: names("after", &mut arguments, diagnostics),
            conflicts: names("conflicts", &mut arguments, diagnostics),
            singleton: arguments.string("singleton", diagnostics),
            provides: list("provides", &mut arguments, diagnostics),
            overlap: arguments.flag("overlap", diagnostics),
        };
        options.check(diagnostics);
        options
    }

    fn check(&self, diagnostics: &mut Diagnostics) {
        if let Some(version) = &self.version {
            check_version(version, diagnostics);
        }
        for requires in &self.requires {
            check_requirement(&requires.version, diagnostics);
        }
        let own = self.name.value();
        for other in self.after.iter().chain(&self.conflicts) {
            topic::check_plugin_name(other, diagnostics);
            if other.value() == own {
                diagnostics.at(
                    other,
                    format!("`{own}` is this plugin: name another one, or leave it out"),
                );
            }
        }
        for twice in self
            .after
            .iter()
            .filter(|name| is_in(&self.conflicts, name))
        {
            let name = twice.value();
            let message = format!(
                "`{name}` is in `conflicts` too, and can't start before a plugin that excludes \
                    it: leave one out"
            );
            diagnostics.at(twice, message);
        }
    }
}

fn name(arguments: &mut Arguments, item: &TokenStream, diagnostics: &mut Diagnostics) -> LitStr {
    let may_be_there = arguments.has("name") || arguments.has_unknown();
    match arguments.string("name", diagnostics) {
        Some(name) => {
            topic::check_plugin_name(&name, diagnostics);
            name
        }
        None => {
            if !may_be_there {
                diagnostics.at_attribute(item, NAME_MISSING);
            }
            parse_quote!("")
        }
    }
}

fn kind(arguments: &mut Arguments, diagnostics: &mut Diagnostics) -> Option<Ident> {
    let word = arguments.word("kind", diagnostics)?;
    let variant = KINDS.iter().find(|(name, _)| word == name);
    if variant.is_none() {
        let names = KINDS.map(|(name, _)| name);
        let hint = suggestion::hint(&word.to_string(), &names);
        let known = suggestion::listed(&names);
        let message = format!("`{word}` is no kind of plugin{hint}: write one of {known}");
        diagnostics.at(&word, message);
    }
    variant.map(|(_, variant)| Ident::new(variant, word.span()))
}

/// The names in `option("name", …)`.
fn names(option: &str, arguments: &mut Arguments, diagnostics: &mut Diagnostics) -> Vec<LitStr> {
    let names: Vec<LitStr> = list(option, arguments, diagnostics);
    for (at, name) in names.iter().enumerate() {
        if is_in(&names[..at], name) {
            let text = name.value();
            diagnostics.at(
                name,
                format!("`{text}` is in `{option}` twice: keep one of them"),
            );
        }
    }
    names
}

fn is_in(names: &[LitStr], name: &LitStr) -> bool {
    names.iter().any(|other| other.value() == name.value())
}

/// The content of the parentheses of `option(…)`.
fn list<T: Parse>(
    option: &str,
    arguments: &mut Arguments,
    diagnostics: &mut Diagnostics,
) -> Vec<T> {
    let Some(group) = arguments.list(option, diagnostics) else {
        return Vec::new();
    };
    let example = arguments.example(option);
    if group.stream().is_empty() {
        let message = format!("`{option}` is empty: write `{example}`, or leave it out");
        diagnostics.at(&group, message);
    }
    let parser = |input: ParseStream<'_>| {
        let content;
        parenthesized!(content in input);
        content.parse_terminated(T::parse, Token![,])
    };
    let parsed = parser.parse2(group.into_token_stream()).map_err(|error| {
        let message = format!("`{option}` of `#[plugin]` is written `{example}`");
        syn::Error::new(error.span(), message)
    });
    diagnostics.take(parsed).into_iter().flatten().collect()
}

impl Parse for Requires {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let ty = input.parse()?;
        input.parse::<Token![=]>()?;
        Ok(Self {
            ty,
            version: input.parse()?,
        })
    }
}

impl Parse for Provides {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let service = input.call(Path::parse_mod_style)?;
        let priority = input
            .peek(token::Paren)
            .then(|| priority(input))
            .transpose()?;
        Ok(Self { service, priority })
    }
}

fn priority(input: ParseStream<'_>) -> syn::Result<Expr> {
    let content;
    parenthesized!(content in input);
    let option: Ident = content.parse()?;
    if option != "priority" {
        return Err(syn::Error::new(option.span(), "not `priority`"));
    }
    content.parse::<Token![=]>()?;
    let priority = content.parse()?;
    if content.is_empty() {
        Ok(priority)
    } else {
        Err(content.error("not the end"))
    }
}
