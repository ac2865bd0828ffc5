//! The configs that were applied: kept, compared, and brought back.

use std::fs;
use std::path::{Path, PathBuf};

use plugin_core::config::{Generations, Settings, Sources, data_dir, files, load};
use tempfile::TempDir;

use crate::build::{BUILD, base, loaded};

const MANAGER: &str = "manager.yaml";
const HELLO: &str = "plugins/hello-plugin.yaml";
const OTHER: &str = "plugins/free-plugin.yaml";

/// An operator's files, and a data folder.
struct Home(TempDir);

impl Home {
    fn new() -> Self {
        let home = Self(tempfile::tempdir().expect("a directory"));
        home.write(MANAGER, "plugin_manager: { config_generations: 3 }");
        home.say("one");
        home
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn write(&self, name: &str, text: &str) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().expect("a file in a directory")).expect("a directory");
        fs::write(path, text).expect("a file");
    }

    fn say(&self, message: &str) {
        self.write(
            HELLO,
            &format!("hello-plugin: {{ config: {{ message: {message} }} }}"),
        );
    }

    fn sources(&self) -> Sources {
        base()
            .optional_manager_file(self.path(MANAGER))
            .config_dir(self.path("plugins"))
            .data_dir(self.path("data"))
            .obey_rollback()
    }

    fn settings(&self) -> Settings {
        loaded(&self.sources())
    }

    fn message(&self) -> String {
        message(&self.settings())
    }

    /// Applies what holds now.
    fn apply(&self) -> u64 {
        let settings = self.settings();
        Generations::of(&settings)
            .record(&settings, "test")
            .expect("it is kept")
    }

    fn generations(&self) -> Generations {
        Generations::of(&loaded(&base().data_dir(self.path("data"))))
    }

    fn roll_back(&self, number: u64) {
        let now = files(&self.sources(), &BUILD);
        self.generations()
            .roll_back(number, &now)
            .expect("it is chosen");
    }

    fn folder(&self) -> PathBuf {
        self.path("data/_config")
    }
}

fn message(settings: &Settings) -> String {
    let values = &settings.plugins["hello-plugin"].values;
    values["message"].as_str().expect("text").to_owned()
}

#[test]
fn each_config_that_was_applied_has_a_number_and_is_kept_whole() {
    let home = Home::new();
    assert_eq!(home.generations().numbers().unwrap(), Vec::<u64>::new());
    assert_eq!(home.apply(), 1);
    assert_eq!(home.apply(), 1, "the same again is no other one");
    home.say("two");
    assert_eq!(home.apply(), 2);
    let generations = home.generations();
    let first = generations.read(1).unwrap();
    assert_eq!((first.number, first.by.as_str()), (1, "test"));
    let paths: Vec<&Path> = first.files.paths().collect();
    assert_eq!(paths, [home.path(MANAGER), home.path(HELLO)]);
    let latest = generations.latest().unwrap().unwrap();
    assert_ne!(first.digest, latest.digest);
    let older = loaded(&home.sources().generation(first));
    assert_eq!(message(&older), "one");
    let difference = older.difference(&home.settings());
    assert_eq!(difference.changed().count(), 1, "{difference}");
    let origin = older.plugins["hello-plugin"].origin("config.message");
    let place = format!("generation 1: {}:1:36", home.path(HELLO).display());
    assert_eq!(origin.to_string(), place);
}

#[test]
fn only_the_last_ones_are_kept() {
    let home = Home::new();
    for number in 1..=6 {
        home.say(&format!("n{number}"));
        assert_eq!(home.apply(), number);
    }
    assert_eq!(home.generations().numbers().unwrap(), [4, 5, 6]);
    home.write(MANAGER, "plugin_manager: { config_generations: 1 }");
    assert_eq!(home.apply(), 7);
    assert_eq!(home.generations().numbers().unwrap(), [7]);
}

