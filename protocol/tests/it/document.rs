//! `docs/protocol.md` held against the code.
