//! The rules page with more rules than are drawn at once.

use anyhow::{Context, Result};
use serde_json::{Value, json};
use sockpin_e2e::page::Page;
use sockpin_e2e::world::{Installation, World};
use thirtyfour::By;

const RULES: usize = 1_000;
/// As many as `src/browser/pages/ui/list.rs` draws before one scrolls.
const FIRST: usize = 100;

async fn world() -> Result<World> {
    let world = World::start(Installation::Temporary).await?;
    let pin = world.demo.pinned_key.pin();
    world.firefox.save_rule(json!({ "host": "first.example", "pins": [{ "sha256": pin, "label": "In use" }] })).await?;
    world.firefox.run_in_extension(STORE, vec![json!(RULES)]).await?;
    // It is still working with the one rule that it had.
    world.firefox.end_background().await?;
    Ok(world)
}

async fn run(world: &World, script: &str) -> Result<Value> {
    world.firefox.run(script, Vec::new()).await
}

async fn search(page: &Page<'_>, typed: &str) -> Result<()> {
    page.type_into("#search", typed).await
}

fn shown(count: usize) -> String {
    format!("{count} of 1,000 rules")
}

#[tokio::test]
async fn the_first_rules_are_drawn_and_the_others_once_one_scrolls_to_them() -> Result<()> {
    let world = world().await?;
    let page = world.firefox.page("options.html").await?;
    page.wait_for_count("#rules .rule", FIRST).await?;
    assert_eq!(page.text("#rules .rule .rule-host").await?, "host-0.example");
    // The control: nothing more comes by itself.
    run(&world, SOME_FRAMES).await?;
    page.wait_for_count("#rules .rule", FIRST).await?;
    run(&world, "document.querySelector('#rules .rule:nth-child(100)').scrollIntoView()").await?;
    page.wait_for_count("#rules .rule", 2 * FIRST).await?;
    // In their order, each of them once.
    let hosts = page.texts("#rules .rule-host").await?;
    let expected: Vec<_> = (0..2 * FIRST).map(|index| format!("host-{index}.example")).collect();
    assert_eq!(hosts, expected);
    world.firefox.quit().await
}

#[tokio::test]
async fn a_search_finds_rules_that_are_not_drawn_and_says_how_many() -> Result<()> {
    let world = world().await?;
    let page = world.firefox.page("options.html").await?;
    page.wait_for_presence("#search-outcome", false).await?;

    search(&page, "HOST-99").await?;
    // 99 and 990 to 999.
    page.wait_for_count("#rules .rule", 11).await?;
    assert!(page.text("#search-outcome").await?.starts_with(&shown(11)));
    search(&page, "note 998").await?;
    page.wait_for_count("#rules .rule", 1).await?;
    page.wait_for_text("#rules .rule-host", "host-998.example").await?;

    search(&page, "nobody's").await?;
    page.wait_for_count("#rules .rule", 0).await?;
    assert!(page.text("#search-outcome").await?.starts_with("No rule has"));
    assert!(!page.is_true("document.querySelector('#no-rules').checkVisibility()").await?);

    world.firefox.driver()?.find(By::Css("#search")).await?.send_keys(ESCAPE).await?;
    page.wait_for_presence("#search-outcome", false).await?;
    page.wait_for_count("#rules .rule", FIRST).await?;
    assert!(page.is_true("document.querySelector('#search').value === ''").await?);
    world.firefox.quit().await
}

