//! Part of Wardroom.
