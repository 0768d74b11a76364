//! From a socket that was seen to a rule that stops an attacker, as a person does it: by clicks, or by the keyboard alone.

use anyhow::{Context, Result, bail, ensure};
use serde_json::json;
use sha2::{Digest as _, Sha256};
use sockpin_e2e::authority::{Authority, Key};
use sockpin_e2e::demo::{EXCEPTION, FLAGGED, UNPINNED};
use sockpin_e2e::servers::Server;
use sockpin_e2e::world::{Installation, World};
use thirtyfour::Key as Press;

/// A host whose server is somebody else's from the second connection on. The person has seen it before, ticks one key and
/// chooses to block.
struct Case {
    host: &'static str,
    server: Server,
    /// How many certificates the picker shows, and which of them is ticked.
    certificates: usize,
    ticked: usize,
    /// What the picker says of the last of them.
    origin: &'static str,
}

impl Case {
    async fn walk(&self, world: &World) -> Result<()> {
        let Self { host, server, certificates, ticked, origin } = self;
        let firefox = &world.firefox;
        let url = format!("wss://{host}:{}/", server.port());
        let web = firefox.this_page().await?;
        assert!(firefox.socket(&url).await?.delivered(), "the first socket of {host} did not open");
        let frames = server.settled_traffic().await?.all_frames();
        assert!(frames > 0, "the server counts nothing");

        let page = firefox.page("options.html").await?;
        let row = format!("#seen [data-endpoint='{host}:{}']", server.port());
        page.wait_for_presence(&row, true).await?;
        assert_eq!(page.text(&format!("{row} .tag")).await?, "Not pinned");
        page.click(&format!("{row} button")).await?;
        page.wait_for_count("#picker[open] .picked", *certificates).await?;
        assert_eq!(page.text("#picker .picked:last-child .picked-head .tag").await?, *origin);
        assert_eq!(page.text("#picker .picked-choice .tag:not([hidden])").await?, "Recommended");
        assert!(page.is_true("document.querySelector('#picker-save').disabled").await?, "nothing is ticked");
        let tick_box = format!("#picker .picked:nth-child({ticked}) input");
        page.click(&tick_box).await?;
        page.select("#picker-mode", "block").await?;
        page.wait_for_count("#picker-trials .trial", 1).await?;
        assert_eq!(page.text("#picker-trials .tag").await?, "Matches");
        page.click("#picker-save").await?;
        page.wait_for_presence("#picker[open]", false).await?;
        page.wait_for_words("#rules", host).await?;
        page.wait_for_text(&format!("{row} .tag"), "Matches").await?;

        web.show().await?;
        assert!(firefox.socket(&url).await?.refused(), "the attacker's socket at {host} opened");
        let after = server.settled_traffic().await?;
        assert_eq!(after.all_frames(), frames, "the attacker at {host} has received something");
        assert!(after.tls_handshakes > 1, "nobody has asked the attacker");
        page.show().await?;
        page.wait_for_text(&format!("{row} .tag"), "Blocked").await?;

        // Without the rule the attacker gets everything.
        web.show().await?;
        let rules = firefox.rules().await?;
        firefox.delete_rule(rules.first().context("no rule is stored")?).await?;
        assert!(firefox.socket(&url).await?.delivered(), "it is not the rule that stops the attacker at {host}");
        Ok(())
    }
}

#[tokio::test]
async fn without_typing_a_host_or_a_hash_an_attacker_is_blocked() -> Result<()> {
    let world = World::start(Installation::Temporary).await?;
    let authority = &world.demo.authority;
    // Another authority that this browser trusts as well: of a company, or of whoever has had a hand on this computer.
    let other = Authority::new()?;
    world.firefox.trust(&other).await?;
    let (own, attacker) = (Key::new()?, Key::new()?);
    let own_authority = Case {
        host: UNPINNED,
        server: Server::turning(authority.issue(&[UNPINNED], &own)?, other.issue(&[UNPINNED], &attacker)?).await?,
        certificates: 3,
        ticked: 3,
        origin: "Added on this computer",
    };
    own_authority.walk(&world).await?;

    let self_signed = own.self_signed(&[EXCEPTION])?;
    let certificate = self_signed.certificate().to_vec();
    let with_exception = Case {
        host: EXCEPTION,
        server: Server::turning(self_signed, authority.issue(&[EXCEPTION], &attacker)?).await?,
        certificates: 1,
        ticked: 1,
        origin: "Rests on an exception",
    };
    world.firefox.add_exception(EXCEPTION, with_exception.server.port(), &certificate).await?;
    with_exception.walk(&world).await?;
    world.firefox.quit().await
}

