//! Something is broken: the extension's files, its storage, the browser's answers, the core itself. The fault is in a copy
//! of the extension, or in what is stored; nothing that ships can be told to fail.
//!
//! The rule names the key of one server. A fault that leaves Sockpin unable to judge has to stop the sockets to that one,
//! too: nothing but the fault is in their way. Each row's control is the same socket without the fault.

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use sockpin_e2e::demo::PINNED;
use sockpin_e2e::doctored::Doctored;
use sockpin_e2e::world::{Installation, World};
use sockpin_e2e::{extension, wait};

use crate::matrix::{Group, PREFLIGHTS, Stage, Tally, scenarios, wrong_pin};

pub(crate) const GROUP: Group = Group {
    name: "Faults",
    scenarios: scenarios![
        "the wasm file is missing" => wasm_missing,
        "the wasm file is truncated" => wasm_truncated,
        "the wasm file never arrives" => wasm_never_arrives,
        "the stored policy is corrupted" => policy_corrupted,
        "the stored policy is of a newer version" => policy_newer,
        "the stored policy cannot be read" => policy_unreadable,
        "the file of the stored policy is damaged, and Firefox begins an empty one" => policy_lost,
        "IndexedDB is full" => log_full,
        "IndexedDB refuses" => log_refuses,
        "`getSecurityInfo` rejects" => rejects,
        "`getSecurityInfo` answers with nothing" => answers_nothing,
        "`getSecurityInfo` answers with wrong types" => answers_wrong_types,
        "`getSecurityInfo` answers with 1,000 certificates" => answers_a_thousand,
        "`getSecurityInfo` answers with a `rawDER` of 5 MB" => answers_large,
        "`getSecurityInfo` never answers" => never_answers,
        "the core traps as soon as it is asked" => traps,
        "the core panics after it has waited for the browser" => panics_later,
    ],
};

