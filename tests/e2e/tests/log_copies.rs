//! What a person takes out of the log: an entry by the clipboard, all of it as a file; and a notification that leads into it.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail, ensure};
use serde_json::{Value, json};
use sockpin_e2e::demo::{FLAGGED, PINNED};
use sockpin_e2e::firefox::{Firefox, Options};
use sockpin_e2e::page::Page;
use sockpin_e2e::wait;
use sockpin_e2e::world::{Installation, World};
use thirtyfour::{By, Key};

/// A world in which a socket was blocked and then one flagged.
async fn world(preferences: &[(&str, Value)]) -> Result<World> {
    let preferences = preferences.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
    let world = World::with(Installation::Temporary, Options { preferences, ..Options::default() }).await?;
    world.load_policy().await?;
    Ok(world)
}

/// What is in the clipboard, as a person finds out.
async fn pasted(world: &World, page: &Page<'_>) -> Result<String> {
    page.show().await?;
    page.paste("#import-text", "").await?;
    world.firefox.driver()?.find(By::Css("#import-text")).await?.send_keys(Key::Control + "v").await?;
    page.wait_until("a text to be pasted", "document.querySelector('#import-text').value !== ''").await?;
    let text = world.firefox.run("return document.querySelector('#import-text').value", Vec::new()).await?;
    text.as_str().map(str::to_owned).context("no text")
}

#[tokio::test]
async fn an_entry_is_copied_as_text_and_as_a_report() -> Result<()> {
    let world = world(&[]).await?;
    ensure!(world.socket("attacker").await?.refused());
    let options = world.firefox.page("options.html").await?;
    let popup = world.firefox.page("popup.html").await?;
    popup.click("#log .violation summary").await?;
    popup.wait_for_count("#log .violation[open] .certificate", 3).await?;
    for width in [1280, 360] {
        world.firefox.set_viewport(width, 800).await?;
        assert_eq!(world.firefox.accessibility_violations().await?, [""; 0], "{width}");
    }
    popup.click("[data-part=copy-text]").await?;
    popup.wait_for_text(".entry-actions [data-part=copied]", "Copied to the clipboard.").await?;
    popup.wait_until("it to be told", "document.querySelector('#announcement').textContent !== ''").await?;
    let text = pasted(&world, &options).await?;
    let beginning = format!("Blocked · {PINNED}:{}\n", world.demo.servers.attacker.port());
    ensure!(text.starts_with(&beginning), "{text}");
    let pins = [world.demo.attacker_key.pin(), world.demo.pinned_key.pin(), world.demo.backup_key.pin()];
    for pin in &pins {
        ensure!(text.contains(&format!("\nsha256/{pin} ")), "{pin} is not in {text}");
    }
    // Of the chain with the subject, of the rule with the label.
    let [shown, pinned, _] = &pins;
    for line in [format!("\nsha256/{shown} CN={PINNED} · Server · "), format!("\nsha256/{pinned} The server's key\n")]
    {
        ensure!(text.contains(&line), "{line:?} is not in {text}");
    }

    popup.show().await?;
    // It is one of the choices, and nowhere else.
    popup.wait_for_count("[data-part=copy-report]", 1).await?;
    popup.click(".choices [data-part=copy-report]").await?;
    popup.wait_for_presence(".choices [data-part=copied]", true).await?;
    let report = wait::until("the report", async || {
        let text = pasted(&world, &options).await?;
        Ok(serde_json::from_str::<Value>(&text).ok())
    })
    .await?;
    assert_eq!(report.get("hostname"), Some(&json!(PINNED)));
    assert_eq!(report.get("validated-certificate-chain").and_then(Value::as_array).map(Vec::len), Some(3));
    world.firefox.quit().await
}

/// The lines of the file that Firefox has saved under a name that begins so and goes on with the day.
async fn saved(folder: &Path, name: &str) -> Result<Vec<Value>> {
    let is_it = |file: &str| {
        let date = file.strip_prefix(name).and_then(|rest| rest.strip_suffix(".jsonl"));
        date.is_some_and(|date| date.len() == "-2026-11-26".len() && date.starts_with("-2"))
    };
    let text = wait::until(&format!("the file {name}"), async || {
        let mut files = fs::read_dir(folder)?.flatten().filter(|file| file.file_name().to_str().is_some_and(is_it));
        let text = files.next().and_then(|file| fs::read_to_string(file.path()).ok());
        Ok(text.filter(|text| text.ends_with('\n')))
    })
    .await?;
    Ok(text.lines().map(serde_json::from_str).collect::<Result<_, _>>()?)
}

/// Clicks a button that saves, and waits until this is said.
async fn save(page: &Page<'_>, button: &str, said: &str) -> Result<()> {
    page.click(button).await?;
    page.wait_for_text("#log-saved", said).await
}

