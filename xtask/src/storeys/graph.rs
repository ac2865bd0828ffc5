//! Which module of a folder needs which other one.

use std::collections::{BTreeMap, BTreeSet};

use crate::source::{Module, Modules, Segments};

/// How many re-exports a name is followed through.
const DEEPEST: usize = 8;

/// The arrows between the parts of a folder: its direct children, and its own file.
pub(super) struct Graph {
    /// The parts, and whether each is a folder.
    pub(super) nodes: BTreeMap<String, bool>,
    /// For each arrow, the imports that make it.
    pub(super) arrows: BTreeMap<(String, String), BTreeSet<String>>,
}

/// The name under which the folder's own file stands in its graph.
pub(super) const OWN: &str = "self";

pub(super) fn of(modules: &Modules, folder: &[String]) -> Graph {
    let mut graph = Graph {
        nodes: BTreeMap::new(),
        arrows: BTreeMap::new(),
    };
    for child in modules[folder].children.keys() {
        let path = [folder, std::slice::from_ref(child)].concat();
        let is_folder = !modules[&path].children.is_empty();
        graph.nodes.insert(child.clone(), is_folder);
    }
    graph.nodes.insert(OWN.to_owned(), false);
    for (path, module) in modules.range(folder.to_vec()..) {
        if !path.starts_with(folder) {
            break;
        }
        let from = part(path, folder);
        for named in &module.paths {
            let Some(target) = resolve(modules, path, named, DEEPEST) else {
                continue;
            };
            if target.starts_with(folder) && part(&target, folder) != from {
                let arrow = (from.clone(), part(&target, folder));
                let text = format!("{} names {}", path.join("::"), named.join("::"));
                graph.arrows.entry(arrow).or_default().insert(text);
            }
        }
    }
    graph
}

fn part(path: &[String], folder: &[String]) -> String {
    path.get(folder.len())
        .map_or(OWN, String::as_str)
        .to_owned()
}

/// The module in which the item that `named` means is defined, seen from the module `here`.
fn resolve(modules: &Modules, here: &[String], named: &[String], depth: usize) -> Option<Segments> {
    let (mut at, mut rest) = start(modules, here, named)?;
    while let Some((first, after)) = rest.split_first() {
        let module = modules.get(&at)?;
        if module.children.contains_key(first) {
            at.push(first.clone());
            rest = after;
            continue;
        }
        let Some(import) = module.imports.get(first) else {
            break;
        };
        if depth == 0 || import == named {
            break;
        }
        return resolve(modules, &at, import, depth - 1);
    }
    Some(at)
}

/// The module at which a path begins, and the segments that are left.
fn start<'a>(
    modules: &Modules,
    here: &[String],
    named: &'a [String],
) -> Option<(Segments, &'a [String])> {
    let (first, rest) = named.split_first()?;
    let Module {
        children, imports, ..
    } = &modules[here];
    match first.as_str() {
        "crate" => Some((Segments::new(), rest)),
        "self" => Some((here.to_vec(), rest)),
        "super" => {
            let mut at = here.to_vec();
            let mut rest = named;
            while let Some((first, after)) = rest.split_first()
                && first == "super"
            {
                at.pop()?;
                rest = after;
            }
            Some((at, rest))
        }
        name if children.contains_key(name) => Some((here.to_vec(), named)),
        // A path that begins with an imported name is an arrow of that import already.
        name if imports.contains_key(name) => None,
        _ => None,
    }
}

impl Graph {
    /// Groups of parts of which each needs every other one.
    pub(super) fn circles(&self) -> Vec<Vec<String>> {
        let reach: BTreeMap<&String, BTreeSet<&String>> = self
            .nodes
            .keys()
            .map(|node| (node, self.reach(node)))
            .collect();
        let mut circles: Vec<Vec<String>> = Vec::new();
        for node in self.nodes.keys() {
            if circles.iter().any(|circle| circle.contains(node)) || !reach[node].contains(node) {
                continue;
            }
            let both =
                |other: &&String| reach[node].contains(other) && reach[*other].contains(node);
            circles.push(self.nodes.keys().filter(both).cloned().collect());
        }
        circles
    }

    fn reach(&self, from: &String) -> BTreeSet<&String> {
        let mut reached = BTreeSet::new();
        let mut open = vec![from];
        while let Some(at) = open.pop() {
            for (_, to) in self.arrows.keys().filter(|(start, _)| start == at) {
                if reached.insert(to) {
                    open.push(to);
                }
            }
        }
        reached
    }

    /// The parts by the storey on which each can stand: the first needs nothing of the others.
    /// Parts of one circle stand on one storey.
    pub(super) fn storeys(&self) -> Vec<Vec<String>> {
        let circles = self.circles();
        let same = |a: &String, b: &String| {
            circles
                .iter()
                .any(|circle| circle.contains(a) && circle.contains(b))
        };
        let mut height: BTreeMap<&String, usize> =
            self.nodes.keys().map(|node| (node, 0)).collect();
        for _ in 0..self.nodes.len() {
            for (from, to) in self.arrows.keys() {
                let least = height[to] + usize::from(!same(from, to));
                if height[from] < least {
                    height.insert(from, least);
                }
            }
        }
        let highest = height.values().copied().max().unwrap_or(0);
        (0..=highest)
            .map(|storey| {
                let on = |node: &&String| height[*node] == storey;
                self.nodes.keys().filter(on).cloned().collect()
            })
            .collect()
    }
}
