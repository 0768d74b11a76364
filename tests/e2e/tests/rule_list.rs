//! The list of rules, used as a person uses it: what is looked for, what is changed, and what a rule knows.

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};
use sockpin_e2e::demo::{INTERNATIONAL, UNPINNED};
use sockpin_e2e::world::{Installation, World};
use thirtyfour::By;

/// Rules in three modes: enough for the search.
const RULES: usize = 12;

async fn world() -> Result<World> {
    let world = World::start(Installation::Temporary).await?;
    let pin = world.demo.pinned_key.pin();
    let backup = world.demo.backup_key.pin();
    let save: Vec<_> = (0..RULES)
        .map(|number| {
            let mut pins = vec![json!({ "sha256": pin, "label": "In use" })];
            if number != 1 {
                pins.push(json!({ "sha256": backup, "label": "Backup" }));
            }
            let expires = (number == 3).then_some("2020-01-01");
            json!({ "host": format!("host-{number}.example"), "mode": mode(number), "pins": pins, "expires": expires })
        })
        .collect();
    let answer = world.firefox.ask_extension(json!({ "type": "changeRules", "save": save, "delete": [] })).await?;
    assert_eq!(answer, json!({ "type": "done" }));
    Ok(world)
}

const fn mode(number: usize) -> &'static str {
    match number % 3 {
        0 => "block",
        1 => "flag",
        _ => "off",
    }
}

fn numbered(numbers: &[usize]) -> Vec<String> {
    numbers.iter().map(|number| format!("host-{number}.example")).collect()
}

/// The rules as they are stored, by host.
async fn stored(world: &World) -> Result<Vec<Value>> {
    let mut rules = world.firefox.rules().await?;
    rules.sort_by_key(|rule| rule["host"].to_string());
    Ok(rules)
}

async fn press(world: &World, keys: &str) -> Result<()> {
    world.firefox.press(keys).await
}

fn card(number: usize) -> String {
    format!("#rules .rule:nth-child({})", number + 1)
}

#[tokio::test]
async fn filters_show_some_of_the_rules_and_say_how_many_also_after_the_page_is_loaded_again() -> Result<()> {
    let world = world().await?;
    let page = world.firefox.page("options.html").await?;
    page.wait_for_count("#rules .rule", RULES).await?;
    assert_eq!(
        page.texts("#rules .rule-host").await?,
        numbered(&(0..RULES).collect::<Vec<_>>()),
        "by number, not by letter"
    );
    assert!(!page.is_true("document.querySelector('#filter-layer').checkVisibility()").await?);

    page.select("#filter-mode", "flag").await?;
    page.wait_for_count("#rules .rule", 4).await?;
    assert_eq!(page.texts("#rules .rule-host").await?, numbered(&[1, 4, 7, 10]));
    assert_eq!(page.text("#search-outcome").await?, "4 of 12 rules are shown.");
    page.select("#filter-state", "one-key").await?;
    page.wait_for_count("#rules .rule", 1).await?;
    assert_eq!(page.texts("#rules .rule-host").await?, numbered(&[1]));
    page.type_into("#search", "nobody").await?;
    page.wait_for_count("#rules .rule", 0).await?;
    assert_eq!(page.text("#search-outcome").await?, "No rule fits what is searched for and chosen.");

    // As people write a name, and as it is in the DNS.
    world.firefox.save_rule(json!({ "host": INTERNATIONAL, "mode": "off" })).await?;
    page.click("#reset-filters").await?;
    page.wait_for_count("#rules .rule", RULES + 1).await?;
    for typed in ["bücher", "Bücher.sockpin.test", INTERNATIONAL] {
        page.type_into("#search", typed).await?;
        page.wait_for_count("#rules .rule", 1).await?;
        assert_eq!(page.texts("#rules .rule-host").await?, [INTERNATIONAL], "{typed}");
    }
    let [rule] = &stored(&world).await?[RULES..] else { bail!("not one more rule") };
    world.firefox.delete_rule(rule).await?;

    page.click("#reset-filters").await?;
    page.wait_for_count("#rules .rule", RULES).await?;
    page.wait_for_text("#search-outcome", "").await?;
    assert!(page.is_true("document.activeElement.id === 'search'").await?, "the focus is lost");
    page.select("#filter-state", "expired").await?;
    page.wait_for_count("#rules .rule", 1).await?;
    assert_eq!(page.texts("#rules .rule-host").await?, numbered(&[3]));
    page.select("#filter-state", "never-judged").await?;
    page.wait_for_count("#rules .rule", 8).await?;
    page.select("#sort", "expires").await?;
    page.type_into("#search", "host").await?;
    page.wait_for_text(".rule-host", "host-3.example").await?;

    page.reload().await?;
    page.wait_for_count("#rules .rule", 8).await?;
    assert_eq!(page.texts("#rules .rule-host").await?[0], "host-3.example");
    let chosen =
        "return ['search', 'filter-mode', 'filter-state', 'sort'].map((id) => document.getElementById(id).value)";
    assert_eq!(world.firefox.run(chosen, Vec::new()).await?, json!(["host", "", "never-judged", "expires"]));
    world.firefox.quit().await
}

