//! Import and export, as a person does them.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use sockpin_e2e::downloads::saved;
use sockpin_e2e::firefox::Firefox;
use sockpin_e2e::page::Page;
use sockpin_e2e::wait;
use sockpin_e2e::world::{Installation, World};
use thirtyfour::By;

const RULES: usize = 10_000;
const A: &str = "C5+lpZ7tcVwmwQIMcRtPbsQtWLABXhQzejna0wHFr8M=";
const B: &str = "diGVwiVYbubAI3RW4hB9xU8e/CH2GnkuvVFZE8zmgzI=";

async fn choose(world: &World, file: &Path) -> Result<()> {
    let path = file.to_str().context("a path that is no text")?;
    Ok(world.firefox.driver()?.find(By::Css("#import-file")).await?.send_keys(path).await?)
}

async fn paste(page: &Page<'_>, text: &str) -> Result<()> {
    page.type_into("#import-text", text).await?;
    page.click("#import-read").await
}

/// Drops a text, or a file with it.
async fn drop_on(firefox: &Firefox, what: &str, text: &str) -> Result<()> {
    firefox.run(DROP, vec![json!(what), json!(text)]).await.map(drop)
}

const DROP: &str = r"
const [what, text] = arguments;
const dataTransfer = new DataTransfer();
if (what === 'file') dataTransfer.items.add(new File([text], 'dropped.json'));
else dataTransfer.setData('text/plain', text);
const area = document.querySelector('#import-drop');
const drag = (type) => area.dispatchEvent(new DragEvent(type, { dataTransfer, bubbles: true, cancelable: true }));
drag('dragover');
if (area.dataset.over !== 'true') throw new Error('it does not say that something can be dropped here');
drag('drop');
";

async fn ready_to_import(page: &Page<'_>) -> Result<()> {
    let is_shown = "!document.querySelector('#import-preview').hidden";
    let can_be_pressed = "!document.querySelector('#import-confirm').disabled";
    page.wait_until("importing to be possible", &format!("{is_shown} && {can_be_pressed}")).await
}

async fn done(page: &Page<'_>, text: &str) -> Result<()> {
    page.wait_for_text("#import-done-text", text).await
}

/// What the rules say, but for when they were changed last.
async fn stored(world: &World) -> Result<Vec<Value>> {
    let mut rules = world.firefox.rules().await?;
    for rule in &mut rules {
        rule.as_object_mut().context("a rule is no object")?.remove("updated");
    }
    rules.sort_by_key(|rule| rule["host"].as_str().map(str::to_owned));
    Ok(rules)
}

#[tokio::test]
async fn an_administrator_imports_ten_thousand_rules_and_takes_it_back() -> Result<()> {
    let world = World::start(Installation::Temporary).await?;
    world.firefox.save_rule(json!({ "host": "host-7.example", "pins": [{ "sha256": B }], "note": "mine" })).await?;
    let before = stored(&world).await?;
    let rules: Vec<_> =
        (0..RULES).map(|n| json!({ "host": format!("host-{n}.example"), "pins": [{ "sha256": A }] })).collect();
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("rules.json");
    fs::write(&file, json!({ "version": 1, "rules": rules }).to_string())?;

    let page = world.firefox.page("options.html").await?;
    world.firefox.run(NOTE_PROGRESS, Vec::new()).await?;
    choose(&world, &file).await?;
    ready_to_import(&page).await?;
    let steps: Vec<usize> = serde_json::from_value(world.firefox.run("return window.progress", Vec::new()).await?)?;
    ensure!(steps.len() > 2 && steps.is_sorted(), "the progress went on like this: {steps:?}");
    ensure!(steps.iter().all(|step| *step < RULES), "the progress was shown at its end: {steps:?}");
    assert_eq!(page.text("#import-sources").await?, "rules.json was recognised as: Sockpin’s own JSON.");
    assert_eq!(
        page.text("#import-counts").await?,
        "9,999 rules will be added. One of your rules stays although the file has another."
    );
    // The control: nothing has happened yet.
    assert_eq!(stored(&world).await?, before);

    page.select("#import-conflict", "replace").await?;
    page.wait_for_words("#import-counts", "One of your rules will be changed.").await?;
    // How long that takes says little here, where other browsers and a build may run beside it: the bench measures it.
    page.click("#import-confirm").await?;
    done(&page, "9,999 rules were added. One rule was changed.").await?;
    let after = world.firefox.rules().await?;
    assert_eq!(after.len(), RULES);
    assert!(after.iter().all(|rule| rule["pins"][0]["sha256"] == A));

    page.click("#import-undo").await?;
    done(&page, "The import was undone.").await?;
    assert_eq!(stored(&world).await?, before);

    // Held between two steps, it can be looked at.
    world.firefox.run(HOLD, Vec::new()).await?;
    choose(&world, &file).await?;
    page.wait_for_presence("#import-progress-area", true).await?;
    assert_eq!(page.text("#import-progress-text").await?, "500 of 10,000 rules have been checked.");
    // What is not known yet is not said.
    page.wait_for_text("#import-counts", "").await?;
    world.firefox.look("import-progress").await?;
    world.firefox.run(LET_GO, Vec::new()).await?;
    ready_to_import(&page).await?;
    page.wait_for_presence("#import-progress-area", false).await?;
    world.firefox.quit().await
}

