//! Callers over TCP: who is let in, and what is kept over a reload.

use std::path::Path;
use std::sync::Arc;

use plugin_admin::{Client, Right, TokenHash};
use serde_json::{Value, json};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::CertificateDer;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

use crate::site::{Site, in_time};

fn token(name: &str, rights: &[Right]) -> Value {
    json!({"name": name, "hash": TokenHash::of(name).to_string(), "rights": rights})
}

/// The config with a token for everything, `all`, and one for each right, named as it is.
fn config() -> Value {
    let mut tokens = vec![token("all", &Right::ALL)];
    for right in Right::ALL {
        let name = right.as_str().replace(':', "-");
        tokens.push(token(&name, &[right]));
    }
    json!({"listen": "127.0.0.1:0", "tokens": tokens})
}

fn address(site: &Site) -> String {
    std::fs::read_to_string(site.dir.path().join("admin-plugin/address")).unwrap()
}

async fn connect(site: &Site) -> TcpStream {
    TcpStream::connect(address(site)).await.unwrap()
}

/// The status and the body of one request on a connection, which stays open.
async fn ask(
    stream: &mut (impl AsyncRead + AsyncWrite + Unpin),
    (line, head): (&str, &str),
    body: &str,
) -> (u16, Value) {
    let length = body.len();
    let request = format!(
        "{line} HTTP/1.1\r\nhost: 127.0.0.1\r\n{head}content-length: {length}\r\n\r\n{body}"
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    loop {
        let text = String::from_utf8_lossy(&answer);
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head.lines().find_map(|line| {
                let (name, value) = line.split_once(": ")?;
                (name.eq_ignore_ascii_case("content-length")).then(|| value.parse().ok())?
            });
            if body.len() == length.unwrap_or(0) {
                let status = head[9..12].parse().unwrap();
                return (status, serde_json::from_str(body).unwrap_or_default());
            }
        }
        let read = in_time(stream.read_buf(&mut answer)).await.unwrap();
        assert_ne!(
            read,
            0,
            "closed after {:?}",
            String::from_utf8_lossy(&answer)
        );
    }
}

/// One request with a token; it has a body if it changes something.
async fn asked(site: &Site, token: &str, line: &str) -> (u16, Value) {
    let mut head = format!("authorization: Bearer {token}\r\n");
    let body = if line.starts_with("POST") { "{}" } else { "" };
    if !body.is_empty() {
        head += "content-type: application/json\r\n";
    }
    ask(&mut connect(site).await, (line, &head), body).await
}

#[tokio::test]
async fn a_token_has_the_rights_that_config_gives_it_and_the_refusal_names_the_one_that_lacks() {
    let site = Site::with("", config()).await;
    for (line, right) in [
        ("GET /v1/status", Right::StateRead),
        ("GET /v1/plugins", Right::StateRead),
        ("GET /v1/schedules", Right::StateRead),
        ("POST /v1/plugins/leaf/restart", Right::Operate),
        (
            "POST /v1/plugins/base/schedules/count/pause",
            Right::Operate,
        ),
        ("POST /v1/reload", Right::Operate),
    ] {
        for other in Right::ALL {
            let name = other.as_str().replace(':', "-");
            let (status, body) = asked(&site, &name, line).await;
            if other == right {
                assert!(status < 300, "{line}: {body}");
                continue;
            }
            assert_eq!(status, 403, "{line} with {other}: {body}");
            assert_eq!(body["right"], right.as_str(), "{line}");
        }
        let (status, body) = asked(&site, "all", line).await;
        assert!(status < 300 || status == 409, "{line}: {body}");
    }
    let (status, body) = asked(&site, "operate", "GET /v1").await;
    let caller = json!({"name": "token:operate", "rights": ["operate"]});
    assert_eq!((status, &body["caller"]), (200, &caller));
    assert_eq!(asked(&site, "operate", "GET /v1/nothing").await.0, 404);
}

