//! The pages in the language of the browser.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use serde_json::{Map, Value, json};
use sockpin_e2e::demo::Demo;
use sockpin_e2e::doctored::Doctored;
use sockpin_e2e::extension;
use sockpin_e2e::firefox::{ColorScheme, Firefox, Options};
use sockpin_e2e::languages::{Messages, editions, messages, untranslated};
use sockpin_e2e::page::Page;
use sockpin_e2e::site::Site;
use sockpin_e2e::states::{OPEN_LIST, OPEN_TESTER, OPEN_TRANSFER, OPEN_WARNINGS};
use sockpin_e2e::wait;
use sockpin_e2e::world::World;

/// Holds the current page against the catalogues.
async fn is_german(firefox: &Firefox, german: &Messages, english: &Messages) -> Result<()> {
    assert_eq!(firefox.run(LANGUAGE, Vec::new()).await?, json!(["de", "ltr"]));
    let texts = firefox.texts().await?;
    let foreign = untranslated(&texts, german, english);
    assert!(foreign.is_empty(), "{foreign:#?}");
    Ok(())
}

/// Waits until the toolbar button says this of the tab with the web page: it is drawn after whatever changes it.
async fn button_says(world: &World, title: &str) -> Result<()> {
    let page = world.demo.site.blank();
    let mut found = String::new();
    let waited = wait::until("the button", async || {
        found = world.firefox.button(&page).await?.title;
        Ok((found == title).then_some(()))
    })
    .await;
    waited.with_context(|| format!("it says {found}, not {title}"))
}

/// Opens all that can be opened, once both violations of the log are drawn.
async fn open_entries(firefox: &Firefox, page: &Page<'_>) -> Result<()> {
    page.wait_for_count("#log .violation", 2).await?;
    firefox.run(OPEN_ALL, Vec::new()).await.map(drop)
}

#[tokio::test]
async fn in_a_german_firefox_the_pages_are_german() -> Result<()> {
    let world = World::in_language("de", &extension::folder()?).await?;
    let firefox = &world.firefox;
    let (german, english) = (messages("de")?, messages("en")?);

    button_says(&world, "Sockpin ist pausiert: Kein Socket wird blockiert").await?;
    let popup = firefox.page("popup.html").await?;
    open_entries(firefox, &popup).await?;
    popup.wait_for_presence(".violation-body .explanation", true).await?;
    assert_eq!(popup.text("#log-heading").await?, "Protokoll");
    assert_eq!(popup.text(".violation-body .explanation h3").await?, "Was höchstwahrscheinlich geschehen ist");
    let likely = popup.text("[data-part=likely]").await?;
    let expected =
        "Die Kette endet in einem Stammzertifikat, das auf diesem Computer hinzugefügt wurde, „Sockpin Demo Root“, und";
    assert!(likely.starts_with(expected), "{likely}");
    is_german(firefox, &german, &english).await?;
    // As the entry says it to who points at it, and as German is written.
    let dates = firefox.run(DATES, Vec::new()).await?;
    let dates = dates.as_array().filter(|dates| !dates.is_empty()).context("the log shows no time")?;
    assert!(dates.iter().all(|date| date[0] == date[1]), "{dates:?}");

    let log = firefox.page("log.html").await?;
    open_entries(firefox, &log).await?;
    log.wait_for_presence("[data-part=clear-host]", true).await?;
    assert_eq!(log.text("#keep-heading").await?, "Wie lange Einträge aufbewahrt werden");
    is_german(firefox, &german, &english).await?;
    log.click("#log [data-part=selected]").await?;
    assert_eq!(log.text("#save-about").await?, "Speichert den ausgewählten Eintrag.");
    is_german(firefox, &german, &english).await?;
    if let Some(folder) = std::env::var_os("SOCKPIN_PICTURES") {
        for width in [360, 1280] {
            firefox.set_viewport(width, 800).await?;
            firefox.screenshot(&Path::new(&folder).join(format!("log-selected-german-{width}.png"))).await?;
        }
    }

    firefox.ask_extension(json!({ "type": "resume" })).await?;
    button_says(&world, "Sockpin (blockierte Sockets dieses Tabs: 1)").await?;
    let options = firefox.page("options.html").await?;
    assert_eq!(options.text("#rules-heading").await?, "Regeln");
    // A card is laid out with the frame after it is drawn, and has no text until then.
    options.wait_for_text("#rules .rule-edit", "Bearbeiten").await?;
    is_german(firefox, &german, &english).await?;
    options.click("#add-rule").await?;
    firefox.run(OPEN_ALL, Vec::new()).await?;
    assert_eq!(options.text("#save-rule").await?, "Regel speichern");
    let sentence = options.text("#host-help").await?;
    assert!(
        sentence.starts_with("*.example.com steht für genau einen weiteren Namensteil, **.example.com für"),
        "{sentence}"
    );
    is_german(firefox, &german, &english).await?;
    options.click("#cancel-edit").await?;
    options.click("#rules .rule-delete").await?;
    options.wait_for_presence("#undo", true).await?;
    assert_eq!(options.text("#change-text").await?, "1 Regel wurde gelöscht.");
    is_german(firefox, &german, &english).await?;

    // The check can fail.
    for foreign in ["Rules", "options_heading", "Rule 3 was refused; the others are in force."] {
        firefox.run(SAY, vec![json!(foreign)]).await?;
        assert_eq!(untranslated(&firefox.texts().await?, &german, &english), [foreign]);
    }
    world.firefox.quit().await
}

