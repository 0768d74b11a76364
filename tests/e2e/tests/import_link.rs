//! A link to a file of rules, as a page has it and as it is dropped: nothing is asked for before the click, and what is read goes to
//! the preview.

use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use serde_json::json;
use sockpin_e2e::authority::Key;
use sockpin_e2e::demo::{FLAGGED, UNPINNED};
use sockpin_e2e::extension;
use sockpin_e2e::firefox::Firefox;
use sockpin_e2e::page::Page;
use sockpin_e2e::servers::{Answering, Server};
use sockpin_e2e::wait;
use sockpin_e2e::world::{Installation, World};

const A: &str = "C5+lpZ7tcVwmwQIMcRtPbsQtWLABXhQzejna0wHFr8M=";
/// Far more than the size at which reading ends, which is 20 MB.
const TOO_MUCH: usize = 24 * 1024 * 1024;

fn rules() -> String {
    json!([{ "host": "chat.example", "pins": [{ "sha256": A, "label": "Root" }] }]).to_string()
}

#[tokio::test]
async fn a_link_on_a_page_leads_to_the_preview_and_nothing_happens_without_the_clicks() -> Result<()> {
    let world = World::start(Installation::Temporary).await?;
    let firefox = &world.firefox;
    let server = Server::tls(world.demo.authority.issue(&[UNPINNED], &Key::new()?)?).await?;
    server.answer(Answering::Serving(rules()));
    let address = format!("https://{UNPINNED}:{}/team/pins.json?a=b%26c", server.port());
    firefox.privileged(SET_COOKIE, vec![json!(UNPINNED)]).await?;

    // As a person follows it: Firefox asks first, for it is a page that wants it.
    firefox.open_tab(&world.demo.site.blank()).await?;
    firefox.run(LINK, vec![json!(format!("ext+sockpin:{address}"))]).await?;
    let web = firefox.this_page().await?;
    web.click("#link").await?;
    wait::until("Firefox to ask", async || {
        let asked = firefox.privileged(ALLOW, Vec::new()).await?;
        Ok((asked == json!(true)).then_some(()))
    })
    .await?;
    wait::until("the options page", async || {
        let current = firefox.driver()?.current_url().await?;
        Ok((current.as_str() == extension::url("options.html")).then_some(()))
    })
    .await?;
    firefox.page_is_ready("options.html").await?;
    let page = firefox.this_page().await?;
    assert_eq!(page.text("#import-link-address").await?, address);
    let about = page.text("#import-link-about").await?;
    ensure!(about.contains(UNPINNED) && about.contains("Nothing has been requested yet"), "{about}");
    page.has_focus("#import-link-heading").await?;
    firefox.look("import-link").await?;
    assert_eq!(server.traffic().requests, []);

    // Loaded again, the page has forgotten it.
    page.reload().await?;
    ensure!(!page.is_true("document.querySelector('#import-link').checkVisibility()").await?, "it is still there");
    assert_eq!(server.traffic().requests, []);

    open(firefox, &format!("ext+sockpin:{address}")).await?;
    page.wait_for_presence("#import-link", true).await?;
    page.click("#import-link-read").await?;
    can_be_imported(&page).await?;
    page.has_focus("#import-preview-heading").await?;
    page.wait_for_presence("#import-link", false).await?;
    let recognised = page.text("#import-sources").await?;
    ensure!(
        recognised.starts_with(&format!("https://{UNPINNED}")) && recognised.ends_with("Sockpin’s own JSON."),
        "{recognised}"
    );
    assert_eq!(page.text("#import-counts").await?, "One rule will be added.");
    assert_eq!(firefox.rules().await?.len(), 0);
    let traffic = server.traffic();
    let [request] = traffic.requests.as_slice() else { bail!("not one request: {traffic:?}") };
    assert_eq!(request.line, "GET /team/pins.json?a=b%26c");
    for name in ["cookie", "referer", "authorization", "origin"] {
        ensure!(request.header(name).is_none(), "{name} was sent: {request:?}");
    }
    page.click("#import-confirm").await?;
    page.wait_for_count("#rules .rule", 1).await?;
    assert_eq!(firefox.rules().await?.first().and_then(|rule| rule.get("host")), Some(&json!("chat.example")));
    world.firefox.quit().await
}

