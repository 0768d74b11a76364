//! A rule is proved by two sockets of Sockpin's own, and tried on chains, as a person does it.

use anyhow::{Context, Result, bail, ensure};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use sockpin_e2e::demo::{BELOW, PINNED, UNPINNED};
use sockpin_e2e::extension;
use sockpin_e2e::firefox::Firefox;
use sockpin_e2e::page::Page;
use sockpin_e2e::servers::{Answering, Server};
use sockpin_e2e::traffic::Traffic;
use sockpin_e2e::world::{Installation, World};

const TEST: &str = "#rules .rule-test";

fn rule(world: &World, host: &str, mode: &str, preflight: &str) -> Value {
    let pins = json!([{ "sha256": world.demo.pinned_key.pin(), "label": "Mine" }]);
    json!({ "host": host, "mode": mode, "preflight": preflight, "pins": pins })
}

/// How many handshakes of sockets it has received, and how many other requests.
fn requests(traffic: &Traffic) -> (usize, usize) {
    let sockets = traffic.requests.iter().filter(|request| request.websocket).count();
    (sockets, traffic.requests.len() - sockets)
}

/// Of both sockets: the state, and what is said.
async fn outcomes(page: &Page<'_>) -> Result<[(String, String); 2]> {
    page.wait_until("both outcomes", BOTH).await?;
    let one = async |number: usize| {
        let row = format!("#prove-outcomes > :nth-child({number})");
        let state = page.text(&format!("{row} .tag")).await?;
        Ok::<_, anyhow::Error>((state, page.text(&format!("{row} [data-part='trial-reason']")).await?))
    };
    Ok([one(1).await?, one(2).await?])
}

const BOTH: &str = "document.querySelectorAll('#prove-outcomes > *').length === 2 \
    && [...document.querySelectorAll('#prove-outcomes .tag')].every(({ textContent }) => textContent !== 'Connecting…')";

/// Opens the tester for this rule, with this address, and proves it.
async fn prove(page: &Page<'_>, rule: &Value, address: &str) -> Result<[(String, String); 2]> {
    let id = rule.get("id").and_then(Value::as_str).context("no id")?;
    let test = format!("#rules [data-rule='{id}'] .rule-test");
    page.show().await?;
    page.wait_for_presence(&test, true).await?;
    page.click(&test).await?;
    page.wait_for_presence("#tester[open]", true).await?;
    page.type_into("#prove-host", address).await?;
    page.click("#prove").await?;
    let outcomes = outcomes(page).await?;
    page.click("#tester-close").await?;
    page.wait_for_presence("#tester[open]", false).await?;
    Ok(outcomes)
}

