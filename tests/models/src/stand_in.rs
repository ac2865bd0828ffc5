//! What the included sources mention and the models do not need: as small as they compile with.

/// Of `plugin-core/src/descriptor.rs`.
pub(crate) mod descriptor {
    /// What happens to an event that finds a mailbox full.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    #[expect(dead_code, reason = "the models say what they do instead")]
    pub(crate) enum Overflow {
        Wait,
        DropOldest,
        DropNewest,
        Fail,
    }
}

/// Of `plugin-core/src/error.rs`.
pub(crate) mod error {
    #[derive(Debug)]
    pub(crate) struct Error;

    pub(crate) type Result<T, E = Error> = std::result::Result<T, E>;

    impl Error {
        pub(crate) fn retriable(_text: &str) -> Self {
            Self
        }
    }
}

/// Of `plugin-core/src/event/any.rs`.
pub(crate) mod any {
    /// What is known of a publishing.
    #[derive(Debug, Clone, Copy)]
    pub(crate) struct Meta {
        pub(crate) id: usize,
    }

    /// An envelope of any type: here a number.
    pub(crate) trait Payload: Send + Sync {
        fn meta(&self) -> Meta;
    }

    impl Payload for usize {
        fn meta(&self) -> Meta {
            Meta { id: *self }
        }
    }
}

/// Of `plugin-core/src/event/outcome.rs`.
pub(crate) mod outcome {
    #[derive(Debug)]
    pub(crate) struct HandlerOutcome;
}

/// Of `plugin-core/src/event/handler.rs`.
pub(crate) mod handler {
    use super::error::Result;
    use super::outcome::HandlerOutcome;
    use crate::sync::atomic::AtomicU64;

    #[derive(Debug, Default)]
    pub(crate) struct QueuedSite {
        pub(crate) site: Site,
    }

    #[derive(Debug, Default)]
    pub(crate) struct Site {
        pub(crate) owner: Owner,
        pub(crate) handler: &'static str,
    }

    #[derive(Debug, Default)]
    pub(crate) struct Owner(Counters);

    #[derive(Debug, Default)]
    pub(crate) struct Counters {
        pub(crate) dropped: AtomicU64,
    }

    impl Site {
        pub(crate) fn outcome(&self, _result: Result<()>) -> HandlerOutcome {
            HandlerOutcome
        }
    }

    impl Owner {
        pub(crate) fn counters(&self) -> &Counters {
            &self.0
        }

        pub(crate) fn name(&self) -> &'static str {
            "model"
        }
    }
}
