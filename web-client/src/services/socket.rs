//! The WebSocket; each message is one frame of the protocol. The engine decides when to open and close it; there is no
//! retry here.

use bytes::Bytes;
use wardroom_protocol::{Frame, SUBPROTOCOL};
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{BinaryType, CloseEvent, Event, MessageEvent, WebSocket};

use super::listener::Listener;

/// An event of the socket.
#[derive(Debug)]
pub enum SocketEvent {
    Open,
    Frame(Frame),
    /// It closed, or never opened.
    Closed {
        /// The close code (RFC 6455, section 7.4); 1006 if there was none.
        code: u16,
        /// The reason, for people.
        reason: String,
        /// It was open before.
        was_open: bool,
    },
}

/// A socket that is open or opening. Dropping it closes it, and no more events follow.
#[derive(Debug)]
pub struct Socket {
    socket: WebSocket,
    _listeners: [Listener; 3],
}

impl Socket {
    /// Opens a socket.
    ///
    /// # Errors
    /// If the browser does not even try: a bad address, or a policy that forbids it.
    pub fn open(address: &str, on: impl Fn(SocketEvent) + Clone + 'static) -> Result<Socket, String> {
        let socket = WebSocket::new_with_str(address, SUBPROTOCOL).map_err(|e| error_text(&e))?;
        socket.set_binary_type(BinaryType::Arraybuffer);
        let was_open = std::rc::Rc::new(std::cell::Cell::new(false));
        let opened = Listener::new(&socket, "open", {
            let (on, was_open) = (on.clone(), was_open.clone());
            move |_| {
                was_open.set(true);
                on(SocketEvent::Open);
            }
        });
        let came = Listener::new(&socket, "message", {
            let on = on.clone();
            move |event: Event| match frame_of(&event) {
                Ok(frame) => on(SocketEvent::Frame(frame)),
                Err(reason) => on(SocketEvent::Closed { code: 1002, reason, was_open: true }),
            }
        });
        // An `error` is always followed by a `close`, and says less.
        let closed = Listener::new(&socket, "close", move |event: Event| {
            let event: &CloseEvent = event.unchecked_ref();
            on(SocketEvent::Closed { code: event.code(), reason: event.reason(), was_open: was_open.get() });
        });
        Ok(Socket { socket, _listeners: [opened, came, closed] })
    }

    /// Sends a frame: the line with its LF, then the raw bytes.
    pub fn send(&self, line: &[u8], body: &[u8]) {
        let sent = if body.is_empty() {
            match std::str::from_utf8(line.strip_suffix(b"\n").unwrap_or(line)) {
                Ok(text) => self.socket.send_with_str(text),
                Err(_) => return,
            }
        } else {
            // Copy each part once, into the message that the browser takes over.
            let (line_len, all_len) = (line.len() as u32, (line.len() + body.len()) as u32);
            let message = js_sys::Uint8Array::new_with_length(all_len);
            message.subarray(0, line_len).copy_from(line);
            message.subarray(line_len, all_len).copy_from(body);
            self.socket.send_with_array_buffer(&message.buffer())
        };
        // It fails on a socket that is not open; its `close` event reports that.
        let _ = sent;
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        let _ = self.socket.close();
    }
}

fn frame_of(event: &Event) -> Result<Frame, String> {
    let data = event.unchecked_ref::<MessageEvent>().data();
    let (bytes, is_text) = match data.as_string() {
        Some(text) => (Bytes::from(text), true),
        None => (Bytes::from(js_sys::Uint8Array::new(&data).to_vec()), false),
    };
    wardroom_protocol::frame::decode_message(bytes, is_text).map_err(|e| e.to_string())
}

/// The message of an exception.
pub fn error_text(error: &JsValue) -> String {
    match error.dyn_ref::<js_sys::Error>() {
        Some(error) => error.message().into(),
        None => error.as_string().unwrap_or_else(|| "the browser gave no reason".to_owned()),
    }
}
