//! Programs: over TCP, and over a WebSocket through the gateway. All streams of a user are on one connection.

use bytes::{Buf as _, BytesMut};
use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, DuplexStream};
use tokio_tungstenite::tungstenite::{Message, client::IntoClientRequest as _};
use wardroom_protocol::Decoder;

use super::{Cause, Fate, Ground, SECRET, fates};
use crate::common::Client;

/// A browser's WebSocket, signed in by its cookie, as a client over frames.
pub async fn web_socket(ground: &Ground, token: &str) -> Client<DuplexStream> {
    let mut request = format!("ws://{}/ws", ground.http).into_client_request().unwrap();
    let headers = request.headers_mut();
    headers.insert("sec-websocket-protocol", "wardroom.v1".parse().unwrap());
    headers.insert("origin", format!("http://{}", ground.http).parse().unwrap());
    let key = crate::common::read_key(&ground.core.folder(), "gateway.key");
    let cookie = wardroom_gateway::cookie_name(&key);
    headers.insert("cookie", format!("{cookie}={token}").parse().unwrap());
    let (mut browser, _) = tokio_tungstenite::connect_async(request).await.unwrap();
    let (near, mut far) = tokio::io::duplex(8 << 20);
    tokio::spawn(async move {
        let (mut decoder, mut buf) = (Decoder::default(), BytesMut::new());
        loop {
            tokio::select! {
                message = browser.next() => {
                    let bytes = match message {
                        Some(Ok(Message::Text(text))) => format!("{text}\n").into_bytes(),
                        Some(Ok(Message::Binary(bytes))) => bytes.to_vec(),
                        Some(Ok(Message::Ping(_) | Message::Pong(_))) => continue,
                        _ => return,
                    };
                    if far.write_all(&bytes).await.is_err() {
                        return;
                    }
                }
                read = far.read_buf(&mut buf) => {
                    if read.unwrap_or(0) == 0 {
                        return;
                    }
                    while let Some(frame) = decoder.next(&mut buf).unwrap() {
                        let line = String::from_utf8(frame.line.to_vec()).unwrap();
                        let message = match frame.body.has_remaining() {
                            true => Message::Binary([line.as_bytes(), b"\n", &frame.body].concat().into()),
                            false => Message::Text(line.into()),
                        };
                        // The other side may have ended already: what is read next shows that.
                        drop(browser.send(message).await);
                    }
                }
            }
        }
    });
    let mut client = Client::over(near);
    client.send(json!({"t":"hello","v":1,"client":"page"}), &[]).await;
    client.next_of("welcome").await;
    client
}

/// The streams of a connection.
struct Streams {
    run: Value,
    printed: u64,
    stream: Value,
    got: u64,
    upload: Value,
}

/// Opens one of each, and takes what comes until all of them wait.
async fn open<S: AsyncRead + AsyncWrite + Unpin>(ground: &mut Ground, client: &mut Client<S>, user: &str) -> Streams {
    client.ask(json!({"t":"room.open","room":"ops","last":0})).await;
    client.ask(json!({"t":"room.members","room":"ops"})).await;
    let start = json!({"t":"run.start","room":"ops","argv":["cat"],"stdin":true,"nonce":format!("run-{user}")});
    let run = client.ask(start).await["run"].clone();
    ground.host.start().await;
    ground.host.output(run.as_str().unwrap(), 1, 0, b"ready\n").await;
    client.ask(json!({"t":"run.watch","run":run})).await;
    while client.next_of("run.output").await["run"] != run {}
    let get = json!({"t":"file.get","in":"room:ops","path":"big","window":65_536});
    let stream = client.ask(get).await["stream"].clone();
    let mut got = 0;
    while got < 65_536 {
        got += client.next_of("file.data").await["len"].as_u64().unwrap();
    }
    let put = json!({"t":"file.put","in":"room:ops","path":user,"size":10,"nonce":format!("up-{user}")});
    let upload = client.ask(put).await["upload"].clone();
    client.send(json!({"t":"file.chunk","upload":upload,"off":0,"len":5}), b"first").await;
    assert_eq!(client.next_of("file.ack").await["off"], 5);
    Streams { run, printed: 6, stream, got, upload }
}

