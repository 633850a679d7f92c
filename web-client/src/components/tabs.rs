//! Tabs, of which one is selected.

use yew::prelude::*;

use crate::testids;

#[derive(PartialEq, Properties)]
pub struct TabsProps {
    /// The key and the label of each tab.
    pub tabs: Vec<(&'static str, &'static str)>,
    /// The key of the selected tab.
    pub chosen: &'static str,
    /// Another tab was selected.
    pub on_tab: Callback<&'static str>,
    /// The name of the group, for screen readers.
    pub label: &'static str,
}

/// The tabs. The left and right arrow keys select the previous and the next one.
#[component]
pub fn Tabs(props: &TabsProps) -> Html {
    let at = props.tabs.iter().position(|(key, _)| *key == props.chosen).unwrap_or(0);
    let onkeydown = {
        let (on_tab, tabs) = (props.on_tab.clone(), props.tabs.clone());
        Callback::from(move |event: KeyboardEvent| {
            let to = match event.key().as_str() {
                "ArrowRight" => (at + 1) % tabs.len(),
                "ArrowLeft" => (at + tabs.len() - 1) % tabs.len(),
                _ => return,
            };
            event.prevent_default();
            if let Some((key, _)) = tabs.get(to) {
                on_tab.emit(key);
            }
        })
    };
    let tab = |(key, says): &(&'static str, &'static str)| {
        let (key, is_chosen) = (*key, *key == props.chosen);
        let onclick = props.on_tab.reform(move |_: MouseEvent| key);
        html! {
            <button {key} class="tab" role="tab" type="button" aria-selected={is_chosen.to_string()} {onclick}
                data-testid={format!("{}-{key}", testids::SETTINGS_TAB)}>{ *says }</button>
        }
    };
    html! { <div class="tabs tabs--line" role="tablist" aria-label={props.label} {onkeydown}>{ for props.tabs.iter().map(tab) }</div> }
}
