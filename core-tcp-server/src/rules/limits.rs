//! The limits of rules.

/// Rules of all rooms and hosts: each check of a right looks through them, in memory.
pub const RULES_MAX: usize = 1_024;
/// Users whom the rules about one right name in one place: more than that is what roles are for, and the owners of one
/// room do not use up what there is for all.
pub const RULES_PER_PLACE_MAX: usize = 64;

const _: () = assert!(RULES_PER_PLACE_MAX < RULES_MAX, "one place does not take all");
