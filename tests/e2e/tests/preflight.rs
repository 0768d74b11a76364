//! The pre-flight: what a server with the wrong key has received, and by which road a probe goes.

use anyhow::Result;
use serde_json::json;
use sockpin_e2e::demo::PINNED;
use sockpin_e2e::world::{Installation, World};

async fn world() -> Result<World> {
    World::start(Installation::Temporary, false).await
}

#[tokio::test]
async fn a_wrong_key_has_received_nothing_of_the_handshake() -> Result<()> {
    let world = world().await?;
    let attacker = &world.demo.servers.attacker;
    world.load_policy().await?;
    let url = format!("{}path?token=secret", world.demo.servers.url("attacker")?);
    let seen = world.firefox.socket(&url).await?;
    assert!(seen.refused(), "the page saw {seen:?}");
    let traffic = attacker.settled_traffic().await?;
    eprintln!("{traffic:#?}");
    let log = world.firefox.violations().await?;
    eprintln!("{log:#?}");
    let _ = json!(PINNED);
    world.firefox.quit().await
}
