//! Reports to a collector: what arrives there, when, and what does not.

use anyhow::{Context, Result, bail, ensure};
use hyper::StatusCode;
use serde_json::{Map, Value, json};
use sockpin_e2e::authority::{Authority, Key};
use sockpin_e2e::collector::{Collector, Delivery};
use sockpin_e2e::demo::{FLAGGED, PINNED, UNPINNED};
use sockpin_e2e::extension;
use sockpin_e2e::firefox::Options;
use sockpin_e2e::logprep::Logprep;
use sockpin_e2e::wait;
use sockpin_e2e::world::{Installation, World};

/// Where the collector is.
const COLLECTOR: &str = "reports.sockpin.test";
/// A pin that no key has.
const NOBODYS: &str = "BBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBA=";

async fn world(installation: Installation, policies: Option<Value>) -> Result<World> {
    let names = vec![COLLECTOR.to_owned()];
    World::with(installation, Options { names, policies, ..Options::default() }).await
}

async fn collector(world: &World) -> Result<(Collector, String)> {
    let collector = Collector::start(world.demo.authority.issue(&[COLLECTOR], &Key::new()?)?).await?;
    let url = format!("https://{COLLECTOR}:{}/sockpin?from=firefox", collector.port());
    Ok((collector, url))
}

fn rule(world: &World, host: &str, mode: &str, report_uri: Option<&str>) -> Value {
    let pins = json!([{ "sha256": world.demo.pinned_key.pin(), "label": "In use" }, { "sha256": NOBODYS }]);
    json!({ "host": host, "mode": mode, "preflight": "off", "pins": pins, "reportUri": report_uri })
}

/// The text in which the background keeps the reports.
async fn kept(world: &World) -> Result<String> {
    let script = "return browser.storage.local.get('reports-1').then((items) => items['reports-1'] ?? '')";
    let text = world.firefox.run_in_extension(script, Vec::new()).await?;
    Ok(text.as_str().context("no text")?.to_owned())
}

/// Waits until one report has failed so often.
async fn failed(world: &World, times: &str) -> Result<()> {
    wait::until("the report to have failed", async || {
        let text = kept(world).await?;
        let failures = text.lines().find_map(|line| line.split('\t').nth(4).map(str::to_owned));
        Ok((failures.as_deref() == Some(times)).then_some(()))
    })
    .await
}

/// What waits is to be tried now, as if its time had come while the background slept.
async fn is_due(world: &World) -> Result<()> {
    world.firefox.end_background().await?;
    world.firefox.run_in_extension(MAKE_DUE, Vec::new()).await.map(drop)
}

