//! How a row beside another extension is tried: from each place in the order in which Firefox asks, with every [`Kind`] of
//! socket of these hosts.
//!
//! The controls are the sockets without a rule and those with the right key, and what the other extension was asked: a row in
//! which it has done nothing fails.

use anyhow::{Context, Result, ensure};
use serde_json::Value;
use sockpin_e2e::other_extension::Asked;
use sockpin_e2e::servers::Answering;
use sockpin_e2e::wait;

use crate::hosts::{Hosts, Kind, Route, Tried};
use crate::matrix::{Stage, Tally};

/// What the other extension does in one row, and what then comes of sockets.
pub(crate) struct Case {
    pub(crate) does: Does,
    /// The rules that it has declared as well.
    pub(crate) also_declares: &'static str,
    /// Whether servers over HTTP/1.1 want a password then.
    pub(crate) asks_for_password: bool,
    /// By which routes a socket without a rule opens beside it.
    pub(crate) opens: &'static [Route],
    /// Whether the handshake of such a socket brings the header `X-Other`.
    pub(crate) header: bool,
    pub(crate) right_key: RightKey,
    /// Whether Firefox goes on without a look at what Sockpin answers to `onHeadersReceived`, if the other extension is asked
    /// first.
    pub(crate) passes_sockpin: bool,
    /// By which routes a socket with the wrong key opens then, if it is judged at its handshake alone.
    pub(crate) lost: &'static [Route],
    pub(crate) counts: Counts,
}

#[derive(Clone, Copy)]
pub(crate) enum Does {
    /// It has one listener for each of these events, in this order, and one answer for each listener: the answers are tried
    /// one after the other.
    Answers(&'static [&'static str], &'static [&'static [&'static str]]),
    /// It declares rules: several of them in one text, the texts tried one after the other. Each stops what has
    /// [`crate::hosts::MARK`] in its address.
    Declares(&'static [&'static str]),
}

/// What comes of a socket with the right key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RightKey {
    /// It opens, and leaves no entry in the log.
    Opens,
    /// That depends on whose answer is used.
    Either,
}

/// Which of the sockets with the wrong key a row is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Counts {
    /// All that have to be stopped.
    Kept,
    /// Those that [`Case::lost`] is about.
    Lost,
}

/// Whose listeners Firefox asks first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum First {
    /// Sockpin's: the other extension has begun to listen after it.
    Sockpin,
    /// The other extension's, since Sockpin has slept.
    OtherAfterSleep,
    /// The other extension's, since Sockpin was installed after it.
    Other,
}

/// Everything that it does, from every place.
pub(crate) async fn walk(stage: &mut Stage, case: Case) -> Result<Tally> {
    let hosts = Box::pin(stage.hosts()).await?;
    let mut tally = Tally::default();
    if case.counts == Counts::Kept {
        (tally.handshakes, tally.in_clear) = (Some(0), Some(0));
    }
    case.does.begin(hosts).await?;
    // What comes of sockets without a rule is the other extension's doing: while it does nothing, they open.
    for tried in hosts.round().await?.iter().filter(|tried| !tried.has_rule()) {
        ensure!(tried.seen.delivered(), "control: beside one that does nothing {} saw {:?}", tried.url, tried.seen);
        tally.control += tried.frames;
    }
    if case.asks_for_password {
        hosts.answer(&Answering::Challenging);
    }
    declare(hosts, case.also_declares).await?;
    for first in [First::Sockpin, First::OtherAfterSleep, First::Other] {
        match first {
            First::Sockpin => {}
            First::OtherAfterSleep => hosts.firefox().suspend_background().await?,
            First::Other => hosts.install_sockpin().await?,
        }
        for step in 0..case.does.steps() {
            case.step(hosts, step, first, &mut tally)
                .await
                .with_context(|| format!("{}, first {first:?}", case.does.name(step)))?;
        }
    }
    case.does.end(hosts).await?;
    hosts.answer(&Answering::Accepting);
    Ok(tally)
}

async fn declare(hosts: &Hosts, rules: &str) -> Result<()> {
    let rules: Vec<Value> = serde_json::from_str(rules).context("the rules are no JSON")?;
    hosts.firefox().other_declares(&rules).await
}

impl Does {
    fn steps(self) -> usize {
        match self {
            Self::Answers(_, answers) => answers.len(),
            Self::Declares(rules) => rules.len(),
        }
    }