#[test]
fn a_rollback_is_in_the_place_of_the_files_until_one_of_them_changes() {
    let home = Home::new();
    home.apply();
    home.say("two");
    home.write(OTHER, "free-plugin: { config: { a: 1 } }");
    home.apply();
    home.roll_back(1);
    let settings = home.settings();
    assert_eq!(
        (message(&settings).as_str(), settings.rolled_back_to()),
        ("one", Some(1))
    );
    assert_eq!(
        settings.plugins["free-plugin"].values,
        serde_json::json!({})
    );
    let warning = settings.warnings[0].to_string();
    assert!(warning.contains("rolled back to generation 1"), "{warning}");
    let on_disk: Vec<&Path> = settings.files().paths().collect();
    assert_eq!(
        on_disk,
        [home.path(MANAGER), home.path(OTHER), home.path(HELLO)]
    );
    assert_eq!(
        home.apply(),
        3,
        "what was brought back is a generation of its own"
    );
    let third = home.generations().read(3).unwrap();
    assert_eq!(third.rolled_back_to, Some(1));
    assert_eq!(third.digest, home.generations().read(1).unwrap().digest);

    let text = fs::read_to_string(home.path(OTHER)).unwrap();
    home.write(OTHER, &text);
    assert_eq!(home.message(), "one", "a touch changes nothing");
    home.write(OTHER, "free-plugin: { config: { a: 2 } }");
    assert_eq!(home.message(), "two", "whoever changes a file means it");
    assert_eq!(home.apply(), 4);
    home.write(OTHER, &text);
    assert_eq!(
        home.message(),
        "one",
        "the files are as they were when the choice was made"
    );
    home.generations().restore(None).unwrap();
    assert_eq!(home.message(), "two");
}

#[test]
fn a_rollback_is_in_the_place_of_files_that_can_t_be_read() {
    let home = Home::new();
    home.apply();
    home.write(HELLO, "hello-plugin: { config: { message: [");
    home.write(OTHER, "free-plugin: { enabeld: true }");
    assert_eq!(load(&home.sources(), &BUILD).unwrap_err().issues().len(), 2);
    home.roll_back(1);
    assert_eq!(home.message(), "one");
    home.write(OTHER, "free-plugin: { enabled: true }");
    assert_eq!(load(&home.sources(), &BUILD).unwrap_err().issues().len(), 1);
}

/// The files name the folder, or the text below them does; the generation names another.
#[test]
fn a_rollback_does_not_move_the_data() {
    for in_files in [true, false] {
        let home = Home::new();
        let naming = |folder: &str| {
            let folder = home.path(folder).display().to_string();
            format!("plugin_manager: {{ data_dir: '{folder}' }}")
        };
        home.write(MANAGER, &naming("elsewhere"));
        home.apply();
        home.say("two");
        let (above, below) = match in_files {
            true => (naming("data"), String::new()),
            false => (String::new(), naming("data")),
        };
        home.write(MANAGER, &above);
        let sources = base()
            .embedded("below", below)
            .optional_manager_file(home.path(MANAGER))
            .config_dir(home.path("plugins"))
            .obey_rollback();
        let now = files(&sources, &BUILD);
        home.generations().roll_back(1, &now).unwrap();
        let settings = loaded(&sources);
        assert_eq!(message(&settings), "one");
        assert_eq!(data_dir(&sources, &BUILD), home.path("data"));
        assert_eq!(settings.manager.data_dir, home.path("data"), "{in_files}");
    }
}

#[test]
fn who_does_not_ask_for_a_rollback_does_not_get_it() {
    let home = Home::new();
    home.apply();
    home.say("two");
    home.roll_back(1);
    let plain = base()
        .config_dir(home.path("plugins"))
        .data_dir(home.path("data"));
    assert_eq!(message(&loaded(&plain)), "two");
}

#[test]
fn the_generation_that_is_in_force_is_not_removed() {
    let home = Home::new();
    home.apply();
    home.roll_back(1);
    for number in 2..=6 {
        // The manager's file is part of what a generation is told by.
        home.write(
            MANAGER,
            &format!("plugin_manager: {{ config_generations: 3 }} # {number}"),
        );
        home.apply();
    }
    assert_eq!(home.generations().numbers().unwrap(), [1, 4, 5, 6]);
}

#[test]
fn a_choice_that_failed_is_taken_back() {
    let home = Home::new();
    home.apply();
    home.say("two");
    home.apply();
    home.roll_back(1);
    let now = files(&home.sources(), &BUILD);
    let before = home.generations().roll_back(2, &now).unwrap();
    assert_eq!(before.as_ref().map(|rollback| rollback.generation), Some(1));
    home.generations().restore(before.as_ref()).unwrap();
    assert_eq!(home.message(), "one");
    let absent = home.generations().roll_back(9, &now).unwrap_err();
    assert!(absent.to_string().contains("9.json"), "{absent}");
    assert_eq!(home.message(), "one");
}