#[tokio::test]
async fn a_violation_is_told_once_to_the_collector_that_a_person_has_named() -> Result<()> {
    let world = world(Installation::Temporary, None).await?;
    let (collector, url) = collector(&world).await?;
    world.firefox.allow_in_private_windows(true).await?;
    // What Firefox would send to the collector with any other request.
    world.firefox.privileged(SIGN_IN, vec![json!(COLLECTOR)]).await?;
    world.firefox.open(&format!("https://somebody:anything@{COLLECTOR}:{}/", collector.port())).await?;
    world.firefox.open(&world.demo.site.blank()).await?;

    let form = world.firefox.page("options.html").await?;
    form.click("#add-rule").await?;
    form.type_into("#host", PINNED).await?;
    form.type_into("#pins .pin-value", &world.demo.pinned_key.pin()).await?;
    // The footer with the buttons stays in sight, and would be before it.
    let into_sight = "document.querySelector('#more > summary').scrollIntoView({ block: 'center' })";
    world.firefox.run(into_sight, Vec::new()).await?;
    form.click("#more > summary").await?;
    for refused in [url.replace("https:", "http:"), format!("https://name:word@{COLLECTOR}/")] {
        form.type_into("#report-uri", &refused).await?;
        form.wait_for_presence("#report-uri-message [data-code=rule-report-uri]", true).await?;
        ensure!(form.is_true("document.querySelector('#save-rule').disabled").await?, "{refused}");
    }
    assert_eq!(world.firefox.accessibility_violations().await?, [""; 0]);
    form.type_into("#report-uri", &url).await?;
    form.wait_for_presence("#report-uri-message .notice", false).await?;
    form.click("#save-rule").await?;
    let facts = form.text(".rule .rule-facts").await?;
    ensure!(facts.contains(&url), "{facts}");
    // Off by default: this rule names nobody.
    world.firefox.save_rule(rule(&world, FLAGGED, "flag", None)).await?;

    world.firefox.open_private_window(&world.demo.site.blank()).await?;
    ensure!(world.socket("attacker").await?.refused());
    world.firefox.close_tab().await?;
    world.firefox.open_tab(&world.demo.site.blank()).await?;
    ensure!(world.socket("flagged").await?.delivered());
    ensure!(world.socket("attacker").await?.refused());
    let deliveries = collector.delivered(1).await?;
    ensure!(world.socket("attacker").await?.refused());
    ensure!(world.socket("attacker").await?.refused());

    // By the time at which another report has come, those that were not to come would have.
    let flagged = world.firefox.rules().await?.into_iter().find(|rule| rule.get("host") == Some(&json!(FLAGGED)));
    let mut flagged = flagged.context("no rule")?;
    flagged.as_object_mut().context("no object")?.insert("reportUri".to_owned(), json!(url));
    world.firefox.save_rule(flagged).await?;
    ensure!(world.socket("flagged").await?.delivered());
    let all = collector.delivered(2).await?;
    let hosts: Vec<Value> = all.iter().map(|delivery| hostname(&delivery.body)).collect::<Result<_>>()?;
    assert_eq!(hosts, [PINNED, FLAGGED]);

    let delivery = deliveries.first().context("nothing")?;
    assert_eq!(delivery.target, "/sockpin?from=firefox");
    assert_eq!(delivery.header("content-type"), Some("application/json"));
    for header in ["cookie", "authorization", "referer", "origin"] {
        assert_eq!(delivery.header(header), None, "{header}");
    }
    let report: Map<String, Value> = serde_json::from_str(&delivery.body)?;
    let expected = ["date-time", "hostname", "include-subdomains", "known-pins", "noted-hostname", "port"];
    let mut names: Vec<_> = report.keys().filter(|name| !name.ends_with("-chain")).collect();
    names.sort();
    assert_eq!(names, expected);
    assert_eq!(report.get("known-pins"), Some(&json!([format!("pin-sha256=\"{}\"", world.demo.pinned_key.pin())])));
    assert_eq!(report.get("noted-hostname"), Some(&json!(PINNED)));
    let chain = report.get("validated-certificate-chain").and_then(Value::as_array).context("no chain")?;
    assert_eq!(chain.len(), 3);
    assert_eq!(chain.last(), Some(&json!(world.demo.authority.root_pem().replace("\r\n", "\n"))));
    let page = world.demo.site.blank();
    ensure!(!delivery.body.contains(page.trim_end_matches("/blank")), "the page is told");
    nobody_waits_for_it(&world, &collector, &url).await?;
    what_else_firefox_sends(&world, &collector).await?;
    world.firefox.quit().await
}

/// A collector that takes a report and never answers: sockets are judged meanwhile.
async fn nobody_waits_for_it(world: &World, collector: &Collector, url: &str) -> Result<()> {
    collector.answer(None);
    let told = collector.deliveries().len();
    world.firefox.save_rule(rule(world, UNPINNED, "flag", Some(url))).await?;
    ensure!(world.socket("unpinned").await?.delivered(), "a socket that is flagged was stopped");
    collector.delivered(told + 1).await?;
    ensure!(world.socket("pinned").await?.delivered(), "the right key waits for the collector");
    ensure!(world.socket("attacker").await?.refused());
    let newest = world.firefox.violations().await?;
    let newest = newest.first().context("no violation")?;
    let said = ["host", "reason"].map(|name| newest.get(name));
    ensure!(said == [Some(&json!(PINNED)), Some(&json!("pin-mismatch"))], "not judged by its key: {newest}");
    // The control: that report is still under way.
    wait::until("the report to wait", async || {
        Ok(kept(world).await?.lines().any(|line| line.starts_with("waits\t")).then_some(()))
    })
    .await
}