#[tokio::test]
async fn the_mode_of_a_rule_is_changed_on_its_card_and_changed_back() -> Result<()> {
    let world = world().await?;
    let page = world.firefox.page("options.html").await?;
    page.wait_for_count("#rules .rule", RULES).await?;
    let before = stored(&world).await?;
    page.let_notices_stay().await?;
    page.click(&format!("{} .rule-mode", card(0))).await?;
    page.click(&format!("{} [data-part=to-flag]", card(0))).await?;
    page.wait_for_text(".rule .rule-mode", "Flags").await?;
    // That rules have changed may be heard before the answer to who has changed them.
    page.wait_for_text("#change-text", "1 rule now only flags.").await?;
    let focused = "document.activeElement === document.querySelector('#rules .rule summary.rule-mode')";
    page.wait_until("the focus to stay on the card", focused).await?;
    assert_eq!(stored(&world).await?[0]["mode"], "flag");

    page.click("#undo").await?;
    page.wait_for_text(".rule .rule-mode", "Blocks").await?;
    page.wait_for_text("#change-text", "The change has been undone.").await?;
    page.wait_for_presence("#undo", false).await?;
    let mut after = stored(&world).await?;
    after[0]["updated"] = before[0]["updated"].clone();
    assert_eq!(after, before);
    world.firefox.quit().await
}

/// What is no longer what is looked for vanishes with the button that has changed it.
#[tokio::test]
async fn a_rule_that_vanishes_with_its_other_mode_leaves_the_focus_on_what_changes_it_back() -> Result<()> {
    let world = world().await?;
    let page = world.firefox.page("options.html").await?;
    page.wait_for_count("#rules .rule", RULES).await?;
    page.let_notices_stay().await?;
    page.select("#filter-mode", "flag").await?;
    page.wait_for_count("#rules .rule", 4).await?;
    page.click(&format!("{} .rule-mode", card(0))).await?;
    page.click(&format!("{} [data-part=to-block]", card(0))).await?;
    page.wait_for_count("#rules .rule", 3).await?;
    page.has_focus("#undo").await?;
    page.click("#select-all").await?;
    page.click("#selected-off").await?;
    page.wait_for_count("#rules .rule", 0).await?;
    page.has_focus("#undo").await?;

    // Where it stays, the focus stays with it.
    page.click("#reset-filters").await?;
    page.wait_for_count("#rules .rule", RULES).await?;
    page.click("#select-all").await?;
    page.click("#selected-flag").await?;
    page.wait_for_text("#change-text", "12 rules now only flag.").await?;
    page.has_focus("#selected-flag").await?;
    world.firefox.quit().await
}

