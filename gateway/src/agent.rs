//! Names a browser session so that its owner recognizes it: "Firefox on Linux" instead of the whole User-Agent header.
//! For display only: nothing depends on it.

/// Tokens of the header and their browsers. The order matters: most browsers also claim to be Chrome and Safari.
const BROWSERS: [(&str, &str); 7] = [
    ("Firefox/", "Firefox"),
    ("FxiOS/", "Firefox"),
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("CriOS/", "Chrome"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
];

/// Tokens of the header and their systems. The order matters: Android also claims to be Linux, iPhones to be Macs.
const SYSTEMS: [(&str, &str); 6] = [
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Windows", "Windows"),
    ("Mac OS", "macOS"),
    ("Linux", "Linux"),
];

/// Returns the label of a session that a client with this User-Agent header starts.
pub fn label(agent: &str) -> String {
    let find =
        |all: &[(&str, &'static str)]| all.iter().find(|(token, _)| agent.contains(token)).map(|(_, name)| *name);
    match (find(&BROWSERS), find(&SYSTEMS)) {
        (Some(browser), Some(system)) => format!("{browser} on {system}"),
        (Some(browser), None) => browser.to_owned(),
        (None, _) if agent.is_empty() => "web".to_owned(),
        // A program: its name comes first.
        (None, _) => agent.split_whitespace().next().unwrap_or("web").chars().take(60).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn browsers_and_programs_are_recognized() {
        for (agent, expected) in [
            ("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", "Firefox on Linux"),
            (
                "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0 Safari/537.36 Edg/142.0",
                "Edge on Windows",
            ),
            (
                "Mozilla/5.0 (Linux; Android 16) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0 Mobile Safari/537.36",
                "Chrome on Android",
            ),
            (
                "Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) AppleWebKit/605.1 (KHTML, like Gecko) Version/19.0 Safari/604.1",
                "Safari on iPhone",
            ),
            ("Mozilla/5.0 (Macintosh; Intel Mac OS X 14) AppleWebKit/605 Version/18 Safari/605", "Safari on macOS"),
            ("curl/8.5.0", "curl/8.5.0"),
            ("", "web"),
            ("   ", "web"),
        ] {
            assert_eq!(label(agent), expected, "{agent}");
        }
        assert_eq!(label(&"x".repeat(5_000)).len(), 60);
    }
}
