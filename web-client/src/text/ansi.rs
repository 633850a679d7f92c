//! The CSS classes that draw a style of [`wardroom_protocol::ansi`].

use wardroom_protocol::ansi::Style;

/// The classes in `output.css`: `sgr-1` for bold, `f-2` for green text, `b-4` on blue. Empty for plain text.
pub fn classes(style: Style) -> String {
    let mut classes: Vec<String> = style.attributes().map(|code| format!("sgr-{code}")).collect();
    // Reversed text has colours of its own.
    if !style.is_reversed {
        classes.extend(style.foreground.map(|n| format!("f-{n}")));
        classes.extend(style.background.map(|n| format!("b-{n}")));
    }
    classes.join(" ")
}

#[cfg(test)]
mod tests {
    use wardroom_protocol::ansi::spans;

    use super::*;

    #[test]
    fn colours_become_classes() {
        let pieces = spans("a \x1b[1;31mred\x1b[0m b\x1b[92;44mx\x1b[7my", &mut Style::default());
        let classes: Vec<_> = pieces.iter().map(|span| classes(span.style)).collect();
        assert_eq!(classes, ["", "sgr-1 f-1", "", "f-10 b-4", "sgr-7"]);
    }
}
