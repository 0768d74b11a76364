//! The walk of whoever wants to see first what pins would do: rules from a DNS record and from chains that were seen, all of them
//! only flag; a server that keeps to them and one that does not; nothing is stopped, and what differs is shown.

use anyhow::{Context, Result, ensure};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use sockpin_e2e::authority::{Authority, Key};
use sockpin_e2e::demo::{PINNED, UNPINNED};
use sockpin_e2e::firefox::Firefox;
use sockpin_e2e::page::Page;
use sockpin_e2e::servers::Server;
use sockpin_e2e::world::{Installation, World};

/// A key as a TLSA record has it (RFC 6698 section 2.2): of the server's own certificate, the SHA-256 of its key.
fn record(port: u16, key: &Key) -> Result<String> {
    let digits: Vec<_> = STANDARD.decode(key.pin())?.iter().map(|byte| format!("{byte:02x}")).collect();
    Ok(format!("_{port}._tcp.{PINNED}. 3600 IN TLSA 3 1 1 {}", digits.concat()))
}

/// A server of somebody else's, with a certificate of a public authority: what is recommended there are all keys of that authority.
/// No server of a test can have such a certificate, so what was seen of one is written as the background writes it.
async fn pin_public_authority(firefox: &Firefox, page: &Page<'_>) -> Result<()> {
    const NAME: &[u8] = b"ISRG Root X1";
    let roots = webpki_root_certs::TLS_SERVER_ROOT_CERTS;
    let root = roots.iter().find(|root| root.windows(NAME.len()).any(|part| part == NAME)).context("no such root")?;
    let own = Authority::new()?;
    let leaf = own.issue(&["public.example"], &Key::new()?)?;
    let chain = [leaf.certificate(), own.intermediate(), root].map(|der| STANDARD.encode(der)).join("\n");
    firefox.run_in_extension(SEEN, vec![json!(chain)]).await?;

    let row = "#seen [data-endpoint='public.example:443']";
    page.wait_for_presence(row, true).await?;
    page.click(&format!("{row} button")).await?;
    page.wait_for_count("#picker[open] .picked", 3).await?;
    let root = "#picker .picked:nth-child(3)";
    assert_eq!(page.text(&format!("{root} .picked-choice label")).await?, "Pin all 4 keys of Let's Encrypt");
    assert_eq!(page.text("#picker .picked-choice .tag:not([hidden])").await?, "Recommended");
    assert_eq!(page.text(&format!("{root} .picked-choice .tag")).await?, "Recommended");
    page.click(&format!("{root} input")).await?;
    page.click("#picker-save").await?;
    page.wait_for_presence("#picker[open]", false).await?;
    page.wait_for_count("#rules .rule", 4).await?;
    let rules = firefox.rules().await?;
    let rule =
        rules.iter().find(|rule| rule.get("host") == Some(&json!("public.example:443"))).context("no such rule")?;
    let pins = rule.get("pins").and_then(Value::as_array).context("no pins")?;
    let labels: Vec<_> = pins.iter().filter_map(|pin| pin.get("label")?.as_str()).collect();
    assert_eq!(labels, ["ISRG Root X1", "ISRG Root X2", "ISRG Root YE", "ISRG Root YR"]);
    assert_eq!(rule.get("mode"), Some(&json!("flag")), "the mode that is recommended");
    Ok(())
}

/// As `src/seen.rs` has it: a line for the endpoint, and its chain by a name.
const SEEN: &str = r"
const [chain] = arguments;
return browser.storage.session.get('seen').then(({ seen = '' }) => {
    const now = Date.now();
    const line = ['public.example', 443, 1, now, now, 'https://public.example', `public ${now} ${now} `].join('\t');
    return browser.storage.session.set({ 'chain/public': `validated built-in-root \n${chain}`, seen: `${seen}${line}\n` });
});
";

