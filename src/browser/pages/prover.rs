//! The part of the tester that proves a rule: asks for two sockets of Sockpin's own, one after the other, and says what came of
//! each.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::sync::Arc;

use web_sys::{Element, HtmlElement, HtmlInputElement};

use super::messages;
use super::rule_store::RuleStore;
use super::seen_store::SeenStore;
use super::ui::notices::set_notices;
use crate::browser::dom::{JsResult, by_id, id, listen, listen_at, show, spawn};
use crate::browser::part::{Part, part, say_in};
use crate::browser::url_host::url_host;
use crate::host::{Host, HostPattern, PatternScope};
use crate::message::{PageRequest, Response};
use crate::policy::Layer;
use crate::proof::{Conclusion, Proved};
use crate::rule::Rule;
use crate::view::notice::{Notice, NoticeKind};
use crate::view::proof::{self as words, Told};
use crate::view::seen::{endpoint, one_host};

pub(super) struct Prover {
    seen: Rc<SeenStore>,
    store: Rc<RuleStore>,
    host: HtmlInputElement,
    /// The rule that is proved; none where it is not stored.
    rule: RefCell<Option<(Layer, Arc<Rule>)>>,
    is_running: Cell<bool>,
    /// How many rules have been shown: what comes of one is not said of the next.
    shown: Cell<u64>,
}

/// One host, and that the rule decides about it.
struct Typed {
    host: Host,
    port: u16,
}

impl Prover {
    pub(super) fn new(seen: Rc<SeenStore>, store: Rc<RuleStore>) -> JsResult<Rc<Self>> {
        let prover = Rc::new(Self {
            seen,
            store,
            host: by_id(id!("prove-host"))?,
            rule: RefCell::default(),
            is_running: Cell::new(false),
            shown: Cell::new(0),
        });
        let this = Rc::clone(&prover);
        listen(&prover.host, "input", move |_| {
            this.say(&[])?;
            this.say_about()
        })?;
        let this = Rc::clone(&prover);
        listen_at(id!("prove-form"), "submit", move |event| {
            event.prevent_default();
            let this = Rc::clone(&this);
            spawn(async move { this.prove().await });
            Ok(())
        })?;
        Ok(prover)
    }

    /// Is about this rule from now on; none for one that is not stored.
    pub(super) fn show(&self, rule: Option<(Layer, Arc<Rule>)>) -> JsResult {
        self.shown.set(self.shown.get().wrapping_add(1));
        show(id!("prove-form"), rule.is_some())?;
        show(id!("prove-unsaved"), rule.is_none())?;
        let hosts = rule.as_ref().map(|(_, rule)| self.hosts(rule.host())).unwrap_or_default();
        self.host.set_value(hosts.first().map_or("", String::as_str));
        Part::with_id(id!("prove-hosts"))?.fill(hosts.iter().map(|host| {
            let option = Part::copy(id!("option-template"))?;
            option.root().set_text_content(Some(host));
            Ok(option)
        }))?;
        self.rule.replace(rule);
        Part::with_id(id!("prove-outcomes"))?.fill([])?;
        self.say(&[])?;
        self.say_about()
    }

    /// The hosts that come to mind: those of this session, whose ports have answered, and the one of the rule itself.
    fn hosts(&self, pattern: &HostPattern) -> Vec<String> {
        let own = (pattern.scope() == PatternScope::Exact).then(|| pattern.to_string());
        let seen = self.seen.seen();
        let mut endpoints: Vec<_> = seen.endpoints().iter().collect();
        endpoints.sort_by_cached_key(|endpoint| std::cmp::Reverse(endpoint.last));
        let seen = endpoints.into_iter().filter_map(|seen| {
            let host = Host::parse(&seen.host, &url_host).ok()?;
            pattern.matches(&host, seen.port).then(|| endpoint(&seen.host, seen.port))
        });
        let mut hosts: Vec<String> = Vec::new();
        for host in seen.chain(own) {
            if !hosts.contains(&host) {
                hosts.push(host);
            }
        }
        hosts
    }

