//! A rule tried before it is trusted: by sockets of Sockpin's own, on the chains that were seen, and on a chain out of a file.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;

use web_sys::{DataTransfer, File, HtmlDialogElement, HtmlElement, HtmlInputElement, HtmlTextAreaElement};

use super::picked_certificate;
use super::prover::Prover;
use super::rule_store::{RuleStore, current_time};
use super::seen_store::SeenStore;
use super::ui::notices::set_notices;
use crate::browser::dom::{JsResult, around, by_id, id, listen_at, show, spawn};
use crate::browser::files::{self, accept_drops};
use crate::browser::part::{Part, part, say_in};
use crate::browser::url_host::url_host;
use crate::connection::{Chain, Connection, Facts};
use crate::formats::chain;
use crate::host::Host;
use crate::policy::Layer;
use crate::rule::{Rule, RuleDocument};
use crate::trial::Trial;
use crate::verdict::Verdict;
use crate::view::notice::Notice;
use crate::view::seen::{state, tried, why};
use crate::view::source::{Source, refused};
use crate::view::tester as words;
use crate::view::text::Text;

pub(super) struct Tester {
    dialog: HtmlDialogElement,
    seen: Rc<SeenStore>,
    prover: Rc<Prover>,
    /// The rule that is tried.
    trial: RefCell<Option<Trial>>,
}

impl Tester {
    pub(super) fn new(seen: &Rc<SeenStore>, store: &Rc<RuleStore>) -> JsResult<Rc<Self>> {
        let tester = Rc::new(Self {
            dialog: by_id(id!("tester"))?,
            seen: Rc::clone(seen),
            prover: Prover::new(Rc::clone(seen), Rc::clone(store))?,
            trial: RefCell::default(),
        });
        tester.listen()?;
        Ok(tester)
    }

    fn listen(self: &Rc<Self>) -> JsResult {
        let this = Rc::clone(self);
        self.seen.subscribe(move || if this.dialog.open() { this.draw_seen() } else { Ok(()) });
        let this = Rc::clone(self);
        listen_at(id!("tester-close"), "click", move |_| {
            this.dialog.close();
            Ok(())
        })?;
        let this = Rc::clone(self);
        accept_drops(&by_id(id!("tester-drop"))?, move |data| this.dropped(&data))?;
        let this = Rc::clone(self);
        listen_at(id!("tester-file"), "change", move |event| {
            let Some(input) = around::<HtmlInputElement>(&event, "input") else {
                return Ok(());
            };
            let chosen = files::of_list(input.files());
            // So that the same file can be chosen again.
            input.set_value("");
            this.take(chosen)
        })?;
        let this = Rc::clone(self);
        listen_at(id!("tester-text"), "input", move |event| {
            match around::<HtmlTextAreaElement>(&event, "textarea").map(|area| area.value()) {
                Some(text) if !text.trim().is_empty() => this.read(&Source::Pasted, text.as_bytes()),
                Some(_) | None => forget_file(),
            }
        })
    }

    /// Opens it for a rule that is in force.
    pub(super) fn open_stored(&self, layer: Layer, rule: &Arc<Rule>) -> JsResult {
        self.prover.show(Some((layer, Arc::clone(rule))))?;
        self.open(Trial::of_stored(Arc::clone(rule), current_time()), &RuleDocument::from(rule.as_ref()))
    }

    /// Opens it for a rule as it is typed. One that is wrong is not tried.
    pub(super) fn open_draft(&self, rule: &RuleDocument) -> JsResult {
        let Ok(trial) = Trial::of(rule, current_time(), &url_host) else {
            return Ok(());
        };
        self.prover.show(None)?;
        self.open(trial, rule)
    }

    fn open(&self, trial: Trial, rule: &RuleDocument) -> JsResult {
        say_in(id!("tester-title"), &words::title(rule))?;
        self.trial.replace(Some(trial));
        by_id::<HtmlTextAreaElement>(id!("tester-text"))?.set_value("");
        forget_file()?;
        self.draw_seen()?;
        self.dialog.show_modal()?;
        self.dialog.set_scroll_top(0);
        Ok(())
    }

