//! What the pages say of how things stand (paused, managed, not permitted), and what can be done about it there.

use anyhow::Result;
use serde_json::json;
use sockpin_e2e::demo::PINNED;
use sockpin_e2e::extension;
use sockpin_e2e::firefox::Options;
use sockpin_e2e::wait;
use sockpin_e2e::world::{Installation, World};
use thirtyfour::Key;

#[tokio::test]
async fn a_pause_from_either_page_lets_through_and_is_shown_until_it_is_ended() -> Result<()> {
    let world = World::start(Installation::Temporary).await?;
    world.load_policy().await?;
    let attacker = &world.demo.servers.attacker;
    let blank = world.firefox.this_page().await?;
    for (page, button, says) in [
        ("popup.html", "#pause-ten-minutes", "Paused until "),
        ("options.html", "#pause-until-restart", "Paused until Firefox restarts"),
    ] {
        let opened = world.firefox.page(page).await?;
        assert!(!opened.text("#state").await?.contains("Paused"), "{page}");
        opened.click("#pause-menu summary").await?;
        opened.click(button).await?;
        opened.wait_for_presence("#resume", true).await?;
        // The keyboard goes on where it was: at the button in the place of the one that was used.
        opened.has_focus("#resume").await?;
        let state = opened.text("#state").await?;
        assert!(state.starts_with(says) && state.ends_with("nothing is being blocked."), "{page}: {state}");
        blank.show().await?;
        let before = attacker.settled_traffic().await?.frames;
        assert!(world.socket("attacker").await?.delivered(), "{page}");
        assert_eq!(attacker.settled_traffic().await?.frames, before + 1, "{page}");
        opened.show().await?;
        opened.click("#resume").await?;
        opened.wait_for_presence("#resume", false).await?;
        opened.has_focus("#pause-menu summary").await?;
        blank.show().await?;
        assert!(world.socket("attacker").await?.refused(), "{page}");
    }
    let popup = world.firefox.page("popup.html").await?;
    popup.wait_for_count("#log .pause", 4).await?;
    // Of each kind there were two.
    popup.wait_for_count("#log .violation", 2).await?;
    let times = "[...document.querySelectorAll('.violation-times-short')].map(({ textContent }) => textContent).join()";
    popup.wait_until("two of each", &format!("{times} === '× 2,× 2'")).await?;
    assert_eq!(popup.text("#log > :nth-child(2) .pause-text").await?, "The pause was ended");
    assert!(popup.text("#log > :nth-child(3) .violation-reason").await?.contains("because Sockpin was paused"));
    assert_eq!(popup.text("#log > :nth-child(3) .violation-outcome").await?, "Let through");
    popup.click("#log > :nth-child(3) summary").await?;
    assert!(popup.text("#log > :nth-child(3) .violation-sent").await?.starts_with("Everything"));
    world.firefox.quit().await
}

#[tokio::test]
async fn the_pause_menu_is_used_by_keyboard_and_closes_without_a_choice() -> Result<()> {
    let world = World::start(Installation::Temporary).await?;
    let has_focus = "document.activeElement.matches('#pause-menu summary')";
    let chosen = "document.activeElement.id === 'pause-ten-minutes'";
    for page in ["popup.html", "options.html"] {
        let opened = world.firefox.page(page).await?;
        let keys = world.firefox.driver()?;
        world.firefox.run("document.querySelector('#pause-menu summary').focus()", Vec::new()).await?;
        keys.action_chain().send_keys(Key::Enter).perform().await?;
        opened.wait_for_presence("#pause-ten-minutes", true).await?;
        keys.action_chain().send_keys(Key::Escape).perform().await?;
        opened.wait_for_presence("#pause-ten-minutes", false).await?;
        assert!(opened.is_true(has_focus).await?, "{page}: the focus is lost");

        // A press on what is no button leaves it open, a press beside it closes it.
        opened.click("#pause-menu summary").await?;
        opened.click("#pause-about").await?;
        opened.wait_for_presence("#pause-ten-minutes", true).await?;
        opened.click("h1").await?;
        opened.wait_for_presence("#pause-ten-minutes", false).await?;
        assert_eq!(world.firefox.log().await?.len(), 0, "{page}: nothing was chosen");

        opened.show().await?;
        world.firefox.run("document.querySelector('#pause-menu summary').focus()", Vec::new()).await?;
        keys.action_chain().send_keys(Key::Enter).send_keys(Key::Tab).perform().await?;
        opened.wait_until("the focus to be on the first choice", chosen).await?;
        keys.action_chain().send_keys(Key::Enter).perform().await?;
        opened.wait_for_presence("#resume", true).await?;
        opened.has_focus("#resume").await?;
        keys.action_chain().send_keys(Key::Enter).perform().await?;
        opened.wait_for_presence("#resume", false).await?;
        world.firefox.clear_log().await?;
    }
    world.firefox.quit().await
}