#[tokio::test]
async fn one_socket_opens_and_one_is_stopped_and_neither_leaves_a_trace() -> Result<()> {
    let world = World::start(Installation::Temporary).await?;
    let firefox = &world.firefox;
    let key = &world.demo.pinned_key;
    firefox.privileged(SET_COOKIE, vec![json!(PINNED)]).await?;
    let page = firefox.page("options.html").await?;
    for (mode, preflight, expected, sockets, frames) in [
        (
            "block",
            "off",
            [
                "Would be blocked",
                "A wrong key was stopped before data flowed. The server received the request for the socket.",
            ],
            (2, 0),
            1,
        ),
        ("block", "prefer", ["Would be blocked", "A wrong key was stopped before the request was sent."], (1, 1), 1),
        (
            "flag",
            "prefer",
            ["Flagged", "A wrong key would be flagged, and the connection would stay open: the rule only flags."],
            (2, 0),
            2,
        ),
    ] {
        let server = Server::tls(world.demo.authority.issue(&[PINNED], key)?).await?;
        let saved = firefox.save_rule(rule(&world, PINNED, mode, preflight)).await?;
        let [right, wrong] = prove(&page, &saved, &format!("{PINNED}:{}", server.port())).await?;
        assert_eq!(right, ("Matches".to_owned(), "Matched by “Mine”. The socket opened.".to_owned()), "{mode}");
        assert_eq!([wrong.0.as_str(), wrong.1.as_str()], expected, "{mode}, {preflight}");
        let traffic = server.settled_traffic().await?;
        assert_eq!(requests(&traffic), sockets, "{mode}, {preflight}");
        assert_eq!((traffic.payloads.len(), traffic.frames), (0, 0));
        assert_eq!(traffic.closing_frames, frames, "{mode}, {preflight}: those that opened were closed");
        for request in traffic.requests.iter().filter(|request| request.websocket) {
            for name in ["cookie", "origin", "authorization"] {
                ensure!(request.header(name).is_none(), "{name} was sent");
            }
        }
        firefox.delete_rule(&saved).await?;
    }
    assert_eq!(firefox.badge(&extension::url("options.html")).await?, "");
    // What comes after them is noted and recorded after them.
    let control = json!({ "host": UNPINNED, "mode": "flag", "pins": [{ "sha256": world.demo.authority.root_pin() }] });
    let control = firefox.save_rule(control).await?;
    firefox.open_tab(&world.demo.site.blank()).await?;
    assert!(world.socket("unpinned").await?.delivered());
    let id = control.get("id").and_then(Value::as_str).context("no id")?;
    let traces = firefox.run_in_extension(TRACES, vec![json!(UNPINNED), json!(id)]).await?;
    let [seen, records] =
        ["seen", "records"].map(|name| traces.get(name).and_then(Value::as_array).map_or(0, Vec::len));
    assert_eq!((seen, records), (1, 1), "{traces}");
    assert_eq!(firefox.log().await?, Vec::<Value>::new());

    // The control: a page's socket brings cookie and origin.
    let server = Server::tls(world.demo.authority.issue(&[PINNED], key)?).await?;
    firefox.save_rule(rule(&world, PINNED, "block", "off")).await?;
    assert!(firefox.socket(&format!("wss://{PINNED}:{}/", server.port())).await?.delivered());
    let traffic = server.settled_traffic().await?;
    let request = traffic.requests.first().context("no request")?;
    ensure!(request.header("origin").is_some() && request.header("cookie").is_some(), "{request:?}");
    world.firefox.quit().await
}

/// All that was seen and all that was recorded, once this host and this rule are among it.
const TRACES: &str = r"
const [host, rule] = arguments;
return new Promise(async (resolve) => {
    const look = async () => {
        const lines = (text) => (text ?? '').split('\n').filter((line) => line !== '');
        const seen = lines((await browser.storage.session.get('seen')).seen);
        const records = lines((await browser.storage.local.get('records-1'))['records-1']);
        const has = (lines, text) => lines.some((line) => line.includes(text));
        if (!has(seen, host) || !has(records, rule)) return;
        browser.storage.onChanged.removeListener(look);
        resolve({ seen, records });
    };
    browser.storage.onChanged.addListener(look);
    await look();
});
";

// As for a request of another site, and as for one of a page of the host's own.
const SET_COOKIE: &str = r"
const [host] = arguments;
Services.prefs.setIntPref('network.cookie.cookieBehavior', 0);
Services.cookies.add(host, '/', 'session', 'secret', true, false, true, Date.now() + 1e6, {},
    Ci.nsICookie.SAMESITE_NONE, Ci.nsICookie.SCHEME_HTTPS);
";

#[tokio::test]
async fn meanwhile_pages_are_judged_by_the_rule_itself() -> Result<()> {
    let world = World::start(Installation::Temporary).await?;
    let firefox = &world.firefox;
    let (right, attacker) = (&world.demo.servers.pinned, &world.demo.servers.attacker);
    let saved = firefox.save_rule(rule(&world, PINNED, "block", "off")).await?;
    let web = firefox.this_page().await?;
    for _ in 0..3 {
        let own =
            json!({ "type": "prove", "id": saved.get("id"), "host": PINNED, "port": right.port(), "wrongPin": true });
        // The answer is asked for only once the page's sockets are through.
        firefox.run_in_extension("window.proof = browser.runtime.sendMessage(arguments[0])", vec![own]).await?;
        web.show().await?;
        let urls = [world.demo.servers.url("pinned")?, world.demo.servers.url("attacker")?];
        let [good, bad] = &firefox.sockets(&[urls[0].as_str(), urls[1].as_str()]).await?[..] else {
            bail!("two sockets")
        };
        assert!(good.delivered() && bad.refused(), "{good:?} {bad:?}");
        let proved = firefox.run_in_extension("return window.proof", Vec::new()).await?;
        assert_eq!(proved["proved"]["conclusion"]["violation"]["reason"], json!("pin-mismatch"), "{proved}");
        assert_eq!(proved["proved"]["ending"], json!("failed"));
    }
    assert_eq!(attacker.settled_traffic().await?.all_frames(), 0);
    let log = firefox.violations().await?;
    assert_eq!(log.len(), 3, "only the attacker's are logged");
    ensure!(log.iter().all(|entry| entry["port"] == json!(attacker.port())), "{log:?}");

    // A page that has been told nothing cannot ask for one either.
    web.show().await?;
    assert_eq!(firefox.run("return typeof browser", Vec::new()).await?, json!("undefined"));
    world.firefox.quit().await
}

