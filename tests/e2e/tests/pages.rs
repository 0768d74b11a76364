//! The pages of the extension, used as a person uses them.

use std::fs;

use anyhow::{Context, Result};
use serde_json::{Value, json};
use sockpin_e2e::demo::PINNED;
use sockpin_e2e::page::Page;
use sockpin_e2e::world::{Installation, World};
use thirtyfour::By;

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

/// What is in a field of the current page.
async fn value(world: &World, selector: &str) -> Result<String> {
    let value = world.firefox.run("return document.querySelector(arguments[0]).value", vec![json!(selector)]).await?;
    value.as_str().map(str::to_owned).with_context(|| format!("{selector} has no value"))
}

/// Answers in the background's stead what the current page asks, by the type of the request; what is not named goes to
/// the background. From then on `sent` lists the types of the page's requests.
async fn stand_in(world: &World, answers: Value) -> Result<()> {
    world.firefox.run(STAND_IN, vec![answers]).await?;
    Ok(())
}

#[tokio::test]
async fn a_rule_typed_into_the_options_page_is_in_force_for_the_next_socket() -> Result<()> {
    let world = World::start(Installation::Temporary).await?;
    let options = world.firefox.page("options.html").await?;
    // The control: before the rule exists, the same socket delivers its frame.
    world.firefox.open_tab(&world.demo.site.blank()).await?;
    assert!(world.socket("attacker").await?.delivered());

    options.show().await?;
    type_rule(&options, PINNED, &world.demo.pinned_key.pin()).await?;
    options.wait_for_text("#rules .rule-host", PINNED).await?;

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
    let world = World::start(Installation::Temporary).await?;
    let pin = world.demo.pinned_key.pin();
    world.firefox.save_rule(json!({ "host": PINNED, "mode": "block", "pins": [{ "sha256": pin }] })).await?;
    assert!(world.socket("attacker").await?.refused());
    assert_eq!(world.demo.servers.attacker.settled_traffic().await?.frames, 0);

    let options = world.firefox.page("options.html").await?;
    options.click("#rules .rule-delete").await?;
    options.wait_for_count("#rules .rule", 0).await?;

    world.firefox.open_tab(&world.demo.site.blank()).await?;
    assert!(world.socket("attacker").await?.delivered());
    world.firefox.quit().await
}

