//! `wardroom hosts`: the machines on which commands run.

use wardroom_protocol::messages::{HostInfo, HostList, HostListed, HostStatus};
use wardroom_protocol::visible::visible;

use super::Out;
use super::ls::other_version;
use crate::exit::{ExitCode, Failure};
use crate::runner::{Runner, Target};
use crate::text::{bytes_words, moment_words};

/// Lists the hosts.
///
/// # Errors
/// See [`Failure`].
pub async fn hosts(target: Target, json: bool) -> Result<ExitCode, Failure> {
    let mut runner = Runner::connect(target).await?;
    let mut out = Out::new();
    let mut list = HostList::default();
    loop {
        let listed: HostListed = runner.ask(&list).await?.fields().map_err(other_version)?;
        for host in &listed.hosts {
            if json { out.json(host)? } else { out.line(&host_line(host))? }
        }
        match listed.hosts.into_iter().last().filter(|_| listed.more) {
            Some(last) => list.after = Some(last.host),
            None => break,
        }
    }
    runner.finish().await;
    Ok(ExitCode::Ok)
}

/// Formats a host as one line.
pub(super) fn host_line(info: &HostInfo) -> String {
    let mut line = format!("{:<20}  {}", visible(&info.host), host_words(info));
    line.truncate(line.trim_end().len());
    line
}

/// Formats the state of a host.
pub(super) fn host_words(info: &HostInfo) -> String {
    let mut words = vec![if info.connected { "connected" } else { "offline" }.to_owned()];
    words.extend(info.seen.map(|seen| format!("last seen {}", moment_words(seen))));
    words.push(format!("{} running", info.runs));
    if let Some(HostStatus { load, cpus, free_bytes, disk_bytes }) = info.status {
        let of = cpus.map_or_else(String::new, |cpus| format!(" of {cpus}"));
        words.extend(load.map(|load| format!("load {load:.2}{of}")));
        let of = disk_bytes.map_or_else(String::new, |disk| format!(" of {}", bytes_words(disk)));
        words.extend(free_bytes.map(|free| format!("{}{of} free", bytes_words(free))));
    }
    words.extend(info.isolation.as_deref().map(|level| format!("isolation: {}", visible(level))));
    words.extend(info.version.as_deref().map(|version| visible(version).into_owned()));
    words.extend(info.labels.iter().map(|(key, value)| visible(&format!("{key}={value}")).into_owned()));
    words.join("  ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_are_one_line_each() {
        let info = HostInfo {
            host: "web1".to_owned(),
            connected: true,
            runs: 2,
            version: Some("wardroom/0.1.0\x1b".to_owned()),
            labels: [("role".to_owned(), "web".to_owned())].into(),
            seen: None,
            isolation: Some("namespace".to_owned()),
            status: Some(HostStatus {
                load: Some(0.5),
                cpus: Some(8),
                free_bytes: Some(12_000_000_000),
                disk_bytes: Some(100_000_000_000),
            }),
        };
        assert_eq!(
            host_line(&info),
            "web1                  connected  2 running  load 0.50 of 8  12.0 GB of 100.0 GB free  isolation: namespace  wardroom/0.1.0␛  role=web"
        );
    }
}