    fn name(self, step: usize) -> String {
        match self {
            Self::Answers(_, answers) => format!("{:?}", answers[step]),
            Self::Declares(rules) => rules[step].to_owned(),
        }
    }

    /// Takes its place behind Sockpin.
    async fn begin(self, hosts: &Hosts) -> Result<()> {
        match self {
            Self::Answers(events, _) => hosts.firefox().other_listens(events).await,
            Self::Declares(_) => Ok(()),
        }
    }

    async fn step(self, hosts: &Hosts, step: usize) -> Result<()> {
        match self {
            Self::Answers(_, answers) => hosts.firefox().other_answers(answers[step], &hosts.elsewhere()?).await,
            Self::Declares(rules) => declare(hosts, rules[step]).await,
        }
    }

    async fn end(self, hosts: &Hosts) -> Result<()> {
        hosts.firefox().other_listens(&[]).await?;
        hosts.firefox().other_declares(&[]).await
    }
}

impl Case {
    async fn step(&self, hosts: &mut Hosts, step: usize, first: First, tally: &mut Tally) -> Result<()> {
        self.does.step(hosts, step).await?;
        if self.asks_for_password {
            hosts.firefox().forget_passwords().await?;
        }
        let round = hosts.round().await?;
        match self.does {
            Does::Answers(events, answers) => {
                let asked = hosts.firefox().other_was_asked().await?;
                check_listeners(events, &round, &asked)?;
                // Firefox gives one for sockets too, or such a row would try nothing.
                let filters = answers[step].iter().any(|answer| answer.starts_with("filter"));
                let has_filtered = asked.iter().any(|(event, _)| event == "filterResponseData");
                ensure!(has_filtered || !filters, "no filter has begun with the body of a socket's answer");
            }
            Does::Declares(_) => check_rules(hosts, &round).await?,
        }
        if self.right_key == RightKey::Opens
            && !round.iter().any(|tried| tried.kind == Kind::Wrong && has_leaked(tried))
        {
            check_badge(hosts, &round).await?;
        }
        for tried in &round {
            self.count(tried, first, tally);
            match tried.kind {
                Kind::Free => self.check_free(tried)?,
                Kind::Right => self.check_right(tried)?,
                // The counts say what is wrong.
                Kind::Wrong if !self.is_lost(tried, first) && has_leaked(tried) => {}
                Kind::Wrong => {
                    self.check_wrong(tried)?;
                    self.check_overruled(hosts, tried, first).await?;
                }
                Kind::Marked => {}
            }
            let over_http2 = tried.handshakes.iter().all(|request| request.line.starts_with("CONNECT "));
            ensure!(over_http2 == (tried.route == Route::Http2) || tried.handshakes.is_empty(), "{tried:?}");
        }
        Ok(())
    }

    fn check_free(&self, tried: &Tried) -> Result<()> {
        let opens = self.opens.contains(&tried.route);
        ensure!(tried.seen.delivered() == opens, "without a rule {} saw {:?}", tried.url, tried.seen);
        ensure!(tried.entries.is_empty(), "without a rule the log says {:?}", tried.entries);
        let has_header = tried.handshakes.iter().all(|request| request.header("x-other").is_some());
        ensure!(has_header || !self.header, "{} did not bring the other extension's header", tried.url);
        Ok(())
    }

    fn check_right(&self, tried: &Tried) -> Result<()> {
        if self.right_key == RightKey::Opens {
            ensure!(tried.seen.delivered(), "with the right key {} saw {:?}", tried.url, tried.seen);
            ensure!(tried.entries.is_empty(), "with the right key the log says {:?}", tried.entries);
        }
        Ok(())
    }

    /// One socket is one entry, whatever has stopped it. Where the other extension does so itself, Sockpin may never have
    /// been asked, or too late.
    fn check_wrong(&self, tried: &Tried) -> Result<()> {
        let Tried { entries, url, .. } = tried;
        let is_judged = tried.route != Route::Clear && self.opens.contains(&tried.route);
        let due = if is_judged { 1..=1 } else { 0..=1 };
        let came = tried.handshakes.len();
        ensure!(!is_judged || tried.preflight != "off" || came == 1, "{came} handshakes of {url} came to its server");
        ensure!(due.contains(&entries.len()), "{} entries of {url}: {entries:?}", entries.len());
        for entry in entries {
            ensure!(entry["outcome"] == "block", "of {url} the log says {}", entry["outcome"]);
            let expected = !is_judged || self.right_key == RightKey::Either || entry["reason"] == "pin-mismatch";
            ensure!(expected, "of {url} the log says {}", entry["reason"]);
        }
        Ok(())
    }

