//! What was seen in this session: a row for each endpoint, and a field for a host that no socket has reached yet.

use std::cell::Cell;
use std::rc::Rc;

use wasm_bindgen::JsValue;
use web_sys::{Element, HtmlElement, HtmlInputElement};

use super::messages;
use super::picker::{Picker, Subject};
use super::rule_store::{RuleStore, current_time};
use super::seen_store::{SeenStore, ShownChain};
use super::ui::list::{Item, List};
use super::ui::notices::set_notices;
use crate::browser::dom::{JsResult, by_id, id, listen, listen_at, show, spawn, window};
use crate::browser::part::{Part, part, part_around, say_in};
use crate::browser::url_host::url_host;
use crate::browser::words::say;
use crate::changed_key::is_renewed_with_same_key;
use crate::connection::{Connection, Scheme, Target};
use crate::host::{Host, HostPattern, PatternScope};
use crate::message::{PageRequest, Response};
use crate::policy::Layers;
use crate::seen::{SeenChain, SeenEndpoint};
use crate::time::UnixMillis;
use crate::verdict::judge;
use crate::view::notice::{Notice, Tag};
use crate::view::seen as words;

pub(super) struct SeenSection {
    list: Rc<List<Row>>,
    seen: Rc<SeenStore>,
    store: Rc<RuleStore>,
    picker: Rc<Picker>,
    /// The host that is typed in.
    host: HtmlInputElement,
    is_asking: Cell<bool>,
}

/// A server, as it is typed in.
struct Typed {
    host: Host,
    port: u16,
}

impl SeenSection {
    pub(super) fn new(seen: Rc<SeenStore>, store: Rc<RuleStore>, picker: Rc<Picker>) -> JsResult<Rc<Self>> {
        let section = Rc::new(Self {
            list: List::new(by_id(id!("seen"))?)?,
            seen,
            store,
            picker,
            host: by_id(id!("look-host"))?,
            is_asking: Cell::new(false),
        });
        section.listen()?;
        say_in(id!("look-about"), &words::nothing_entered())?;
        Ok(section)
    }

    fn listen(self: &Rc<Self>) -> JsResult {
        let this = Rc::clone(self);
        self.seen.subscribe(move || this.draw());
        let this = Rc::clone(self);
        self.store.subscribe(move || this.draw());
        let this = Rc::clone(self);
        listen_at(id!("seen"), "click", move |event| {
            let pressed = part_around(&event, part!("seen-pin")).and_then(|_| part_around(&event, part!("endpoint")));
            let Some(key) = pressed.and_then(|row| row.root().dataset().get("endpoint")) else {
                return Ok(());
            };
            match this.list.find(|row| (row.key() == key).then(|| row.endpoint.clone())) {
                Some(endpoint) => this.pin(&endpoint),
                None => Ok(()),
            }
        })?;
        let this = Rc::clone(self);
        listen(&self.host, "input", move |_| {
            this.say(&[])?;
            let about = match this.typed() {
                Ok(typed) if this.chains(&typed).is_empty() => words::contacts(&typed.host.to_string(), typed.port),
                Ok(typed) => words::is_known(&typed.host.to_string(), typed.port),
                Err(_) => words::nothing_entered(),
            };
            say_in(id!("look-about"), &about)
        })?;
        let this = Rc::clone(self);
        listen_at(id!("look-form"), "submit", move |event| {
            event.prevent_default();
            let this = Rc::clone(&this);
            spawn(async move { this.look().await });
            Ok(())
        })
    }

    /// Shows what was seen, by the rules that hold now.
    fn draw(&self) -> JsResult {
        show(id!("seen-section"), self.store.problem().is_none())?;
        let seen = self.seen.seen();
        show(id!("nothing-seen"), seen.endpoints().is_empty())?;
        let (layers, now) = (self.store.layers(), current_time());
        let mut latest: Vec<&SeenEndpoint> = seen.endpoints().iter().collect();
        latest.sort_by_cached_key(|endpoint| std::cmp::Reverse(endpoint.last));
        let row = |endpoint: &SeenEndpoint| {
            let chains = self.seen.chains(endpoint);
            let is_renewed = chains.split_first().is_some_and(|(latest, before)| {
                // The same certificate may be there twice, with something else that was known of it.
                let leaf = |chain: &ShownChain| chain.facts.certificates().0.first().cloned();
                let before = before.iter().find(|chain| leaf(chain) != leaf(latest));
                before.is_some_and(|before| is_renewed_with_same_key(&before.facts, &latest.facts))
            });
            let state = state(endpoint, &chains, &layers, now);
            Row { state, is_renewed, endpoint: endpoint.clone(), now }
        };
        self.list.show(latest.into_iter().map(row).collect())
    }

    /// Opens the picker for the server that the page's address names, if it names one: `#pin=host:port`.
    pub(super) fn pin_linked(&self) -> JsResult {
        let window = window()?;
        let address = window.location().hash()?;
        let named = address
            .strip_prefix('#')
            .and_then(|named| named.strip_prefix("pin="))
            .and_then(|named| named.rsplit_once(':'));
        let Some((host, Ok(port))) = named.map(|(host, port)| (host.to_owned(), port.parse::<u16>())) else {
            return Ok(());
        };
        // Loaded again, the page does not ask again.
        window.history()?.replace_state_with_url(&JsValue::NULL, "", Some(&window.location().pathname()?))?;
        let seen = self.seen.seen().endpoints().iter().find(|seen| seen.host == host && seen.port == port).cloned();
        match seen {
            Some(endpoint) => self.pin(&endpoint),
            None => self.offer_to_ask(&host, port),
        }
    }

