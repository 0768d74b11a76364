//! Where the time of a handshake goes: what each listener takes, from its call to its answer.
//!
//! What a socket takes longer in the page than the listeners account for is Firefox's own work: the way to the process of
//! the extensions and back, the headers that are copied, and the declarative rules.

use std::collections::BTreeMap;

use anyhow::{Context, Result, ensure};
use serde::Deserialize;
use serde_json::Value;
use sockpin_e2e::demo::Demo;

use super::Bench;
use super::browser::{Came, in_turn, quit_all, start_all};
use super::handshake::{self, SOCKETS, TURNS, UNCOUNTED};
use super::report::{Measurements, Unit};
use super::table::Section;
use super::variant::{AGAINST, NOTHING, SECURITY_INFO, SOCKPIN, Variant, names};

/// Asked for within the last of the listeners.
const GET_SECURITY_INFO: &str = "getSecurityInfo";
const EVENTS: [&str; 3] = ["onBeforeRequest", "onBeforeSendHeaders", "onHeadersReceived"];
const TOGETHER: &str = "the listeners together, without `getSecurityInfo`";
const PAGE: &str = "in the page";
/// Added to an event's name: the same call made many times in a row, as far as it is answered at once.
const AGAIN: &str = ", when it is called again and again";

pub(super) async fn measure(bench: &Bench) -> Result<Section> {
    let variants = bench.variants.named(&[NOTHING, SECURITY_INFO, SOCKPIN, AGAINST]);
    let timed = variants.iter().map(|variant| variant.with_script(TIMES)).collect::<Result<Vec<_>>>()?;
    let timed: Vec<&Variant> = timed.iter().collect();
    let mut measured = Measurements::default();
    for _ in 0..bench.rounds {
        let demo = Demo::start().await?;
        let cases = handshake::cases(&demo)?;
        let browsers = start_all(&timed, &demo).await?;
        for browser in &browsers {
            handshake::prepare(browser, &demo).await?;
            browser.in_extension(TAKE, Vec::new()).await?;
        }
        for turn in 0..TURNS {
            for (case, url) in &cases {
                for browser in in_turn(&browsers, turn) {
                    let variant = browser.variant.name;
                    let page = browser.sockets(url, UNCOUNTED + SOCKETS, Came::Open).await?;
                    let page = page.map(|samples| samples.into_iter().skip(UNCOUNTED).map(in_microseconds).collect());
                    measured.record(&line(case, PAGE), variant, page);
                    for (name, samples) in read(browser.in_extension(TAKE, Vec::new()).await?)? {
                        measured.record(&line(case, name), variant, Ok(samples));
                    }
                }
            }
        }
        // Last, since it holds the sockets up.
        for (case, url) in &cases {
            for browser in &browsers {
                browser.in_extension(CALL_AGAIN, Vec::new()).await?;
                let page = browser.sockets(url, UNCOUNTED + SOCKETS, Came::Open).await?;
                page.map_err(anyhow::Error::msg)?;
                for (event, samples) in read_again(browser.in_extension(TAKE, Vec::new()).await?)? {
                    measured.record(&again(case, event), browser.variant.name, Ok(samples));
                }
            }
        }
        quit_all(browsers).await?;
    }

    let variants = names(&variants);
    let lines = [PAGE, TOGETHER].into_iter().chain(EVENTS).chain([GET_SECURITY_INFO]);
    let lines = handshake::CASES.iter().flat_map(|case| {
        let once = lines.clone().map(|name| line(case, name));
        once.chain(EVENTS.map(|event| again(case, event)))
    });
    Ok(Section {
        title: "Listeners",
        about: format!(
            "Microseconds from the call of a listener to its answer, the background awake, and of the socket in the page. \
             Samples of each: {}, {SOCKETS} in a turn.",
            bench.rounds * TURNS * SOCKETS,
        ),
        lines: lines.map(|case| measured.line(&case, &variants, Unit::Microseconds)).collect(),
        goals: Vec::new(),
        variants,
    })
}

fn line(case: &str, name: &str) -> String {
    format!("{case}: {name}")
}

fn again(case: &str, event: &str) -> String {
    line(case, event) + AGAIN
}

/// One call of a listener, or of `getSecurityInfo` on its behalf.
#[derive(Debug, Deserialize)]
struct Call {
    request: String,
    name: String,
    ms: f64,
}

