//! The arguments of a named command, with places for the values of its parameters. A value becomes an argument or a part
//! of one. It is never split, and nothing in it has a meaning.

use std::collections::BTreeMap;

use wardroom_protocol::messages::{CommandParam, CommandSpec};
use wardroom_protocol::template::{Part, parts};
use wardroom_protocol::visible::visible;

use super::pattern::allows_dash;
use crate::error::Error;

/// Programs that read one of their arguments as a program, after one of these options.
const INTERPRETERS: &[(&str, &[char])] = &[
    ("sh", &['c']),
    ("ash", &['c']),
    ("bash", &['c']),
    ("dash", &['c']),
    ("zsh", &['c']),
    ("ksh", &['c']),
    ("mksh", &['c']),
    ("fish", &['c']),
    ("csh", &['c']),
    ("tcsh", &['c']),
    ("su", &['c']),
    ("runuser", &['c']),
    ("script", &['c']),
    ("watch", &[]),
    ("eval", &[]),
    ("ssh", &[]),
    ("python", &['c']),
    ("python3", &['c']),
    ("perl", &['e', 'E']),
    ("ruby", &['e']),
    ("node", &['e', 'p']),
    ("php", &['r']),
    ("lua", &['e']),
];

/// Programs that read an argument as a program, behind so many others that are no options.
const PROGRAM_AT: &[(&str, usize)] = &[
    ("awk", 0),
    ("gawk", 0),
    ("mawk", 0),
    ("sed", 0),
    ("env", 0),
    ("nice", 0),
    ("nohup", 0),
    ("setsid", 0),
    ("stdbuf", 0),
    ("sudo", 0),
    ("doas", 0),
    ("xargs", 0),
    ("parallel", 0),
    ("timeout", 1),
    ("flock", 1),
    ("chroot", 1),
];

/// Checks the arguments of a definition against its parameters.
///
/// # Errors
/// `bad_request`: a place without a parameter, a parameter without a place, a program that depends on a value, or a value
/// within the text of a script.
pub(super) fn check(spec: &CommandSpec) -> Result<(), Error> {
    let mut used = Vec::new();
    for (index, argument) in spec.argv.iter().enumerate() {
        for part in parts(argument) {
            let Part::Value(name) = part else { continue };
            if !spec.params.iter().any(|param| param.name.as_str() == name) {
                let msg = format!(
                    "{{{name}}} is no parameter of /{}: add one with that name, or write {{{{{name}}}}} for the text",
                    spec.name
                );
                return Err(Error::bad_request(msg));
            }
            if index == 0 {
                return Err(Error::bad_request("the program itself cannot depend on a parameter: write its name"));
            }
            if let Some(program) = reads_as_program(&spec.argv, index) {
                let msg = format!(
                    "{program} would read {{{name}}} as part of a program: give it as an argument of a script, such as \
                     sh -c 'deploy \"$1\"' sh {{{name}}}"
                );
                return Err(Error::bad_request(msg));
            }
            used.push(name);
        }
    }
    let unused = |param: &&CommandParam| !used.contains(&param.name.as_str());
    if let Some(param) = spec.params.iter().find(unused) {
        let msg = format!("the parameter {0} is not used: write {{{0}}} where its value belongs", param.name);
        return Err(Error::bad_request(msg));
    }
    Ok(())
}

/// Returns the interpreter that reads this argument as a program. This catches mistakes of those who define commands:
/// nobody can know all programs that do so.
fn reads_as_program(argv: &[String], index: usize) -> Option<&'static str> {
    let before = argv.get(..index)?;
    let (previous, argument) = (before.last()?, argv.get(index)?);
    before.iter().enumerate().find_map(|(at, word)| {
        let program = word.rsplit('/').next().unwrap_or(word);
        let between = before.get(at + 1..)?.iter().filter(|word| !word.starts_with('-') && !word.contains('=')).count();
        if let Some((name, _)) = PROGRAM_AT.iter().find(|(name, count)| *name == program && *count == between) {
            return Some(*name);
        }
        let (name, options) = INTERPRETERS.iter().find(|(name, _)| *name == program)?;
        let is_option = previous.starts_with('-') && !previous.starts_with("--");
        // An option of its own, or one with the program in it: `-e{v}`, `--eval={v}`.
        let is_within = between == 0 && argument.starts_with('-');
        let reads = options.is_empty() || is_within || (is_option && previous.ends_with(*options));
        reads.then_some(*name)
    })
}

/// Fills in values that are checked already.
///
/// # Errors
/// `bad_request`: an argument would become an option by the value at its start.
pub(super) fn fill(spec: &CommandSpec, values: &BTreeMap<String, String>) -> Result<Vec<String>, Error> {
    spec.argv.iter().map(|argument| filled(spec, argument, values)).collect()
}

