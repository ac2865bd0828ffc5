//! The graph as a drawing, with the present figures of its edges.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use axum::routing::get;
use plugin_core::event::store::Stock;
use plugin_core::event::{HandlerReport, Pattern};
use plugin_core::prelude::JsonSchema;
use plugin_core::{Descriptor, InstanceName, Mode};
use plugin_graph::{Drawing, Edge, EdgeKind, Graph, Node, svg};
use plugin_http::Problem;
use serde::Serialize;

use super::Backends;
use crate::access::Right;
use crate::live::HandlerRates;
use crate::route::{Content, Route};

/// The picture may load nothing, because its style is part of it.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'";

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::new(
            "GET /v1/graph",
            "Plugins, services and events as a drawing, with what the edges carry",
            get(graph),
        )
        .needs(Right::StateRead)
        .answers::<GraphView>(),
        Route::new("GET /v1/graph.svg", "The same as a picture", get(picture))
            .needs(Right::StateRead)
            .answers_as(200, Content::Other("image/svg+xml")),
    ]
}

/// A drawing. Edges lead downwards, except those that close a cycle.
#[derive(Debug, Serialize, JsonSchema)]
struct GraphView {
    /// The width.
    width: f64,
    /// The height.
    height: f64,
    /// Plugins in start order, then services, events, requests, and the targets of interceptors.
    nodes: Vec<Node>,
    /// The edges.
    edges: Vec<LiveEdge>,
}

/// An edge with its figures.
#[derive(Debug, Serialize, JsonSchema)]
struct LiveEdge {
    #[serde(flatten)]
    edge: Edge,
    /// The figures of the handlers at its end; `null` if there is no handler.
    live: Option<EdgeFigures>,
}

/// The figures of the handlers of an edge.
#[derive(Debug, Default, PartialEq, Serialize, JsonSchema)]
struct EdgeFigures {
    /// The handlers.
    handlers: Vec<&'static str>,
    /// The pattern that they subscribe to; the figures then include all topics that it matches.
    #[serde(skip_serializing_if = "Option::is_none")]
    pattern: Option<String>,
    /// Events with which they were called, in one second.
    rate: f32,
    /// Failed calls, in one second.
    failing: f32,
    /// Events with which they were called so far.
    handled: u64,
    /// Failed calls so far.
    failed: u64,
    /// Number of dead letters.
    dead: u64,
    /// Events that wait: in the store for durable handlers, otherwise in the mailbox of the plugin.
    /// `null` if the mailbox also contains events of other edges.
    waiting: Option<u64>,
    /// Number of events so far that were neither handled nor became dead letters, by reason.
    /// `displaced` events were dropped for newer ones in a full store. A reason without events is
    /// left out.
    dropped: BTreeMap<&'static str, u64>,
}