/// What came, until the answer to a ping that follows the answer to another: nothing that was due then is still to come.
async fn come<S: AsyncRead + AsyncWrite + Unpin>(client: &mut Client<S>) -> Vec<(Value, Vec<u8>)> {
    let mut come = Vec::new();
    for n in [1, 2] {
        client.send(json!({"t":"ping","n":n}), &[]).await;
        loop {
            let (told, frame) = client.next().await;
            if told["t"] == "pong" && told["n"] == n {
                break;
            }
            come.push((told, frame.body.to_vec()));
        }
    }
    come
}

fn count(come: &[(Value, Vec<u8>)], is_meant: impl Fn(&Value) -> bool) -> usize {
    come.iter().filter(|(told, _)| is_meant(told)).count()
}

fn is_secret((told, body): &(Value, Vec<u8>)) -> bool {
    told.to_string().contains(SECRET) || String::from_utf8_lossy(body).contains(SECRET)
}

async fn strikes<S: AsyncRead + AsyncWrite + Unpin>(
    ground: &mut Ground,
    mut client: Client<S>,
    cause: Cause,
    user: &str,
    token: &str,
) {
    let streams = open(ground, &mut client, user).await;
    ground.strike(cause, user, token).await;
    let run = streams.run.as_str().unwrap().to_owned();
    ground.talk(SECRET, &[(&run, streams.printed)]).await;
    match fates(cause) {
        (Fate::Closed, ..) => closed(&mut client, cause).await,
        (Fate::Refused(code), ..) => refused(ground, &mut client, &streams, code).await,
        (Fate::GoesOn, Fate::Refused(code), _) => goes_on(ground, &mut client, &streams, code, cause).await,
        (Fate::GoesOn, ..) => unreachable!("{cause:?} takes something"),
    }
    assert!(!ground.files().await.contains(&user.to_owned()), "{cause:?}: the upload is stored nowhere");
}

/// The connection says why it ends, and nothing that happened later.
async fn closed<S: AsyncRead + AsyncWrite + Unpin>(client: &mut Client<S>, cause: Cause) {
    let mut come = Vec::new();
    while let Some((told, frame)) = client.read().await {
        come.push((told, frame.body.to_vec()));
    }
    assert!(!come.iter().any(is_secret), "{cause:?}: {come:?}");
    let last = &come.last().expect("a last word").0;
    assert_eq!((&last["t"], &last["retry_ms"]), (&json!("goaway"), &Value::Null), "{cause:?}: {come:?}");
}

/// Each stream ends with a word, and the connection goes on.
async fn refused<S: AsyncRead + AsyncWrite + Unpin>(
    ground: &mut Ground,
    client: &mut Client<S>,
    streams: &Streams,
    code: &str,
) {
    let Streams { run, stream, upload, got, .. } = streams;
    client.send(json!({"t":"file.ack","stream":stream,"off":got}), &[]).await;
    // Two of them: it is said once.
    client.send(json!({"t":"file.chunk","upload":upload,"off":5,"len":2}), b"se").await;
    client.send(json!({"t":"file.chunk","upload":upload,"off":7,"len":3}), b"con").await;
    client.send(json!({"t":"run.input","run":run,"gen":1,"off":0,"len":3}), b"ls\n").await;
    let blake3 = blake3::hash(b"firstsecon").to_hex().to_string();
    for request in [
        json!({"t":"file.commit","upload":upload,"blake3":blake3}),
        json!({"t":"file.resume","upload":upload}),
        json!({"t":"room.members","room":"ops"}),
        json!({"t":"room.history","room":"ops"}),
        json!({"t":"room.open","room":"ops"}),
        json!({"t":"run.watch","run":run}),
        json!({"t":"run.get","run":run}),
        json!({"t":"run.eof","run":run,"gen":1,"off":0}),
        json!({"t":"file.list","in":"room:ops"}),
        json!({"t":"file.get","in":"room:ops","path":"big"}),
        json!({"t":"search","q":SECRET,"room":"ops"}),
    ] {
        client.refused(request, code).await;
    }
    let rooms = client.ask(json!({"t":"room.list"})).await;
    assert!(!rooms.to_string().contains("\"ops\""), "{rooms}");
    ground.pia_comes_and_goes().await;
    ground.talk(SECRET, &[]).await;
    let come = come(client).await;
    assert!(!come.iter().any(is_secret), "{come:?}");
    assert_eq!(count(&come, |told| told["t"] == "file.data"), 0, "{come:?}");
    assert_eq!(
        count(&come, |told| told["t"] == "err" && told["stream"] == *stream && told["code"] == code),
        1,
        "{come:?}"
    );
    assert_eq!(
        count(&come, |told| told["t"] == "err" && told["upload"] == *upload && told["code"] == code),
        1,
        "{come:?}"
    );
    let of_run = |told: &Value| told["t"] == "err" && told["run"] == *run && told["code"] == code;
    assert_eq!(count(&come, of_run), 2, "the watch, and the input: {come:?}");
    let lost = |told: &Value| told["t"] == "room.changed" && told["info"]["joined"] == false;
    assert_eq!(count(&come, lost), 1, "{come:?}");
    assert_eq!(count(&come, |told| told["t"] == "presence" && told.to_string().contains("\"pia\"")), 0, "{come:?}");
}

