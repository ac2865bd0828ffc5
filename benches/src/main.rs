//! Prints what the last `cargo bench -p kernel-benches` measured: each variant of a group, and
//! how long the kernel takes for the same.
//!
//! The figure is that of the fastest sample: on a machine that does other things as well it is
//! the one that was disturbed least.

#![expect(
    clippy::print_stdout,
    reason = "a command, whose output is what it is for"
)]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

use serde::Deserialize;

/// The variant that the others are compared with.
const KERNEL: &str = "kernel";

/// Times per event of a group's variants.
type Group = BTreeMap<String, f64>;

fn main() -> io::Result<()> {
    let target = env::var_os("CARGO_TARGET_DIR").map_or_else(|| "target".into(), PathBuf::from);
    let mut groups = BTreeMap::new();
    collect(&target.join("criterion"), &mut groups)?;
    println!("| bench | variant | ns | kernel takes |");
    println!("| --- | --- | ---: | ---: |");
    for (name, variants) in &groups {
        print(name, variants);
    }
    Ok(())
}

fn print(name: &str, variants: &Group) {
    let kernel = variants.get(KERNEL);
    for (variant, nanos) in variants {
        let ratio = kernel.map_or(f64::NAN, |kernel| kernel / nanos);
        println!("| {name} | {variant} | {nanos:.2} | {ratio:.2} × |");
    }
}

/// What criterion writes of a variant.
#[derive(Deserialize)]
struct Benchmark {
    group_id: String,
    function_id: Option<String>,
    value_str: Option<String>,
    throughput: Option<Throughput>,
}

#[derive(Deserialize)]
enum Throughput {
    Elements(f64),
    #[serde(untagged)]
    Other(serde::de::IgnoredAny),
}

#[derive(Deserialize)]
struct Samples {
    iters: Vec<f64>,
    times: Vec<f64>,
}

/// Looks for results below a directory.
fn collect(directory: &Path, groups: &mut BTreeMap<String, Group>) -> io::Result<()> {
    for entry in fs::read_dir(directory)? {
        let path = entry?.path();
        if path.ends_with("new") {
            add(&path, groups)?;
        } else if path.is_dir() {
            collect(&path, groups)?;
        }
    }
    Ok(())
}

fn add(directory: &Path, groups: &mut BTreeMap<String, Group>) -> io::Result<()> {
    let benchmark: Benchmark = read(&directory.join("benchmark.json"))?;
    let samples: Samples = read(&directory.join("sample.json"))?;
    let name = match benchmark.value_str {
        Some(value) => format!("{}, N = {value:>4}", benchmark.group_id),
        None => benchmark.group_id,
    };
    let elements = match benchmark.throughput {
        Some(Throughput::Elements(elements)) => elements,
        _ => 1.0,
    };
    let variants = groups.entry(name).or_default();
    variants.insert(
        benchmark.function_id.unwrap_or_default(),
        samples.fastest() / elements,
    );
    Ok(())
}

impl Samples {
    /// Nanoseconds of an iteration in the fastest sample.
    fn fastest(&self) -> f64 {
        (self.times.iter().zip(&self.iters))
            .map(|(time, iterations)| time / iterations)
            .fold(f64::INFINITY, f64::min)
    }
}

fn read<T: serde::de::DeserializeOwned>(path: &Path) -> io::Result<T> {
    Ok(serde_json::from_slice(&fs::read(path)?)?)
}
