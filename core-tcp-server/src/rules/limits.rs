//! The limits of rules.

/// Rules of all rooms and hosts: each check of a right looks through them, in memory.
pub const RULES_MAX: usize = 1_024;
/// Users whom the rules about one right name in one place: more than that is what roles are for, and the owners of one
/// room do not use up what there is for all.
pub const RULES_PER_PLACE_MAX: usize = 64;
/// Hosts that a user is told of, for each right in each room: an answer keeps within a line, and the server decides in the
/// end.
pub const HOSTS_TOLD_MAX: usize = 64;
/// Users who are named when a rule takes a right from them: as many as somebody reads.
pub const LOSERS_NAMED_MAX: usize = 20;

const _: () = assert!(RULES_PER_PLACE_MAX < RULES_MAX, "one place does not take all");
