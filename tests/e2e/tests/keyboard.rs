//! The options page by the keyboard alone: a rule is changed, tested and edited, a host is asked for its chain, and rules are
//! imported, taken back and exported.

use std::fs;

use anyhow::{Result, ensure};
use serde_json::{Value, json};
use sockpin_e2e::demo::{FLAGGED, PINNED};
use sockpin_e2e::firefox::Firefox;
use sockpin_e2e::page::Page;
use sockpin_e2e::wait;
use sockpin_e2e::world::{Installation, World};
use thirtyfour::Key as Press;

const A: &str = "C5+lpZ7tcVwmwQIMcRtPbsQtWLABXhQzejna0wHFr8M=";

#[tokio::test]
async fn what_can_be_done_with_rules_is_done_without_a_mouse() -> Result<()> {
    let world = World::start(Installation::Temporary).await?;
    let pins = json!([{ "sha256": world.demo.pinned_key.pin(), "label": "Mine" }]);
    world.firefox.save_rule(json!({ "host": PINNED, "mode": "block", "pins": pins })).await?;
    let page = world.firefox.page("options.html").await?;
    page.wait_for_count("#rules .rule", 1).await?;
    page.let_notices_stay().await?;
    // In the order of the page.
    chooses_another_mode(&world.firefox, &page).await?;
    tests_and_proves(&world, &page).await?;
    edits_as_json(&world.firefox, &page).await?;
    asks_for_a_host(&world, &page).await?;
    imports_and_takes_it_back(&world.firefox, &page).await?;
    exports(&world.firefox, &page).await?;
    world.firefox.quit().await
}

async fn the_rule(firefox: &Firefox, field: &str) -> Result<Value> {
    Ok(firefox.only_rule().await?.get(field).cloned().unwrap_or_default())
}

async fn chooses_another_mode(firefox: &Firefox, page: &Page<'_>) -> Result<()> {
    firefox.tab_to("#rules summary.rule-mode").await?;
    firefox.press(Press::Enter + "").await?;
    firefox.tab_to("#rules [data-part=to-flag]").await?;
    firefox.look("mode-menu").await?;
    firefox.press(Press::Enter + "").await?;
    page.wait_for_text("#rules summary.rule-mode", "Flags").await?;
    page.has_focus("#rules summary.rule-mode").await?;
    assert_eq!(the_rule(firefox, "mode").await?, json!("flag"));
    page.wait_for_presence("#undo", true).await?;
    firefox.tab_to("#undo").await?;
    firefox.press(Press::Enter + "").await?;
    page.wait_for_text("#rules summary.rule-mode", "Blocks").await?;
    assert_eq!(the_rule(firefox, "mode").await?, json!("block"));
    page.has_focus("#rules .rule-edit").await
}

async fn tests_and_proves(world: &World, page: &Page<'_>) -> Result<()> {
    let firefox = &world.firefox;
    // One step back from where the last change has left the focus.
    firefox.press(Press::Shift + Press::Tab).await?;
    page.has_focus("#rules .rule-test").await?;
    firefox.press(Press::Enter + "").await?;
    page.wait_for_presence("#tester[open]", true).await?;
    firefox.tab_to("#prove-host").await?;
    firefox.press(Press::Control + "a").await?;
    firefox.press(format!("{PINNED}:{}", world.demo.servers.pinned.port())).await?;
    // What Firefox offers below this field is a window of its own. Without a display it keeps the focus, and no key presses a button.
    page.show().await?;
    page.wait_until("the focus", "document.hasFocus()").await?;
    firefox.tab_to("#prove").await?;
    firefox.press(Press::Enter + "").await?;
    let states = "[...document.querySelectorAll('#prove-outcomes .tag')].map((tag) => tag.textContent).join()";
    page.wait_until("both outcomes", &format!("{states} === 'Matches,Would be blocked'")).await?;
    firefox.tab_to("#tester-close").await?;
    firefox.press(Press::Enter + "").await?;
    page.wait_for_presence("#tester[open]", false).await?;
    page.has_focus("#rules .rule-test").await
}