#[tokio::test]
async fn the_lab_has_the_readers_language_and_else_english() -> Result<()> {
    let demo = Demo::start().await?;
    let firefox = Firefox::start(Options { names: Demo::names(), ..Options::default() }).await?;
    let elsewhere = Site::start(extension::lab(), Vec::new()).await?;
    let (german, english) = (messages("de")?, messages("en")?);
    for (languages, heading, language) in [
        ("de-AT, en", "Echte Sockets", "de"),
        ("fr, de, en", "Echte Sockets", "de"),
        ("en-GB, de", "Live sockets", "en"),
        ("fr, tlh", "Live sockets", "en"),
    ] {
        firefox.set_preference("intl.accept_languages", json!(languages)).await?;
        for site in [&demo.site, &elsewhere] {
            let lab = firefox.lab(site).await?;
            assert_eq!(lab.text("#sockets-heading").await?, heading, "{languages}");
            assert_eq!(firefox.run(LANGUAGE, Vec::new()).await?, json!([language, "ltr"]));
            lab.wait_for_presence("#failure", false).await?;
            let (own, other) = if language == "de" { (&german, &english) } else { (&english, &german) };
            let foreign = untranslated(&firefox.texts().await?, own, other);
            assert!(foreign.is_empty(), "{languages}: {foreign:#?}");
        }
    }
    puts_markup_into_words_as_the_pages_do(&firefox).await?;
    firefox.quit().await
}

/// The lab's module and `start.js` make the same of one piece of markup.
async fn puts_markup_into_words_as_the_pages_do(firefox: &Firefox) -> Result<()> {
    let copy = Doctored::copy_of(&extension::lab())?;
    let read = |name: &str| fs::read_to_string(copy.folder().join(name)).with_context(|| format!("there is no {name}"));
    let html = read("index.html")?;
    copy.write("index.html", html.replacen("<body>", &format!("<body>{SAMPLE}"), 1).as_bytes())?;
    for language in ["en", "de"] {
        let name = format!("pkg/_locales/{language}/messages.json");
        let mut catalogue: Map<String, Value> = serde_json::from_str(&read(&name)?)?;
        let placeholders = json!({ "first": { "content": "$1" }, "second": { "content": "$2" } });
        catalogue.insert("sample_word".to_owned(), json!({ "message": "A word" }));
        for (id, message) in
            [("sample_order", "Now $SECOND$, before $FIRST$."), ("sample_twice", "$FIRST$ and $FIRST$ and $SECOND$")]
        {
            catalogue.insert(id.to_owned(), json!({ "message": message, "placeholders": placeholders }));
        }
        copy.write(&name, &serde_json::to_vec(&catalogue)?)?;
    }
    let site = Site::start(copy.folder().to_owned(), Vec::new()).await?;
    firefox.set_preference("intl.accept_languages", json!("de")).await?;
    firefox.lab(&site).await?;
    let start = fs::read_to_string(extension::folder()?.join("start.js"))?;
    let [lab, pages]: [Value; 2] =
        serde_json::from_value(firefox.run(&BY_START_JS.replace("START_JS", &start), Vec::new()).await?)?;
    assert_eq!(lab, pages);
    // That both do something.
    let said = pages.to_string();
    for part in [
        ">A word</i>, before <b>one</b>.</p>",
        "alt=\\\"A word\\\"",
        "\"de\"",
        ">Now <i>2</i>, before <b>1</b>.</span>",
    ] {
        ensure!(said.contains(part), "{part} is not in {said}");
    }
    Ok(())
}