#[tokio::test]
async fn only_the_card_of_a_rule_that_has_changed_is_drawn_anew() -> Result<()> {
    let world = world().await?;
    let page = world.firefox.page("options.html").await?;
    page.wait_for_count("#rules .rule", FIRST).await?;
    run(&world, MARK).await?;
    run(&world, "document.querySelectorAll('#rules .rule-edit')[4].focus()").await?;

    // A change elsewhere: another page of the extension stores the rule above the one with the focus.
    let rules = world.firefox.rules().await?;
    let mut changed = rules.get(3).context("there is no fourth rule")?.clone();
    *changed.get_mut("note").context("it has no note")? = json!("changed elsewhere");
    world.firefox.save_rule(changed).await?;
    page.show().await?;
    page.wait_until(
        "the new note",
        "document.querySelectorAll('#rules .rule-note')[3].textContent === 'changed elsewhere'",
    )
    .await?;
    assert_eq!(run(&world, UNMARKED).await?, json!(["host-3.example"]));
    assert!(page.is_true("document.activeElement === document.querySelectorAll('#rules .rule-edit')[4]").await?);

    // A change here, of the card that has the focus: it has it again.
    page.click("#rules .rule:nth-child(2) .rule-edit").await?;
    page.select("#rule-form [name=mode]", "flag").await?;
    page.click("#save-rule").await?;
    let flags = "document.querySelectorAll('#rules .rule-mode')[1].dataset.tone === 'warning'";
    page.wait_until("the other mode", flags).await?;
    // The message that rules have changed has come once the background has answered anything after it.
    world.firefox.status().await?;
    page.show().await?;
    assert_eq!(run(&world, UNMARKED).await?, json!(["host-1.example", "host-3.example"]));
    page.wait_until("the focus", "document.activeElement === document.querySelectorAll('#rules .rule-edit')[1]")
        .await?;
    world.firefox.quit().await
}

#[tokio::test]
async fn a_rule_that_is_added_is_shown_whatever_is_searched_for_and_however_many_there_are() -> Result<()> {
    let world = world().await?;
    let page = world.firefox.page("options.html").await?;
    search(&page, "host-7").await?;
    page.wait_for_presence("#search-outcome", true).await?;
    page.click("#add-rule").await?;
    page.type_into("#rule-form [name=host]", "new.example").await?;
    page.type_into("#pins .pin-row [name=pin]", &world.demo.pinned_key.pin()).await?;
    page.wait_until("saving to be possible", "!document.querySelector('#save-rule').disabled").await?;
    page.click("#save-rule").await?;
    let focused = "document.activeElement.closest('.rule')?.querySelector('.rule-host').textContent === 'new.example'";
    page.wait_until("the new rule to have the focus", focused).await?;
    assert!(page.is_true("document.querySelector('#search').value === ''").await?);
    assert!(page.is_true("document.querySelectorAll('#rules .rule').length < 1001").await?);
    world.firefox.quit().await
}

#[tokio::test]
async fn all_that_are_found_are_deleted_in_one_step_and_come_back_in_one() -> Result<()> {
    let world = world().await?;
    let before = world.firefox.rules().await?;
    let page = world.firefox.page("options.html").await?;
    page.wait_for_count("#rules .rule", FIRST).await?;
    page.let_notices_stay().await?;
    page.click("#select-all").await?;
    page.wait_for_text("#selection-count", "1,000 rules selected").await?;
    page.click("#delete-selected").await?;
    page.wait_for_count("#rules .rule", 0).await?;
    assert_eq!(world.firefox.rules().await?.len(), 0);
    page.show().await?;
    page.click("#undo").await?;
    page.wait_for_presence("#rules .rule", true).await?;
    let mut after = world.firefox.rules().await?;
    // They come back in the order in which they were shown.
    let place = |rule: &Value| before.iter().position(|known| known == rule);
    after.sort_by_key(place);
    assert_eq!(after, before);
    world.firefox.quit().await
}

/// Puts copies of the one rule that is stored in its place.
const STORE: &str = r"
const [count] = arguments;
return browser.storage.local.get('policy').then(({ policy }) => {
    const record = JSON.parse(policy);
    const [model] = record.rules;
    record.rules = Array.from({ length: count }, (_, index) => (
        { ...model, id: `rule-${index}`, host: `host-${index}.example`, note: `note ${index}` }
    ));
    return browser.storage.local.set({ policy: JSON.stringify(record) });
});
";

/// The key as `WebDriver` writes it (its section 17.4.2).
const ESCAPE: &str = "\u{e00c}";

const SOME_FRAMES: &str = r"
const frame = () => new Promise(requestAnimationFrame);
return (async () => { for (let i = 0; i < 20; i++) await frame(); })();
";

const MARK: &str = "for (const rule of document.querySelectorAll('#rules .rule')) rule.marked = true;";

const UNMARKED: &str = r"
const unmarked = [...document.querySelectorAll('#rules .rule')].filter((rule) => !rule.marked);
return unmarked.map((rule) => rule.querySelector('.rule-host').textContent);
";
