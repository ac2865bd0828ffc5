//! The modules of a crate, the types that they define and the paths that they name, read from the
//! tokens.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};

/// The names of a path, from its first segment on: `["crate", "event", "Bus"]`.
pub(crate) type Segments = Vec<String>;

/// A module, with all that its file names.
#[derive(Default)]
pub(crate) struct Module {
    /// Child modules, each with the stem of its file.
    pub(crate) children: BTreeMap<String, String>,
    /// What `use` brings in, by the name that it has here.
    pub(crate) imports: BTreeMap<String, Segments>,
    /// Paths that the code uses, re-exports excluded.
    pub(crate) paths: Vec<Segments>,
    /// Structs, enums, traits and type aliases, without the associated types of a trait.
    pub(crate) types: Vec<String>,
}

/// The modules of a crate by their path; that of the crate itself is empty.
pub(crate) type Modules = BTreeMap<Segments, Module>;

/// Reads the modules of the crate whose root is the file `root`; test modules are left out.
pub(crate) fn read(root: &Path) -> Result<Modules, String> {
    let folder = root.parent().unwrap_or(root);
    let mut modules = Modules::new();
    let mut open = vec![(Segments::new(), root.to_owned())];
    while let Some((path, file)) = open.pop() {
        let text =
            fs::read_to_string(&file).map_err(|error| format!("{}: {error}", file.display()))?;
        let tokens: TokenStream = text
            .parse()
            .map_err(|error| format!("{}: {error}", file.display()))?;
        let mut module = Module::default();
        module.take(tokens, false);
        for (child, stem) in &module.children {
            let children: PathBuf = folder.join(path.iter().collect::<PathBuf>());
            let file = children.join(stem).with_extension("rs");
            open.push((
                [path.as_slice(), std::slice::from_ref(child)].concat(),
                file,
            ));
        }
        modules.insert(path, module);
    }
    Ok(modules)
}

impl Module {
    /// Reads items, or the body of an `impl` or a trait, whose `type`s are associated ones.
    fn take(&mut self, tokens: TokenStream, is_associated: bool) {
        let tokens: Vec<TokenTree> = tokens.into_iter().collect();
        let mut at = 0;
        let mut is_test = false;
        let mut is_public = false;
        let mut is_body = false;
        let mut stem = None;
        while at < tokens.len() {
            let rest = &tokens[at..];
            if let Some(attribute) = attribute(rest) {
                let text = attribute.stream().to_string().replace(' ', "");
                is_test |= text == "cfg(test)";
                stem = stem.or(text
                    .strip_prefix("path=")
                    .map(|file| file.replace(['"'], "").replace(".rs", "")));
                at += 2;
                continue;
            }
            at += match &rest[0] {
                TokenTree::Ident(word) if word == "pub" => {
                    is_public = true;
                    1 + usize::from(is_parenthesis(rest.get(1)))
                }
                TokenTree::Ident(word) if word == "mod" => {
                    let taken = self.take_module(rest, is_test, stem.take());
                    (is_test, is_public) = (false, false);
                    taken
                }
                TokenTree::Ident(word) if word == "use" => {
                    let end = end_of_statement(rest);
                    if !is_test {
                        self.take_use(&rest[1..end], &[], is_public);
                    }
                    (is_test, is_public) = (false, false);
                    end + 1
                }
                TokenTree::Ident(word) => {
                    is_public = false;
                    is_body |= word == "impl" || word == "trait";
                    if let Some(name) = defined(rest, is_associated)
                        && !is_test
                    {
                        self.types.push(name);
                    }
                    let (path, taken) = path(rest);
                    if path.len() > 1 {
                        self.paths.push(path);
                    }
                    taken
                }
                TokenTree::Group(group) => {
                    if !is_test {
                        self.take(group.stream(), is_body && is_brace(group));
                    }
                    (is_test, is_public) = (is_test && !is_brace(group), false);
                    is_body &= !is_brace(group);
                    1
                }
                TokenTree::Punct(punct) => {
                    is_test &= punct.as_char() != ';';
                    1
                }
                TokenTree::Literal(_) => 1,
            };
        }
    }

