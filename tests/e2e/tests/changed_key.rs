//! A server that shows another key than its rule knows: from the violation to the comparison, and to trusting the new key; and
//! what the rule's history says of it.

use anyhow::{Result, ensure};
use serde_json::{Value, json};
use sockpin_e2e::authority::{Authority, Identity, Key};
use sockpin_e2e::demo::{Demo, UNPINNED};
use sockpin_e2e::extension::ID;
use sockpin_e2e::firefox::{Firefox, Options};
use sockpin_e2e::page::Page;
use sockpin_e2e::servers::Server;
use sockpin_e2e::world::{Installation, World};
use thirtyfour::Key as Press;

/// A rule that blocks, with a pin on this key.
fn rule(pin: &str) -> Value {
    json!({ "host": UNPINNED, "mode": "block", "pins": [{ "sha256": pin, "label": "First key" }] })
}

/// The first socket meets the first identity, every later one the second. Returns once both are in the list of what was seen.
async fn turn(world: &World, first: Identity, then: Identity) -> Result<Server> {
    let server = Server::turning(first, then).await?;
    let firefox = &world.firefox;
    let web = firefox.this_page().await?;
    let url = format!("wss://{UNPINNED}:{}/", server.port());
    ensure!(firefox.socket(&url).await?.delivered(), "the first socket did not open");
    let page = firefox.page("options.html").await?;
    page.wait_for_presence(&row(&server), true).await?;
    page.wait_for_text(&format!("{} .tag", row(&server)), "Matches").await?;
    web.show().await?;
    Ok(server)
}

fn row(server: &Server) -> String {
    format!("#seen [data-endpoint='{UNPINNED}:{}']", server.port())
}

/// Opens the comparison from the newest violation in the popup, as a person does.
async fn compare(firefox: &Firefox) -> Result<Page<'_>> {
    let popup = firefox.page("popup.html").await?;
    popup.wait_for_presence("#log .violation", true).await?;
    popup.click("#log .violation summary").await?;
    popup.wait_for_presence("[data-part=compare-link]", true).await?;
    accessible(firefox).await?;
    firefox.open_by(popup.click("[data-part=compare-link]")).await?;
    let page = firefox.this_page().await?;
    page.wait_for_presence("#changed-key[open]", true).await?;
    Ok(page)
}

async fn accessible(firefox: &Firefox) -> Result<()> {
    let found = firefox.accessibility_violations().await?;
    ensure!(found.is_empty(), "{found:#?}");
    Ok(())
}

fn labels(rule: &Value) -> Vec<&str> {
    let pins = rule.get("pins").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    pins.iter().filter_map(|pin| pin.get("label")?.as_str()).collect()
}

/// The lines of the history of the only rule, newest first, without their times.
async fn history(page: &Page<'_>, firefox: &Firefox, changes: usize) -> Result<Vec<(String, String)>> {
    page.wait_for_count("#rules .rule-history > li", changes).await?;
    let lines = firefox.run(HISTORY, Vec::new()).await?;
    Ok(serde_json::from_value(lines)?)
}

const HISTORY: &str = r"
const text = (line, part) => line.querySelector(`[data-part=${part}]`).textContent;
return [...document.querySelectorAll('#rules .rule-history > li')]
    .map((line) => [text(line, 'change-when').split(', ').at(-1), text(line, 'change-what')]);
";

