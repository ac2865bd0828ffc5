//! Logging in, looking up, logging out; and what is refused before a handler runs.

use serde_json::json;

use crate::site::{Site, TOKEN};

#[tokio::test]
async fn a_session_from_login_to_logout() {
    let site = Site::new().await;
    let client = site.client();
    assert_eq!(client.ask("GET /users/ada", None).await.status, 401);
    let login = json!({"user_id": "ada", "password": "secret"});
    let answer = client.json("POST /login", None, login).await;
    assert_eq!(answer.status, 200);
    let token = answer.body["token"].as_str();
    let answer = client.ask("GET /users/ada", token).await;
    assert_eq!(
        (answer.status, &answer.body["email"]),
        (200, &json!("ada@shop.example"))
    );
    assert_eq!(client.ask("POST /logout", token).await.status, 204);
    let answer = client.ask("GET /users/ada", token).await;
    assert_eq!(answer.status, 401);
    assert!(answer.detail().contains("not valid"), "{answer:?}");
}

#[tokio::test]
async fn every_refusal_is_a_problem() {
    let site = Site::start("", json!({"max_body_bytes": 64}))
        .await
        .unwrap();
    let client = site.client();
    let long = format!("{{\"user_id\": \"{}\"}}", "x".repeat(64));
    let cases = [
        ("GET /nothing", String::new(), 404, "nothing at this path"),
        ("DELETE /login", String::new(), 405, "`Allow`"),
        ("POST /login", String::new(), 415, "application/json"),
        ("POST /login", "{".to_owned(), 400, "no JSON"),
        (
            "POST /login",
            "{\"user_id\": 7}".to_owned(),
            422,
            "expected a string",
        ),
        (
            "POST /login",
            "[\"ada\", \"secret\"]".to_owned(),
            422,
            "expected an object",
        ),
        ("POST /login", long, 413, "64 bytes"),
        ("GET /users/%FF", String::new(), 400, ""),
    ];
    for (route, body, status, detail) in cases {
        let answer = client.send(route, TOKEN, body).await;
        assert_eq!(answer.status, status, "{route}: {answer:?}");
        assert!(answer.detail().contains(detail), "{route}: {answer:?}");
    }
}

#[tokio::test]
async fn report_a12_a_refused_request_stands_with_where_it_came_from() {
    let proxies = json!({"trusted_proxies": ["127.0.0.1"]});
    let site = Site::start("", proxies).await.unwrap();
    let address = site.address();
    let mut stream = tokio::net::TcpStream::connect(&address).await.unwrap();
    let request = "GET /users/ada HTTP/1.1\r\nhost: x\r\nauthorization: Bearer nothing\r\n\
                   x-forwarded-for: 203.0.113.9, 198.51.100.7\r\nconnection: close\r\n\r\n";
    let mut answer = String::new();
    tokio::io::AsyncWriteExt::write_all(&mut stream, request.as_bytes())
        .await
        .unwrap();
    tokio::io::AsyncReadExt::read_to_string(&mut stream, &mut answer)
        .await
        .unwrap();
    assert!(answer.starts_with("HTTP/1.1 401"), "{answer}");
    assert!(site.running.stop().await.is_clean());
    let audit = std::fs::read_to_string(site.dir.path().join("audit.ndjson")).unwrap();
    assert!(audit.contains(r#""address":"198.51.100.7""#), "{audit}");
    assert!(!audit.contains("203.0.113.9"), "{audit}");
}

#[tokio::test]
async fn a_log_out_takes_one_word() {
    let site = Site::new().await;
    let client = site.client();
    let answer = client.ask("POST /logout?everywhere=yes", TOKEN).await;
    assert_eq!(answer.status, 400, "{answer:?}");
    let answer = client.ask("POST /logout?everywhere=true", TOKEN).await;
    assert_eq!(answer.status, 204, "{answer:?}");
}
