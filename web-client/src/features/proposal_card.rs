//! A run that waits for an approval: all that will run, and the buttons of those who may decide.

use wardroom_client_core::Change;
use wardroom_client_core::protocol::messages::{Right, RunApprove, RunRefuse};
use wardroom_client_core::protocol::{Event, EventBody};
use yew::prelude::*;

use super::rights::use_rights;
use super::run_card::how;
use crate::engine::Topic;
use crate::hooks::{PtrEq, use_topic, use_words};
use crate::i18n::fill;
use crate::services::browser;
use crate::testids;
use crate::text::sanitize::{one_line, sanitized};

#[derive(PartialEq, Properties)]
pub struct ProposalCardProps {
    /// The event of the proposal.
    pub event: PtrEq<Event>,
}

#[component]
pub fn ProposalCard(props: &ProposalCardProps) -> Html {
    let EventBody::RunProposed(proposed) = &props.event.body else { return Html::default() };
    let words = use_words();
    let engine = use_topic(Topic::Model(Change::Room(props.event.room.clone())));
    let proposal = proposed.n;
    let decided = engine.read(|client| {
        let room = client.rooms().get(&props.event.room)?;
        room.timeline.events().rev().take_while(|event| event.seq > props.event.seq).find_map(|event| {
            match &event.body {
                EventBody::RunStarted(run) => {
                    let approved = run.approved.as_ref().filter(|approved| approved.n == proposal)?;
                    Some(fill(words.proposal_approved, &[approved.by.as_str()]))
                }
                EventBody::RunRefused(refused) if refused.n == proposal => Some(words.proposal_over.to_owned()),
                _ => None,
            }
        })
    });
    let decided =
        decided.or_else(|| (engine.server_now_ms() >= proposed.until).then(|| words.proposal_over.to_owned()));
    let is_over = decided.is_some();
    let is_own = props.event.by.as_str() == engine.user();
    let hosts = if proposed.hosts.is_empty() { std::slice::from_ref(&proposed.host) } else { &proposed.hosts };
    let rights = use_rights(&props.event.room);
    let may = hosts.iter().all(|host| rights.allows(Right::Approve, Some(host)));
    let approve = {
        let engine = engine.clone();
        Callback::from(move |_: MouseEvent| engine.send(RunApprove { proposal }))
    };
    let refuse = {
        let engine = engine.clone();
        Callback::from(move |_: MouseEvent| engine.send(RunRefuse { proposal }))
    };
    let cwd = proposed.cwd.as_ref().map(|cwd| format!(" · {}", one_line(cwd))).unwrap_or_default();
    let env: String =
        proposed.env.iter().map(|(name, value)| format!(" · {}={}", one_line(name), one_line(value))).collect();
    let conditions = how(&proposed.conditions(), proposed.isolation.iter(), words);
    let detach = if proposed.detach { format!(" · {}", words.runs.run_detach) } else { String::new() };
    let hosts = sanitized(&proposed.hosts_words()).into_owned();
    let digest: String = proposed.digest.chars().take(12).collect();
    let state = decided.unwrap_or_else(|| fill(words.proposal_until, &[&browser::local(proposed.until).hh_mm()]));
    let by = fill(words.proposal_by, &[props.event.by.as_str()]);
    html! {
        <article class="card" aria-label={fill(words.proposal_label, &[&proposal.to_string(), &one_line(&proposed.cmd)])}
            data-testid={testids::PROPOSAL_CARD} data-proposal={proposal.to_string()}>
            <div class="card__head">
                <div class="card__main">
                    <code class="card__cmd" title={sanitized(&proposed.cmd).into_owned()}>{ sanitized(proposed.cmd.trim()).into_owned() }</code>
                    <span class="card__meta card__meta--whole"><span>{ format!("p{proposal} · {hosts}{cwd}{env}{conditions}{detach} · {digest} · {by} · {state}") }</span></span>
                    if proposed.tty.is_some() || proposed.stdin { <span class="card__meta card__meta--whole">{ words.proposal_terminal }</span> }
                </div>
                if !is_over && may && !is_own {
                    <button class="button" type="button" onclick={approve} data-testid={testids::PROPOSAL_APPROVE}>{ words.proposal_approve }</button>
                }
                if !is_over && (may || is_own) {
                    <button class="button" type="button" onclick={refuse} data-testid={testids::PROPOSAL_REFUSE}>
                        { if is_own { words.proposal_withdraw } else { words.proposal_refuse } }
                    </button>
                }
            </div>
        </article>
    }
}