#[tokio::test]
async fn sockets_appear_as_they_open_and_a_host_that_is_typed_is_asked_only_when_one_says_so() -> Result<()> {
    let world = World::start(Installation::Temporary).await?;
    let firefox = &world.firefox;
    let servers = &world.demo.servers;
    let web = firefox.this_page().await?;
    let page = firefox.page("options.html").await?;
    page.wait_for_presence("#nothing-seen", true).await?;
    web.show().await?;
    assert!(world.socket("unpinned").await?.delivered());
    page.show().await?;
    page.wait_for_count("#seen .seen-row", 1).await?;
    page.wait_for_presence("#nothing-seen", false).await?;
    let facts = page.text("#seen .seen-facts").await?;
    assert!(facts.starts_with("1 socket · last just now · from http"), "{facts}");

    let flagged = servers.flagged.port();
    page.type_into("#look-host", &format!("wss://{FLAGGED}:{flagged}/path?secret")).await?;
    let about = page.text("#look-about").await?;
    assert!(about.contains(&format!("(HEAD) to https://{FLAGGED}:{flagged}/, ")), "{about}");
    assert_eq!(servers.flagged.traffic().connections, 0, "it was contacted before anybody said so");
    page.click("#look").await?;
    page.wait_for_count("#picker[open] .picked", 3).await?;
    let traffic = servers.flagged.traffic();
    let [request] = traffic.requests.as_slice() else { panic!("{:?}", traffic.requests) };
    assert_eq!((request.line.as_str(), request.header("cookie")), ("HEAD /", None));
    page.click("#picker-cancel").await?;
    page.wait_for_count("#seen .seen-row", 2).await?;
    let facts = page.text(&format!("#seen [data-endpoint='{FLAGGED}:{flagged}'] .seen-facts")).await?;
    assert!(facts.starts_with("Looked at, no socket yet"), "{facts}");

    // What was looked at may have been renewed since.
    page.type_into("#look-host", &format!("{FLAGGED}:{flagged}")).await?;
    assert!(page.text("#look-about").await?.contains("(HEAD)"));
    page.click("#look").await?;
    page.wait_for_count("#picker[open] .picked", 3).await?;
    assert_eq!(servers.flagged.traffic().requests.len(), 2);
    page.click("#picker-cancel").await?;

    // What a socket has shown is shown without a request.
    let (unpinned, before) = (servers.unpinned.port(), servers.unpinned.traffic().connections);
    page.type_into("#look-host", &format!("{UNPINNED}:{unpinned}")).await?;
    assert!(page.text("#look-about").await?.ends_with("nothing is sent."));
    page.click("#look").await?;
    page.wait_for_count("#picker[open] .picked", 3).await?;
    assert_eq!(servers.unpinned.traffic().connections, before);
    page.click("#picker-cancel").await?;

    for (typed, code) in [
        (format!("{UNPINNED}:{}", servers.clear.port()), "unanswered"),
        (format!("*.{UNPINNED}"), "wildcard"),
        ("a..b".to_owned(), "host-empty-label"),
    ] {
        page.type_into("#look-host", &typed).await?;
        page.click("#look").await?;
        page.wait_for_presence(&format!("#look-message [data-code='{code}']"), true).await.context(typed)?;
    }
    world.firefox.quit().await
}

/// As programs show it.
fn fingerprint(certificate: &[u8]) -> String {
    let digest = Sha256::digest(certificate);
    digest.iter().map(|byte| format!("{byte:02X}")).collect::<Vec<_>>().join(":")
}

