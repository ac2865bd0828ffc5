//! A shop of three plugins, drawn in every way.

use plugin_core::config::{self, Sources};
use plugin_core::event::{Event, EventDescriptor};
use plugin_core::service::ServiceDescriptor;
use plugin_core::{
    Arity, Composition, Descriptor, Hooks, Interceptor, Kind, Mode, Need, Provide, Requirement,
    Respond, RespondOptions, Source, Stage, SubscribeOptions, Subscription,
};
use serde::{Deserialize, Serialize};

use super::{Drawing, Graph, NodeKind, dot, mermaid, svg};

#[derive(Debug, Serialize, Deserialize, schemars::JsonSchema)]
struct Ordered {}

impl Event for Ordered {
    const DESCRIPTOR: &'static EventDescriptor =
        &EventDescriptor::of::<Self>("shop.ordered", "Ordered");
}

const STOCK: ServiceDescriptor = ServiceDescriptor::new("Stock", "shop", "shop::Stock");
const HOOKS: Hooks = Hooks::new(|_| Err(plugin_core::Error::bug("never built")));

const fn on(source: Source) -> Subscription {
    Subscription {
        handler: "handle",
        source,
        mode: Mode::Inline,
        options: SubscribeOptions::DEFAULT,
        bind: |_, _| {},
    }
}

#[derive(Debug, Serialize, Deserialize, schemars::JsonSchema)]
struct Priced {}

impl Event for Priced {
    const DESCRIPTOR: &'static EventDescriptor =
        &EventDescriptor::of::<Self>("shop.price", "Priced");
}

static PRICES: Descriptor = Descriptor::new("prices", "1.2.0", HOOKS).responds(&[Respond {
    handler: "price",
    request: Priced::DESCRIPTOR,
    mode: Mode::Queued,
    options: RespondOptions::DEFAULT,
    bind: |_, _| {},
}]);
static TILL: Descriptor = Descriptor::new("till", "1.2.0", HOOKS).needs(&[Need::Request {
    request: Priced::DESCRIPTOR,
    arity: Arity::One,
}]);

#[test]
fn requests_are_drawn_where_there_are_any() {
    let graph = Graph::of(&[&PRICES, &TILL], None);
    let mermaid = mermaid(&graph);
    assert!(
        mermaid.contains(
            "  request_shop_price[/\"shop.price\"/]\n  plugin_till --> request_shop_price\n  \
             request_shop_price --> plugin_prices\n"
        ),
        "{mermaid}"
    );
    let dot = dot(&graph);
    assert!(
        dot.contains("  \"till\" -> \"request shop.price\";\n"),
        "{dot}"
    );
    let json = serde_json::to_value(&graph).unwrap();
    assert_eq!(
        json["requests"][0]["responders"],
        serde_json::json!(["prices"])
    );
}

static LOG: Descriptor = Descriptor::new("log", "1.2.0", HOOKS)
    .kind(Kind::System)
    .subscriptions(&[on(Source::Pattern("shop.*"))]);
static STORE: Descriptor = Descriptor::new("store", "1.2.0", HOOKS)
    .provides(&[Provide {
        service: &STOCK,
        priority: 0,
        install: |_, _| {},
    }])
    .after(&["log", "absent"])
    .subscriptions(&[Subscription {
        mode: Mode::Queued,
        options: SubscribeOptions::DEFAULT.group("stock"),
        ..on(Source::Event(Ordered::DESCRIPTOR))
    }]);
static DESK: Descriptor = Descriptor::new("desk", "1.2.0", HOOKS)
    .needs(&[
        Need::Service {
            service: &STOCK,
            arity: Arity::One,
        },
        Need::Publish(Ordered::DESCRIPTOR),
    ])
    .requires(&[Requirement {
        plugin: "log",
        version: "^1",
    }]);

fn graph() -> Graph {
    Graph::of(&[&LOG, &STORE, &DESK], None)
}

