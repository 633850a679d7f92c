//! How hosts are: they say so when somebody asks, and not otherwise.

use serde_json::json;

use crate::common::TestCore;
use crate::fake_host::FakeHost;

#[tokio::test]
async fn a_host_is_asked_how_it_is_when_somebody_lists_hosts() {
    let core = TestCore::start().await;
    core.add_users(&[("ann", "operator")]).await;
    let mut host = FakeHost::come(&core, "local", &[]).await;
    let mut ann = core.sign_in("ann").await;
    let status = json!({"load":0.52,"cpus":8,"free_bytes":812,"disk_bytes":999});
    let answering = async {
        host.client.next_of("host.look").await;
        let mut said = status.clone();
        said["t"] = json!("host.status");
        host.client.send(said, &[]).await;
    };
    let (listed, ()) = tokio::join!(ann.ask(json!({"t":"host.list"})), answering);
    assert_eq!(listed["hosts"][0]["status"], status, "{listed}");
    // What was said just now is good enough: the next frame is not another question.
    let again = ann.ask(json!({"t":"host.list"})).await;
    assert_eq!(again["hosts"][0]["status"], status);
    host.client.send(json!({"t":"ping","n":1}), &[]).await;
    assert_eq!(host.client.next().await.0["t"], "pong");
    drop(host);
    // One that is away, or does not answer, is listed without.
    let _silent = FakeHost::come(&core, "build", &[]).await;
    let listed = ann.ask(json!({"t":"host.list"})).await;
    let has_status = |host: &serde_json::Value| host.get("status").is_some();
    assert!(!listed["hosts"].as_array().unwrap().iter().any(has_status), "{listed}");
}