async fn edits_as_json(firefox: &Firefox, page: &Page<'_>) -> Result<()> {
    firefox.tab_to("#rules .rule-edit").await?;
    firefox.press(Press::Enter + "").await?;
    page.wait_for_presence("#rule-form", true).await?;
    firefox.tab_to("#rule-json-section > summary").await?;
    firefox.press(Press::Enter + "").await?;
    firefox.tab_to("#rule-json").await?;
    firefox.press(Press::Control + "a").await?;
    firefox.press(json!({ "host": PINNED, "mode": "flag", "pins": [A], "note": "typed" }).to_string()).await?;
    page.wait_until("the fields to follow", "document.querySelector('#note').value === 'typed'").await?;
    firefox.tab_to("#save-rule").await?;
    firefox.press(Press::Enter + "").await?;
    page.wait_for_presence("#rule-form", false).await?;
    page.has_focus("#rules .rule-edit").await?;
    assert_eq!((the_rule(firefox, "note").await?, the_rule(firefox, "mode").await?), (json!("typed"), json!("flag")));
    assert_eq!(the_rule(firefox, "pins").await?.pointer("/0/sha256"), Some(&json!(A)));
    Ok(())
}

/// A host that no socket has reached, typed in.
async fn asks_for_a_host(world: &World, page: &Page<'_>) -> Result<()> {
    let firefox = &world.firefox;
    firefox.tab_to("#look-host").await?;
    firefox.press(format!("{FLAGGED}:{}", world.demo.servers.flagged.port())).await?;
    firefox.press(Press::Enter + "").await?;
    page.wait_for_count("#picker[open] .picked", 3).await?;
    firefox.press(Press::Escape + "").await?;
    page.wait_for_presence("#picker[open]", false).await?;
    page.has_focus("#look-host").await
}

async fn imports_and_takes_it_back(firefox: &Firefox, page: &Page<'_>) -> Result<()> {
    firefox.tab_to("#import-text").await?;
    firefox.press(json!([{ "host": "typed.example", "pins": [A] }]).to_string()).await?;
    firefox.tab_to("#import-read").await?;
    firefox.press(Press::Enter + "").await?;
    page.has_focus("#import-preview-heading").await?;
    page.wait_until("importing to be possible", "!document.querySelector('#import-confirm').disabled").await?;
    assert_eq!(the_rule(firefox, "host").await?, json!(PINNED), "it was stored before it was confirmed");
    firefox.tab_to("#import-confirm").await?;
    firefox.press(Press::Enter + "").await?;
    page.has_focus("#import-undo").await?;
    assert_eq!(page.text("#import-done-text").await?, "One rule was added.");
    page.wait_for_count("#rules .rule", 2).await?;
    firefox.look("import-done").await?;
    page.has_focus("#import-undo").await?;
    firefox.press(Press::Enter + "").await?;
    page.has_focus("#import-file").await?;
    page.wait_for_count("#rules .rule", 1).await?;
    assert_eq!(the_rule(firefox, "host").await?, json!(PINNED));
    Ok(())
}

async fn exports(firefox: &Firefox, page: &Page<'_>) -> Result<()> {
    let folder = tempfile::tempdir()?;
    firefox.save_in(folder.path()).await?;
    firefox.tab_to("#export-format").await?;
    firefox.press(Press::Down + "").await?;
    page.wait_until("the format", "document.querySelector('#export-format').value === 'android'").await?;
    firefox.tab_to("#export-save").await?;
    firefox.press(Press::Enter + "").await?;
    let file = folder.path().join("network_security_config.xml");
    let is_whole = |text: &String| text.contains("</network-security-config>");
    let text = wait::until("the file", async || Ok(fs::read_to_string(&file).ok().filter(is_whole))).await?;
    ensure!(text.contains(PINNED), "{text}");
    page.has_focus("#export-save").await
}
