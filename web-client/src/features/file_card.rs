//! A file in the timeline.

use wardroom_client_core::protocol::{Event, EventBody};
use yew::prelude::*;

use crate::components::{Icon, icon};
use crate::hooks::{PtrEq, use_words};
use crate::logic::route::file_path;
use crate::testids;
use crate::text::format::bytes;

#[derive(PartialEq, Properties)]
pub struct FileCardProps {
    pub event: PtrEq<Event>,
}

#[component]
pub fn FileCard(props: &FileCardProps) -> Html {
    let words = use_words();
    let EventBody::FileAdded(file) = &props.event.body else { return Html::default() };
    let path = file.path.as_str();
    html! {
        <article class="card card--file" aria-label={path.to_owned()} data-testid={testids::FILE_CARD} data-path={path.to_owned()}>
            <div class="card__head card__head--file">
                <span class="card__icon">{ icon(Icon::File) }</span>
                <div class="card__main">
                    <span class="card__title" title={path.to_owned()}>{ path }</span>
                    <span class="card__meta num">{ bytes(file.size) }</span>
                </div>
                <a class="text-button" href={file_path(props.event.room.as_str(), path)} download={file.path.file_name().to_owned()}
                    data-testid={testids::FILE_DOWNLOAD}>{ icon(Icon::Download) }<span class="text-button__label">{ words.download }</span></a>
            </div>
        </article>
    }
}