    /// `mod name;` or `mod name { … }`; answers how many tokens it took.
    fn take_module(&mut self, tokens: &[TokenTree], is_test: bool, stem: Option<String>) -> usize {
        let [_, TokenTree::Ident(name), last, ..] = tokens else {
            return 1;
        };
        if !is_test {
            match last {
                TokenTree::Group(body) => self.take(body.stream(), false),
                // The file of another crate is looked at there.
                _ if stem.as_ref().is_some_and(|file| file.starts_with("..")) => {}
                _ => {
                    let name = name.to_string();
                    self.children.insert(name.clone(), stem.unwrap_or(name));
                }
            }
        }
        3
    }

    fn take_use(&mut self, tokens: &[TokenTree], before: &[String], is_public: bool) {
        for branch in tokens.split(|token| is_punct(Some(token), ',')) {
            let mut path = before.to_vec();
            let mut name = None;
            let mut branch = branch.iter();
            while let Some(token) = branch.next() {
                match token {
                    TokenTree::Ident(word) if word == "as" => {
                        name = branch.next().map(ToString::to_string);
                    }
                    TokenTree::Ident(word) => path.push(word.to_string()),
                    TokenTree::Group(group) => {
                        let inner: Vec<TokenTree> = group.stream().into_iter().collect();
                        self.take_use(&inner, &path, is_public);
                        path.clear();
                    }
                    _ => {}
                }
            }
            if path.last().is_some_and(|last| last == "self") {
                path.pop();
            }
            let Some(last) = path.last() else { continue };
            self.imports
                .insert(name.unwrap_or_else(|| last.clone()), path.clone());
            if !is_public {
                self.paths.push(path);
            }
        }
    }
}

/// `#[…]` or `#![…]` at the beginning of these tokens.
fn attribute(tokens: &[TokenTree]) -> Option<&Group> {
    if !is_punct(tokens.first(), '#') {
        return None;
    }
    match tokens.get(1) {
        Some(TokenTree::Group(group)) if group.delimiter() == Delimiter::Bracket => Some(group),
        _ => None,
    }
}

/// The type that is defined here, if one is.
fn defined(tokens: &[TokenTree], is_associated: bool) -> Option<String> {
    let [TokenTree::Ident(word), TokenTree::Ident(name), ..] = tokens else {
        return None;
    };
    let is_type = match word.to_string().as_str() {
        "struct" | "enum" | "trait" => true,
        "type" => !is_associated,
        _ => false,
    };
    is_type.then(|| name.to_string())
}

/// The path that begins here, and how many tokens it takes.
fn path(tokens: &[TokenTree]) -> (Segments, usize) {
    let mut path = vec![tokens[0].to_string()];
    let mut taken = 1;
    while let [first, second, TokenTree::Ident(next), ..] = &tokens[taken..]
        && is_punct(Some(first), ':')
        && is_punct(Some(second), ':')
    {
        path.push(next.to_string());
        taken += 3;
    }
    (path, taken)
}

fn end_of_statement(tokens: &[TokenTree]) -> usize {
    tokens
        .iter()
        .position(|token| is_punct(Some(token), ';'))
        .unwrap_or(tokens.len())
}

fn is_punct(token: Option<&TokenTree>, sign: char) -> bool {
    matches!(token, Some(TokenTree::Punct(punct)) if punct.as_char() == sign)
}

fn is_parenthesis(token: Option<&TokenTree>) -> bool {
    matches!(token, Some(TokenTree::Group(group)) if group.delimiter() == Delimiter::Parenthesis)
}

fn is_brace(group: &Group) -> bool {
    group.delimiter() == Delimiter::Brace
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_are_found_but_those_of_tests_and_associated_ones() {
        let text = "
            pub struct A<T>(T);
            impl<T> Iterator for A<T> { type Item = T; fn next(&mut self) { enum B { C } } }
            trait D { type E; }
            type F = fn() -> A<u8>;
            #[cfg(test)] struct G;
            #[cfg(test)] mod tests { struct H; }
            mod inner { struct I {} }";
        let mut module = Module::default();
        module.take(text.parse().unwrap(), false);
        assert_eq!(module.types, ["A", "B", "D", "F", "I"]);
    }
}
