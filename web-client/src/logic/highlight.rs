//! Splits a text at its search matches. Marks count characters, as the server does.

/// The pieces of a text, and whether each is a match. Marks beyond the text are ignored.
pub fn highlighted<'a>(text: &'a str, marks: &[(u32, u32)]) -> Vec<(&'a str, bool)> {
    let bytes: Vec<usize> = text.char_indices().map(|(at, _)| at).chain([text.len()]).collect();
    let byte = |char: u32| bytes.get(char as usize).copied();
    let mut sorted: Vec<(u32, u32)> = marks.to_vec();
    sorted.sort_unstable();
    let mut out = Vec::new();
    let mut at = 0;
    for (first, count) in sorted {
        let (Some(from), Some(to)) = (byte(first), first.checked_add(count).and_then(byte)) else { continue };
        let from = from.max(at);
        if to <= from {
            continue;
        }
        out.push((text.get(at..from).unwrap_or_default(), false));
        out.push((text.get(from..to).unwrap_or_default(), true));
        at = to;
    }
    out.push((text.get(at..).unwrap_or_default(), false));
    out.retain(|(piece, _)| !piece.is_empty());
    out
}

#[cfg(test)]
mod tests {
    use super::highlighted;

    #[test]
    fn what_was_found_is_marked() {
        assert_eq!(
            highlighted("先回滚 4.1", &[(1, 2), (4, 3)]),
            [("先", false), ("回滚", true), (" ", false), ("4.1", true)]
        );
        assert_eq!(highlighted("ab", &[]), [("ab", false)]);
    }

    #[test]
    fn marks_that_lie_are_left_out() {
        assert_eq!(highlighted("ab", &[(5, 1), (u32::MAX, 9), (0, 0), (1, 9)]), [("ab", false)]);
        assert_eq!(highlighted("abcd", &[(0, 3), (1, 1)]), [("abc", true), ("d", false)]);
    }
}
