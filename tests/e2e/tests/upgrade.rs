//! A profile that the version before has written, as `tests/data/policy-1.json` has it: rules as an object.

use anyhow::{Context, Result};
use serde_json::{Value, json};
use sockpin_e2e::world::{Installation, World};

const BEFORE: &str = include_str!("../../data/policy-1.json");

#[tokio::test]
async fn rules_and_pause_of_the_version_before_hold_and_a_change_keeps_every_rule() -> Result<()> {
    let world = World::start(Installation::Temporary).await?;
    let firefox = &world.firefox;
    let before: Value = serde_json::from_str(BEFORE)?;
    let stored = before["rules"].as_array().context("the fixture has no rules")?;
    assert!(world.socket("pinned").await?.delivered(), "control: no rule is there yet");

    let pause = json!({ "began": 1_764_000_000_000_u64, "until": null });
    firefox.run_in_extension(STORE, vec![before.clone(), pause]).await?;
    firefox.end_background().await?;
    assert!(world.socket("pinned").await?.delivered(), "it is paused");
    let done = firefox.ask_extension(json!({ "type": "resume" })).await?;
    assert_eq!(done["type"], "done");
    assert!(world.socket("pinned").await?.refused());
    assert_eq!(firefox.violations().await?[0]["rule"]["id"], stored[0]["id"]);
    assert_eq!(firefox.run_in_extension(READ, Vec::new()).await?, before, "reading has changed nothing");

    let options = firefox.page("options.html").await?;
    options.wait_for_count("#rules .rule", stored.len()).await?;
    options.wait_for_presence("#problem", false).await?;
    // The one whose details are in the form at once.
    let id = stored[0]["id"].as_str().context("a rule without id")?;
    options.click(&format!("#rules [data-rule='{id}'] .rule-edit")).await?;
    options.type_into("#note", "Changed.").await?;
    options.click("#save-rule").await?;
    options.wait_for_presence("#rule-form", false).await?;

    let record = firefox.run_in_extension(READ, Vec::new()).await?;
    let record: Value = serde_json::from_str(record.as_str().context("it is not stored as text")?)?;
    assert_eq!((&record["version"], &record["settings"]), (&before["version"], &before["settings"]));
    let rules = record["rules"].as_array().context("there are no rules")?;
    assert_eq!(rules.len(), stored.len());
    for (rule, old) in rules.iter().zip(stored) {
        for (field, value) in rule.as_object().context("a rule is no object")? {
            if !["note", "updated"].contains(&field.as_str()) {
                assert_eq!(*value, old[field], "{field} of {rule}");
            }
        }
    }
    assert_eq!(rules[0]["note"], "Changed.");

    firefox.end_background().await?;
    firefox.open(&world.demo.site.blank()).await?;
    assert!(world.socket("pinned").await?.refused());
    world.firefox.quit().await
}

#[tokio::test]
async fn rules_of_a_version_to_come_are_kept_and_nobody_is_offered_to_throw_them_away() -> Result<()> {
    let world = World::start(Installation::Temporary).await?;
    let firefox = &world.firefox;
    let mut newer: Value = serde_json::from_str(BEFORE)?;
    newer["rules"][0]["quorum"] = json!(2);
    let newer = json!(newer.to_string());
    firefox.run_in_extension(STORE, vec![newer.clone(), Value::Null]).await?;
    firefox.end_background().await?;
    assert!(world.socket("unpinned").await?.refused());

    let options = firefox.page("options.html").await?;
    options.wait_for_presence("#problem[data-code=policy-field-newer]", true).await?;
    assert!(options.text("#problem-text").await?.contains("“quorum”"));
    options.wait_for_presence("#problem-action", false).await?;
    options.wait_for_presence("#rules-section", false).await?;
    let refused = firefox.ask_extension(json!({ "type": "resetPolicy" })).await?;
    assert!(refused["problem"]["policy-field-newer"].is_object(), "{refused}");
    assert_eq!(firefox.run_in_extension(READ, Vec::new()).await?, newer);
    assert_eq!(options.text("#problem-title").await?, "All WebSockets are being stopped");
    world.firefox.quit().await
}

const STORE: &str = r"
const [policy, pause] = arguments;
return Promise.all([
    browser.storage.local.set({ policy }), pause && browser.storage.session.set({ pause }),
]).then(() => true);
";

const READ: &str = "return browser.storage.local.get('policy').then(({ policy }) => policy)";