#[tokio::test]
async fn mistakes_are_shown_beside_their_fields_and_nothing_is_stored() -> Result<()> {
    let world = World::start(Installation::Temporary).await?;
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
async fn a_wildcard_below_which_anybody_can_register_is_warned_of_by_firefoxs_own_list() -> Result<()> {
    let world = World::start(Installation::Temporary).await?;
    let options = world.firefox.page("options.html").await?;
    options.click("#add-rule").await?;
    for (host, warned) in [("*.co.uk", true), ("*.example.co.uk", false), ("**.github.io", true), ("*.lan", false)] {
        options.type_into("#rule-form [name=host]", host).await?;
        options.wait_for_presence("[data-message-for=host] [data-code=wildcard-above-suffix]", warned).await?;
        options.wait_for_presence("[data-message-for=host] [data-kind=error]", false).await?;
    }
    world.firefox.quit().await
}

#[tokio::test]
async fn a_file_that_cannot_be_read_spoils_neither_the_form_nor_other_files() -> Result<()> {
    let world = World::start(Installation::Temporary).await?;
    let options = world.firefox.page("options.html").await?;
    options.click("#add-rule").await?;
    options.type_into("#rule-form [name=host]", PINNED).await?;

    // A file of the disk, chosen and then deleted: the browser still knows it, and can no longer read it.
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("gone.pem");
    fs::write(&path, world.demo.authority.root_pem())?;
    world.firefox.run(ADD_FILE_INPUT, Vec::new()).await?;
    let input = world.firefox.driver()?.find(By::Css("#chosen")).await?;
    input.send_keys(path.to_str().context("the path is not UTF-8")?).await?;
    fs::remove_file(&path)?;
    world.firefox.run(DROP_FILES, vec![json!(world.demo.authority.root_pem())]).await?;

    let message = options.text("#pin-drop-message [data-code=file-unreadable]").await?;
    assert!(message.starts_with("gone.pem: The file could not be read"), "{message}");
    assert!(value(&world, "#pins [name=pin]").await?.contains(&world.demo.authority.root_pin()));
    assert_eq!(value(&world, "#rule-form [name=host]").await?, PINNED);
    options.wait_for_presence("#failure", false).await?;
    world.firefox.quit().await
}

#[tokio::test]
async fn what_is_pasted_is_taken_or_said_to_be_left_out() -> Result<()> {
    let world = World::start(Installation::Temporary).await?;
    let options = world.firefox.page("options.html").await?;
    options.click("#add-rule").await?;
    let list = format!("{};bro?ken;{}", world.demo.pinned_key.pin(), world.demo.authority.root_pin());
    world.firefox.run(PASTE_TEXT, vec![json!("#pins [name=pin]"), json!(list)]).await?;
    options.wait_for_count("#pins .pin-row", 2).await?;
    options.wait_for_count("#pins [data-kind=error]", 0).await?;
    let said = options.text("#pins-taken").await?;
    assert!(said.contains("2 keys were taken") && said.contains("Line 1 was left out. “bro?ken” is neither"), "{said}");

    world.firefox.run(BRING_UP, vec![json!("#add-pin")]).await?;
    options.click("#add-pin").await?;
    options.paste("#pins .pin-row:last-child [name=pin]", &world.demo.authority.root_pem()).await?;
    let said = options.text("#pins-taken").await?;
    assert_eq!(said, "One key of the pasted text was already in the list.");
    // Typing on, the person has seen it.
    options.type_into("#pins .pin-row:last-child [name=pin]", "x").await?;
    options.wait_for_presence("#pins-taken", false).await?;
    world.firefox.quit().await
}

#[tokio::test]
async fn a_half_typed_date_is_not_taken_for_none() -> Result<()> {
    let world = World::start(Installation::Temporary).await?;
    let options = world.firefox.page("options.html").await?;
    options.click("#add-rule").await?;
    options.type_into("#rule-form [name=host]", PINNED).await?;
    options.type_into("#pins [name=pin]", &world.demo.pinned_key.pin()).await?;
    world.firefox.run(BRING_UP, vec![json!("#more > summary")]).await?;
    options.click("#more > summary").await?;
    options.wait_until("saving to be possible", "!document.querySelector('#save-rule').disabled").await?;
    let error = "[data-message-for=expires] [data-kind=error]";
    let date = world.firefox.driver()?.find(By::Css("#expires")).await?;

    world.firefox.run(BRING_UP, vec![json!("#expires")]).await?;
    // Whatever the order of day, month and year: not all of it.
    world.firefox.driver()?.action_chain().click_element(&date).send_keys("12").perform().await?;
    world.firefox.run(BRING_UP, vec![json!("#note")]).await?;
    options.click("#note").await?;
    options.wait_for_presence(error, true).await?;
    assert!(options.is_true("document.querySelector('#save-rule').disabled").await?);

    // The control: a whole date is none the worse.
    options.paste("#expires", "2099-12-31").await?;
    options.wait_for_presence(error, false).await?;
    options.click("#save-rule").await?;
    options.wait_for_count("#rules .rule", 1).await?;
    assert_eq!(world.firefox.rules().await?.first().and_then(|rule| rule.get("expires")), Some(&json!("2099-12-31")));
    world.firefox.quit().await
}

#[tokio::test]
async fn a_rule_is_submitted_once_and_can_be_tried_again_when_refused() -> Result<()> {
    let world = World::start(Installation::Temporary).await?;
    let options = world.firefox.page("options.html").await?;
    options.click("#add-rule").await?;
    options.type_into("#rule-form [name=host]", PINNED).await?;
    options.type_into("#pins [name=pin]", &world.demo.pinned_key.pin()).await?;

    // Refused for a reason that is gone by the next attempt.
    let taken = json!({ "field": "host", "index": null, "error": { "rule-host-taken": { "pattern": PINNED } } });
    stand_in(&world, json!({ "saveRule": { "type": "refused", "errors": [taken] } })).await?;
    options.click("#save-rule").await?;
    options.wait_for_presence("[data-message-for=host] [data-code=rule-host-taken]", true).await?;
    assert!(options.is_true("!document.querySelector('#save-rule').disabled").await?);
    stand_in(&world, json!({})).await?;

    world.firefox.run(SUBMIT_TWICE, Vec::new()).await?;
    options.wait_for_count("#rules .rule", 1).await?;
    options.wait_for_presence("#rule-form", false).await?;
    let saves = "sent.filter((type) => type === 'saveRule').length";
    assert!(options.is_true(&format!("{saves} === 1")).await?, "the rule was submitted more than once");
    world.firefox.quit().await
}

#[tokio::test]
async fn a_rule_that_is_deleted_while_it_is_edited_closes_the_form_or_becomes_a_new_one() -> Result<()> {
    let world = World::start(Installation::Temporary).await?;
    let rule = json!({ "host": PINNED, "mode": "block", "pins": [{ "sha256": world.demo.pinned_key.pin() }] });
    world.firefox.save_rule(rule.clone()).await?;
    let options = world.firefox.page("options.html").await?;

    options.click("#rules .rule-edit").await?;
    options.click("#rules .rule-delete").await?;
    options.wait_for_presence("#rule-form", false).await?;
    // With the answer to the deletion it takes the focus, also from what is typed into by then.
    options.has_focus("#undo").await?;

    let stored = world.firefox.save_rule(rule).await?;
    options.wait_for_count("#rules .rule", 1).await?;
    options.click("#rules .rule-edit").await?;
    options.type_into("#pins [name=pin-label]", "typed meanwhile").await?;
    world.firefox.ask_extension(json!({ "type": "deleteRule", "id": stored["id"] })).await?;
    options.wait_for_presence("#save-message [data-code=rule-deleted]", true).await?;
    assert_eq!(options.text("#form-title").await?, "Add a rule");
    options.click("#save-rule").await?;
    options.wait_for_count("#rules .rule", 1).await?;
    let rules = world.firefox.rules().await?;
    assert_eq!(rules.len(), 1);
    assert_ne!(rules[0]["id"], stored["id"]);
    assert_eq!(rules[0]["pins"][0]["label"], "typed meanwhile");
    world.firefox.quit().await
}

#[tokio::test]
async fn a_rule_that_is_changed_elsewhere_is_not_overwritten() -> Result<()> {
    let world = World::start(Installation::Temporary).await?;
    let pins = json!([{ "sha256": world.demo.pinned_key.pin() }]);
    let stored = world.firefox.save_rule(json!({ "host": PINNED, "mode": "block", "pins": pins })).await?;
    let options = world.firefox.page("options.html").await?;
    options.click("#rules .rule-edit").await?;
    options.type_into("#pins [name=pin-label]", "typed here").await?;
    let with_note = |rule: &Value, note: &str| {
        let mut rule = rule.clone();
        rule["note"] = json!(note);
        rule
    };
    let message = "#save-message [data-code=rule-changed]";

    // The page hears of it.
    let second = world.firefox.save_rule(with_note(&stored, "second")).await?;
    options.wait_for_presence(message, true).await?;
    assert!(options.is_true("document.querySelector('#save-rule').disabled").await?);
    assert_eq!(value(&world, "#pins [name=pin-label]").await?, "typed here");
    options.click("#load-stored").await?;
    options.wait_for_presence(message, false).await?;
    options.wait_for_presence("#load-stored", false).await?;
    assert_eq!(value(&world, "#note").await?, "second");

    // The page does not hear of it: the background refuses.
    options.type_into("#pins [name=pin-label]", "typed here").await?;
    world.firefox.run(STALE_RULES, vec![second.clone()]).await?;
    world.firefox.save_rule(with_note(&second, "third")).await?;
    options.wait_until("the page to read the rules", "window.staleReads > 0").await?;
    options.wait_for_presence(message, false).await?;
    options.click("#save-rule").await?;
    options.wait_for_presence(message, true).await?;
    let rules = world.firefox.rules().await?;
    assert_eq!((&rules[0]["note"], &rules[0]["pins"][0]["label"]), (&json!("third"), &json!("")));

    // The control: the newer version can be changed.
    options.click("#load-stored").await?;
    options.type_into("#pins [name=pin-label]", "typed again").await?;
    options.click("#save-rule").await?;
    options.wait_for_presence("#rule-form", false).await?;
    let rules = world.firefox.rules().await?;
    assert_eq!((&rules[0]["note"], &rules[0]["pins"][0]["label"]), (&json!("third"), &json!("typed again")));
    world.firefox.quit().await
}

#[tokio::test]
async fn an_open_popup_shows_that_the_log_has_failed_and_how() -> Result<()> {
    let world = World::start(Installation::Temporary).await?;
    world.load_policy().await?;
    world.socket("attacker").await?;
    let popup = world.firefox.page("popup.html").await?;
    popup.wait_for_count("#log .violation", 1).await?;
    popup.wait_for_presence("#problem", false).await?;

    let storage = json!({ "storage": { "detail": "quota" } });
    let failed = json!({ "type": "failed", "problem": storage });
    let unwritable = json!({
        "type": "status", "problem": null, "logProblem": storage, "rules": 1, "pause": null, "pausing": "allowed",
        "administrator": null, "access": { "everySite": true, "privateWindows": true },
    });
    for (answers, readable, code) in [
        (json!({ "status": unwritable }), true, Some("log-unwritable")),
        (json!({}), false, Some("log-unreadable")),
        (json!({}), true, None),
    ] {
        stand_in(&world, answers).await?;
        world.firefox.run(if readable { LOG_IS_READ } else { LOG_REFUSES }, Vec::new()).await?;
        world.firefox.ask_extension(json!({ "type": "logChanged" })).await?;
        match code {
            Some(code) => popup.wait_for_presence(&format!("#problem[data-code={code}]"), true).await?,
            None => popup.wait_for_presence("#problem", false).await?,
        }
    }

    // A dialog does not repeat the last failure when it is opened again.
    stand_in(&world, json!({ "clearLog": failed })).await?;
    popup.click("#clear-log").await?;
    popup.click("#confirm-clear").await?;
    popup.wait_for_presence("#clear-message", true).await?;
    popup.click("#cancel-clear").await?;
    popup.click("#clear-log").await?;
    popup.wait_for_presence("#clear-dialog", true).await?;
    popup.wait_for_presence("#clear-message", false).await?;
    world.firefox.quit().await
}

#[tokio::test]
async fn a_violation_is_seen_in_the_popup_with_its_chain_and_can_be_cleared() -> Result<()> {
    let world = World::start(Installation::Temporary).await?;
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
    let world = World::start(Installation::Temporary).await?;
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

const STAND_IN: &str = r"
const [answers] = arguments;
window.realSendMessage ??= browser.runtime.sendMessage;
window.sent = [];
browser.runtime.sendMessage = (message) => {
    sent.push(message.type);
    const answer = answers[message.type];
    return answer ? Promise.resolve(answer) : realSendMessage(message);
};
";

/// In a page that has read the log before.
const LOG_REFUSES: &str = r"
window.realTransaction ??= IDBDatabase.prototype.transaction;
window.realOpen ??= IDBFactory.prototype.open;
const refuse = () => { throw new DOMException('refused', 'InvalidStateError'); };
IDBDatabase.prototype.transaction = refuse;
IDBFactory.prototype.open = refuse;
";

const LOG_IS_READ: &str = r"
if (window.realOpen) {
    IDBDatabase.prototype.transaction = realTransaction;
    IDBFactory.prototype.open = realOpen;
}
";

/// The page reads this rule alone, until it has asked for one to be stored.
const STALE_RULES: &str = r"
const policy = JSON.stringify({ version: 1, rules: [arguments[0]], settings: {} });
const { get } = browser.storage.local;
const { sendMessage } = browser.runtime;
window.staleReads = 0;
const read = (value) => Object.defineProperty(browser.storage.local, 'get', { value, configurable: true });
read(async () => { window.staleReads += 1; return { policy }; });
browser.runtime.sendMessage = (message) => {
    if (message.type === 'saveRule') read(get);
    return sendMessage(message);
};
";

/// As a person who types on and presses Enter again before there is an answer.
const SUBMIT_TWICE: &str = r"
const form = document.querySelector('#rule-form');
form.requestSubmit();
return new Promise((resolve) => setTimeout(resolve)).then(() => {
    document.querySelector('#host').dispatchEvent(new InputEvent('input', { bubbles: true }));
    form.requestSubmit();
});
";

// The buttons of the form stay at the lower edge of the window, over what is below them.
const BRING_UP: &str = "document.querySelector(arguments[0]).scrollIntoView()";

const ADD_FILE_INPUT: &str = r"
document.body.append(Object.assign(document.createElement('input'), { type: 'file', id: 'chosen' }));
";

const DROP_FILES: &str = r"
const dataTransfer = new DataTransfer();
dataTransfer.items.add(document.querySelector('#chosen').files[0]);
dataTransfer.items.add(new File([arguments[0]], 'good.pem'));
document.querySelector('#pin-drop')
    .dispatchEvent(new DragEvent('drop', { dataTransfer, bubbles: true, cancelable: true }));
";

// Firefox's own way to make such an event: it takes the text, not a `DataTransfer`.
const PASTE_TEXT: &str = r"
const [selector, data] = arguments;
document.querySelector(selector)
    .dispatchEvent(new ClipboardEvent('paste', { data, dataType: 'text/plain', bubbles: true, cancelable: true }));
";
