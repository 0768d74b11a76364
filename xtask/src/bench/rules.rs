//! Many rules at once: each for a host of its own, with two labelled pins.

use anyhow::Result;
use serde_json::{Value, json};
use sockpin_e2e::demo::{Demo, PINNED};
use sockpin_e2e::extension;

use super::browser::{Browser, Came};

/// Puts so many rules in the place of the user's, as no page of Sockpin stores them, and lets the background fall asleep and wake with them. The last one
/// blocks [`PINNED`]: whether it holds says whether all have been read. The inner error says why they do not.
///
/// An extension without rules is left as it is.
pub(super) async fn store(browser: &Browser<'_>, demo: &Demo, count: usize) -> Result<Result<(), String>> {
    if count == 0 || !browser.variant.is_sockpin {
        return Ok(Ok(()));
    }
    if browser.in_extension(IS_EMPTY, Vec::new()).await? == json!(true) {
        browser.save_rule(json!({ "host": PINNED, "pins": pins(0) })).await?;
    }
    browser.in_extension(STORE, vec![json!(count), json!(PINNED)]).await?;
    match browser.suspend().await {
        Ok(()) => hold(browser, demo).await,
        Err(why) => Ok(Err(why)),
    }
}

/// Adds so many rules as an import does, with all that is kept beside them. The last one blocks [`PINNED`].
pub(super) async fn import(browser: &Browser<'_>, demo: &Demo, count: usize) -> Result<Result<(), String>> {
    let rules: Value = (0..count).map(|index| one(index, count)).collect();
    let answer = browser.ask(json!({ "type": "changeRules", "save": rules, "delete": [], "by": "import" })).await?;
    if answer.get("type") == Some(&json!("done")) {
        return hold(browser, demo).await;
    }
    Ok(Err(format!("the rules were not stored: {}", answer.get("type").unwrap_or(&Value::Null))))
}

/// Whether the last of the rules holds.
pub(super) async fn hold(browser: &Browser<'_>, demo: &Demo) -> Result<Result<(), String>> {
    let blocked = browser.sockets(&demo.servers.url("pinned")?, 1, Came::Error).await?;
    Ok(blocked.map(drop).map_err(|why| format!("the rules do not hold: {why}")))
}

/// How an administrator gives rules.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// As a list of objects.
    List,
    /// As JSON text of that list.
    Text,
}

/// Policies of Firefox that set so many rules for Sockpin; the last one blocks [`PINNED`].
pub(super) fn managed(count: usize, form: Form) -> Value {
    let rules: Value = (0..count).map(|index| one(index, count)).collect();
    let rules = match form {
        Form::List => rules,
        Form::Text => json!(rules.to_string()),
    };
    json!({ "3rdparty": { "Extensions": { (extension::ID): { "rules": rules } } } })
}

/// A rule for a host that has none yet.
pub(super) fn one_more(index: usize) -> Value {
    json!({ "host": format!("one-more-{index}.example"), "pins": pins(index) })
}

/// One of so many.
fn one(index: usize, count: usize) -> Value {
    let host = if index + 1 == count { PINNED.to_owned() } else { format!("host-{index}.example") };
    json!({ "host": host, "pins": pins(index) })
}

fn pins(index: usize) -> Value {
    let [first, second] = [2 * index, 2 * index + 1].map(pin);
    json!([{ "sha256": first, "label": "The server's key" }, { "sha256": second, "label": "Backup key" }])
}

/// Base64 of 32 bytes that no key has; as irregular as a digest, since Firefox compresses what it stores.
fn pin(index: usize) -> String {
    let digits = (0_u64..3).map(|part| {
        // The output function of SplitMix64 (Steele, Lea, Flood: Fast splittable pseudorandom number generators, 2014).
        let mut word = u64::try_from(index).unwrap_or_default().wrapping_mul(3).wrapping_add(part);
        word = word.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        format!("{:016x}", word ^ (word >> 31))
    });
    // Hexadecimal digits are Base64 too. The last character before the padding carries four bits: `A` is zero.
    digits.collect::<String>().chars().take(42).chain("A=".chars()).collect()
}

const IS_EMPTY: &str = "return browser.storage.local.get('policy').then(({ policy }) => policy === undefined)";

/// Takes the shape of the record and of a rule from what is stored, so that it fits every version of Sockpin.
const STORE: &str = r"
const [count, last] = arguments;
const pin = () => btoa(String.fromCharCode(...crypto.getRandomValues(new Uint8Array(32))));
return (async () => {
    const { policy } = await browser.storage.local.get('policy');
    const isText = typeof policy === 'string';
    const record = isText ? JSON.parse(policy) : policy;
    const [model] = record.rules;
    record.rules = Array.from({ length: count }, (_, index) => ({
        ...model,
        id: crypto.randomUUID(),
        host: index === count - 1 ? last : `host-${index}.example`,
        pins: model.pins.map((old) => ({ ...old, sha256: pin() })),
    }));
    await browser.storage.local.set({ policy: isText ? JSON.stringify(record) : record });
})();
";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_pin_is_one_and_another() {
        let mut pins: Vec<_> = (0..1000).map(pin).collect();
        for pin in &pins {
            assert!(pin.len() == 44 && pin.ends_with("A="), "{pin}");
        }
        pins.sort();
        pins.dedup();
        assert_eq!(pins.len(), 1000);
    }

    #[test]
    fn the_last_managed_rule_is_the_one_that_is_tried() {
        let policies = managed(3, Form::List);
        let rules = policies.pointer(&format!("/3rdparty/Extensions/{}/rules", extension::ID)).unwrap();
        let hosts: Vec<_> = rules.as_array().unwrap().iter().map(|rule| &rule["host"]).collect();
        assert_eq!(hosts, ["host-0.example", "host-1.example", PINNED]);
        let text = managed(3, Form::Text);
        let text =
            text.pointer(&format!("/3rdparty/Extensions/{}/rules", extension::ID)).and_then(Value::as_str).unwrap();
        assert_eq!(serde_json::from_str::<Value>(text).unwrap(), *rules);
    }
}
