//! The lease of a run's keyboard: who holds it, who asked for it, and since when nothing was typed. Only decides;
//! `typing` carries its decisions out.

use wardroom_protocol::UserName;
use wardroom_protocol::limits::{KEYBOARD_ASKED_MAX, KEYBOARD_SILENCE_MS};
use wardroom_protocol::messages::TermOp;

use crate::error::Error;
use crate::store::UserId;

/// A user who types, or asked for it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Typist {
    /// The user.
    pub id: UserId,
    /// The user's name.
    pub name: UserName,
}

/// The lease of one keyboard.
#[derive(Debug)]
pub(super) struct Lease {
    /// Grows by one whenever the keyboard changes hands.
    pub generation: u64,
    /// Who holds the keyboard.
    pub holder: Option<Typist>,
    /// Who asked for it, in this order.
    pub asked: Vec<Typist>,
    /// When the holder last typed, or got the keyboard; by the monotonic clock.
    heard_ms: u64,
}

/// What follows from a request.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) enum Decision {
    /// Nothing.
    Stays,
    /// The list of those who asked has changed.
    Asked,
    /// The keyboard changes hands, or is laid down.
    Passes(Option<Typist>),
}

/// Who makes a request.
pub(super) struct Asker {
    /// The user.
    pub who: Typist,
    /// True for admins and owners of the room.
    pub is_senior: bool,
}

impl Lease {
    /// Creates a lease that begins now.
    pub(super) fn new(generation: u64, holder: Option<Typist>, now_ms: u64) -> Self {
        Self { generation, holder, asked: Vec::new(), heard_ms: now_ms }
    }

    /// Returns true if this user holds the keyboard.
    pub(super) fn is_held_by(&self, user: UserId) -> bool {
        self.holder.as_ref().is_some_and(|holder| holder.id == user)
    }

    /// Records that the holder has typed.
    pub(super) fn hear(&mut self, now_ms: u64) {
        self.heard_ms = now_ms;
    }

    /// Decides about a request. `to` is who gets the keyboard with `give`. `may` says who may hold it at all: those who
    /// asked may have lost the right since.
    ///
    /// # Errors
    /// `forbidden`, `conflict`, `bad_request` (nobody to give it to), `busy` (too many ask).
    pub(super) fn decide(
        &mut self,
        op: TermOp,
        by: &Asker,
        to: Option<Typist>,
        may: impl Fn(UserId) -> bool,
        now_ms: u64,
    ) -> Result<Decision, Error> {
        let is_holder = self.is_held_by(by.who.id);
        let is_free = self.holder.as_ref().is_none_or(|holder| !may(holder.id));
        match op {
            TermOp::Ask if is_holder => Ok(Decision::Stays),
            TermOp::Ask | TermOp::Take if is_free => Ok(Decision::Passes(Some(by.who.clone()))),
            TermOp::Ask => self.ask(&by.who),
            TermOp::Take => {
                let rest_ms = KEYBOARD_SILENCE_MS.saturating_sub(now_ms.saturating_sub(self.heard_ms));
                if is_holder || by.is_senior || rest_ms == 0 {
                    return Ok(Decision::Passes(Some(by.who.clone())));
                }
                let seconds = rest_ms.div_ceil(1_000);
                let why = format!("{} is typing: ask for the keyboard, or take it in {seconds} s", self.holder_name());
                Err(Error { retry_ms: Some(rest_ms), ..Error::forbidden(why) })
            }
            TermOp::Give if !is_holder => Err(self.not_yours()),
            TermOp::Give => match to.or_else(|| self.next(may)) {
                Some(to) if to == by.who => Ok(Decision::Stays),
                Some(to) => Ok(Decision::Passes(Some(to))),
                None => Err(Error::bad_request("nobody asked for the keyboard: say who gets it")),
            },
            TermOp::Release if is_holder => Ok(Decision::Passes(self.next(may))),
            TermOp::Release => {
                let before = self.asked.len();
                self.asked.retain(|asked| asked.id != by.who.id);
                if self.asked.len() < before { Ok(Decision::Asked) } else { Err(self.not_yours()) }
            }
        }
    }

    fn ask(&mut self, who: &Typist) -> Result<Decision, Error> {
        if self.asked.iter().any(|asked| asked.id == who.id) {
            return Ok(Decision::Stays);
        }
        if self.asked.len() >= KEYBOARD_ASKED_MAX {
            return Err(Error::busy("16 people ask for this keyboard already: try again later", 10_000));
        }
        self.asked.push(who.clone());
        Ok(Decision::Asked)
    }

    /// Returns the first of those who asked and may hold it.
    pub(super) fn next(&self, may: impl Fn(UserId) -> bool) -> Option<Typist> {
        self.asked.iter().find(|asked| may(asked.id)).cloned()
    }

    /// Passes the keyboard on, or lays it down.
    pub(super) fn pass(&mut self, generation: u64, holder: Option<Typist>, now_ms: u64) {
        self.asked.retain(|asked| holder.as_ref().is_none_or(|holder| holder.id != asked.id));
        *self = Self { generation, holder, asked: std::mem::take(&mut self.asked), heard_ms: now_ms };
    }

