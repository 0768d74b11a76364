//! What a person takes out of the log: an entry by the clipboard, all of it as a file; and a notification that leads into it.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use sockpin_e2e::demo::{FLAGGED, PINNED};
use sockpin_e2e::firefox::Options;
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
    popup.wait_until("it to be told", "document.querySelector('#announcement').textContent !== ''").await?;
    assert_eq!(popup.text("[data-part=copied]").await?, "Copied to the clipboard.");
    let text = pasted(&world, &options).await?;
    let beginning = format!("Blocked · {PINNED}:{}\n", world.demo.servers.attacker.port());
    ensure!(text.starts_with(&beginning), "{text}");
    let pins = [world.demo.attacker_key.pin(), world.demo.pinned_key.pin(), world.demo.backup_key.pin()];
    for pin in &pins {
        ensure!(text.contains(&format!("\nsha256/{pin} ")), "{pin} is not in {text}");
    }

    popup.show().await?;
    popup.click("[data-part=copy-report]").await?;
    // The text says the same as before: what is in the clipboard does not.
    let report = wait::until("the report", async || {
        let text = pasted(&world, &options).await?;
        Ok(serde_json::from_str::<Value>(&text).ok())
    })
    .await?;
    assert_eq!(report.get("hostname"), Some(&json!(PINNED)));
    assert_eq!(report.get("validated-certificate-chain").and_then(Value::as_array).map(Vec::len), Some(3));
    world.firefox.quit().await
}

/// The lines of a file that Firefox has saved.
async fn saved(file: &Path) -> Result<Vec<Value>> {
    let text =
        wait::until("the file", async || Ok(fs::read_to_string(file).ok().filter(|text| text.ends_with('\n')))).await?;
    Ok(text.lines().map(serde_json::from_str).collect::<Result<_, _>>()?)
}

#[tokio::test]
async fn all_of_the_log_is_saved_as_json_lines_and_as_reports() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let path = folder.path().to_str().context("a path that is no text")?;
    let world = world(&[("browser.download.folderList", json!(2)), ("browser.download.dir", json!(path))]).await?;
    let popup = world.firefox.page("popup.html").await?;
    popup.wait_for_presence("#save-log", false).await?;
    world.firefox.open_tab(&world.demo.site.blank()).await?;
    ensure!(world.socket("attacker").await?.refused());
    ensure!(world.socket("attacker").await?.refused());
    ensure!(world.socket("flagged").await?.delivered());
    world.firefox.ask_extension(json!({ "type": "pause", "length": "ten-minutes" })).await?;
    popup.show().await?;
    popup.wait_for_count("#log > *", 3).await?;
    popup.click("#save-log summary").await?;
    assert_eq!(world.firefox.accessibility_violations().await?, [""; 0]);
    popup.click("#save-json-lines").await?;
    popup
        .wait_until("it to be told", "document.querySelector('#log-saved').textContent.startsWith('3 entries')")
        .await?;
    let lines = saved(&folder.path().join("sockpin-log.jsonl")).await?;
    let of = |name: &str| lines.iter().map(|line| line.get(name).cloned().unwrap_or_default()).collect::<Vec<_>>();
    assert_eq!(of("event"), ["pause", "violation", "violation"]);
    assert_eq!(of("host"), [Value::Null, json!(FLAGGED), json!(PINNED)]);
    assert_eq!(of("count"), [Value::Null, json!(1), json!(2)]);
    let subjects = lines.last().and_then(|line| line.get("chainSubjects")?.as_array()?.last());
    assert_eq!(subjects, Some(&json!("O=Sockpin Demo,CN=Sockpin Demo Root")));

    popup.click("#save-reports").await?;
    popup
        .wait_until("it to be told", "document.querySelector('#log-saved').textContent.startsWith('2 entries')")
        .await?;
    let reports = saved(&folder.path().join("sockpin-reports.jsonl")).await?;
    let hosts: Vec<_> = reports.iter().filter_map(|report| report.get("hostname")).collect();
    assert_eq!(hosts, [&json!(FLAGGED), &json!(PINNED)]);
    world.firefox.quit().await
}

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
    options
        .wait_until("notifications to be on", "document.querySelector('#notifications-message').textContent !== ''")
        .await?;
    assert_eq!(options.text("#notifications-message").await?, "Notifications are on.");

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
    let [blocked, flagged] = alerts.as_slice() else { anyhow::bail!("{alerts:?}") };
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
    options
        .wait_until(
            "notifications to be off",
            "document.querySelector('#notifications-message').textContent === 'Notifications are off.'",
        )
        .await?;
    world.firefox.quit().await
}

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
    options
        .wait_until("notifications to be on", "document.querySelector('#notifications-message').textContent !== ''")
        .await?;
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