/// The samples of a turn by what was measured.
fn read(calls: Value) -> Result<BTreeMap<&'static str, Vec<f64>>> {
    let calls: Vec<Call> = serde_json::from_value(calls).context("the background told something else")?;
    let mut requests: Vec<(&str, BTreeMap<&str, f64>)> = Vec::new();
    for Call { request, name, ms } in &calls {
        match requests.iter_mut().find(|(known, _)| known == request) {
            Some((_, times)) => drop(times.insert(name, in_microseconds(*ms))),
            None => requests.push((request, [(name.as_str(), in_microseconds(*ms))].into())),
        }
    }
    ensure!(requests.len() == UNCOUNTED + SOCKETS, "the listeners were asked about {} sockets", requests.len());
    let mut samples = BTreeMap::<_, Vec<f64>>::new();
    for (_, times) in requests.iter().skip(UNCOUNTED) {
        let time = |name| times.get(name).copied();
        let listeners = EVENTS.map(|event| time(event).with_context(|| format!("no {event}")));
        let listeners = listeners.into_iter().collect::<Result<Vec<_>>>()?;
        for (event, time) in EVENTS.into_iter().zip(&listeners) {
            samples.entry(event).or_default().push(*time);
        }
        let waited = time(GET_SECURITY_INFO);
        samples.entry(TOGETHER).or_default().push(listeners.iter().sum::<f64>() - waited.unwrap_or_default());
        if let Some(waited) = waited {
            samples.entry(GET_SECURITY_INFO).or_default().push(waited);
        }
    }
    Ok(samples)
}

/// What a call took that was made again and again, by event.
fn read_again(calls: Value) -> Result<BTreeMap<&'static str, Vec<f64>>> {
    let calls: Vec<Call> = serde_json::from_value(calls).context("the background told something else")?;
    let mut samples = BTreeMap::<_, Vec<f64>>::new();
    for Call { name, ms, .. } in &calls {
        if let Some(event) = name.strip_suffix(AGAIN).and_then(|name| EVENTS.into_iter().find(|event| *event == name)) {
            samples.entry(event).or_default().push(in_microseconds(*ms));
        }
    }
    ensure!(samples.contains_key(EVENTS[0]), "no call was repeated");
    Ok(samples)
}

fn in_microseconds(milliseconds: f64) -> f64 {
    milliseconds * 1000.0
}

/// Runs before the background registers its listeners. Those for sockets alone: the probes of a pre-flight have others.
const TIMES: &str = r"
const calls = [];
let times = 0;
const timed = (request, name, call) => {
    const begun = performance.now();
    const ended = () => { calls.push({ request, name, ms: performance.now() - begun }); };
    const answer = call();
    if (typeof answer?.then === 'function') answer.then(ended, ended);
    else { ended(); repeat(request, name, call); }
    return answer;
};
const repeat = (request, name, call) => {
    if (times === 0) return;
    const begun = performance.now();
    for (let done = 0; done < times; done += 1) call();
    calls.push({ request, name: name + ', when it is called again and again', ms: (performance.now() - begun) / times });
};
const put = (object, name, value) => Object.defineProperty(object, name, { value });
for (const name of ['onBeforeRequest', 'onBeforeSendHeaders', 'onHeadersReceived']) {
    const event = browser.webRequest[name];
    const add = event.addListener.bind(event);
    put(event, 'addListener', (listener, filter, ...rest) => add(
        filter.types.includes('websocket')
            ? (details) => timed(details.requestId, name, () => listener(details))
            : listener,
        filter, ...rest));
}
const getSecurityInfo = browser.webRequest.getSecurityInfo.bind(browser.webRequest);
put(browser.webRequest, 'getSecurityInfo', (request, options) =>
    timed(request, 'getSecurityInfo', () => getSecurityInfo(request, options)));
globalThis.takeCalls = () => { times = 0; return calls.splice(0); };
globalThis.callAgain = (count) => { times = count; };
";

const TAKE: &str = r"
return browser.runtime.getBackgroundPage().then((background) => background.takeCalls().map((call) => ({ ...call })));
";

const CALL_AGAIN: &str = "return browser.runtime.getBackgroundPage().then((background) => background.callAgain(200));";

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_wait_for_the_chain_is_not_counted_to_the_listeners() {
        let call =
            |request: usize, name: &str, ms: f64| json!({ "request": request.to_string(), "name": name, "ms": ms });
        let calls = (0..UNCOUNTED + SOCKETS).flat_map(|request| {
            [(EVENTS[0], 0.1), (EVENTS[1], 0.2), (GET_SECURITY_INFO, 1.0), (EVENTS[2], 1.5)]
                .map(|(name, ms)| call(request, name, ms))
        });
        let samples = read(calls.collect()).unwrap();
        let together = samples.get(TOGETHER).unwrap();
        assert_eq!(together.len(), SOCKETS);
        assert!(together.iter().all(|time| (time - 800.0).abs() < 1e-6), "{together:?}");
        assert!(samples.get(GET_SECURITY_INFO).unwrap().iter().all(|time| (time - 1000.0).abs() < 1e-6));
        assert!(read(json!([call(1, EVENTS[0], 0.1)])).is_err(), "too few");
    }
}