/// What the progress has said while it was shown.
const NOTE_PROGRESS: &str = r"
const bar = document.querySelector('#import-progress');
window.progress = [];
new MutationObserver(() => { if (bar.checkVisibility() && bar.hasAttribute('value')) progress.push(bar.value); })
    .observe(bar, { attributeFilter: ['value'] });
";

/// What is to be done once the page has been drawn is not done yet, none of it.
const HOLD: &str = r"
window.realFrame = requestAnimationFrame;
window.held = [];
window.requestAnimationFrame = (then) => { held.push(then); return 0; };
";
const LET_GO: &str = "window.requestAnimationFrame = realFrame; for (const then of held) requestAnimationFrame(then);";

#[tokio::test]
async fn what_is_dropped_or_pasted_becomes_a_rule_once_it_is_confirmed_and_a_header_waits_for_its_host() -> Result<()> {
    let world = World::start(Installation::Temporary).await?;
    let page = world.firefox.page("options.html").await?;
    for (what, host, recognised) in [
        ("file", "file.example", "dropped.json was recognised as: Sockpin’s own JSON."),
        ("text", "text.example", "The dropped text was recognised as: Sockpin’s own JSON."),
    ] {
        drop_on(&world.firefox, what, &json!([{ "host": host, "pins": [A] }]).to_string()).await?;
        ready_to_import(&page).await?;
        assert_eq!(page.text("#import-sources").await?, recognised);
        page.wait_for_text("#import-items [data-part=import-host]", host).await?;
        page.has_focus("#import-preview-heading").await?;
        assert_eq!(world.firefox.rules().await?.len(), 0, "it was stored before it was confirmed");
        page.click("#import-confirm").await?;
        done(&page, "One rule was added.").await?;
        assert_eq!(world.firefox.rules().await?.first().and_then(|rule| rule.get("host")), Some(&json!(host)));
        page.click("#import-undo").await?;
        done(&page, "The import was undone.").await?;
    }

    let hex = "0b9fa5a59eed715c26c1020c711b4f6ec42d58b0015e14337a39dad301c5afc3";
    paste(&page, &format!("_8443._tcp.chat.example.com. 3600 IN TLSA 3 1 1 {hex}")).await?;
    ready_to_import(&page).await?;
    assert_eq!(page.text("#import-sources").await?, "The pasted text was recognised as: TLSA records (DANE).");
    page.wait_for_text("#import-items [data-part=import-host]", "chat.example.com:8443").await?;
    assert_eq!(world.firefox.rules().await?.len(), 0);
    assert_eq!(world.firefox.accessibility_violations().await?, [""; 0]);
    page.click("#import-confirm").await?;
    done(&page, "One rule was added.").await?;
    let rules = world.firefox.rules().await?;
    assert_eq!(
        (&rules[0]["host"], &rules[0]["pins"][0]["sha256"], &rules[0]["match"]),
        (&json!("chat.example.com:8443"), &json!(A), &json!("leaf"))
    );

    paste(&page, &format!("Public-Key-Pins: max-age=1; pin-sha256=\"{A}\"; includeSubDomains")).await?;
    let input = "#import-items [data-part=import-host-input]";
    page.wait_until("the field", &format!("document.querySelector('{input}')?.hidden === false")).await?;
    assert!(page.is_true("document.querySelector('#import-confirm').disabled").await?);
    assert_eq!(world.firefox.accessibility_violations().await?, [""; 0]);
    world.firefox.driver()?.find(By::Css(input)).await?.send_keys("example.com").await?;
    ready_to_import(&page).await?;
    assert!(page.is_true(&format!("document.activeElement === document.querySelector('{input}')")).await?);
    page.click("#import-confirm").await?;
    done(&page, "One rule was added.").await?;
    assert_eq!(world.firefox.rules().await?[1]["host"], "**.example.com");
    world.firefox.quit().await
}

