//! Where in a sequence the splitter is: see [`super::sequences`].

#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(super) enum State {
    /// Text.
    #[default]
    Text,
    /// After 0xc2, which begins the eight-bit controls in UTF-8.
    Eight,
    /// After ESC.
    Escape,
    /// After ESC and an intermediate byte.
    Intermediate,
    /// In a control sequence.
    Control,
    /// In an operating system command that may be a query.
    Command,
    /// In the parameters of a device control string.
    Device,
    /// At the beginning of an application program command.
    Program,
    /// In a string that passes.
    Passes(Terminators),
    /// In a string that is dropped. It is a query.
    Drops(Terminators),
    /// After ESC in [`State::Command`] or [`State::Drops`].
    Ends,
    /// After 0xc2 in one of these.
    EndsEight(Terminators, bool),
}

/// What ends a string besides ST.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Terminators {
    /// BEL, too: an operating system command.
    Bel,
    /// Nothing else.
    None,
}
