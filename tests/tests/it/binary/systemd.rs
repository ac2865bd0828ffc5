//! What systemd is told: datagrams to the socket that `NOTIFY_SOCKET` names.

use std::os::linux::net::SocketAddrExt as _;
use std::os::unix::net::{SocketAddr, UnixDatagram};
use std::time::Instant;

use super::serve::Serving;
use super::{App, PATIENCE};

/// The other end.
struct Listener(UnixDatagram);

impl Listener {
    fn of(socket: UnixDatagram) -> Self {
        socket.set_read_timeout(Some(PATIENCE)).unwrap();
        Self(socket)
    }

    fn next(&self) -> String {
        let mut bytes = [0; 4096];
        let length = self.0.recv(&mut bytes).expect("a message comes");
        String::from_utf8(bytes[..length].to_vec()).unwrap()
    }

    /// The next message but those for the watchdog.
    fn news(&self) -> String {
        let deadline = Instant::now() + PATIENCE;
        while Instant::now() < deadline {
            let message = self.next();
            if message != "WATCHDOG=1" {
                return message;
            }
        }
        panic!("no news come");
    }
}

#[test]
fn systemd_is_told_of_start_reload_and_stop_and_that_it_works() {
    let app = App::new();
    let path = app.path("notify");
    let listener = Listener::of(UnixDatagram::bind(&path).unwrap());
    let variables = [
        ("NOTIFY_SOCKET", path.to_str().unwrap()),
        ("WATCHDOG_USEC", "20000"),
    ];
    let mut serving = Serving::start_in(app, "", &variables);
    assert_eq!(listener.next(), "READY=1\nSTATUS=13 plugins running");
    serving.until("running; Ctrl-C stops");
    for _ in 0..3 {
        assert_eq!(listener.next(), "WATCHDOG=1");
    }
    let reload = |listener: &Listener| {
        let begun = listener.news();
        let micros = begun.strip_prefix("RELOADING=1\nMONOTONIC_USEC=").unwrap();
        let micros = micros.lines().next().unwrap().parse::<u64>().unwrap();
        assert!(micros > 0);
        listener.news()
    };
    serving.signal("-HUP");
    assert_eq!(reload(&listener), "READY=1\nSTATUS=running");
    let file = serving.app().path("config/plugins");
    std::fs::create_dir_all(&file).unwrap();
    std::fs::write(
        file.join("hello-plugin.yaml"),
        "hello-plugin: { nonsense: 1 }\n",
    )
    .unwrap();
    let refused = serving.app().run("reload");
    assert_eq!(refused.code, Some(3), "{refused:?}");
    assert_eq!(
        reload(&listener),
        "READY=1\nSTATUS=running; the last reload was not taken over"
    );
    serving.signal("-TERM");
    assert_eq!(listener.news(), "STOPPING=1\nSTATUS=stopping");
    assert_eq!(serving.end().code, Some(0));
}

#[test]
fn a_name_that_is_no_path_is_one_of_the_system_and_a_watchdog_of_another_is_left_alone() {
    let name = format!("app-test-{}", std::process::id());
    let address = SocketAddr::from_abstract_name(&name).unwrap();
    let listener = Listener::of(UnixDatagram::bind_addr(&address).unwrap());
    let name = format!("@{name}");
    let variables = [
        ("NOTIFY_SOCKET", name.as_str()),
        ("WATCHDOG_USEC", "1000"),
        ("WATCHDOG_PID", "1"),
    ];
    let mut serving = Serving::start_with("", &variables);
    assert_eq!(listener.next(), "READY=1\nSTATUS=13 plugins running");
    serving.until("running; Ctrl-C stops");
    serving.signal("-TERM");
    assert_eq!(listener.next(), "STOPPING=1\nSTATUS=stopping");
    assert_eq!(serving.end().code, Some(0));
}

#[test]
fn a_socket_that_is_not_there_is_told_of_and_no_reason_to_stop() {
    let mut serving = Serving::start_with("", &[("NOTIFY_SOCKET", "/nowhere/at/all")]);
    serving.until("running; Ctrl-C stops");
    serving.signal("-TERM");
    let ended = serving.end();
    assert_eq!(ended.code, Some(0));
    let told = "warning: NOTIFY_SOCKET: can't reach `/nowhere/at/all`: No such file";
    assert!(ended.stderr.contains(told), "{ended:?}");
}