/// The data from which the figures are computed.
struct Figures {
    reports: Vec<HandlerReport>,
    rates: Vec<HandlerRates>,
    stock: Vec<Stock>,
    plugins: Vec<&'static Descriptor>,
    /// Waiting events in the mailbox of each instance.
    mailboxes: Vec<(&'static str, u64)>,
}

async fn graph(State(backends): State<Backends>) -> Result<Json<GraphView>, Problem> {
    let Drawing {
        width,
        height,
        nodes,
        edges,
    } = drawing(&backends)?;
    let status = backends.system.status();
    let mailboxes = status.plugins.iter();
    let figures = Figures {
        reports: backends.system.handlers(),
        rates: backends.live.handlers(None),
        // If the store fails, the state of its plugin shows that; the drawing is returned without
        // it.
        stock: backends.system.stock().await.unwrap_or_default(),
        plugins: backends.system.plugins(),
        mailboxes: mailboxes.map(|it| (it.name, it.queued as u64)).collect(),
    };
    let live = |edge: Edge| LiveEdge {
        live: figures.of(&edge),
        edge,
    };
    Ok(Json(GraphView {
        width,
        height,
        nodes,
        edges: edges.into_iter().map(live).collect(),
    }))
}

async fn picture(State(backends): State<Backends>) -> Result<impl IntoResponse, Problem> {
    let headers = [
        (header::CONTENT_TYPE, "image/svg+xml"),
        (header::CONTENT_SECURITY_POLICY, POLICY),
    ];
    Ok((headers, svg(&drawing(&backends)?)))
}

fn drawing(backends: &Backends) -> Result<Drawing, Problem> {
    let graph = backends.system.configured(|composition, settings| {
        let plugins: Vec<_> = composition.plugins().collect();
        Graph::of(&plugins, Some(settings))
    });
    let gone = || Problem::new(StatusCode::SERVICE_UNAVAILABLE, "the service has stopped");
    Ok(Drawing::of(&graph.ok_or_else(gone)?))
}

impl EdgeFigures {
    fn drop(&mut self, (reason, events): (&'static str, u64)) {
        if events > 0 {
            *self.dropped.entry(reason).or_default() += events;
        }
    }
}

impl Figures {
    /// The figures of an edge from an event to a plugin.
    fn of(&self, edge: &Edge) -> Option<EdgeFigures> {
        if !matches!(edge.kind, EdgeKind::HandledBy | EdgeKind::MayBeHandledBy) {
            return None;
        }
        let topic = edge.from.strip_prefix("event:")?;
        let plugin = edge.to.strip_prefix("plugin:")?;
        let is_of = |name: &str| InstanceName::of(name).section == plugin;
        let mut heard = None;
        let reports = self.reports.iter().filter(|report| is_of(report.plugin));
        let exact = reports.clone().filter(|report| report.topic == topic);
        let mut reports: Vec<_> = exact.collect();
        if reports.is_empty() {
            let wide = self.reports.iter().filter(|report| {
                is_of(report.plugin)
                    && Pattern::parse(&report.topic).is_ok_and(|pattern| pattern.matches(topic))
            });
            reports = wide.collect();
            heard = Some(reports.first()?.topic.clone());
        }
        let listened = heard.as_deref().unwrap_or(topic);
        let mut figures = EdgeFigures::default();
        for report in reports {
            if !figures.handlers.contains(&report.handler) {
                figures.handlers.push(report.handler);
            }
            figures.handled += report.received;
            figures.failed += report.errors;
            report
                .dropped
                .by_reason()
                .for_each(|drops| figures.drop(drops));
        }
        for rates in &self.rates {
            if is_of(rates.plugin) && rates.topic == listened {
                figures.rate += rates.received;
                figures.failing += rates.errors;
            }
        }
        self.waits(&mut figures, plugin, listened);
        figures.pattern = heard;
        Some(figures)
    }

    /// Adds the numbers of waiting events, of events that a store dropped, and of dead letters.
    fn waits(&self, figures: &mut EdgeFigures, plugin: &str, topic: &str) {
        let stocks = self.stock.iter().filter(|stock| {
            InstanceName::of(&stock.subscription.plugin).section == plugin
                && stock.subscription.topic == topic
        });
        for stock in stocks {
            *figures.waiting.get_or_insert(0) += stock.pending + stock.waiting;
            figures.drop(("displaced", stock.dropped));
            figures.dead += stock.dead;
        }
        let name = InstanceName::of(plugin).plugin;
        let descriptor = self.plugins.iter().find(|it| it.name == name);
        let subscriptions = descriptor.map_or(&[][..], |it| it.subscriptions);
        let queued = |it: &&plugin_core::Subscription| it.mode == Mode::Queued;
        let mut queued = subscriptions.iter().filter(queued);
        let is_alone = queued.next().is_some_and(|one| {
            !one.options.durable
                && figures.handlers.contains(&one.handler)
                && queued.next().is_none()
        });
        if is_alone {
            let mailboxes = self.mailboxes.iter();
            let own = mailboxes.filter(|(name, ..)| InstanceName::of(name).section == plugin);
            figures.waiting = Some(own.map(|(_, waiting)| waiting).sum());
        }
    }
}
