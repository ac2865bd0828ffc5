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
        ("POST /login", long, 413, "64 bytes"),
        ("GET /users/%FF", String::new(), 400, ""),
    ];
    for (route, body, status, detail) in cases {
        let answer = client.send(route, TOKEN, body).await;
        assert_eq!(answer.status, status, "{route}: {answer:?}");
        assert!(answer.detail().contains(detail), "{route}: {answer:?}");
    }
}
