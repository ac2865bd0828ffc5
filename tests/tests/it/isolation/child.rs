//! The process of an instance: this very binary, which runs no tests then.

use plugin_core::{ChildCommand, Composition};

use super::SET;

/// There in the environment of a child.
pub(super) const IS_CHILD: &str = "ISOLATION_CHILD";

pub(super) fn command() -> ChildCommand {
    let arguments = [
        "isolation::child::process",
        "--exact",
        "--ignored",
        "--nocapture",
    ];
    ChildCommand::same_binary(arguments).variable(IS_CHILD, "yes")
}

#[test]
#[ignore = "it is the process of an instance, which other tests start"]
fn process() {
    if std::env::var_os(IS_CHILD).is_none() {
        return;
    }
    let set = [&SET[..], &super::desk::PLUGINS].concat();
    let set = Composition::assemble(&set).unwrap();
    let _ended = plugin_core::placement::serve(&set);
}
