//! The arguments of a named command, with places for the values of its parameters: `--to={host}`.

use crate::ids::CommandName;

/// A part of an argument.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Part<'a> {
    /// Text as it is written.
    Text(&'a str),
    /// The value of the parameter with this name.
    Value(&'a str),
}

/// Splits an argument into its parts. Braces around anything but a name are text, as in `{}` and `{print $1}`.
pub fn parts(argument: &str) -> Vec<Part<'_>> {
    let (mut parts, mut rest, mut from) = (Vec::new(), argument, 0);
    while let Some((at, name)) = next_place(rest, from) {
        let is_doubled = rest.get(..at).is_some_and(|before| before.ends_with('{'))
            && rest.get(at + name.len() + 2..).is_some_and(|after| after.starts_with('}'));
        let (before, after) = if is_doubled {
            // One pair of braces is text.
            (rest.get(..at).unwrap_or_default(), rest.get(at + name.len() + 3..).unwrap_or_default())
        } else {
            (rest.get(..at).unwrap_or_default(), rest.get(at + name.len() + 2..).unwrap_or_default())
        };
        if is_doubled {
            let upto = at + name.len() + 2;
            parts.push(Part::Text(before.strip_suffix('{').unwrap_or(before)));
            parts.push(Part::Text(rest.get(at..upto).unwrap_or_default()));
        } else {
            parts.push(Part::Text(before));
            parts.push(Part::Value(name));
        }
        (rest, from) = (after, 0);
    }
    parts.push(Part::Text(rest));
    parts.retain(|part| *part != Part::Text(""));
    parts
}

/// Returns the first name in braces at or after `from`: where its brace is, and the name.
fn next_place(text: &str, mut from: usize) -> Option<(usize, &str)> {
    while let Some(at) = text.get(from..)?.find('{').map(|at| from + at) {
        let inner = text.get(at + 1..)?;
        if let Some(name) = inner.find('}').and_then(|end| inner.get(..end))
            && CommandName::parse(name).is_ok()
        {
            return Some((at, name));
        }
        from = at + 1;
    }
    None
}

/// Returns the names of the parameters that arguments have places for, each once, in order.
pub fn names<'a>(argv: &'a [String]) -> Vec<&'a str> {
    let mut names: Vec<&'a str> = Vec::new();
    for part in argv.iter().flat_map(|argument| parts(argument)) {
        if let Part::Value(name) = part
            && !names.contains(&name)
        {
            names.push(name);
        }
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn braces_around_a_name_are_places() {
        let argv = ["./deploy", "{v}", "--to={host}:{v}", "{{x}}", "{}", "{print $1}"].map(str::to_owned);
        assert_eq!(names(&argv), ["v", "host"]);
        assert_eq!(parts("a{v}{{x}}"), [Part::Text("a"), Part::Value("v"), Part::Text("{x}")]);
    }
}
