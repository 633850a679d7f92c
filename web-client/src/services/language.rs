//! Loads the words of a language that is not part of the program.

use super::http;
use crate::i18n::Lang;

/// Loads the words, unless they are there. Without them the page is in English.
pub async fn load(lang: Lang) {
    if let Some(file) = lang.missing_file()
        && let Ok(reply) = http::get(file).await
        && reply.is_ok()
    {
        lang.load(&reply.body);
    }
}