#[tokio::test]
async fn a_bad_file_says_what_is_wrong_and_where_and_changes_nothing() -> Result<()> {
    let world = World::start(Installation::Temporary).await?;
    world.load_policy().await?;
    let before = world.firefox.rules().await?;
    let page = world.firefox.page("options.html").await?;
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("broken.json");
    fs::write(&file, "{\n  \"rules\": [\n    { \"host\": \"a.example\" \"pins\": [] }\n  ]\n}")?;
    choose(&world, &file).await?;
    page.wait_for_presence("#import-message [data-code=json-syntax]", true).await?;
    let message = page.text("#import-message").await?;
    assert!(message.starts_with("broken.json: ") && message.contains("line 3"), "{message}");
    assert!(page.is_true("document.querySelector('#import-preview').hidden").await?);

    // A bad rule spoils no good one, and is said.
    fs::write(
        &file,
        format!("[{{\"host\":\"good.example\",\"pins\":[\"{A}\"]}},\n{{\"host\":\"*.com\",\"pins\":[\"{A}\"]}}]"),
    )?;
    choose(&world, &file).await?;
    ready_to_import(&page).await?;
    assert_eq!(page.text("#import-counts").await?, "One rule will be added. One cannot be stored.");
    assert_eq!(world.firefox.accessibility_violations().await?, [""; 0]);
    page.wait_for_presence("#import-items [data-code=host-wildcard-top-level]", true).await?;

    // Where a rule's reports would go is said before it is stored.
    let collector = "https://reports.example/sockpin";
    let reporting = json!([
        { "host": "good.example", "pins": [A], "reportUri": collector },
        { "host": sockpin_e2e::demo::PINNED, "pins": [A], "reportUri": collector },
    ]);
    fs::write(&file, reporting.to_string())?;
    choose(&world, &file).await?;
    page.wait_for_count("#import-items [data-code=collector]", 1).await?;
    let warning = page.text("#import-warning").await?;
    assert!(warning.starts_with("One rule will send reports of violations to an address"), "{warning}");
    page.select("#import-conflict", "replace").await?;
    page.wait_for_count("#import-items [data-code=collector]", 2).await?;
    let said = format!("Reports of violations will be sent to {collector}.");
    assert_eq!(page.text("#import-items [data-code=collector]").await?, said);
    assert_eq!(world.firefox.accessibility_violations().await?, [""; 0]);

    // And that a rule which is only added ends what another does for a host.
    let port = format!("{}:8443", sockpin_e2e::demo::PINNED);
    fs::write(&file, json!([{ "host": port, "pins": [B], "mode": "off" }]).to_string())?;
    choose(&world, &file).await?;
    page.wait_for_count("#import-items [data-code=takes-hosts]", 1).await?;
    // What is far below is not drawn, and has no text then.
    let into_view =
        "document.querySelector('#import-items [data-code=takes-hosts]').scrollIntoView({ block: 'center' })";
    world.firefox.run(into_view, Vec::new()).await?;
    let begin = format!("Takes {port} out of the rule for");
    let shown =
        format!("document.querySelector('#import-items [data-code=takes-hosts]').innerText.startsWith('{begin}')");
    page.wait_until("the warning of the rule", &shown).await?;
    let warning = page.text("#import-warning").await?;
    assert!(warning.starts_with("One rule takes hosts out of one of your rules that block"), "{warning}");
    assert_eq!(world.firefox.accessibility_violations().await?, [""; 0]);
    page.click("#import-cancel").await?;
    assert!(page.is_true("document.querySelector('#import-preview').hidden").await?);
    assert_eq!(world.firefox.rules().await?, before);
    world.firefox.quit().await
}

