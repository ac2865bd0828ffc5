//! Prints what the last `cargo bench -p kernel-benches` measured: every goal and whether it is
//! met, then every variant.

#![expect(
    clippy::print_stdout,
    reason = "a command, whose output is what it is for"
)]

use std::io;

fn main() -> io::Result<()> {
    print!("{}", kernel_benches::table(&kernel_benches::load()?));
    Ok(())
}
