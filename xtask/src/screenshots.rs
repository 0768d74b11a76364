//! Pictures of the pages in every state: light and dark, as wide as a desktop and as a phone.

mod path;

use std::path::PathBuf;

use anyhow::{Context, Result};
use serde_json::json;
use sockpin_e2e::demo::PINNED;
use sockpin_e2e::extension;
use sockpin_e2e::firefox::{ColorScheme, Firefox, Options};
use sockpin_e2e::languages;
use sockpin_e2e::look::DRAW_ALL;
use sockpin_e2e::other_extension::OtherExtension;
use sockpin_e2e::site::Site;
use sockpin_e2e::states::{OPEN_LIST, OPEN_TESTER, OPEN_TRANSFER, OPEN_WARNINGS};
use sockpin_e2e::world::{Installation, World};

use crate::workspace;

/// Takes the pictures, each of a whole page, into `target/screenshots`.
pub(crate) async fn take(world: &World) -> Result<()> {
    let firefox = &world.firefox;
    eprintln!("Taking pictures of the pages into {}", folder().display());
    picture(firefox, "lab").await?;
    page(firefox, "popup", "popup", OPEN_BLOCKED).await?;
    page(firefox, "popup", "popup-pause-menu", OPEN_PAUSE_MENU).await?;
    page(firefox, "log", "log", OPEN_BLOCKED).await?;
    page(firefox, "log", "log-selected", SELECT_FIRST).await?;
    page(firefox, "log", "log-nothing-found", SEARCH_FOR_NOTHING).await?;
    tab(world).await?;
    path::take(world).await?;
    page(firefox, "options", "options", "").await?;
    page(firefox, "options", "options-form", OPEN_FORM).await?;
    page(firefox, "options", "options-warnings", OPEN_WARNINGS).await?;
    page(firefox, "options", "options-transfer", OPEN_TRANSFER).await?;
    page(firefox, "options", "picker", OPEN_PICKER).await?;
    page(firefox, "options", "tester", &tester()).await?;
    changed_key(firefox, "changed-key").await?;
    in_forced_colours(firefox).await?;

    firefox.ask_extension(json!({ "type": "pause", "length": "ten-minutes" })).await?;
    firefox.open_tab(&world.demo.site.blank()).await?;
    world.socket("attacker").await?;
    page(firefox, "popup", "popup-paused", OPEN_LET_THROUGH).await?;
    page(firefox, "options", "options-paused", "").await?;
    firefox.ask_extension(json!({ "type": "resume" })).await?;

    firefox.privileged(REVOKE, vec![json!(extension::ID)]).await?;
    for name in ["popup", "options"] {
        page(firefox, name, &format!("{name}-not-permitted"), "").await?;
    }
    managed().await?;
    overruled().await?;
    in_languages().await
}

/// As people see the pages who have told Firefox to use their own colours and no others.
async fn in_forced_colours(firefox: &Firefox) -> Result<()> {
    let own = [("background_color", "#000000"), ("foreground_color", "#ffffff"), ("anchor_color", "#ffff00")];
    for scheme in ["", ".dark"] {
        for (name, colour) in own {
            firefox.set_preference(&format!("browser.display.{name}{scheme}"), json!(colour)).await?;
        }
    }
    firefox.set_preference("browser.display.use_system_colors", json!(false)).await?;
    firefox.set_preference("browser.display.document_color_use", json!(2)).await?;
    for (name, state, script) in [
        ("popup", "popup-forced", OPEN_BLOCKED),
        ("options", "options-warnings-forced", OPEN_WARNINGS),
        ("options", "options-transfer-forced", OPEN_TRANSFER),
        ("options", "picker-forced", OPEN_PICKER),
        ("options", "tester-forced", &tester()),
    ] {
        open(firefox, name, state, script).await?;
        pictures_of_widths(firefox, state).await?;
    }
    open_changed_key(firefox).await?;
    pictures_of_widths(firefox, "changed-key-forced").await?;
    firefox.set_preference("browser.display.document_color_use", json!(0)).await
}

