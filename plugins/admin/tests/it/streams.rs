//! The stream of what happens: states, operations, rates, lines of the log, and taps.

use std::time::Duration;

use plugin_core::lifecycle::Running;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::UnixStream;

use crate::site::{Note, Site, in_time};

/// A listener that reads messages.
pub(crate) struct Listener {
    socket: UnixStream,
    text: String,
}

/// A message: its id, its name, its data.
pub(crate) type Message = (Option<String>, String, Value);

impl Listener {
    pub(crate) async fn open(site: &Site, query: &str, last: Option<&str>) -> Self {
        let mut socket = UnixStream::connect(site.socket()).await.unwrap();
        let last = last.map_or(String::new(), |id| format!("last-event-id: {id}\r\n"));
        let head = format!("GET /v1/stream?{query} HTTP/1.1\r\nhost: x\r\n{last}\r\n");
        socket.write_all(head.as_bytes()).await.unwrap();
        let text = String::new();
        let mut listener = Self { socket, text };
        in_time(async {
            while !listener.text.contains("\r\n\r\n") {
                assert!(listener.read().await, "{}", listener.text);
            }
        })
        .await;
        let (head, rest) = listener.text.split_once("\r\n\r\n").unwrap();
        assert!(head.starts_with("HTTP/1.1 200 OK"), "{head}");
        assert!(head.contains("content-type: text/event-stream"), "{head}");
        listener.text = rest.to_owned();
        listener
    }

    async fn read(&mut self) -> bool {
        let mut bytes = vec![0; 16_384];
        let read = self.socket.read(&mut bytes).await.unwrap_or(0);
        self.text.push_str(&String::from_utf8_lossy(&bytes[..read]));
        read > 0
    }

    /// The next message; `None` at the end.
    pub(crate) async fn next(&mut self) -> Option<Message> {
        in_time(async {
            loop {
                // Messages are whole chunks: the lines of the chunks' lengths are none of theirs.
                if let Some(end) = self.text.find("\n\n") {
                    let message = self.text[..end].to_owned();
                    self.text.drain(..end + 2);
                    let field = |name: &str| {
                        let mut lines = message.lines();
                        lines
                            .find_map(|line| line.strip_prefix(name))
                            .map(str::to_owned)
                    };
                    if let (Some(event), Some(data)) = (field("event: "), field("data: ")) {
                        let data = serde_json::from_str(&data).unwrap();
                        return Some((field("id: "), event, data));
                    }
                } else if !self.read().await {
                    return None;
                }
            }
        })
        .await
    }

    /// The data of the next message of a name.
    pub(crate) async fn of(&mut self, name: &str) -> Value {
        loop {
            let (_, event, data) = self.next().await.expect("the stream goes on");
            if event == name {
                return data;
            }
        }
    }
}

pub(crate) async fn publish(running: &Running, number: u64) {
    let note = Note {
        number,
        password: "hunter2".to_owned(),
    };
    running.publisher().publish(note).await.unwrap();
}

#[tokio::test]
async fn state_changes_and_operations_come_with_who_asked_and_go_on_after_a_break() {
    let site = Site::new().await;
    let mut listener = Listener::open(&site, "topics=state,operations", None).await;
    let hello = listener.of("hello").await;
    assert_eq!(hello["topics"], json!(["state", "operations"]));
    assert_eq!(hello["refused"], json!({}));
    site.post("/v1/plugins/leaf/stop", json!({})).await;
    let (id, event, data) = listener.next().await.unwrap();
    assert_eq!(
        (event.as_str(), &data["instance"]),
        ("state", &json!("leaf"))
    );
    assert_eq!(
        (&data["state"], &data["cause"]),
        (&json!("stopped"), &json!(null))
    );
    let end = listener.of("operation").await;
    assert_eq!(
        [&end["operation"], &end["plugin"], &end["outcome"]],
        ["stop", "leaf", "done"]
    );
    let by = end["by"].as_str().unwrap();
    assert!(
        by.starts_with("uid:") && by.ends_with(" by admin-plugin"),
        "{by}"
    );
    drop(listener);
    site.post("/v1/plugins/leaf/start", json!({})).await;
    let mut again = Listener::open(&site, "topics=state,operations", id.as_deref()).await;
    let missed = [
        again.of("operation").await["operation"].clone(),
        again.of("state").await["state"].clone(),
        again.of("state").await["state"].clone(),
        again.of("operation").await["operation"].clone(),
    ];
    assert_eq!(missed, ["stop", "initialized", "running", "start"]);
}