#[tokio::test]
async fn the_fingerprint_of_a_certificate_leads_to_its_key_and_an_issuing_key_is_not_pinned_alone() -> Result<()> {
    let world = World::start(Installation::Temporary).await?;
    let firefox = &world.firefox;
    let key = Key::new()?;
    let identity = world.demo.authority.issue_called(&[UNPINNED], HOSTILE, HOSTILE, &key)?;
    let entered = fingerprint(identity.certificate());
    let server = Server::tls(identity).await?;
    let url = format!("wss://{UNPINNED}:{}/", server.port());
    let web = firefox.this_page().await?;
    assert!(firefox.socket(&url).await?.delivered());

    let page = firefox.page("options.html").await?;
    page.wait_for_count("#seen .seen-row", 1).await?;
    page.click("#seen .seen-pin").await?;
    page.wait_for_count("#picker[open] .picked", 3).await?;
    let shown = firefox.run(SUBJECT, vec![]).await?;
    let in_its_place = format!("\u{2068}{HOSTILE_SEEN}\u{2069}");
    assert_eq!(shown["name"], json!(in_its_place));
    let whole = shown["whole"].as_str().unwrap_or_default().trim_matches(['\u{2068}', '\u{2069}']);
    ensure!(whole.contains("p\u{430}ypal") && !whole.contains(UNSEEN), "{whole:?}");
    for (width, height, lines) in [(360, 740, 4), (1280, 800, 2)] {
        firefox.set_viewport(width, height).await?;
        assert_eq!(firefox.run(COPIED, vec![]).await?, json!([entered, lines]), "{width}");
    }
    let is_ticked = "document.querySelector('#picker .picked input').checked";
    let is_closed = "document.querySelector('#picker .picked:nth-child(2) input').disabled";
    assert!(page.is_true(is_closed).await?, "an issuing authority's key can be ticked alone");
    page.type_into("#picker-compare", &key.pin()).await?;
    page.wait_for_presence("#picker-compare-message [data-code=key]", true).await?;
    assert!(!page.is_true(is_ticked).await?);
    page.type_into("#picker-compare", &fingerprint(world.demo.authority.intermediate())).await?;
    page.wait_for_presence("#picker-compare-message [data-code=certificate]", true).await?;
    let said = page.text("#picker-compare-message").await?;
    assert!(said.ends_with("The key of an issuing authority cannot be pinned alone."), "{said}");
    page.wait_for_count("#picker .picked input:checked", 0).await?;
    page.type_into("#picker-compare", &entered).await?;
    page.wait_for_presence("#picker-compare-message [data-code=certificate]", true).await?;
    assert!(page.is_true(is_ticked).await? && !page.is_true(is_closed).await?);
    page.click("#picker .picked:nth-child(2) input").await?;
    page.click("#picker .picked:nth-child(1) input").await?;
    assert!(page.is_true(is_closed).await?, "it stays ticked alone");
    page.click("#picker .picked:nth-child(1) input").await?;

    // What is ticked is not lost to a form that has something else in it.
    page.click("#picker-cancel").await?;
    page.click("#add-rule").await?;
    page.type_into("#host", "not saved").await?;
    page.click("#seen .seen-pin").await?;
    page.wait_for_count("#picker[open] .picked", 3).await?;
    page.click("#picker .picked:nth-child(1) input").await?;
    page.click("#picker-edit").await?;
    page.wait_for_presence("#picker-message [data-code=unsaved]", true).await?;
    assert!(page.is_true(is_ticked).await?);
    page.has_focus("#picker-edit").await?;
    page.click("#picker-cancel").await?;
    page.click("#cancel-edit").await?;
    page.click("#seen .seen-pin").await?;
    page.wait_for_count("#picker[open] .picked", 3).await?;
    page.click("#picker .picked:nth-child(1) input").await?;

    // The form goes on with what was ticked, and knows the fingerprint as well.
    page.click("#picker-edit").await?;
    page.wait_for_presence("#rule-form", true).await?;
    assert_eq!(
        firefox.run(FORM, vec![]).await?,
        json!([format!("{UNPINNED}:{}", server.port()), "flag", [format!("sha256/{}", key.pin()), HOSTILE_SEEN]])
    );
    page.click("#add-pin").await?;
    page.paste("#pins li:last-child .pin-value", &entered).await?;
    page.wait_for_presence("#pins-taken [data-code=fingerprint-replaced]", true).await?;
    assert_eq!(
        firefox.run("return document.querySelector('#pins li:last-child .pin-value').value", vec![]).await?,
        json!(format!("sha256/{}", key.pin()))
    );

    page.click("#cancel-edit").await?;

    // The popup says the name of the key that has matched, here one of a file.
    let pins = json!([{ "sha256": key.pin(), "label": HOSTILE }]);
    firefox.save_rule(json!({ "host": UNPINNED, "mode": "block", "pins": pins })).await?;
    web.show().await?;
    assert!(firefox.socket(&url).await?.delivered());
    let popup = firefox.page(&firefox.popup_over_tab().await?).await?;
    popup.wait_for_count("#tab-sockets [data-state=matched]", 1).await?;
    let said = firefox.run("return document.querySelector('#tab-sockets .tab-text').textContent", vec![]).await?;
    assert_eq!(said, json!(format!("Matched by the key “{in_its_place}”.")));
    firefox.look("popup-hostile-name").await?;
    world.firefox.quit().await
}

