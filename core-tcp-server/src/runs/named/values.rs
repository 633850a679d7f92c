//! The values of a named command's parameters: who may be which one, and whether each is allowed.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use wardroom_protocol::limits::PARAM_BYTES_MAX;
use wardroom_protocol::messages::{CommandParam, CommandSpec};
use wardroom_protocol::visible::{exact, is_deceptive, visible};

use super::pattern;
use crate::error::Error;

/// Characters of a value that an error repeats.
const SHOWN_CHARS: usize = 64;

/// Returns the value of each parameter: given by name, as a word `NAME=VALUE`, or as a word in the order of the
/// parameters, without those that are given by name.
///
/// # Errors
/// `bad_request`, `too_large`, each with the parameter and its pattern.
pub(super) fn values(
    spec: &CommandSpec,
    params: &BTreeMap<String, String>,
    args: &[String],
) -> Result<BTreeMap<String, String>, Error> {
    let mut values = BTreeMap::new();
    for (name, value) in params {
        put(spec, &mut values, find(spec, name)?, value)?;
    }
    let mut unnamed = Vec::new();
    for word in args {
        let named = word.split_once('=').and_then(|(name, value)| Some((find(spec, name).ok()?, value)));
        match named {
            Some((param, value)) => put(spec, &mut values, param, value)?,
            None => unnamed.push(word),
        }
    }
    let mut unnamed = unnamed.into_iter();
    for param in &spec.params {
        if values.contains_key(param.name.as_str()) {
            continue;
        }
        let Some(value) = unnamed.next().or(param.default.as_ref()) else {
            let msg = format!("/{} needs {}: {}", spec.name, param.name, wants(param));
            return Err(Error::bad_request(msg));
        };
        put(spec, &mut values, param, value)?;
    }
    match unnamed.next() {
        Some(word) => {
            Err(Error::bad_request(format!("/{} has no place for {}: {}", spec.name, shown(word), takes(spec))))
        }
        None => Ok(values),
    }
}

fn find<'a>(spec: &'a CommandSpec, name: &str) -> Result<&'a CommandParam, Error> {
    let found = spec.params.iter().find(|param| param.name.as_str() == name);
    found.ok_or_else(|| Error::bad_request(format!("/{} has no parameter {}: {}", spec.name, shown(name), takes(spec))))
}

fn put(
    spec: &CommandSpec,
    values: &mut BTreeMap<String, String>,
    param: &CommandParam,
    value: &str,
) -> Result<(), Error> {
    check(param, value).map_err(|error| Error { msg: format!("/{}: {}", spec.name, error.msg).into(), ..error })?;
    if values.insert(param.name.as_str().to_owned(), value.to_owned()).is_some() {
        return Err(Error::bad_request(format!("/{}: {} is given twice", spec.name, param.name)));
    }
    Ok(())
}

/// Checks one value.
///
/// # Errors
/// As [`values`].
pub(super) fn check(param: &CommandParam, value: &str) -> Result<(), Error> {
    let name = &param.name;
    if value.len() > PARAM_BYTES_MAX {
        return Err(Error::too_large(format!("{name} has at most 1,024 bytes")));
    }
    if value.chars().any(|c| c.is_control() || is_deceptive(c)) {
        let msg = format!("{name} is {}: a value has no control and no direction characters", shown(value));
        return Err(Error::bad_request(msg));
    }
    if !pattern::compiled(&param.pattern)?.is_match(value) {
        return Err(Error::bad_request(format!("{name} is {}, but {}", shown(value), wants(param))));
    }
    Ok(())
}

fn wants(param: &CommandParam) -> String {
    let about = if param.about.is_empty() { String::new() } else { format!(" ({})", visible(&param.about)) };
    format!("it must match {}{about}", exact(&param.pattern))
}

fn takes(spec: &CommandSpec) -> String {
    if spec.params.is_empty() {
        return "it takes no values".to_owned();
    }
    let mut out = "it takes ".to_owned();
    for (index, param) in spec.params.iter().enumerate() {
        let _ = write!(out, "{}{} ({})", if index == 0 { "" } else { ", " }, param.name, exact(&param.pattern));
    }
    out
}

/// Returns a value in quotation marks, without what could control a terminal.
fn shown(value: &str) -> String {
    let short: String = value.chars().take(SHOWN_CHARS).collect();
    let more = if short.len() < value.len() { "…" } else { "" };
    format!("\"{}{more}\"", exact(&short))
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;
    use serde_json::json;
    use wardroom_protocol::Code;

    fn spec() -> CommandSpec {
        let params = json!([
            {"name": "version", "pattern": "^[0-9.]+$", "about": "the release"},
            {"name": "to", "pattern": "prod|test", "default": "test"},
            {"name": "note", "pattern": "[^'\"]*", "default": ""},
        ]);
        serde_json::from_value(json!({"name": "deploy", "argv": ["x"], "params": params})).unwrap()
    }

    fn given(params: &[(&str, &str)], args: &[&str]) -> Result<Vec<String>, Error> {
        let params = params.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let args: Vec<String> = args.iter().map(|&word| word.to_owned()).collect();
        let values = values(&spec(), &params, &args)?;
        Ok(["version", "to", "note"].map(|name| values[name].clone()).to_vec())
    }

    #[test]
    fn values_are_found_by_name_and_by_order() {
        assert_eq!(given(&[], &["4.2"]).unwrap(), ["4.2", "test", ""]);
        assert_eq!(given(&[], &["4.2", "prod", "as said"]).unwrap(), ["4.2", "prod", "as said"]);
        assert_eq!(given(&[], &["to=prod", "4.2"]).unwrap(), ["4.2", "prod", ""]);
        assert_eq!(given(&[("to", "prod")], &["4.2", "x"]).unwrap(), ["4.2", "prod", "x"]);
        assert_eq!(given(&[("version", "1")], &["note=a=b"]).unwrap(), ["1", "test", "a=b"]);
        assert_eq!(
            given(&[("version", "1")], &["test", "a=b"]).unwrap(),
            ["1", "test", "a=b"],
            "no parameter is called a"
        );
    }

    #[test]
    fn what_is_wrong_names_the_parameter_and_its_pattern() {
        for (params, args, words) in [
            (&[][..], &[][..], "/deploy needs version: it must match ^[0-9.]+$ (the release)"),
            (&[], &["4.2; rm -rf /"], "/deploy: version is \"4.2; rm -rf /\", but it must match ^[0-9.]+$"),
            (&[], &["$(id)"], "version is \"$(id)\""),
            (&[], &["4.2\n"], "no control"),
            (&[], &["4.2\0"], "no control"),
            (&[], &["4", "test", "a\u{202e}b"], "no control"),
            (&[], &["4", "test", "a\u{9b}b"], "no control"),
            (&[], &["٤"], "must match"),
            (&[], &["4", "production"], "to is \"production\", but it must match prod|test"),
            (&[], &["4", "test", "n", "more"], "/deploy has no place for \"more\": it takes version (^[0-9.]+$), to"),
            (&[("colour", "red")], &["4"], "/deploy has no parameter \"colour\""),
            (&[("version", "4")], &["version=5"], "version is given twice"),
            (&[], &["version=4", "version=4"], "version is given twice"),
        ] {
            let error = given(params, args).unwrap_err();
            assert!(error.msg.contains(words) && error.code == Code::BadRequest, "{params:?} {args:?}: {error}");
            assert!(!error.msg.chars().any(char::is_control), "{error}");
        }
        assert_eq!(given(&[], &["4", "test", &"x".repeat(1_025)]).unwrap_err().code, Code::TooLarge);
    }
}
