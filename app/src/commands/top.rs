//! `top`: the instances of the running service, watched at a terminal.
//!
//! The screen shows what [`view`] makes of the [`App`]; keys and answers of the service
//! change that, and nothing else does.

mod model;
mod view;

use std::future::pending;
use std::io;
use std::pin::Pin;
use std::time::Duration;

use plugin_admin::EventStream;
use ratatui::crossterm::event::{self, Event, KeyEventKind};
use serde_json::Value;
use tokio::sync::mpsc;

use super::service::Service;
use crate::cli::Place;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::{Format, Output};
use crate::signal::Signals;
use model::{App, Wish};

/// How often the service is asked.
const STEP: Duration = Duration::from_secs(1);

/// What is asked of the service while keys are read.
type Asking<'s> = Pin<Box<dyn Future<Output = Result<Answers, Failure>> + 's>>;

/// What the service answered at one look.
struct Answers {
    list: Value,
    /// Of the instance that is looked at: itself, and the last lines of its log.
    one: Option<(String, Value, Value)>,
}

pub(super) fn top(place: &Place, out: &mut Output) -> Result<Exit, Failure> {
    if out.format() == Format::Json || out.width().is_none() {
        return Err(Failure::NoTerminal);
    }
    let service = Service::of(place)?;
    let mut app = App::new(out.paints());
    // Before the screen is taken over, so that a service that is not there is told as ever.
    app.take_list(service.get(&["instances"])?)?;
    let mut terminal = ratatui::try_init().map_err(Failure::io("can't use the terminal"))?;
    let shown = service.runtime().block_on(async {
        let signals = Signals::listen().map_err(Failure::io("can't listen for signals"))?;
        watch(&service, &mut app, &mut terminal, &signals).await
    });
    ratatui::restore();
    shown.map(|()| Exit::Ok)
}

async fn watch(
    service: &Service,
    app: &mut App,
    terminal: &mut ratatui::DefaultTerminal,
    signals: &Signals,
) -> Result<(), Failure> {
    let mut keys = keys().map_err(Failure::io("can't read keys"))?;
    let mut steps = tokio::time::interval(STEP);
    let mut asking: Option<Asking<'_>> = None;
    let mut tap: Option<EventStream> = None;
    loop {
        let drawn = terminal.draw(|frame| view::draw(app, frame));
        drawn.map_err(Failure::io("can't write to the terminal"))?;
        tokio::select! {
            biased;
            () = signals.next() => return Ok(()),
            event = keys.recv() => match event {
                Some(Event::Key(key)) if key.kind == KeyEventKind::Press => match app.key(key) {
                    Wish::Quit => return Ok(()),
                    Wish::Ask => asking = Some(ask(service, app)),
                    Wish::Tap => tap = app.is_tapping().then_some(open(service).await?),
                    Wish::Nothing => {}
                },
                Some(_) => {}
                None => return Ok(()),
            },
            answers = answered(asking.as_mut()) => {
                asking = None;
                app.take(answers?)?;
            }
            message = heard(tap.as_mut()) => match message {
                Some(message) if message.event == "tap" => app.take_event(&message.data),
                Some(_) => {}
                None => tap = None,
            },
            _ = steps.tick() => if asking.is_none() {
                asking = Some(ask(service, app));
            }
        }
        if !app.is_tapping() {
            tap = None;
        }
    }
}

fn ask<'s>(service: &'s Service, app: &App) -> Asking<'s> {
    let one = app.looked_at().map(str::to_owned);
    Box::pin(async move {
        let list = service.fetch(&["instances"], &[]).await?;
        let Some(name) = one else {
            return Ok(Answers { list, one: None });
        };
        let instance = service.fetch(&["instances", &name], &[]).await;
        // It may have been unloaded: then the list says so.
        let Ok(instance) = instance else {
            return Ok(Answers { list, one: None });
        };
        let query = [("plugin", name.clone()), ("limit", "100".to_owned())];
        let lines = service.fetch(&["logs"], &query).await.unwrap_or_default();
        let one = Some((name, instance, lines));
        Ok(Answers { list, one })
    })
}

async fn answered(asking: Option<&mut Asking<'_>>) -> Result<Answers, Failure> {
    match asking {
        Some(asking) => asking.await,
        None => pending().await,
    }
}

async fn open(service: &Service) -> Result<EventStream, Failure> {
    let query = [("topics", "tap:**".to_owned()), ("limit", "50".to_owned())];
    service.open(&query).await
}

async fn heard(tap: Option<&mut EventStream>) -> Option<plugin_admin::StreamMessage> {
    match tap {
        // A stream that can't be read has ended.
        Some(tap) => tap.next().await.ok().flatten(),
        None => pending().await,
    }
}

/// What is typed, read on a thread of its own: reading waits for the next key.
fn keys() -> io::Result<mpsc::UnboundedReceiver<Event>> {
    let (sender, keys) = mpsc::unbounded_channel();
    std::thread::Builder::new()
        .name("keys".to_owned())
        .spawn(move || {
            while let Ok(event) = event::read() {
                if sender.send(event).is_err() {
                    return;
                }
            }
        })?;
    Ok(keys)
}