/// What a person is told, and what is left of it.
struct Said {
    /// What comes of the pinned key's socket.
    right_key: RightKey,
    badge: Badge,
    log: Log,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum RightKey {
    Blocked,
    /// Tried once the other has been counted: a core that dies again takes along what the one before it was writing.
    BlockedNext,
    Opens,
    /// Not tried: one after the other is how Firefox opens sockets to one host, and each would take its ten seconds.
    LeftOut,
}

enum Badge {
    /// On every tab, and the tooltip says this.
    Problem(&'static str),
    /// As many as were blocked in this tab.
    Count,
}

enum Log {
    /// One entry for each blocked socket; the fault was the reason for this one.
    Reason(&'static str),
    /// None, and the pages say that it cannot be written.
    Unwritable,
    /// Nothing lives that could write it.
    None,
}

/// The extension with a fault in it, under rules with either kind of pre-flight.
async fn doctored(stage: &mut Stage, doctor: impl Fn(&Doctored) -> Result<()>, said: &Said) -> Result<Tally> {
    let copy = Doctored::copy()?;
    doctor(&copy)?;
    let world = stage.world().await?;
    let mut tally = Tally::default();
    // Where there is no core there is no rule.
    let preflights = if matches!(said.log, Log::None) { &PREFLIGHTS[..1] } else { &PREFLIGHTS[..] };
    for preflight in preflights {
        begin(world, preflight, &mut tally).await?;
        world.firefox.install(copy.folder()).await?;
        attack(world, &mut tally, said).await?;
        world.firefox.install(&extension::folder()?).await?;
        end(world).await?;
    }
    Ok(tally)
}

/// The extension as it is, with this in place of its stored policy.
async fn stored(stage: &mut Stage, policy: Value, said: &Said) -> Result<Tally> {
    let world = stage.world().await?;
    let mut tally = Tally::default();
    begin(world, PREFLIGHTS[0], &mut tally).await?;
    let good = world.firefox.run_in_extension(GET_POLICY, Vec::new()).await?;
    world.firefox.run_in_extension(SET_POLICY, vec![policy.clone()]).await?;
    world.firefox.end_background().await?;
    attack(world, &mut tally, said).await?;
    let kept = world.firefox.run_in_extension(GET_POLICY, Vec::new()).await?;
    ensure!(kept == policy, "the stored policy was touched: {kept}");
    world.firefox.run_in_extension(SET_POLICY, vec![good]).await?;
    world.firefox.end_background().await?;
    end(world).await?;
    Ok(tally)
}

/// A rule that its server meets, and the proof of that.
async fn begin(world: &World, preflight: &str, tally: &mut Tally) -> Result<()> {
    let mut rule = wrong_pin(world, PINNED, preflight);
    rule["pins"] = json!([{ "sha256": world.demo.pinned_key.pin() }]);
    world.firefox.save_rule(rule).await?;
    let right = world.demo.servers.url("pinned")?;
    tally.control(&world.demo.servers.pinned, world.firefox.socket(&right)).await
}

async fn end(world: &World) -> Result<()> {
    for rule in world.firefox.rules().await? {
        world.firefox.delete_rule(&rule).await?;
    }
    world.firefox.clear_log().await
}

/// A socket to each server at once, and what is said of them.
async fn attack(world: &World, tally: &mut Tally, said: &Said) -> Result<()> {
    let (servers, page) = (&world.demo.servers, world.demo.site.blank());
    // A count on the badge lasts as long as the page.
    world.firefox.open(&page).await?;
    let (wrong, right) = (servers.url("attacker")?, servers.url("pinned")?);
    let wrong_frames = servers.attacker.settled_traffic().await?.all_frames();
    let right_frames = servers.pinned.settled_traffic().await?.all_frames();
    let both = [wrong.as_str(), right.as_str()];
    let seen = match said.right_key {
        RightKey::Blocked | RightKey::Opens => world.firefox.sockets(&both).await?,
        RightKey::LeftOut => world.firefox.sockets(&both[..1]).await?,
        RightKey::BlockedNext => {
            let mut seen = world.firefox.sockets(&both[..1]).await?;
            button_shows(world, &page, "1", "Sockpin (blocked sockets of this tab: 1)").await?;
            seen.extend(world.firefox.sockets(&both[1..]).await?);
            seen
        }
    };
    let received = servers.pinned.settled_traffic().await?.all_frames() - right_frames;
    let blocked = if let (RightKey::Opens, [wrong, right]) = (said.right_key, seen.as_slice()) {
        ensure!(right.delivered(), "the pinned key: the page saw {right:?}");
        tally.saw(wrong);
        tally.control += received;
        1
    } else {
        for seen in &seen {
            tally.saw(seen);
        }
        tally.leaked += received;
        seen.len()
    };
    tally.leaked += servers.attacker.settled_traffic().await?.all_frames() - wrong_frames;
    is_said(world, &page, said, blocked).await
}

async fn is_said(world: &World, page: &str, said: &Said, blocked: usize) -> Result<()> {
    let (badge, title) = match said.badge {
        Badge::Problem(title) => ("!".to_owned(), title.to_owned()),
        Badge::Count => (blocked.to_string(), format!("Sockpin (blocked sockets of this tab: {blocked})")),
    };
    button_shows(world, page, &badge, &title).await?;
    match said.log {
        Log::None => {}
        Log::Reason(reason) => {
            let log = world.firefox.violations().await?;
            ensure!(log.len() == blocked, "{} entries in the log of {blocked} sockets: {log:?}", log.len());
            // The wrong key may have been the reason where it was known in time.
            let servers = &world.demo.servers;
            let server = if said.right_key == RightKey::LeftOut { &servers.attacker } else { &servers.pinned };
            let due = [json!(server.port()), json!("block"), json!(reason)];
            let found =
                log.iter().any(|entry| ["port", "outcome", "reason"].map(|field| &entry[field]) == due.each_ref());
            ensure!(found, "no entry says {due:?}: {log:?}");
        }
        Log::Unwritable => {
            // That it cannot be written is known once that has been tried.
            wait::until("the pages to be told of the log", async || {
                Ok(world.firefox.status().await?["logProblem"]["storage"].is_object().then_some(()))
            })
            .await?;
        }
    }
    Ok(())
}

/// It is drawn after the sockets have been answered.
async fn button_shows(world: &World, page: &str, badge: &str, title: &str) -> Result<()> {
    let mut button = None;
    let shown = wait::until("the badge", async || {
        let shown = world.firefox.button(page).await?;
        let as_wanted = shown.badge == badge && shown.title.contains(title);
        button = Some(shown);
        Ok(as_wanted.then_some(()))
    })
    .await;
    shown.with_context(|| format!("it should show {badge:?} and say {title:?}: {button:?}"))
}

const GET_POLICY: &str = "return browser.storage.local.get('policy').then(({ policy }) => policy)";
const SET_POLICY: &str = "return browser.storage.local.set({ policy: arguments[0] })";

const NO_CORE: Said =
    Said { right_key: RightKey::Blocked, badge: Badge::Problem("Sockpin does not work"), log: Log::None };

async fn wasm_missing(stage: &mut Stage) -> Result<Tally> {
    doctored(stage, |copy| copy.remove("pkg/background_bg.wasm"), &NO_CORE).await
}

async fn wasm_truncated(stage: &mut Stage) -> Result<Tally> {
    doctored(stage, |copy| copy.truncate("pkg/background_bg.wasm", 5_000), &NO_CORE).await
}

async fn wasm_never_arrives(stage: &mut Stage) -> Result<Tally> {
    let said = Said { right_key: RightKey::LeftOut, ..NO_CORE };
    doctored(stage, |copy| copy.before_background("globalThis.fetch = () => new Promise(() => {});"), &said).await
}

/// No rule is known, so nobody knows which sockets have none.
const fn no_policy(title: &'static str) -> Said {
    Said { right_key: RightKey::Blocked, badge: Badge::Problem(title), log: Log::Reason("policy-unreadable") }
}

async fn policy_corrupted(stage: &mut Stage) -> Result<Tally> {
    stored(stage, json!({ "version": 1, "rules": 5 }), &no_policy("damaged")).await
}

async fn policy_newer(stage: &mut Stage) -> Result<Tally> {
    stored(stage, json!({ "version": 99, "rules": [], "settings": {} }), &no_policy("newer")).await
}

async fn policy_unreadable(stage: &mut Stage) -> Result<Tally> {
    let refusing =
        "Object.defineProperty(browser.storage.local, 'get', { value: async () => { throw new Error('disk'); } });";
    doctored(stage, |copy| copy.before_background(refusing), &no_policy("could not read")).await
}

/// Nothing tells the extension of that: the rules are just not there any more.
async fn policy_lost(_: &mut Stage) -> Result<Tally> {
    let mut world = World::start(Installation::ForGood).await?;
    let mut tally = Tally::default();
    begin(&world, PREFLIGHTS[0], &mut tally).await?;
    world.firefox.close().await?;
    world.firefox.damage_stored_rules()?;
    world.firefox.start_again().await?;
    attack(&world, &mut tally, &no_policy("rules are gone")).await?;
    let stored = world.firefox.run_in_extension(GET_POLICY, Vec::new()).await?;
    ensure!(stored.is_null(), "the damaged rules are still there: {stored}");
    // The control: where nothing is known of rules that there have been, nothing is in the way.
    world.firefox.run_in_extension("localStorage.clear()", Vec::new()).await?;
    world.firefox.end_background().await?;
    let seen = world.firefox.socket(&world.demo.servers.url("attacker")?).await?;
    ensure!(seen.delivered(), "control: the page saw {seen:?}");
    world.firefox.quit().await?;
    Ok(tally)
}

/// The log is not what stops a socket, and its failure lets none through.
const NO_LOG: Said = Said { right_key: RightKey::Opens, badge: Badge::Count, log: Log::Unwritable };

/// A full disk is noticed when the transaction is to end, which is aborted then.
async fn log_full(stage: &mut Stage) -> Result<Tally> {
    let full = r"
        for (const name of ['add', 'put']) {
            const write = IDBObjectStore.prototype[name];
            IDBObjectStore.prototype[name] = function (...values) {
                const request = write.apply(this, values);
                this.transaction.abort();
                return request;
            };
        }
    ";
    doctored(stage, |copy| copy.before_background(full), &NO_LOG).await
}

async fn log_refuses(stage: &mut Stage) -> Result<Tally> {
    let refusing = "IDBFactory.prototype.open = () => { throw new DOMException('refused', 'InvalidStateError'); };";
    doctored(stage, |copy| copy.before_background(refusing), &NO_LOG).await
}

/// With this in place of `getSecurityInfo`; `real` is the browser's own.
async fn answering(stage: &mut Stage, double: &str, reason: &'static str) -> Result<Tally> {
    let script = format!(
        "const real = browser.webRequest.getSecurityInfo;
        Object.defineProperty(browser.webRequest, 'getSecurityInfo', {{ value: {double} }});"
    );
    let right_key = if reason == "deadline" { RightKey::LeftOut } else { RightKey::Blocked };
    let said = Said { right_key, badge: Badge::Count, log: Log::Reason(reason) };
    doctored(stage, |copy| copy.before_background(&script), &said).await
}

async fn rejects(stage: &mut Stage) -> Result<Tally> {
    answering(stage, "async () => { throw new Error('no'); }", "security-info-failed").await
}

async fn answers_nothing(stage: &mut Stage) -> Result<Tally> {
    answering(stage, "async () => undefined", "no-certificates").await
}

async fn answers_wrong_types(stage: &mut Stage) -> Result<Tally> {
    let double = "async (...asked) => ({ ...await real(...asked), certificates: [1, 'two', null] })";
    answering(stage, double, "security-info-malformed").await
}

async fn answers_a_thousand(stage: &mut Stage) -> Result<Tally> {
    let double = r"async (...asked) => {
        const info = await real(...asked);
        return { ...info, certificates: Array(1_000).fill(info.certificates[0]) };
    }";
    answering(stage, double, "chain-too-long").await
}

/// Each certificate begins with the real one.
async fn answers_large(stage: &mut Stage) -> Result<Tally> {
    let double = r"async (...asked) => {
        const info = await real(...asked);
        const large = ({ rawDER, ...rest }) => ({ ...rest, rawDER: rawDER.concat(Array(5_000_000).fill(0)) });
        return { ...info, certificates: info.certificates.map(large) };
    }";
    answering(stage, double, "unparsable-certificate").await
}

async fn never_answers(stage: &mut Stage) -> Result<Tally> {
    answering(stage, "() => new Promise(() => {})", "deadline").await
}

const DEAD_CORE: Said =
    Said { right_key: RightKey::BlockedNext, badge: Badge::Count, log: Log::Reason("internal-error") };

async fn traps(stage: &mut Stage) -> Result<Tally> {
    doctored(stage, |copy| copy.trap_in("background_headersReceived"), &DEAD_CORE).await
}

/// The core reads the certificates when it has waited for them, and asks each for its length: one that no memory could
/// hold is a panic of Rust's own library.
async fn panics_later(stage: &mut Stage) -> Result<Tally> {
    let script = r"
        const arrays = Object.getPrototypeOf(Uint8Array.prototype);
        const { get } = Object.getOwnPropertyDescriptor(arrays, 'length');
        const real = browser.webRequest.getSecurityInfo;
        let waiting = false;
        Object.defineProperty(browser.webRequest, 'getSecurityInfo', { value: async (...asked) => {
            const info = await real(...asked);
            waiting = true;
            return info;
        } });
        Object.defineProperty(arrays, 'length', { get() {
            const length = get.call(this);
            if (!waiting || length < 100 || length > 10_000) return length;
            waiting = false;
            return 2 ** 32 - 1;
        } });
    ";
    doctored(stage, |copy| copy.before_background(script), &DEAD_CORE).await
}
