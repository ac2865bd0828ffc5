//! A browser, driven by WebDriver: JSON over HTTP, of which the tests need a dozen calls.

use std::fmt::Write;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

/// Longest wait for what the page should come to.
const PATIENCE: Duration = Duration::from_secs(30);

/// The key that WebDriver has elements under.
const ELEMENT: &str = "element-6066-11e4-a52e-4f735466cecf";

/// Keys that have no letter.
pub(crate) const TAB: char = '\u{e004}';
pub(crate) const ENTER: char = '\u{e007}';

/// How the page is to look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scheme {
    Light,
    Dark,
}

/// A headless Chromium with one page.
#[derive(Debug)]
pub(crate) struct Browser {
    driver: Child,
    session: String,
}

impl Browser {
    pub(crate) fn open() -> Self {
        let mut driver = Command::new("chromedriver")
            .arg("--port=0")
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("`chromedriver` starts: `cargo xtask console` installs it");
        let mut lines = BufReader::new(driver.stdout.take().unwrap()).lines();
        let port = lines.find_map(|line| {
            let line = line.unwrap();
            let (_, port) = line.split_once("successfully on port ")?;
            Some(port.trim_end_matches('.').to_owned())
        });
        // What it says later has to go somewhere.
        std::thread::spawn(move || lines.for_each(drop));
        let options = json!({
            "binary": found("chromium"),
            "args": [
                "--headless", "--no-sandbox", "--disable-dev-shm-usage",
                "--no-first-run", "--disable-background-networking", "--disable-component-update",
                "--disable-sync", "--disable-quic", "--window-size=1280,860",
            ],
        });
        let wanted = json!({"capabilities": {"alwaysMatch": {
            "goog:chromeOptions": options,
            "goog:loggingPrefs": {"browser": "ALL"},
        }}});
        let root = format!("http://127.0.0.1:{}/session", port.unwrap());
        let made = call("POST", &root, &wanted);
        let session = format!("{root}/{}", made["sessionId"].as_str().unwrap());
        Self { driver, session }
    }

    fn post(&self, path: &str, body: &Value) -> Value {
        call("POST", &format!("{}/{path}", self.session), body)
    }

    fn cdp(&self, command: &str, parameters: &Value) {
        let body = json!({"cmd": command, "params": parameters});
        self.post("goog/cdp/execute", &body);
    }

    pub(crate) fn go(&self, url: &str) {
        self.post("url", &json!({"url": url}));
    }

    /// What a script returns.
    pub(crate) fn run(&self, script: &str, arguments: &Value) -> Value {
        self.post(
            "execute/sync",
            &json!({"script": script, "args": arguments}),
        )
    }

