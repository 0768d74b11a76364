//! What may go wrong with a rule, said while it is typed and on its card; and its JSON beside the form.

use anyhow::{Context, Result};
use serde_json::{Value, json};
use sockpin_e2e::authority::Key;
use sockpin_e2e::demo::UNPINNED;
use sockpin_e2e::page::Page;
use sockpin_e2e::servers::Server;
use sockpin_e2e::world::{Installation, World};

/// ISRG Root X1: one of the four keys of Let's Encrypt.
const ROOT: &str = "C5+lpZ7tcVwmwQIMcRtPbsQtWLABXhQzejna0wHFr8M=";
const STAND_IN: &str = "BBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBB=";

/// The codes of what is said in the form or on a card, sorted.
async fn said(world: &World, selector: &str) -> Result<Vec<String>> {
    let codes = world.firefox.run(CODES, vec![json!(selector)]).await?;
    serde_json::from_value(codes).context("codes are texts")
}

const CODES: &str = r"
const said = document.querySelectorAll(`${arguments[0]} [data-part=said]`);
return [...said].filter((notice) => notice.checkVisibility()).map((notice) => notice.dataset.code).sort();
";

/// Puts these pins, and no others, into the rows of the form.
async fn type_pins(page: &Page<'_>, pins: &[&str]) -> Result<()> {
    for (row, pin) in pins.iter().enumerate() {
        let field = format!("#pins .pin-row:nth-child({}) [name=pin]", row + 1);
        if !page.is_true(&format!("document.querySelector('{field}') !== null")).await? {
            page.click("#add-pin").await?;
        }
        page.type_into(&field, pin).await?;
    }
    Ok(())
}

async fn json_of(world: &World) -> Result<Value> {
    let text = world.firefox.run("return document.querySelector('#rule-json').value", Vec::new()).await?;
    Ok(serde_json::from_str(text.as_str().context("it has no text")?)?)
}

#[tokio::test]
async fn what_may_go_wrong_is_said_as_one_types_and_on_the_card_and_keeps_nobody_from_saving() -> Result<()> {
    let world = World::start(Installation::Temporary).await?;
    let firefox = &world.firefox;
    let key = Key::new()?;
    let server = Server::tls(world.demo.authority.issue(&[UNPINNED], &key)?).await?;
    assert!(firefox.socket(&format!("wss://{UNPINNED}:{}/", server.port())).await?.delivered());
    let (issuing, root, backup) =
        (world.demo.authority.intermediate_pin(), world.demo.authority.root_pin(), Key::new()?.pin());

    let page = firefox.page("options.html").await?;
    page.wait_for_count("#seen .seen-row", 1).await?;
    page.click("#add-rule").await?;
    page.type_into("#host", UNPINNED).await?;
    let own = key.pin();
    let (own, issuing, root, backup) = (own.as_str(), issuing.as_str(), root.as_str(), backup.as_str());
    for (pins, expected) in [
        ([own, backup], &[][..]),
        ([own, root], &["backup-in-chain"]),
        ([own, issuing], &["backup-in-chain", "issuing-pin"]),
        ([backup, issuing], &["issuing-pin"]),
        ([own, STAND_IN], &["placeholder-pin"]),
        ([own, ROOT], &["set-incomplete"]),
    ] {
        type_pins(&page, &pins).await?;
        assert_eq!(said(&world, "#rule-form").await?, expected, "{pins:?}");
        assert!(page.is_true("!document.querySelector('#save-rule').disabled").await?, "{pins:?}");
    }
    type_pins(&page, &[own, issuing]).await?;
    let row = "#pins .pin-row:nth-child(2) [data-code=issuing-pin]";
    assert!(page.text(row).await?.starts_with("This is the key of an issuing authority"));
    let endpoint = format!("{UNPINNED}:{}", server.port());
    assert!(page.text("#pins-message").await?.contains(&endpoint));
    assert_eq!(firefox.accessibility_violations().await?, [""; 0]);
    page.click("#save-rule").await?;
    page.wait_for_count("#rules .rule", 1).await?;
    assert_eq!(said(&world, "#rules .rule").await?, ["backup-in-chain", "issuing-pin"]);
    assert_eq!(firefox.accessibility_violations().await?, [""; 0]);

    // It can be looked for.
    firefox.save_rule(json!({ "host": "fine.example", "mode": "flag", "pins": [{ "sha256": backup }] })).await?;
    page.wait_for_count("#rules .rule", 2).await?;
    firefox.run("location.hash = '#state=warned-of'", Vec::new()).await?;
    page.reload().await?;
    page.wait_for_count("#rules .rule", 1).await?;
    page.click("#reset-filters").await?;
    page.wait_for_count("#rules .rule", 2).await?;

    // What flags locks nobody out.
    let pins = json!([{ "sha256": own }, { "sha256": root }]);
    let stored = firefox.rules().await?;
    let mut rule = stored.into_iter().find(|rule| rule["host"] == UNPINNED).context("no such rule is stored")?;
    if let Some(fields) = rule.as_object_mut() {
        fields.insert("pins".to_owned(), pins);
        fields.insert("mode".to_owned(), json!("flag"));
    }
    firefox.save_rule(rule).await?;
    page.wait_until("no warning", "document.querySelectorAll('#rules .rule [data-part=said]').length === 0").await?;
    world.firefox.quit().await
}

