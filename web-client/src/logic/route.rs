//! Where an address of the page leads. Addresses are relative to the base path, which only the gateway knows.

use wardroom_protocol::RoomName;

/// A place of the page.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Route {
    /// The last room, or `general`.
    Home,
    /// A room.
    Room(RoomName),
}

impl Route {
    /// Reads the path of an address, given the path of the base (which ends with a slash). What is not known leads
    /// home.
    pub fn parse(path: &str, base: &str) -> Route {
        let rest = path.strip_prefix(base).unwrap_or_default();
        match rest.strip_prefix("r/").map(|room| RoomName::parse(room.trim_end_matches('/'))) {
            Some(Ok(room)) => Route::Room(room),
            _ => Route::Home,
        }
    }

    /// The path, relative to the base. A room's name needs no escaping.
    pub fn path(&self) -> String {
        match self {
            Route::Home => "./".to_owned(),
            Route::Room(room) => format!("r/{room}"),
        }
    }
}

/// The code of an invite link's fragment: `#invite=CODE`.
pub fn invite_of(fragment: &str) -> Option<String> {
    let code = fragment.trim_start_matches('#').split('&').find_map(|part| part.strip_prefix("invite="))?;
    let is_code = !code.is_empty()
        && code.len() <= 256
        && code.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'));
    is_code.then(|| code.to_owned())
}

/// The address of the socket, from that of the base.
pub fn socket_address(base: &str) -> Option<String> {
    let rest = base.strip_prefix("http")?;
    let end = rest.rfind('/').map_or(rest.len(), |at| at + 1);
    Some(format!("ws{}ws", rest.get(..end)?))
}

/// The address of a file on a room's shelf, relative to the base. Each component is escaped by itself (RFC 3986).
pub fn file_path(room: &str, path: &str) -> String {
    let mut out = format!("files/room/{room}");
    for part in path.split('/') {
        out.push('/');
        for byte in part.bytes() {
            match byte {
                b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => out.push(char::from(byte)),
                other => out.push_str(&format!("%{other:02X}")),
            }
        }
    }
    out
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn paths_under_a_base() {
        let ops = Route::Room(RoomName::parse("ops").unwrap());
        assert_eq!(Route::parse("/r/ops", "/"), ops);
        assert_eq!(Route::parse("/ops/r/ops/", "/ops/"), ops);
        for path in ["/", "/r/", "/r/../x", "/login", "/r/OPS"] {
            assert_eq!(Route::parse(path, "/"), Route::Home, "{path}");
        }
        assert_eq!(ops.path(), "r/ops");
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
