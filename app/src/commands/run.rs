//! `run`: starts the plugins and serves, or handles the events of a stream.

mod bulk;

use std::convert::Infallible;
use std::time::Duration;

use plugin_core::lifecycle::{Manager, ManagerHandle, Running, Shutdown, StartReport, StopReport};
#[cfg(feature = "admin")]
use plugin_core::lifecycle::{Operation, OperationError, State};
use serde::Serialize;
use tokio::runtime::{Builder, Runtime};

use crate::cli::{Place, Run};
use crate::defaults;
use crate::demo::Demo;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::feed;
use crate::output::{Format, Output, note};
use crate::plugins::COMPOSITION;
use crate::report;
use crate::signal::Signals;
use crate::systemd::Systemd;

/// What still runs when the service has stopped gets no more time than this: a read of a
/// terminal, for one, can't be interrupted.
const GRACE: Duration = Duration::from_millis(100);

/// What programs read of a service: a line at its start and a line at its end.
#[derive(Debug, Serialize)]
#[serde(tag = "phase", rename_all = "snake_case")]
enum Phase<'a> {
    Started(&'a StartReport),
    Stopped(&'a StopReport),
}

pub(super) fn run(place: &Place, options: &Run, out: &mut Output) -> Result<Exit, Failure> {
    out.waits_for_nobody();
    let runtime = runtime()?;
    let outcome = runtime.block_on(start(place, options, out));
    runtime.shutdown_timeout(GRACE);
    outcome
}

pub(super) fn runtime() -> Result<Runtime, Failure> {
    let built = Builder::new_multi_thread().enable_all().build();
    built.map_err(Failure::io("can't start a runtime"))
}

async fn start(place: &Place, options: &Run, out: &mut Output) -> Result<Exit, Failure> {
    // First of all: until then each of them ends the process.
    let signals = Signals::listen().map_err(Failure::io("can't listen to signals"))?;
    let mut demo = options.events.as_deref().and_then(Demo::of);
    let sources = match options.events {
        Some(_) => defaults::bulk_sources(place, demo.as_ref()),
        None => defaults::sources(place),
    };
    let manager = Manager::builder(&COMPOSITION).sources(sources);
    let configured = manager.configure().map_err(Failure::Configure)?;
    // Somebody may have named another directory.
    demo = demo.filter(|demo| configured.settings().manager.data_dir == demo.data_dir());
    for warning in configured.warnings() {
        note(format_args!("warning: {warning}"));
    }
    for undone in super::undone(configured.settings()) {
        note(format_args!("note: {undone}"));
    }
    // A file that is not there is found before anything starts.
    let input = match &options.events {
        Some(path) => Some(
            feed::open(path)
                .await
                .map_err(Failure::io(format_args!("can't read `{}`", path.display())))?,
        ),
        None => None,
    };
    let running = configured
        .start_until(signals.next())
        .await
        .map_err(Failure::Start)?;
    let systemd = Systemd::of_process();
    let status = running.status();
    let ready = status.plugins.iter().filter(|plugin| plugin.ready);
    systemd.ready(ready.count()).await;
    match input {
        Some(input) => {
            let (exit, dead_letters) =
                bulk::handle(running, input, options, (signals, out)).await?;
            if let Some(demo) = demo {
                demo.end(exit, dead_letters);
            }
            Ok(exit)
        }
        None => Ok(serve(running, place, (signals, &systemd), out).await),
    }
}

/// Serves until a signal, or until a failure stops the service.
async fn serve(
    running: Running,
    place: &Place,
    (signals, systemd): (Signals, &Systemd),
    out: &mut Output,
) -> Exit {
    match out.format() {
        Format::Human => {
            out.text(report::started(running.start_report(), &COMPOSITION));
            out.text("running; Ctrl-C stops");
        }
        Format::Json => out.json_line(&Phase::Started(running.start_report())),
    }
    let first = signals.clone();
    let stop = async move {
        first.next().await;
        Some(Shutdown::Drain)
    };
    let manager = running.handle();
    let report = tokio::select! {
        report = running.serve(stop, || insist(signals.clone())) => report,
        never = reload(&manager, place, &signals) => match never {},
        never = systemd.attend(&manager) => match never {},
    };
    match out.format() {
        Format::Human => out.text(report::stopped(&report)),
        Format::Json => out.json_line(&Phase::Stopped(&report)),
    }
    exit(&report)
}

/// Has config read again whenever a signal asks for it.
async fn reload(
    manager: &ManagerHandle,
    #[cfg_attr(
        not(feature = "admin"),
        expect(unused_variables, reason = "only commands ask where they are")
    )]
    place: &Place,
    signals: &Signals,
) -> Infallible {
    loop {
        signals.reload().await;
        tracing::info!("SIGHUP: config is read again");
        // The log says what came of it.
        drop(manager.reload().await);
        #[cfg(feature = "admin")]
        listen_again(manager, place).await;
    }
}

/// Has the service take commands again when its `admin-plugin` was stopped, has failed, or was
/// unloaded, for then no command can start it. What config turns off stays off.
#[cfg(feature = "admin")]
async fn listen_again(manager: &ManagerHandle, place: &Place) {
    const ADMIN: &str = "admin-plugin";
    let status = manager.status();
    let admin = status.plugins.iter().find(|plugin| plugin.name == ADMIN);
    let plugin = ADMIN.to_owned();
    let operation = match admin.map(|plugin| plugin.state) {
        Some(State::Stopped | State::Failed) => Operation::Start { plugin },
        None if super::settings(place).is_ok_and(|it| it.plugins[ADMIN].config.enabled) => {
            Operation::Load { plugin }
        }
        _ => return,
    };
    match manager.operate(operation).await {
        Ok(_) => tracing::info!("`admin-plugin` runs again: the service takes commands"),
        Err(OperationError::Stopping) => {}
        Err(error) => tracing::error!("`admin-plugin` does not run: {error}"),
    }
}

/// A signal while the service stops.
async fn insist(signals: Signals) -> Option<Shutdown> {
    signals.next().await;
    Some(Shutdown::Insist)
}

fn exit(report: &StopReport) -> Exit {
    match report {
        report if report.escalated.is_some() => Exit::Failed,
        report if report.is_clean() => Exit::Ok,
        _ => Exit::Late,
    }
}
