//! Who types into a run.

use wardroom_protocol::UserName;

/// The keyboard of a run with a terminal or with standard input.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Keyboard {
    /// The generation of its lease, which grows whenever the keyboard changes hands; 0 until it is known.
    pub lease: u64,
    /// Who holds it; `None` if nobody does, or if that is not known.
    pub holder: Option<UserName>,
    /// Who asked for it, in this order.
    pub asked: Vec<UserName>,
    /// This client holds it. False for a user who holds it in another window.
    pub mine: bool,
}
