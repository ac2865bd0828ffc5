//! A client that says everything of an answer.

use serde_json::Value;
use ureq::{Agent, http};

/// Asks one address.
#[derive(Clone)]
pub(crate) struct Client {
    agent: Agent,
    address: String,
    headers: Vec<(&'static str, String)>,
}

/// What came back.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) content_type: String,
    pub(crate) body: Value,
}

impl Client {
    pub(crate) fn new(address: String) -> Self {
        let agent = Agent::config_builder()
            .http_status_as_error(false)
            .build()
            .into();
        Self {
            agent,
            address,
            headers: Vec::new(),
        }
    }

    /// Sends a header with all that is asked.
    pub(crate) fn header(mut self, name: &'static str, value: &str) -> Self {
        self.headers.push((name, value.to_owned()));
        self
    }

    /// Asks with a body as it is; `route` is a method and a path.
    pub(crate) async fn send(&self, route: &str, token: Option<&str>, body: String) -> Answer {
        let (method, path) = route.split_once(' ').unwrap();
        let mut request = http::Request::builder()
            .method(method)
            .uri(format!("http://{}{path}", self.address));
        if let Some(token) = token {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        for (name, value) in &self.headers {
            request = request.header(*name, value);
        }
        if !body.is_empty() {
            request = request.header("content-type", "application/json");
        }
        let (agent, request) = (self.agent.clone(), request.body(body).unwrap());
        tokio::task::spawn_blocking(move || answer(agent.run(request).unwrap()))
            .await
            .unwrap()
    }

    /// Asks without a body.
    pub(crate) async fn ask(&self, route: &str, token: Option<&str>) -> Answer {
        self.send(route, token, String::new()).await
    }

    /// Asks with JSON.
    pub(crate) async fn json(&self, route: &str, token: Option<&str>, body: Value) -> Answer {
        self.send(route, token, body.to_string()).await
    }
}

fn answer(mut response: http::Response<ureq::Body>) -> Answer {
    let content_type = response.headers().get("content-type");
    Answer {
        status: response.status().as_u16(),
        content_type: content_type
            .map_or(String::new(), |value| value.to_str().unwrap().to_owned()),
        body: response.body_mut().read_json().unwrap_or(Value::Null),
    }
}

impl Answer {
    /// What the problem says; the answer has to be one.
    pub(crate) fn detail(&self) -> &str {
        assert_eq!(self.content_type, "application/problem+json", "{self:?}");
        assert_eq!(self.body["status"], self.status);
        self.body["detail"].as_str().unwrap()
    }
}
