//! The transition table, against a plain list of what the documentation allows.

use plugin_core::lifecycle::{State, Step};
use proptest::prelude::*;

const STEPS: [Step; 8] = [
    Step::Initialize,
    Step::Initialized,
    Step::Start,
    Step::Started,
    Step::Stop,
    Step::Stopped,
    Step::Fail,
    Step::Destroy,
];

/// Every step that is allowed: from, step, to.
const ALLOWED: [(State, Step, State); 17] = [
    (State::Registered, Step::Initialize, State::Initializing),
    (State::Initializing, Step::Initialized, State::Initialized),
    (State::Initialized, Step::Start, State::Starting),
    (State::Starting, Step::Started, State::Running),
    (State::Running, Step::Stop, State::Stopping),
    (State::Stopping, Step::Stopped, State::Stopped),
    // Built, and rolled back before it started.
    (State::Initialized, Step::Stop, State::Stopping),
    // Failed from any of the active ones.
    (State::Initializing, Step::Fail, State::Failed),
    (State::Initialized, Step::Fail, State::Failed),
    (State::Starting, Step::Fail, State::Failed),
    (State::Running, Step::Fail, State::Failed),
    (State::Stopping, Step::Fail, State::Failed),
    // Again.
    (State::Stopped, Step::Initialize, State::Initializing),
    (State::Failed, Step::Initialize, State::Initializing),
    // The end.
    (State::Registered, Step::Destroy, State::Destroyed),
    (State::Stopped, Step::Destroy, State::Destroyed),
    (State::Failed, Step::Destroy, State::Destroyed),
];

fn oracle(state: State, step: Step) -> Option<State> {
    let mut rows = ALLOWED.iter();
    rows.find(|row| (row.0, row.1) == (state, step))
        .map(|row| row.2)
}

#[test]
fn every_step_of_every_state_is_as_documented() {
    for state in State::ALL {
        for step in STEPS {
            let next = state.next(step);
            assert_eq!(next.ok(), oracle(state, step), "{state} {step:?}");
            if let Err(refused) = next {
                assert_eq!((refused.state, refused.step), (state, step));
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_walk_keeps_the_rules(walk in proptest::collection::vec(proptest::sample::select(&STEPS[..]), 0..64)) {
        let mut state = State::Registered;
        let mut before = state;
        let mut initialized = 0_u32;
        let mut running = 0_u32;
        for step in walk {
            let Ok(next) = state.next(step) else { continue };
            prop_assert_eq!(Some(next), oracle(state, step));
            prop_assert_ne!(next, state, "a step leads somewhere");
            prop_assert_ne!(state, State::Destroyed, "and never back from the end");
            initialized += u32::from(next == State::Initialized);
            running += u32::from(next == State::Running);
            prop_assert!(running <= initialized, "what runs was built, each time");
            if next == State::Running {
                prop_assert_eq!((before, state), (State::Initialized, State::Starting));
            }
            (before, state) = (state, next);
        }
        prop_assert_eq!(state.is_active(), state.next(Step::Fail).is_ok());
    }
}