#[tokio::test]
async fn a_renewed_key_is_compared_and_trusted_and_the_old_pin_stays_as_a_backup() -> Result<()> {
    let world = World::start(Installation::Temporary).await?;
    let (firefox, authority) = (&world.firefox, &world.demo.authority);
    let (old, new) = (Key::new()?, Key::new()?);
    firefox.save_rule(rule(&old.pin())).await?;
    let server = turn(&world, authority.issue(&[UNPINNED], &old)?, authority.issue(&[UNPINNED], &new)?).await?;
    let web = firefox.this_page().await?;
    let url = format!("wss://{UNPINNED}:{}/", server.port());
    assert!(firefox.socket(&url).await?.refused(), "another key was let through");
    let frames = server.settled_traffic().await?.all_frames();

    let page = compare(firefox).await?;
    assert_eq!(page.text("#changed-title").await?, format!("Another key at {UNPINNED}:{}", server.port()));
    page.wait_for_presence("#changed-likely [data-code=renewed]", true).await?;
    let likely = page.text("#changed-likely").await?;
    assert!(likely.contains("Sockpin Demo Intermediate has issued it for the same name"), "{likely}");
    // Issued in the same second or not: the validity may be the same.
    let marks = page.texts("#changed-fields .changed-mark").await?;
    assert_eq!([&marks[0], &marks[1], &marks[3]], ["= Same"; 3], "{marks:?}");
    assert_eq!([&marks[4], &marks[5]], ["≠ Differs"; 2], "{marks:?}");
    let table = page.text("#changed-fields").await?;
    for key in [&old, &new] {
        assert!(table.contains(&key.pin()), "{table}");
    }
    assert!(page.is_true("document.activeElement.id === 'changed-keep'").await?, "the harmless button has the focus");
    accessible(firefox).await?;
    page.let_notices_stay().await?;
    page.click("#changed-trust").await?;
    page.wait_for_presence("#changed-key[open]", false).await?;
    page.wait_for_presence("#change", true).await?;
    page.has_focus("#rules .rule-edit").await?;
    let said = page.text("#change-text").await?;
    assert!(said.ends_with("The other pins stay as backups."), "{said}");
    let rule = firefox.only_rule().await?;
    assert_eq!(labels(&rule), [UNPINNED, "First key"], "{rule}");
    assert_eq!(rule.pointer("/pins/0/sha256"), Some(&json!(new.pin())));

    // Either is read anew after the rule, and the card drawn anew with it.
    page.wait_for_text("#rules [data-part=history-summary]", "History: 2 changes").await?;
    page.wait_for_words("#rules .rule-facts", "since it was changed").await?;
    page.click("#rules [data-part=history] summary").await?;
    accessible(firefox).await?;
    let changed = |by: &str, what: String| (by.to_owned(), what);
    let trusted = changed("by trusting a new key", format!("Pin “{UNPINNED}” added."));
    let added = changed("on this page", "The rule was added.".to_owned());
    assert_eq!(history(&page, firefox, 2).await?, [trusted.clone(), added.clone()]);

    web.show().await?;
    assert!(firefox.socket(&url).await?.delivered(), "the trusted key was stopped");
    assert!(server.settled_traffic().await?.all_frames() > frames, "nothing has reached the server");

    page.show().await?;
    page.click("#undo").await?;
    let undone = changed("by undoing a change", format!("Pin “{UNPINNED}” removed."));
    assert_eq!(history(&page, firefox, 3).await?, [undone, trusted, added]);
    assert_eq!(labels(&firefox.only_rule().await?), ["First key"]);
    world.firefox.quit().await
}

#[tokio::test]
async fn the_keyboard_alone_trusts_a_key_and_takes_the_old_pins_out() -> Result<()> {
    let world = World::start(Installation::Temporary).await?;
    let firefox = &world.firefox;
    let (old, new) = (Key::new()?, Key::new()?);
    firefox.save_rule(rule(&old.pin())).await?;
    // Another authority that this browser trusts, as that of a virus scanner.
    let other = Authority::new()?;
    firefox.trust(&other).await?;
    let first = world.demo.authority.issue(&[UNPINNED], &old)?;
    let server = turn(&world, first, other.issue(&[UNPINNED], &new)?).await?;
    let url = format!("wss://{UNPINNED}:{}/", server.port());
    assert!(firefox.socket(&url).await?.refused(), "another key was let through");

    let page = compare(firefox).await?;
    page.wait_for_presence("#changed-likely [data-code=added-root]", true).await?;
    // Back from the dialog nothing has changed, and the page loaded again is about the rules.
    firefox.press(Press::Escape + "").await?;
    page.wait_for_presence("#changed-key[open]", false).await?;
    assert!(page.is_true("location.search === ''").await?);
    assert_eq!(labels(&firefox.only_rule().await?), ["First key"]);

    let page = compare(firefox).await?;
    firefox.press(Press::Tab + "").await?;
    page.has_focus("#changed-trust").await?;
    firefox.press(Press::Shift + Press::Tab).await?;
    firefox.press(Press::Shift + Press::Tab).await?;
    page.has_focus("#changed-remove").await?;
    firefox.press(" ").await?;
    firefox.press(Press::Tab + Press::Tab).await?;
    page.has_focus("#changed-trust").await?;
    firefox.press(Press::Enter + "").await?;
    page.wait_for_presence("#change", true).await?;
    assert_eq!(labels(&firefox.only_rule().await?), [UNPINNED]);
    let lines = history(&page, firefox, 2).await?;
    let what = lines.first().map(|(_, what)| what.as_str());
    assert_eq!(what, Some(format!("Pin “{UNPINNED}” added. Pin “First key” removed.").as_str()));

    // Who comes again finds that it is done.
    let page = compare(firefox).await?;
    page.wait_for_presence("#changed-message [data-code=trusted]", true).await?;
    page.wait_for_presence("#changed-trust", false).await?;
    world.firefox.quit().await
}

