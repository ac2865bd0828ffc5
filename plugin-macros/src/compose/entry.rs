//! One line of a set: `"feature" => path::Type as "plugin-name" provides(Trait) answers("topic")`.

use proc_macro2::Group;
use quote::ToTokens;
use syn::ext::IdentExt;
use syn::parse::{ParseStream, Parser};
use syn::punctuated::Punctuated;
use syn::{Error, Ident, LitStr, Result, Token, TypePath};

use crate::fragment;

/// A plugin, and the feature that adds it to the build.
pub(super) struct Entry {
    /// `None` means that it is in every build.
    pub(super) feature: Option<LitStr>,
    pub(super) path: TypePath,
    /// The plugin's name, if it is not derived from the feature.
    pub(super) name: Option<LitStr>,
    /// Short names of the services, if they are given.
    pub(super) provides: Option<Vec<Ident>>,
    /// Topics of the requests that it answers, if they are given.
    pub(super) answers: Option<Vec<LitStr>>,
}

impl Entry {
    /// The path in the form that messages use.
    pub(super) fn type_name(&self) -> String {
        fragment::text(&self.path).replace(' ', "")
    }

    /// The name that the plugin of a feature must have: the name after `as`; otherwise the feature
    /// followed by `-plugin`, unless it ends in `-plugin` or `-service` already.
    pub(super) fn expected_name(&self, feature: &LitStr) -> LitStr {
        self.name.clone().unwrap_or_else(|| {
            let name = feature.value();
            let whole = name.ends_with("-plugin") || name.ends_with("-service");
            let suffix = if whole { "" } else { "-plugin" };
            LitStr::new(&format!("{name}{suffix}"), feature.span())
        })
    }
}

/// Reads an entry and the comma after it.
pub(super) fn parse(input: ParseStream<'_>) -> Result<Entry> {
    let feature = feature(input)?;
    let path = path(input)?;
    let mut entry = Entry {
        feature,
        path,
        name: None,
        provides: None,
        answers: None,
    };
    while !input.is_empty() && !input.peek(Token![,]) {
        clause(&mut entry, input)?;
    }
    end(input)?;
    Ok(entry)
}

fn feature(input: ParseStream<'_>) -> Result<Option<LitStr>> {
    if !input.peek(LitStr) {
        return Ok(None);
    }
    let feature: LitStr = input.parse()?;
    if input.is_empty() || input.peek(Token![,]) {
        return Err(Error::new(feature.span(), NO_PATH));
    }
    match input.parse::<Token![=>]>() {
        Ok(_) => Ok(Some(feature)),
        Err(at) => Err(Error::new(
            at.span(),
            "a feature and its plugin stand around an arrow: write `=>` before this",
        )),
    }
}

fn path(input: ParseStream<'_>) -> Result<TypePath> {
    let path: TypePath = input.parse().map_err(|at| Error::new(at.span(), NO_PATH))?;
    if input.peek(Token![=>]) {
        let written = path.to_token_stream().to_string();
        let message =
            format!("a feature is written as a string: `\"{written}\" => path::to::Plugin`");
        return Err(Error::new_spanned(path, message));
    }
    Ok(path)
}

/// Reads `as "name"`, `provides(Trait)` or `answers("topic")`.
fn clause(entry: &mut Entry, input: ParseStream<'_>) -> Result<()> {
    if !input.peek(Ident::peek_any) {
        let next = input.fork().parse::<proc_macro2::TokenTree>()?;
        let message = if input.peek(LitStr) || input.peek(Token![::]) {
            NO_COMMA
        } else {
            UNKNOWN
        };
        return Err(Error::new_spanned(next, message));
    }
    let word = input.call(Ident::parse_any)?;
    match word.to_string().as_str() {
        "as" if entry.name.is_none() => entry.name = Some(name(&word, input)?),
        "provides" if entry.provides.is_none() => entry.provides = Some(provides(&word, input)?),
        "answers" if entry.answers.is_none() => entry.answers = Some(answers(&word, input)?),
        "as" | "provides" | "answers" => {
            return Err(Error::new(
                word.span(),
                format!("`{word}` is here twice: keep one of them"),
            ));
        }
        _ if input.peek(Token![::]) => return Err(Error::new(word.span(), NO_COMMA)),
        _ => return Err(Error::new(word.span(), UNKNOWN)),
    }
    Ok(())
}

fn name(word: &Ident, input: ParseStream<'_>) -> Result<LitStr> {
    input.parse().map_err(|_| {
        Error::new(
            word.span(),
            "`as` is followed by the plugin's name as a string: `as \"hello-plugin\"`",
        )
    })
}

fn provides(word: &Ident, input: ParseStream<'_>) -> Result<Vec<Ident>> {
    let traits = input
        .parse::<Group>()
        .and_then(|group| Punctuated::<Ident, Token![,]>::parse_terminated.parse2(group.stream()));
    match traits {
        Ok(traits) if !traits.is_empty() => Ok(traits.into_iter().collect()),
        _ => Err(Error::new(word.span(), NO_TRAITS)),
    }
}

fn answers(word: &Ident, input: ParseStream<'_>) -> Result<Vec<LitStr>> {
    let topics = input
        .parse::<Group>()
        .and_then(|group| Punctuated::<LitStr, Token![,]>::parse_terminated.parse2(group.stream()));
    match topics {
        Ok(topics) if !topics.is_empty() => Ok(topics.into_iter().collect()),
        _ => Err(Error::new(word.span(), NO_TOPICS)),
    }
}

/// Reads the end of an entry.
pub(super) fn end(input: ParseStream<'_>) -> Result<()> {
    if input.is_empty() {
        return Ok(());
    }
    input
        .parse::<Token![,]>()
        .map(drop)
        .map_err(|at| Error::new(at.span(), NO_COMMA))
}

const NO_PATH: &str =
    "a feature brings the type of a plugin: write `\"feature\" => path::to::Plugin`";
const NO_COMMA: &str = "entries are separated by commas: write `,` before this";
const NO_TRAITS: &str =
    "`provides` is followed by the short names of service traits: `provides(UserService)`";
const NO_TOPICS: &str =
    "`answers` is followed by the topics of requests: `answers(\"user.lookup\")`";
const UNKNOWN: &str = "behind the path of an entry stands nothing but `as \"plugin-name\"`, `provides(Trait)` and `answers(\"topic\")`: take this out";
