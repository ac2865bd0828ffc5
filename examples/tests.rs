//! Each example runs to its end, and asserts what it shows.

#[path = "events.rs"]
mod events;
#[path = "reload.rs"]
mod reload;
#[path = "requests.rs"]
mod requests;
#[path = "schedules.rs"]
mod schedules;
#[path = "services.rs"]
mod services;

type Ended = plugin_core::Result<()>;

#[test]
fn events_flow() -> Ended {
    events::main()
}

#[test]
fn services_are_called() -> Ended {
    services::main()
}

#[test]
fn requests_are_answered() -> Ended {
    requests::main()
}

#[test]
fn schedules_run() -> Ended {
    schedules::main()
}

#[test]
fn config_is_taken_over() -> Ended {
    reload::main()
}
