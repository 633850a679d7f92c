//! Notices above the composer, until they are dismissed.

use wardroom_client_core::Operation;
use yew::prelude::*;

use crate::engine::{Engine, Notice, NoticeKind, Topic};
use crate::hooks::{use_topic, use_words};
use crate::i18n::{Words, fill};
use crate::limits::UPLOADS_QUEUED_MAX;
use crate::testids;

#[component]
pub fn Notices() -> Html {
    let words = use_words();
    let engine = use_topic(Topic::Notices);
    let item = |notice: &Notice| {
        let dismiss = {
            let (engine, number) = (engine.clone(), notice.number);
            Callback::from(move |_| engine.dismiss_notice(number))
        };
        let is_bad = !matches!(notice.what, NoticeKind::Server(_) | NoticeKind::Hook(_) | NoticeKind::NotInRoom(..));
        html! {
            <div key={notice.number} class={classes!("notice", is_bad.then_some("notice--error"))} data-testid={testids::NOTICE}>
                <span class="notice__text">{ sentence(&notice.what, &engine, words) }</span>
                <button class="text-button" onclick={dismiss}>{ words.dismiss }</button>
            </div>
        }
    };
    html! { <div class="notices" role="alert">{ for engine.notices().iter().map(item) }</div> }
}

fn sentence(what: &NoticeKind, engine: &Engine, words: &Words) -> String {
    match what {
        NoticeKind::Server(text) => text.clone(),
        NoticeKind::Hook(address) => format!("{} {address}", words.settings.hook_url_notice),
        NoticeKind::NotInRoom(room, users) => {
            let names = users.iter().map(|user| format!("@{user}")).collect::<Vec<_>>().join(", ");
            let sentence = if users.len() == 1 { words.not_here } else { words.not_here_all };
            fill(sentence, &[&names, &engine.room_label(room)])
        }
        NoticeKind::BadName(name, why) => fill(words.bad_name, &[name, why]),
        NoticeKind::OutboxFull => words.outbox_full.to_owned(),
        NoticeKind::NotKept => words.storage_full.to_owned(),
        NoticeKind::SignOutFailed => words.sign_out_failed.to_owned(),
        NoticeKind::UploadNotAdded(name, why) => fill(words.upload_not_added, &[name, why]),
        NoticeKind::Unreadable(path) => fill(words.folder_unreadable, &[path]),
        NoticeKind::TooManyFiles => fill(words.too_many_files, &[&UPLOADS_QUEUED_MAX.to_string()]),
        NoticeKind::InviteWhileIn => fill(words.invite_signed_in, &[engine.user()]),
        NoticeKind::Failed(operation, error) => {
            let sentence = match operation {
                Operation::RunStart(_) => words.run_not_started,
                Operation::Room(_) => words.room_not_created,
                _ => words.generic_error,
            };
            fill(sentence, &[&words.why(error)])
        }
    }
}
