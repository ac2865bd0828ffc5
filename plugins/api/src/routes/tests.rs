//! The routes with backends that are made up.

mod fakes;

use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, Request, StatusCode, header};
use serde_json::{Value, json};
use tower::ServiceExt;

use self::fakes::{FakeAuth, FakeUsers};
use super::*;
use crate::config::UserAccess;
use plugin_http::{NotReady, Observed, Peer};

struct Fixture {
    auth: Arc<FakeAuth>,
    router: Router,
}

struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    body: Value,
}

impl Fixture {
    fn new(config: &ApiConfig, not_ready: &[(&str, &str)]) -> Self {
        let fake = Arc::new(FakeAuth::default());
        let auth: Arc<dyn Auth> = fake.clone();
        let users: Arc<dyn UserService> = Arc::new(FakeUsers);
        let missing: Vec<_> = not_ready
            .iter()
            .map(|(plugin, state)| NotReady {
                plugin: (*plugin).to_owned(),
                state: (*state).to_owned(),
                reason: None,
            })
            .collect();
        let probes = Probes::new(move || Observed {
            not_ready: missing.clone(),
            ..Observed::default()
        });
        let routes = [
            session::routes(&auth),
            users::routes(&users, config.users),
            probes.routes(),
        ];
        let router = {
            let log = SecurityLog::new(plugin_core::audit::Audit::disabled(), "api-plugin");
            assemble(routes.into_iter().flatten(), (&auth, &log), &config.open)
        };
        Self { auth: fake, router }
    }

    async fn ask(&self, route: &str, token: Option<&str>, body: Value) -> Answer {
        let (method, path) = route.split_once(' ').unwrap();
        let mut request = Request::builder().method(method).uri(path);
        if let Some(token) = token {
            request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
        }
        let request = request
            .header(header::CONTENT_TYPE, "application/json")
            .extension(Peer("192.0.2.1:7".parse().unwrap()))
            .body(Body::from(body.to_string()))
            .unwrap();
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (status, headers) = (response.status(), response.headers().clone());
        let body = to_bytes(response.into_body(), 4096).await.unwrap();
        let body = serde_json::from_slice(&body).unwrap_or(Value::Null);
        Answer {
            status,
            headers,
            body,
        }
    }
}

fn fixture() -> Fixture {
    Fixture::new(&ApiConfig::default(), &[])
}

#[tokio::test]
async fn a_login_gives_a_token_and_tells_auth_the_address() {
    let fixture = fixture();
    let login = json!({"user_id": "ada", "password": "secret"});
    let answer = fixture.ask("POST /login", None, login).await;
    assert_eq!(answer.status, StatusCode::OK);
    assert_eq!(answer.body["token"], "token-of-ada");
    assert_eq!(answer.headers[header::CACHE_CONTROL], "no-store");
    assert_eq!(
        fixture.auth.from.lock().unwrap().as_deref(),
        Some("192.0.2.1")
    );
}

#[tokio::test]
async fn refused_logins_say_why_but_not_what_is_inside() {
    let fixture = fixture();
    let cases = [("bob", 401), ("mallory", 429), ("broken", 503)];
    for (user, status) in cases {
        let login = json!({"user_id": user, "password": "x"});
        let answer = fixture.ask("POST /login", None, login).await;
        assert_eq!(answer.status, status, "{user}");
        assert_eq!(
            answer.headers[header::CONTENT_TYPE],
            "application/problem+json"
        );
        assert!(
            !answer.body.to_string().contains("hunter2"),
            "{}",
            answer.body
        );
        if user == "mallory" {
            assert_eq!(answer.headers[header::RETRY_AFTER], "7");
        }
    }
}

#[tokio::test]
async fn a_wrong_body_is_answered_with_key_and_reason() {
    let fixture = fixture();
    let answer = fixture
        .ask(
            "POST /login",
            None,
            json!({"user_id": "ada", "password": 7}),
        )
        .await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(answer.body["key"], "password");
    assert!(
        answer.body["detail"]
            .as_str()
            .unwrap()
            .contains("expected a string")
    );
    let extra = json!({"user_id": "ada", "password": "secret", "admin": true});
    let answer = fixture.ask("POST /login", None, extra).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(answer.body["detail"].as_str().unwrap().contains("`admin`"));
}

