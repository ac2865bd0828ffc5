//! What the check of `compose!` adds to a build.
//!
//! Writes a crate with N descriptors of three needs each, builds it with and without the check in
//! const evaluation, and prints the difference:
//!
//! ```text
//! cargo run -p kernel-benches --bin generate-set -- 100 1000
//! ```

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::time::{Duration, Instant};
use std::{env, fs, io};

/// Sizes that are measured if the command line names none.
const SIZES: [usize; 3] = [100, 300, 1000];
/// Builds of which the fastest counts.
const ROUNDS: usize = 3;

#[expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a program that reports"
)]
fn main() -> ExitCode {
    let sizes: Result<Vec<usize>, _> = env::args().skip(1).map(|size| size.parse()).collect();
    let sizes = match sizes {
        Ok(sizes) if sizes.is_empty() => SIZES.to_vec(),
        Ok(sizes) => sizes,
        Err(error) => {
            eprintln!("a size is a number of plugins: {error}");
            return ExitCode::from(2);
        }
    };
    println!("plugins  unchecked s  checked s  added s");
    for size in sizes {
        match Generated::new(size).and_then(|set| set.measure()) {
            Ok([without, with]) => println!(
                "{size:7}  {:11.2}  {:9.2}  {:7.2}",
                without.as_secs_f64(),
                with.as_secs_f64(),
                with.as_secs_f64() - without.as_secs_f64(),
            ),
            Err(error) => {
                eprintln!("can't measure {size} plugins: {error}");
                return ExitCode::FAILURE;
            }
        }
    }
    ExitCode::SUCCESS
}

/// A throw-away crate below the target directory.
struct Generated {
    folder: PathBuf,
}

impl Generated {
    fn new(size: usize) -> io::Result<Self> {
        let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        let executable = env::current_exe()?;
        let target = executable.ancestors().nth(2).unwrap_or(&workspace);
        let folder = target.join("plan-build").join(format!("set-{size}"));
        fs::create_dir_all(folder.join("src"))?;
        fs::write(folder.join("Cargo.toml"), manifest(&workspace))?;
        // The same versions as the workspace, so that nothing is looked up.
        fs::copy(workspace.join("Cargo.lock"), folder.join("Cargo.lock"))?;
        fs::write(folder.join("src/lib.rs"), source(size))?;
        Ok(Self { folder })
    }

    /// The fastest build of the crate alone, without the check and with it.
    fn measure(&self) -> io::Result<[Duration; 2]> {
        let mut fastest = [Duration::MAX; 2];
        for round in 0..=ROUNDS {
            for (variant, features) in ["", "plan"].into_iter().enumerate() {
                let took = self.build(features)?;
                // The first round builds the dependencies.
                if round > 0 {
                    fastest[variant] = fastest[variant].min(took);
                }
            }
        }
        Ok(fastest)
    }

    fn build(&self, features: &str) -> io::Result<Duration> {
        let source = self.folder.join("src/lib.rs");
        fs::File::options()
            .append(true)
            .open(source)?
            .set_modified(std::time::SystemTime::now())?;
        let start = Instant::now();
        let output = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
            .args(["build", "--offline", "--quiet", "--features", features])
            .env("CARGO_TARGET_DIR", self.folder.with_file_name("target"))
            .env("CARGO_INCREMENTAL", "0")
            .current_dir(&self.folder)
            .output()?;
        if output.status.success() {
            return Ok(start.elapsed());
        }
        let text = String::from_utf8_lossy(&output.stderr);
        Err(io::Error::other(text.into_owned()))
    }
}

fn manifest(workspace: &Path) -> String {
    format!(
        "[package]\nname = \"generated-set\"\nversion = \"1.0.0\"\nedition = \"2024\"\n\n\
         [features]\nplan = []\n\n[dependencies]\n\
         plugin-core = {{ path = {:?} }}\n\n[workspace]\n",
        workspace.join("plugin-core")
    )
}

/// Plugins that each provide a service and need three of the plugins before them.
fn source(size: usize) -> String {
    let mut source = String::from(HEAD);
    for at in 0..size {
        push_plugin(&mut source, at);
    }
    let set: String = (0..size).map(|at| format!("&P{at}, ")).collect();
    source + &TAIL.replace("[PLUGINS]", &format!("[{set}]"))
}

fn push_plugin(source: &mut String, at: usize) {
    let mut needs: Vec<_> = [at / 2, at / 3, at.saturating_sub(7)].into();
    needs.retain(|&other| other < at);
    let needs: String = needs
        .iter()
        .map(|other| format!("need(&S{other}), "))
        .collect();
    writeln!(
        source,
        "static S{at}: ServiceDescriptor = service(\"Service{at:05}\", \"m::Service{at:05}\");\n\
         static P{at}: Descriptor = Descriptor::new(\"plugin-{at:05}\", \"1.2.3\", HOOKS)\n    \
         .provides(&[provide(&S{at})])\n    .needs(&[{needs}]);"
    )
    .expect("writing to a string can't fail");
}

const HEAD: &str = r#"//! Generated by `generate-set`.

use plugin_core::service::ServiceDescriptor;
use plugin_core::{Arity, Descriptor, Hooks, Need, PluginRef, Provide};

const HOOKS: Hooks =
    Hooks::new(|_| Ok(Box::pin(async { Ok(std::sync::Arc::new(()) as PluginRef) })));

const fn service(name: &'static str, path: &'static str) -> ServiceDescriptor {
    ServiceDescriptor::new(name, "m", path)
}

const fn provide(service: &'static ServiceDescriptor) -> Provide {
    Provide { service, priority: 0, install: |_, _| {} }
}

const fn need(service: &'static ServiceDescriptor) -> Need {
    Need::Service { service, arity: Arity::One }
}

"#;

const TAIL: &str = r#"
const SET: &[&Descriptor] = &[PLUGINS];
pub static PLUGINS: &[&Descriptor] = SET;

#[cfg(feature = "plan")]
#[allow(long_running_const_eval)]
pub static ORDER: [u16; SET.len()] =
    plugin_core::__private::prove::<{ SET.len() }, { plugin_core::__private::scratch_len(SET) }>(SET, &[]);
"#;
