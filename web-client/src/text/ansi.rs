//! A terminal's colours as classes. What a line's pieces are, `wardroom_protocol::ansi` says; no byte of a run reaches the page in
//! another way.

pub use wardroom_protocol::ansi::{Span, Style, lines, spans};

/// The classes of `output.css` that draw a style; empty for plain text.
pub fn classes(style: Style) -> String {
    let mut out = String::new();
    let mut add = |is_on: bool, class: &str| {
        if is_on {
            out.push_str(if out.is_empty() { "" } else { " " });
            out.push_str(class);
        }
    };
    add(style.is_bold, "a-b");
    add(style.is_dim, "a-d");
    add(style.is_italic, "a-i");
    add(style.is_underlined, "a-u");
    add(style.is_reversed, "a-r");
    add(style.is_struck, "a-s");
    if let Some(n) = style.ink {
        add(!style.is_reversed, &format!("f-{n}"));
    }
    if let Some(n) = style.ground {
        add(!style.is_reversed, &format!("b-{n}"));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_become_classes() {
        let pieces = spans("a \x1b[1;31mred\x1b[0m b\x1b[92;44mx\x1b[7my", &mut Style::default());
        let classes: Vec<_> = pieces.iter().map(|span| classes(span.style)).collect();
        assert_eq!(classes, ["", "a-b f-1", "", "f-10 b-4", "a-r"]);
    }
}
