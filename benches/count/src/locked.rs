//! The locked instructions of a program: those that make other cores wait.

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Addresses of the locked instructions of a program.
#[derive(Default)]
pub(crate) struct Locked {
    program: PathBuf,
    addresses: HashSet<u64>,
}

impl Locked {
    /// Reads them out of the program's disassembly.
    pub(crate) fn of(program: &Path) -> Result<Self, String> {
        let mut objdump = Command::new("objdump");
        objdump.args(["--disassemble", "--no-show-raw-insn"]);
        let output = objdump.arg(program).output().map_err(|error| {
            format!("can't run objdump ({error}): install it with: sudo apt-get install binutils")
        })?;
        if !output.status.success() {
            let text = String::from_utf8_lossy(&output.stderr);
            return Err(format!("objdump: {}\n{text}", output.status));
        }
        let text = String::from_utf8_lossy(&output.stdout);
        Ok(Self {
            program: program.to_owned(),
            addresses: text.lines().filter_map(locked).collect(),
        })
    }

    pub(crate) fn is_of(&self, object: &str) -> bool {
        self.program == Path::new(object)
    }

    pub(crate) fn contains(&self, address: u64) -> bool {
        self.addresses.contains(&address)
    }
}

/// The address in a line `12ab: lock incq (%rax)`. An exchange with memory locks without saying
/// so.
fn locked(line: &str) -> Option<u64> {
    let (address, instruction) = line.split_once(':')?;
    let instruction = instruction.trim_start();
    let locks = instruction.starts_with("lock ")
        || instruction.starts_with("xchg") && instruction.contains('(');
    locks.then(|| u64::from_str_radix(address.trim(), 16).ok())?
}

#[cfg(test)]
mod tests {
    use super::locked;

    #[test]
    fn an_exchange_with_memory_is_locked_too() {
        assert_eq!(locked("   12ab:\tlock incq (%rax)"), Some(0x12ab));
        assert_eq!(locked("   12ab:\txchg   %rcx,(%rax)"), Some(0x12ab));
        assert_eq!(locked("   12ab:\txchg   %ax,%ax"), None);
        assert_eq!(locked("   12ab:\tincq   (%rax)"), None);
    }
}