#[tokio::test]
async fn rates_come_once_a_second_all_at_first_and_then_what_changed() {
    // Shorter than the pauses of the stream, which may rest as long as it likes.
    let site = Site::with("", json!({"client_timeout": "200ms"})).await;
    let mut listener = Listener::open(&site, "topics=rates", None).await;
    let all = loop {
        let rates = listener.of("rates").await;
        if !rates["instances"].as_array().unwrap().is_empty() {
            break rates;
        }
    };
    let names: Vec<_> = all["instances"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| &one["instance"])
        .collect();
    assert_eq!(names, ["admin-plugin", "base", "leaf"]);
    assert_eq!(all["instances"][1]["in"], 0.0);
    publish(&site.running, 1).await;
    let base = loop {
        let rates = listener.of("rates").await;
        let instances = rates["instances"].as_array().unwrap();
        if let Some(base) = instances.iter().find(|one| one["instance"] == "base") {
            let handler = rates["handlers"]
                .as_array()
                .unwrap()
                .iter()
                .find(|one| one["plugin"] == "base");
            assert_eq!(handler.unwrap()["handler"], "on_note");
            break base.clone();
        }
    };
    assert!(base["in"].as_f64().unwrap() > 0.0, "{base}");
}

#[tokio::test]
async fn a_stop_ends_a_stream_with_bye_and_is_not_held_up_by_it() {
    let site = Site::with("", json!({"drain_timeout": "1h"})).await;
    let mut listener = Listener::open(&site, "topics=state,rates,tap:**", None).await;
    let _silent = Listener::open(&site, "topics=state", None).await;
    let listens = async {
        let mut states = Vec::new();
        while let Some((_, event, data)) = listener.next().await {
            match event.as_str() {
                "state" => states.push(data["instance"].clone()),
                "bye" => states.push(json!("bye")),
                _ => {}
            }
        }
        states
    };
    let (stopped, states) = in_time(async { tokio::join!(site.running.stop(), listens) }).await;
    // What stops just before is told if its event comes before the plugin's own stop.
    assert_eq!(
        (&states[0], states.last()),
        (&json!("leaf"), Some(&json!("bye")))
    );
    assert!(stopped.is_clean());
}

#[tokio::test]
async fn a_tap_shows_the_events_that_its_filter_admits_without_secrets() {
    let site = Site::new().await;
    let query =
        "topics=tap:site.*,rates&filter=number%20>%202%20%26%26%20password%20!=%20%22hunter2%22";
    let mut listener = Listener::open(&site, &query.replace('>', "%3E"), None).await;
    assert_eq!(
        listener.of("hello").await["topics"],
        json!(["tap:site.*", "rates"])
    );
    let before = site.get("/v1/plugins/admin-plugin").await.body;
    for number in 1..=4 {
        publish(&site.running, number).await;
    }
    for number in 3..=4 {
        let event = listener.of("tap").await;
        assert_eq!(
            (&event["topic"], &event["publisher"]),
            (&json!("site.note"), &json!("host"))
        );
        assert_eq!(
            event["payload"],
            json!({"number": number, "password": "***"})
        );
        assert_eq!(event["trace"].as_str().unwrap().len(), 55);
    }
    let after = site.get("/v1/plugins/admin-plugin").await.body;
    let received = |body: &Value| body["instances"][0]["events"]["received"].clone();
    assert_eq!(received(&before), received(&after), "it handles nothing");
    let handlers = site.running.bus().handlers();
    assert!(handlers.iter().all(|one| one.plugin != "admin-plugin"));
    drop(listener);
}