/// Every language takes a Firefox of its own.
async fn in_languages() -> Result<()> {
    for edition in languages::editions()? {
        let world = World::in_language(edition.browser, &edition.extension).await?;
        let site = Site::start(edition.lab.clone(), world.demo.servers.sockets()).await?;
        let firefox = &world.firefox;
        world.socket("pinned").await?;
        let named = |name: &str| format!("{}-{name}", edition.language);
        firefox.lab(&site).await?;
        picture(firefox, &named("lab")).await?;
        page(firefox, "popup", &named("popup"), OPEN_BLOCKED).await?;
        page(firefox, "log", &named("log"), OPEN_BLOCKED).await?;
        page(firefox, "options", &named("options"), OPEN_PRIVATE_NOTE).await?;
        page(firefox, "options", &named("options-form"), OPEN_FORM).await?;
        page(firefox, "options", &named("options-warnings"), OPEN_WARNINGS).await?;
        page(firefox, "options", &named("options-transfer"), OPEN_TRANSFER).await?;
        page(firefox, "options", &named("picker"), OPEN_PICKER).await?;
        page(firefox, "options", &named("tester"), &tester()).await?;
        changed_key(firefox, &named("changed-key")).await?;
        world.add_list().await?;
        page(firefox, "options", &named("options-list"), OPEN_LIST).await?;
        world.firefox.quit().await?;
    }
    Ok(())
}

/// A violation's keys beside those that its rule knows, opened from the popup.
async fn changed_key(firefox: &Firefox, name: &str) -> Result<()> {
    open_changed_key(firefox).await?;
    picture(firefox, name).await
}

async fn open_changed_key(firefox: &Firefox) -> Result<()> {
    firefox.open_changed_key().await?;
    firefox.run(WHOLE_COMPARISON, Vec::new()).await.map(drop)
}

/// What an administrator has set takes a Firefox with a policy.
async fn managed() -> Result<()> {
    let rule = json!({
        "host": PINNED, "expires": "2026-01-01", "preflight": "require", "note": "Managed by the network team.",
        "pins": [{ "sha256": "diGVwiVYbubAI3RW4hB9xU8e/CH2GnkuvVFZE8zmgzI=", "label": "Example Root CA" }],
    });
    let policy = json!({
        "rules": [rule, { "host": "*.com" }, { "host": "chat.example.com", "pin": "abc" }],
        "settings": { "administrator": "Example Ltd, IT", "pausing": "forbidden", "pausng": "forbidden" },
    });
    let policies = Some(json!({ "3rdparty": { "Extensions": { (extension::ID): policy } } }));
    let world = World::with(Installation::Temporary, Options { policies, ..Options::default() }).await?;
    for name in ["popup", "options"] {
        page(&world.firefox, name, &format!("{name}-managed"), OPEN_PRIVATE_NOTE).await?;
    }
    world.firefox.quit().await
}

/// What another extension has done takes that extension, with its listeners before Sockpin's.
async fn overruled() -> Result<()> {
    let world = World::start(Installation::Temporary).await?;
    let firefox = &world.firefox;
    world.load_policy().await?;
    let other = OtherExtension::make()?;
    firefox.install(other.folder()).await?;
    firefox.other_listens(&["onHeadersReceived"]).await?;
    firefox.other_answers(&["ownUrl"], "").await?;
    firefox.install(&extension::folder()?).await?;
    let rule = firefox.rules().await?.into_iter().find(|rule| rule.get("host") == Some(&json!(PINNED)));
    let mut rule = rule.context("the demo has no rule for its pinned host")?;
    if let Some(fields) = rule.as_object_mut() {
        fields.insert("preflight".to_owned(), json!("off"));
    }
    firefox.save_rule(rule).await?;
    world.socket("attacker").await?;
    page(firefox, "popup", "popup-overruled", OPEN_BLOCKED).await?;
    page(firefox, "options", "options-overruled", "").await?;
    world.firefox.quit().await
}

/// The popup over a tab: without a socket, without a pin, with pins alone, and with a socket in each state.
async fn tab(world: &World) -> Result<()> {
    let firefox = &world.firefox;
    let nobody = "wss://nowhere.invalid/".to_owned();
    for (name, sockets) in [
        ("none", &[][..]),
        ("not-pinned", &["unpinned"]),
        ("allowed", &["pinned", "backup"]),
        ("all", &["unpinned", "pinned", "backup", "flagged", "attacker", "attacker"]),
    ] {
        let address = world.demo.site.url(&format!("/opener.html#{name}"));
        firefox.open_tab(&address).await?;
        for socket in sockets {
            world.socket(socket).await?;
        }
        if name == "all" {
            firefox.socket(&nobody).await?;
            firefox.ask_extension(json!({ "type": "pause", "length": "ten-minutes" })).await?;
            world.socket("attacker").await?;
            firefox.ask_extension(json!({ "type": "resume" })).await?;
        }
        firefox.open_extension_page(&firefox.popup_over_tab().await?).await?;
        if !sockets.is_empty() {
            firefox.wait_for("the rows", ROWS, Vec::new()).await?;
        }
        picture(firefox, &format!("popup-tab-{name}")).await?;
    }
    Ok(())
}