    fn typed(&self) -> Result<Typed, Notice> {
        const USUAL: u16 = 443;
        let pattern = HostPattern::parse(&self.host.value(), &url_host).map_err(|error| Notice::from(&error))?.pattern;
        if pattern.scope() != PatternScope::Exact {
            return Err(one_host());
        }
        Ok(Typed { host: pattern.base().clone(), port: pattern.port().unwrap_or(USUAL) })
    }

    fn say_about(&self) -> JsResult {
        let about = match self.typed() {
            Ok(Typed { host, port }) => words::about(&host.to_string(), port),
            Err(_) => words::no_host(),
        };
        say_in(id!("prove-about"), &about)
    }

    fn say(&self, notices: &[Notice]) -> JsResult {
        let is_wrong = notices.iter().any(|notice| notice.kind == NoticeKind::Error);
        self.host.set_attribute("aria-invalid", if is_wrong { "true" } else { "false" })?;
        set_notices(&by_id::<Element>(id!("prove-message"))?, notices)
    }

    /// What is to be done, or what keeps it from being done.
    fn plan(&self, layer: Layer, rule: &Rule) -> Result<Typed, Notice> {
        let typed = self.typed()?;
        let layers = self.store.layers();
        let deciding =
            layers.lookup(&typed.host, typed.port).find(|(of, _)| *of == layer).map(|(_, deciding)| deciding);
        if deciding.is_some_and(|deciding| deciding.id() == rule.id()) {
            return Ok(typed);
        }
        let other = deciding.filter(|_| rule.host().matches(&typed.host, typed.port));
        Err(words::not_decided(&typed.host.to_string(), typed.port, other.map(AsRef::as_ref)))
    }

    async fn prove(&self) -> JsResult {
        let Some((layer, rule)) = self.rule.borrow().clone() else {
            return Ok(());
        };
        let typed = match self.plan(layer, &rule) {
            Ok(typed) => typed,
            Err(notice) => {
                self.say(&[notice])?;
                return Ok(self.host.focus()?);
            }
        };
        if self.is_running.replace(true) {
            return Ok(());
        }
        let proved = self.both(&rule, &typed).await;
        self.is_running.set(false);
        proved
    }

    async fn both(&self, rule: &Arc<Rule>, typed: &Typed) -> JsResult {
        let shown = self.shown.get();
        self.say(&[])?;
        let list = Part::with_id(id!("prove-outcomes"))?;
        list.fill([])?;
        for has_wrong_pin in [false, true] {
            let row = Part::copy(id!("trial-template"))?;
            row.say(part!("trial-chain"), &words::which(has_wrong_pin))?;
            tell(&row, &words::running())?;
            list.append(&row)?;
            let request = PageRequest::Prove {
                id: rule.id().to_owned(),
                host: typed.host.to_string(),
                port: typed.port,
                wrong_pin: has_wrong_pin,
            };
            let answer = messages::ask(&request).await;
            if self.shown.get() != shown {
                return Ok(());
            }
            let notice = match answer {
                Ok(Response::Proved { proved }) => {
                    let told = if has_wrong_pin { words::with_wrong_pin } else { words::with_rule };
                    tell(&row, &told(&proved, rule))?;
                    if has_wrong_pin || is_judged(&proved) {
                        continue;
                    }
                    let row = Part::copy(id!("trial-template"))?;
                    row.say(part!("trial-chain"), &words::which(true))?;
                    tell(&row, &words::not_tried())?;
                    return list.append(&row);
                }
                Ok(Response::Proving) => words::busy(),
                Ok(_) => Notice::from(&messages::unexpected()),
                Err(error) => Notice::from(&error),
            };
            row.root().remove();
            return self.say(&[notice]);
        }
        Ok(())
    }
}

fn is_judged(proved: &Proved) -> bool {
    proved.conclusion != Conclusion::Unjudged
}

fn tell(row: &Part, told: &Told) -> JsResult {
    row.tag(part!("trial-state"), &told.state)?;
    let reason: HtmlElement = row.get(part!("trial-reason"))?;
    row.say(part!("trial-reason"), &told.text)?;
    reason.set_hidden(reason.text_content().is_none_or(|text| text.is_empty()));
    Ok(())
}