/// What markup may have: arguments in another order, none, or one twice; attributes; templates within others; and what is no text.
const SAMPLE: &str = r#"<section id="sample">
<p data-i18n="sample_order">was <b>one</b> <i data-i18n="sample_word">two</i></p>
<p data-i18n="sample_twice" data-i18n-title="sample_word"><b>one</b><i>two</i></p>
<p data-i18n="sample_word">was <b>one</b></p>
<p data-i18n="sample_missing">was</p>
<img data-i18n-alt="sample_word"><input data-i18n-placeholder="sample_word" data-i18n-aria-label="sample_word">
<p data-i18n-lang="sample_word" title="stays">stays</p>
<template><p data-i18n="sample_word" data-i18n-title="sample_word">was</p><p><em data-i18n="sample_word">was</em></p>
<template><span data-i18n="sample_order"><b>1</b><i>2</i></span></template></template>
</section>"#;

/// The sample as the lab's module has left it, and as `start.js` does; with the language of the page.
const BY_START_JS: &str = r"
return (async () => {
    const [html, catalogue] = await Promise.all([
        fetch('index.html').then((response) => response.text()),
        fetch('pkg/_locales/de/messages.json').then((response) => response.json()),
    ]);
    const page = new DOMParser().parseFromString(html, 'text/html');
    Object.defineProperty(page, 'currentScript', { value: { dataset: {} } });
    const getMessage = (id, values) => {
        const { message = '', placeholders } = catalogue[id] ?? {};
        return message.replace(/\$([A-Z]+)\$/g, (_, name) => values[placeholders[name.toLowerCase()].content.slice(1) - 1]);
    };
    // Of all that it waits for, the markup alone is there.
    const addEventListener = (name, listener) => name === 'DOMContentLoaded' && listener();
    ((document, browser, WebAssembly, fetch) => {
        START_JS
    })(page, { i18n: { getMessage } }, { compileStreaming: () => new Promise(() => {}) }, () => {});
    await new Promise((resolve) => setTimeout(resolve));
    return [document, page].map((of) => [of.documentElement.lang, of.documentElement.dir, of.getElementById('sample').outerHTML]);
})();
";

/// As a file of the disk a browser starts no module; the page is there to be read all the same.
#[tokio::test]
async fn without_its_module_the_lab_is_english() -> Result<()> {
    // As for everybody but a driven Firefox, which takes files of one folder for one site.
    let strict = ("security.fileuri.strict_origin_policy".to_owned(), json!(true));
    let german = ("intl.accept_languages".to_owned(), json!("de, en"));
    let firefox =
        Firefox::start(Options { preferences: [strict, german].into_iter().collect(), ..Options::default() }).await?;
    let page = extension::lab().join("index.html");
    firefox.open(&format!("file://{}", page.display())).await?;
    assert_eq!(firefox.run(LANGUAGE, Vec::new()).await?, json!(["en", ""]));
    let texts = firefox.texts().await?;
    assert!(texts.iter().any(|text| text.starts_with("A pin narrows this down.")), "{texts:#?}");
    let foreign = untranslated(&texts, &messages("en")?, &messages("de")?);
    assert!(foreign.is_empty(), "{foreign:#?}");
    firefox.quit().await
}

