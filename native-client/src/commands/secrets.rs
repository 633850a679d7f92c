//! Secrets for a run: `--secret NAME` takes the variable of this environment or asks at the terminal, and
//! `--secret NAME=@FILE` reads a file. A value never stands in the arguments, which every user of this machine can see.

use std::io::{IsTerminal, Read};
use std::path::PathBuf;
use std::str::FromStr;

use wardroom_protocol::limits::ENV_BYTES_MAX;
use wardroom_protocol::messages::Secrets;

use crate::exit::Failure;
use crate::text::password::ask_secret;

/// Where the value of a secret is.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct SecretSource {
    /// The name of the variable.
    name: String,
    /// The file; without one, the variable of the same name here.
    file: Option<PathBuf>,
}

impl FromStr for SecretSource {
    type Err = String;

    fn from_str(text: &str) -> Result<SecretSource, String> {
        let (name, file) = match text.split_once('=') {
            None => (text, None),
            Some((name, value)) => {
                let file = value.strip_prefix('@').filter(|file| !file.is_empty());
                let words = "a secret does not belong in the arguments, which others can see: use NAME, to take it \
                             from your environment, or NAME=@FILE";
                (name, Some(PathBuf::from(file.ok_or(words)?)))
            }
        };
        if name.is_empty() {
            return Err("use NAME or NAME=@FILE".to_owned());
        }
        Ok(SecretSource { name: name.to_owned(), file })
    }
}

/// Reads the values.
///
/// # Errors
/// If one is missing, and what to do.
pub(super) async fn read_secrets(sources: &[SecretSource]) -> Result<Secrets, Failure> {
    let mut secrets = Secrets::default();
    for source in sources {
        let value = value(source).await.map_err(Failure::before_a_run)?;
        if secrets.0.insert(source.name.clone(), value).is_some() {
            return Err(Failure::usage(format!("--secret {} was given twice", source.name)).before_a_run());
        }
    }
    Ok(secrets)
}

async fn value(source: &SecretSource) -> Result<String, Failure> {
    let name = &source.name;
    if let Some(file) = &source.file {
        let failed = |why: String| Failure::failed(format!("the secret {name}: {}: {why}", file.display()));
        let mut value = String::new();
        let opened = std::fs::File::open(file).map_err(|e| failed(e.to_string()))?;
        // One byte more than may be shows that it is too long.
        opened.take(ENV_BYTES_MAX as u64 + 1).read_to_string(&mut value).map_err(|e| failed(e.to_string()))?;
        if value.len() > ENV_BYTES_MAX {
            return Err(failed("a secret has at most 4,096 bytes with its name".to_owned()));
        }
        // As `$(cat FILE)` does.
        value.truncate(value.trim_end_matches(['\n', '\r']).len());
        return Ok(value);
    }
    match std::env::var(name) {
        Ok(value) => Ok(value),
        Err(std::env::VarError::NotUnicode(_)) => Err(Failure::usage(format!("the variable {name} is not UTF-8"))),
        Err(std::env::VarError::NotPresent) if std::io::stdin().is_terminal() => {
            ask_secret(&format!("Value of {name}: ")).await
        }
        Err(std::env::VarError::NotPresent) => {
            let words = format!("the variable {name} is not set here: set it, or use --secret {name}=@FILE");
            Err(Failure::usage(words))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_not_taken_from_the_arguments() {
        let source =
            |name: &str, file: Option<&str>| Ok(SecretSource { name: name.to_owned(), file: file.map(PathBuf::from) });
        assert_eq!("TOKEN".parse(), source("TOKEN", None));
        assert_eq!("TOKEN=@/run/token".parse(), source("TOKEN", Some("/run/token")));
        for bad in ["", "=@file", "TOKEN=hunter22", "TOKEN=", "TOKEN=@"] {
            assert!(bad.parse::<SecretSource>().is_err(), "{bad}");
        }
    }
}
