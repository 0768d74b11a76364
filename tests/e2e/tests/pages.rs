//! The pages of the extension, used as a person uses them.

use anyhow::Result;
use serde_json::json;
use sockpin_e2e::demo::PINNED;
use sockpin_e2e::page::Page;
use sockpin_e2e::world::{Installation, World};

async fn world() -> Result<World> {
    World::start(Installation::Temporary, false).await
}

/// Fills in the form of a new rule in mode `block` with one pin, and saves it.
async fn type_rule(options: &Page<'_>, host: &str, pin: &str) -> Result<()> {
    options.click("#add-rule").await?;
    options.type_into("#rule-form [name=host]", host).await?;
    options.select("#rule-form [name=mode]", "block").await?;
    options.type_into("#pins .pin-row [name=pin]", pin).await?;
    options.wait_until("saving to be possible", "!document.querySelector('#save-rule').disabled").await?;
    options.click("#save-rule").await?;
    options.wait_for_count("#rules .rule", 1).await
}

#[tokio::test]
async fn a_rule_typed_into_the_options_page_is_in_force_for_the_next_socket() -> Result<()> {
    let world = world().await?;
    let options = world.firefox.page("options.html").await?;
    // The control: before the rule exists, the same socket delivers its frame.
    world.firefox.open_tab(&world.demo.site.blank()).await?;
    assert!(world.socket("attacker").await?.delivered());

    options.show().await?;
    type_rule(&options, PINNED, &world.demo.pinned_key.pin()).await?;
    assert_eq!(options.text("#rules .rule-host").await?, PINNED);

    world.firefox.open_tab(&world.demo.site.blank()).await?;
    let before = world.demo.servers.attacker.settled_traffic().await?;
    assert!(world.socket("attacker").await?.refused());
    let after = world.demo.servers.attacker.settled_traffic().await?;
    assert_eq!(after.frames, before.frames, "the server received another frame");
    assert!(world.socket("pinned").await?.delivered());
    world.firefox.quit().await
}

#[tokio::test]
async fn a_rule_deleted_on_the_options_page_is_no_longer_in_force() -> Result<()> {
    let world = world().await?;
    let pin = world.demo.pinned_key.pin();
    world.firefox.save_rule(json!({ "host": PINNED, "mode": "block", "pins": [{ "sha256": pin }] })).await?;
    assert!(world.socket("attacker").await?.refused());
    assert_eq!(world.demo.servers.attacker.settled_traffic().await?.frames, 0);

    let options = world.firefox.page("options.html").await?;
    options.click("#rules .rule-delete").await?;
    options.click("#confirm-delete").await?;
    options.wait_for_count("#rules .rule", 0).await?;

    world.firefox.open_tab(&world.demo.site.blank()).await?;
    assert!(world.socket("attacker").await?.delivered());
    world.firefox.quit().await
}

#[tokio::test]
async fn a_rule_whose_deletion_is_not_confirmed_stays() -> Result<()> {
    let world = world().await?;
    world.load_policy().await?;
    let options = world.firefox.page("options.html").await?;
    options.click("#rules .rule-delete").await?;
    options.click("#cancel-delete").await?;
    assert_eq!(world.firefox.rules().await?.len(), world.demo.rules().len());
    world.firefox.quit().await
}

#[tokio::test]
async fn mistakes_are_shown_beside_their_fields_and_nothing_is_stored() -> Result<()> {
    let world = world().await?;
    let options = world.firefox.page("options.html").await?;
    options.click("#add-rule").await?;
    for (host, message) in [("*.com", true), ("exa mple.com", true), ("a..b", true), ("chat.example.com", false)] {
        options.type_into("#rule-form [name=host]", host).await?;
        let shown = "[data-message-for=host] [data-kind=error], [data-message-for=host][data-kind=error]";
        options.wait_for_presence(shown, message).await?;
    }
    // One byte short of a SHA-256.
    options.type_into("#pins .pin-row [name=pin]", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA==").await?;
    let shown = "#pins .row-message [data-kind=error], #pins .row-message[data-kind=error]";
    options.wait_for_presence(shown, true).await?;
    assert!(options.is_true("document.querySelector('#save-rule').disabled").await?);
    assert_eq!(world.firefox.rules().await?.len(), 0);
    world.firefox.quit().await
}

#[tokio::test]
async fn a_violation_is_seen_in_the_popup_with_its_chain_and_can_be_cleared() -> Result<()> {
    let world = world().await?;
    world.load_policy().await?;
    world.socket("attacker").await?;

    let popup = world.firefox.page("popup.html").await?;
    popup.wait_for_count("#log .violation", 1).await?;
    assert!(popup.text("#log .violation-host").await?.contains(PINNED));
    popup.click("#log .violation summary").await?;
    popup.wait_for_count("#log .violation .certificate", 3).await?;
    let leaf = popup.text("#log .certificate .certificate-pin").await?;
    assert!(leaf.contains(&world.demo.attacker_key.pin()), "the first certificate shows {leaf}");
    let pins = popup.text("#log .rule-pins").await?;
    for key in [&world.demo.pinned_key, &world.demo.backup_key] {
        assert!(pins.contains(&key.pin()), "the rule's pins are shown as {pins}");
    }

    popup.click("#clear-log").await?;
    popup.click("#cancel-clear").await?;
    popup.wait_for_count("#log .violation", 1).await?;
    popup.click("#clear-log").await?;
    popup.click("#confirm-clear").await?;
    popup.wait_for_count("#log .violation", 0).await?;
    assert_eq!(world.firefox.violations().await?.len(), 0);
    world.firefox.quit().await
}

#[tokio::test]
async fn the_lab_tries_its_sockets_and_computes_pins() -> Result<()> {
    let world = world().await?;
    world.load_policy().await?;
    let lab = world.firefox.lab(&world.demo.site).await?;
    lab.click("#try-all").await?;
    for (socket, state) in [("unpinned", "open"), ("pinned", "open"), ("attacker", "refused"), ("clear", "refused")] {
        lab.wait_for_count(&format!("[data-socket={socket}] .socket-result[data-state={state}]"), 1).await?;
    }
    assert_eq!(world.demo.servers.attacker.settled_traffic().await?.frames, 0);

    lab.paste("#calculator-text", &world.demo.authority.root_pem()).await?;
    lab.wait_for_count("#calculator-results .key-pin", 1).await?;
    let shown = lab.text("#calculator-results .key-pin").await?;
    assert!(shown.contains(&world.demo.authority.root_pin()), "the calculator shows {shown}");
    world.firefox.quit().await
}