/// The first message of a stream, which says what is listened to.
async fn hello(site: &Site, token: &str, topics: &str) -> Value {
    let mut stream = connect(site).await;
    let request = format!(
        "GET /v1/stream?topics={topics} HTTP/1.1\r\nhost: 127.0.0.1\r\nauthorization: Bearer {token}\r\n\r\n"
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    loop {
        let text = String::from_utf8_lossy(&answer);
        if let Some((_, data)) = text.split_once("event: hello\ndata: ")
            && let Some((data, _)) = data.split_once("\n\n")
        {
            return serde_json::from_str(data).unwrap();
        }
        let read = in_time(stream.read_buf(&mut answer)).await.unwrap();
        assert_ne!(read, 0, "{}", String::from_utf8_lossy(&answer));
    }
}

#[tokio::test]
async fn report_i14_each_topic_of_a_stream_takes_its_own_right_and_the_rest_works() {
    let site = Site::with("", config()).await;
    let topics = "state,rates,tap:site.*";
    let all = hello(&site, "all", topics).await;
    assert_eq!(
        (&all["topics"][2], &all["refused"]),
        (&json!("tap:site.*"), &json!({}))
    );
    let some = hello(&site, "state-read", topics).await;
    assert_eq!(some["topics"], json!(["state", "rates"]));
    let why = some["refused"]["tap:site.*"].as_str().unwrap();
    assert!(why.contains("it needs the right `tap:read`"), "{why}");
    let tap = hello(&site, "tap-read", topics).await;
    assert_eq!(tap["topics"], json!(["tap:site.*"]));
    let line = format!("GET /v1/stream?topics={topics}");
    let (status, body) = asked(&site, "operate", &line).await;
    assert_eq!((status, &body["right"]), (403, &json!("state:read")));
    let refused = body["refused"].as_object().unwrap();
    assert_eq!(refused.len(), 3, "{body}");
}

#[tokio::test]
async fn without_a_token_there_is_nothing_and_it_is_in_the_audit_log_who_did_what_from_where() {
    let site = Site::with("", config()).await;
    for line in [
        "GET /v1",
        "GET /v1/status",
        "POST /v1/reload",
        "GET /nothing",
    ] {
        let (status, body) = ask(&mut connect(&site).await, (line, ""), "").await;
        assert_eq!(status, 401, "{line}: {body}");
        assert!(
            body["detail"].as_str().unwrap().contains("Bearer"),
            "{body}"
        );
    }
    assert_eq!(asked(&site, "wrong", "GET /v1").await.0, 401);
    assert_eq!(asked(&site, "state-read", "POST /v1/reload").await.0, 403);
    let foreign = "authorization: Bearer all\r\norigin: http://evil.example\r\n";
    let mut stream = connect(&site).await;
    assert_eq!(ask(&mut stream, ("GET /v1", foreign), "").await.0, 403);
    let restart = "POST /v1/plugins/leaf/restart";
    assert_eq!(asked(&site, "operate", restart).await.0, 200);
    let audited = site.audited().await;
    let has = |user: Option<&str>, action: &str, outcome: &str| {
        audited.iter().any(|line| {
            line["user"].as_str() == user
                && line["action"] == action
                && line["outcome"] == outcome
                && line["address"] == "127.0.0.1"
        })
    };
    assert!(has(None, "admin", "denied"), "{audited:?}");
    assert!(
        has(Some("token:state-read"), "admin", "denied"),
        "{audited:?}"
    );
    assert!(has(Some("token:operate"), "restart", "done"), "{audited:?}");
    let lines = format!("{audited:?}");
    assert!(
        !lines.contains("wrong"),
        "a token is in the audit log: {lines}"
    );
}

fn write(dir: &Path, config: &Value) {
    let section = json!({"admin-plugin": {"config": config}});
    std::fs::write(dir.join("admin-plugin.yaml"), section.to_string()).unwrap();
}

#[tokio::test]
async fn tokens_change_with_a_reload_and_no_connection_is_closed() {
    let mut config = config();
    let site = Site::of_files(|dir| write(dir, &config)).await;
    let head = "authorization: Bearer all\r\n";
    let (mut tcp, first) = (connect(&site).await, address(&site));
    let mut unix = tokio::net::UnixStream::connect(site.socket())
        .await
        .unwrap();
    assert_eq!(ask(&mut tcp, ("GET /v1/status", head), "").await.0, 200);
    assert_eq!(ask(&mut unix, ("GET /v1/status", ""), "").await.0, 200);

    config["tokens"] = json!([token("other", &[Right::StateRead])]);
    write(site.dir.path(), &config);
    site.running.handle().reload().await.unwrap();
    assert_eq!(address(&site), first);
    assert_eq!(ask(&mut tcp, ("GET /v1/status", head), "").await.0, 401);
    let head = "authorization: Bearer other\r\n";
    assert_eq!(ask(&mut tcp, ("GET /v1/status", head), "").await.0, 200);
    assert_eq!(ask(&mut unix, ("GET /v1/status", ""), "").await.0, 200);
    assert_eq!(site.get("/v1/status").await.status, 200, "a new connection");

    // What can't be had is refused, and what was open is open.
    config["listen"] = json!("192.0.2.1:0");
    write(site.dir.path(), &config);
    let refused = site.running.handle().reload().await.unwrap_err();
    assert!(
        format!("{refused:?}").contains("beyond the loopback"),
        "{refused:?}"
    );
    config["listen"] = json!(address(&site));
    config["tls"] = json!({"cert": "/nowhere/cert.pem", "key": "/nowhere/key.pem"});
    write(site.dir.path(), &config);
    let refused = site.running.handle().reload().await.unwrap_err();
    assert!(
        format!("{refused:?}").contains("`tls.cert`: can't use"),
        "{refused:?}"
    );
    assert_eq!(ask(&mut tcp, ("GET /v1/status", head), "").await.0, 200);
    assert_eq!(site.get("/v1/status").await.status, 200);

    config.as_object_mut().unwrap().remove("listen");
    write(site.dir.path(), &config);
    site.running.handle().reload().await.unwrap();
    TcpStream::connect(&first).await.unwrap_err();
    assert!(!site.dir.path().join("admin-plugin/address").exists());
    assert_eq!(ask(&mut unix, ("GET /v1/status", ""), "").await.0, 200);
    site.running.stop().await;
}

fn pem(name: &str) -> String {
    format!("{}/tests/tls/{name}.pem", env!("CARGO_MANIFEST_DIR"))
}

async fn encrypted(site: &Site) -> TlsStream<TcpStream> {
    let mut roots = RootCertStore::empty();
    roots
        .add(CertificateDer::from_pem_file(pem("cert")).unwrap())
        .unwrap();
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let connector = TlsConnector::from(Arc::new(config));
    let name = "localhost".try_into().unwrap();
    let stream = connector.connect(name, connect(site).await);
    in_time(stream).await.unwrap()
}

#[tokio::test]
async fn with_a_certificate_there_is_tls_and_a_handshake_that_does_not_come_holds_nobody_up() {
    let mut config = config();
    config["tls"] = json!({"cert": pem("cert"), "key": pem("key")});
    config["client_timeout"] = json!("2s");
    let site = Site::of_files(|dir| write(dir, &config)).await;
    let mut silent = connect(&site).await;
    let mut plain = connect(&site).await;
    plain.write_all(b"GET /v1 HTTP/1.1\r\n\r\n").await.unwrap();
    let mut stream = encrypted(&site).await;
    let head = "authorization: Bearer all\r\n";
    assert_eq!(ask(&mut stream, ("GET /v1", head), "").await.0, 200);
    let mut answer = Vec::new();
    drop(in_time(plain.read_to_end(&mut answer)).await);
    assert!(!answer.starts_with(b"HTTP"), "{answer:?}");

    config["drain_timeout"] = json!("2s");
    write(site.dir.path(), &config);
    site.running.handle().reload().await.unwrap();
    assert_eq!(ask(&mut stream, ("GET /v1", head), "").await.0, 200);
    // Who says nothing is closed after the time of a head.
    assert_eq!(in_time(silent.read_to_end(&mut answer)).await.ok(), Some(0));
    site.running.stop().await;
}

#[tokio::test]
async fn the_client_asks_over_tls_with_a_token() {
    let mut config = config();
    config["tls"] = json!({"cert": pem("cert"), "key": pem("key")});
    let site = Site::of_files(|dir| write(dir, &config)).await;
    let port = address(&site).rsplit_once(':').unwrap().1.to_owned();
    let url = format!("https://localhost:{port}");
    let roots = pem("cert");
    let client = |token: &str| Client::elsewhere(&url, token, Some(Path::new(&roots))).unwrap();
    let answer = in_time(client("state-read").get("/v1")).await.unwrap();
    assert_eq!(answer.body["caller"]["name"], "token:state-read");
    let reload = client("state-read");
    let refused = in_time(reload.post("/v1/reload", &json!({})))
        .await
        .unwrap();
    assert_eq!(
        (refused.status, &refused.body["right"]),
        (403, &json!("operate"))
    );
    let stranger = in_time(client("wrong").get("/v1")).await.unwrap();
    assert_eq!(stranger.status, 401);
    // A certificate that nobody vouches for is no service.
    let plain = format!("http://127.0.0.1:{port}");
    let plain = Client::elsewhere(&plain, "all", None).unwrap();
    assert!(in_time(plain.get("/v1")).await.is_err());
}