#[tokio::test]
async fn what_cannot_be_read_from_a_link_is_said_and_a_dropped_link_is_asked_about_too() -> Result<()> {
    let world = World::start(Installation::Temporary).await?;
    let firefox = &world.firefox;
    let identity = |name: &str| world.demo.authority.issue(&[name], &Key::new()?);
    let server = Server::tls(identity(UNPINNED)?).await?;
    let elsewhere = Server::tls(identity(FLAGGED)?).await?;
    let clear = Server::clear().await?;
    for other in [&elsewhere, &clear] {
        other.answer(Answering::Serving(rules()));
    }
    let address = format!("https://{UNPINNED}:{}/pins.json", server.port());
    let page = firefox.page("options.html").await?;

    // Nothing is asked of anybody, and nothing can be read.
    for link in [
        "ext+sockpin:http://unpinned.sockpin.test/pins.json".to_owned(),
        "ext+sockpin:".to_owned(),
        "ext+sockpin:file:///etc/passwd".to_owned(),
        format!("ext+sockpin:https://{UNPINNED}@attacker.example/"),
        format!("ext+sockpin:{address}?{}", "a".repeat(3_000)),
    ] {
        open(firefox, &link).await?;
        // The page takes what its address names out of it; what was said of the one before may have the same code.
        page.wait_until("the link to be taken", "location.hash === ''").await?;
        page.wait_for_presence("#import-message [data-code=link-refused]", true).await.context(link)?;
        ensure!(!page.is_true("document.querySelector('#import-link').checkVisibility()").await?, "it can be read");
        page.has_focus("#import-file").await?;
    }
    firefox.look("import-link-refused").await?;

    // A dropped link: the same question, and the same errors as a person would meet them.
    drop_link(firefox, &address).await?;
    page.wait_for_presence("#import-link", true).await?;
    ensure!(!page.is_true("document.querySelector('#import-message [data-part=said]')").await?, "what was said stays");
    assert_eq!(server.traffic().requests, []);
    let leading = |to: String| Answering::Refusing(302, Some(to));
    for (answering, code, says) in [
        (Answering::Refusing(404, None), "link-status", "status 404"),
        (
            leading(format!("http://{UNPINNED}:{}/pins.json", clear.port())),
            "link-unreachable",
            "or leads to another address.",
        ),
        (
            leading(format!("https://{FLAGGED}:{}/pins.json", elsewhere.port())),
            "link-unreachable",
            "or leads to another address.",
        ),
        (Answering::Serving("no rules".to_owned()), "nothing-recognised", ""),
        (Answering::Serving(" ".repeat(TOO_MUCH)), "import-too-large", "At most 20,480 KB are imported at once"),
    ] {
        let before = server.traffic().requests.len();
        server.answer(answering);
        if !page.is_true("document.querySelector('#import-link').checkVisibility()").await? {
            drop_link(firefox, &address).await?;
        }
        page.click("#import-link-read").await?;
        // What was said of the one before may have the same code.
        wait::until("the request", async || Ok((server.traffic().requests.len() > before).then_some(()))).await?;
        page.wait_for_presence("#import-message [data-code=link-reading]", false).await?;
        page.wait_for_presence(&format!("#import-message [data-code={code}]"), true).await.context(code)?;
        let said = page.text("#import-message").await?;
        ensure!(said.starts_with(&format!("https://{UNPINNED}")) && said.contains(says), "{said}");
        // Where the question is gone, its button is.
        let focus =
            if code.starts_with("link-") || code == "import-too-large" { "import-link-read" } else { "import-file" };
        page.has_focus(&format!("#{focus}")).await?;
    }
    for other in [&elsewhere, &clear] {
        let traffic = other.traffic();
        ensure!((traffic.connections, traffic.requests.len()) == (0, 0), "another server was asked: {traffic:?}");
    }
    assert_eq!(firefox.accessibility_violations().await?, [""; 0]);

    dripping(firefox, &page, &server, &address).await?;

    // A server that says nothing is waited for until somebody discards it; what it says then is of no interest.
    server.answer(Answering::Later);
    drop_link(firefox, &address).await?;
    page.click("#import-link-read").await?;
    page.wait_for_presence("#import-message [data-code=link-reading]", true).await?;
    let before = server.traffic().requests.len();
    page.click("#import-link-discard").await?;
    page.wait_for_presence("#import-link", false).await?;
    page.has_focus("#import-file").await?;
    server.answer(Answering::Serving(rules()));

    // So is what it says once something else has been read.
    server.answer(Answering::Later);
    drop_link(firefox, &address).await?;
    page.click("#import-link-read").await?;
    page.wait_for_presence("#import-message [data-code=link-reading]", true).await?;
    page.type_into("#import-text", &rules().replace("chat.", "pasted.")).await?;
    page.click("#import-read").await?;
    can_be_imported(&page).await?;
    page.wait_for_presence("#import-link", false).await?;
    ensure!(
        !page.is_true("document.querySelector('#import-message [data-part=said]')").await?,
        "it is still being read"
    );
    server.answer(Answering::Serving(rules()));
    // Answered later than the other one would be.
    firefox.run("return fetch(arguments[0]).then(answer => answer.text())", vec![json!(address)]).await?;
    assert_eq!(page.text("#import-items [data-part=import-host]").await?, "pasted.example");
    page.click("#import-cancel").await?;

    // The control: read once more, it is there.
    drop_link(firefox, &address).await?;
    page.click("#import-link-read").await?;
    can_be_imported(&page).await?;
    ensure!(server.traffic().requests.len() > before);
    assert_eq!(firefox.rules().await?.len(), 0);
    world.firefox.quit().await
}