#[tokio::test]
async fn the_focus_goes_on_only_where_the_control_that_has_it_goes() -> Result<()> {
    let world = World::start(Installation::Temporary).await?;
    for (page, other) in [("popup.html", "#open-options"), ("options.html", "#add-rule")] {
        let opened = world.firefox.page(page).await?;
        for (focused, afterwards) in [("#resume", "#pause-menu summary"), (other, other)] {
            world.firefox.ask_extension(json!({ "type": "pause", "length": "ten-minutes" })).await?;
            opened.wait_for_presence("#resume", true).await?;
            world.firefox.run("document.querySelector(arguments[0]).focus()", vec![json!(focused)]).await?;
            world.firefox.ask_extension(json!({ "type": "resume" })).await?;
            opened.wait_for_presence("#resume", false).await?;
            let has_focus = format!("document.activeElement.matches('{afterwards}')");
            assert!(opened.is_true(&has_focus).await?, "{page}: the focus was on {focused}");
        }
    }
    world.firefox.quit().await
}

/// No notice tells of this end: the page has only heard of the pause, from a background that is played.
#[tokio::test]
async fn a_page_asks_again_when_the_pause_that_it_shows_is_over() -> Result<()> {
    let world = World::start(Installation::Temporary).await?;
    for page in ["popup.html", "options.html"] {
        let opened = world.firefox.page(page).await?;
        world.firefox.run(PLAY_A_PAUSE, vec![json!(1500)]).await?;
        world.firefox.ask_extension(json!({ "type": "statusChanged" })).await?;
        opened.wait_until("the pause to have been shown", "window.hasShownThePause === true").await?;
        opened.wait_for_presence("#resume", false).await?;
        assert!(!opened.text("#state").await?.contains("Paused"), "{page}");
    }
    world.firefox.quit().await
}

/// Until its end every question about the status is answered with a pause of so many milliseconds, counted from the first.
/// It may have been shown and be over before anybody looks.
const PLAY_A_PAUSE: &str = r"
const [ms] = arguments;
let pause;
const { sendMessage } = browser.runtime;
browser.runtime.sendMessage = async (message) => {
    const answer = await sendMessage(message);
    if (message.type !== 'status') return answer;
    pause ??= { began: Date.now(), until: Date.now() + ms };
    return Date.now() < pause.until ? { ...answer, pause } : answer;
};
const resume = document.querySelector('#resume');
new MutationObserver(() => { if (resume.checkVisibility()) window.hasShownThePause = true; })
    .observe(resume, { attributes: true });
";

#[tokio::test]
async fn what_the_server_has_seen_is_told_in_the_popup() -> Result<()> {
    let world = World::start(Installation::Temporary).await?;
    let blank = world.firefox.this_page().await?;
    let popup = world.firefox.page("popup.html").await?;
    for (preflight, says) in [("prefer", "Nothing from the page was sent"), ("off", "has received the request")] {
        let mut rule = world.demo.rules()[0].clone();
        rule["preflight"] = json!(preflight);
        let saved = world.firefox.save_rule(rule).await?;
        blank.show().await?;
        assert!(world.socket("attacker").await?.refused());
        popup.show().await?;
        popup.wait_for_count("#log .violation", 1).await?;
        popup.click("#log .violation summary").await?;
        let sent = popup.text("#log .violation-sent").await?;
        assert!(sent.contains(says), "{preflight}: {sent}");
        world.firefox.delete_rule(&saved).await?;
        world.firefox.clear_log().await?;
        popup.wait_for_count("#log .violation", 0).await?;
    }
    world.firefox.quit().await
}

#[tokio::test]
async fn a_rule_for_a_host_that_firefox_never_shows_is_refused_in_the_form_and_the_preflight_is_stored() -> Result<()> {
    let world = World::start(Installation::Temporary).await?;
    let options = world.firefox.page("options.html").await?;
    options.click("#add-rule").await?;
    options.type_into("#host", "addons.mozilla.org").await?;
    options.paste("#pins [name=pin]", &world.demo.pinned_key.pin()).await?;
    options.wait_for_presence("#host-message [data-code=host-never-shown]", true).await?;
    assert!(options.is_true("document.querySelector('#save-rule').disabled").await?);
    options.type_into("#host", PINNED).await?;
    options.wait_for_presence("#host-message [data-code=host-never-shown]", false).await?;
    world.firefox.run("document.querySelector('#more').open = true", Vec::new()).await?;
    options.select("#preflight", "require").await?;
    assert!(options.text("#preflight-help").await?.contains("stopped"));
    options.click("#save-rule").await?;
    assert!(options.text("#rules .rule-facts").await?.contains("ahead of the handshake required"));
    assert_eq!(world.firefox.rules().await?[0]["preflight"], "require");
    world.firefox.quit().await
}

