//! Lists the files of `config/`, so that the binary embeds every one of them.

use std::error::Error;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs};

fn main() -> Result<(), Box<dyn Error>> {
    let config = Path::new(&env::var("CARGO_MANIFEST_DIR")?).join("../config");
    println!("cargo::rerun-if-changed={}", config.display());
    let mut files = yaml_files(&config)?;
    files.extend(yaml_files(&config.join("plugins"))?);
    let mut list = String::from("&[\n");
    for file in files {
        let name = file.file_name().unwrap_or_default();
        writeln!(
            list,
            "    ({name:?}, include_str!({:?})),",
            file.canonicalize()?
        )?;
    }
    list.push_str("]\n");
    fs::write(
        Path::new(&env::var("OUT_DIR")?).join("config_files.rs"),
        list,
    )?;
    Ok(())
}

/// In order of their names, so that builds are alike.
fn yaml_files(directory: &Path) -> Result<Vec<PathBuf>, Box<dyn Error>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(directory)? {
        let path = entry?.path();
        if path
            .extension()
            .is_some_and(|extension| extension == "yaml")
        {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}
