//! The config that is compiled into the binary, so that it starts in an empty directory.

use plugin_core::ChildCommand;
use plugin_core::config::Sources;
use serde_json::json;

use crate::cli::Place;
use crate::demo::Demo;

/// Name and text of every file of `config/`, as they were when the binary was built.
const FILES: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/config_files.rs"));

/// The argument of a process that runs one instance. It is the service's own, and no command.
pub(crate) const INSTANCE: &str = "--instance-of-a-service";

/// What is different when events come from a file: nobody has to find the HTTP port, and a line
/// of the log for each event would hide the result.
const BULK: &str = "
api-plugin: { config: { address: \"127.0.0.1:0\" } }
logger-plugin: { config: { level: warn } }
";

/// Where the manager's file is when nobody says otherwise.
const MANAGER_FILE: &str = "config/plugin_manager.yaml";

/// What the service is configured from, the lowest layer first: embedded files, the files on
/// disk, variables, the command line.
pub(crate) fn sources(place: &Place) -> Sources {
    on_disk(embedded(), place)
}

/// The same, with the files on disk also where another config was chosen in their place.
pub(crate) fn sources_on_disk(place: &Place) -> Sources {
    with_files(embedded(), place)
}

/// The same for events from a file, and for the demo, whose data is elsewhere if nobody says more.
pub(crate) fn bulk_sources(place: &Place, demo: Option<&Demo>) -> Sources {
    let sources = embedded().embedded("run --events", BULK);
    let sources = match demo.and_then(|demo| demo.data_dir().to_str()) {
        Some(directory) => {
            // JSON is YAML too; a `${` is no variable.
            let directory = json!(directory.replace("${", "$${"));
            let text = json!({ "plugin_manager": { "data_dir": directory } });
            sources.embedded("the demo", text.to_string())
        }
        None => sources,
    };
    on_disk(sources, place)
}

fn embedded() -> Sources {
    let sources = Sources::new().processes(ChildCommand::same_binary([INSTANCE]));
    FILES.iter().fold(sources, |sources, (name, text)| {
        sources.embedded(*name, *text)
    })
}

fn on_disk(sources: Sources, place: &Place) -> Sources {
    with_files(sources, place).obey_rollback()
}

fn with_files(sources: Sources, place: &Place) -> Sources {
    let sources = match &place.config {
        Some(file) => sources.manager_file(file),
        None => sources.optional_manager_file(MANAGER_FILE),
    }
    .process_environment();
    match &place.data_dir {
        Some(dir) => sources.data_dir(dir),
        None => sources,
    }
}

#[cfg(test)]
mod tests {
    use plugin_core::config;
    #[cfg(feature = "api")]
    use plugin_core::config::Origin;

    use super::{BULK, FILES, embedded};
    use crate::plugins::COMPOSITION;

    #[test]
    fn the_files_are_embedded() {
        let names: Vec<&str> = FILES.iter().map(|(name, _)| *name).collect();
        assert!(names.contains(&"plugin_manager.yaml"), "{names:?}");
        assert!(names.contains(&"hello-plugin.yaml"), "{names:?}");
    }

    #[test]
    fn what_is_embedded_has_no_mistake_and_no_warning() {
        let sources = embedded().embedded("run --events", BULK);
        let settings = config::load(&sources, &COMPOSITION).unwrap();
        assert_eq!(settings.warnings, []);
    }

    #[test]
    fn report_c5_every_period_and_number_has_bounds() {
        let unbounded = config::unbounded(&config::schema(&COMPOSITION));
        assert_eq!(unbounded, Vec::<String>::new(), "see `config::unbounded`");
    }

    #[cfg(feature = "api")]
    #[test]
    fn the_files_leave_the_address_to_whoever_runs_events() {
        let sources = embedded().embedded("run --events", BULK);
        let settings = config::load(&sources, &COMPOSITION).unwrap();
        let origin = settings.plugins["api-plugin"].origin("config.address");
        assert!(
            matches!(&origin, Origin::Embedded { name, .. } if **name == *"run --events"),
            "{origin}"
        );
        let settings = config::load(&embedded(), &COMPOSITION).unwrap();
        let origin = settings.plugins["api-plugin"].origin("config.address");
        assert_eq!(
            origin,
            Origin::Default,
            "a file on disk would go before `run --events`"
        );
    }
}