#[tokio::test]
async fn what_cannot_be_proved_is_said_as_such() -> Result<()> {
    let world = World::start(Installation::Temporary).await?;
    let firefox = &world.firefox;
    let servers = &world.demo.servers;
    let page = firefox.page("options.html").await?;
    let at = |server: &Server| format!("{PINNED}:{}", server.port());
    let wide = firefox.save_rule(rule(&world, &format!("**.{PINNED}"), "block", "off")).await?;

    let [right, wrong] = prove(&page, &wide, &at(&servers.attacker)).await?;
    assert_eq!((right.0.as_str(), wrong.0.as_str()), ("Blocked", "Would be blocked"));
    ensure!(right.1.starts_with("None of the 3 keys"), "{right:?}");
    let [right, wrong] = prove(&page, &wide, &at(&servers.clear)).await?;
    assert_eq!((right.0.as_str(), wrong.0.as_str()), ("Not reached", "Not tried"), "{right:?}");

    firefox.ask_extension(json!({ "type": "pause", "length": "ten-minutes" })).await?;
    let [_, wrong] = prove(&page, &wide, &at(&servers.pinned)).await?;
    assert_eq!(
        (wrong.0.as_str(), wrong.1.as_str()),
        ("Would be let through", "A wrong key would be let through, because Sockpin is paused.")
    );
    firefox.ask_extension(json!({ "type": "resume" })).await?;

    // Of hosts that it is not for, and of those for which another rule is.
    let other = firefox.save_rule(rule(&world, BELOW, "off", "off")).await?;
    page.show().await?;
    page.wait_for_count("#rules .rule", 2).await?;
    for (rule, typed, code) in [
        (&wide, UNPINNED, "not-decided"),
        (&wide, BELOW, "not-decided"),
        (&wide, "*.example.com", "wildcard"),
        (&wide, "", "host-empty"),
        (&other, PINNED, "not-decided"),
    ] {
        let id = rule.get("id").and_then(Value::as_str).context("no id")?;
        page.click(&format!("[data-rule='{id}'] .rule-test")).await?;
        page.wait_for_presence("#tester[open]", true).await?;
        page.type_into("#prove-host", typed).await?;
        page.click("#prove").await?;
        page.wait_for_presence(&format!("#prove-message [data-code='{code}']"), true).await.context(typed)?;
        page.click("#tester-close").await?;
        page.wait_for_presence("#tester[open]", false).await?;
    }
    world.firefox.quit().await
}