#[tokio::test]
async fn of_the_log_all_is_saved_or_what_is_found_or_what_is_selected() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let world = world(&[]).await?;
    world.firefox.save_in(folder.path()).await?;
    let page = world.firefox.page("log.html").await?;
    page.wait_for_presence("#no-violations", true).await?;
    page.wait_for_presence("#save-log", false).await?;
    world.firefox.open_tab(&world.demo.site.blank()).await?;
    ensure!(world.socket("attacker").await?.refused());
    ensure!(world.socket("attacker").await?.refused());
    ensure!(world.socket("flagged").await?.delivered());
    world.firefox.ask_extension(json!({ "type": "pause", "length": "ten-minutes" })).await?;
    page.show().await?;
    page.wait_for_count("#log .log-line", 3).await?;
    page.wait_for_text("#save-about", "Saves all 3 entries.").await?;
    world.firefox.look("save-all").await?;
    save(&page, "#save-json-lines", "3 entries have been written into a file.").await?;
    let lines = saved(folder.path(), "sockpin-log").await?;
    let of = |name: &str| lines.iter().map(|line| line.get(name).cloned().unwrap_or_default()).collect::<Vec<_>>();
    assert_eq!(of("event"), ["pause", "violation", "violation"]);
    assert_eq!(of("host"), [Value::Null, json!(FLAGGED), json!(PINNED)]);
    assert_eq!(of("count"), [Value::Null, json!(1), json!(2)]);
    let subjects = lines.last().and_then(|line| line.get("chainSubjects")?.as_array()?.last());
    assert_eq!(subjects, Some(&json!("O=Sockpin Demo,CN=Sockpin Demo Root")));
    save(&page, "#save-reports", "2 entries have been written into a file.").await?;
    let reports = saved(folder.path(), "sockpin-reports").await?;
    let hosts: Vec<_> = reports.iter().filter_map(|report| report.get("hostname")).collect();
    assert_eq!(hosts, [&json!(FLAGGED), &json!(PINNED)]);

    // What is found, in the order of the file whatever that of the page is.
    page.select("#sort", "oldest").await?;
    page.type_into("#search", FLAGGED).await?;
    page.wait_for_text("#save-about", "Saves the one entry that is found.").await?;
    save(&page, "#save-json-lines", "1 entry has been written into a file.").await?;
    let [_, flagged, _] = lines.as_slice() else { bail!("{lines:?}") };
    assert_eq!(saved(folder.path(), "sockpin-log-found").await?, std::slice::from_ref(flagged));

    // Ticked by the keyboard. What is no longer found is no longer selected.
    page.click("#reset-filters").await?;
    page.wait_for_count("#log .log-line", 3).await?;
    for line in [1, 3] {
        tick(&world.firefox, line).await?;
    }
    page.wait_for_text("#save-about", "Saves the 2 selected entries.").await?;
    assert_eq!(page.text("#announcement").await?, "Saves the 2 selected entries.");
    assert!(page.is_true("document.querySelector('#select-all').indeterminate").await?);
    world.firefox.look("save-selected").await?;
    save(&page, "#save-json-lines", "2 entries have been written into a file.").await?;
    let [pause, _, blocked] = lines.as_slice() else { bail!("{lines:?}") };
    assert_eq!(saved(folder.path(), "sockpin-log-selected").await?, [pause.clone(), blocked.clone()]);
    page.select("#filter-outcome", "pause").await?;
    page.wait_for_text("#save-about", "Saves the selected entry.").await?;
    save(&page, "#save-reports", NO_REPORT).await?;
    page.click("#reset-filters").await?;
    page.wait_for_count("#log .log-line", 3).await?;
    assert_eq!(page.text("#save-about").await?, "Saves the selected entry.");
    page.click("#select-all").await?;
    page.wait_for_text("#save-about", "Saves the 3 selected entries.").await?;
    page.wait_for_count("#log [data-part=selected]:checked", 3).await?;
    page.click("#select-all").await?;
    page.wait_for_text("#save-about", "Saves all 3 entries.").await?;
    page.wait_for_count("#log [data-part=selected]:checked", 0).await?;
    let files = fs::read_dir(folder.path())?.count();
    assert_eq!(files, 4, "no file without a line");
    world.firefox.quit().await
}

/// Ticks the box of a line with the space bar.
async fn tick(firefox: &Firefox, line: usize) -> Result<()> {
    let focus = "document.querySelector(`.log-line:nth-child(${arguments[0]}) [data-part=selected]`).focus()";
    firefox.run(focus, vec![json!(line)]).await?;
    firefox.press(" ").await
}

const NO_REPORT: &str = "No file was made: none of these entries can be in it. \
     There are reports only of violations of a rule, and entries of private windows are never saved.";

