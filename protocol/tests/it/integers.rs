//! Integers over 2^53-1 are refused in every field of every request, so that no client in a language of doubles is
//! ever told, or tells us, a number that it cannot hold.

use bytes::Bytes;
use serde_json::{Value, json};
use wardroom_protocol::limits::INTEGER_MAX;
use wardroom_protocol::{Code, Frame, Request};

use crate::golden::{REQUESTS, frame_of};

fn parse(line: &Value, body: &Bytes) -> Result<wardroom_protocol::Incoming, wardroom_protocol::messages::BadRequest> {
    Request::parse(&Frame { line: line.to_string().into(), body: body.clone() })
}

#[test]
fn every_number_of_every_request_is_bounded() {
    let mut tried = 0;
    for golden in REQUESTS {
        let frame = frame_of(golden);
        let line: Value = serde_json::from_slice(&frame.line).unwrap();
        for (name, value) in line.as_object().unwrap() {
            if !value.is_number() || name == "id" {
                continue;
            }
            let mut over = line.clone();
            over[name] = json!(INTEGER_MAX + 1);
            let refused = parse(&over, &frame.body).unwrap_err();
            assert_eq!(refused.code, Code::BadRequest, "{golden}: {name}");
            assert_eq!(refused.id, line["id"].as_u64(), "{golden}: {name}");
            tried += 1;
        }
    }
    assert!(tried > 20, "{tried}");
}

#[test]
fn the_greatest_integer_is_still_one() {
    let line = json!({"t": "room.read", "id": INTEGER_MAX, "room": "ops", "seq": INTEGER_MAX});
    assert_eq!(parse(&line, &Bytes::new()).unwrap().id, Some(INTEGER_MAX));
}

#[test]
fn an_id_over_the_bound_cannot_be_answered_by_number() {
    let line = json!({"t": "room.list", "id": INTEGER_MAX + 1});
    let refused = parse(&line, &Bytes::new()).unwrap_err();
    assert_eq!((refused.id, refused.code), (None, Code::BadRequest));
}

#[test]
fn long_digits_in_a_text_are_words() {
    let line =
        json!({"t": "room.post", "id": 1, "room": "ops", "text": "call 99999999999999999999 \"now\"", "nonce": "n"});
    assert!(parse(&line, &Bytes::new()).is_ok());
}

#[test]
fn numbers_of_lists_and_of_unknown_fields_count_too() {
    for line in [
        json!({"t": "host.hello", "v": 1, "key": "k", "host": "h",
               "runs": [{"run": "01ARZ3NDEKTSV4RRFFQ69G5FAV", "bytes": INTEGER_MAX + 1, "ended": true}]}),
        json!({"t": "ping", "n": 1, "new": [-9_007_199_254_740_992_i64]}),
    ] {
        assert_eq!(parse(&line, &Bytes::new()).unwrap_err().code, Code::BadRequest, "{line}");
    }
}