#[tokio::test]
async fn several_rules_are_selected_by_keyboard_alone_and_deleted_and_come_back_as_they_were() -> Result<()> {
    let world = world().await?;
    let page = world.firefox.page("options.html").await?;
    page.wait_for_count("#rules .rule", RULES).await?;
    let before = stored(&world).await?;
    page.let_notices_stay().await?;

    world.firefox.run("document.querySelector('#search').focus()", Vec::new()).await?;
    press(&world, "host-1").await?;
    // 1, 10 and 11.
    page.wait_for_count("#rules .rule", 3).await?;
    for id in ["filter-mode", "filter-state", "filter-matched", "sort", "reset-filters", "select-all"] {
        press(&world, TAB).await?;
        page.has_focus(&format!("#{id}")).await?;
    }
    press(&world, " ").await?;
    page.wait_until("all three", "document.querySelectorAll('.rule-select:checked').length === 3").await?;
    assert_eq!(page.text("#selection-count").await?, "3 rules selected");
    for id in ["selected-block", "selected-flag", "selected-off", "export-selected", "delete-selected"] {
        press(&world, TAB).await?;
        page.has_focus(&format!("#{id}")).await?;
    }
    press(&world, ENTER).await?;
    page.wait_for_count("#rules .rule", 0).await?;
    page.has_focus("#undo").await?;
    assert_eq!(page.text("#change-text").await?, "3 rules have been deleted.");
    assert_eq!(page.text("#announcement").await?, "3 rules have been deleted.");
    assert_eq!(stored(&world).await?.len(), RULES - 3);

    press(&world, ENTER).await?;
    page.wait_for_count("#rules .rule", 3).await?;
    assert_eq!(stored(&world).await?, before, "with their identifiers and their times");
    let focused =
        "document.activeElement.closest('.rule')?.querySelector('.rule-host').textContent === 'host-1.example'";
    page.wait_until("the focus on the first of them", focused).await?;
    world.firefox.quit().await
}

#[tokio::test]
async fn a_range_is_selected_with_shift_and_gets_another_mode_in_one_step() -> Result<()> {
    let world = world().await?;
    let page = world.firefox.page("options.html").await?;
    page.wait_for_count("#rules .rule", RULES).await?;
    page.click(&format!("{} .rule-select", card(2))).await?;
    let fifth = world.firefox.driver()?.find(By::Css(format!("{} .rule-select", card(5)))).await?;
    fifth.scroll_into_view().await?;
    let driver = world.firefox.driver()?;
    driver.action_chain().key_down(SHIFT).click_element(&fifth).key_up(SHIFT).perform().await?;
    page.wait_until("the range", "document.querySelectorAll('.rule-select:checked').length === 4").await?;
    assert_eq!(page.text("#selection-count").await?, "4 rules selected");
    assert!(page.is_true("document.querySelector('#select-all').indeterminate").await?);
    assert_eq!(page.text("label:has(> #select-all)").await?, "Select all that are shown");
    page.click("#selected-flag").await?;
    // 4 flags already.
    page.wait_for_text("#change-text", "3 rules now only flag.").await?;
    let modes: Vec<_> =
        (0..RULES).map(|number| if (2..=5).contains(&number) { "flag" } else { mode(number) }).collect();
    let mut rules = world.firefox.rules().await?;
    rules.sort_by_key(|rule| rule["host"].as_str().and_then(|host| host[5..].split('.').next()?.parse::<u32>().ok()));
    assert_eq!(rules.iter().map(|rule| rule["mode"].clone()).collect::<Vec<_>>(), modes);

    // What is not found any longer is not selected either.
    page.type_into("#search", "host-2").await?;
    page.wait_for_count("#rules .rule", 1).await?;
    assert_eq!(page.text("#selection-count").await?, "1 rule selected");
    world.firefox.quit().await
}

#[tokio::test]
async fn nothing_is_changed_where_one_of_several_rules_is_refused() -> Result<()> {
    let world = world().await?;
    let page = world.firefox.page("options.html").await?;
    // A rule without a pin is good for nothing but to be off.
    world.firefox.save_rule(json!({ "host": "empty.example", "mode": "off" })).await?;
    page.show().await?;
    page.wait_for_count("#rules .rule", RULES + 1).await?;
    let before = stored(&world).await?;
    page.click("#select-all").await?;
    page.click("#selected-block").await?;
    page.wait_for_presence("#change[data-kind=error]", true).await?;
    let said = page.text("#change-text").await?;
    assert!(said.starts_with("Nothing has been changed. The rule for empty.example was refused."), "{said}");
    assert_eq!(stored(&world).await?, before);
    world.firefox.quit().await
}

