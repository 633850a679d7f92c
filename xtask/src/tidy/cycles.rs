//! No circle of modules: within a crate, no file may need a file that needs it in turn, whatever lies between.
//!
//! Sources are read as tokens, so that what stands inside a macro counts too. A name is charged to the file that
//! defines it: a re-export (`pub use`) is followed, and is no use by itself. Code under `#[cfg(test)]` does not count.

use std::collections::{BTreeMap, BTreeSet};
use std::str::FromStr;

use proc_macro2::{Delimiter, TokenStream, TokenTree};

use super::source::Source;

/// A path in the module tree of a crate: `["rooms", "people"]`; the root is empty.
type Path = Vec<String>;

/// One file of a crate.
#[derive(Default)]
struct Module {
    /// Relative to the root of the repository.
    file: String,
    /// Names that `use` brings in, and what they stand for: modules, and what is re-exported.
    names: BTreeMap<String, Path>,
    /// Names that are visible from outside by `pub use`.
    exports: BTreeMap<String, Path>,
    /// Modules all of whose names are re-exported.
    globs: Vec<Path>,
    /// What is defined here.
    defined: BTreeSet<String>,
    /// Paths as they are written in the code.
    written: BTreeSet<Path>,
    /// Paths that `use` names, from the root of the crate.
    imported: BTreeSet<Path>,
}

/// One crate: its modules by path.
type Tree = BTreeMap<Path, Module>;

/// The words before a name that is being defined.
const DEFINES: [&str; 8] = ["struct", "enum", "union", "trait", "fn", "const", "static", "type"];

/// Names each circle, by the files that are in it.
pub fn circles(sources: &[Source]) -> Vec<String> {
    let mut crates: BTreeMap<&str, Tree> = BTreeMap::new();
    let mut found = Vec::new();
    for source in sources {
        let Some((name, path)) = place(&source.path) else { continue };
        let Ok(tokens) = TokenStream::from_str(&source.text) else {
            found.push(format!("{}: is no Rust that can be read", source.path));
            continue;
        };
        let mut module = Module { file: source.path.clone(), ..Module::default() };
        read(&path, tokens, &mut module);
        crates.entry(name).or_default().insert(path, module);
    }
    found.extend(crates.values().flat_map(faults));
    found
}

/// The crate's folder and the module's path of a source file: `core/src/rooms/people.rs`.
fn place(file: &str) -> Option<(&str, Path)> {
    let (name, inner) = match file.strip_prefix("src/") {
        Some(inner) => ("", inner),
        None => file.split_once("/src/")?,
    };
    let inner = inner.strip_suffix(".rs")?;
    let mut path: Path = inner.split('/').map(str::to_owned).collect();
    if matches!(path.last().map(String::as_str), Some("mod" | "lib" | "main")) {
        path.pop();
    }
    // A crate's tests and its programs beside a library are not part of its tree.
    (!path.iter().any(|part| part == "bin" || part == "tests")).then_some((name, path))
}

/// Reads the tokens of one module into `module`.
fn read(here: &Path, tokens: TokenStream, module: &mut Module) {
    let tokens: Vec<TokenTree> = tokens.into_iter().collect();
    let mut at = 0;
    while let Some(token) = tokens.get(at) {
        if let Some(past) = past_test_code(&tokens, at) {
            at = past;
            continue;
        }
        match token {
            TokenTree::Ident(word) if *word == "use" => at = read_use(here, &tokens, at, module),
            TokenTree::Ident(_) => {
                let (path, past) = read_path(&tokens, at);
                if let (true, Some(TokenTree::Ident(name))) = (DEFINES.contains(&path[0].as_str()), tokens.get(past)) {
                    module.defined.insert(name.to_string());
                }
                if path.len() > 1 && !continues_path(&tokens, at) {
                    module.written.insert(path);
                }
                at = past;
            }
            TokenTree::Group(group) => {
                read(here, group.stream(), module);
                at += 1;
            }
            _ => at += 1,
        }
    }
}

/// Where `#[cfg(test)]` stands at `at`: the place behind the item that follows it.
fn past_test_code(tokens: &[TokenTree], at: usize) -> Option<usize> {
    let TokenTree::Punct(hash) = tokens.get(at)? else { return None };
    let TokenTree::Group(attribute) = tokens.get(at + 1)? else { return None };
    let is_test = attribute.stream().to_string().replace(' ', "") == "cfg(test)";
    if hash.as_char() != '#' || !is_test {
        return None;
    }
    let ends_item = |token: &TokenTree| match token {
        TokenTree::Group(group) => group.delimiter() == Delimiter::Brace,
        TokenTree::Punct(punct) => punct.as_char() == ';',
        _ => false,
    };
    let length = tokens.iter().skip(at + 2).position(ends_item)?;
    Some(at + 2 + length + 1)
}