    /// Opens the picker for what a server has shown. Where that is not known it is asked for only once somebody says so.
    fn pin(&self, endpoint: &SeenEndpoint) -> JsResult {
        let chains = self.seen.chains(endpoint);
        if chains.is_empty() {
            return self.offer_to_ask(&endpoint.host, endpoint.port);
        }
        self.picker.open(Subject { host: endpoint.host.clone(), port: endpoint.port, chains })
    }

    fn offer_to_ask(&self, host: &str, port: u16) -> JsResult {
        self.host.set_value(&format!("{host}:{port}"));
        say_in(id!("look-about"), &words::contacts(host, port))?;
        Ok(self.host.focus()?)
    }

    fn typed(&self) -> Result<Typed, Notice> {
        const USUAL: u16 = 443;
        let pattern = HostPattern::parse(&self.host.value(), &url_host).map_err(|error| Notice::from(&error))?.pattern;
        if pattern.scope() != PatternScope::Exact {
            return Err(words::one_host());
        }
        Ok(Typed { host: pattern.base().clone(), port: pattern.port().unwrap_or(USUAL) })
    }

    /// What its sockets have shown. Where nobody has more than looked, it may be another by now: whoever types it asks again.
    fn chains(&self, typed: &Typed) -> Vec<ShownChain> {
        let host = typed.host.to_string();
        let is_it =
            |endpoint: &&SeenEndpoint| endpoint.count > 0 && endpoint.host == host && endpoint.port == typed.port;
        let seen = self.seen.seen();
        seen.endpoints().iter().find(is_it).map(|endpoint| self.seen.chains(endpoint)).unwrap_or_default()
    }

    async fn look(&self) -> JsResult {
        let typed = match self.typed() {
            Ok(typed) => typed,
            Err(notice) => return self.say(&[notice]),
        };
        let (host, port) = (typed.host.to_string(), typed.port);
        let mut chains = self.chains(&typed);
        if chains.is_empty() {
            if self.is_asking.replace(true) {
                return Ok(());
            }
            self.say(&[words::asking(&host, port)])?;
            let request = PageRequest::Look { host: host.clone(), port, private: messages::is_private() };
            let answer = messages::ask(&request).await;
            self.is_asking.set(false);
            let shown = match answer {
                Ok(Response::Looked { chain }) => {
                    SeenChain::read(&chain).ok_or_else(|| Notice::from(&messages::unexpected()))
                }
                Ok(Response::Unanswered { failure }) => Err(words::unanswered(failure)),
                Ok(_) => Err(Notice::from(&messages::unexpected())),
                Err(error) => Err(Notice::from(&error)),
            };
            match shown {
                Ok(facts) => chains.push(ShownChain { facts: Rc::new(facts), seen: current_time() }),
                Err(notice) => return self.say(&[notice]),
            }
        }
        self.say(&[])?;
        self.picker.open(Subject { host, port, chains })
    }

    fn say(&self, notices: &[Notice]) -> JsResult {
        let is_wrong = notices.iter().any(|notice| notice.kind == crate::view::notice::NoticeKind::Error);
        self.host.set_attribute("aria-invalid", if is_wrong { "true" } else { "false" })?;
        set_notices(&by_id(id!("look-message"))?, notices)
    }
}

/// What the rules make of the chain that an endpoint has shown last.
fn state(endpoint: &SeenEndpoint, chains: &[ShownChain], layers: &Layers, now: UnixMillis) -> Tag {
    let verdict = chains.first().and_then(|chain| {
        let host = Host::parse(&endpoint.host, &url_host).ok()?;
        let target = Target { scheme: Scheme::Wss, host, port: endpoint.port };
        Some(judge(layers, &Connection { target, facts: chain.facts.as_ref().clone(), now }))
    });
    words::state(verdict.as_ref())
}

struct Row {
    endpoint: SeenEndpoint,
    state: Tag,
    /// Whether it has another certificate than before, with the same key.
    is_renewed: bool,
    now: UnixMillis,
}

impl Item for Row {
    /// What makes it what it is never changes.
    type Version = ();

    fn key(&self) -> String {
        format!("{}:{}", self.endpoint.host, self.endpoint.port)
    }

    fn version(&self) {}

    fn draw(&self) -> JsResult<HtmlElement> {
        let row = Part::copy(id!("seen-template"))?;
        row.root().dataset().set("endpoint", &self.key())?;
        row.text(part!("seen-host"), &words::endpoint(&self.endpoint.host, self.endpoint.port))?;
        row.label(part!("seen-pin"), &words::pin_label(&self.endpoint.host, self.endpoint.port))?;
        Ok(row.root().clone())
    }

    fn update(&self, element: &Element) -> JsResult {
        let row = Part::of(element);
        row.tag(part!("seen-state"), &self.state)?;
        let facts = words::facts(&self.endpoint, self.now);
        let renewed = self.is_renewed.then(words::renewed_with_same_key);
        let facts: Vec<_> = facts.iter().chain(&renewed).map(say).collect();
        row.text(part!("seen-facts"), &facts.join(" · "))
    }
}
