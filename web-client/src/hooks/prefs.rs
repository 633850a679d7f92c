//! The user's preferences: language and theme. Stored in this browser; by default the browser's own apply.

use std::rc::Rc;

use yew::prelude::*;

use crate::i18n::{Lang, Words};
use crate::services::{browser, storage};

/// The preferences.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Prefs {
    pub lang: Lang,
    pub theme: Theme,
}

#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Theme {
    #[default]
    System,
    Light,
    Dark,
}

impl Theme {
    /// The value of `data-theme`; `None` for the system's theme.
    pub fn attribute(self) -> Option<&'static str> {
        match self {
            Theme::System => None,
            Theme::Light => Some("light"),
            Theme::Dark => Some("dark"),
        }
    }
}

impl Prefs {
    /// The stored preferences.
    pub fn kept() -> Self {
        let theme = match storage::read(storage::THEME).as_deref() {
            Some("light") => Theme::Light,
            Some("dark") => Theme::Dark,
            _ => Theme::System,
        };
        let tag = storage::read(storage::LANGUAGE).unwrap_or_else(browser::language);
        let prefs = Prefs { lang: Lang::of_tag(&tag), theme };
        prefs.apply();
        prefs
    }

    /// Applies them where CSS and screen readers look.
    fn apply(self) {
        let Some(root) = browser::document().document_element() else { return };
        let _ = root.set_attribute("lang", self.lang.tag());
        let _ = match self.theme.attribute() {
            Some(theme) => root.set_attribute("data-theme", theme),
            None => root.remove_attribute("data-theme"),
        };
    }
}

/// A change.
#[derive(Clone, Copy, Debug)]
pub enum PrefsAction {
    Lang(Lang),
    Theme(Theme),
}

impl Reducible for Prefs {
    type Action = PrefsAction;

    fn reduce(self: Rc<Self>, action: PrefsAction) -> Rc<Self> {
        let mut next = *self;
        match action {
            PrefsAction::Lang(lang) => {
                next.lang = lang;
                storage::write(storage::LANGUAGE, Some(lang.tag()));
            }
            PrefsAction::Theme(theme) => {
                next.theme = theme;
                storage::write(storage::THEME, theme.attribute());
            }
        }
        next.apply();
        Rc::new(next)
    }
}

pub type PrefsHandle = UseReducerHandle<Prefs>;

#[hook]
pub fn use_prefs() -> PrefsHandle {
    use_context::<PrefsHandle>().expect("everything is inside App")
}

/// The words of the chosen language.
#[hook]
pub fn use_words() -> &'static Words {
    use_prefs().lang.words()
}
