//! An administrator's rules and settings, by a real `policies.json`; and what no rule can be made for.

use anyhow::{Context, Result};
use serde_json::{Value, json};
use sockpin_e2e::demo::{FLAGGED, PINNED, UNPINNED};
use sockpin_e2e::extension;
use sockpin_e2e::firefox::Options;
use sockpin_e2e::page::Page;
use sockpin_e2e::wait;
use sockpin_e2e::world::{Installation, World};

/// A pin that no key has.
const NOBODYS: &str = "BBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBB=";

fn rule(host: &str, mode: &str) -> Value {
    json!({ "host": host, "mode": mode, "pins": [{ "sha256": NOBODYS }] })
}

async fn managed(policy: Option<Value>) -> Result<World> {
    let policies = policy.map(|policy| json!({ "3rdparty": { "Extensions": { (extension::ID): policy } } }));
    World::with(Installation::Temporary, Options { policies, ..Options::default() }).await
}

#[tokio::test]
async fn an_administrators_rule_holds_and_the_user_can_only_add_to_it() -> Result<()> {
    let world = managed(Some(json!({
        "rules": [rule(PINNED, "block"), rule("*.com", "block"), rule(UNPINNED, "flag")],
        "settings": { "pausing": "forbidden", "administrator": "Example Ltd" },
    })))
    .await?;
    let servers = &world.demo.servers;
    assert!(world.socket("pinned").await?.refused());
    // The user's own `off` is no exclusion from it.
    world.firefox.save_rule(json!({ "host": PINNED, "mode": "off" })).await?;
    assert!(world.socket("pinned").await?.refused());
    assert_eq!(servers.pinned.settled_traffic().await?.all_frames(), 0);
    let log = world.firefox.violations().await?;
    assert_eq!(log[0]["rule"]["layer"], "managed");
    // Where the administrator flags, the user may block.
    assert!(world.socket("unpinned").await?.delivered());
    world.firefox.save_rule(rule(UNPINNED, "block")).await?;
    assert!(world.socket("unpinned").await?.refused());

    let shown = world.firefox.page("options.html").await?;
    assert_eq!(shown.text("#managed-heading").await?, "Set by Example Ltd");
    assert_eq!(shown.texts("#managed-rules .rule-host").await?, [PINNED, UNPINNED], "the rest holds");
    shown.wait_for_presence("#managed-problems [data-code=host-wildcard-top-level]", true).await?;
    assert!(shown.text("#managed-problems").await?.starts_with("Rule 2 was refused"));
    world.firefox.look("managed").await?;
    whose_rules_are_shown(&world, &shown).await?;
    let status = world.firefox.status().await?;
    assert_eq!((&status["administrator"], &status["refused"]), (&json!("Example Ltd"), &json!(1)));
    world.firefox.open(&world.demo.site.blank()).await?;

    for length in ["ten-minutes", "until-restart"] {
        let refused = world.firefox.ask_extension(json!({ "type": "pause", "length": length })).await?;
        assert_eq!(refused["problem"], "pause-forbidden");
    }
    assert!(world.socket("pinned").await?.refused());
    world.firefox.quit().await
}

/// The choice between the administrator's and the person's own, which is offered where there are rules enough to look for some.
async fn whose_rules_are_shown(world: &World, page: &Page<'_>) -> Result<()> {
    let save: Vec<_> = (0..8).map(|number| rule(&format!("own-{number}.example"), "flag")).collect();
    world.firefox.ask_extension(json!({ "type": "changeRules", "save": save, "delete": [] })).await?;
    page.show().await?;
    page.wait_for_presence("#filter-layer-field", true).await?;
    // The first is that of all.
    for (chosen, own, managed) in [("", 10, 2), ("managed", 0, 2), ("user", 10, 0), ("", 10, 2)] {
        page.select("#filter-layer", chosen).await?;
        page.wait_for_count("#rules .rule", own).await?;
        page.wait_for_count("#managed-rules .rule", managed).await?;
        page.wait_for_presence("#reset-filters", !chosen.is_empty()).await?;
    }
    world.firefox.look("managed-many").await
}