/// The control of what a report is without: a page of the collector's own brings it.
async fn what_else_firefox_sends(world: &World, collector: &Collector) -> Result<()> {
    collector.answer(StatusCode::OK);
    let before = collector.deliveries().len();
    world.firefox.open_tab(&format!("https://{COLLECTOR}:{}/", collector.port())).await?;
    world.firefox.run("return fetch('/', { method: 'POST' }).then(({ status }) => status)", Vec::new()).await?;
    let deliveries = collector.delivered(before + 1).await?;
    let last = deliveries.last().context("nothing")?;
    ensure!(last.header("cookie") == Some("session=secret"), "{last:?}");
    for header in ["authorization", "referer", "origin"] {
        ensure!(last.header(header).is_some(), "{header} is not sent: {last:?}");
    }
    Ok(())
}

/// A cookie for requests of whatever site; and a name with its password, once they have been typed in, are for all of them too.
const SIGN_IN: &str = r"
const [host] = arguments;
Services.prefs.setIntPref('network.cookie.cookieBehavior', 0);
Services.prefs.setBoolPref('privacy.partition.network_state', false);
Services.prefs.setIntPref('network.http.phishy-userpass-length', 255);
Services.cookies.add(host, '/', 'session', 'secret', true, false, true, Date.now() + 1e6, {},
    Ci.nsICookie.SAMESITE_NONE, Ci.nsICookie.SCHEME_HTTPS);
";

fn hostname(body: &str) -> Result<Value> {
    let report: Value = serde_json::from_str(body)?;
    report.get("hostname").cloned().context("no hostname")
}

#[tokio::test]
async fn what_could_not_be_sent_is_sent_after_the_next_start() -> Result<()> {
    let mut world = world(Installation::ForGood, None).await?;
    let (collector, url) = collector(&world).await?;
    world.firefox.save_rule(rule(&world, PINNED, "block", Some(&url))).await?;
    collector.answer(StatusCode::SERVICE_UNAVAILABLE);
    ensure!(world.socket("attacker").await?.refused());
    collector.delivered(1).await?;
    failed(&world, "1").await?;
    // Elsewhere than was said is nowhere.
    collector.answer(StatusCode::TEMPORARY_REDIRECT);
    is_due(&world).await?;
    failed(&world, "2").await?;

    world.restart_firefox().await?;
    collector.answer(StatusCode::NO_CONTENT);
    is_due(&world).await?;
    let deliveries = collector.delivered(3).await?;
    let bodies: Vec<_> = deliveries.iter().map(|delivery| &delivery.body).collect();
    ensure!(bodies.windows(2).all(|pair| pair.first() == pair.last()), "{bodies:?}");
    wait::until("it to be known as told", async || {
        let text = kept(&world).await?;
        Ok((text.starts_with("told\t") && text.lines().count() == 1).then_some(()))
    })
    .await?;
    // Once a day, also after a start.
    ensure!(world.socket("attacker").await?.refused());
    world.firefox.save_rule(rule(&world, FLAGGED, "flag", Some(&url))).await?;
    ensure!(world.socket("flagged").await?.delivered());
    let all = collector.delivered(4).await?;
    assert_eq!(all.last().map(|last| hostname(&last.body)).transpose()?, Some(json!(FLAGGED)));
    world.firefox.quit().await
}

#[tokio::test]
async fn a_collector_whose_own_pins_fail_is_told_when_they_hold_again() -> Result<()> {
    let world = world(Installation::Temporary, None).await?;
    let (collector, url) = collector(&world).await?;
    let own = json!({ "host": COLLECTOR, "mode": "block", "pins": [{ "sha256": NOBODYS }] });
    let own = world.firefox.save_rule(own).await?;
    world.firefox.save_rule(rule(&world, PINNED, "block", Some(&url))).await?;
    ensure!(world.socket("attacker").await?.refused());
    failed(&world, "1").await?;
    assert_eq!(collector.deliveries(), []);

    let mut own = own;
    let pins = json!([{ "sha256": world.demo.authority.root_pin() }]);
    own.as_object_mut().context("no object")?.insert("pins".to_owned(), pins);
    world.firefox.save_rule(own).await?;
    is_due(&world).await?;
    collector.delivered(1).await?;
    world.firefox.quit().await
}