#[tokio::test]
async fn pins_of_a_record_and_of_an_authority_flag_what_differs_and_stop_nothing() -> Result<()> {
    let world = World::start(Installation::Temporary).await?;
    let firefox = &world.firefox;
    let demo = &world.demo;
    // Another authority that this browser trusts as well.
    let other = Authority::new()?;
    firefox.trust(&other).await?;
    let (kept, changed) = (&demo.servers.pinned, &demo.servers.attacker);
    let own = demo.authority.issue(&[UNPINNED], &Key::new()?)?;
    let moving = Server::turning(own, other.issue(&[UNPINNED], &Key::new()?)?).await?;
    let moving_url = format!("wss://{UNPINNED}:{}/", moving.port());
    let web = firefox.this_page().await?;
    assert!(firefox.socket(&moving_url).await?.delivered());

    // The records of the zone, pasted; then each rule is told to flag on its card.
    let page = firefox.page("options.html").await?;
    let records = [record(kept.port(), &demo.pinned_key)?, record(changed.port(), &demo.pinned_key)?];
    page.type_into("#import-text", &records.join("\n")).await?;
    page.click("#import-read").await?;
    page.wait_until("the preview", "!document.querySelector('#import-confirm').disabled").await?;
    assert_eq!(page.text("#import-sources").await?, "The pasted text was recognised as: TLSA records (DANE).");
    page.click("#import-confirm").await?;
    page.wait_for_count("#rules .rule", 2).await?;
    page.click("#select-all").await?;
    page.click("#selected-flag").await?;
    let flag = "[...document.querySelectorAll('#rules .rule-mode')].every((mode) => mode.textContent === 'Flags')";
    page.wait_until("rules that flag", flag).await?;

    // The authority of a server that was seen, chosen in its chain.
    let row = format!("#seen [data-endpoint='{UNPINNED}:{}']", moving.port());
    page.wait_for_presence(&format!("{row} button"), true).await?;
    page.click(&format!("{row} button")).await?;
    page.wait_for_count("#picker[open] .picked", 3).await?;
    page.click("#picker .picked:nth-child(3) input").await?;
    page.select("#picker-mode", "flag").await?;
    page.click("#picker-save").await?;
    page.wait_for_presence("#picker[open]", false).await?;
    page.wait_for_count("#rules .rule", 3).await?;
    pin_public_authority(firefox, &page).await?;
    let rules = firefox.rules().await?;
    ensure!(rules.iter().all(|rule| rule["mode"] == json!("flag")), "{rules:?}");

    web.show().await?;
    for url in [demo.servers.url("pinned")?, demo.servers.url("attacker")?, moving_url] {
        assert!(firefox.socket(&url).await?.delivered(), "{url} was stopped");
    }
    let mut found = Vec::new();
    for entry in firefox.violations().await? {
        let text = |name: &str| entry.get(name).and_then(Value::as_str).map(str::to_owned);
        found.push((text("outcome"), text("host"), entry.get("port").and_then(Value::as_u64)));
    }
    found.sort();
    let flagged = |host: &str, port: u16| (Some("flag".to_owned()), Some(host.to_owned()), Some(u64::from(port)));
    assert_eq!(found, [flagged(PINNED, changed.port()), flagged(UNPINNED, moving.port())]);

    // The person sees the same.
    page.show().await?;
    for (host, port, state) in
        [(PINNED, kept.port(), "Matches"), (PINNED, changed.port(), "Flagged"), (UNPINNED, moving.port(), "Flagged")]
    {
        page.wait_for_text(&format!("#seen [data-endpoint='{host}:{port}'] .tag"), state).await?;
    }
    let popup = firefox.page("popup.html").await?;
    popup.wait_for_count("#log [data-outcome=flag]", 2).await?;
    popup.wait_for_count("#log [data-outcome=block]", 0).await?;
    let log = popup.text("#log").await.context("the log")?;
    assert!(log.contains(UNPINNED) && log.contains(PINNED), "{log}");
    world.firefox.quit().await
}
