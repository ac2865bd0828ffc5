//! The plugin in a system: events in, messages out.

use std::fs;
use std::net::TcpListener;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Barrier};
use std::thread;
use std::time::Duration;

use plugin_contracts::{OrderCreated, User, UserLookup, UserWelcome};
use plugin_core::config::Sources;
use plugin_core::event::DeadLetterQuery;
use plugin_core::lifecycle::{Manager, Running, WaitsFor};
use plugin_core::prelude::*;
use plugin_core::{Composition, Plugin};
use plugin_notification::{Notification, NotificationConfig};
use plugin_queue::Queue;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::sms::answer;
use crate::smtp_server::SmtpServer;

/// Knows everyone but `nobody`.
struct People;

#[plugin(name = "people")]
impl People {
    #[init]
    fn init() -> Result<Self> {
        Ok(Self)
    }

    #[respond]
    async fn lookup(&self, lookup: &UserLookup) -> Option<User> {
        let id = &lookup.user_id;
        (id != "nobody").then(|| User {
            id: id.clone(),
            name: "王小明".to_owned(),
            email: format!("{id}@shop.example"),
            phone: Some("+8613800000000".to_owned()),
        })
    }
}

async fn start(dir: &TempDir, config: Value) -> Running {
    let plugins = [
        People::DESCRIPTOR,
        Notification::DESCRIPTOR,
        Queue::DESCRIPTOR,
    ];
    Manager::builder(&Composition::assemble(&plugins).unwrap())
        .data_dir(dir.path())
        .plugin_config("notification-plugin", config)
        .configure()
        .unwrap()
        .start()
        .await
        .unwrap()
}

async fn welcome(running: &Running, user_id: &str) {
    let welcome = UserWelcome {
        user_id: user_id.to_owned(),
        message: "欢迎使用我们的服务！".to_owned(),
    };
    let publisher = running.publisher::<UserWelcome>();
    publisher.publish(welcome).await.unwrap();
}

async fn order(running: &Running) {
    let order = OrderCreated {
        order_id: "A-1".to_owned(),
        user_id: "ming".to_owned(),
        total_cents: 100,
    };
    running.publisher().publish(order).await.unwrap();
}

fn errors(running: &Running) -> u64 {
    let status = running.status();
    let plugin = status
        .plugins
        .iter()
        .find(|plugin| plugin.name == "notification-plugin");
    plugin.unwrap().events.errors
}

/// Names of the messages in the outbox.
fn outbox(dir: &TempDir) -> Vec<String> {
    let files = fs::read_dir(dir.path().join("notification-plugin/outbox/new")).unwrap();
    files
        .map(|file| file.unwrap().file_name().into_string().unwrap())
        .collect()
}

#[tokio::test]
async fn a_welcome_reaches_the_mail_server() {
    let (dir, mut server) = (tempfile::tempdir().unwrap(), SmtpServer::start());
    let smtp = json!({"host": "127.0.0.1", "port": server.port, "tls": "none"});
    let running = start(&dir, json!({"smtp": smtp})).await;
    welcome(&running, "ming").await;
    running.idle().await;
    let received = server.received();
    assert_eq!(received.receivers, ["ming@shop.example"]);
    assert_eq!(received.subject, "欢迎注册");
    assert_eq!(received.body.trim_end(), "欢迎使用我们的服务！");
    assert_eq!(errors(&running), 0);
    assert!(running.stop().await.is_clean());
}

#[tokio::test]
async fn without_servers_an_order_goes_to_the_outbox() {
    let dir = tempfile::tempdir().unwrap();
    let running = start(&dir, json!({})).await;
    order(&running).await;
    running.idle().await;
    let names = outbox(&dir);
    let count = |end: &str| names.iter().filter(|name| name.ends_with(end)).count();
    assert_eq!((count(".eml"), count(".sms.json")), (1, 1), "{names:?}");
}

#[tokio::test]
async fn an_unknown_user_is_an_error_of_that_event_alone() {
    let dir = tempfile::tempdir().unwrap();
    let running = start(&dir, json!({})).await;
    welcome(&running, "nobody").await;
    welcome(&running, "ming").await;
    running.idle().await;
    assert_eq!(errors(&running), 1);
    assert_eq!(outbox(&dir).len(), 1);
    assert!(running.status().ready);
}

#[tokio::test]
async fn nothing_that_was_accepted_is_lost_at_a_stop() {
    let (dir, server) = (tempfile::tempdir().unwrap(), SmtpServer::start());
    let smtp = json!({"host": "127.0.0.1", "port": server.port, "tls": "none"});
    let running = start(&dir, json!({"smtp": smtp, "concurrency": 2})).await;
    for _ in 0..20 {
        welcome(&running, "ming").await;
    }
    assert!(running.stop().await.is_clean());
    assert_eq!(server.rest().lines().count(), 20);
}

/// Takes so many messages and returns how many at most were there at once; each waits for one
/// more.
fn pairs(listener: &TcpListener, messages: usize) -> usize {
    let (open, most) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let pair = Barrier::new(2);
    thread::scope(|scope| {
        for _ in 0..messages {
            let stream = listener.accept().unwrap().0;
            let (open, most, pair) = (&open, &most, &pair);
            scope.spawn(move || {
                most.fetch_max(open.fetch_add(1, SeqCst) + 1, SeqCst);
                pair.wait();
                open.fetch_sub(1, SeqCst);
                answer(&stream, "204 No Content");
            });
        }
    });
    most.into_inner()
}

