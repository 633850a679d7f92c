//! The codes of refusals, and their HTTP statuses and WebSocket close codes: the one map of ARCHITECTURE.md.

use serde::{Deserialize, Serialize};

/// Why a request was refused. The text beside it (`msg`) is for people; programs use the code.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Code {
    /// The bytes are not a frame. The connection is closed after it.
    BadFrame,
    /// A request of a type that the server does not know.
    UnknownType,
    /// A known request whose fields are wrong.
    BadRequest,
    /// Nobody is signed in, or the credentials are wrong.
    Unauthorized,
    /// The member may not do this.
    Forbidden,
    /// It does not exist, or the member may not know of it.
    NotFound,
    /// It exists already, or has changed in the meantime.
    Conflict,
    /// More than a limit allows.
    TooLarge,
    /// Too many requests; `retry_ms` says when to try again.
    RateLimited,
    /// The server cannot take it now; try again later.
    Busy,
    /// The client's position is not valid in this log: forget the room and open it again.
    Reset,
    /// The versions are incompatible; `versions` lists those that the server speaks.
    Incompatible,
    /// An internal server error; `ref` identifies the line in its log.
    Internal,
}

impl Code {
    /// Returns the code as on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Code::BadFrame => "bad_frame",
            Code::UnknownType => "unknown_type",
            Code::BadRequest => "bad_request",
            Code::Unauthorized => "unauthorized",
            Code::Forbidden => "forbidden",
            Code::NotFound => "not_found",
            Code::Conflict => "conflict",
            Code::TooLarge => "too_large",
            Code::RateLimited => "rate_limited",
            Code::Busy => "busy",
            Code::Reset => "reset",
            Code::Incompatible => "incompatible",
            Code::Internal => "internal",
        }
    }

    /// Returns the equivalent HTTP status (RFC 9110).
    pub fn http_status(self) -> u16 {
        match self {
            Code::BadFrame | Code::UnknownType | Code::BadRequest | Code::Incompatible => 400,
            Code::Unauthorized => 401,
            Code::Forbidden => 403,
            Code::NotFound => 404,
            Code::Conflict | Code::Reset => 409,
            Code::TooLarge => 413,
            Code::RateLimited => 429,
            Code::Busy => 503,
            Code::Internal => 500,
        }
    }

    /// Returns the WebSocket close code (RFC 6455, section 7.4) if the connection ends because of this code.
    pub fn close_code(self) -> u16 {
        match self {
            Code::BadFrame | Code::Incompatible => 1002,
            Code::Unauthorized | Code::Forbidden => 1008,
            Code::TooLarge => 1009,
            Code::Busy | Code::RateLimited => 1013,
            _ => 1011,
        }
    }
}

impl std::fmt::Display for Code {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::Code;

    #[test]
    fn wire_name_and_display_agree() {
        for code in [Code::BadFrame, Code::UnknownType, Code::RateLimited, Code::Internal, Code::NotFound] {
            assert_eq!(serde_json::to_string(&code).unwrap_or_default(), format!("\"{code}\""));
        }
    }
}
