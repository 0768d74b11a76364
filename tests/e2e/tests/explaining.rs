//! What the log says of a key that its rule did not expect: each cause is brought about, and the sentence asserted; and what can
//! be done about it there.

use anyhow::{Context, Result, ensure};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use sockpin_e2e::authority::{Authority, Identity, Key};
use sockpin_e2e::demo::{Demo, EXCEPTION, UNPINNED};
use sockpin_e2e::doctored::Doctored;
use sockpin_e2e::extension::ID;
use sockpin_e2e::firefox::{Firefox, Options};
use sockpin_e2e::page::Page;
use sockpin_e2e::servers::Server;
use sockpin_e2e::socket::Sighting;
use sockpin_e2e::world::{Installation, World};
use thirtyfour::Key as Press;

/// A rule that blocks at this server alone, with one pin.
fn rule(server: &Server, host: &str, pin: &str) -> Value {
    json!({ "host": format!("{host}:{}", server.port()), "mode": "block", "pins": [{ "sha256": pin, "label": "First key" }] })
}

async fn socket(firefox: &Firefox, host: &str, server: &Server) -> Result<Sighting> {
    firefox.socket(&format!("wss://{host}:{}/", server.port())).await
}

/// The first socket meets the first identity and a rule with this pin, every later one the second. Returns once the first is
/// known.
async fn turn(world: &World, pin: &str, first: Identity, then: Identity) -> Result<Server> {
    let server = Server::turning(first, then).await?;
    let firefox = &world.firefox;
    firefox.save_rule(rule(&server, UNPINNED, pin)).await?;
    let web = firefox.this_page().await?;
    ensure!(socket(firefox, UNPINNED, &server).await?.delivered(), "the first socket did not open");
    let page = firefox.page("options.html").await?;
    let row = format!("#seen [data-endpoint='{UNPINNED}:{}'] .tag", server.port());
    page.wait_for_text(&row, "Matches").await?;
    firefox.close_tab().await?;
    web.show().await?;
    Ok(server)
}

/// Opens the only entry of the log in the popup, as a person does.
async fn open(firefox: &Firefox) -> Result<Page<'_>> {
    let popup = firefox.page("popup.html").await?;
    popup.wait_for_count("#log .violation", 1).await?;
    popup.click("#log .violation summary").await?;
    popup.wait_for_presence("#log .violation-body .evidence", true).await?;
    Ok(popup)
}

/// What the only entry says, which goes then with the popup.
struct Said {
    code: String,
    likely: String,
    facts: String,
}

/// The same, looked at as people see it.
async fn said_and_shown(world: &World) -> Result<Said> {
    read(world, async |said| world.firefox.look(&format!("explanation-{}", said.code)).await).await
}

/// Where the same is shown with other words.
async fn said(world: &World) -> Result<Said> {
    read(world, async |_| Ok(())).await
}

async fn read(world: &World, look: impl AsyncFnOnce(&Said) -> Result<()>) -> Result<Said> {
    let firefox = &world.firefox;
    let web = firefox.this_page().await?;
    let popup = open(firefox).await?;
    let code =
        firefox.run("return document.querySelector('[data-part=likely]')?.dataset.code ?? ''", Vec::new()).await?;
    let code = code.as_str().context("no code")?.to_owned();
    let said =
        Said { likely: popup.text("[data-part=likely]").await?, facts: popup.text(".explanation-facts").await?, code };
    look(&said).await?;
    popup.wait_for_presence(".advice", false).await?;
    firefox.close_tab().await?;
    web.show().await?;
    firefox.clear_log().await?;
    Ok(said)
}

