//! A gateway on a free port before a fake core, and the helpers that all tests share.

use std::time::Duration;

use tokio_util::sync::{CancellationToken, DropGuard};
use wardroom_gateway::{Config, Gateway, Limits, Takeover, start_beside, start_with};

use crate::fake_core::FakeCore;
use crate::http::Client;

/// Everything here is over in milliseconds; what is not over after this hangs.
pub async fn within<T>(future: impl Future<Output = T>) -> T {
    tokio::time::timeout(Duration::from_secs(20), future).await.expect("this hangs")
}

/// The name of the cookie of the gateways here.
pub fn cookie() -> String {
    wardroom_gateway::cookie_name("gateway-key")
}

pub struct TestGateway {
    pub core: FakeCore,
    pub gateway: Gateway,
    pub host: String,
    pub stop: CancellationToken,
    _stop: DropGuard,
}

/// Changes the configuration of a test's gateway.
pub type Change = fn(&mut Config, &mut Limits);

pub async fn plain() -> TestGateway {
    with(|_, _| {}).await
}

/// A gateway that hands its WebSockets over.
pub async fn beside(takeover: Takeover) -> TestGateway {
    let core = FakeCore::start().await;
    let stop = CancellationToken::new();
    let gateway = start_beside(config(&core), takeover, stop.clone()).await.unwrap();
    let host = gateway.addresses[0].clone();
    TestGateway { core, gateway, host, _stop: stop.clone().drop_guard(), stop }
}

fn config(core: &FakeCore) -> Config {
    Config {
        http: vec!["127.0.0.1:0".parse().unwrap()],
        core: core.address(),
        key: "gateway-key".to_owned(),
        base_path: String::new(),
        public_url: None,
        trusted_proxies: Vec::new(),
        trust_unix: false,
        origins: Vec::new(),
    }
}

pub async fn with(change: Change) -> TestGateway {
    let core = FakeCore::start().await;
    let mut config = config(&core);
    let mut limits = Limits::default();
    change(&mut config, &mut limits);
    let stop = CancellationToken::new();
    let gateway = start_with(config, limits, stop.clone()).await.unwrap();
    let host = gateway.addresses[0].clone();
    TestGateway { core, gateway, host, _stop: stop.clone().drop_guard(), stop }
}

impl TestGateway {
    pub async fn client(&self) -> Client {
        Client::connect(&self.host).await
    }
}
