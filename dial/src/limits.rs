//! The numbers that bound a connection, each with its reason. Those of the wire are in `wardroom_protocol::limits`.

/// Bytes of a unix socket's path that fit `sockaddr_un` (108 on Linux), minus its NUL and some margin.
pub const UNIX_PATH_MAX: usize = 100;
/// Bytes between the messages of a WebSocket and the bytes that a caller reads or writes: a bulk frame with its line.
pub const PIPE_BYTES: usize = 128 << 10;