#[tokio::test]
async fn each_cause_that_a_server_brings_about_is_said_with_its_evidence() -> Result<()> {
    let world = World::start(Installation::Temporary).await?;
    let (firefox, authority) = (&world.firefox, &world.demo.authority);
    let (old, new) = (Key::new()?, Key::new()?);
    let issue = |key| authority.issue(&[UNPINNED], key);

    // A renewed key under the same issuer.
    let server = turn(&world, &old.pin(), issue(&old)?, issue(&new)?).await?;
    assert!(socket(firefox, UNPINNED, &server).await?.refused());
    let renewed = said_and_shown(&world).await?;
    assert_eq!(renewed.code, "renewed");
    let expected = "Most likely the certificate was renewed with a new key: Sockpin Demo Intermediate has issued it for the \
                    same name, as before. If whoever runs the server knows nothing of a new key, take it for an attack";
    assert!(renewed.likely.starts_with(expected), "{}", renewed.likely);
    for fact in [
        "The key of the pin “First key”",
        &format!("{UNPINNED}, issued by Sockpin Demo Intermediate"),
        "Server",
        "The rule matched last on ",
    ] {
        assert!(renewed.facts.contains(fact), "{fact}: {}", renewed.facts);
    }

    // The same issuer, for another name.
    let renamed = authority.issue_called(&[UNPINNED], "another name of it", "Example Ltd", &new)?;
    let server = turn(&world, &old.pin(), issue(&old)?, renamed).await?;
    assert!(socket(firefox, UNPINNED, &server).await?.refused());
    let name = said_and_shown(&world).await?;
    assert_eq!(name.code, "other-name");
    let expected = format!(
        "The certificate is from Sockpin Demo Intermediate, as before, but issued for another name of it and no longer for \
         {UNPINNED}. Most likely it was renewed under another name. If whoever runs the server knows nothing of a new key, take it \
         for an attack"
    );
    assert!(name.likely.starts_with(&expected), "{}", name.likely);

    // Another issuer, under the same root.
    let server = turn(&world, &old.pin(), issue(&old)?, authority.issue_from_root(&[UNPINNED], &new)?).await?;
    assert!(socket(firefox, UNPINNED, &server).await?.refused());
    let issuer = said_and_shown(&world).await?;
    assert_eq!(issuer.code, "other-issuer");
    let expected = "The certificate is from Sockpin Demo Root, and was from Sockpin Demo Intermediate before. Most likely the \
                    server has moved to another authority.";
    assert!(issuer.likely.starts_with(expected), "{}", issuer.likely);

    // A root that was added, with the name that a virus scanner gives to its own.
    let scanner = Authority::named("Kaspersky Anti-Virus Personal Root Certificate")?;
    firefox.trust(&scanner).await?;
    let server = turn(&world, &old.pin(), issue(&old)?, scanner.issue(&[UNPINNED], &new)?).await?;
    assert!(socket(firefox, UNPINNED, &server).await?.refused());
    let root = said_and_shown(&world).await?;
    assert_eq!(root.code, "added-root");
    let expected = "Most likely a virus scanner or filter on this computer reads this connection: the chain ends in a root that \
                    was added here, “Kaspersky Anti-Virus Personal Root Certificate”, which by its name belongs to Kaspersky. \
                    Before, it ended in another one.";
    assert!(root.likely.starts_with(expected), "{}", root.likely);

    // That of a company's proxy.
    let gateway = Authority::named("Zscaler Root CA")?;
    firefox.trust(&gateway).await?;
    let server = turn(&world, &old.pin(), issue(&old)?, gateway.issue(&[UNPINNED], &new)?).await?;
    assert!(socket(firefox, UNPINNED, &server).await?.refused());
    let root = said(&world).await?;
    assert_eq!(root.code, "added-root");
    let expected = "Most likely the proxy of your company or school reads this connection: the chain ends in a root that was added \
                    on this computer, “Zscaler Root CA”, which by its name belongs to Zscaler. Before, it ended in another one.";
    assert!(root.likely.starts_with(expected), "{}", root.likely);

    // The same, with a name that nobody is known by.
    let other = Authority::named("Corner Shop Root")?;
    firefox.trust(&other).await?;
    let server = turn(&world, &old.pin(), issue(&old)?, other.issue(&[UNPINNED], &new)?).await?;
    assert!(socket(firefox, UNPINNED, &server).await?.refused());
    let root = said(&world).await?;
    assert!(
        root.likely.starts_with("Most likely this connection is read on the way, by this computer’s"),
        "{}",
        root.likely
    );
    assert!(root.likely.contains("a root that was added on this computer, “Corner Shop Root”."), "{}", root.likely);

    // The same key in a certificate of another authority, where the rule pins the first one.
    let server = turn(&world, &authority.root_pin(), issue(&old)?, other.issue(&[UNPINNED], &old)?).await?;
    assert!(socket(firefox, UNPINNED, &server).await?.refused());
    let same = said_and_shown(&world).await?;
    assert_eq!(same.code, "same-key");
    let expected = "Good news: the server’s own key is the same as before, only its certificate was renewed. Nobody can do that \
                    without the server’s private key. The rule does not match because it pins other certificates of the chain. The \
                    chain now ends in a root that was added on this computer, though";
    assert!(same.likely.starts_with(expected), "{}", same.likely);

    // The same certificate on another path: its intermediate is cross-signed, and the first root goes.
    let leaf = issue(&old)?;
    let crossed = leaf.through(other.cross_sign(authority)?);
    let server = turn(&world, &authority.root_pin(), leaf, crossed).await?;
    firefox.distrust(authority).await?;
    assert!(socket(firefox, UNPINNED, &server).await?.refused());
    let path = said_and_shown(&world).await?;
    assert_eq!(path.code, "other-path", "{}", path.likely);
    assert!(
        path.likely.starts_with("Good news: the server’s own certificate is the very same as before."),
        "{}",
        path.likely
    );
    assert!(path.likely.ends_with("whoever trusts its key trusts whoever added it."), "{}", path.likely);
    assert!(path.facts.contains("Root"), "{}", path.facts);
    world.firefox.quit().await
}