/// What is read goes on; what is written is refused.
async fn goes_on<S: AsyncRead + AsyncWrite + Unpin>(
    ground: &mut Ground,
    client: &mut Client<S>,
    streams: &Streams,
    code: &str,
    cause: Cause,
) {
    let Streams { run, stream, upload, got, .. } = streams;
    client.send(json!({"t":"file.ack","stream":stream,"off":got}), &[]).await;
    client.send(json!({"t":"file.chunk","upload":upload,"off":5,"len":5}), b"secon").await;
    client.send(json!({"t":"run.input","run":run,"gen":1,"off":0,"len":3}), b"ls\n").await;
    let blake3 = blake3::hash(b"firstsecon").to_hex().to_string();
    for request in [
        json!({"t":"file.commit","upload":upload,"blake3":blake3}),
        json!({"t":"file.resume","upload":upload}),
        json!({"t":"run.eof","run":run,"gen":1,"off":0}),
        json!({"t":"run.start","room":"ops","cmd":"true","nonce":"more"}),
        json!({"t":"room.post","room":"ops","text":"more","nonce":"more"}),
    ] {
        client.refused(request, code).await;
    }
    client.ask(json!({"t":"room.members","room":"ops"})).await;
    client.ask(json!({"t":"room.history","room":"ops"})).await;
    ground.pia_comes_and_goes().await;
    let mut all = come(client).await;
    let is_data = |told: &Value| told["t"] == "file.data" && told["stream"] == *stream;
    while count(&all, is_data) == 0 {
        // It is read from the disk.
        all.extend(come(client).await);
    }
    assert!(all.iter().any(|(told, _)| told["t"] == "event" && told["text"] == SECRET), "{cause:?}: {all:?}");
    let printed = |(told, body): &(Value, Vec<u8>)| told["t"] == "run.output" && body.starts_with(SECRET.as_bytes());
    assert!(all.iter().any(printed), "{cause:?}");
    assert_eq!(count(&all, |told| told["t"] == "err" && told["upload"] == *upload && told["code"] == code), 1);
    assert_eq!(count(&all, |told| told["t"] == "err" && told["run"] == *run && told["code"] == code), 1);
    assert!(count(&all, |told| told["t"] == "presence" && told.to_string().contains("\"pia\"")) > 0, "{cause:?}");
    let is_told = |told: &Value| match cause {
        Cause::Viewer => told["t"] == "you" && told["role"] == "viewer",
        _ => told["t"] == "room.changed" && told["info"]["role"] == "reader",
    };
    assert_eq!(count(&all, is_told), 1, "{cause:?}");
}

async fn on_both(cause: Cause) {
    let mut ground = Ground::start().await;
    let token = ground.add("tess").await;
    let client = ground.tcp(&token).await;
    strikes(&mut ground, client, cause, "tess", &token).await;
    let token = ground.add("webb").await;
    let client = web_socket(&ground, &token).await;
    strikes(&mut ground, client, cause, "webb", &token).await;
}

#[tokio::test]
async fn who_is_removed() {
    on_both(Cause::Removed).await;
}

#[tokio::test]
async fn whose_session_ends() {
    on_both(Cause::SessionEnded).await;
}

#[tokio::test]
async fn whose_account_is_closed() {
    on_both(Cause::Disabled).await;
}

#[tokio::test]
async fn whose_password_is_changed() {
    on_both(Cause::PasswordChanged).await;
}

#[tokio::test]
async fn who_becomes_a_reader() {
    on_both(Cause::Reader).await;
}

#[tokio::test]
async fn who_becomes_a_viewer() {
    on_both(Cause::Viewer).await;
}