#[tokio::test]
async fn without_an_administrators_policy_there_is_nothing_of_it() -> Result<()> {
    for policy in [None, Some(json!({}))] {
        let world = managed(policy).await?;
        assert!(world.socket("pinned").await?.delivered());
        let status = world.firefox.status().await?;
        let nothing = (&Value::Null, &json!(0), &json!(0), &Value::Null);
        assert_eq!((&status["problem"], &status["rules"], &status["refused"], &status["administrator"]), nothing);
        world.firefox.page("options.html").await?.wait_for_presence("#managed-section", false).await?;
        world.firefox.quit().await?;
    }
    Ok(())
}

/// Every domain of the browser's own list is one for which no rule can be made.
#[tokio::test]
async fn no_rule_is_made_for_a_host_that_firefox_never_shows() -> Result<()> {
    let world = managed(None).await?;
    let list = "return Services.prefs.getCharPref('extensions.webextensions.restrictedDomains')";
    let list = world.firefox.privileged(list, Vec::new()).await?;
    let hosts: Vec<&str> = list.as_str().context("no list")?.split(',').collect();
    assert!(hosts.contains(&"addons.mozilla.org"), "{hosts:?}");
    for host in hosts {
        let answer = world.firefox.ask_extension(json!({ "type": "saveRule", "rule": rule(host, "block") })).await?;
        assert!(answer["errors"][0]["error"]["host-never-shown"].is_object(), "{host}: {answer}");
    }
    world.firefox.save_rule(rule(FLAGGED, "block")).await?;
    assert_eq!(world.firefox.rules().await?.len(), 1);
    world.firefox.quit().await
}

/// From the beginning to the end by its own time, which is set short here by moving what is stored into the past.
#[tokio::test]
async fn a_pause_lets_through_is_logged_and_ends_with_the_browser() -> Result<()> {
    let mut world = World::start(Installation::ForGood).await?;
    world.firefox.save_rule(rule(PINNED, "block")).await?;
    assert!(world.socket("pinned").await?.refused(), "control");
    for length in ["ten-minutes", "until-restart"] {
        let done = world.firefox.ask_extension(json!({ "type": "pause", "length": length })).await?;
        assert_eq!(done["type"], "done");
        // The event page's sleep does not end it.
        world.firefox.end_background().await?;
        assert!(world.socket("pinned").await?.delivered(), "{length}");
        let newest = &world.firefox.violations().await?[0];
        assert_eq!((&newest["outcome"], &newest["paused"]), (&json!("flag"), &json!(true)));
        badge_is(&world, "off").await?;
        world.firefox.restart().await?;
        world.firefox.open(&world.demo.site.blank()).await?;
        assert!(world.socket("pinned").await?.refused(), "after {length} and a restart");
        assert_eq!(world.firefox.status().await?["pause"], Value::Null);
    }
    world.firefox.ask_extension(json!({ "type": "pause", "length": "ten-minutes" })).await?;
    assert!(world.socket("pinned").await?.delivered());
    world.firefox.ask_extension(json!({ "type": "resume" })).await?;
    assert!(world.socket("pinned").await?.refused());
    let pauses = world.firefox.log().await?;
    let events: Vec<_> = pauses.iter().rev().filter_map(|entry| entry.get("pause")).collect();
    assert_eq!(events, ["begun-for-ten-minutes", "begun-until-restart", "begun-for-ten-minutes", "ended"]);

    // Its time is over while the background sleeps: its alarm wakes it.
    world.firefox.ask_extension(json!({ "type": "pause", "length": "ten-minutes" })).await?;
    badge_is(&world, "off").await?;
    world.firefox.end_background().await?;
    world.firefox.run_in_extension(SHORTEN, Vec::new()).await?;
    badge_is(&world, "").await?;
    // Only now: a question for the log would have woken the background as well.
    wait::until("the end of the pause in the log", async || {
        Ok((world.firefox.log().await?[0]["pause"] == "ran-out").then_some(()))
    })
    .await?;
    assert!(world.socket("pinned").await?.refused());
    world.firefox.quit().await
}

/// It is drawn after a socket has been answered, and after the background has begun.
async fn badge_is(world: &World, text: &str) -> Result<()> {
    let page = world.demo.site.blank();
    wait::until("the badge", async || Ok((world.firefox.badge(&page).await? == text).then_some(()))).await
}

const SHORTEN: &str = r"
return browser.storage.session.get('pause').then(async ({ pause }) => {
    const until = Date.now() + 500;
    await browser.storage.session.set({ pause: { ...pause, until } });
    await browser.alarms.create('pause', { when: until });
});
";
