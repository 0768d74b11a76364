//! What a rule does to a socket, beside the matrix in `enforcement/`: what is let go, logged and shown. Each test that
//! says "nothing arrived" counts what the server received, and has a control in which the same socket without the rule
//! does deliver its frame.

use anyhow::Result;
use serde_json::json;
use sockpin_e2e::demo::{FLAGGED, PINNED};
use sockpin_e2e::servers::Server;
use sockpin_e2e::socket::{FRAME, Sighting};
use sockpin_e2e::wait;
use sockpin_e2e::world::{Installation, World};

/// The page got its echo, and the server has received exactly this one frame since it started.
async fn assert_delivered(seen: &Sighting, server: &Server) -> Result<()> {
    assert!(seen.delivered(), "the page saw {seen:?}");
    let traffic = server.settled_traffic().await?;
    assert_eq!(traffic.payloads, [FRAME], "the server received {traffic:?}");
    Ok(())
}

/// The page saw a failure, and not one frame reached the server.
async fn assert_blocked(seen: &Sighting, server: &Server) -> Result<()> {
    assert!(seen.refused(), "the page saw {seen:?}");
    let traffic = server.settled_traffic().await?;
    assert_eq!((traffic.frames, traffic.closing_frames), (0, 0), "the server received {traffic:?}");
    Ok(())
}

#[tokio::test]
async fn a_host_without_a_rule_is_left_alone() -> Result<()> {
    let world = World::start(Installation::Temporary).await?;
    world.load_policy().await?;
    let seen = world.socket("unpinned").await?;
    assert_delivered(&seen, &world.demo.servers.unpinned).await?;
    let log = world.firefox.violations().await?;
    assert!(log.is_empty(), "{log:?}");
    world.firefox.quit().await
}

#[tokio::test]
async fn the_pinned_key_and_the_backup_key_open() -> Result<()> {
    let world = World::start(Installation::Temporary).await?;
    world.load_policy().await?;
    let seen = world.socket("pinned").await?;
    assert_delivered(&seen, &world.demo.servers.pinned).await?;
    let seen = world.socket("backup").await?;
    assert_delivered(&seen, &world.demo.servers.backup).await?;
    let log = world.firefox.violations().await?;
    assert!(log.is_empty(), "{log:?}");
    world.firefox.quit().await
}

#[tokio::test]
async fn a_wrong_key_is_blocked_and_its_server_receives_no_frame() -> Result<()> {
    let world = World::start(Installation::Temporary).await?;
    world.load_policy().await?;
    let seen = world.socket("attacker").await?;
    assert_blocked(&seen, &world.demo.servers.attacker).await?;
    let log = world.firefox.violations().await?;
    assert_eq!(log.len(), 1, "{log:?}");
    assert_eq!(log[0]["outcome"], "block");
    assert_eq!(log[0]["host"], PINNED);
    world.firefox.quit().await
}

#[tokio::test]
async fn a_suspended_background_page_wakes_and_blocks() -> Result<()> {
    let world = World::start(Installation::Temporary).await?;
    world.load_policy().await?;
    world.firefox.suspend_background().await?;
    let seen = world.socket("attacker").await?;
    assert_blocked(&seen, &world.demo.servers.attacker).await?;
    assert_eq!(world.firefox.violations().await?.len(), 1);
    // The control: it wakes for a socket that it lets go, too.
    world.firefox.suspend_background().await?;
    let seen = world.socket("pinned").await?;
    assert_delivered(&seen, &world.demo.servers.pinned).await?;
    world.firefox.quit().await
}

#[tokio::test]
async fn the_badge_counts_what_this_tab_had_blocked_until_it_goes_elsewhere() -> Result<()> {
    let world = World::start(Installation::Temporary).await?;
    world.load_policy().await?;
    let (page, other) = (world.demo.site.blank(), world.demo.site.url("/"));
    for (socket, count) in [("pinned", "✓"), ("flagged", "⚑1"), ("attacker", "1"), ("attacker", "2"), ("attacker", "3")]
    {
        world.socket(socket).await?;
        // The badge is drawn after the socket has been answered.
        wait::until("the badge", async || Ok((world.firefox.badge(&page).await? == count).then_some(()))).await?;
    }
    // Nor does it count on: what is asked after all sockets is answered after the badge has been drawn.
    world.firefox.status().await?;
    assert_eq!(world.firefox.badge(&page).await?, "3");
    world.firefox.open(&other).await?;
    wait::until("a badge without a count", async || Ok(world.firefox.badge(&other).await?.is_empty().then_some(())))
        .await?;
    world.firefox.quit().await
}

#[tokio::test]
async fn control_without_the_rule_the_same_socket_delivers_its_frame() -> Result<()> {
    let world = World::start(Installation::Temporary).await?;
    let seen = world.socket("attacker").await?;
    assert_delivered(&seen, &world.demo.servers.attacker).await?;
    world.firefox.quit().await
}

#[tokio::test]
async fn the_log_shows_the_whole_chain_with_the_pins_that_openssl_would_compute() -> Result<()> {
    let world = World::start(Installation::Temporary).await?;
    world.load_policy().await?;
    world.socket("attacker").await?;
    let log = world.firefox.violations().await?;
    let chain = log[0]["chain"].as_array().cloned().unwrap_or_default();
    let pins: Vec<_> = chain.iter().map(|certificate| certificate["sha256"].clone()).collect();
    let authority = &world.demo.authority;
    let expected = [world.demo.attacker_key.pin(), authority.intermediate_pin(), authority.root_pin()];
    assert_eq!(pins, expected, "leaf, intermediate, root");
    world.firefox.quit().await
}

#[tokio::test]
async fn a_wrong_key_in_flag_mode_opens_and_is_logged() -> Result<()> {
    let world = World::start(Installation::Temporary).await?;
    world.load_policy().await?;
    let seen = world.socket("flagged").await?;
    assert_delivered(&seen, &world.demo.servers.flagged).await?;
    let log = world.firefox.violations().await?;
    assert_eq!(log.len(), 1, "{log:?}");
    assert_eq!(log[0]["outcome"], "flag");
    assert_eq!(log[0]["host"], FLAGGED);
    world.firefox.quit().await
}

#[tokio::test]
async fn a_denied_key_is_blocked_though_another_key_of_the_chain_is_pinned() -> Result<()> {
    let world = World::start(Installation::Temporary).await?;
    let rule = json!({
        "host": PINNED,
        "mode": "block",
        "pins": [{ "sha256": world.demo.authority.root_pin() }],
        "denied": [{ "sha256": world.demo.attacker_key.pin() }],
    });
    world.firefox.save_rule(rule).await?;
    let seen = world.socket("attacker").await?;
    assert_blocked(&seen, &world.demo.servers.attacker).await?;
    // The control: the root is pinned, so that a key which is not denied opens.
    let seen = world.socket("pinned").await?;
    assert_delivered(&seen, &world.demo.servers.pinned).await?;
    world.firefox.quit().await
}
