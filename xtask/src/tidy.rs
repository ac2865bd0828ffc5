//! Rules of the workspace that a machine can check: the invariants that ARCHITECTURE.md states.

mod names;

use std::fs;
use std::path::{Path, PathBuf};

use crate::command::root;
use crate::storeys;

/// Lines of code above which a file is more than one idea: blank lines, comments and unit tests do
/// not count.
const LONGEST_FILE: usize = 400;

/// Words that a crate's sources must not hold, and why.
const ABSENT: [(&str, &str, &str); 6] = [
    ("plugin-core/src", "axum", "the kernel knows no HTTP"),
    ("plugin-core/src", "sqlx", "the kernel knows no database"),
    (
        "plugin-core/src",
        "clap::",
        "the kernel knows no command line",
    ),
    (
        "plugin-core/src",
        "async_nats",
        "the kernel knows no broker",
    ),
    (
        "plugin-core/src",
        "plugin_hello",
        "the kernel names no plugin",
    ),
    ("plugins", "process::exit", "only the app ends the process"),
];

/// The one module that may name the YAML crates.
const YAML: &str = "plugin-core/src/config/yaml";

/// The one crate in a folder of such crates that can't be without unsafe code: an allocator.
const ALLOCATOR: &str = "plugins/accounting";

/// Crates whose root forbids unsafe code.
const SAFE: [&str; 3] = ["plugins", "plugin-macros", "app"];

pub(crate) fn run() -> Result<(), String> {
    let root = root();
    let mut faults = Vec::new();
    for file in sources(&root)? {
        let text =
            fs::read_to_string(&file).map_err(|error| format!("{}: {error}", file.display()))?;
        let name = file
            .strip_prefix(&root)
            .unwrap_or(&file)
            .to_string_lossy()
            .replace('\\', "/");
        check(&name, &text, &mut faults);
    }
    forgotten(&root, &mut faults);
    for manifest in manifests(&root) {
        let folder = manifest.parent().unwrap_or(&root);
        let name = folder.strip_prefix(&root).unwrap_or(folder);
        names::check(folder, &name.to_string_lossy(), &mut faults)?;
    }
    let architecture = fs::read_to_string(root.join("ARCHITECTURE.md"));
    storeys::check(&architecture.unwrap_or_default(), &mut faults)?;
    if faults.is_empty() {
        Ok(())
    } else {
        Err(faults.join("\n"))
    }
}

fn check(name: &str, text: &str, faults: &mut Vec<String>) {
    let lines = code_lines(text);
    if lines > LONGEST_FILE {
        faults.push(format!(
            "{name}: {lines} lines of code: split it by its ideas ({LONGEST_FILE} at most)"
        ));
    }
    if name.starts_with("xtask/") {
        return;
    }
    let code = |line: &&str| !line.trim_start().starts_with("//");
    for (folder, word, why) in ABSENT {
        if name.starts_with(folder) && text.lines().filter(code).any(|line| line.contains(word)) {
            faults.push(format!("{name}: names `{word}`: {why}"));
        }
    }
    let names_yaml = ["serde_yaml::", "saphyr_parser::"]
        .iter()
        .any(|word| text.contains(word));
    if !name.starts_with(YAML) && name.starts_with("plugin-core/src") && names_yaml {
        faults.push(format!(
            "{name}: names a YAML crate, which stays behind {YAML}.rs"
        ));
    }
    let is_root = name.ends_with("src/lib.rs") || name.ends_with("src/main.rs");
    let is_safe =
        SAFE.iter().any(|folder| name.starts_with(folder)) && !name.starts_with(ALLOCATOR);
    if is_root && is_safe && !text.contains("#![forbid(unsafe_code)]") {
        faults.push(format!(
            "{name}: write `#![forbid(unsafe_code)]` at the top"
        ));
    }
    if !name.contains("tests/ui/") && !text.starts_with("//!") && !text.starts_with("#!") {
        faults.push(format!("{name}: begin with `//!` and the idea of the file"));
    }
}