#[tokio::test]
async fn a_permission_that_is_taken_away_is_shown_and_asked_for_on_either_page() -> Result<()> {
    let world = World::start(Installation::Temporary).await?;
    world.load_policy().await?;
    // What a person would be asked in a window of the browser's own.
    world.firefox.set_preference("extensions.webextOptionalPermissionPrompts", json!(false)).await?;
    let blank = world.firefox.this_page().await?;
    for page in ["popup.html", "options.html"] {
        let opened = world.firefox.page(page).await?;
        opened.wait_for_presence("#problem", false).await?;
        world.firefox.privileged(REVOKE, vec![json!(extension::ID)]).await?;
        opened.wait_for_presence("#problem[data-code=permission-missing]", true).await?;
        world.firefox.look(&format!("permission-missing-{page}")).await?;
        // The control: it matters.
        blank.show().await?;
        assert!(world.socket("attacker").await?.delivered(), "{page}: without the permission");
        opened.show().await?;
        wait::until("the badge", async || {
            let badge = world.firefox.run_in_extension("return browser.action.getBadgeText({})", Vec::new()).await?;
            Ok((badge == json!("!")).then_some(()))
        })
        .await?;
        opened.show().await?;
        opened.click("#problem-action").await?;
        opened.wait_for_presence("#problem", false).await?;
        blank.show().await?;
        assert!(world.socket("attacker").await?.refused(), "{page}: protected again");
    }
    world.firefox.quit().await
}

/// As about:addons does.
const REVOKE: &str = r"
const [id] = arguments;
const { ExtensionPermissions } = ChromeUtils.importESModule('resource://gre/modules/ExtensionPermissions.sys.mjs');
return ExtensionPermissions.remove(id, { permissions: [], origins: ['<all_urls>'] }, WebExtensionPolicy.getByID(id).extension);
";

#[tokio::test]
async fn that_private_windows_are_not_protected_is_said_until_they_are() -> Result<()> {
    let world = World::start(Installation::ForGood).await?;
    for page in ["popup.html", "options.html"] {
        let opened = world.firefox.page(page).await?;
        opened.wait_for_presence("#private-note", true).await?;
        opened.click("#private-note summary").await?;
        assert!(opened.text("#private-note").await?.contains("Run in Private Windows"));
        // Most people have it so: it is no trouble.
        assert!(opened.is_true("document.querySelector('#problem').hidden").await?);
    }
    world.firefox.allow_in_private_windows(true).await?;
    for page in ["popup.html", "options.html"] {
        let opened = world.firefox.page(page).await?;
        opened.wait_for_presence("#private-note", false).await?;
    }
    world.firefox.quit().await
}

#[tokio::test]
async fn an_administrators_rules_are_shown_and_cannot_be_changed() -> Result<()> {
    let pin = "BBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBB=";
    let policy = json!({
        "rules": [{ "host": PINNED, "pins": [{ "sha256": pin, "label": "Example Root CA" }] }, { "host": "*.com" }, { "host": PINNED, "pin": pin }],
        "settings": { "administrator": "Example Ltd, IT", "pausing": "forbidden" },
    });
    let policies = json!({ "3rdparty": { "Extensions": { (extension::ID): policy } } });
    let world =
        World::with(Installation::Temporary, Options { policies: Some(policies), ..Options::default() }).await?;
    let options = world.firefox.page("options.html").await?;
    assert_eq!(options.text("#managed-heading").await?, "Set by Example Ltd, IT");
    options.wait_for_count("#managed-rules .rule", 1).await?;
    options.wait_for_count("#managed-rules button:not(.rule-test)", 0).await?;
    assert!(options.text("#managed-problems").await?.starts_with("Rule 2 was refused; the others are in force."));
    let unknown = options.text("#managed-problems .managed-problem:nth-child(2) .notice").await?;
    assert!(unknown.contains("There is no “pin”; it may be misspelt."), "{unknown}");
    // It was read just now, and made nobody knows when.
    assert!(!options.text("#managed-rules .rule").await?.contains("Last changed"));
    assert!(options.text("#no-rules-text").await?.contains("The rules of your administrator"));
    for page in ["options.html", "popup.html"] {
        let opened = world.firefox.page(page).await?;
        opened.wait_for_presence("#pausing-forbidden", true).await?;
        assert_eq!(opened.text("#pausing-forbidden").await?, "Pausing is turned off by Example Ltd, IT.");
        assert!(opened.is_true("document.querySelector('#pause-menu').hidden").await?);
    }
    world.firefox.quit().await
}
