//! What a typed line means.

/// A line, understood.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Typed<'a> {
    Nothing,
    Say(&'a str),
    Run(&'a str),
    /// The run's short number.
    Stop(u64),
    Rooms,
    Join(&'a str),
    Help,
    Quit,
    Unknown(&'a str),
}

/// What `/help` says.
pub(super) const HELP: &str = "-- a line is said in the room; // at its start says a line that begins with /
-- /run CMD    runs a command in the room      /stop rN   stops the run [rN]
-- /rooms      lists the rooms                 /join ROOM goes to a room
-- /help       this                            /quit      leaves (so does the end of input)";

impl<'a> Typed<'a> {
    pub(super) fn parse(line: &'a str) -> Typed<'a> {
        if line.trim().is_empty() {
            return Typed::Nothing;
        }
        let Some(command) = line.strip_prefix('/') else { return Typed::Say(line) };
        if command.starts_with('/') {
            return Typed::Say(command);
        }
        let (name, rest) = command.split_once(char::is_whitespace).unwrap_or((command, ""));
        let rest = rest.trim();
        match name {
            "run" if !rest.is_empty() => Typed::Run(rest),
            "stop" => match rest.strip_prefix('r').unwrap_or(rest).parse() {
                Ok(n) => Typed::Stop(n),
                Err(_) => Typed::Stop(0),
            },
            "rooms" => Typed::Rooms,
            "join" if !rest.is_empty() => Typed::Join(rest),
            "help" => Typed::Help,
            "quit" => Typed::Quit,
            _ => Typed::Unknown(line),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Typed;

    #[test]
    fn lines_are_understood() {
        for (line, typed) in [
            ("", Typed::Nothing),
            ("  ", Typed::Nothing),
            ("hello /run", Typed::Say("hello /run")),
            ("//etc is full", Typed::Say("/etc is full")),
            ("/run  make test ", Typed::Run("make test")),
            ("/run", Typed::Unknown("/run")),
            ("/stop r4", Typed::Stop(4)),
            ("/stop 4", Typed::Stop(4)),
            ("/stop it", Typed::Stop(0)),
            ("/join ops", Typed::Join("ops")),
            ("/quit", Typed::Quit),
            ("/nonsense x", Typed::Unknown("/nonsense x")),
        ] {
            assert_eq!(Typed::parse(line), typed, "{line:?}");
        }
    }
}