#[tokio::test]
async fn a_copy_of_a_rule_is_another_rule() -> Result<()> {
    let world = world().await?;
    let page = world.firefox.page("options.html").await?;
    page.wait_for_count("#rules .rule", RULES).await?;
    page.click(&format!("{} .rule-duplicate", card(1))).await?;
    assert_eq!(page.text("#form-title").await?, "Add a rule");
    page.wait_for_presence("[data-message-for=host] [data-code=rule-host-taken]", true).await?;
    page.type_into("#rule-form [name=host]", "copy.example").await?;
    page.wait_until("saving to be possible", "!document.querySelector('#save-rule').disabled").await?;
    page.click("#save-rule").await?;
    page.wait_for_count("#rules .rule", RULES + 1).await?;
    let rules = stored(&world).await?;
    let named = |host: &str| rules.iter().find(|rule| rule["host"] == host).context("no such rule");
    let (copy, original) = (named("copy.example")?, named("host-1.example")?);
    assert_eq!((&copy["pins"], &copy["mode"]), (&original["pins"], &original["mode"]));
    assert_ne!(copy["id"], original["id"]);
    world.firefox.quit().await
}

#[tokio::test]
async fn a_rule_that_flags_says_what_it_has_seen_and_blocks_at_a_click() -> Result<()> {
    let world = World::start(Installation::Temporary).await?;
    let (servers, firefox) = (&world.demo.servers, &world.firefox);
    let pins = json!([
        { "sha256": world.demo.pinned_key.pin(), "label": "In use" },
        { "sha256": world.demo.backup_key.pin(), "label": "Backup" },
    ]);
    firefox.save_rule(json!({ "host": sockpin_e2e::demo::PINNED, "mode": "flag", "pins": pins })).await?;
    let page = firefox.page("options.html").await?;
    page.wait_for_words(".rule-facts", "Has not judged").await?;
    assert!(!page.is_true("document.querySelector('.rule-record').checkVisibility()").await?);

    // The page follows while it is open.
    firefox.open_tab(&world.demo.site.blank()).await?;
    for _ in 0..3 {
        assert!(firefox.socket(&servers.url("pinned")?).await?.delivered());
    }
    page.show().await?;
    let summary = "document.querySelector('.rule-record summary').textContent.startsWith('3 connections judged')";
    page.wait_until("three connections", summary).await?;
    page.click(".rule-record summary").await?;
    let lines = page.texts(".rule-record li").await?;
    assert!(lines[0].starts_with("3 connections have been judged since"), "{lines:?}");
    assert_eq!(lines[1], "None of them was a violation.");
    assert!(lines[2].contains("“In use”, the key of the server’s own certificate"), "{lines:?}");
    assert!(lines[3].starts_with("“In use” has matched 3 times"), "{lines:?}");
    assert_eq!(lines[4], "“Backup” has never matched.");
    assert_eq!(firefox.accessibility_violations().await?, [""; 0]);

    let offer = page.text(".rule-offer p").await?;
    assert!(offer.starts_with("3 handshakes, no mismatch since"), "{offer}");
    page.click(".rule-offer button").await?;
    page.wait_for_text(".rule .rule-mode", "Blocks").await?;
    page.wait_for_presence(".rule-offer", false).await?;
    assert!(page.is_true("document.querySelector('.rule-record').open").await?, "what was unfolded is folded");
    firefox.open_tab(&world.demo.site.blank()).await?;
    assert!(firefox.socket(&servers.url("attacker")?).await?.refused());

    // As if the first pin had last matched long ago.
    page.show().await?;
    page.wait_for_words(".rule-record summary", "1 violation").await?;
    firefox.run_in_extension(OLDER, vec![json!(world.demo.backup_key.pin())]).await?;
    page.show().await?;
    page.wait_for_presence(".rule-notices [data-code=backup-only]", true).await?;

    // A pin of one rule has matched just now, and none of the other ever has.
    firefox.save_rule(json!({ "host": "silent.example", "mode": "flag", "pins": pins })).await?;
    page.show().await?;
    page.wait_for_count("#rules .rule", 2).await?;
    firefox.run("location.hash = '#matched=never'", Vec::new()).await?;
    page.reload().await?;
    page.wait_for_count("#rules .rule", 1).await?;
    for (matched, host) in
        [("never", Some("silent.example")), ("day", Some(sockpin_e2e::demo::PINNED)), ("earlier", None)]
    {
        page.select("#filter-matched", matched).await?;
        page.wait_for_count("#rules .rule", usize::from(host.is_some())).await?;
        assert_eq!(page.texts("#rules .rule-host").await?.first().map(String::as_str), host, "{matched}");
    }
    page.click("#reset-filters").await?;
    page.wait_for_count("#rules .rule", 2).await?;
    world.firefox.quit().await
}

