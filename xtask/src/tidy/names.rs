//! A type's name is unique in its crate: who reads it knows which one is meant.

use std::collections::BTreeMap;
use std::path::Path;

use crate::source::{self, Modules};

/// Adds the names that two modules of the crate in `folder` give to types of their own. Test
/// modules may use any name, and one module may define a type once for each of several `cfg`s.
pub(super) fn check(folder: &Path, name: &str, faults: &mut Vec<String>) -> Result<(), String> {
    for root in ["src/lib.rs", "src/main.rs"] {
        let root = folder.join(root);
        if root.exists() {
            doubles(&source::read(&root)?, name, faults);
        }
    }
    Ok(())
}

fn doubles(modules: &Modules, name: &str, faults: &mut Vec<String>) {
    let mut places: BTreeMap<&String, Vec<String>> = BTreeMap::new();
    for (path, module) in modules {
        let path = std::iter::once("crate").chain(path.iter().map(String::as_str));
        let path = path.collect::<Vec<_>>().join("::");
        for defined in &module.types {
            let places = places.entry(defined).or_default();
            if !places.contains(&path) {
                places.push(path.clone());
            }
        }
    }
    for (defined, places) in places.iter().filter(|(_, places)| places.len() > 1) {
        faults.push(format!(
            "{name}: `{defined}` is a type in `{}`: give each a name of its own",
            places.join("`, `")
        ));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::Module;

    #[test]
    fn a_name_that_two_modules_define_is_a_fault() {
        let module = |types: &[&str]| Module {
            types: types.iter().map(|&name| name.to_owned()).collect(),
            ..Module::default()
        };
        let mut modules = Modules::from([
            (vec!["a".to_owned()], module(&["Frame", "Frame"])),
            (vec!["b".to_owned()], module(&["Scope"])),
        ]);
        let mut faults = Vec::new();
        doubles(&modules, "core", &mut faults);
        assert!(faults.is_empty(), "{faults:?}");
        modules.insert(vec!["c".to_owned()], module(&["Frame"]));
        doubles(&modules, "core", &mut faults);
        assert_eq!(
            faults,
            ["core: `Frame` is a type in `crate::a`, `crate::c`: give each a name of its own"]
        );
    }
}