#[tokio::test]
async fn no_more_messages_than_the_config_allows_are_on_their_way() {
    let dir = tempfile::tempdir().unwrap();
    let gateway = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/", gateway.local_addr().unwrap());
    let most = thread::spawn(move || pairs(&gateway, 8));
    let running = start(&dir, json!({"concurrency": 2, "sms": {"url": url}})).await;
    for _ in 0..8 {
        order(&running).await;
    }
    running.idle().await;
    assert_eq!(most.join().unwrap(), 2);
    assert_eq!(errors(&running), 0);
}

/// Answers each request, and counts them.
fn counting(listener: TcpListener) -> Arc<AtomicUsize> {
    let texts = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&texts);
    thread::spawn(move || {
        while let Ok((stream, _)) = listener.accept() {
            count.fetch_add(1, SeqCst);
            answer(&stream, "202 Accepted");
        }
    });
    texts
}

#[tokio::test]
async fn report_b5_a_mail_server_that_is_down_repeats_no_text_message() {
    let dir = tempfile::tempdir().unwrap();
    let gateway = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/", gateway.local_addr().unwrap());
    let texts = counting(gateway);
    // Nobody listens there any more.
    let closed = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = closed.local_addr().unwrap().port();
    drop(closed);
    let smtp = json!({"host": "127.0.0.1", "port": port, "tls": "none"});
    let running = start(&dir, json!({"smtp": smtp, "sms": {"url": url}})).await;
    order(&running).await;
    let waiting = running.idle_or_waiting().await;
    let waiting: Vec<_> = (waiting.iter())
        .map(|one| (&*one.plugin, &*one.handler, one.wait))
        .collect();
    assert_eq!(
        waiting,
        [("notification-plugin", "confirm", WaitsFor::Target)]
    );
    assert_eq!(
        errors(&running),
        3,
        "three e-mails failed, and open the breaker"
    );
    assert_eq!(texts.load(SeqCst), 1);
    let letters = running.dead_letters().list(DeadLetterQuery::new()).await;
    assert_eq!(
        letters.unwrap().letters.len(),
        0,
        "the e-mail waits in the store"
    );
    assert!(running.stop().await.is_clean());
}

#[test]
fn report_c5_numbers_and_periods_have_bounds() {
    let schema = schemars::schema_for!(NotificationConfig);
    assert_eq!(plugin_core::config::unbounded(schema.as_value()), [""; 0]);
    let dir = tempfile::tempdir().unwrap();
    for (config, key) in [
        (
            json!({"smtp": {"host": "h", "timeout": "0s"}}),
            "smtp.timeout",
        ),
        (
            json!({"smtp": {"host": "h", "timeout": "25d"}}),
            "smtp.timeout",
        ),
        (json!({"smtp": {"host": "h", "port": 0}}), "smtp.port"),
        (
            json!({"sms": {"url": "http://h/", "timeout": "1d"}}),
            "sms.timeout",
        ),
        (json!({"concurrency": 0}), "concurrency"),
    ] {
        let plugins = [
            People::DESCRIPTOR,
            Notification::DESCRIPTOR,
            Queue::DESCRIPTOR,
        ];
        let refused = Manager::builder(&Composition::assemble(&plugins).unwrap())
            .data_dir(dir.path())
            .plugin_config("notification-plugin", config)
            .configure()
            .unwrap_err()
            .to_string();
        assert!(refused.contains(&format!("config.{key}: ")), "{refused}");
    }
}

#[test]
fn a_template_with_an_unknown_field_is_a_mistake_of_the_config_and_is_named() {
    let config = json!({"templates": {"welcome": {"body": "{mesage}"}}});
    let read = serde_json::from_value::<NotificationConfig>(config);
    let error = read.unwrap_err().to_string();
    assert!(error.starts_with("`templates.welcome.body`: "), "{error}");
    assert!(error.contains("`mesage`"), "{error}");
}

#[tokio::test]
async fn the_default_file_loads_as_it_stands() {
    let dir = tempfile::tempdir().unwrap();
    let file = include_str!("../../../../config/plugins/notification-plugin.yaml");
    let plugins = [
        People::DESCRIPTOR,
        Notification::DESCRIPTOR,
        Queue::DESCRIPTOR,
    ];
    let sources = plugin_core::config::Sources::new().embedded("notification-plugin.yaml", file);
    let running = Manager::builder(&Composition::assemble(&plugins).unwrap())
        .sources(sources)
        .data_dir(dir.path())
        .configure()
        .unwrap()
        .start()
        .await
        .unwrap();
    welcome(&running, "ming").await;
    running.idle().await;
    assert_eq!(outbox(&dir).len(), 1);
    assert!(running.stop().await.is_clean());
}

#[tokio::test]
async fn report_b9_an_outbox_that_is_gone_is_not_ready() {
    let dir = tempfile::tempdir().unwrap();
    let plugins = [
        People::DESCRIPTOR,
        Notification::DESCRIPTOR,
        Queue::DESCRIPTOR,
    ];
    let soon = "plugin_manager: { health_interval: 50ms }";
    let running = Manager::builder(&Composition::assemble(&plugins).unwrap())
        .sources(Sources::new().embedded("test", soon))
        .data_dir(dir.path())
        .configure()
        .unwrap()
        .start()
        .await
        .unwrap();
    let outbox = dir.path().join("notification-plugin/outbox");
    let health = || {
        let plugins = running.status().plugins;
        let plugin = plugins
            .into_iter()
            .find(|one| one.name == "notification-plugin");
        plugin.unwrap().health
    };
    assert!(health().serves());
    fs::remove_dir_all(&outbox).unwrap();
    let told = tokio::time::timeout(Duration::from_secs(30), async {
        while health().serves() {
            tokio::task::yield_now().await;
        }
    });
    told.await.expect("it is told");
    let reason = health().reason().unwrap().to_owned();
    assert!(reason.contains("outbox/tmp` was removed"), "{reason}");
    assert!(running.stop().await.is_clean());
}
