//! The rows of the timeline as elements.

use std::collections::HashSet;
use std::sync::Arc;
use wardroom_client_core::SortedMap;

use wardroom_client_core::protocol::{Event, UserName};
use wardroom_client_core::{PendingAmendment, Room};
use yew::prelude::*;

use super::day::DayLine;
use super::line::{EventLine, UnreadDividerLine, fold_row};
use super::line_actions::Overlay;
use super::pending::PendingLine;
use crate::engine::Engine;
use crate::hooks::PtrEq;
use crate::i18n::{Lang, Words};
use crate::logic::row::Row;

/// What all rows of a timeline have in common.
pub struct RowContext<'a> {
    pub room: &'a Room,
    pub engine: &'a Engine,
    pub words: &'static Words,
    pub lang: Lang,
    /// The current day.
    pub today: i64,
    /// The display names of the members.
    pub names: SortedMap<String, AttrValue>,
    /// The signed-in user, once known.
    pub me: Option<UserName>,
    /// The line to jump to.
    pub target: Option<u64>,
    /// The line that is hovered, focused or pressed.
    pub active: Option<u64>,
    /// Folds that contain one of these lines are open.
    pub unfolded: &'a UseStateHandle<HashSet<u64>>,
    /// Opens an overlay.
    pub on_open: Callback<Option<Overlay>>,
}

impl RowContext<'_> {
    pub fn draw(&self, row: &Row) -> Html {
        let who = |user: &str| self.names.get(user).cloned().unwrap_or_else(|| AttrValue::from(user.to_owned()));
        match row {
            Row::Day { at, .. } => {
                let on_open = self.on_open.reform(|at| Some(Overlay::GoToDay(at)));
                html! { <DayLine key={row.key()} at={*at} today={self.today} lang={self.lang} {on_open} /> }
            }
            Row::Fold { events, is_open } => {
                let toggle = toggle_of(events, *is_open, self.unfolded);
                html! {
                    <div key={row.key()} class="line line--note" data-seq={row.seq().map(|seq| seq.to_string())} tabindex="-1">
                        <div class="line__body">{ fold_row(events, *is_open, toggle, self.words, who) }</div>
                    </div>
                }
            }
            Row::UnreadDivider(_) => html! { <UnreadDividerLine key={row.key()} /> },
            Row::Line { event, is_first } => {
                let (shown, pending) = with_pending(self.room, event, &self.me);
                html! {
                    <EventLine key={row.key()} event={PtrEq(shown)} {pending} is_first={*is_first} who={who(event.by.as_str())}
                        is_target={self.target == Some(event.seq)} is_active={self.active == Some(event.seq)} on_open={self.on_open.clone()} />
                }
            }
            Row::Pending { post, is_first, .. } => html! {
                <PendingLine key={row.key()} post={post.clone()} is_first={*is_first} who={who(self.engine.user())} />
            },
        }
    }
}

/// Opens or closes a fold.
fn toggle_of(events: &[Arc<Event>], is_open: bool, unfolded: &UseStateHandle<HashSet<u64>>) -> Callback<MouseEvent> {
    let (unfolded, seqs) = (unfolded.clone(), events.iter().map(|event| event.seq).collect::<Vec<_>>());
    Callback::from(move |_| {
        let mut next = HashSet::clone(&unfolded);
        if is_open {
            next.retain(|seq| !seqs.contains(seq));
        } else {
            next.extend(seqs.first());
        }
        unfolded.set(next);
    })
}

/// A line with the user's unconfirmed changes, and the last of these.
fn with_pending(room: &Room, event: &Arc<Event>, me: &Option<UserName>) -> (Arc<Event>, Option<PendingAmendment>) {
    match me.as_ref().and_then(|me| room.with_pending(event, me)) {
        Some((event, last)) => (Arc::new(event), Some(last.clone())),
        None => (event.clone(), None),
    }
}

/// The display names of a room's members.
pub fn names_of(room: &Room) -> SortedMap<String, AttrValue> {
    let people = room.people.iter().flat_map(|people| people.iter());
    people.map(|member| (member.user.to_string(), AttrValue::from(member.name.clone()))).collect()
}