    /// The refusal of somebody who does not hold it.
    pub(super) fn not_yours(&self) -> Error {
        match &self.holder {
            Some(holder) => Error::forbidden(format!("{} holds the keyboard: ask for it", holder.name)),
            None => Error::forbidden("nobody holds the keyboard: ask for it"),
        }
    }

    fn holder_name(&self) -> &str {
        self.holder.as_ref().map_or("nobody", |holder| holder.name.as_str())
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;
    use wardroom_protocol::Code;

    fn typist(id: i64) -> Typist {
        Typist { id: UserId(id), name: UserName::parse(&format!("u{id}")).unwrap() }
    }

    fn decide(lease: &mut Lease, op: TermOp, by: i64, now_ms: u64) -> Result<Decision, Code> {
        let by = Asker { who: typist(by), is_senior: by == 9 };
        let decision = lease.decide(op, &by, None, |user| user != UserId(7), now_ms).map_err(|e| e.code)?;
        if let Decision::Passes(holder) = &decision {
            lease.pass(lease.generation + 1, holder.clone(), now_ms);
        }
        Ok(decision)
    }

    #[test]
    fn who_asks_waits_and_gets_it() {
        let mut lease = Lease::new(1, Some(typist(1)), 0);
        assert_eq!(decide(&mut lease, TermOp::Ask, 2, 0), Ok(Decision::Asked));
        assert_eq!(decide(&mut lease, TermOp::Ask, 2, 0), Ok(Decision::Stays), "once");
        assert_eq!(decide(&mut lease, TermOp::Ask, 1, 0), Ok(Decision::Stays), "who has it");
        assert_eq!(decide(&mut lease, TermOp::Ask, 3, 0), Ok(Decision::Asked));
        assert_eq!(decide(&mut lease, TermOp::Give, 2, 0), Err(Code::Forbidden));
        assert_eq!(decide(&mut lease, TermOp::Give, 1, 0), Ok(Decision::Passes(Some(typist(2)))));
        assert_eq!((lease.generation, lease.asked.as_slice()), (2, &[typist(3)][..]));
        assert_eq!(decide(&mut lease, TermOp::Release, 2, 0), Ok(Decision::Passes(Some(typist(3)))));
        assert_eq!(decide(&mut lease, TermOp::Give, 3, 0), Err(Code::BadRequest), "nobody asked");
        assert_eq!(decide(&mut lease, TermOp::Release, 3, 0), Ok(Decision::Passes(None)));
        assert_eq!(decide(&mut lease, TermOp::Release, 3, 0), Err(Code::Forbidden));
        assert_eq!(decide(&mut lease, TermOp::Ask, 1, 0), Ok(Decision::Passes(Some(typist(1)))));
        assert_eq!(lease.generation, 5, "each change counts");
    }

    #[test]
    fn it_is_taken_by_seniors_by_oneself_and_after_silence() {
        let mut lease = Lease::new(1, Some(typist(1)), 1_000);
        assert_eq!(decide(&mut lease, TermOp::Take, 2, KEYBOARD_SILENCE_MS + 999), Err(Code::Forbidden));
        lease.hear(5_000);
        assert_eq!(decide(&mut lease, TermOp::Take, 2, KEYBOARD_SILENCE_MS + 4_999), Err(Code::Forbidden));
        assert!(decide(&mut lease, TermOp::Take, 2, KEYBOARD_SILENCE_MS + 5_000).is_ok());
        assert!(decide(&mut lease, TermOp::Take, 2, 0).is_ok(), "on another connection");
        assert!(decide(&mut lease, TermOp::Take, 9, 0).is_ok(), "an admin");
        assert!(lease.is_held_by(UserId(9)));
        assert_eq!(lease.generation, 4);
    }

    #[test]
    fn who_may_not_hold_it_does_not_get_it_and_keeps_it_from_nobody() {
        let mut lease = Lease::new(1, Some(typist(1)), 0);
        assert_eq!(decide(&mut lease, TermOp::Ask, 7, 0), Ok(Decision::Asked));
        assert_eq!(decide(&mut lease, TermOp::Ask, 2, 0), Ok(Decision::Asked));
        assert_eq!(decide(&mut lease, TermOp::Release, 1, 0), Ok(Decision::Passes(Some(typist(2)))));
        lease.pass(9, Some(typist(7)), 0);
        assert_eq!(decide(&mut lease, TermOp::Ask, 3, 0), Ok(Decision::Passes(Some(typist(3)))));
    }

    #[test]
    fn who_ask_are_bounded_and_may_give_up() {
        let mut lease = Lease::new(1, Some(typist(1)), 0);
        for user in 10..10 + KEYBOARD_ASKED_MAX as i64 {
            assert_eq!(decide(&mut lease, TermOp::Ask, user, 0), Ok(Decision::Asked));
        }
        assert_eq!(decide(&mut lease, TermOp::Ask, 2, 0), Err(Code::Busy));
        assert_eq!(decide(&mut lease, TermOp::Release, 10, 0), Ok(Decision::Asked));
        assert_eq!(decide(&mut lease, TermOp::Ask, 2, 0), Ok(Decision::Asked));
    }
}