#[tokio::test]
async fn the_json_of_a_rule_follows_the_form_and_the_form_follows_it() -> Result<()> {
    let world = World::start(Installation::Temporary).await?;
    let firefox = &world.firefox;
    let backup = Key::new()?.pin();
    firefox
        .save_rule(
            json!({ "host": "chat.example", "pins": [{ "sha256": ROOT, "label": "Root" }], "expires": "2099-01-01" }),
        )
        .await?;
    let page = firefox.page("options.html").await?;
    page.click("#rules .rule-edit").await?;
    page.click("#rule-json-section > summary").await?;
    let shown = json!({
        "host": "chat.example", "mode": "block", "pins": [{ "sha256": ROOT, "label": "Root" }], "expires": "2099-01-01"
    });
    assert_eq!(json_of(&world).await?, shown);
    // What is not saved yet stands in it.
    page.select("#mode", "flag").await?;
    page.wait_until("the mode", "document.querySelector('#rule-json').value.includes('\"flag\"')").await?;
    assert_eq!(firefox.rules().await?[0]["mode"], "block");

    // What is no rule is said with its line, and is not saved.
    let save_is_off = "document.querySelector('#save-rule').disabled";
    for (text, code, beginning) in [
        ("{\n  \"host\": \"chat.example\"\n  \"mode\": \"flag\"\n}", "json-syntax", "This is no JSON: look at line 3"),
        ("{\n  \"host\": \"chat.example\",\n  \"mode\": \"deny\"\n}", "import-part", "Line 3: “mode”"),
        ("{\n  \"hots\": \"chat.example\"\n}", "import-part", "Line 2: A rule has no field “hots”"),
        // The field of a date would be empty.
        (
            "{\n  \"host\": \"chat.example\",\n  \"expires\": \"2027-02-30\"\n}",
            "invalid-date",
            "“2027-02-30” is not a date",
        ),
    ] {
        page.paste("#rule-json", text).await?;
        page.wait_for_presence(&format!("#rule-json-message [data-code={code}]"), true).await?;
        let message = page.text("#rule-json-message").await?;
        assert!(message.starts_with(beginning), "{message}");
        page.wait_for_presence("#save-message [data-code=json-wrong]", true).await?;
        assert!(page.is_true(save_is_off).await?);
        assert!(page.is_true(TEST_IS_OFF).await?, "what is tested would not be what is read");
    }
    assert_eq!(firefox.accessibility_violations().await?, [""; 0]);
    // A field that is typed into is newer than the text.
    page.type_into("#note", "mine").await?;
    page.wait_for_presence("#rule-json-message [data-part=said]", false).await?;
    page.wait_until("testing to be possible", &format!("!({TEST_IS_OFF})")).await?;
    let mut expected = shown.clone();
    if let Some(fields) = expected.as_object_mut() {
        fields.insert("mode".to_owned(), json!("flag"));
        fields.insert("note".to_owned(), json!("mine"));
    }
    assert_eq!(json_of(&world).await?, expected);

    // The same checks as in the fields.
    let bad = json!({ "host": "*.com", "pins": ["x"] });
    page.paste("#rule-json", &bad.to_string()).await?;
    page.wait_for_presence("#host-message [data-code=host-wildcard-top-level]", true).await?;
    page.wait_for_presence("#pins .row-message [data-code=pin-encoding]", true).await?;
    assert!(page.is_true(save_is_off).await?);

    // That of another rule makes this one say the same, and it stays this one.
    let other = json!({
        "id": "another", "created": 5, "host": "wss.example:8443", "mode": "block", "match": "leaf",
        "pins": [backup, { "sha256": ROOT, "label": "Root" }],
    });
    page.paste("#rule-json", &serde_json::to_string_pretty(&other)?).await?;
    page.wait_until("the host", "document.querySelector('#host').value === 'wss.example:8443'").await?;
    assert!(page.is_true("document.querySelector('#more').open").await?, "what differs from the default is folded");
    assert!(page.is_true("document.querySelector('#match').value === 'leaf'").await?);
    page.wait_until("saving to be possible", &format!("!{save_is_off}")).await?;
    let before = firefox.rules().await?;
    page.click("#save-rule").await?;
    page.wait_for_presence("#rule-form", false).await?;
    let after = firefox.rules().await?;
    assert_eq!(after.len(), 1);
    assert_eq!((&after[0]["id"], &after[0]["created"]), (&before[0]["id"], &before[0]["created"]));
    assert_eq!((&after[0]["host"], &after[0]["match"]), (&json!("wss.example:8443"), &json!("leaf")));
    assert_eq!((&after[0]["pins"][0]["sha256"], after[0].get("expires")), (&json!(backup), None));
    world.firefox.quit().await
}

