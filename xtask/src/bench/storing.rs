//! How long a page of Sockpin waits until one rule more is stored among many.

use anyhow::{Context, Result};
use serde::Deserialize;
use serde_json::{Value, json};
use sockpin_e2e::demo::Demo;

use super::browser::{Browser, LIMIT, in_turn, not_finished, quit_all, start_all};
use super::report::{Compared, Goal, Measurements, Turn, Unit};
use super::table::{Section, thousands};
use super::variant::{AGAINST, SOCKPIN, names};
use super::{Bench, rules};

const RULES: [usize; 2] = [10_000, 100_000];
/// In each round, of each variant and number of rules.
const TURNS: usize = 3;
const RULES_IN_A_TURN: usize = 2;

pub(super) async fn measure(bench: &Bench) -> Result<Section> {
    let variants = bench.variants.named(&[SOCKPIN, AGAINST]);
    let mut measured = Measurements::default();
    for _ in 0..bench.rounds {
        let demo = Demo::start().await?;
        let browsers = start_all(&variants, &demo).await?;
        for count in RULES {
            for browser in &browsers {
                // With those that follow there are so many, which is the most that Sockpin takes.
                if let Err(why) = rules::store(browser, &demo, count - TURNS * RULES_IN_A_TURN).await? {
                    measured.record(&case(count), browser.variant.name, Err(why));
                }
            }
            for turn in 0..TURNS {
                for browser in in_turn(&browsers, turn) {
                    let name = browser.variant.name;
                    if !measured.has_failed(&case(count), name) {
                        measured.record(&case(count), name, one_more(browser, turn).await?);
                    }
                }
            }
        }
        quit_all(browsers).await?;
    }

    let variants = names(&variants);
    let goal = |text, count, at_most| {
        let compared = Compared::WithNothing;
        measured.goal(&Goal { text, case: case(count), compared, at_most, unit: Unit::Milliseconds })
    };
    Ok(Section {
        title: "Storing",
        about: format!(
            "Milliseconds in a page of the extension from `saveRule` to its answer, the background awake. \
             Samples of each: {}.",
            bench.rounds * TURNS
        ),
        lines: RULES.iter().map(|&count| measured.line(&case(count), &variants, Unit::Milliseconds)).collect(),
        goals: vec![goal("one rule among 10,000", 10_000, 100.0), goal("one rule among 100,000", 100_000, 1_000.0)],
        variants,
    })
}

fn case(count: usize) -> String {
    format!("one rule among {}", thousands(count))
}

#[derive(Deserialize)]
struct Stored {
    ms: f64,
    /// None where there was none in time.
    answer: Option<Value>,
}

async fn one_more(browser: &Browser<'_>, turn: usize) -> Result<Turn> {
    let (first, second) = (rules::one_more(RULES_IN_A_TURN * turn), rules::one_more(RULES_IN_A_TURN * turn + 1));
    let limit = LIMIT.as_secs() * 1000;
    let stored = browser.in_extension(SAVE, vec![json!([first, second]), json!(limit)]).await?;
    let stored: Vec<Stored> = serde_json::from_value(stored).context("the page told something else")?;
    let samples: Turn = stored.into_iter().map(check).collect();
    // While the others had their turns it may have fallen asleep: the first one wakes it.
    Ok(samples.map(|samples| samples.into_iter().skip(1).collect()))
}

fn check(Stored { ms, answer }: Stored) -> Result<f64, String> {
    let answer = answer.ok_or_else(not_finished)?;
    if answer.get("type") == Some(&json!("saved")) {
        return Ok(ms);
    }
    let code = answer.pointer("/problem/code").or_else(|| answer.pointer("/errors/0/code")).and_then(Value::as_str);
    Err(format!("refused after {ms:.0} ms ({})", code.unwrap_or("no reason")))
}

const SAVE: &str = r"
const [rules, limit] = arguments;
return (async () => {
    const stored = [];
    for (const rule of rules) {
        let timer;
        const tooLate = new Promise((resolve) => { timer = setTimeout(resolve, limit, null); });
        const begun = performance.now();
        const answer = await Promise.race([browser.runtime.sendMessage({ type: 'saveRule', rule }), tooLate]);
        stored.push({ ms: performance.now() - begun, answer });
        clearTimeout(timer);
        if (answer === null) break;
    }
    return stored;
})();
";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_rule_that_is_stored_has_a_time() {
        let table = [
            (Some(json!({ "type": "saved", "rule": {} })), Ok(5.0)),
            (
                Some(json!({ "type": "failed", "problem": { "code": "core-failed" } })),
                Err("refused after 5 ms (core-failed)"),
            ),
            (
                Some(json!({ "type": "refused", "errors": [{ "code": "too-many" }] })),
                Err("refused after 5 ms (too-many)"),
            ),
            (Some(json!("?")), Err("refused after 5 ms (no reason)")),
            (None, Err("not finished within 60 s")),
        ];
        for (answer, expected) in table {
            assert_eq!(check(Stored { ms: 5.0, answer }), expected.map_err(str::to_owned));
        }
    }
}
