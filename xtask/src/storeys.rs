//! `cargo xtask storeys`: the modules of a crate as a house whose arrows all point down.

mod graph;
mod source;

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::Path;

use self::graph::{Graph, OWN};
use crate::command::root;

/// The crate that is looked at when none is named.
const KERNEL: &str = "plugin-core/src";

/// Files that may need each other inside of a folder.
const LARGEST_CIRCLE: usize = 3;

/// Prints the storeys of a folder of modules, the highest first, and the circles in it.
pub(crate) fn run(folder: Option<&str>) -> Result<(), String> {
    let folder = folder.unwrap_or(KERNEL).trim_end_matches('/');
    let (sources, inside) = folder
        .split_once("/src")
        .ok_or_else(|| format!("`{folder}` is not in the `src` of a crate"))?;
    let modules = source::read(&root().join(sources).join("src"))?;
    let path: Vec<String> = inside
        .split('/')
        .filter(|name| !name.is_empty())
        .map(str::to_owned)
        .collect();
    if !modules.contains_key(&path) {
        return Err(format!("`{folder}` is no module"));
    }
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