#[tokio::test]
async fn each_cause_that_is_in_the_rule_or_in_firefox_is_said_with_its_evidence() -> Result<()> {
    let world = World::start(Installation::Temporary).await?;
    let (firefox, authority) = (&world.firefox, &world.demo.authority);
    let key = Key::new()?;

    // A pin that is the fingerprint of a certificate.
    let server = Server::tls(authority.issue(&[UNPINNED], &key)?).await?;
    let fingerprint = STANDARD.encode(Sha256::digest(authority.intermediate()));
    firefox.save_rule(rule(&server, UNPINNED, &fingerprint)).await?;
    assert!(socket(firefox, UNPINNED, &server).await?.refused());
    let mistake = said_and_shown(&world).await?;
    assert_eq!(mistake.code, "fingerprint");
    let expected =
        format!("The rule’s pin sha256/{fingerprint} is the fingerprint of a whole certificate of this chain");
    assert!(mistake.likely.starts_with(&expected), "{}", mistake.likely);
    assert!(mistake.likely.ends_with(&format!("replace that pin with sha256/{}.", authority.intermediate_pin())));
    assert!(mistake.facts.contains("At the latest since "), "{}", mistake.facts);
    assert!(!mistake.facts.contains("Certificate that differs"), "what is not known is not said: {}", mistake.facts);

    // A certificate exception.
    let identity = authority.issue(&["another.sockpin.test"], &key)?;
    let certificate = identity.certificate().to_vec();
    let server = Server::tls(identity).await?;
    firefox.save_rule(rule(&server, EXCEPTION, &authority.root_pin())).await?;
    firefox.add_exception(EXCEPTION, server.port(), &certificate).await?;
    assert!(socket(firefox, EXCEPTION, &server).await?.refused());
    let exception = said_and_shown(&world).await?;
    assert_eq!(exception.code, "exception");
    let expected = "Firefox accepts this certificate only because it was told to make an exception";
    assert!(exception.likely.starts_with(expected), "{}", exception.likely);

    // A chain that ends in an added root, and nothing is known from before.
    let server = Server::tls(authority.issue(&[UNPINNED], &key)?).await?;
    firefox.save_rule(rule(&server, UNPINNED, &Key::new()?.pin())).await?;
    assert!(socket(firefox, UNPINNED, &server).await?.refused());
    let first = said(&world).await?;
    assert_eq!(first.code, "added-root");
    let expected = "The chain ends in a root that was added on this computer, “Sockpin Demo Root”, and nothing is known of the \
                    certificate that the server had before.";
    assert!(first.likely.starts_with(expected), "{}", first.likely);

    // A rule that expires while its server goes on to another key.
    let new = Key::new()?;
    let server =
        turn(&world, &key.pin(), authority.issue(&[UNPINNED], &key)?, authority.issue(&[UNPINNED], &new)?).await?;
    let host = format!("{UNPINNED}:{}", server.port());
    let rules = firefox.rules().await?;
    let stored = rules.into_iter().find(|rule| rule.get("host") == Some(&json!(host)));
    let mut expired = stored.context("the rule is not stored")?;
    expired.as_object_mut().context("a rule is an object")?.insert("expires".to_owned(), json!("2026-01-01"));
    firefox.save_rule(expired).await?;
    assert!(socket(firefox, UNPINNED, &server).await?.delivered(), "an expired rule only flags");
    let expired = said_and_shown(&world).await?;
    assert_eq!(expired.code, "rule-expired");
    let expected = "The rule’s pins were meant to hold until January 1, 2026 only, so most likely the key was changed as planned. \
                    The certificate is from Sockpin Demo Intermediate.";
    assert!(expired.likely.starts_with(expected), "{}", expired.likely);
    nothing_speaks_for_a_harmless_reason(&world).await?;
    world.firefox.quit().await
}