    /// What it decides of every chain of this session from a host that it is for.
    fn draw_seen(&self) -> JsResult {
        let trial = self.trial.borrow();
        let Some(trial) = trial.as_ref() else { return Ok(()) };
        let now = current_time();
        let seen = self.seen.seen();
        let mut rows = Vec::new();
        for endpoint in seen.endpoints() {
            let Ok(host) = Host::parse(&endpoint.host, &url_host) else { continue };
            if !trial.rule().host().matches(&host, endpoint.port) {
                continue;
            }
            for shown in self.seen.chains(endpoint) {
                let (connection, verdict) = trial.decide(host.clone(), endpoint.port, shown.facts.as_ref().clone());
                let of = tried(&endpoint.host, endpoint.port, &shown.facts, shown.seen, now);
                rows.push((shown.seen, draw(&of, &connection, &verdict)));
            }
        }
        rows.sort_by_cached_key(|(time, _)| std::cmp::Reverse(*time));
        show(id!("tester-nothing-seen"), rows.is_empty())?;
        Part::with_id(id!("tester-seen"))?.fill(rows.into_iter().map(|(_, row)| row))
    }

    fn dropped(self: &Rc<Self>, data: &DataTransfer) -> JsResult {
        let dropped = files::of_list(data.files());
        if dropped.is_empty() {
            return self.read(&Source::Dropped, data.get_data("text")?.as_bytes());
        }
        self.take(dropped)
    }

    fn take(self: &Rc<Self>, mut files: Vec<File>) -> JsResult {
        let Some(file) = files.pop() else { return Ok(()) };
        if !files.is_empty() {
            return refuse(&words::one_file());
        }
        let this = Rc::clone(self);
        spawn(async move {
            let source = Source::File(file.name());
            match files::read_bytes(&file).await {
                Ok(bytes) => this.read(&source, &bytes),
                Err(problem) => refuse(&refused(&source, &problem)),
            }
        });
        Ok(())
    }

    /// Shows the chain in a file, and what the rule decides of it.
    fn read(&self, source: &Source, bytes: &[u8]) -> JsResult {
        match chain(bytes) {
            Ok(certificates) => self.draw_file(source, certificates),
            Err(why) => refuse(&words::no_chain(source, &why)),
        }
    }

    fn draw_file(&self, source: &Source, certificates: Vec<Vec<u8>>) -> JsResult {
        forget_file()?;
        let trial = self.trial.borrow();
        let Some(trial) = trial.as_ref() else { return Ok(()) };
        // As if the browser had validated it, and reported nothing that speaks against it.
        let facts =
            Facts::Validated(Chain { certificates: certificates.into(), root_is_built_in: None, ct_compliant: true });
        let Some((connection, verdict)) = trial.decide_at_own_host(facts.clone()) else { return Ok(()) };
        let picture = Part::with_id(id!("tester-certificates"))?;
        let mark = |place: usize, der: &[u8]| words::certificate_mark(trial.rule(), place, der, current_time());
        picked_certificate::draw_marked(&picture, &facts, mark)?;
        let verdict = draw(&words::as_if(source), &connection, &verdict);
        Part::with_id(id!("tester-verdict"))?.fill([verdict])?;
        show(id!("tester-outcome"), true)?;
        by_id::<HtmlElement>(id!("tester-outcome"))?.scroll_into_view();
        Ok(())
    }
}

fn draw(of: &Text, connection: &Connection, verdict: &Verdict) -> JsResult<Part> {
    let element = Part::copy(id!("trial-template"))?;
    element.tag(part!("trial-state"), &state(Some(verdict)))?;
    element.say(part!("trial-chain"), of)?;
    element.say(part!("trial-reason"), &why(verdict, connection))?;
    Ok(element)
}

/// Says no more of a file.
fn forget_file() -> JsResult {
    show(id!("tester-outcome"), false)?;
    set_notices(&by_id(id!("tester-file-message"))?, &[])
}

/// Says why there is no chain.
fn refuse(notice: &Notice) -> JsResult {
    forget_file()?;
    set_notices(&by_id(id!("tester-file-message"))?, std::slice::from_ref(notice))
}
