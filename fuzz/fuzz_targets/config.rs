//! A config file for a build of some plugins, and after a zero byte environment variables, one a
//! line: it loads or is refused, in lines without control characters, and nobody is told what a
//! password is.

#![no_main]
#![allow(dead_code, reason = "the plugins are not started")]

#[path = "parts/site.rs"]
mod site;

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use plugin_core::config::{ConfigError, Settings, Sources, loader};
use plugin_core::printable::is_obeyed;
use plugin_core::{Composition, Plugin};
use plugin_database::SqlDatabase;

/// Of the database: only who names this variable may find it elsewhere.
const PASSWORD: (&str, &str) = ("APP__DATABASE_PLUGIN__CONFIG__PASSWORD", "hunter2hunter2");

static BUILD: LazyLock<Composition> = LazyLock::new(|| {
    let plugins = [site::PLUGINS, &[SqlDatabase::DESCRIPTOR]].concat();
    Composition::assemble(&plugins).expect("a set")
});

type Load = Box<dyn Fn(&Sources) -> Result<Settings, ConfigError> + Send + Sync>;

static LOAD: LazyLock<Load> = LazyLock::new(|| Box::new(loader(&BUILD)));

fuzz_target!(|input: &str| {
    let (text, variables) = input.split_once('\0').unwrap_or((input, ""));
    let variables = variables.lines().filter_map(|line| line.split_once('='));
    let sources = Sources::new()
        .embedded("fuzz", text)
        .environment(variables)
        .environment([PASSWORD]);
    let shown = match LOAD(&sources) {
        // To show it takes a schema, which takes a millisecond.
        Ok(settings) if input.len() % 16 == 0 => format!("{settings:?}"),
        Ok(_) => return,
        Err(error) => {
            let told = error.to_string();
            assert!(!told.is_empty());
            assert!(
                !told.chars().any(|it| it != '\n' && is_obeyed(it)),
                "{told:?}"
            );
            told
        }
    };
    assert!(
        input.contains(PASSWORD.0) || !shown.contains(PASSWORD.1),
        "{shown}"
    );
});
