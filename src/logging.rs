//! The log: to stderr, by `tracing`. Its filter comes from `--log`, otherwise from `RUST_LOG`.

use tracing_subscriber::EnvFilter;

/// Starts the log. Clients log only warnings and errors, servers also events.
///
/// # Errors
/// If the filter cannot be parsed.
pub fn start(filter: Option<&str>, is_server: bool) -> Result<(), String> {
    let default = if is_server { "info" } else { "error" };
    let text = filter.map(str::to_owned).or_else(|| std::env::var("RUST_LOG").ok()).filter(|text| !text.is_empty());
    let filter = EnvFilter::try_new(text.as_deref().unwrap_or(default))
        .map_err(|e| format!("--log is no filter like info or wardroom_core=debug: {e}"))?;
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(std::io::IsTerminal::is_terminal(&std::io::stderr()))
        // A host continues after the reader of its log is gone; the log must not end it.
        .log_internal_errors(false)
        .init();
    Ok(())
}
