//! The modules of the kernel as a house: storeys, and arrows that all point down.
//!
//! ARCHITECTURE.md draws the storeys of a folder in a block that begins with "```storeys FOLDER".
//! A module may name only those on lines below its own. Folders without such a picture, and what is
//! inside of them, may not hold a circle of more than [`LARGEST_CIRCLE`] files, nor one with a
//! folder in it.

mod graph;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::Write as _;

use self::graph::{Graph, OWN};
use crate::command::root;
use crate::source::{self, Modules, Segments};

/// The crate that is looked at.
const KERNEL: &str = "plugin-core/src";

/// Files of one folder that may need each other.
const LARGEST_CIRCLE: usize = 3;

/// Prints the storeys of a folder of modules, the highest first, and the circles in it.
pub(crate) fn run(folder: Option<&str>) -> Result<(), String> {
    let folder = folder.unwrap_or(KERNEL).trim_end_matches('/');
    let modules = kernel()?;
    let path = path_of(folder).filter(|path| modules.contains_key(path));
    let path = path.ok_or_else(|| format!("`{folder}` is no module of `{KERNEL}`"))?;
    let graph = graph::of(&modules, &path);
    let mut text = String::new();
    for storey in graph.storeys().iter().rev() {
        let _infallible = writeln!(text, "{}", storey.join(" "));
    }
    for circle in graph.circles() {
        let _infallible = writeln!(text, "\ncircle: {}", circle.join(" "));
        for ((from, to), names) in &graph.arrows {
            if circle.contains(from) && circle.contains(to) {
                let _infallible = writeln!(text, "  {from} -> {to}");
                for name in names {
                    let _infallible = writeln!(text, "    {name}");
                }
            }
        }
    }
    let _closed = std::io::stdout().write_all(text.as_bytes());
    Ok(())
}

/// Adds what stands against the pictures of ARCHITECTURE.md, whose text this is.
pub(crate) fn check(architecture: &str, faults: &mut Vec<String>) -> Result<(), String> {
    let modules = kernel()?;
    let pictures = pictures(architecture)?;
    for (path, module) in &modules {
        if module.children.is_empty() {
            continue;
        }
        let name = name_of(path);
        let graph = graph::of(&modules, path);
        match pictures.get(path) {
            Some(storeys) => against(&name, &graph, storeys, faults),
            None => circles(&name, &graph, faults),
        }
    }
    for path in pictures.keys().filter(|path| !modules.contains_key(*path)) {
        faults.push(format!("ARCHITECTURE.md: no folder `{}`", name_of(path)));
    }
    Ok(())
}

fn kernel() -> Result<Modules, String> {
    source::read(&root().join(KERNEL).join("lib.rs"))
}

/// The path of a folder's module: empty for the crate's own.
fn path_of(folder: &str) -> Option<Segments> {
    let inside = folder.strip_prefix(KERNEL)?;
    let names = inside.split('/').filter(|name| !name.is_empty());
    Some(names.map(str::to_owned).collect())
}

fn name_of(path: &[String]) -> String {
    let names = std::iter::once(KERNEL).chain(path.iter().map(String::as_str));
    names.collect::<Vec<_>>().join("/")
}

/// The pictures in a text: for each folder, which storey a module stands on, the highest being 0.
fn pictures(text: &str) -> Result<BTreeMap<Segments, BTreeMap<String, usize>>, String> {
    let mut pictures = BTreeMap::new();
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        let Some(folder) = line.strip_prefix("```storeys ") else {
            continue;
        };
        let path = path_of(folder.trim());
        let path = path.ok_or_else(|| format!("ARCHITECTURE.md: `{line}`: begin with {KERNEL}"))?;
        let storeys = lines.by_ref().take_while(|line| !line.starts_with("```"));
        let storeys = storeys.enumerate().flat_map(|(storey, line)| {
            line.split_whitespace()
                .map(move |name| (name.to_owned(), storey))
        });
        pictures.insert(path, storeys.collect());
    }
    Ok(pictures)
}

fn against(name: &str, graph: &Graph, storeys: &BTreeMap<String, usize>, faults: &mut Vec<String>) {
    let modules = || graph.nodes.keys().filter(|module| *module != OWN);
    for module in modules().filter(|module| !storeys.contains_key(*module)) {
        faults.push(format!(
            "ARCHITECTURE.md: `{module}` of `{name}` stands on no storey: add it to the picture"
        ));
    }
    for module in storeys
        .keys()
        .filter(|module| !graph.nodes.contains_key(*module))
    {
        faults.push(format!(
            "ARCHITECTURE.md: `{name}` has no `{module}`: take it out"
        ));
    }
    for ((from, to), names) in &graph.arrows {
        if let (Some(high), Some(low)) = (storeys.get(from), storeys.get(to))
            && high >= low
        {
            faults.push(format!(
                "{name}: `{from}` does not stand above `{to}` in ARCHITECTURE.md, and needs it: {}",
                names.iter().cloned().collect::<Vec<_>>().join("; ")
            ));
        }
    }
}

fn circles(name: &str, graph: &Graph, faults: &mut Vec<String>) {
    for circle in graph.circles() {
        if circle.len() > LARGEST_CIRCLE || circle.iter().any(|part| graph.nodes[part]) {
            faults.push(format!(
                "{name}: `{}` need each other: `cargo xtask storeys {name}` says why",
                circle.join("`, `")
            ));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_is_read_from_the_top() {
        let text = "Text.\n\n```storeys plugin-core/src\nhigh\nmid other\n```\n\n```\nlow\n```\n";
        let pictures = pictures(text).unwrap();
        let storeys = &pictures[&Segments::new()];
        assert_eq!(storeys["high"], 0);
        assert_eq!((storeys["mid"], storeys["other"]), (1, 1));
        assert_eq!(storeys.len(), 3);
    }

    #[test]
    fn an_arrow_that_does_not_point_down_is_a_fault() {
        let mut graph = Graph {
            nodes: [("high", true), ("low", false)]
                .map(|(name, is_folder)| (name.to_owned(), is_folder))
                .into(),
            arrows: BTreeMap::new(),
        };
        let storeys = [("high", 0), ("low", 1)].map(|(name, at)| (name.to_owned(), at));
        let storeys = storeys.into();
        let mut faults = Vec::new();
        let arrow = |from: &str, to: &str| (from.to_owned(), to.to_owned());
        graph
            .arrows
            .insert(arrow("high", "low"), ["a names b".to_owned()].into());
        against("src", &graph, &storeys, &mut faults);
        assert!(faults.is_empty(), "{faults:?}");
        graph
            .arrows
            .insert(arrow("low", "high"), ["b names a".to_owned()].into());
        against("src", &graph, &storeys, &mut faults);
        assert!(
            faults[0].contains("`low` does not stand above `high`"),
            "{faults:?}"
        );
        circles("src", &graph, &mut faults);
        assert!(faults[1].contains("need each other"), "{faults:?}");
    }
}
