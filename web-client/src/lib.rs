//! The page of Wardroom.