/// Letters of two scripts, an override of the direction, what has no width, the end of an isolate, markup, and a letter from right
/// to left.
const HOSTILE: &str = "p\u{430}ypal.test\u{202e}gnp\u{200b}\u{2069}<b>\u{5d0}";
const HOSTILE_SEEN: &str = "p\u{430}ypal.test\\u{202e}gnp\\u{200b}\\u{2069}<b>\u{5d0}";
const UNSEEN: [char; 3] = ['\u{202e}', '\u{200b}', '\u{2069}'];

/// What is said of the server's certificate.
const SUBJECT: &str = r"
const subject = document.querySelector('#picker .picked-subject');
return { name: subject.textContent, whole: subject.title };
";

/// What is copied of a fingerprint, and over how many lines of whole pairs it goes; the lines where they are not whole.
const COPIED: &str = r"
const code = document.querySelector('#picker [data-part=picked-certificate-fingerprint]');
code.closest('details').open = true;
const range = document.createRange();
const lines = new Map();
for (let place = 0; place < code.firstChild.length; place += 1) {
    range.setStart(code.firstChild, place);
    range.setEnd(code.firstChild, place + 1);
    const { top } = range.getBoundingClientRect();
    lines.set(top, (lines.get(top) ?? '') + code.textContent[place]);
}
const isWhole = [...lines.values()].every((line) => /^([0-9A-F]{2}(:|$))+$/.test(line));
getSelection().selectAllChildren(code);
return [String(getSelection()), isWhole ? lines.size : [...lines.values()]];
";

const FORM: &str = r"
const value = (selector) => document.querySelector(selector).value;
return [value('#host'), value('#mode'), [value('#pins .pin-value'), value('#pins .pin-label')]];
";

#[tokio::test]
async fn the_keyboard_alone_makes_a_rule() -> Result<()> {
    let world = World::start(Installation::Temporary).await?;
    let firefox = &world.firefox;
    assert!(world.socket("unpinned").await?.delivered());
    let page = firefox.page("options.html").await?;
    page.wait_for_count("#seen .seen-row", 1).await?;
    firefox.tab_to("#seen .seen-pin").await?;
    firefox.press(Press::Enter + "").await?;
    page.wait_for_count("#picker[open] .picked", 3).await?;
    firefox.press(Press::Escape + "").await?;
    page.wait_for_presence("#picker[open]", false).await?;
    page.has_focus("#seen .seen-pin").await?;

    firefox.press(Press::Enter + "").await?;
    page.wait_for_count("#picker[open] .picked", 3).await?;
    firefox.tab_to("#picker .picked:nth-child(3) input").await?;
    firefox.press(" ").await?;
    firefox.tab_to("#picker-mode").await?;
    firefox.press(Press::Down + "").await?;
    firefox.tab_to("#picker-save").await?;
    firefox.press(Press::Enter + "").await?;
    page.wait_for_presence("#picker[open]", false).await?;
    page.has_focus("#rules .rule-edit").await?;
    let rules = firefox.rules().await?;
    let [rule] = rules.as_slice() else { bail!("not one rule: {rules:?}") };
    ensure!(rule["mode"] == json!("block"), "{rule}");
    ensure!(rule["pins"][0]["sha256"] == json!(world.demo.authority.root_pin()), "{rule}");
    ensure!(rule["pins"][0]["label"] == json!("Sockpin Demo Root"), "{rule}");
    world.firefox.quit().await
}