/// A chain of a public authority, and nothing is known from before. No authority of a test is built into Firefox, so Firefox is made
/// to say that it is.
async fn nothing_speaks_for_a_harmless_reason(world: &World) -> Result<()> {
    let doctored = Doctored::copy()?;
    doctored.before_background(BUILT_IN)?;
    world.firefox.install(doctored.folder()).await?;
    world.firefox.status().await?;
    let server = Server::tls(world.demo.authority.issue(&[UNPINNED], &Key::new()?)?).await?;
    world.firefox.save_rule(rule(&server, UNPINNED, &Key::new()?.pin())).await?;
    ensure!(socket(&world.firefox, UNPINNED, &server).await?.refused(), "another key was let through");
    let attack = said_and_shown(world).await?;
    assert_eq!(attack.code, "nothing-known");
    let expected = "Nothing is known of the certificate that the server had before, so nothing speaks for a harmless reason. Take it \
                    for an attack until whoever runs the server has confirmed the new key.";
    assert_eq!(attack.likely, expected);
    Ok(())
}

const BUILT_IN: &str = r"
const real = browser.webRequest.getSecurityInfo;
Object.defineProperty(browser.webRequest, 'getSecurityInfo', { value: async (...asked) => {
    const info = await real(...asked);
    const root = info.certificates?.at(-1);
    if (root) root.isBuiltInRoot = true;
    return info;
} });
";