#[tokio::test]
async fn an_administrator_is_told_of_the_rules_that_are_theirs() -> Result<()> {
    let authority = Authority::new()?;
    let collector = Collector::start(authority.issue(&[COLLECTOR], &Key::new()?)?).await?;
    let url = format!("https://{COLLECTOR}:{}/", collector.port());
    let policy = json!({
        "rules": [{ "host": PINNED, "preflight": "off", "pins": [{ "sha256": NOBODYS }] }],
        "settings": { "administrator": "Example Ltd", "reportUri": url },
    });
    let world =
        world(Installation::Temporary, Some(json!({ "3rdparty": { "Extensions": { (extension::ID): policy } } })))
            .await?;
    world.firefox.trust(&authority).await?;
    world.firefox.save_rule(rule(&world, FLAGGED, "flag", None)).await?;
    ensure!(world.socket("flagged").await?.delivered());
    ensure!(world.socket("pinned").await?.refused());
    let deliveries = collector.delivered(1).await?;
    assert_eq!(deliveries.first().map(|first| hostname(&first.body)).transpose()?, Some(json!(PINNED)));
    let shown = world.firefox.page("options.html").await?;
    let about = shown.text("#managed-about").await?;
    ensure!(about.contains(&url), "{about}");
    both_are_told(&world, &collector, &url).await?;
    world.firefox.quit().await
}

/// A rule of the person's own that names a collector as well: where it is satisfied, the administrator's alone is told.
async fn both_are_told(world: &World, collector: &Collector, url: &str) -> Result<()> {
    let mine = format!("{url}mine");
    world.firefox.save_rule(rule(world, PINNED, "flag", Some(&mine))).await?;
    ensure!(world.socket("pinned").await?.refused());
    ensure!(world.socket("attacker").await?.refused());
    let mut told = collector.delivered(3).await?.split_off(1);
    told.sort_by(|one, other| one.target.cmp(&other.target));
    let pins = |delivery: &Delivery| -> Result<Value> {
        let report: Value = serde_json::from_str(&delivery.body)?;
        report.get("known-pins").cloned().context("no pins")
    };
    let [theirs, own] = told.as_slice() else { bail!("{told:?}") };
    ensure!((theirs.target.as_str(), own.target.as_str()) == ("/", "/mine"), "{told:?}");
    let nobodys = format!("pin-sha256=\"{NOBODYS}\"");
    let own_pins = json!([format!("pin-sha256=\"{}\"", world.demo.pinned_key.pin()), nobodys]);
    let said = [pins(theirs)?, pins(own)?];
    ensure!(said == [json!([nobodys]), own_pins], "{said:?}");
    Ok(())
}

/// What Logprep has written is the evidence.
#[tokio::test]
async fn a_collector_that_people_run_writes_the_report_into_its_file() -> Result<()> {
    let world = world(Installation::Temporary, None).await?;
    let logprep = Logprep::start(&world.demo.authority.issue(&[COLLECTOR], &Key::new()?)?).await?;
    let url = format!("https://{COLLECTOR}:{}/sockpin", logprep.port());
    world.firefox.save_rule(rule(&world, PINNED, "block", Some(&url))).await?;
    ensure!(world.socket("attacker").await?.refused());
    let lines = logprep.lines(1).await?;
    let line = lines.first().context("no line")?;
    assert_eq!((line.get("hostname"), line.get("noted-hostname")), (Some(&json!(PINNED)), Some(&json!(PINNED))));
    assert_eq!(line.get("port"), Some(&json!(world.demo.servers.attacker.port())));
    let chain = line.get("validated-certificate-chain").and_then(Value::as_array).context("no chain")?;
    assert_eq!(chain.len(), 3);
    wait::until("it to be known as told", async || Ok(kept(&world).await?.starts_with("told\t").then_some(()))).await?;
    world.firefox.quit().await
}

const MAKE_DUE: &str = r"
return browser.storage.local.get('reports-1').then(async (items) => {
    const lines = items['reports-1'].split('\n').map((line) => {
        const fields = line.split('\t');
        if (fields[0] === 'waits') fields[3] = '1';
        return fields.join('\t');
    });
    await browser.storage.local.set({ 'reports-1': lines.join('\n') });
    await browser.alarms.create('reports', { when: Date.now() + 200 });
});
";
