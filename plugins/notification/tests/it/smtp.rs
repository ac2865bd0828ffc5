//! E-mail through a real server.

use std::net::TcpListener;

use plugin_core::ErrorKind;
use plugin_notification::{Email, Mailer, Outbox, SmtpConfig};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::smtp_server::SmtpServer;

fn mailer(dir: &TempDir, smtp: Value) -> Mailer {
    let smtp: SmtpConfig = serde_json::from_value(smtp).unwrap();
    let outbox = Outbox::open(dir.path().to_owned()).unwrap();
    Mailer::new("Shop <no-reply@shop.example>", Some(&smtp), outbox).unwrap()
}

fn plain(port: u16) -> Value {
    json!({"host": "127.0.0.1", "port": port, "tls": "none"})
}

fn email(to: &str) -> Email {
    Email {
        name: "王小明".to_owned(),
        to: to.to_owned(),
        subject: "欢迎注册".to_owned(),
        body: "欢迎使用我们的服务！\n.\n".to_owned(),
    }
}

#[tokio::test]
async fn a_message_arrives_as_it_was_written() {
    let (dir, mut server) = (tempfile::tempdir().unwrap(), SmtpServer::start());
    let mailer = mailer(&dir, plain(server.port));
    mailer.send(&email("ming@shop.example")).await.unwrap();
    let received = server.received();
    assert_eq!(received.sender, "no-reply@shop.example");
    assert_eq!(received.receivers, ["ming@shop.example"]);
    assert_eq!(received.to, "王小明 <ming@shop.example>");
    assert_eq!(received.subject, "欢迎注册");
    assert_eq!(
        received.body.replace("\r\n", "\n"),
        "欢迎使用我们的服务！\n.\n"
    );
    for header in ["From", "Date", "Message-ID"] {
        assert!(
            received.headers.iter().any(|name| name == header),
            "{:?}",
            received.headers
        );
    }
    assert_eq!(received.login, None);
}

#[tokio::test]
async fn line_ends_in_a_subject_add_no_header() {
    let (dir, mut server) = (tempfile::tempdir().unwrap(), SmtpServer::start());
    let attack = "x\r\nBcc: all@shop.example\r\n\r\nbody";
    let email = Email {
        name: attack.to_owned(),
        subject: attack.to_owned(),
        ..email("ming@shop.example")
    };
    mailer(&dir, plain(server.port)).send(&email).await.unwrap();
    let received = server.received();
    assert!(
        !received.headers.iter().any(|name| name == "Bcc"),
        "{:?}",
        received.headers
    );
    assert_eq!(received.receivers, ["ming@shop.example"]);
    assert_eq!(received.subject, "x Bcc: all@shop.example body");
}

#[tokio::test]
async fn report_a11_lone_ends_of_lines_are_whole_ones_on_the_wire() {
    let (dir, mut server) = (tempfile::tempdir().unwrap(), SmtpServer::start());
    let email = Email {
        body: "A\r.\r\nMAIL FROM:<e@x.example>\r\nDATA\r\nhi\r.\rb\u{0}\n".to_owned(),
        ..email("ming@shop.example")
    };
    mailer(&dir, plain(server.port)).send(&email).await.unwrap();
    let received = server.received();
    assert_eq!(received.sender, "no-reply@shop.example");
    assert_eq!(
        received.body.trim_end(),
        "A\r\n.\r\nMAIL FROM:<e@x.example>\r\nDATA\r\nhi\r\n.\r\nb"
    );
    assert_eq!(server.rest(), "", "one message");
}

#[tokio::test]
async fn a_login_is_made_and_a_wrong_one_is_not_worth_another_try() {
    let (dir, mut server) = (tempfile::tempdir().unwrap(), SmtpServer::start());
    let login = |password: &str| {
        let mut config = plain(server.port);
        config["username"] = json!("shop");
        config["password"] = json!(password);
        mailer(&dir, config)
    };
    let (good, bad) = (login("secret"), login("hunter2"));
    let error = bad.send(&email("ming@shop.example")).await.unwrap_err();
    assert_eq!(
        error.kind(),
        ErrorKind::External { retriable: false },
        "{error}"
    );
    assert!(!format!("{error} {error:?} {bad:?}").contains("hunter2"));
    good.send(&email("ming@shop.example")).await.unwrap();
    assert_eq!(server.received().login.as_deref(), Some("shop"));
}

#[tokio::test]
async fn refusals_for_now_are_retriable_and_those_for_good_are_not() {
    let (dir, server) = (tempfile::tempdir().unwrap(), SmtpServer::start());
    let mailer = mailer(&dir, plain(server.port));
    for (to, retriable) in [("full@shop.example", true), ("gone@shop.example", false)] {
        let error = mailer.send(&email(to)).await.unwrap_err();
        assert_eq!(
            error.kind(),
            ErrorKind::External { retriable },
            "{to}: {error}"
        );
    }
    assert_eq!(server.rest(), "");
}

#[tokio::test]
async fn a_server_without_starttls_gets_nothing_in_the_clear() {
    let (dir, server) = (tempfile::tempdir().unwrap(), SmtpServer::start());
    let mailer = mailer(&dir, json!({"host": "127.0.0.1", "port": server.port}));
    mailer.send(&email("ming@shop.example")).await.unwrap_err();
    assert_eq!(server.rest(), "");
}

#[tokio::test]
async fn no_server_is_retriable() {
    let port = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    let dir = tempfile::tempdir().unwrap();
    let error = mailer(&dir, plain(port))
        .send(&email("ming@shop.example"))
        .await
        .unwrap_err();
    assert_eq!(
        error.kind(),
        ErrorKind::External { retriable: true },
        "{error}"
    );
}

#[tokio::test(start_paused = true)]
async fn a_server_that_says_nothing_is_given_up() {
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let dir = tempfile::tempdir().unwrap();
    let mailer = mailer(&dir, plain(silent.local_addr().unwrap().port()));
    let error = mailer.send(&email("ming@shop.example")).await.unwrap_err();
    assert_eq!(
        error.kind(),
        ErrorKind::External { retriable: true },
        "{error}"
    );
}
