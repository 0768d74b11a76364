//! As many rules as there may be, and one more: those that hold do so in time, and what is refused is said.

use anyhow::Result;
use serde_json::{Value, json};
use sockpin_e2e::demo::{PINNED, UNPINNED};
use sockpin_e2e::extension;
use sockpin_e2e::firefox::Options;
use sockpin_e2e::world::{Installation, World};

/// `MAX_RULES` and `MAX_LISTED_MANAGED_RULES` of `src/limits.rs`.
const MOST: usize = 100_000;
const MOST_LISTED: usize = 20_000;
/// A pin that no key has.
const NOBODYS: &str = "BBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBB=";

fn rule(host: &str) -> Value {
    json!({ "host": host, "pins": [{ "sha256": NOBODYS }] })
}

#[tokio::test]
async fn with_the_most_rules_of_the_users_sockets_are_judged_in_time_and_one_more_is_refused() -> Result<()> {
    let world = World::start(Installation::Temporary).await?;
    world.firefox.save_rule(rule(PINNED)).await?;
    world.firefox.run_in_extension(STORE, vec![json!(MOST), json!(PINNED)]).await?;
    world.firefox.end_background().await?;

    assert!(world.socket("pinned").await?.refused());
    assert!(world.socket("unpinned").await?.delivered());
    let log = world.firefox.violations().await?;
    assert_eq!(log[0]["reason"], "pin-mismatch", "stopped by its rule, and not by a deadline");
    assert_eq!(world.firefox.status().await?["rules"], json!(MOST));

    let refused = world.firefox.ask_extension(json!({ "type": "saveRule", "rule": rule("one-more.example") })).await?;
    assert_eq!(
        refused["errors"][0],
        json!({ "field": "id", "index": null, "error": { "rule-count": { "limit": MOST } } })
    );
    assert_eq!(world.firefox.status().await?["rules"], json!(MOST));
    assert!(world.socket("pinned").await?.refused());
    world.firefox.quit().await
}

#[tokio::test]
async fn of_a_managed_list_that_is_too_long_the_rest_is_refused_and_as_text_all_of_it_holds() -> Result<()> {
    let mut rules: Vec<_> = (1..MOST_LISTED).map(|number| rule(&format!("host-{number}.example"))).collect();
    rules.extend([rule(PINNED), rule(UNPINNED)]);
    let rules = json!(rules);
    for (given, refused) in [(json!(rules.to_string()), 0), (rules, 1)] {
        let policies = json!({ "3rdparty": { "Extensions": { (extension::ID): { "rules": given } } } });
        let options = Options { policies: Some(policies), ..Options::default() };
        let world = World::with(Installation::Temporary, options).await?;
        assert!(world.socket("pinned").await?.refused());
        assert_eq!(world.socket("unpinned").await?.delivered(), refused == 1);
        let status = world.firefox.status().await?;
        let expected = (json!(null), json!(MOST_LISTED + 1 - refused), json!(refused));
        assert_eq!((&status["problem"], &status["rules"], &status["refused"]), (&expected.0, &expected.1, &expected.2));
        if refused == 1 {
            let page = world.firefox.page("options.html").await?;
            page.wait_for_presence("#managed-problems [data-code=rule-count]", true).await?;
            let said = page.text("#managed-problems").await?;
            assert!(said.starts_with("Rule 20,001 and every rule after it were refused"), "{said}");
            assert!(said.contains("Or write the list as JSON text"), "{said}");
        }
        world.firefox.quit().await?;
    }
    Ok(())
}

/// Puts copies of the one rule that is stored in its place, the last of them for the same host.
const STORE: &str = r"
const [count, last] = arguments;
return browser.storage.local.get('policy').then(({ policy }) => {
    const record = JSON.parse(policy);
    const [model] = record.rules;
    record.rules = Array.from({ length: count }, (_, index) => (
        { ...model, id: `rule-${index}`, host: index === count - 1 ? last : `host-${index}.example` }
    ));
    return browser.storage.local.set({ policy: JSON.stringify(record) });
});
";