/// Firefox would ask the person, who has opened no page of this address, and the socket would wait for the answer.
#[tokio::test]
async fn a_server_that_wants_a_password_gets_none_and_nobody_is_asked_for_one() -> Result<()> {
    let world = World::start(Installation::Temporary).await?;
    let firefox = &world.firefox;
    let server = Server::tls(world.demo.authority.issue(&[PINNED], &world.demo.pinned_key)?).await?;
    server.answer(Answering::Challenging);
    let saved = firefox.save_rule(rule(&world, PINNED, "block", "off")).await?;
    let own =
        json!({ "type": "prove", "id": saved.get("id"), "host": PINNED, "port": server.port(), "wrongPin": false });
    let proved = firefox.ask_extension(own).await?;
    assert_eq!(proved.pointer("/proved/ending"), Some(&json!("failed")), "it has waited: {proved}");

    let page = firefox.page("options.html").await?;
    let [right, wrong] = prove(&page, &saved, &format!("{PINNED}:{}", server.port())).await?;
    let no_socket = "But the server opened no WebSocket at this address; the key was checked all the same.";
    assert_eq!(right, ("Matches".to_owned(), format!("Matched by “Mine”. {no_socket}")));
    assert_eq!(wrong.0, "Would be blocked");
    let traffic = server.settled_traffic().await?;
    assert_eq!(requests(&traffic), (3, 0), "each socket has asked once");
    ensure!(traffic.requests.iter().all(|request| request.header("authorization").is_none()), "a password was sent");

    // One that the person has given Firefox for their own pages is not sent either, and is not forgotten for that: neither where
    // Firefox keeps what it knows of a server apart for each site, as it does, nor where it does not.
    server.answer(Answering::Guarded);
    for (name, value) in [("network.http.phishy-userpass-length", json!(255)), (SUBRESOURCES_ASK, json!(0))] {
        firefox.set_preference(name, value).await?;
    }
    let port = server.port();
    for (is_apart, mode) in [(true, "block"), (true, "flag"), (false, "block"), (false, "flag")] {
        firefox.set_preference("privacy.partition.network_state", json!(is_apart)).await?;
        firefox.forget_passwords().await?;
        firefox.open_tab(&format!("https://somebody:anything@{PINNED}:{port}/")).await?;
        let web = firefox.this_page().await?;
        let stored = firefox.rules().await?;
        let mut changed = stored.into_iter().next().context("no rule")?;
        changed.as_object_mut().context("no object")?.insert("mode".to_owned(), json!(mode));
        firefox.save_rule(changed).await?;
        web.show().await?;
        assert_eq!(firefox.run(STATUS, Vec::new()).await?, json!(200), "the control: the page is logged in");
        let before = server.traffic().requests.len();
        let [right, _] = prove(&page, &saved, &format!("{PINNED}:{port}")).await?;
        assert_eq!(right, ("Matches".to_owned(), format!("Matched by “Mine”. {no_socket}")), "{mode}");
        let requests = server.traffic().requests;
        let sockets: Vec<_> = requests.iter().skip(before).collect();
        ensure!(sockets.len() == 2 && sockets.iter().all(|socket| socket.header("authorization").is_none()));
        web.show().await?;
        let status = firefox.run(STATUS, Vec::new()).await?;
        assert_eq!(status, json!(200), "apart: {is_apart}, {mode}: Firefox has forgotten the password");
    }
    firefox.forget_passwords().await?;
    assert_eq!(firefox.run(STATUS, Vec::new()).await?, json!(401), "the control: the page does not tell");
    world.firefox.quit().await
}

/// 0: a part of a page asks nobody for a password, and fails.
const SUBRESOURCES_ASK: &str = "network.auth.subresource-http-auth-allow";
const STATUS: &str =
    "return fetch(`https://${location.host}/part`, { cache: 'no-store' }).then(({ status }) => status)";

fn pem(ders: &[&[u8]]) -> String {
    let block =
        |der: &&[u8]| format!("-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n", STANDARD.encode(der));
    ders.iter().map(block).collect()
}

const DROP: &str = r"
const dataTransfer = new DataTransfer();
for (const text of arguments[0]) dataTransfer.items.add(new File([text], 'chain.pem'));
document.querySelector('#tester-drop')
    .dispatchEvent(new DragEvent('drop', { dataTransfer, bubbles: true, cancelable: true }));
";

async fn drop_files(firefox: &Firefox, texts: &[&str]) -> Result<()> {
    firefox.run(DROP, vec![json!(texts)]).await.map(drop)
}

