//! What a rule does to a socket. Each test that says "nothing arrived" counts what the server received, and has a
//! control in which the same socket without the rule does deliver its frame.

use anyhow::Result;
use serde_json::json;
use sockpin_e2e::authority::Key;
use sockpin_e2e::demo::{EXCEPTION, FLAGGED, PINNED, UNPINNED};
use sockpin_e2e::opener::OPENERS;
use sockpin_e2e::servers::Server;
use sockpin_e2e::socket::{FRAME, Sighting};
use sockpin_e2e::wait;
use sockpin_e2e::world::{Installation, World};

async fn world() -> Result<World> {
    World::start(Installation::Temporary, false).await
}

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
    let world = world().await?;
    world.load_policy().await?;
    let seen = world.socket("unpinned").await?;
    assert_delivered(&seen, &world.demo.servers.unpinned).await?;
    let log = world.firefox.violations().await?;
    assert!(log.is_empty(), "{log:?}");
    world.firefox.quit().await
}

#[tokio::test]
async fn the_pinned_key_and_the_backup_key_open() -> Result<()> {
    let world = world().await?;
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
async fn a_pin_of_the_intermediate_opens_for_every_key_under_it() -> Result<()> {
    let world = world().await?;
    let pin = world.demo.authority.intermediate_pin();
    world.firefox.save_rule(json!({ "host": PINNED, "mode": "block", "pins": [{ "sha256": pin }] })).await?;
    let seen = world.socket("attacker").await?;
    assert_delivered(&seen, &world.demo.servers.attacker).await?;
    world.firefox.quit().await
}

#[tokio::test]
async fn a_wrong_key_is_blocked_and_its_server_receives_no_frame() -> Result<()> {
    let world = world().await?;
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
async fn whoever_opens_it_a_wrong_key_is_blocked_and_its_server_receives_no_frame() -> Result<()> {
    let world = world().await?;
    let (server, url) = (&world.demo.servers.attacker, world.demo.servers.url("attacker")?);
    // The control: without the rule, each of them does deliver its frame.
    for (before, opener) in OPENERS.iter().enumerate() {
        let seen = world.firefox.socket_from(opener, &url).await?;
        assert!(seen.delivered(), "{} saw {seen:?}", opener.name);
        assert_eq!(server.settled_traffic().await?.frames, before + 1, "{}", opener.name);
    }
    world.load_policy().await?;
    for (blocked, opener) in OPENERS.iter().enumerate() {
        let seen = world.firefox.socket_from(opener, &url).await?;
        assert!(seen.refused(), "{} saw {seen:?}", opener.name);
        assert_eq!(server.settled_traffic().await?.frames, OPENERS.len(), "{}", opener.name);
        assert_eq!(world.firefox.violations().await?.len(), blocked + 1, "{}", opener.name);
    }
    world.firefox.quit().await
}

#[tokio::test]
async fn a_suspended_background_page_wakes_and_blocks() -> Result<()> {
    let world = world().await?;
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
async fn other_spellings_of_a_pinned_host_are_that_host() -> Result<()> {
    let world = world().await?;
    let key = Key::new()?;
    let by_address = Server::tls(world.demo.authority.issue(&["127.0.0.1", "localhost"], &key)?).await?;
    let attacker = &world.demo.servers.attacker;
    let spellings = [
        (PINNED.to_uppercase(), attacker),
        (format!("user:secret@{PINNED}"), attacker),
        ("127.0.0.1".to_owned(), &by_address),
        ("0x7f.1".to_owned(), &by_address),
        ("2130706433".to_owned(), &by_address),
        ("LOCALHOST".to_owned(), &by_address),
        ("localhost.".to_owned(), &by_address),
    ];
    let url = |host: &str, server: &Server| format!("wss://{host}:{}/", server.port());
    for (host, server) in &spellings {
        let before = server.settled_traffic().await?.frames;
        let seen = world.firefox.socket(&url(host, server)).await?;
        assert!(seen.delivered(), "control, {host}: the page saw {seen:?}");
        assert_eq!(server.settled_traffic().await?.frames, before + 1, "control, {host}");
    }
    let pin = world.demo.unused_key.pin();
    for host in [PINNED, "127.0.0.1", "localhost"] {
        world.firefox.save_rule(json!({ "host": host, "mode": "block", "pins": [{ "sha256": pin }] })).await?;
    }
    for (host, server) in &spellings {
        let before = server.settled_traffic().await?.frames;
        let seen = world.firefox.socket(&url(host, server)).await?;
        assert!(seen.refused(), "{host}: the page saw {seen:?}");
        assert_eq!(server.settled_traffic().await?.frames, before, "{host}");
    }
    world.firefox.quit().await
}

#[tokio::test]
async fn under_a_certificate_exception_the_servers_own_key_decides() -> Result<()> {
    let world = world().await?;
    let (host, key) = (EXCEPTION, Key::new()?);
    // A certificate for another name, of the authority that this browser trusts.
    let authority = &world.demo.authority;
    let identity = authority.issue(&[UNPINNED], &key)?;
    let certificate = identity.certificate().to_vec();
    let server = Server::tls(identity).await?;
    let url = format!("wss://{host}:{}/", server.port());
    let seen = world.firefox.socket(&url).await?;
    assert!(seen.refused(), "without the exception: the page saw {seen:?}");
    world.firefox.add_exception(host, server.port(), &certificate).await?;
    let seen = world.firefox.socket(&url).await?;
    assert_delivered(&seen, &server).await?;

    // The root would match if there were a chain; under an exception Firefox shows none.
    let pins = json!([{ "sha256": authority.root_pin() }]);
    let rule = world.firefox.save_rule(json!({ "host": host, "mode": "block", "pins": pins })).await?;
    let before = server.settled_traffic().await?.frames;
    let seen = world.firefox.socket(&url).await?;
    assert!(seen.refused(), "the page saw {seen:?}");
    assert_eq!(server.settled_traffic().await?.frames, before);
    let log = world.firefox.violations().await?;
    assert_eq!((&log[0]["exception"], &log[0]["reason"]), (&json!(true), &json!("pin-mismatch")));

    let mut rule = rule;
    rule["pins"] = json!([{ "sha256": key.pin() }]);
    world.firefox.save_rule(rule).await?;
    let seen = world.firefox.socket(&url).await?;
    assert!(seen.delivered(), "the page saw {seen:?}");
    world.firefox.quit().await
}

#[tokio::test]
async fn the_badge_counts_what_this_tab_had_blocked_until_it_goes_elsewhere() -> Result<()> {
    let world = world().await?;
    world.load_policy().await?;
    let (page, other) = (world.demo.site.blank(), world.demo.site.url("/"));
    for (socket, count) in [("pinned", ""), ("flagged", ""), ("attacker", "1"), ("attacker", "2"), ("attacker", "3")] {
        world.socket(socket).await?;
        // The badge is drawn after the socket has been answered.
        wait::until("the badge", async || Ok((world.firefox.badge(&page).await? == count).then_some(()))).await?;
    }
    world.firefox.open(&other).await?;
    assert_eq!(world.firefox.badge(&other).await?, "");
    world.firefox.quit().await
}

#[tokio::test]
async fn control_without_the_rule_the_same_socket_delivers_its_frame() -> Result<()> {
    let world = world().await?;
    let seen = world.socket("attacker").await?;
    assert_delivered(&seen, &world.demo.servers.attacker).await?;
    world.firefox.quit().await
}

#[tokio::test]
async fn the_log_shows_the_whole_chain_with_the_pins_that_openssl_would_compute() -> Result<()> {
    let world = world().await?;
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
    let world = world().await?;
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
async fn a_pinned_host_is_not_reached_without_tls() -> Result<()> {
    let world = world().await?;
    world.load_policy().await?;
    let seen = world.socket("clear").await?;
    assert_blocked(&seen, &world.demo.servers.clear).await?;
    let traffic = world.demo.servers.clear.traffic();
    assert_eq!(traffic.requests, [], "nothing of the handshake was sent in the clear");
    world.firefox.quit().await
}

#[tokio::test]
async fn control_without_the_rule_the_cleartext_socket_delivers_its_frame() -> Result<()> {
    let world = world().await?;
    let seen = world.socket("clear").await?;
    assert_delivered(&seen, &world.demo.servers.clear).await?;
    world.firefox.quit().await
}

#[tokio::test]
async fn a_cleartext_address_of_a_pinned_host_is_upgraded_and_judged() -> Result<()> {
    let world = world().await?;
    let servers = &world.demo.servers;
    let [pinned, attacker] = [&servers.pinned, &servers.attacker].map(|it| format!("ws://{PINNED}:{}/", it.port()));
    // The control: without the rule nothing is upgraded, and these servers speak only TLS.
    assert!(world.firefox.socket(&pinned).await?.refused());

    world.load_policy().await?;
    let seen = world.firefox.socket(&pinned).await?;
    assert_delivered(&seen, &servers.pinned).await?;
    let seen = world.firefox.socket(&attacker).await?;
    assert_blocked(&seen, &servers.attacker).await?;
    world.firefox.quit().await
}

#[tokio::test]
async fn a_denied_key_is_blocked_though_another_key_of_the_chain_is_pinned() -> Result<()> {
    let world = world().await?;
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
