//! The room's files and folders, loaded when they are shown and when one is added.

use wardroom_client_core::Change;
use wardroom_client_core::protocol::messages::{FileInfo, FileKind, FileList, FileListed, Place};
use wardroom_client_core::protocol::{EventBody, RelPath, RoomName};
use yew::prelude::*;

use crate::components::{FileButton, Icon, icon};
use crate::engine::Topic;
use crate::hooks::{use_topic, use_words};
use crate::i18n::fill;
use crate::logic::route::file_path;
use crate::services::browser;
use crate::testids;
use crate::text::format::bytes;

#[derive(PartialEq, Properties)]
pub struct RoomFilesProps {
    pub room: RoomName,
}

/// The state of a folder.
#[derive(Clone, PartialEq)]
enum Listing {
    Loading,
    Failed(String),
    Ready(Vec<FileInfo>),
}

#[component]
pub fn RoomFiles(props: &RoomFilesProps) -> Html {
    let words = use_words();
    let engine = use_topic(Topic::Model(Change::Room(props.room.clone())));
    let folder = use_state_eq(|| Option::<RelPath>::None);
    let listing = use_state_eq(|| Listing::Loading);
    let last_added = engine.read(|client| {
        let room = client.rooms().get(&props.room)?;
        room.timeline.events().rev().find(|event| matches!(event.body, EventBody::FileAdded(_))).map(|event| event.seq)
    });
    use_effect_with((props.room.clone(), (*folder).clone(), last_added), {
        let (engine, set) = (engine.clone(), listing.setter());
        move |(room, folder, _)| {
            let set = set.clone();
            let on_answer =
                Callback::from(move |answer: Result<wardroom_client_core::protocol::messages::Answer, _>| {
                    set.set(match answer.map(|answer| answer.fields::<FileListed>()) {
                        Ok(Ok(listed)) => Listing::Ready(listed.entries),
                        Ok(Err(error)) => Listing::Failed(error.to_string()),
                        Err(error) => Listing::Failed(words.why(&error)),
                    });
                });
            engine.request(FileList { place: Place::Room(room.clone()), path: folder.clone(), after: None }, on_answer);
        }
    });
    let go = |to: Option<RelPath>| {
        let folder = folder.setter();
        Callback::from(move |_: MouseEvent| folder.set(to.clone()))
    };
    let entry = |info: &FileInfo| {
        let path = folder.as_ref().map_or_else(|| info.name.clone(), |folder| format!("{folder}/{}", info.name));
        match info.kind {
            FileKind::Folder => html! {
                <button key={info.name.as_str()} class="item" onclick={go(RelPath::parse(&path).ok())} data-testid={testids::FILE_ENTRY} data-path={path.clone()}>
                    <span class="item__name">{ icon(Icon::Folder) }{ &info.name }</span><span class="item__aside">{ words.folder }</span>
                </button>
            },
            FileKind::File => html! {
                <a key={info.name.as_str()} class="item" href={file_path(props.room.as_str(), &path)} download={info.name.clone()}
                    title={fill(words.size_of, &[words.download, &path])} data-testid={testids::FILE_ENTRY} data-path={path.clone()}>
                    <span class="item__name">{ icon(Icon::File) }{ &info.name }</span><span class="item__aside">{ bytes(info.size) }</span>
                    <span class="item__detail">{ when(info.mtime) }</span>
                </a>
            },
        }
    };
    let body = match &*listing {
        Listing::Loading => html! { <p class="list__empty">{ words.loading }</p> },
        Listing::Failed(why) => {
            html! { <p class="list__empty error" role="alert">{ fill(words.generic_error, &[why]) }</p> }
        }
        Listing::Ready(entries) if entries.is_empty() => html! { <p class="list__empty">{ words.files_none }</p> },
        Listing::Ready(entries) => html! { <div class="list">{ for entries.iter().map(entry) }</div> },
    };
    html! {
        <div class="list">
            if let Some(here) = &*folder {
                <button class="item" onclick={go(here.parent())}><span class="item__name">{ icon(Icon::Back) }{ here.as_str() }</span>
                    <span class="item__aside">{ words.up }</span></button>
            }
            { body }
            <p class="list__empty"><FileButton room={props.room.clone()} words={words.add_files} /></p>
        </div>
    }
}

/// The time for a file of today, otherwise with the date.
fn when(mtime: u64) -> String {
    let (at, now) = (browser::local(mtime), browser::local(browser::now_ms()));
    if at.day == now.day { at.hh_mm() } else { format!("{} {}", browser::date_digits(mtime), at.hh_mm()) }
}
