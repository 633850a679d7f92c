//! Splits output into queries and everything else: a state machine in the manner of DEC's terminals (ECMA-48), just
//! enough to know where a sequence ends. Text takes a fast path.

use super::asks::{Query, command_query, control_query, may_ask};
use super::state::{State, Terminators};

/// Bytes of one sequence that are kept: all 256 colours set in one sequence, and a query behind them, fit. A longer one
/// that could hide a query is dropped.
const HELD_BYTES_MAX: usize = 8_192;
/// Bytes of a control sequence that may be a query. Terminals read some 32 numbers, of any number of digits.
const CONTROL_BYTES_MAX: usize = 1_024;

const BEL: u8 = 0x07;
const ENQ: u8 = 0x05;
const CAN: u8 = 0x18;
const SUB: u8 = 0x1a;
const ESC: u8 = 0x1b;

/// A part of the output.
pub(super) enum Found<'a> {
    /// Anything but a query.
    Bytes(&'a [u8]),
    /// A query.
    Query(Query),
}

/// The state of the splitter.
#[derive(Debug, Default)]
pub(super) struct Sequences {
    state: State,
    /// The beginning of a sequence that may be a query.
    held: Vec<u8>,
    /// What has passed ends within a sequence, which ESC was about to end. If that ESC goes with its query, CAN must end
    /// it: otherwise what follows would complete it.
    is_unfinished: bool,
}

impl Sequences {
    /// True if no sequence has begun.
    pub(super) fn is_between(&self) -> bool {
        self.state == State::Text
    }