#[tokio::test]
async fn a_rule_is_tried_on_chains_before_it_is_saved_and_after() -> Result<()> {
    let world = World::start(Installation::Temporary).await?;
    let firefox = &world.firefox;
    let authority = &world.demo.authority;
    let (right, wrong) = (&world.demo.pinned_key, &world.demo.attacker_key);
    let [good, bad] = [right, wrong].map(|key| authority.issue(&[PINNED], key));
    let (good, bad) = (good?, bad?);
    let page = firefox.page("options.html").await?;
    page.click("#add-rule").await?;
    page.wait_for_presence("#rule-form", true).await?;
    ensure!(page.is_true("document.querySelector('#test-rule').disabled").await?, "nothing has been entered");
    page.type_into("#host", &format!("*.{}", PINNED.split_once('.').context("a name without a dot")?.1)).await?;
    page.type_into("#pins .pin-value", &right.pin()).await?;
    page.type_into("#pins .pin-label", "Mine").await?;
    page.click("#test-rule").await?;
    page.wait_for_presence("#tester[open]", true).await?;
    page.wait_for_presence("#prove-unsaved", true).await?;

    // In any order; the picture is in that of the chain.
    let root: &[u8] = authority.root();
    drop_files(firefox, &[&pem(&[authority.intermediate(), root, good.certificate()])]).await?;
    page.wait_for_count("#tester-certificates .picked", 3).await?;
    assert_eq!(page.text("#tester-verdict .tag").await?, "Matches");
    assert_eq!(page.text("#tester-verdict [data-part='trial-reason']").await?, "The key “Mine” matches.");
    ensure!(page.text("#tester-verdict").await?.contains("as if Firefox had validated it"), "nobody has validated it");
    assert_eq!(page.text("#tester-certificates .picked:first-child .tag").await?, "Matches “Mine”");
    assert_eq!(firefox.accessibility_violations().await?, [""; 0]);
    page.paste("#tester-text", &pem(&[bad.certificate(), authority.intermediate(), root])).await?;
    page.wait_for_text("#tester-verdict .tag", "Blocked").await?;

    let both = pem(&[good.certificate(), bad.certificate()]);
    let key = "-----BEGIN PUBLIC KEY-----\nMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE\n-----END PUBLIC KEY-----";
    for (texts, code) in [
        (vec![both.as_str()], "several-chains"),
        (vec![key], "der"),
        (vec!["nothing"], "nothing-recognised"),
        (vec!["a", "b"], "several-files"),
    ] {
        drop_files(firefox, &texts).await?;
        page.wait_for_presence(&format!("#tester-file-message [data-code='{code}']"), true).await.context(code)?;
        page.wait_for_presence("#tester-outcome", false).await?;
    }
    page.click("#tester-close").await?;
    page.wait_for_presence("#tester[open]", false).await?;
    page.has_focus("#test-rule").await?;
    page.click("#save-rule").await?;
    page.wait_for_presence(TEST, true).await?;

    // What was seen: what the rule would have decided, of the hosts that it is for.
    firefox.open_tab(&world.demo.site.blank()).await?;
    assert!(world.socket("pinned").await?.delivered() && world.socket("attacker").await?.refused());
    page.show().await?;
    page.click(TEST).await?;
    page.wait_for_count("#tester-seen .trial", 2).await?;
    let states = "[...document.querySelectorAll('#tester-seen .tag')].map((tag) => tag.textContent).sort().join()";
    ensure!(page.is_true(&format!("{states} === 'Blocked,Matches'")).await?, "other verdicts");
    page.type_into("#prove-host", &format!("{PINNED}:{}", world.demo.servers.pinned.port())).await?;
    page.click("#prove").await?;
    outcomes(&page).await?;
    drop_files(firefox, &[&pem(&[good.certificate(), authority.intermediate(), root])]).await?;
    page.wait_for_count("#tester-certificates .picked", 3).await?;
    firefox.run(WHOLE, Vec::new()).await?;
    firefox.look("tester").await?;
    world.firefox.quit().await
}

/// A dialog scrolls by itself: all of it is to be seen.
const WHOLE: &str = r"
Object.assign(document.querySelector('#tester').style, { position: 'absolute', maxBlockSize: 'none', marginBlock: '16px' });
";

/// Whoever has a server at a port of its own has made the rule for every port: the port that answers is offered first.
#[tokio::test]
async fn the_server_that_a_socket_has_reached_is_the_one_that_is_offered() -> Result<()> {
    let world = World::start(Installation::Temporary).await?;
    let firefox = &world.firefox;
    let pins = json!([{ "sha256": world.demo.authority.root_pin() }]);
    firefox.save_rule(json!({ "host": UNPINNED, "mode": "flag", "pins": pins })).await?;
    let page = firefox.page("options.html").await?;
    page.click(TEST).await?;
    assert_eq!(firefox.run(PROVE_HOST, Vec::new()).await?, json!(UNPINNED));
    page.click("#tester-close").await?;
    firefox.open_tab(&world.demo.site.blank()).await?;
    assert!(world.socket("unpinned").await?.delivered());
    page.show().await?;
    page.wait_for_count("#seen .seen-row", 1).await?;
    page.click(TEST).await?;
    let reached = format!("{UNPINNED}:{}", world.demo.servers.unpinned.port());
    assert_eq!(firefox.run(PROVE_HOST, Vec::new()).await?, json!(reached));
    page.click("#prove").await?;
    let [right, _] = outcomes(&page).await?;
    assert_eq!(right.0, "Matches");
    world.firefox.quit().await
}

const PROVE_HOST: &str = "return document.querySelector('#prove-host').value";
