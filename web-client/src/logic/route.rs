//! The page's addresses, relative to the base path, which only the gateway knows.

use wardroom_protocol::RoomName;

/// Where an address leads.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Route {
    /// The last room, or `general`.
    Home,
    /// A room, or a line in it.
    Room(RoomName, Option<Line>),
}

/// The position of a line; for the start of a run, optionally a byte of its output.
pub type Line = (u64, Option<u64>);

impl Route {
    /// Parses a path, given the base path (which ends with a slash). Unknown paths lead home.
    pub fn parse(path: &str, base: &str) -> Route {
        let rest = path.strip_prefix(base).unwrap_or_default();
        let Some(rest) = rest.strip_prefix("r/").map(|rest| rest.trim_end_matches('/')) else { return Route::Home };
        let mut parts = rest.split('/');
        let room = parts.next().unwrap_or_default();
        let mut number = || parts.next().and_then(|part| part.parse().ok());
        let at = number().map(|seq| (seq, number()));
        match RoomName::parse(&unescaped(room)) {
            Ok(room) => Route::Room(room, at),
            Err(_) => Route::Home,
        }
    }

    /// The path, relative to the base.
    pub fn path(&self) -> String {
        match self {
            Route::Home => "./".to_owned(),
            Route::Room(room, None) => format!("r/{}", escaped(room.as_str())),
            Route::Room(room, Some((seq, None))) => format!("r/{}/{seq}", escaped(room.as_str())),
            Route::Room(room, Some((seq, Some(off)))) => format!("r/{}/{seq}/{off}", escaped(room.as_str())),
        }
    }
}

/// Percent-encodes one component of a path (RFC 3986).
fn escaped(part: &str) -> String {
    let mut out = String::with_capacity(part.len());
    for byte in part.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'@' => out.push(char::from(byte)),
            other => out.push_str(&format!("%{other:02X}")),
        }
    }
    out
}

/// Decodes it; invalid escapes stay.
fn unescaped(part: &str) -> String {
    let mut bytes = Vec::with_capacity(part.len());
    let mut rest = part.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        let code = after.get(..2).filter(|_| *first == b'%').and_then(|hex| std::str::from_utf8(hex).ok());
        match code.and_then(|hex| u8::from_str_radix(hex, 16).ok()) {
            Some(byte) => {
                bytes.push(byte);
                rest = after.get(2..).unwrap_or_default();
            }
            None => {
                bytes.push(*first);
                rest = after;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// The code in the fragment of an invite link: `#invite=CODE`.
pub fn invite_of(fragment: &str) -> Option<String> {
    let code = fragment.trim_start_matches('#').split('&').find_map(|part| part.strip_prefix("invite="))?;
    let is_code = !code.is_empty()
        && code.len() <= 256
        && code.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'));
    is_code.then(|| code.to_owned())
}

/// The URL of the WebSocket, from the base URL.
pub fn socket_address(base: &str) -> Option<String> {
    let rest = base.strip_prefix("http")?;
    let end = rest.rfind('/').map_or(rest.len(), |at| at + 1);
    Some(format!("ws{}ws", rest.get(..end)?))
}

/// The path of a room's file, relative to the base, percent-encoded (RFC 3986).
pub fn file_path(room: &str, path: &str) -> String {
    let mut out = format!("files/room/{}", escaped(room));
    for part in path.split('/') {
        out.push('/');
        out.push_str(&escaped(part).replace('@', "%40"));
    }
    out
}

/// The path of a run's output, relative to the base.
pub fn run_path(run: wardroom_protocol::RunId) -> String {
    format!("files/run/{run}")
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn paths_under_a_base() {
        let ops = Route::Room(RoomName::parse("ops").unwrap(), None);
        assert_eq!(Route::parse("/r/ops", "/"), ops);
        assert_eq!(Route::parse("/ops/r/ops/", "/ops/"), ops);
        for path in ["/", "/r/", "/r/../x", "/login", "/r/OPS"] {
            assert_eq!(Route::parse(path, "/"), Route::Home, "{path}");
        }
        assert_eq!(ops.path(), "r/ops");
    }

    #[test]
    fn lines_and_names_of_any_script() {
        for (path, room, at) in [
            ("r/ops/812", "ops", Some((812, None))),
            ("r/ops/812/40960", "ops", Some((812, Some(40_960)))),
            ("r/%E5%80%BC%E7%8F%AD", "值班", None),
            ("r/@01k9/7", "@01k9", Some((7, None))),
        ] {
            let Ok(room) = RoomName::parse(room) else { continue };
            let route = Route::Room(room, at);
            assert_eq!(route.path(), path);
            assert_eq!(Route::parse(&format!("/{path}"), "/"), route);
        }
        assert_eq!(unescaped("100%"), "100%");
    }

    #[test]
    fn invites() {
        assert_eq!(invite_of("#invite=ab-C_9").as_deref(), Some("ab-C_9"));
        for fragment in ["", "#", "#invite=", "#invite=<b>", "#other=1"] {
            assert_eq!(invite_of(fragment), None, "{fragment}");
        }
    }

    #[test]
    fn sockets_follow_the_base() {
        assert_eq!(socket_address("http://h:1/").as_deref(), Some("ws://h:1/ws"));
        assert_eq!(socket_address("https://h/ops/").as_deref(), Some("wss://h/ops/ws"));
        assert_eq!(socket_address("https://h/ops/index.html").as_deref(), Some("wss://h/ops/ws"));
        assert_eq!(socket_address("file:///x"), None);
    }

    #[test]
    fn names_of_files_are_escaped() {
        assert_eq!(file_path("ops", "a b/100 %#?.txt"), "files/room/ops/a%20b/100%20%25%23%3F.txt");
        assert_eq!(file_path("ops", "日.log"), "files/room/ops/%E6%97%A5.log");
    }
}
