//! Names to choose from: their common beginning, and the one that Tab has selected.

/// The names, and the byte of the text at which they are inserted.
#[derive(Debug)]
pub(crate) struct Menu {
    from: usize,
    names: Vec<String>,
    at: Option<usize>,
}

impl Menu {
    /// `None` if there are no names.
    pub(crate) fn new(from: usize, names: Vec<String>) -> Option<Menu> {
        (!names.is_empty()).then_some(Menu { from, names, at: None })
    }

    /// Returns what to insert for `part`, if it is longer; and the menu, if there is still a choice.
    pub(crate) fn first(self, part: &str) -> (Option<String>, Option<Menu>) {
        match self.names.as_slice() {
            // The path continues after a folder.
            [only] if only.ends_with('/') => (Some(only.clone()), None),
            [only] => (Some(format!("{only} ")), None),
            names => {
                let common = common(names);
                (Some(common).filter(|common| common.len() > part.len()), Some(self))
            }
        }
    }

    /// Returns the next name, or the previous one.
    pub(crate) fn next(&mut self, forward: bool) -> (usize, String) {
        let last = self.names.len().saturating_sub(1);
        let at = match (self.at, forward) {
            (None, true) => 0,
            (None, false) => last,
            (Some(at), true) => at.checked_add(1).filter(|at| *at <= last).unwrap_or(0),
            (Some(at), false) => at.checked_sub(1).unwrap_or(last),
        };
        self.at = Some(at);
        (self.from, self.names.get(at).cloned().unwrap_or_default())
    }

    /// Returns the names, starting a little before the chosen one to keep it visible; each with whether it is chosen.
    pub(crate) fn shown(&self) -> impl Iterator<Item = (&str, bool)> {
        let first = self.at.map_or(0, |at| at.saturating_sub(2));
        self.names.iter().enumerate().skip(first).map(|(at, name)| (name.as_str(), self.at == Some(at)))
    }
}

/// Returns the common beginning of all names.
fn common(names: &[String]) -> String {
    let Some((first, rest)) = names.split_first() else { return String::new() };
    let mut common = first.as_str();
    for name in rest {
        let len: usize = common.chars().zip(name.chars()).take_while(|(a, b)| a == b).map(|(a, _)| a.len_utf8()).sum();
        common = common.get(..len).unwrap_or_default();
    }
    common.to_owned()
}
