//! The headers that make an uploaded file harmless in a browser: it is an attachment without rights, unless its type is
//! known to be inert and the request asked for it inline.

use axum::http::{HeaderMap, HeaderValue, header};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// What an uploaded file may do in a browser that opens its address: show itself, and nothing else.
const POLICY: &str = "sandbox; default-src 'none'; img-src 'self'; media-src 'self'; style-src 'unsafe-inline'; \
                      frame-ancestors 'none'; form-action 'none'; base-uri 'none'";

/// Characters that need no encoding in RFC 5987 values and in path segments.
const PLAIN: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Types that a browser shows without running anything, by extension. No SVG and no HTML: they contain scripts.
fn inert_type(name: &str) -> Option<&'static str> {
    let (_, end) = name.rsplit_once('.')?;
    Some(match end.to_ascii_lowercase().as_str() {
        "png" => "image/png",
        "jpg" | "jpeg" => "image/jpeg",
        "gif" => "image/gif",
        "webp" => "image/webp",
        "txt" | "log" | "md" | "csv" | "conf" | "ini" | "json" | "toml" | "yaml" | "yml" | "diff" | "patch" => {
            "text/plain; charset=utf-8"
        }
        "pdf" => "application/pdf",
        "mp3" => "audio/mpeg",
        "ogg" | "oga" | "opus" => "audio/ogg",
        "wav" => "audio/wav",
        "flac" => "audio/flac",
        "m4a" => "audio/mp4",
        "mp4" | "m4v" => "video/mp4",
        "webm" => "video/webm",
        _ => return None,
    })
}

/// Sets the headers about a file's type and name.
pub(crate) fn describe(name: &str, wants_inline: bool, headers: &mut HeaderMap) {
    let inert = inert_type(name);
    let how = if wants_inline && inert.is_some() { "inline" } else { "attachment" };
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(inert.unwrap_or("application/octet-stream")));
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
    if let Ok(disposition) = HeaderValue::from_str(&disposition(how, name)) {
        headers.insert(header::CONTENT_DISPOSITION, disposition);
    }
}

/// RFC 6266: the name in ASCII for old clients, and unchanged in the encoding of RFC 5987.
fn disposition(how: &str, name: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || " .,_-+=@()[]{}~!#$&'^`".contains(c);
    let ascii: String = name.chars().map(|c| if is_plain(c) { c } else { '_' }).collect();
    if ascii == name {
        return format!("{how}; filename=\"{ascii}\"");
    }
    format!("{how}; filename=\"{ascii}\"; filename*=UTF-8''{}", encoded(name))
}

/// Returns a name as one segment of a URL.
pub(crate) fn encoded(name: &str) -> String {
    utf8_percent_encode(name, PLAIN).to_string()
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn only_inert_kinds_are_shown_inline() {
        for (name, inline, kind, how) in [
            ("a.png", true, "image/png", "inline"),
            ("a.png", false, "image/png", "attachment"),
            ("A.LOG", true, "text/plain; charset=utf-8", "inline"),
            ("a.html", true, "application/octet-stream", "attachment"),
            ("a.svg", true, "application/octet-stream", "attachment"),
            ("a.png.html", true, "application/octet-stream", "attachment"),
            ("png", true, "application/octet-stream", "attachment"),
            ("a.js", true, "application/octet-stream", "attachment"),
        ] {
            let mut headers = HeaderMap::new();
            describe(name, inline, &mut headers);
            assert_eq!(headers[header::CONTENT_TYPE], kind, "{name}");
            let disposition = headers[header::CONTENT_DISPOSITION].to_str().unwrap();
            assert!(disposition.starts_with(how), "{name}: {disposition}");
            assert!(headers[header::CONTENT_SECURITY_POLICY].to_str().unwrap().starts_with("sandbox;"));
        }
    }

    #[test]
    fn names_survive_and_break_nothing() {
        assert_eq!(disposition("attachment", "app (2).log"), "attachment; filename=\"app (2).log\"");
        assert_eq!(
            disposition("attachment", "a\"; filename=x.exe"),
            "attachment; filename=\"a__ filename=x.exe\"; filename*=UTF-8''a%22%3B%20filename%3Dx.exe"
        );
        assert_eq!(
            disposition("attachment", "日志.txt"),
            "attachment; filename=\"__.txt\"; filename*=UTF-8''%E6%97%A5%E5%BF%97.txt"
        );
        assert_eq!(disposition("inline", "100%.png"), "inline; filename=\"100_.png\"; filename*=UTF-8''100%25.png");
    }
}