const ROWS: &str = "return document.querySelector('.tab-row') !== null";

/// Opens a page of the extension, brings it into a state, and takes its pictures.
async fn page(firefox: &Firefox, page: &str, name: &str, script: &str) -> Result<()> {
    open(firefox, page, name, script).await?;
    picture(firefox, name).await
}

async fn open(firefox: &Firefox, page: &str, name: &str, script: &str) -> Result<()> {
    firefox.open_extension_page(&format!("{page}.html")).await?;
    firefox.run(script, Vec::new()).await.with_context(|| format!("could not prepare the page for {name}"))?;
    firefox.run(DRAW_ALL, Vec::new()).await.map(drop)
}

async fn picture(firefox: &Firefox, name: &str) -> Result<()> {
    for (width, height) in WIDTHS {
        firefox.set_viewport(width, height).await?;
        for (scheme, colours) in [(ColorScheme::Light, "light"), (ColorScheme::Dark, "dark")] {
            firefox.prefer(scheme).await?;
            save(firefox, &format!("{name}-{colours}-{width}")).await?;
        }
    }
    Ok(())
}

/// Where Firefox uses the person's colours, a page that prefers others never comes to know of it.
async fn pictures_of_widths(firefox: &Firefox, name: &str) -> Result<()> {
    for (width, height) in WIDTHS {
        firefox.set_viewport(width, height).await?;
        save(firefox, &format!("{name}-{width}")).await?;
    }
    Ok(())
}

async fn save(firefox: &Firefox, name: &str) -> Result<()> {
    let file = folder().join(format!("{name}.png"));
    firefox.screenshot(&file).await.with_context(|| format!("the picture {}", file.display()))
}

fn folder() -> PathBuf {
    workspace::target().join("screenshots")
}

const WIDTHS: [(u32, u32); 2] = [(1280, 800), (360, 740)];

/// The newest blocked socket of the log is shown with its chain.
const OPEN_BLOCKED: &str = "document.querySelector('#log [data-outcome=block]')?.setAttribute('open', '');";
/// And the newest of all, which a pause let through.
const OPEN_LET_THROUGH: &str = "document.querySelector('#log [data-outcome=flag]')?.setAttribute('open', '');";
const SELECT_FIRST: &str = "document.querySelector('#log [data-part=selected]').click();";
const SEARCH_FOR_NOTHING: &str = r"
const field = document.querySelector('#search');
field.value = 'nobody';
field.dispatchEvent(new InputEvent('input', { bubbles: true }));
";
const OPEN_PAUSE_MENU: &str = "document.querySelector('#pause-menu').open = true;";
const OPEN_PRIVATE_NOTE: &str = "document.querySelector('#private-note').open = true;";
const OPEN_FORM: &str = r"
document.querySelector('#add-rule').click();
document.querySelector('#more').open = true;
const preflight = document.querySelector('#preflight');
preflight.value = 'require';
preflight.dispatchEvent(new InputEvent('input', { bubbles: true }));
";

/// The chain of a host that is not pinned, with the root's key ticked. A dialog scrolls by itself: all of it is to be seen.
const OPEN_PICKER: &str = r"
document.querySelector('#seen .seen-pin').click();
const picker = document.querySelector('#picker');
picker.querySelector('.picked:last-child input').click();
picker.querySelector('details').open = true;
Object.assign(picker.style, { position: 'absolute', maxBlockSize: 'none', marginBlock: '16px' });
";

/// All of the dialog is to be seen.
fn tester() -> String {
    [WHOLE_TESTER, OPEN_TESTER].concat()
}

const WHOLE_TESTER: &str = r"
Object.assign(document.querySelector('#tester').style, { position: 'absolute', maxBlockSize: 'none', marginBlock: '16px' });
";
const WHOLE_COMPARISON: &str = r"
Object.assign(document.querySelector('#changed-key').style, { position: 'absolute', maxBlockSize: 'none', marginBlock: '16px' });
";

/// The permission for every site is taken away, as about:addons does.
const REVOKE: &str = r"
const [id] = arguments;
const { ExtensionPermissions } = ChromeUtils.importESModule('resource://gre/modules/ExtensionPermissions.sys.mjs');
return ExtensionPermissions.remove(id, { permissions: [], origins: ['<all_urls>'] }, WebExtensionPolicy.getByID(id).extension);
";