#[tokio::test]
async fn the_keyboard_alone_keeps_blocking_or_flags_and_takes_it_back() -> Result<()> {
    let world = World::start(Installation::Temporary).await?;
    let firefox = &world.firefox;
    let server = Server::tls(world.demo.authority.issue(&[UNPINNED], &Key::new()?)?).await?;
    firefox.save_rule(rule(&server, UNPINNED, &Key::new()?.pin())).await?;
    assert!(socket(firefox, UNPINNED, &server).await?.refused());
    let web = firefox.this_page().await?;

    let popup = open(firefox).await?;
    popup.let_notices_stay().await?;
    firefox.press(Press::Tab + "").await?;
    popup.has_focus("[data-part=keep]").await?;
    assert_eq!(popup.text("[data-part=keep]").await?, "Keep blocking");
    assert_eq!(popup.text("[data-part=compare-link]").await?, "Trust the new key…");
    firefox.press(Press::Enter + "").await?;
    popup.wait_for_presence(".violation-body", false).await?;
    popup.has_focus(".violation summary").await?;
    assert_eq!(firefox.only_rule().await?["mode"], "block");

    firefox.press(Press::Enter + "").await?;
    popup.wait_for_presence("[data-part=flag-only]", true).await?;
    firefox.press(Press::Tab + "").await?;
    firefox.press(Press::Tab + "").await?;
    popup.has_focus("[data-part=flag-only]").await?;
    firefox.press(Press::Tab + "").await?;
    popup.has_focus("[data-part=compare-link]").await?;
    firefox.press(Press::Tab + "").await?;
    popup.has_focus("[data-part=copy-report]").await?;
    firefox.press(Press::Enter + "").await?;
    popup.wait_for_presence(".choices [data-part=copied]", true).await?;
    firefox.look("explanation-copied").await?;
    firefox.press(Press::Shift + Press::Tab).await?;
    firefox.press(Press::Shift + Press::Tab).await?;
    popup.has_focus("[data-part=flag-only]").await?;
    firefox.press(Press::Enter + "").await?;
    popup.has_focus("#undo").await?;
    assert_eq!(popup.text("#change-text").await?, "1 rule now only flags.");
    assert_eq!(popup.text("#announcement").await?, "1 rule now only flags.");
    popup.wait_for_presence("[data-part=flag-only]", false).await?;
    assert_eq!(popup.text("[data-part=keep]").await?, "Leave the rule as it is");
    assert_eq!(firefox.only_rule().await?["mode"], "flag");
    firefox.look("explanation-flagged").await?;
    web.show().await?;
    assert!(socket(firefox, UNPINNED, &server).await?.delivered(), "a rule that flags has blocked");

    popup.show().await?;
    popup.wait_for_count("#log .violation", 2).await?;
    firefox.run("document.querySelector('#undo').focus()", Vec::new()).await?;
    firefox.press(Press::Enter + "").await?;
    popup.has_focus("[data-part=flag-only]").await?;
    assert_eq!(firefox.only_rule().await?["mode"], "block");
    web.show().await?;
    assert!(socket(firefox, UNPINNED, &server).await?.refused(), "the rule does not block again");
    world.firefox.quit().await
}

#[tokio::test]
async fn of_a_rule_of_an_administrator_it_is_said_whom_to_ask() -> Result<()> {
    let pin = Key::new()?.pin();
    let rule = json!({ "host": UNPINNED, "mode": "block", "pins": [{ "sha256": pin, "label": "First key" }] });
    let policy = json!({ "rules": [rule], "settings": { "administrator": "Example Ltd, IT" } });
    let policies = Some(json!({ "3rdparty": { "Extensions": { (ID): policy } } }));
    let world =
        World::with(Installation::Temporary, Options { policies, names: Demo::names(), ..Options::default() }).await?;
    let firefox = &world.firefox;
    let server = Server::tls(world.demo.authority.issue(&[UNPINNED], &Key::new()?)?).await?;
    assert!(socket(firefox, UNPINNED, &server).await?.refused());
    let popup = open(firefox).await?;
    let said = popup.text("[data-part=no-choice]").await?;
    assert_eq!(said, "This rule was set by Example Ltd, IT and cannot be changed here: ask there.");
    for choice in ["keep", "flag-only"] {
        popup.wait_for_presence(&format!("[data-part={choice}]"), false).await?;
    }
    assert_eq!(popup.text("[data-part=compare-link]").await?, "Compare with the key before");
    firefox.look("explanation-managed").await?;
    world.firefox.quit().await
}