#[tokio::test]
async fn a_body_that_is_no_json_is_told_from_one_of_the_wrong_shape() {
    let router = fixture().router;
    for (kind, body, status) in [
        ("application/json", "{", StatusCode::BAD_REQUEST),
        (
            "application/json; charset=utf-8",
            "[]",
            StatusCode::UNPROCESSABLE_ENTITY,
        ),
        ("text/plain", "{}", StatusCode::UNSUPPORTED_MEDIA_TYPE),
    ] {
        let request = Request::post("/login").header(header::CONTENT_TYPE, kind);
        let response = router
            .clone()
            .oneshot(request.body(Body::from(body)).unwrap())
            .await
            .unwrap();
        assert_eq!(response.status(), status, "{kind} {body}");
    }
}

#[tokio::test]
async fn what_is_not_open_needs_a_token_that_is_valid() {
    let fixture = fixture();
    for route in ["POST /logout", "GET /users/ada", "HEAD /users/ada"] {
        for token in [None, Some("forged")] {
            let answer = fixture.ask(route, token, Value::Null).await;
            assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{route} {token:?}");
            let challenge = answer.headers[header::WWW_AUTHENTICATE].to_str().unwrap();
            assert_eq!(
                challenge.contains("invalid_token"),
                token.is_some(),
                "{challenge}"
            );
        }
    }
}

#[tokio::test]
async fn a_token_ends_with_its_logout() {
    let fixture = fixture();
    let token = Some("token-of-ada");
    assert_eq!(
        fixture
            .ask("GET /users/ada", token, Value::Null)
            .await
            .status,
        StatusCode::OK
    );
    let answer = fixture.ask("POST /logout", token, Value::Null).await;
    assert_eq!(answer.status, StatusCode::NO_CONTENT);
    let answer = fixture.ask("GET /users/ada", token, Value::Null).await;
    assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn others_look_like_users_who_do_not_exist() {
    let fixture = fixture();
    let own = fixture
        .ask("GET /users/ada", Some("token-of-ada"), Value::Null)
        .await;
    assert_eq!(own.body["email"], "ada@shop.example");
    let other = fixture
        .ask("GET /users/bob", Some("token-of-ada"), Value::Null)
        .await;
    let nobody = fixture
        .ask("GET /users/nobody", Some("token-of-ada"), Value::Null)
        .await;
    assert_eq!(
        (other.status, nobody.status),
        (StatusCode::NOT_FOUND, StatusCode::NOT_FOUND)
    );
    assert_eq!(other.body["detail"], "there is no user `bob`");
}

#[tokio::test]
async fn everyone_is_seen_when_the_config_says_so() {
    let config = ApiConfig {
        users: UserAccess::Any,
        ..ApiConfig::default()
    };
    let fixture = Fixture::new(&config, &[]);
    for (id, status) in [("bob", 200), ("nobody", 404), ("broken", 503)] {
        let answer = fixture
            .ask(
                &format!("GET /users/{id}"),
                Some("token-of-ada"),
                Value::Null,
            )
            .await;
        assert_eq!(answer.status, status, "{id}");
        assert!(!answer.body.to_string().contains("hunter2"));
    }
}

#[tokio::test]
async fn the_config_closes_a_route() {
    let config = ApiConfig {
        open: vec!["GET /healthz".to_owned()],
        ..ApiConfig::default()
    };
    let fixture = Fixture::new(&config, &[]);
    assert_eq!(
        fixture.ask("GET /healthz", None, Value::Null).await.status,
        StatusCode::OK
    );
    assert_eq!(
        fixture.ask("GET /readyz", None, Value::Null).await.status,
        StatusCode::UNAUTHORIZED
    );
}

#[tokio::test]
async fn readiness_names_who_is_missing() {
    let answer = fixture().ask("GET /readyz", None, Value::Null).await;
    assert_eq!(
        (answer.status, &answer.body),
        (StatusCode::OK, &json!({"status": "ready"}))
    );
    let fixture = Fixture::new(&ApiConfig::default(), &[("cache-plugin", "failed")]);
    let answer = fixture.ask("GET /readyz", None, Value::Null).await;
    assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(answer.body["detail"], "not ready: `cache-plugin`");
    assert_eq!(
        answer.body["plugins"],
        json!([{"plugin": "cache-plugin", "state": "failed"}])
    );
}

#[test]
fn an_open_route_that_is_not_there_is_the_operators() {
    assert!(check_open(&ApiConfig::default().open).is_ok());
    let error = check_open(&["GET /health".to_owned()]).unwrap_err();
    assert_eq!(error.kind(), plugin_core::ErrorKind::Config);
    assert!(error.to_string().contains("`GET /healthz`"), "{error}");
    // Operators have an interface of their own.
    for route in ["GET /plugins", "POST /plugins/{plugin}/{action}"] {
        assert!(check_open(&[route.to_owned()]).is_err(), "{route}");
    }
}