/// In a language from right to left whose words are long, nothing is wider than the page, and people who do not see
/// it find their way in each language.
#[tokio::test]
async fn every_page_is_accessible_and_fits_in_every_language() -> Result<()> {
    let mut wrong = Vec::new();
    for edition in editions()? {
        let world = World::in_language(edition.browser, &edition.extension).await?;
        let firefox = &world.firefox;
        let site = Site::start(edition.lab.clone(), world.demo.servers.sockets()).await?;
        let mut look = async |page: &str| {
            assert_eq!(firefox.run("return document.documentElement.lang", Vec::new()).await?, json!(edition.language));
            let found = objections(firefox).await?;
            wrong.extend(found.into_iter().map(|objection| format!("{}, {page}: {objection}", edition.language)));
            anyhow::Ok(())
        };
        // What the tester proves a rule at.
        ensure!(world.socket("pinned").await?.delivered(), "the pinned key's socket did not open");
        firefox.lab(&site).await?;
        look("the lab").await?;
        let popup = firefox.page("popup.html").await?;
        open_entries(firefox, &popup).await?;
        popup.wait_for_presence(".violation-body .explanation", true).await?;
        look("the log").await?;
        let log = firefox.page("log.html").await?;
        open_entries(firefox, &log).await?;
        log.wait_for_presence("[data-part=clear-host]", true).await?;
        look("the log page").await?;
        // More than are in sight, and enough for the search.
        world.add_list().await?;
        let options = firefox.page("options.html").await?;
        look("the rules").await?;
        options.click("#seen .seen-pin").await?;
        firefox.run(OPEN_ALL, Vec::new()).await?;
        options.click("#picker .picked input:enabled").await?;
        look("the picker").await?;
        options.click("#picker-cancel").await?;
        options.click("#add-rule").await?;
        firefox.run(OPEN_ALL, Vec::new()).await?;
        look("the form").await?;
        // English is looked at by the tests of what these are.
        if edition.language != "en" {
            for (state, script) in [
                ("warnings", OPEN_WARNINGS),
                ("import and export", OPEN_TRANSFER),
                ("the tester", OPEN_TESTER),
                ("the list", OPEN_LIST),
            ] {
                firefox.page("options.html").await?;
                firefox.run(script, Vec::new()).await.context(state)?;
                look(state).await?;
            }
            firefox.open_changed_key().await?;
            look("the changed key").await?;
        }
        world.firefox.quit().await?;
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    Ok(())
}

/// What is wrong with the current page.
async fn objections(firefox: &Firefox) -> Result<Vec<String>> {
    let mut found = Vec::new();
    for (width, height) in [(1280, 800), (360, 740)] {
        firefox.set_viewport(width, height).await?;
        firefox.run(SCROLL_THROUGH, Vec::new()).await?;
        let page: Vec<u32> = serde_json::from_value(firefox.run(PAGE_WIDTHS, Vec::new()).await?)?;
        if page.iter().any(|page| *page > width) {
            found.push(format!("{width} px wide: the page is {page:?} px wide"));
        }
        let wide: Vec<String> = serde_json::from_value(firefox.run(TOO_WIDE, Vec::new()).await?)?;
        found.extend(wide.into_iter().map(|element| format!("{width} px wide: {element} does not fit")));
    }
    for scheme in [ColorScheme::Light, ColorScheme::Dark] {
        firefox.prefer(scheme).await?;
        let violations = firefox.accessibility_violations().await?;
        found.extend(violations.into_iter().map(|violation| format!("{scheme:?}: {violation}")));
    }
    Ok(found)
}

const LANGUAGE: &str = "return [document.documentElement.lang, document.documentElement.dir]";

const OPEN_ALL: &str = "for (const details of document.querySelectorAll('details:not(.menu)')) details.open = true;";

const SAY: &str = "document.querySelector('#rules-heading').textContent = arguments[0]";

/// What each time of the log says when pointed at, and what it should say.
const DATES: &str = r"
const german = new Intl.DateTimeFormat('de', { dateStyle: 'medium', timeStyle: 'medium' });
return [...document.querySelectorAll('#log time')].map((time) => [time.title, german.format(new Date(time.dateTime))]);
";

/// What has been in sight, and is not any longer, is laid out when it is seen again.
const SCROLL_THROUGH: &str = r"
const shown = () => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
return (async () => {
    for (const top of [document.scrollingElement.scrollHeight, 0]) {
        scrollTo(0, top);
        await shown();
    }
})();
";

/// What there is to be scrolled to, and what is seen of it.
const PAGE_WIDTHS: &str = "return [document.scrollingElement.scrollWidth, document.scrollingElement.clientWidth]";

/// Elements that stick out of the viewport, or whose words stick out of them.
const TOO_WIDE: &str = r"
const wide = [];
for (const element of document.querySelectorAll('body *')) {
    if (!element.checkVisibility() || element.closest('.visually-hidden, svg')) continue;
    const { left, right } = element.getBoundingClientRect();
    const hasWords = [...element.childNodes].some((node) => node.nodeType === Node.TEXT_NODE && node.data.trim());
    const isCut = hasWords && element.clientWidth > 0 && element.scrollWidth > element.clientWidth + 1;
    if (left < -1 || right > innerWidth + 1 || isCut) wide.push(`${element.tagName} ${element.id} ${element.className}: ${element.textContent.slice(0, 40)}`);
}
return wide;
";