#[tokio::test]
async fn what_is_exported_is_the_same_after_an_import_elsewhere() -> Result<()> {
    let world_before = World::start(Installation::Temporary).await?;
    world_before.load_policy().await?;
    world_before
        .firefox
        .save_rule(json!({ "host": "*.other.example:8443", "mode": "flag", "pins": [{ "sha256": A, "label": "Müller" }], "expires": "2031-01-02", "note": "ours" }))
        .await?;
    let mut expected = world_before.firefox.rules().await?;
    let page = world_before.firefox.page("options.html").await?;
    let folder = tempfile::tempdir()?;
    world_before.firefox.save_in(folder.path()).await?;
    assert_eq!(page.text("#export-losses-text").await?, "This format says everything about these rules.");
    page.click("#export-save").await?;
    let file = folder.path().join("sockpin-rules.json");
    saved(&file).await?;

    // What another format cannot say is listed.
    page.select("#export-format", "okhttp").await?;
    page.wait_for_words("#export-losses", "*.other.example:8443").await?;
    page.click("#export-save").await?;
    assert!(saved(&folder.path().join("CertificatePinner.kt")).await?.contains("CertificatePinner.Builder()"));
    for (format, file, part) in [
        ("chromium", "chromium-static-pins.txt", "PinsListTimestamp"),
        ("apache", "SpkiPinning.java", "SpkiPinningClientTlsStrategy.newBuilder(sslContext)"),
    ] {
        page.select("#export-format", format).await?;
        page.click("#export-save").await?;
        let text = saved(&folder.path().join(file)).await?;
        assert!(text.contains(part), "{format}: {text}");
    }
    assert_eq!(world_before.firefox.accessibility_violations().await?, [""; 0]);
    world_before.firefox.quit().await?;

    let world = World::start(Installation::Temporary).await?;
    let page = world.firefox.page("options.html").await?;
    choose(&world, &file).await?;
    ready_to_import(&page).await?;
    page.click("#import-confirm").await?;
    page.wait_for_count("#rules .rule", expected.len()).await?;
    let mut found = world.firefox.rules().await?;
    let host = |rule: &Value| rule["host"].as_str().map(str::to_owned);
    expected.sort_by_key(host);
    found.sort_by_key(host);
    assert_eq!(found, expected);
    world.firefox.quit().await
}

/// From rules that are damaged on the disk to the same rules in force again.
#[tokio::test]
async fn rules_that_cannot_be_read_are_set_aside_saved_mended_and_imported() -> Result<()> {
    let world = World::start(Installation::Temporary).await?;
    let (firefox, mended) = (&world.firefox, "mended.example");
    firefox.run_in_extension(DAMAGE, Vec::new()).await?;
    firefox.end_background().await?;
    let folder = tempfile::tempdir()?;
    world.firefox.save_in(folder.path()).await?;
    let page = firefox.page("options.html").await?;
    page.wait_for_presence("#problem[data-code=policy-syntax]", true).await?;
    firefox.look("rules-unreadable").await?;
    page.click("#problem-action").await?;
    page.wait_for_presence("#reset-dialog[open]", true).await?;
    page.has_focus("#cancel-reset").await?;
    firefox.look("reset-dialog").await?;
    page.click("#confirm-reset").await?;
    page.wait_for_presence("#problem", false).await?;
    page.wait_for_count("#set-aside button", 1).await?;
    firefox.look("set-aside").await?;

    page.click("#set-aside button").await?;
    let file = wait::until("the file", async || {
        let mut files = fs::read_dir(folder.path())?.flatten().map(|file| file.path());
        // Until Firefox has all of it, another file has it, with one more ending.
        let is_it = |file: &PathBuf| {
            file.to_string_lossy().contains("sockpin-policy-")
                && file.extension().is_some_and(|ending| ending == "json")
        };
        Ok(files.find(is_it).filter(|file| fs::metadata(file).is_ok_and(|file| file.len() > 0)))
    })
    .await?;
    let text = saved(&file).await?;
    assert_eq!(text, DAMAGED);
    fs::write(&file, text.replace("[broken", &json!([{ "host": mended, "pins": [A] }]).to_string()) + "}")?;
    choose(&world, &file).await?;
    ready_to_import(&page).await?;
    page.click("#import-confirm").await?;
    done(&page, "One rule was added.").await?;
    page.wait_for_count("#rules .rule", 1).await?;
    page.wait_for_text("#rules .rule-host", mended).await?;
    assert_eq!(firefox.status().await?.get("rules"), Some(&json!(1)));
    world.firefox.quit().await
}

const DAMAGED: &str = r#"{"version":1,"rules":[broken"#;
const DAMAGE: &str = r#"return browser.storage.local.set({ policy: '{"version":1,"rules":[broken' });"#;
