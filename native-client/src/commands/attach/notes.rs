//! The notes of ours on a terminal that belongs to a program: one row at the top, over whatever the program shows there.
//! It is not at the bottom, where a shell's prompt is.

use wardroom_client_core::Keyboard;
use wardroom_protocol::UserName;

/// Returns the bytes that show a note and leave the cursor where it was.
pub(super) fn on_first_row(words: &str, cols: u16) -> Vec<u8> {
    let row = crate::edit::cut(&format!(" wardroom: {words} "), usize::from(cols));
    format!("\x1b7\x1b[H\x1b[0;7m{row}\x1b[0m\x1b[K\x1b8").into_bytes()
}

/// Returns the bytes that show a note between lines of output.
pub(super) fn between_lines(words: &str) -> Vec<u8> {
    format!("\r\n\x1b[7m wardroom: {words} \x1b[0m\r\n").into_bytes()
}

/// What is said when one begins to watch.
pub(super) fn begin(n: u64, holder: Option<&UserName>, asks: bool) -> String {
    let who = holder.map_or_else(|| "nobody has the keyboard".to_owned(), |holder| format!("{holder} types"));
    let how = if asks { "" } else { ", ~k asks for the keyboard" };
    format!("watching r{n}: {who}{how}; ~. leaves, ~? helps")
}

/// What is said when the keyboard has changed; `None` if nobody here need know.
pub(super) fn keyboard(before: &Keyboard, now: &Keyboard, me: Option<&UserName>) -> Option<String> {
    if now.mine != before.mine {
        return Some(match (&now.holder, now.mine) {
            (_, true) => "you have the keyboard; ~K releases it".to_owned(),
            (Some(holder), false) if Some(holder) == me => {
                "you type in another window; ~k takes the keyboard".to_owned()
            }
            (Some(holder), false) => format!("{holder} has the keyboard now; ~k asks for it"),
            (None, false) => "nobody has the keyboard; ~k takes it".to_owned(),
        });
    }
    if now.holder != before.holder {
        return Some(match &now.holder {
            Some(holder) => format!("{holder} has the keyboard"),
            None => "nobody has the keyboard; ~k takes it".to_owned(),
        });
    }
    let asks = now.asked.iter().find(|user| !before.asked.contains(user))?;
    Some(match &now.holder {
        _ if now.mine => format!("{asks} asks for the keyboard; ~K passes it on"),
        Some(holder) if Some(asks) == me => format!("asked {holder} for the keyboard; ~k again takes it if you may"),
        _ => format!("{asks} asks for the keyboard"),
    })
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    fn name(text: &str) -> UserName {
        UserName::parse(text).unwrap()
    }

    #[test]
    fn hands_are_named() {
        let nobody = Keyboard::default();
        let mine = Keyboard { lease: 1, holder: Some(name("ann")), mine: true, ..Keyboard::default() };
        let ben = Keyboard { lease: 2, holder: Some(name("ben")), ..Keyboard::default() };
        let asked = Keyboard { asked: vec![name("ann")], ..ben.clone() };
        let me = name("ann");
        let said = |before: &Keyboard, now: &Keyboard| keyboard(before, now, Some(&me)).unwrap_or_default();
        assert!(said(&nobody, &mine).starts_with("you have the keyboard"));
        assert!(said(&mine, &ben).starts_with("ben has the keyboard now"));
        assert!(said(&ben, &nobody).starts_with("nobody"));
        assert!(said(&ben, &asked).starts_with("asked ben"));
        let ben_asks = Keyboard { asked: vec![name("ben")], ..mine.clone() };
        assert!(said(&mine, &ben_asks).starts_with("ben asks"));
        let elsewhere = Keyboard { mine: false, lease: 2, ..mine.clone() };
        assert!(said(&mine, &elsewhere).contains("another window"));
        assert_eq!(said(&asked, &ben), "", "one who no longer asks is no news");
    }

    #[test]
    fn a_note_is_one_row() {
        let shown = String::from_utf8(on_first_row(&"long ".repeat(50), 80)).unwrap();
        assert!(shown.starts_with("\x1b7\x1b[H") && shown.ends_with("\x1b8"), "{shown:?}");
        assert!(shown.chars().count() < 110, "{shown:?}");
    }
}
