//! The bytes of a webhook's body: checks their signature and unpacks them. Does not interpret the content.

use std::borrow::Cow;
use std::io::Read as _;

use flate2::read::MultiGzDecoder;
use hmac::{Hmac, Mac as _};
use sha2::Sha256;
use wardroom_protocol::limits::HOOK_BYTES_MAX;

use crate::error::Error;

/// Checks the signature of a body: `sha256=` and the HMAC-SHA-256 of its bytes, as GitHub sends it.
///
/// # Errors
/// `forbidden`
pub fn check_signature(secret: &str, signature: Option<&str>, body: &[u8]) -> Result<(), Error> {
    let Some(signature) = signature else {
        return Err(Error::forbidden(
            "this webhook has a secret: sign the body, and send X-Hub-Signature-256: sha256=HEX",
        ));
    };
    let given = signature.trim().strip_prefix("sha256=").and_then(from_hex);
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).map_err(Error::internal)?;
    mac.update(body);
    // Compared in constant time.
    given.filter(|given| mac.verify_slice(given).is_ok()).map(drop).ok_or_else(|| {
        Error::forbidden("the signature does not fit the body: use the secret that this webhook was made with")
    })
}

fn from_hex(hex: &str) -> Option<Vec<u8>> {
    let pairs = hex.as_bytes().chunks(2);
    pairs
        .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok().filter(|pair| pair.len() == 2)?, 16).ok())
        .collect()
}

/// Returns the body as the program meant it: unpacked, without a byte order mark, and taken from the form field
/// `payload`.
///
/// # Errors
/// `bad_request`, `too_large` (also if only the unpacked body is).
pub fn content<'a>(content_type: &str, encoding: Option<&str>, body: &'a [u8]) -> Result<Cow<'a, [u8]>, Error> {
    let body = unpacked(encoding, body)?;
    let body = match body {
        Cow::Borrowed(bytes) => Cow::Borrowed(without_mark(bytes)),
        Cow::Owned(bytes) => Cow::Owned(without_mark(&bytes).to_vec()),
    };
    let is_form = content_type.trim_start().to_ascii_lowercase().starts_with("application/x-www-form-urlencoded");
    // curl labels everything as a form. A real one contains JSON.
    Ok(match payload(&body).filter(|_| is_form) {
        Some(json) => Cow::Owned(json),
        None => body,
    })
}

fn without_mark(bytes: &[u8]) -> &[u8] {
    bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes)
}

fn unpacked<'a>(encoding: Option<&str>, body: &'a [u8]) -> Result<Cow<'a, [u8]>, Error> {
    match encoding.map(|name| name.trim().to_ascii_lowercase()).as_deref() {
        None | Some("" | "identity") => Ok(Cow::Borrowed(body)),
        Some("gzip" | "x-gzip") => {
            let mut out = Vec::new();
            // One byte beyond the limit shows that there is more.
            let mut bounded = MultiGzDecoder::new(body).take(HOOK_BYTES_MAX as u64 + 1);
            bounded
                .read_to_end(&mut out)
                .map_err(|_| Error::bad_request("the body is not gzip, as its Content-Encoding says"))?;
            if out.len() > HOOK_BYTES_MAX {
                return Err(Error::too_large("a webhook takes at most 1 MiB, unpacked"));
            }
            Ok(Cow::Owned(out))
        }
        Some(_) => Err(Error::bad_request("this Content-Encoding is not known: send the body as it is, or as gzip")),
    }
}

/// Returns the JSON in the field `payload` of a form, if there is one.
fn payload(body: &[u8]) -> Option<Vec<u8>> {
    let field = body.split(|byte| *byte == b'&').find_map(|field| field.strip_prefix(b"payload="))?;
    let spaced: Vec<u8> = field.iter().map(|byte| if *byte == b'+' { b' ' } else { *byte }).collect();
    let json: Vec<u8> = percent_encoding::percent_decode(&spaced).collect();
    let json = without_mark(&json).to_vec();
    serde_json::from_slice::<serde_json::Map<String, serde_json::Value>>(&json).is_ok().then_some(json)
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;
    use std::io::Write as _;

    const FORM: &str = "application/x-www-form-urlencoded";

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut out = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        out.write_all(bytes).unwrap();
        out.finish().unwrap()
    }

    #[test]
    fn a_signature_is_that_of_the_secret_and_of_the_body() {
        // The example of docs.github.com/webhooks/using-webhooks/validating-webhook-deliveries.
        let (secret, body) = ("It's a Secret to Everybody", b"Hello, World!");
        let right = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17";
        check_signature(secret, Some(right), body).unwrap();
        check_signature(secret, Some(&right.to_uppercase().replace("SHA", "sha")), body).unwrap();
        for (secret, signature, body) in [
            (secret, None, &body[..]),
            (secret, Some(""), body),
            (secret, Some("sha256="), body),
            (secret, Some("sha256=757"), body),
            (secret, Some("sha256=ü7"), body),
            (secret, Some(&right[..right.len() - 2]), body),
            (secret, Some(&right[7..]), body),
            (secret, Some(right), b"hello, World!"),
            ("another secret", Some(right), body),
        ] {
            assert_eq!(check_signature(secret, signature, body).unwrap_err().code, wardroom_protocol::Code::Forbidden);
        }
    }

    #[test]
    fn a_body_is_unpacked_within_bounds() {
        assert_eq!(*content("", Some("gzip"), &gzip(b"{}")).unwrap(), *b"{}");
        assert_eq!(*content("", Some("Identity"), b"x").unwrap(), *b"x");
        let twice = [gzip(b"a"), gzip(b"b")].concat();
        assert_eq!(*content("", Some("x-gzip"), &twice).unwrap(), *b"ab");
        assert_eq!(content("", Some("gzip"), &gzip(&vec![b' '; HOOK_BYTES_MAX])).unwrap().len(), HOOK_BYTES_MAX);
        let bomb = gzip(&vec![0; 64 << 20]);
        assert!(bomb.len() < HOOK_BYTES_MAX);
        assert_eq!(content("", Some("gzip"), &bomb).unwrap_err().code, wardroom_protocol::Code::TooLarge);
        let mut cut = gzip(b"something longer");
        cut.truncate(cut.len() - 9);
        for (encoding, body) in [("gzip", &b"plain"[..]), ("gzip", &cut), ("br", b"x"), ("gzip, gzip", b"x")] {
            assert_eq!(content("", Some(encoding), body).unwrap_err().code, wardroom_protocol::Code::BadRequest);
        }
    }

    #[test]
    fn a_form_holds_json_and_marks_are_dropped() {
        assert_eq!(*content(FORM, None, b"payload=%7B%22text%22%3A%22a+b%22%7D").unwrap(), *br#"{"text":"a b"}"#);
        assert_eq!(*content(FORM, None, b"x=1&payload={}&y=2").unwrap(), *b"{}");
        assert_eq!(*content(FORM, None, b"payload=full").unwrap(), *b"payload=full", "curl -d calls all text a form");
        assert_eq!(*content("text/plain", None, b"payload={}").unwrap(), *b"payload={}");
        assert_eq!(*content("application/json", None, b"\xef\xbb\xbf{}").unwrap(), *b"{}");
        assert_eq!(*content("", Some("gzip"), &gzip(b"\xef\xbb\xbf{}")).unwrap(), *b"{}");
    }
}
