//! The names in a line, with or without their signs: `#ops`, `@ann`.

use super::command::BadLine;
use crate::ids::{RoomName, UserName};

pub(super) fn room(args: &str) -> Result<RoomName, BadLine> {
    let name = args.strip_prefix('#').unwrap_or(args);
    RoomName::parse(name).map_err(|bad| bad.to_string().into())
}

pub(super) fn user(args: &str) -> Result<UserName, BadLine> {
    UserName::parse(args.strip_prefix('@').unwrap_or(args)).map_err(|bad| bad.to_string().into())
}