/// True if the word at `at` goes on with a path that began before it.
fn continues_path(tokens: &[TokenTree], at: usize) -> bool {
    at > 0
        && matches!(&tokens[at - 1], TokenTree::Punct(punct) if punct.as_char() == ':')
        && at > 1
        && matches!(&tokens[at - 2], TokenTree::Punct(punct) if punct.as_char() == ':')
}

/// The path that begins with the word at `at`, and the place behind it.
fn read_path(tokens: &[TokenTree], mut at: usize) -> (Path, usize) {
    let mut path = Path::new();
    while let Some(TokenTree::Ident(word)) = tokens.get(at) {
        path.push(word.to_string());
        at += 1;
        let is_separator = is_colon(tokens.get(at)) && is_colon(tokens.get(at + 1));
        if !is_separator || !matches!(tokens.get(at + 2), Some(TokenTree::Ident(_))) {
            break;
        }
        at += 2;
    }
    (path, at)
}

fn is_colon(token: Option<&TokenTree>) -> bool {
    matches!(token, Some(TokenTree::Punct(punct)) if punct.as_char() == ':')
}

/// Reads the `use` at `at`; gives the place behind it.
fn read_use(here: &Path, tokens: &[TokenTree], at: usize, module: &mut Module) -> usize {
    let is_end = |token: &TokenTree| matches!(token, TokenTree::Punct(punct) if punct.as_char() == ';');
    let Some(length) = tokens[at..].iter().position(is_end) else { return at + 1 };
    let is_public = match at.checked_sub(1).and_then(|before| tokens.get(before)) {
        Some(TokenTree::Ident(word)) => *word == "pub",
        // `pub(crate)` and `pub(super)`.
        Some(TokenTree::Group(group)) => group.delimiter() == Delimiter::Parenthesis,
        _ => false,
    };
    let mut found = Vec::new();
    read_use_tree(&Path::new(), &tokens[at + 1..at + length], &mut found);
    for (path, name) in found {
        let Some(path) = absolute(here, &path, module) else { continue };
        if name == "*" {
            if is_public {
                module.globs.push(path);
            } else {
                module.imported.insert(path);
            }
            continue;
        }
        if is_public {
            module.exports.insert(name.clone(), path.clone());
        } else {
            module.imported.insert(path.clone());
        }
        module.names.insert(name, path);
    }
    at + length + 1
}

/// Adds each path of a use tree and the name that it gets here; `*` for all names of a module.
fn read_use_tree(before: &Path, tokens: &[TokenTree], found: &mut Vec<(Path, String)>) {
    for branch in tokens.split(|token| matches!(token, TokenTree::Punct(punct) if punct.as_char() == ',')) {
        let mut path = before.clone();
        let mut name = None;
        let mut words = branch.iter();
        while let Some(token) = words.next() {
            match token {
                TokenTree::Ident(word) if *word == "as" => name = words.next().map(ToString::to_string),
                TokenTree::Ident(word) => path.push(word.to_string()),
                TokenTree::Punct(punct) if punct.as_char() == '*' => name = Some("*".to_owned()),
                TokenTree::Group(group) => {
                    let inner: Vec<TokenTree> = group.stream().into_iter().collect();
                    read_use_tree(&path, &inner, found);
                    path.clear();
                }
                _ => {}
            }
        }
        if path.last().is_some_and(|last| last == "self") {
            path.pop();
        }
        let own = path.last().cloned();
        if let Some(name) = name.or(own) {
            found.push((path, name));
        }
    }
}

/// What a path that is written in the module `here` means from the root of its crate; `None` for other crates' names.
fn absolute(here: &Path, path: &Path, module: &Module) -> Option<Path> {
    let (first, rest) = path.split_first()?;
    let mut base = match first.as_str() {
        "crate" => Path::new(),
        "self" => here.clone(),
        "super" => here.get(..here.len().checked_sub(1)?)?.to_vec(),
        name => match module.names.get(name) {
            Some(meaning) => meaning.clone(),
            // A child of this module, perhaps; if there is none, nothing is found there.
            None => here.iter().cloned().chain([name.to_owned()]).collect(),
        },
    };
    for part in rest {
        if part == "super" { drop(base.pop()) } else { base.push(part.clone()) }
    }
    Some(base)
}