fn filled(spec: &CommandSpec, argument: &str, values: &BTreeMap<String, String>) -> Result<String, Error> {
    let mut out = String::new();
    for part in parts(argument) {
        let (text, from) = match part {
            Part::Text(text) => (text, None),
            Part::Value(name) => (values.get(name).map(String::as_str).unwrap_or_default(), Some(name)),
        };
        if out.is_empty()
            && text.starts_with('-')
            && let Some(param) = spec.params.iter().find(|param| Some(param.name.as_str()) == from)
            && !allows_dash(&param.pattern)
        {
            let msg = format!(
                "{} begins with a hyphen, and the program would take it for an option: {} allows that only if its pattern \
                 begins with a hyphen, such as ^-?[0-9]+$",
                visible(text),
                param.name
            );
            return Err(Error::bad_request(msg));
        }
        out.push_str(text);
    }
    Ok(out)
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;
    use serde_json::json;

    fn spec(argv: &[&str], params: &[(&str, &str)]) -> CommandSpec {
        let params: Vec<_> = params.iter().map(|(name, pattern)| json!({"name": name, "pattern": pattern})).collect();
        serde_json::from_value(json!({"name": "deploy", "argv": argv, "params": params})).unwrap()
    }

    fn filled_with(spec: &CommandSpec, values: &[(&str, &str)]) -> Result<Vec<String>, Error> {
        fill(spec, &values.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect())
    }

    #[test]
    fn values_are_whole_arguments_or_parts_of_them() {
        let spec = spec(
            &["./deploy", "{v}", "--to={host}:{v}", "{{v}}", "{}", "{print $1}", "a{{v}}{v}b", "{{{v}}}"],
            &[("v", ".*"), ("host", ".*")],
        );
        check(&spec).unwrap();
        let argv = filled_with(&spec, &[("v", "4.2; rm -rf $(x) `y`"), ("host", "{v}")]).unwrap();
        let v = "4.2; rm -rf $(x) `y`";
        let expected =
            ["./deploy", v, &format!("--to={{v}}:{v}"), "{v}", "{}", "{print $1}", &format!("a{{v}}{v}b"), "{{v}}"];
        assert_eq!(argv, expected);
    }

    #[test]
    fn no_value_becomes_an_option_unless_its_pattern_says_so() {
        let plain = spec(&["ls", "{a}{b}", "x{a}"], &[("a", ".*"), ("b", ".*")]);
        assert_eq!(filled_with(&plain, &[("a", ""), ("b", "c-d")]).unwrap(), ["ls", "c-d", "x"]);
        for bad in [[("a", "-rf"), ("b", "")], [("a", ""), ("b", "-rf")], [("a", "--flag"), ("b", "x")]] {
            let error = filled_with(&plain, &bad).unwrap_err();
            assert!(error.msg.contains("begins with a hyphen"), "{error}");
        }
        let number = spec(&["seek", "{n}", "--at={n}"], &[("n", "^-?[0-9]+$")]);
        assert_eq!(filled_with(&number, &[("n", "-5")]).unwrap(), ["seek", "-5", "--at=-5"]);
    }

    #[test]
    fn definitions_that_cannot_be_meant_are_refused() {
        for (argv, params, words) in [
            (&["{v}"][..], &[("v", ".")][..], "program itself"),
            (&["./{v}", "x"], &[("v", ".")], "program itself"),
            (&["ls", "{w}"], &[], "{w} is no parameter of /deploy"),
            (&["ls", "x"], &[("v", ".")], "v is not used"),
            (&["sh", "-c", "deploy {v}"], &[("v", ".")], "sh would read {v}"),
            (&["/bin/bash", "-ec", "deploy {v}"], &[("v", ".")], "bash would read {v}"),
            (&["env", "A=1", "sh", "-c", "{v}"], &[("v", ".")], "sh would read {v}"),
            (&["ssh", "web1", "deploy {v}"], &[("v", ".")], "ssh would read {v}"),
            (&["perl", "-e", "print '{v}'"], &[("v", ".")], "perl would read {v}"),
            (&["perl", "-e{v}"], &[("v", ".")], "perl would read {v}"),
            (&["node", "--eval={v}"], &[("v", ".")], "node would read {v}"),
            (&["sh", "-{v}", "x"], &[("v", ".")], "sh would read {v}"),
            (&["awk", "-F:", "{v}"], &[("v", ".")], "awk would read {v}"),
            (&["sed", "-n", "{v}", "file"], &[("v", ".")], "sed would read {v}"),
            (&["env", "A=1", "{v}"], &[("v", ".")], "env would read {v}"),
            (&["timeout", "5", "{v}"], &[("v", ".")], "timeout would read {v}"),
            (&["flock", "/run/lock", "-c", "{v}"], &[("v", ".")], "flock would read {v}"),
        ] {
            let error = check(&spec(argv, params)).unwrap_err();
            assert!(error.msg.contains(words), "{argv:?}: {error}");
        }
        for argv in [
            &["sh", "-c", "deploy \"$1\"", "sh", "{v}"][..],
            &["sh", "deploy.sh", "{v}"],
            &["ls", "-c", "{v}"],
            &["perl", "deploy.pl", "-e{v}"],
            &["timeout", "5", "./deploy", "{v}"],
            &["sed", "-n", "1p", "{v}"],
        ] {
            check(&spec(argv, &[("v", ".")])).unwrap();
        }
    }
}