fn code_lines(text: &str) -> usize {
    let is_code = |line: &&str| !line.trim().is_empty() && !line.trim_start().starts_with("//");
    let mut count = 0;
    let mut lines = text.lines().filter(is_code).peekable();
    while let Some(line) = lines.next() {
        let opens = |next: &&str| next.starts_with("mod ") && next.ends_with('{');
        if line == "#[cfg(test)]" && lines.next_if(opens).is_some() {
            for _ in lines.by_ref().take_while(|line| *line != "}") {}
        } else {
            count += 1;
        }
    }
    count
}

/// Test modules that no test binary names.
fn forgotten(root: &Path, faults: &mut Vec<String>) {
    let folder = root.join("tests/tests/it");
    let Ok(main) = fs::read_to_string(folder.join("main.rs")) else {
        return;
    };
    for entry in fs::read_dir(&folder).into_iter().flatten().flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        let module = name.trim_end_matches(".rs");
        if module != "main" && !main.contains(&format!("mod {module};")) {
            faults.push(format!("tests/tests/it/{name}: main.rs does not name it"));
        }
    }
}

/// Dependencies that the sources of their crate never name.
pub(crate) fn unused_dependencies() -> Result<(), String> {
    let root = root();
    let mut faults = Vec::new();
    for manifest in manifests(&root) {
        let text = fs::read_to_string(&manifest).map_err(|error| error.to_string())?;
        let folder = manifest.parent().unwrap_or(&root);
        let mut code = String::new();
        for file in sources(folder)? {
            code.push_str(&fs::read_to_string(&file).unwrap_or_default());
        }
        for name in dependencies(&text) {
            if !code.contains(&name.replace('-', "_")) && !code.contains(derive_of(&name)) {
                faults.push(format!("{}: nothing names `{name}`", manifest.display()));
            }
        }
    }
    if faults.is_empty() {
        Ok(())
    } else {
        Err(faults.join("\n"))
    }
}

/// What a crate is used through when its own name does not show: a derive.
fn derive_of(name: &str) -> &str {
    match name {
        "schemars" => "JsonSchema",
        "serde" => "Deserialize",
        name => name,
    }
}

fn dependencies(manifest: &str) -> Vec<String> {
    let mut inside = false;
    let mut names = Vec::new();
    for line in manifest.lines() {
        if line.starts_with('[') {
            inside = line.ends_with("dependencies]");
        } else if inside && let Some((name, _)) = line.split_once([' ', '=', '.']) {
            names.push(name.to_owned());
        }
    }
    names.retain(|name| !name.is_empty() && !name.starts_with('#'));
    names
}

fn manifests(root: &Path) -> Vec<PathBuf> {
    let mut folders: Vec<_> = [
        "plugin-core",
        "plugin-macros",
        "app",
        "tests",
        "tests/models",
        "tests/soak",
        "benches",
        "benches/count",
        "benches/by-hand",
        "xtask",
    ]
    .iter()
    .map(|name| root.join(name))
    .collect();
    let plugins = fs::read_dir(root.join("plugins"))
        .into_iter()
        .flatten()
        .flatten();
    folders.extend(plugins.map(|entry| entry.path()));
    folders.retain(|folder| folder.join("Cargo.toml").exists());
    folders
        .iter()
        .map(|folder| folder.join("Cargo.toml"))
        .collect()
}

/// Every Rust file below a folder, but those of builds.
fn sources(folder: &Path) -> Result<Vec<PathBuf>, String> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        let entries =
            fs::read_dir(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
        for entry in entries.flatten() {
            let (path, name) = (entry.path(), entry.file_name());
            if path.is_dir()
                && name != "target"
                && name != "data"
                && !name.to_string_lossy().starts_with('.')
            {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                found.push(path);
            }
        }
    }
    found.sort();
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn report_5_only_code_is_counted() {
        let text = "//! A file.\n\nmod one;\n#[cfg(test)]\nmod two;\n\n/// Of one.\nfn f() {\n    g();\n}\n\n\
            #[cfg(test)]\nmod tests {\n    fn h() {\n    }\n}\nfn last() {}\n";
        assert_eq!(code_lines(text), 7);
    }
}
