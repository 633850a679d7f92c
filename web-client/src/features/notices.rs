//! Words about what went wrong, above the composer, until they are dismissed.

use wardroom_client_core::Subject;
use yew::prelude::*;

use crate::app::{Engine, Notice, NoticeWhat, Topic};
use crate::hooks::{use_topic, use_words};
use crate::i18n::{Words, fill};
use crate::limits::UPLOADS_QUEUED_MAX;
use crate::testids;

/// The notices.
#[component]
pub fn Notices() -> Html {
    let words = use_words();
    let engine = use_topic(Topic::Notices);
    let item = |notice: &Notice| {
        let dismiss = {
            let (engine, number) = (engine.clone(), notice.number);
            Callback::from(move |_| engine.dismiss(number))
        };
        let is_bad = !matches!(notice.what, NoticeWhat::Server(_) | NoticeWhat::Hook(_) | NoticeWhat::NotHere(..));
        html! {
            <div key={notice.number} class={classes!("notice", is_bad.then_some("notice--bad"))} data-testid={testids::NOTICE}>
                <span class="notice__words">{ sentence(&notice.what, &engine, words) }</span>
                <button class="act" onclick={dismiss}>{ words.dismiss }</button>
            </div>
        }
    };
    html! { <div class="notices" role="alert">{ for engine.notices().iter().map(item) }</div> }
}

fn sentence(what: &NoticeWhat, engine: &Engine, words: &Words) -> String {
    match what {
        NoticeWhat::Server(text) => text.clone(),
        NoticeWhat::Hook(address) => format!("{} {address}", words.settings.hook_told),
        NoticeWhat::NotHere(room, users) => {
            let names = users.iter().map(|user| format!("@{user}")).collect::<Vec<_>>().join(", ");
            let sentence = if users.len() == 1 { words.not_here } else { words.not_here_all };
            fill(sentence, &[&names, &engine.room_called(room)])
        }
        NoticeWhat::BadName(name, why) => fill(words.bad_name, &[name, why]),
        NoticeWhat::OutboxFull => words.outbox_full.to_owned(),
        NoticeWhat::NotKept => words.not_kept.to_owned(),
        NoticeWhat::SignOutFailed => words.sign_out_failed.to_owned(),
        NoticeWhat::UploadNotAdded(name, why) => fill(words.upload_not_added, &[name, why]),
        NoticeWhat::Unreadable(path) => fill(words.folder_unreadable, &[path]),
        NoticeWhat::TooManyFiles => fill(words.folder_full, &[&UPLOADS_QUEUED_MAX.to_string()]),
        NoticeWhat::InviteWhileIn => fill(words.invite_signed_in, &[engine.user()]),
        NoticeWhat::Failed(subject, refusal) => {
            let sentence = match subject {
                Subject::RunStart(_) => words.run_not_started,
                Subject::Room(_) => words.room_not_made,
                _ => words.went_wrong,
            };
            fill(sentence, &[&words.why(refusal)])
        }
    }
}