    /// Waits until a script returns something that is true, and returns it.
    pub(crate) fn until(&self, what: &str, script: &str, arguments: &Value) -> Value {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let value = self.run(script, arguments);
            if !matches!(value, Value::Null | Value::Bool(false)) {
                return value;
            }
            if Instant::now() > deadline {
                let page = self.run("return document.body.innerText", &json!([]));
                let mut told = format!("it does not come to this: {what}\n");
                write!(
                    told,
                    "{}\n{:?}",
                    page.as_str().unwrap_or(""),
                    self.complaints()
                )
                .unwrap();
                panic!("{told}");
            }
        }
    }

    /// Waits until the page says something.
    pub(crate) fn sees(&self, text: &str) {
        let script = "return document.body.innerText.toLowerCase().includes(arguments[0])";
        self.until(text, script, &json!([text.to_lowercase()]));
    }

    /// Waits for an element of a selector that says exactly some text, if one is given.
    fn element(&self, selector: &str, text: Option<&str>) -> String {
        let script = "return [...document.querySelectorAll(arguments[0])].find(one => !one.disabled \
                      && (arguments[1] === null || one.innerText.trim() === arguments[1])) ?? null";
        let what = format!("`{selector}` {text:?}");
        let found = self.until(&what, script, &json!([selector, text]));
        found[ELEMENT].as_str().unwrap().to_owned()
    }

    pub(crate) fn click(&self, selector: &str, text: Option<&str>) {
        let element = self.element(selector, text);
        self.post(&format!("element/{element}/click"), &json!({}));
    }

    /// Clicks what may be an element of a drawing.
    pub(crate) fn press(&self, button: &str) {
        self.click("button", Some(button));
    }

    /// Puts a text in the place of what a field holds.
    pub(crate) fn fill(&self, selector: &str, text: &str) {
        let element = self.element(selector, None);
        self.post(&format!("element/{element}/clear"), &json!({}));
        self.post(&format!("element/{element}/value"), &json!({"text": text}));
    }

    /// Types where the focus is.
    pub(crate) fn keys(&self, keys: &str) {
        let typed = keys.chars().flat_map(|key| {
            let act = |act: &str| json!({"type": act, "value": key.to_string()});
            [act("keyDown"), act("keyUp")]
        });
        let actions: Vec<_> = typed.collect();
        let board = json!({"type": "key", "id": "keys", "actions": actions});
        self.post("actions", &json!({"actions": [board]}));
    }

    /// Has the page be of a size and a colour scheme.
    pub(crate) fn look(&self, (width, height): (u32, u32), scheme: Scheme) {
        let metrics = json!({
            "width": width, "height": height, "deviceScaleFactor": 1, "mobile": false,
        });
        self.cdp("Emulation.setDeviceMetricsOverride", &metrics);
        let scheme = match scheme {
            Scheme::Light => "light",
            Scheme::Dark => "dark",
        };
        let feature = json!({"name": "prefers-color-scheme", "value": scheme});
        self.cdp(
            "Emulation.setEmulatedMedia",
            &json!({"features": [feature]}),
        );
    }

    /// What the page has complained of in its console since it was asked last.
    pub(crate) fn complaints(&self) -> Vec<String> {
        let lines = self.post("se/log", &json!({"type": "browser"}));
        let lines = lines.as_array().unwrap().iter();
        let bad = lines.filter(|line| line["level"] == "SEVERE" || line["level"] == "WARNING");
        bad.map(|line| line["message"].as_str().unwrap_or("").to_owned())
            .collect()
    }

    /// What axe finds that keeps people out.
    pub(crate) fn barriers(&self) -> Value {
        let axe = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/console/axe.min.js");
        let axe = std::fs::read_to_string(axe);
        let axe = axe.expect("axe is there: `cargo xtask console` fetches it");
        self.run(&format!("{axe}; window.axe = axe"), &json!([]));
        let script = "const done = arguments[0]; axe.run().then(found => done(found.violations.map(\
                      one => [one.id, one.nodes.map(node => node.html)])))";
        self.post("execute/async", &json!({"script": script, "args": []}))
    }

    /// Writes a picture of the page.
    pub(crate) fn picture(&self, path: &Path) {
        let picture = call("GET", &format!("{}/screenshot", self.session), &Value::Null);
        let mut decoded = Vec::new();
        let (mut bits, mut count) = (0_u32, 0);
        for letter in picture.as_str().unwrap().bytes() {
            let value = match letter {
                b'A'..=b'Z' => letter - b'A',
                b'a'..=b'z' => letter - b'a' + 26,
                b'0'..=b'9' => letter - b'0' + 52,
                b'+' => 62,
                b'/' => 63,
                _ => break,
            };
            bits = bits << 6 | u32::from(value);
            count += 6;
            if count >= 8 {
                count -= 8;
                decoded.push((bits >> count) as u8);
            }
        }
        std::fs::write(path, decoded).unwrap();
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        let _closed = ureq::delete(&self.session).call();
        let _killed = self.driver.kill();
        let _ended = self.driver.wait();
    }
}

/// A program of the `PATH`.
fn found(program: &str) -> PathBuf {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut folders = std::env::split_paths(&path).map(|folder| folder.join(program));
    let found = folders.find(|file| file.is_file());
    found.unwrap_or_else(|| panic!("`{program}` is not there: `cargo xtask console` installs it"))
}

fn call(method: &str, url: &str, body: &Value) -> Value {
    let config = ureq::Agent::config_builder().http_status_as_error(false);
    let agent = ureq::Agent::from(config.build());
    let answer = match method {
        "GET" => agent.get(url).call(),
        _ => agent.post(url).send_json(body),
    };
    let mut answer: Value = answer
        .unwrap()
        .body_mut()
        .with_config()
        .limit(64 << 20)
        .read_json()
        .unwrap();
    assert!(
        answer["value"]["error"].is_null(),
        "{url} {body}: {answer:#}"
    );
    answer["value"].take()
}