/// What a crash can leave: the draft of a generation at any length, and one too many.
#[test]
fn a_crash_leaves_the_old_ones_or_the_new_one() {
    let home = Home::new();
    home.apply();
    home.say("two");
    home.apply();
    let whole = fs::read(home.folder().join("2.json")).unwrap();
    for length in [0, 1, whole.len() / 2, whole.len() - 1, whole.len()] {
        fs::write(home.folder().join(".3.json.draft"), &whole[..length]).unwrap();
        let generations = home.generations();
        assert_eq!(generations.numbers().unwrap(), [1, 2]);
        assert_eq!(generations.latest().unwrap().unwrap().number, 2);
        let draft = home.folder().join(".rollback.json.draft");
        fs::write(draft, "{\"generation\":1,".split_at(length.min(15)).0).unwrap();
        assert_eq!(home.message(), "two");
    }
    home.say("three");
    assert_eq!(home.apply(), 3, "and the next one takes the draft over");
    assert_eq!(home.generations().read(3).unwrap().number, 3);
    assert!(!home.folder().join(".3.json.draft").exists());
    home.say("four");
    fs::write(home.folder().join("0.json"), &whole).unwrap();
    assert_eq!(
        home.apply(),
        4,
        "one that was to be removed is, the next time"
    );
    assert_eq!(home.generations().numbers().unwrap(), [2, 3, 4]);
}

#[test]
fn one_that_somebody_spoilt_is_told_and_in_nobody_s_way() {
    let home = Home::new();
    home.apply();
    let path = home.folder().join("1.json");
    let text = fs::read_to_string(&path).unwrap();
    fs::write(&path, text.replace("message: one", "message: 111")).unwrap();
    let error = home.generations().read(1).unwrap_err().to_string();
    assert!(
        error.ends_with("1.json`: holds something else than was written"),
        "{error}"
    );
    assert_eq!(home.apply(), 2);
    fs::write(&path, "{").unwrap();
    home.say("three");
    assert_eq!(home.apply(), 3);
    fs::write(home.folder().join("rollback.json"), "{").unwrap();
    let settings = home.settings();
    assert_eq!(message(&settings), "three");
    let warning = settings.warnings[0].to_string();
    assert!(
        warning.contains("the files count") && warning.contains("remove it"),
        "{warning}"
    );
}

#[test]
fn values_of_variables_are_not_kept() {
    let home = Home::new();
    let text = "database-plugin: { config: { password: '${PW}' } }";
    home.write("plugins/database-plugin.yaml", text);
    let variables = [
        ("PW", "hunter2"),
        ("APP__FREE_PLUGIN__CONFIG__KEY", "hunter3"),
    ];
    let settings = loaded(&home.sources().environment(variables));
    Generations::of(&settings)
        .record(&settings, "test")
        .unwrap();
    let stored = fs::read_to_string(home.folder().join("1.json")).unwrap();
    assert!(
        !stored.contains("hunter") && stored.contains("${PW}"),
        "{stored}"
    );
    let kept = home.generations().read(1).unwrap();
    assert_eq!(kept.variables, ["APP__FREE_PLUGIN__CONFIG__KEY"]);
    let shown = format!("{kept:?} {}", serde_json::to_string(&kept).unwrap());
    assert!(!shown.contains("PW}"), "texts are not shown: {shown}");
    let again = loaded(&home.sources().generation(kept).environment(variables));
    assert_eq!(
        again.plugins["database-plugin"].values["password"],
        "hunter2"
    );
}

#[test]
fn the_files_as_they_are_now_are_those_that_a_load_reads() {
    let home = Home::new();
    let same = || {
        let read = files(&home.sources(), &BUILD);
        assert_eq!(read.now(), read);
        read.digest()
    };
    let first = same();
    home.say("two");
    assert_ne!(first, same());
    home.say("one");
    assert_eq!(first, same());
    fs::write(home.path(OTHER), [0xff, 0xfe]).unwrap();
    let spoilt = same();
    assert_ne!(first, spoilt);
    fs::write(home.path("plugins/.yaml"), "").unwrap();
    assert_ne!(spoilt, same());
    fs::remove_file(home.path(MANAGER)).unwrap();
    same();
    fs::remove_dir_all(home.path("plugins")).unwrap();
    same();
    fs::write(home.path("plugins"), "").unwrap();
    same();
    let inside = base()
        .manager_file(home.path("in/manager.yaml"))
        .config_dir(home.path("in"));
    home.write("in/manager.yaml", "plugin_manager: {}");
    home.write("in/hello-plugin.yaml", "hello-plugin: {}");
    let read = files(&inside, &BUILD);
    assert_eq!(read.paths().count(), 2);
    assert_eq!(read.now(), read);
}

#[cfg(unix)]
#[test]
fn what_is_kept_is_its_owner_s_alone() {
    use std::os::unix::fs::PermissionsExt;

    let home = Home::new();
    home.apply();
    home.roll_back(1);
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&home.folder()), 0o700);
    for name in ["1.json", "rollback.json"] {
        assert_eq!(mode(&home.folder().join(name)), 0o600, "{name}");
    }
}