#[test]
fn as_mermaid() {
    assert_eq!(
        mermaid(&graph()),
        "flowchart LR
  plugin_log[\"log\"]
  plugin_store[\"store\"]
  plugin_desk[\"desk\"]
  service_Stock([\"Stock\"])
  plugin_desk --> service_Stock
  service_Stock --> plugin_store
  event_shop_ordered{{\"shop.ordered\"}}
  plugin_desk ==> event_shop_ordered
  event_shop_ordered ==> |\"stock\"| plugin_store
  event_shop_ordered ==> plugin_log
  plugin_store -. after .-> plugin_log
  plugin_desk -. requires .-> plugin_log
"
    );
}

#[test]
fn as_dot() {
    let dot = dot(&graph());
    assert!(
        dot.starts_with("digraph plugins {\n  rankdir=LR;\n  \"log\" [shape=box];\n"),
        "{dot}"
    );
    assert!(
        dot.contains("  \"desk\" -> \"service Stock\";\n  \"service Stock\" -> \"store\";\n"),
        "{dot}"
    );
    assert!(
        dot.contains("  \"event shop.ordered\" -> \"log\" [style=bold];\n"),
        "{dot}"
    );
    assert!(
        dot.contains("-> \"store\" [style=bold, label=\"stock\"];\n"),
        "{dot}"
    );
    assert!(
        dot.ends_with("  \"desk\" -> \"log\" [style=dotted, label=\"requires\"];\n}\n"),
        "{dot}"
    );
}

#[test]
fn as_json() {
    let json = serde_json::to_value(graph()).unwrap();
    assert_eq!(json["plugins"][0]["kind"], "system");
    assert_eq!(
        json["services"][0]["providers"],
        serde_json::json!(["store"])
    );
    assert_eq!(
        json["events"][0]["subscribers"],
        serde_json::json!(["store", "log"])
    );
    assert_eq!(
        json["events"][0]["groups"],
        serde_json::json!([{ "name": "stock", "members": ["store"] }])
    );
}

static GUARD: Descriptor = Descriptor::new("guard", "1.2.0", HOOKS).interceptors(&[
    Interceptor {
        name: "check",
        stage: Stage::Publish,
        topics: "shop.*",
        priority: 10,
        changes: false,
        bind: |_, _| {},
    },
    Interceptor {
        name: "after",
        stage: Stage::Delivered,
        topics: "**",
        priority: i32::MIN,
        changes: false,
        bind: |_, _| {},
    },
]);

#[test]
fn interceptors_are_drawn_where_there_are_any() {
    let graph = Graph::of(&[&GUARD], None);
    let mermaid = mermaid(&graph);
    for line in [
        "  around_shop_one{\"shop.*\"}\n",
        "  plugin_guard -. publish .-> around_shop_one\n",
        "  plugin_guard -. delivered .-> around_all\n",
    ] {
        assert!(mermaid.contains(line), "{mermaid}");
    }
    let dot = dot(&graph);
    let edge = "  \"guard\" -> \"around shop.*\" [style=dashed, label=\"publish\"];\n";
    assert!(dot.contains(edge), "{dot}");
    let json = serde_json::to_value(&graph).unwrap();
    assert_eq!(json["interceptors"][0]["priority"], 10);
}

static DOOR: Descriptor = Descriptor::new("door", "1.2.0", HOOKS).needs(&[Need::PublishAny]);
static EAR: Descriptor = Descriptor::new("ear", "1.2.0", HOOKS).needs(&[Need::Subscribe]);

/// What a file grants, and what it turns off.
const CONFIG: &str = "
door: { permissions: [ { resource: \"event_bus:shop.*\", actions: [publish] } ] }
ear: { enabled: false, permissions: [ { resource: \"event_bus:till.*\", actions: [subscribe] } ] }
";

#[test]
fn report_d_topics_that_are_chosen_at_run_time_and_plugins_that_are_off_are_drawn() {
    let set: [&'static Descriptor; 5] = [&LOG, &STORE, &DESK, &DOOR, &EAR];
    let composition = Composition::assemble(&set).unwrap();
    let sources = Sources::new().embedded("test", CONFIG);
    let settings = config::load(&sources, &composition).unwrap();
    let graph = Graph::of(&set, Some(&settings));
    let dot = dot(&graph);
    for line in [
        "\"ear\" [shape=box, style=dashed, color=gray, fontcolor=gray, label=\"ear (off)\"];",
        "\"door\" -> \"event shop.ordered\" [style=dashed];",
        "\"door\" [shape=box];",
    ] {
        assert!(dot.contains(line), "{line}: {dot}");
    }
    assert!(
        !dot.contains("-> \"ear\""),
        "it may not hear this one: {dot}"
    );
    let mermaid = mermaid(&graph);
    for line in [
        "plugin_ear[\"ear (off)\"]:::off\n",
        "plugin_door -. at run time .-> event_shop_ordered\n",
        "classDef off ",
    ] {
        assert!(mermaid.contains(line), "{line}: {mermaid}");
    }
    let json = serde_json::to_value(&graph).unwrap();
    assert_eq!(
        json["events"][0]["may_publish"],
        serde_json::json!(["door"])
    );
    assert_eq!(json["plugins"][4]["on"], false);
}

/// A name of a plugin author, who may write what they like.
static ODD: Descriptor = Descriptor::new("odd", "1.2.0", HOOKS).subscriptions(&[Subscription {
    options: SubscribeOptions::DEFAULT.group("a\"]; b -> c [label=\"<b>\n\u{202e}"),
    ..on(Source::Event(Ordered::DESCRIPTOR))
}]);

#[test]
fn report_a10_no_name_ends_its_quotes() {
    let graph = Graph::of(&[&ODD], None);
    let dot = dot(&graph);
    let label = r#"label="a\"]; b -> c [label=\"<b>\\n\\u{202e}"];"#;
    assert!(dot.contains(label), "{dot}");
    let mermaid = mermaid(&graph);
    let svg = svg(&Drawing::of(&graph));
    assert!(
        svg.contains("c [label=&quot;&lt;b&gt;\\n\\u{202e}<"),
        "{svg}"
    );
    let label = r##"|"a#34;]#59; b -#62; c [label=#34;#60;b#62;#92;n#92;u{202e}"| plugin_odd"##;
    assert!(mermaid.contains(label), "{mermaid}");
}

#[test]
fn a_drawing_has_every_node_and_its_edges_lead_from_node_to_node() {
    let set: [&'static Descriptor; 8] = [&LOG, &STORE, &DESK, &PRICES, &TILL, &GUARD, &DOOR, &EAR];
    let drawing = Drawing::of(&Graph::of(&set, None));
    let count = |kind| {
        drawing
            .nodes
            .iter()
            .filter(|node| node.kind == kind)
            .count()
    };
    let counts = [
        NodeKind::Plugin,
        NodeKind::Service,
        NodeKind::Event,
        NodeKind::Request,
    ];
    assert_eq!(counts.map(count), [8, 1, 1, 1]);
    let node = |id: &str| drawing.nodes.iter().find(|node| node.id == id).unwrap();
    for edge in &drawing.edges {
        let (from, to) = (node(&edge.from), node(&edge.to));
        let (first, last) = (edge.points[0], edge.points[edge.points.len() - 1]);
        assert!((first.x - from.x).abs() <= from.width / 2.0, "{edge:?}");
        assert!((last.x - to.x).abs() <= to.width / 2.0, "{edge:?}");
        assert_eq!(edge.up, to.y < from.y, "{edge:?}");
    }
    let edges: Vec<_> = drawing.edges.iter().collect();
    let has = |from: &str, to: &str| edges.iter().any(|edge| edge.from == from && edge.to == to);
    assert!(has("plugin:desk", "service:Stock") && has("service:Stock", "plugin:store"));
    assert!(has("plugin:door", "event:shop.ordered") && has("plugin:guard", "around:**"));
    let svg = svg(&drawing);
    assert!(
        svg.contains("<g class=\"node plugin\"><title>plugin desk</title>"),
        "{svg}"
    );
    assert!(
        svg.contains("<title>handled by, group stock</title>"),
        "{svg}"
    );
    assert!(svg.contains("prefers-color-scheme:dark"), "{svg}");
}