#[tokio::test]
async fn a_tap_says_what_it_left_out() {
    let site = Site::new().await;
    let query = "topics=tap:site.note,tap:sites.*&limit=10";
    let mut listener = Listener::open(&site, query, None).await;
    let hello = listener.of("hello").await;
    assert_eq!(hello["unmatched"], json!(["tap:sites.*"]));
    for number in 0..500 {
        publish(&site.running, number).await;
    }
    let mut shown = 0;
    let dropped = loop {
        let (_, event, data) = listener.next().await.unwrap();
        match event.as_str() {
            "tap" => shown += 1,
            "dropped" => {
                let count = |name: &str| data[name].as_u64().unwrap();
                // The last second has told of all.
                if count("matched") + count("lost") == 500 {
                    break data;
                }
            }
            _ => {}
        }
    };
    assert_eq!(dropped["topic"], "tap:site.note");
    assert_eq!(
        dropped["matched"].as_u64().unwrap() + dropped["lost"].as_u64().unwrap(),
        500
    );
    assert_eq!(dropped["shown"], shown);
    assert!((10..=30).contains(&shown), "{shown}");
}

#[tokio::test]
async fn what_is_asked_for_wrongly_is_refused_with_its_place() {
    let site = Site::with("", json!({"max_streams": 1})).await;
    for (query, key, told) in [
        (
            "topics=stat",
            "topics",
            "there is no topic `stat`: use `state`, `operations`, `rates`, `logs` or `tap:PATTERN`",
        ),
        (
            "topics=tap:a.*b",
            "topics",
            "has a `*` that is not a whole segment",
        ),
        (
            "topics=tap:**&filter=a%20=%201",
            "filter",
            "the filter can't be read: column 3: `=` compares nothing",
        ),
        (
            "topics=tap:**&limit=0",
            "limit",
            "`limit` is from 1 to 10000",
        ),
        ("topics=tap:**&sample=0", "sample", "`sample` is 1 at least"),
    ] {
        let refused = site.get(&format!("/v1/stream?{query}")).await;
        let detail = refused.body["detail"].as_str().unwrap();
        assert_eq!(
            (refused.status, &refused.body["key"]),
            (400, &json!(key)),
            "{detail}"
        );
        assert!(detail.contains(told), "{detail}");
    }
    let refused = site.get("/v1/stream?topics=logs").await;
    assert_eq!(refused.status, 409);
    let listener = Listener::open(&site, "topics=state,logs", None).await;
    let full = site.get("/v1/stream?topics=state").await;
    assert_eq!(full.status, 503);
    assert!(
        full.body["detail"]
            .as_str()
            .unwrap()
            .contains("`max_streams`")
    );
    drop(listener);
}

#[tokio::test]
async fn without_the_right_to_look_on_the_rest_works() {
    let file = "admin-plugin: { permissions: [{ resource: system, actions: [read] }, { resource: 'service:LogTail', actions: [use] }] }";
    let site = Site::with(file, json!({})).await;
    let mut listener = Listener::open(&site, "topics=state,rates,tap:**", None).await;
    let hello = listener.of("hello").await;
    assert_eq!(
        (&hello["topics"], &hello["unmatched"]),
        (&json!(["rates"]), &json!([]))
    );
    for topic in ["state", "tap:**"] {
        let why = hello["refused"][topic].as_str().unwrap();
        assert!(
            why.contains("grant it `event_bus` with action `subscribe`"),
            "{why}"
        );
    }
    listener.of("rates").await;
}

/// A reader that takes nothing loses its connection, and no publisher waits for it.
#[tokio::test]
async fn a_listener_that_reads_nothing_is_closed_and_holds_nobody_up() {
    let site = Site::with("", json!({"client_timeout": "200ms"})).await;
    let mut silent = Listener::open(&site, "topics=tap:site.note&limit=10000", None).await;
    silent.of("hello").await;
    let closed = async {
        // Until what the system holds for a socket is full.
        let mut number = 0;
        while !site.get("/v1/status").await.body["plugins"][0]["tasks"].eq(&json!(4)) {
            for _ in 0..500 {
                number += 1;
                publish(&site.running, number).await;
            }
        }
    };
    in_time(closed).await;
    assert!(in_time(site.running.stop()).await.took < Duration::from_secs(5));
}