    /// What another extension has made of a stop is in its entry, as soon as Firefox has told Sockpin.
    async fn check_overruled(&self, hosts: &Hosts, tried: &Tried, first: First) -> Result<()> {
        let due = if !self.is_past_sockpin(tried, first) {
            ensure!(
                tried.entries.iter().all(|entry| entry["overruled"].is_null()),
                "{:?} was overruled",
                tried.entries
            );
            return Ok(());
        } else if self.lost.contains(&tried.route) {
            "opened"
        } else {
            "held"
        };
        let is_due = |entry: &Value| entry["host"] == tried.host && entry["overruled"] == due;
        wait::until(&format!("an entry of {} that says {due}", tried.url), async || {
            Ok(hosts.firefox().violations().await?.iter().any(is_due).then_some(()))
        })
        .await
        .with_context(|| format!("it said {:?}", tried.entries))
    }

    /// Firefox has not looked at what Sockpin answered to the handshake's answer.
    fn is_past_sockpin(&self, tried: &Tried, first: First) -> bool {
        self.passes_sockpin && tried.preflight == "off" && tried.route != Route::Clear && first != First::Sockpin
    }

    fn is_lost(&self, tried: &Tried, first: First) -> bool {
        self.lost.contains(&tried.route) && self.is_past_sockpin(tried, first)
    }

    fn count(&self, tried: &Tried, first: First, tally: &mut Tally) {
        match tried.kind {
            Kind::Free | Kind::Right => tally.control += tried.frames,
            Kind::Wrong if self.is_lost(tried, first) == (self.counts == Counts::Lost) => {
                tally.saw(&tried.seen);
                tally.leaked += tried.frames;
                tally.handshakes = tally.handshakes.map(|count| count + avoidable(tried));
                tally.in_clear = tally.in_clear.map(|count| count + tried.in_clear);
            }
            Kind::Wrong | Kind::Marked => {}
        }
    }
}

/// The handshakes that a pre-flight should have kept from the server.
fn avoidable(tried: &Tried) -> usize {
    if tried.preflight == "off" { 0 } else { tried.handshakes.len() }
}

fn has_leaked(tried: &Tried) -> bool {
    !tried.seen.refused() || tried.frames + tried.in_clear + avoidable(tried) > 0
}

/// What is written down is counted on the button, once: it is drawn after the sockets have been answered.
async fn check_badge(hosts: &Hosts, round: &[Tried]) -> Result<()> {
    let page = hosts.world.demo.site.blank();
    let entries: usize = round.iter().map(|tried| tried.entries.len()).sum();
    let mut badge = String::new();
    let counted = wait::until("the badge", async || {
        badge = hosts.firefox().badge(&page).await?;
        Ok((badge == entries.to_string()).then_some(()))
    })
    .await;
    counted.with_context(|| format!("the button says {badge}, and the log has {entries} entries"))
}

/// It was asked for every socket that comes so far.
fn check_listeners(events: &[&str], round: &[Tried], asked: &Asked) -> Result<()> {
    for event in events {
        for tried in round.iter().filter(|tried| comes_to(event, tried)) {
            let was_asked = asked.iter().any(|(of, address)| of == event && *address == tried.url);
            ensure!(was_asked, "the other extension was not asked {event} for {}", tried.url);
        }
    }
    Ok(())
}

fn comes_to(event: &str, tried: &Tried) -> bool {
    match event {
        "onBeforeRequest" => true,
        "onAuthRequired" => !tried.has_rule() && tried.route == Route::Http1,
        _ => {
            !tried.has_rule() || (tried.kind == Kind::Wrong && tried.preflight == "off" && tried.route != Route::Clear)
        }
    }
}

/// Its rules are for every socket with the wrong key, and Firefox obeys them.
async fn check_rules(hosts: &Hosts, round: &[Tried]) -> Result<()> {
    let wrong = round.iter().filter(|tried| tried.kind == Kind::Wrong);
    let urls: Vec<&str> = wrong.map(|tried| tried.url.as_str()).collect();
    for (url, matches) in urls.iter().zip(hosts.firefox().other_matches(&urls).await?) {
        ensure!(matches > 0, "no rule of the other extension is for {url}");
    }
    for tried in round.iter().filter(|tried| tried.kind == Kind::Marked) {
        ensure!(tried.seen.refused(), "no rule has stopped {}: {:?}", tried.url, tried.seen);
    }
    Ok(())
}
