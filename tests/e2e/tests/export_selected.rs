//! The export of the rules that are selected in the list.

use anyhow::{Context, Result};
use serde_json::{Value, json};
use sockpin_e2e::downloads::saved;
use sockpin_e2e::world::{Installation, World};

const A: &str = "C5+lpZ7tcVwmwQIMcRtPbsQtWLABXhQzejna0wHFr8M=";

#[tokio::test]
async fn what_is_selected_is_exported_and_what_the_format_loses_of_it_is_said() -> Result<()> {
    let world = World::start(Installation::Temporary).await?;
    let firefox = &world.firefox;
    for host in ["a.example", "b.example", "*.c.example:8443"] {
        firefox.save_rule(json!({ "host": host, "pins": [{ "sha256": A, "label": "Root" }] })).await?;
    }
    let folder = tempfile::tempdir()?;
    firefox.save_in(folder.path()).await?;

    let page = firefox.page("options.html").await?;
    page.wait_for_count("#rules .rule", 3).await?;
    assert!(!page.is_true("document.querySelector('#export-which').checkVisibility()").await?);
    page.click("#rules .rule:nth-child(1) .rule-select").await?;
    page.wait_for_presence("#export-selected", true).await?;
    page.click("#rules .rule:nth-child(3) .rule-select").await?;
    page.click("#export-selected").await?;
    page.has_focus("#export-format").await?;
    let chosen = "return document.querySelector('#export-which').selectedOptions[0].textContent";
    assert_eq!(firefox.run(chosen, Vec::new()).await?, json!("The 2 rules that are selected above"));
    assert_eq!(firefox.accessibility_violations().await?, [""; 0]);
    page.click("#export-save").await?;
    page.wait_for_words("#export-done", "2 rules").await?;
    let file: Value = serde_json::from_str(&saved(&folder.path().join("sockpin-rules.json")).await?)?;
    let rules = file.get("rules").and_then(Value::as_array).context("a file without rules")?;
    let hosts: Vec<_> = rules.iter().map(|rule| &rule["host"]).collect();
    assert_eq!(hosts, [&json!("*.c.example:8443"), &json!("a.example")]);

    // A foreign format, and what it does not say of these two.
    page.select("#export-format", "android").await?;
    page.wait_for_words("#export-losses", "*.c.example:8443").await?;
    page.click("#export-save").await?;
    let file = saved(&folder.path().join("network_security_config.xml")).await?;
    assert!(file.contains("a.example") && !file.contains("b.example") && !file.contains("c.example"), "{file}");

    // What is selected changes under it, and is nothing in the end.
    page.click("#rules .rule:nth-child(3) .rule-select").await?;
    page.wait_until(
        "one rule",
        "document.querySelector('#export-which-selected').textContent === 'The rule that is selected above'",
    )
    .await?;
    page.click("#rules .rule:nth-child(1) .rule-select").await?;
    page.wait_until("all rules", "document.querySelector('#export-which').value === 'all'").await?;
    page.wait_until("the choice to go", "!document.querySelector('#export-which').checkVisibility()").await?;
    page.wait_for_words("#export-losses", "b.example").await?;
    world.firefox.quit().await
}
