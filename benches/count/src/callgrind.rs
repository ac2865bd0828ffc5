//! Runs the scenarios under callgrind, and reads what it counted.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

use crate::locked::Locked;
use crate::record::{Count, Record};
use crate::scenario::{RUNS, SCENARIOS};

/// The one function in which callgrind counts, and after which it writes down what it counted. It
/// takes only one option a pattern, so there are two.
const COUNT_IN: &str = "*counted_region*";
const WRITE_AFTER: &str = "*::counted_region*";

/// Instructions of one run of a scenario.
#[derive(Default)]
struct Dump {
    instructions: u64,
    locked: u64,
    functions: HashMap<String, u64>,
}

/// What each function of a scenario takes itself, in instructions of an operation, the most first.
pub(crate) type Profile = Vec<(String, f64)>;

/// Counts every scenario.
pub(crate) fn count() -> Result<Record, String> {
    let counted = profile()?.into_iter();
    Ok(counted.map(|(name, count, _)| (name, count)).collect())
}

/// Counts every scenario, function by function.
pub(crate) fn profile() -> Result<Vec<(&'static str, Count, Profile)>, String> {
    let program = env::current_exe().map_err(|error| format!("can't find myself: {error}"))?;
    let dumps = run(&program)?;
    let locked = Locked::of(&program)?;
    let counted = SCENARIOS.iter().enumerate().map(|(at, scenario)| {
        // Callgrind numbers its dumps from one.
        let [few, many] = [1, 2].map(|run| read(&dumps, RUNS.len() * at + run, &locked));
        let (few, many) = (few?, many?);
        Ok((
            scenario.name,
            difference(&few, &many),
            functions(&few, &many),
        ))
    });
    counted.collect()
}

fn functions(few: &Dump, many: &Dump) -> Profile {
    let operations = (RUNS[1] - RUNS[0]) as f64;
    let mut profile: Profile = (many.functions.iter())
        .map(|(name, cost)| {
            let before = few.functions.get(name).copied().unwrap_or_default();
            (
                name.clone(),
                cost.saturating_sub(before) as f64 / operations,
            )
        })
        .filter(|(_, cost)| *cost >= 0.05)
        .collect();
    profile.sort_by(|(_, one), (_, other)| other.total_cmp(one));
    profile
}

fn difference(few: &Dump, many: &Dump) -> Count {
    let operations = (RUNS[1] - RUNS[0]) as f64;
    let of = |few: u64, many: u64| many.saturating_sub(few) as f64 / operations;
    Count {
        instructions: of(few.instructions, many.instructions),
        locked: of(few.locked, many.locked),
    }
}

/// Where the dumps are: a dump for each return from the region.
fn run(program: &Path) -> Result<PathBuf, String> {
    let folder = program.with_file_name("callgrind");
    let prepared = match fs::remove_dir_all(&folder) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error),
        _ => fs::create_dir_all(&folder),
    };
    prepared.map_err(|error| format!("{}: {error}", folder.display()))?;
    let dumps = folder.join("dump");
    let output = Command::new("valgrind")
        .args(["--tool=callgrind", "--dump-instr=yes"])
        .args(["--compress-strings=no", "--compress-pos=no"])
        .arg(format!("--toggle-collect={COUNT_IN}"))
        .arg(format!("--dump-after={WRITE_AFTER}"))
        .arg(format!("--callgrind-out-file={}", dumps.display()))
        .arg(program)
        .arg(crate::BELOW)
        .output()
        .map_err(|error| {
            format!("can't run valgrind ({error}): install it with: sudo apt-get install valgrind")
        })?;
    if output.status.success() {
        return Ok(dumps);
    }
    let text = String::from_utf8_lossy(&output.stderr);
    Err(format!("valgrind: {}\n{text}", output.status))
}

fn read(dumps: &Path, number: usize, locked: &Locked) -> Result<Dump, String> {
    let file = dumps.with_extension(number.to_string());
    let text = fs::read_to_string(&file).map_err(|error| format!("{}: {error}", file.display()))?;
    let dump = parse(&text, locked);
    (dump.instructions > 0)
        .then_some(dump)
        .ok_or_else(|| format!("{}: callgrind saw no `{COUNT_IN}`", file.display()))
}

/// Adds the costs up, each at the instruction where it arose. The line after `calls=` is what the
/// called function took, which is counted there.
fn parse(text: &str, locked: &Locked) -> Dump {
    let mut dump = Dump::default();
    let (mut ours, mut skip, mut function) = (false, false, "");
    for line in text.lines() {
        if let Some(object) = line.strip_prefix("ob=") {
            ours = locked.is_of(object);
        } else if let Some(name) = line.strip_prefix("fn=") {
            function = name;
        } else if line.starts_with("calls=") {
            skip = true;
        } else if let Some((address, cost)) = cost(line)
            && !std::mem::take(&mut skip)
        {
            dump.instructions += cost;
            *dump.functions.entry(function.to_owned()).or_default() += cost;
            if ours && locked.contains(address) {
                dump.locked += cost;
            }
        }
    }
    dump
}

/// A line `0x1234 56 7`: an address, a line of source, a cost.
fn cost(line: &str) -> Option<(u64, u64)> {
    let mut words = line.strip_prefix("0x")?.split(' ');
    let address = u64::from_str_radix(words.next()?, 16).ok()?;
    let cost = words.nth(1)?.parse().ok()?;
    Some((address, cost))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_called_function_takes_is_counted_once() {
        let text =
            "fn=outer\n0x10 0 5\ncfn=inner\ncalls=2 0x20 0\n0x14 0 70\nfn=inner\n0x20 0 70\n";
        let dump = parse(text, &Locked::default());
        assert_eq!(dump.instructions, 75);
        assert_eq!(dump.functions["outer"], 5);
        assert_eq!(dump.functions["inner"], 70);
    }
}
