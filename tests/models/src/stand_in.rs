//! What the included sources mention and the models do not need: as small as it compiles.

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