/// And whoever hears the page hears why.
const TEST_IS_OFF: &str = "(({ disabled, ariaDescribedByElements: [reason] }) => \
    disabled && reason.textContent.includes('neither tested nor saved'))(document.querySelector('#test-rule'))";

#[tokio::test]
async fn the_json_of_a_rule_is_copied_at_a_click() -> Result<()> {
    let world = World::start(Installation::Temporary).await?;
    let page = world.firefox.page("options.html").await?;
    page.click("#add-rule").await?;
    page.type_into("#host", "chat.example").await?;
    page.click("#rule-json-section > summary").await?;
    page.click("#copy-rule-json").await?;
    page.wait_for_presence("#rule-json-message [data-code=copied]", true).await?;
    assert_eq!(page.text("#rule-json-message").await?, "The JSON has been copied.");
    let copied = world.firefox.privileged(CLIPBOARD, Vec::new()).await?;
    let copied: Value = serde_json::from_str(copied.as_str().context("nothing is in the clipboard")?)?;
    assert_eq!(copied, json!({ "host": "chat.example", "mode": "block", "pins": [] }));
    world.firefox.quit().await
}

const CLIPBOARD: &str = r"
const { nsITransferable, nsISupportsString } = Ci;
const transferable = Cc['@mozilla.org/widget/transferable;1'].createInstance(nsITransferable);
transferable.init(null);
transferable.addDataFlavor('text/plain');
Services.clipboard.getData(transferable, Services.clipboard.kGlobalClipboard);
const held = {};
transferable.getTransferData('text/plain', held);
return held.value.QueryInterface(nsISupportsString).data;
";