#[tokio::test]
async fn a_certificate_that_was_renewed_with_the_same_key_is_good_news() -> Result<()> {
    let world = World::start(Installation::Temporary).await?;
    let (firefox, authority) = (&world.firefox, &world.demo.authority);
    let key = Key::new()?;
    firefox.save_rule(rule(&key.pin())).await?;
    let server = turn(&world, authority.issue(&[UNPINNED], &key)?, authority.issue(&[UNPINNED], &key)?).await?;
    let web = firefox.this_page().await?;
    let url = format!("wss://{UNPINNED}:{}/", server.port());
    assert!(firefox.socket(&url).await?.delivered(), "the same key was stopped");
    let page = firefox.page("options.html").await?;
    page.wait_for_words(&format!("{} .seen-facts", row(&server)), "Certificate renewed, same key").await?;
    page.wait_for_text(&format!("{} .tag", row(&server)), "Matches").await?;

    // Where the rule pins the authority, and the server has moved to another with its key, the comparison says so.
    let other = Authority::new()?;
    firefox.trust(&other).await?;
    for rule in firefox.rules().await? {
        firefox.delete_rule(&rule).await?;
    }
    firefox.save_rule(rule(&authority.root_pin())).await?;
    web.show().await?;
    let server = turn(&world, authority.issue(&[UNPINNED], &key)?, other.issue(&[UNPINNED], &key)?).await?;
    let url = format!("wss://{UNPINNED}:{}/", server.port());
    assert!(firefox.socket(&url).await?.refused(), "another authority was let through");
    let page = compare(firefox).await?;
    page.wait_for_presence("#changed-likely [data-code=same-key]", true).await?;
    let adds = page.text("#changed-adds").await?;
    assert_eq!(adds, "Trusting it adds a pin on the key of this certificate: Root.", "the root stands beside the root");
    world.firefox.quit().await
}

#[tokio::test]
async fn the_certificate_before_is_known_after_a_restart() -> Result<()> {
    let mut world = World::start(Installation::ForGood).await?;
    let (old, new) = (Key::new()?, Key::new()?);
    let authority = &world.demo.authority;
    let identities = (authority.issue(&[UNPINNED], &old)?, authority.issue(&[UNPINNED], &new)?);
    world.firefox.save_rule(rule(&old.pin())).await?;
    let server = turn(&world, identities.0, identities.1).await?;
    let is_kept = "browser.storage.local.get('last-chains-1').then((kept) => kept['last-chains-1'] !== undefined)";
    let page = world.firefox.page("options.html").await?;
    page.wait_until("the chain to be kept", is_kept).await?;
    world.restart_firefox().await?;
    let firefox = &world.firefox;
    assert!(firefox.socket(&format!("wss://{UNPINNED}:{}/", server.port())).await?.refused());
    let page = compare(firefox).await?;
    page.wait_for_presence("#changed-likely [data-code=renewed]", true).await?;
    assert!(page.text("#changed-fields").await?.contains(&old.pin()), "the key before is not shown");
    world.firefox.quit().await
}

#[tokio::test]
async fn a_rule_of_an_administrator_is_compared_and_not_changed() -> Result<()> {
    let old = Key::new()?;
    let policy = json!({ "rules": [rule(&old.pin())] });
    let policies = Some(json!({ "3rdparty": { "Extensions": { (ID): policy } } }));
    let options = Options { policies, names: Demo::names(), ..Options::default() };
    let world = World::with(Installation::Temporary, options).await?;
    let firefox = &world.firefox;
    let server = Server::tls(world.demo.authority.issue(&[UNPINNED], &Key::new()?)?).await?;
    assert!(firefox.socket(&format!("wss://{UNPINNED}:{}/", server.port())).await?.refused());
    let page = compare(firefox).await?;
    page.wait_for_presence("#changed-message [data-code=managed]", true).await?;
    page.wait_for_presence("#changed-trust", false).await?;
    // No socket has ever matched, and what is known is the root.
    page.wait_for_presence("#changed-likely [data-code=added-root]", true).await?;
    accessible(firefox).await?;
    world.firefox.quit().await
}