/// The module that defines what a path names; `None` for a module itself, and for what is not in this crate.
fn definer(tree: &Tree, path: &Path, steps: usize) -> Option<Path> {
    let length = (0..=path.len()).rev().find(|length| tree.contains_key(&path[..*length]))?;
    let (owner, rest) = path.split_at(length);
    let (name, inner) = rest.split_first()?;
    let module = tree.get(owner)?;
    if steps == 0 || module.defined.contains(name) {
        return Some(owner.to_vec());
    }
    if let Some(target) = module.exports.get(name) {
        let target: Path = target.iter().chain(inner).cloned().collect();
        return definer(tree, &target, steps - 1);
    }
    let mut through =
        module.globs.iter().filter(|glob| tree.get(*glob).is_some_and(|other| other.defined.contains(name)));
    through.next().cloned().or_else(|| Some(owner.to_vec()))
}

/// The circles of one crate.
fn faults(tree: &Tree) -> Vec<String> {
    let edges: BTreeMap<&Path, BTreeSet<Path>> =
        tree.iter().map(|(path, module)| (path, needs(tree, path, module))).collect();
    let reachable: BTreeMap<&Path, BTreeSet<Path>> = edges.keys().map(|path| (*path, reach(&edges, path))).collect();
    let mut told: BTreeSet<&Path> = BTreeSet::new();
    let mut faults = Vec::new();
    for (path, from_here) in &reachable {
        if told.contains(path) || !from_here.contains(*path) {
            continue;
        }
        let is_back = |other: &&Path| from_here.contains(*other) && reachable[*other].contains(*path);
        let circle: Vec<&Path> = reachable.keys().copied().filter(is_back).collect();
        let files: Vec<&str> =
            circle.iter().filter_map(|path| tree.get(*path)).map(|module| module.file.as_str()).collect();
        let ties = circle.iter().flat_map(|path| {
            let inside = edges[*path].iter().filter(|other| circle.contains(other));
            inside.filter_map(|other| Some(format!("  {} -> {}", tree.get(*path)?.file, tree.get(other)?.file)))
        });
        let ties: Vec<String> = ties.collect();
        faults.push(format!("{} modules form a circle: {}\n{}", files.len(), files.join(", "), ties.join("\n")));
        told.extend(circle);
    }
    faults
}

/// The other files that a module needs.
fn needs(tree: &Tree, path: &Path, module: &Module) -> BTreeSet<Path> {
    /// Re-exports of re-exports of re-exports: nobody reads further, and no loop is followed for ever.
    const STEPS_MAX: usize = 8;
    let is_module = |name: &String| tree.contains_key(&[path.as_slice(), std::slice::from_ref(name)].concat());
    let is_ours = |first: &String| {
        matches!(first.as_str(), "crate" | "self" | "super") || module.names.contains_key(first) || is_module(first)
    };
    let written = module.written.iter().filter(|used| used.first().is_some_and(is_ours));
    let written = written.filter_map(|used| absolute(path, used, module));
    let used = written.chain(module.imported.iter().cloned());
    used.filter_map(|used| definer(tree, &used, STEPS_MAX)).filter(|other| other != path).collect()
}

/// All that can be reached from a module in one step or more.
fn reach(edges: &BTreeMap<&Path, BTreeSet<Path>>, from: &Path) -> BTreeSet<Path> {
    let mut found = BTreeSet::new();
    let mut next: Vec<&Path> = vec![from];
    while let Some(path) = next.pop() {
        for other in edges.get(path).into_iter().flatten() {
            if found.insert(other.clone()) {
                next.push(other);
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn crate_of(files: &[(&str, &str)]) -> Vec<Source> {
        files.iter().map(|(path, text)| Source { path: format!("a/src/{path}"), text: (*text).to_owned() }).collect()
    }

    #[test]
    fn a_circle_is_found_through_re_exports_and_macros() {
        let sources = crate_of(&[
            ("lib.rs", "mod rooms; mod state;"),
            ("rooms/mod.rs", "mod people; pub use people::People;"),
            ("rooms/people.rs", "use crate::state::State; pub struct People;"),
            ("state.rs", "pub struct State; fn f() { select! { x => crate::rooms::People } }"),
        ]);
        let faults = circles(&sources);
        assert_eq!(faults.len(), 1);
        assert!(
            faults[0].starts_with("2 modules form a circle: a/src/rooms/people.rs, a/src/state.rs"),
            "{}",
            faults[0]
        );
    }

    #[test]
    fn what_points_one_way_is_no_circle() {
        let sources = crate_of(&[
            ("lib.rs", "mod rooms; mod state; use state::State;"),
            ("rooms/mod.rs", "mod people; pub use people::People; pub struct Room;"),
            (
                "rooms/people.rs",
                "use super::Room; pub struct People;\n#[cfg(test)]\nmod tests { use crate::state::State; }",
            ),
            (
                "state.rs",
                "use crate::rooms::{self, People}; use std::state::X; pub struct State; fn f() { rooms::Room }",
            ),
        ]);
        assert_eq!(circles(&sources), Vec::<String>::new());
    }
}