#[tokio::test]
async fn a_notification_tells_of_a_host_once_and_leads_to_its_entry() -> Result<()> {
    // In place of the question that Firefox asks: yes.
    let world = world(&[("extensions.webextOptionalPermissionPrompts", json!(false))]).await?;
    world.firefox.privileged(TAKE_ALERTS, Vec::new()).await?;
    // Starts the extension anew.
    world.firefox.allow_in_private_windows(true).await?;
    world.firefox.open(&world.demo.site.blank()).await?;
    ensure!(world.socket("flagged").await?.delivered());
    let options = world.firefox.page("options.html").await?;
    assert_eq!(world.firefox.accessibility_violations().await?, [""; 0]);
    options.click("#notifications").await?;
    options.wait_for_text("#notifications-message", ARE_ON).await?;

    world.firefox.open_private_window(&world.demo.site.blank()).await?;
    ensure!(world.socket("flagged").await?.delivered());
    world.firefox.close_tab().await?;
    world.firefox.open_tab(&world.demo.site.blank()).await?;
    ensure!(world.socket("attacker").await?.refused());
    ensure!(world.socket("attacker").await?.refused());
    shown(&world, 1).await?;
    // Nothing is remembered of a socket before they were on, or of a private window's.
    ensure!(world.socket("flagged").await?.delivered());
    let alerts = shown(&world, 2).await?;
    let [blocked, flagged] = alerts.as_slice() else { bail!("{alerts:?}") };
    assert_eq!(blocked.get("title"), Some(&json!(format!("A connection to {PINNED} was blocked"))));
    let text = "The server showed none of the keys that your rule expects. Enter nothing there until you know why. \
                Click to compare the keys.";
    assert_eq!(blocked.get("text"), Some(&json!(text)));
    assert_eq!(flagged.get("title"), Some(&json!(format!("A connection to {FLAGGED} was flagged"))));

    world.firefox.privileged(CLICK_FIRST_ALERT, Vec::new()).await?;
    log_is_shown(&world).await?;
    let host = "document.querySelector('#log .violation[open] .violation-host').textContent";
    let opened = format!("return {host}.startsWith('{PINNED}') && document.activeElement.localName === 'summary'");
    world.firefox.wait_for("the entry to be open", &opened, Vec::new()).await?;
    assert_eq!(world.firefox.accessibility_violations().await?, [""; 0]);

    options.show().await?;
    options.click("#notifications").await?;
    options.wait_for_text("#notifications-message", "Notifications are off.").await?;
    world.firefox.quit().await
}

const ARE_ON: &str = "Notifications are on.";

/// Waits until a tab shows the log at an entry, and switches to it.
async fn log_is_shown(world: &World) -> Result<()> {
    let driver = world.firefox.driver()?;
    wait::until("the log in a tab", async || {
        for window in driver.windows().await? {
            driver.switch_to_window(window).await?;
            if driver.current_url().await?.as_str().contains("popup.html#") {
                return Ok(Some(()));
            }
        }
        Ok(None)
    })
    .await?;
    world.firefox.page_is_ready("popup.html").await
}

/// The permission was given in an earlier life of the background.
#[tokio::test]
async fn a_click_on_a_notification_wakes_the_background() -> Result<()> {
    let world = world(&[("extensions.webextOptionalPermissionPrompts", json!(false))]).await?;
    world.firefox.privileged(TAKE_ALERTS, Vec::new()).await?;
    let options = world.firefox.page("options.html").await?;
    options.click("#notifications").await?;
    options.wait_for_text("#notifications-message", ARE_ON).await?;
    world.firefox.suspend_background().await?;
    world.firefox.open_tab(&world.demo.site.blank()).await?;
    ensure!(world.socket("attacker").await?.refused());
    shown(&world, 1).await?;
    world.firefox.suspend_background().await?;
    world.firefox.privileged(CLICK_FIRST_ALERT, Vec::new()).await?;
    log_is_shown(&world).await?;
    world.firefox.quit().await
}

/// What Firefox has handed to the system, once there are so many.
async fn shown(world: &World, count: usize) -> Result<Vec<Value>> {
    wait::until(&format!("{count} notifications"), async || {
        let alerts = world
            .firefox
            .privileged("return Services.sockpinAlerts.map(({ title, text }) => ({ title, text }))", Vec::new())
            .await?;
        let alerts: Vec<Value> = serde_json::from_value(alerts)?;
        Ok((alerts.len() >= count).then_some(alerts))
    })
    .await
}

/// Takes the place of the system, which shows notifications: there is none here.
const TAKE_ALERTS: &str = r"
const alerts = [];
Object.defineProperty(Services, 'sockpinAlerts', { value: alerts, configurable: true });
const service = {
    QueryInterface: ChromeUtils.generateQI(['nsIAlertsService']),
    showAlert(alert, listener) { alerts.push({ title: alert.title, text: alert.text, cookie: alert.cookie, listener }); },
    closeAlert() {},
};
const factory = { createInstance: (iid) => service.QueryInterface(iid), QueryInterface: ChromeUtils.generateQI(['nsIFactory']) };
Components.manager.QueryInterface(Ci.nsIComponentRegistrar)
    .registerFactory(Services.uuid.generateUUID(), 'alerts of a test', '@mozilla.org/alerts-service;1', factory);
";

const CLICK_FIRST_ALERT: &str = r"
const [{ listener, cookie }] = Services.sockpinAlerts;
listener.observe(null, 'alertclickcallback', cookie);
";
