//! Files over HTTP: `GET|HEAD|PUT /files/room/ROOM/PATH`, and the output of runs, with the cookie or a bearer token.
//! Each transfer has its own connection to the core, which decides what the caller may read or write.

mod download;
mod get;
mod headers;
mod put;
mod range;
mod run;

use axum::http::{HeaderMap, header};
use percent_encoding::percent_decode_str;
use wardroom_protocol::messages::{Auth, Place, Welcome};
use wardroom_protocol::{Code, RelPath, RoomName};

use crate::answer::Error;
use crate::app::App;
use crate::caller::Caller;
use crate::cookie;
use crate::core_link::CoreLink;

pub(crate) use get::get;
pub(crate) use put::put;
pub(crate) use run::get as get_run;

/// A file of a room, as named by a URL.
struct Target {
    place: Place,
    path: RelPath,
}

impl Target {
    /// Parses `/files/room/ROOM/PATH`. Each segment is decoded once, after the split: an encoded slash is part of a
    /// name, and therefore refused, and `%252e` is the four characters `%2e`.
    fn parse(url_path: &str) -> Result<Target, Error> {
        let not_found = || Error::new(Code::NotFound, "files stand at /files/room/ROOM/PATH");
        let rest = url_path.strip_prefix("/files/room/").ok_or_else(not_found)?;
        let (room, path) = rest.split_once('/').ok_or_else(not_found)?;
        let bad = |e: wardroom_protocol::ids::BadName| Error::new(Code::BadRequest, e.to_string());
        let room = RoomName::parse(&decode(room)?).map_err(bad)?;
        let segments = path.split('/').map(decode).collect::<Result<Vec<_>, _>>()?;
        if segments.iter().any(|segment| segment.contains('/')) {
            return Err(Error::new(Code::BadRequest, "a name has no slash in it"));
        }
        let path = RelPath::parse(&segments.join("/")).map_err(bad)?;
        Ok(Target { place: Place::Room(room), path })
    }
}

fn decode(segment: &str) -> Result<String, Error> {
    let decoded = percent_decode_str(segment).decode_utf8();
    decoded.map(String::from).map_err(|_| Error::new(Code::BadRequest, "the address is not UTF-8"))
}

/// Returns the value of a query field; empty if the field has none.
pub(crate) fn query_field<'a>(query: Option<&'a str>, name: &str) -> Option<&'a str> {
    query?.split('&').map(|pair| pair.split_once('=').unwrap_or((pair, ""))).find(|(n, _)| *n == name).map(|(_, v)| v)
}

/// Opens a connection to the core that is signed in as the caller.
async fn sign_in(app: &App, caller: &Caller, headers: &HeaderMap) -> Result<(CoreLink, Welcome), Error> {
    let bearer = bearer(headers)?;
    let session = match bearer {
        Some(_) => None,
        None => cookie::session(headers, caller, &app.settings.base_path),
    };
    if bearer.is_none() && session.is_none() {
        return Err(Error::new(Code::Unauthorized, "sign in first, or send a token: Authorization: Bearer TOKEN"));
    }
    Ok(CoreLink::sign_in(&app.settings, caller, session, bearer, None).await?)
}

fn bearer(headers: &HeaderMap) -> Result<Option<Auth>, Error> {
    let Some(value) = headers.get(header::AUTHORIZATION) else { return Ok(None) };
    let text = value.to_str().unwrap_or_default();
    let token = text.split_once(' ').filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer")).map(|(_, t)| t.trim());
    match token {
        Some(token) if cookie::is_token(token) => Ok(Some(Auth::Token { token: token.to_owned() })),
        _ => Err(Error::new(Code::Unauthorized, "authorization is Bearer and a token")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_decoded_once() {
        let path = |url: &str| Target::parse(url).ok().map(|t| format!("{}:{}", t.place, t.path));
        assert_eq!(path("/files/room/ops/logs/app.log").as_deref(), Some("room:ops:logs/app.log"));
        assert_eq!(path("/files/room/ops/a%20b.txt").as_deref(), Some("room:ops:a b.txt"));
        assert_eq!(path("/files/room/ops/%E6%97%A5").as_deref(), Some("room:ops:日"));
        assert_eq!(path("/files/room/ops/100%25").as_deref(), Some("room:ops:100%"));
        assert_eq!(path("/files/room/ops/%252e%252e/x").as_deref(), Some("room:ops:%2e%2e/x"));
        assert_eq!(path("/files/room/ops/a+b").as_deref(), Some("room:ops:a+b"));
        for bad in [
            "/files/room/ops",
            "/files/room/ops/",
            "/files/room//x",
            "/files/root/etc/x",
            "/files/room/../x",
            "/files/room/OPS/x",
            "/files/room/ops/..",
            "/files/room/ops/%2e%2e/x",
            "/files/room/ops/a//b",
            "/files/room/ops/a%2fb",
            "/files/room/ops/a%5cb",
            "/files/room/ops/a%00b",
            "/files/room/ops/%ff",
            "/files/room/ops/.staging/x",
        ] {
            assert_eq!(path(bad), None, "{bad}");
        }
    }

    #[test]
    fn query_fields() {
        assert_eq!(query_field(Some("inline"), "inline"), Some(""));
        assert_eq!(query_field(Some("a=b&if_exists=rename"), "if_exists"), Some("rename"));
        assert_eq!(query_field(Some("xinline=1"), "inline"), None);
        assert_eq!(query_field(None, "inline"), None);
    }
}