    /// Reads a piece. `found` gets its parts, each with the number of bytes of this piece up to its end.
    pub(super) fn read(&mut self, piece: &[u8], found: &mut impl FnMut(usize, Found<'_>)) {
        let mut at = 0;
        while let Some(rest) = piece.get(at..).filter(|rest| !rest.is_empty()) {
            if self.state == State::Text {
                let text = rest.iter().position(|b| matches!(b, &ENQ | &ESC | 0xc2)).unwrap_or(rest.len());
                if text > 0 {
                    at = at.saturating_add(text);
                    found(at, Found::Bytes(rest.get(..text).unwrap_or_default()));
                    continue;
                }
            }
            if let Some(byte) = rest.first() {
                at = at.saturating_add(1);
                self.push(*byte, at, found);
            }
        }
    }

    fn push(&mut self, byte: u8, at: usize, found: &mut impl FnMut(usize, Found<'_>)) {
        match self.state {
            State::Text => self.text(byte, at, found),
            State::Eight => self.eight(byte, at, found),
            State::Escape => self.escape(byte, at, found),
            State::Intermediate => match byte {
                0x20..=0x2f => self.hold(byte),
                _ if self.is_interrupted(byte, at, found) => {}
                _ => self.release(byte, State::Text, at, found),
            },
            State::Control => self.control(byte, at, found),
            State::Command => self.command(byte, at, found),
            State::Device => self.device(byte, at, found),
            State::Program => match byte {
                b'G' => self.drop_rest(Terminators::None),
                _ => self.string(byte, Terminators::None, at, found),
            },
            State::Passes(ends) => self.string(byte, ends, at, found),
            State::Drops(ends) => self.dropped(byte, ends, at, found),
            State::Ends => self.ends(byte, at, found),
            State::EndsEight(ends, is_dropped) => self.ends_eight(byte, ends, is_dropped, at, found),
        }
    }

    fn hold(&mut self, byte: u8) {
        self.held.push(byte);
    }

    /// Lets what is held pass, and `byte` after it.
    fn release(&mut self, byte: u8, state: State, at: usize, found: &mut impl FnMut(usize, Found<'_>)) {
        self.hold(byte);
        found(at, Found::Bytes(&self.held));
        self.held.clear();
        self.is_unfinished = false;
        self.state = state;
    }

    /// Reports a query in place of what is held. Controls within it were obeyed at once, so they pass.
    fn report(&mut self, query: Query, at: usize, found: &mut impl FnMut(usize, Found<'_>)) {
        if std::mem::take(&mut self.is_unfinished) {
            found(at, Found::Bytes(&[CAN]));
        }
        self.held.retain(|b| *b < 0x20 && !matches!(*b, ESC | BEL | ENQ));
        if self.state == State::Control && !self.held.is_empty() {
            found(at, Found::Bytes(&self.held));
        }
        self.held.clear();
        self.state = State::Text;
        found(at, Found::Query(query));
    }

    /// Handles what ends any sequence: CAN, SUB, and ESC, which begins another one.
    fn is_interrupted(&mut self, byte: u8, at: usize, found: &mut impl FnMut(usize, Found<'_>)) -> bool {
        match byte {
            CAN | SUB => self.release(byte, State::Text, at, found),
            ESC => {
                self.release_held(at, found);
                self.is_unfinished = true;
                self.hold(ESC);
                self.state = State::Escape;
            }
            _ => return false,
        }
        true
    }

    fn text(&mut self, byte: u8, at: usize, found: &mut impl FnMut(usize, Found<'_>)) {
        match byte {
            ENQ => self.report(Query::Other, at, found),
            ESC | 0xc2 => {
                self.hold(byte);
                self.state = if byte == ESC { State::Escape } else { State::Eight };
            }
            _ => self.release(byte, State::Text, at, found),
        }
    }

    fn eight(&mut self, byte: u8, at: usize, found: &mut impl FnMut(usize, Found<'_>)) {
        match byte {
            0x80..=0x9f => {
                self.introduce(byte.wrapping_sub(0x40), byte, at, found);
            }
            ENQ | ESC | 0xc2 => {
                self.release_held(at, found);
                self.is_unfinished = true;
                self.state = State::Text;
                self.text(byte, at, found);
            }
            _ => self.release(byte, State::Text, at, found),
        }
    }

    fn escape(&mut self, byte: u8, at: usize, found: &mut impl FnMut(usize, Found<'_>)) {
        match byte {
            0x20..=0x2f => {
                self.hold(byte);
                self.state = State::Intermediate;
            }
            0x40..=0x5f => self.introduce(byte, byte, at, found),
            _ if self.is_interrupted(byte, at, found) => {}
            // Another control, which is obeyed within the sequence.
            0..=0x1f if self.held.len() < CONTROL_BYTES_MAX => self.hold(byte),
            _ => self.release(byte, State::Text, at, found),
        }
    }

    /// Begins the sequence of this final byte after ESC, written as `byte`.
    fn introduce(&mut self, last: u8, byte: u8, at: usize, found: &mut impl FnMut(usize, Found<'_>)) {
        let state = match last {
            b'[' => State::Control,
            b']' => State::Command,
            b'P' => State::Device,
            b'_' => State::Program,
            b'X' | b'^' => return self.release(byte, State::Passes(Terminators::None), at, found),
            b'Z' => return self.report(Query::PrimaryAttributes, at, found),
            _ => return self.release(byte, State::Text, at, found),
        };
        self.hold(byte);
        self.state = state;
    }

    fn control(&mut self, byte: u8, at: usize, found: &mut impl FnMut(usize, Found<'_>)) {
        if self.is_interrupted(byte, at, found) {
            return;
        }
        if (0x40..=0x7e).contains(&byte) {
            return match control_query(&self.held, byte) {
                Some(query) => self.report(query, at, found),
                None => self.release(byte, State::Text, at, found),
            };
        }
        if byte >= 0x80 || self.held.len() >= CONTROL_BYTES_MAX {
            // No query is like that. What follows cannot become one either, except after another introducer.
            return self.release(byte, State::Text, at, found);
        }
        self.hold(byte);
    }

    fn command(&mut self, byte: u8, at: usize, found: &mut impl FnMut(usize, Found<'_>)) {
        match byte {
            BEL => self.end_command(true, at, found),
            ESC => self.state = State::Ends,
            CAN | SUB => self.release(byte, State::Text, at, found),
            0xc2 => self.state = State::EndsEight(Terminators::Bel, false),
            _ => self.command_byte(byte, at, found),
        }
    }

    fn command_byte(&mut self, byte: u8, at: usize, found: &mut impl FnMut(usize, Found<'_>)) {
        self.hold(byte);
        if !may_ask(&self.held) {
            self.release_held(at, found);
            self.state = State::Passes(Terminators::Bel);
        } else if self.held.len() >= HELD_BYTES_MAX {
            self.drop_rest(Terminators::Bel);
        }
    }

    fn end_command(&mut self, is_bel: bool, at: usize, found: &mut impl FnMut(usize, Found<'_>)) {
        match command_query(&self.held, is_bel) {
            Some(query) => self.report(query, at, found),
            None if is_bel => self.release(BEL, State::Text, at, found),
            None => {
                self.hold(ESC);
                self.release(b'\\', State::Text, at, found);
            }
        }
    }

    fn device(&mut self, byte: u8, at: usize, found: &mut impl FnMut(usize, Found<'_>)) {
        match byte {
            b'q' if matches!(self.held.last(), Some(b'$' | b'+')) => self.drop_rest(Terminators::None),
            0x20..=0x3f if self.held.len() < CONTROL_BYTES_MAX => self.hold(byte),
            _ => self.string(byte, Terminators::None, at, found),
        }
    }

    fn drop_rest(&mut self, ends: Terminators) {
        self.held.clear();
        self.state = State::Drops(ends);
    }

    fn string(&mut self, byte: u8, ends: Terminators, at: usize, found: &mut impl FnMut(usize, Found<'_>)) {
        if self.is_interrupted(byte, at, found) {
            return;
        }
        let is_end = byte == BEL && ends == Terminators::Bel || byte == 0x9c && self.held.last() == Some(&0xc2);
        if byte == 0xc2 {
            // Held until the next byte says whether it is an eight-bit ST.
            self.release_held(at, found);
            self.hold(byte);
            self.state = State::Passes(ends);
            return;
        }
        self.release(byte, if is_end { State::Text } else { State::Passes(ends) }, at, found);
    }

    fn release_held(&mut self, at: usize, found: &mut impl FnMut(usize, Found<'_>)) {
        if !self.held.is_empty() {
            found(at, Found::Bytes(&self.held));
            self.held.clear();
            self.is_unfinished = false;
        }
    }

    fn dropped(&mut self, byte: u8, ends: Terminators, at: usize, found: &mut impl FnMut(usize, Found<'_>)) {
        match byte {
            BEL if ends == Terminators::Bel => self.report(Query::Other, at, found),
            CAN | SUB => self.report(Query::Other, at, found),
            ESC => self.state = State::Ends,
            0xc2 => self.state = State::EndsEight(ends, true),
            _ => {}
        }
    }

    /// After ESC in a string that is held (`held` is not empty) or dropped.
    fn ends(&mut self, byte: u8, at: usize, found: &mut impl FnMut(usize, Found<'_>)) {
        let is_st = byte == b'\\';
        let is_query = self.held.is_empty() || command_query(&self.held, false).is_some();
        // Without ST it has ended before this byte, which may be the last one of the next query.
        let end = if is_st { at } else { at.saturating_sub(1) };
        match command_query(&self.held, false) {
            _ if self.held.is_empty() => self.report(Query::Other, end, found),
            Some(query) => self.report(query, end, found),
            None if is_st => return self.end_command(false, at, found),
            None => self.release_held(at, found),
        }
        if !is_st {
            // The string ended with ESC, which begins the next sequence.
            self.is_unfinished = !is_query;
            self.hold(ESC);
            self.state = State::Escape;
            self.escape(byte, at, found);
        }
    }

    fn ends_eight(
        &mut self,
        byte: u8,
        ends: Terminators,
        is_dropped: bool,
        at: usize,
        found: &mut impl FnMut(usize, Found<'_>),
    ) {
        if byte != 0x9c {
            self.state = if is_dropped { State::Drops(ends) } else { State::Command };
            if !is_dropped {
                // The 0xc2 did not begin ST: it belongs to the command.
                self.command_byte(0xc2, at, found);
            }
            return self.push(byte, at, found);
        }
        match command_query(&self.held, false) {
            _ if is_dropped => self.report(Query::Other, at, found),
            Some(query) => self.report(query, at, found),
            None => {
                self.hold(0xc2);
                self.release(0x9c, State::Text, at, found);
            }
        }
    }
}