/// In New York the third of May has not begun then.
#[tokio::test]
async fn since_when_a_rule_judges_is_a_day_of_whoever_reads_it() -> Result<()> {
    let world = World::start(Installation::Temporary).await?;
    let firefox = &world.firefox;
    let pins = json!([{ "sha256": world.demo.authority.root_pin() }]);
    firefox.save_rule(json!({ "host": UNPINNED, "mode": "flag", "pins": pins })).await?;
    firefox.open_tab(&world.demo.site.blank()).await?;
    assert!(world.socket("unpinned").await?.delivered());
    let page = firefox.page("options.html").await?;
    page.wait_for_presence(".rule-offer", true).await?;
    firefox.run_in_extension(SINCE, Vec::new()).await?;
    page.show().await?;
    for (zone, expected) in [("America/New_York", "since May 2, 2026:"), ("Europe/Berlin", "since May 3, 2026:")] {
        firefox
            .privileged("gBrowser.selectedBrowser.browsingContext.timezoneOverride = arguments[0]", vec![json!(zone)])
            .await?;
        page.reload().await?;
        page.wait_for_presence(".rule-offer", true).await?;
        let offer = page.text(".rule-offer p").await?;
        assert!(offer.contains(expected), "{zone}: {offer}");
    }
    world.firefox.quit().await
}

const SINCE: &str = r"
return browser.storage.local.get('records-1').then(({ 'records-1': text }) => {
    const fields = text.split(' ');
    fields[3] = String(Date.UTC(2026, 4, 3, 2));
    return browser.storage.local.set({ 'records-1': fields.join(' ') });
});
";

/// The backup has matched just now, and the pin in use forty days ago.
const OLDER: &str = r"
const [backup] = arguments;
const DAY = 24 * 60 * 60 * 1000;
return browser.storage.local.get('records-1').then(({ 'records-1': text }) => {
    const [words, id] = text.trimEnd().split('\t');
    const fields = words.split(' ');
    fields[9] = String(Date.now() - 40 * DAY);
    fields.splice(7, 0, `sha256/${backup}`, '2', String(Date.now()), '0');
    return browser.storage.local.set({ 'records-1': `${fields.join(' ')}\t${id}\n` });
});
";

#[tokio::test]
async fn every_state_of_the_list_is_accessible_and_fits_a_phone() -> Result<()> {
    let world = world().await?;
    let firefox = &world.firefox;
    let page = firefox.page("options.html").await?;
    page.wait_for_count("#rules .rule", RULES).await?;
    page.click(&format!("{} .rule-mode", card(0))).await?;
    page.click("#select-all").await?;
    page.click("#selected-off").await?;
    page.wait_for_presence("#change", true).await?;
    page.select("#filter-mode", "off").await?;
    for width in [1280, 360] {
        firefox.set_viewport(width, 740).await?;
        assert_eq!(firefox.accessibility_violations().await?, [""; 0], "{width}");
        let wide = firefox.run("return document.scrollingElement.scrollWidth", Vec::new()).await?;
        assert!(wide.as_u64().is_some_and(|wide| wide <= u64::from(width)), "{wide}");
    }
    world.firefox.quit().await
}

/// The keys as `WebDriver` writes them (its section 17.4.2).
const TAB: &str = "\u{e004}";
const ENTER: &str = "\u{e007}";
const SHIFT: char = '\u{e008}';
