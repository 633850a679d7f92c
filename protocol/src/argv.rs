//! A program and its arguments as people read them.

/// Returns the words quoted for a shell.
pub fn quoted<W: AsRef<str>>(argv: &[W]) -> String {
    let is_plain = |b: u8| b.is_ascii_alphanumeric() || b"-_./:=@%+,".contains(&b);
    let mut shown = String::new();
    for word in argv {
        let word = word.as_ref();
        if !shown.is_empty() {
            shown.push(' ');
        }
        if !word.is_empty() && word.bytes().all(is_plain) {
            shown.push_str(word);
        } else {
            shown.push('\'');
            shown.push_str(&word.replace('\'', r"'\''"));
            shown.push('\'');
        }
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_quoted_where_a_shell_needs_it() {
        assert_eq!(quoted(&["ls", "-l", "a b", "", "it's", "$x"]), r"ls -l 'a b' '' 'it'\''s' '$x'");
    }
}