#[tokio::test]
async fn a_key_is_added_to_a_rule_that_is_there() -> Result<()> {
    let world = World::start(Installation::Temporary).await?;
    let firefox = &world.firefox;
    let (pinned, shown) = (Key::new()?, Key::new()?);
    let mut flagging = rule(&pinned.pin());
    if let Some(fields) = flagging.as_object_mut() {
        fields.insert("mode".to_owned(), json!("flag"));
    }
    firefox.save_rule(flagging).await?;
    let server = Server::tls(world.demo.authority.issue(&[UNPINNED], &shown)?).await?;
    assert!(firefox.socket(&format!("wss://{UNPINNED}:{}/", server.port())).await?.delivered());

    let page = firefox.page("options.html").await?;
    page.wait_for_presence(&row(&server), true).await?;
    page.click(&format!("{} button", row(&server))).await?;
    page.wait_for_presence("#picker-target", true).await?;
    let chosen = "document.querySelector('#picker-target').selectedOptions[0].textContent";
    assert!(page.is_true(&format!("{chosen} === 'More pins of the rule for {UNPINNED}'")).await?);
    page.wait_for_presence("#picker-mode", false).await?;
    assert_eq!(page.text("#picker-save").await?, "Add to rule");
    page.click("#picker .picked:first-child input").await?;
    page.wait_for_text("#picker-trials .tag", "Matches").await?;
    accessible(firefox).await?;
    page.click("#picker-save").await?;
    page.wait_for_presence("#picker[open]", false).await?;
    let stored = firefox.only_rule().await?;
    assert_eq!(labels(&stored), ["First key", UNPINNED], "{stored}");
    assert_eq!(stored.get("mode"), Some(&json!("flag")));
    let expected = ("by picking keys of a chain".to_owned(), format!("Pin “{UNPINNED}” added."));
    assert_eq!(history(&page, firefox, 2).await?.first(), Some(&expected));

    // What the rule has cannot be added again; a new rule for the port alone can be made.
    page.click(&format!("{} button", row(&server))).await?;
    page.wait_for_presence("#picker-target", true).await?;
    page.click("#picker .picked:first-child input").await?;
    page.wait_for_presence("#picker-message [data-code=has-all]", true).await?;
    assert!(page.is_true("document.querySelector('#picker-save').disabled").await?);
    firefox.run(CHOOSE_NEW, Vec::new()).await?;
    page.wait_for_presence("#picker-mode", true).await?;
    assert_eq!(page.text("#picker-save").await?, "Save rule");
    page.click("#picker-save").await?;
    page.wait_for_count("#rules .rule", 2).await?;
    world.firefox.quit().await
}

const CHOOSE_NEW: &str = r"
const list = document.querySelector('#picker-target');
list.selectedIndex = 0;
list.dispatchEvent(new InputEvent('input', { bubbles: true }));
";

/// The key of one host is not offered to a rule that is for another one by now.
#[tokio::test]
async fn a_rule_that_was_given_another_host_gets_no_key_of_the_old_one() -> Result<()> {
    let world = World::start(Installation::Temporary).await?;
    let (firefox, authority) = (&world.firefox, &world.demo.authority);
    let (old, new) = (Key::new()?, Key::new()?);
    let mut saved = firefox.save_rule(rule(&old.pin())).await?;
    let server = turn(&world, authority.issue(&[UNPINNED], &old)?, authority.issue(&[UNPINNED], &new)?).await?;
    assert!(firefox.socket(&format!("wss://{UNPINNED}:{}/", server.port())).await?.refused());
    if let Some(fields) = saved.as_object_mut() {
        fields.insert("host".to_owned(), json!("other.example"));
    }
    firefox.save_rule(saved).await?;

    let page = compare(firefox).await?;
    page.wait_for_presence("#changed-message [data-code=rule-gone]", true).await?;
    assert!(!page.is_true("document.querySelector('#changed-trust').checkVisibility()").await?);
    assert_eq!(labels(&firefox.only_rule().await?), ["First key"]);
    world.firefox.quit().await
}