/// A server that says a little again and again is not waited for for ever.
async fn dripping(firefox: &Firefox, page: &Page<'_>, server: &Server, address: &str) -> Result<()> {
    // The minute of the page takes three seconds from now on, the silence that it bears as long as ever.
    firefox.run(HURRY, Vec::new()).await?;
    server.answer(Answering::Dripping(Duration::from_millis(50)));
    drop_link(firefox, address).await?;
    ensure!(!page.is_true("document.querySelector('#import-message [data-part=said]')").await?, "what was said stays");
    let before = server.traffic().requests.len();
    page.click("#import-link-read").await?;
    page.wait_for_presence("#import-message [data-code=link-unreachable]", true).await?;
    ensure!(server.traffic().requests.len() > before, "the server was not asked");
    page.reload().await
}

const HURRY: &str = r"
const { setTimeout } = window;
window.setTimeout = (call, milliseconds, ...rest) => setTimeout(call, milliseconds === 60_000 ? 3_000 : milliseconds, ...rest);
";

/// As Firefox opens the page for a link, where it is open already.
async fn open(firefox: &Firefox, link: &str) -> Result<()> {
    firefox.run("location.hash = `import=${encodeURIComponent(arguments[0])}`", vec![json!(link)]).await.map(drop)
}

async fn drop_link(firefox: &Firefox, address: &str) -> Result<()> {
    firefox.run(DROP, vec![json!(address)]).await.map(drop)
}

async fn can_be_imported(page: &Page<'_>) -> Result<()> {
    page.wait_for_presence("#import-preview", true).await?;
    page.wait_until("importing to be possible", "!document.querySelector('#import-confirm').disabled").await
}

const LINK: &str = r"
const link = document.createElement('a');
Object.assign(link, { id: 'link', href: arguments[0], textContent: 'Our pins' });
document.body.append(link);
";

/// What Firefox asks before a page may open an application: it is allowed. Whether it has asked.
const ALLOW: &str = r"
const manager = gBrowser.getTabDialogBox(gBrowser.selectedBrowser).getTabDialogManager();
const dialog = manager._topDialog?._frame?.contentDocument?.querySelector('dialog');
const button = dialog?.getButton?.('accept');
if (!button || button.disabled) return false;
button.click();
return true;
";

const SET_COOKIE: &str = r"
const [host] = arguments;
Services.prefs.setIntPref('network.cookie.cookieBehavior', 0);
Services.cookies.add(host, '/', 'session', 'secret', true, false, true, Date.now() + 1e6, {},
    Ci.nsICookie.SAMESITE_NONE, Ci.nsICookie.SCHEME_HTTPS);
";

const DROP: &str = r"
const [address] = arguments;
const dataTransfer = new DataTransfer();
dataTransfer.setData('text/uri-list', `# Our pins\r\n${address}\r\n`);
dataTransfer.setData('text/plain', address);
document.querySelector('#import-drop')
    .dispatchEvent(new DragEvent('drop', { dataTransfer, bubbles: true, cancelable: true }));
";
