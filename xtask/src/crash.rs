//! `crash-test`: kills a process with a queue, and a service that takes another config over, again and
//! again, and looks whether anything is lost.

use crate::command::{cargo, run as execute};

/// Kills of the long form.
const KILLS: &str = "200";

/// Runs it; `--kills N` and `--seed S` go to the test, which prints them.
pub(crate) fn run(mut args: impl Iterator<Item = String>) -> Result<(), String> {
    execute(cargo(["build", "--package", "app"]))?;
    let mut test = cargo([
        "test",
        "--package",
        "integration-tests",
        "--test",
        "it",
        "--",
        "durable::crash::",
        "binary::killed::",
        "--nocapture",
    ]);
    test.env("CRASH_KILLS", KILLS);
    while let Some(option) = args.next() {
        let variable = match option.as_str() {
            "--kills" => "CRASH_KILLS",
            "--seed" => "CRASH_SEED",
            other => {
                return Err(format!(
                    "`crash-test` takes --kills N and --seed S, not `{other}`"
                ));
            }
        };
        let number = args.next().filter(|number| number.parse::<u64>().is_ok());
        let number = number.ok_or_else(|| format!("`{option}` is followed by a number"))?;
        test.env(variable, number);
    }
    execute(test)
}
