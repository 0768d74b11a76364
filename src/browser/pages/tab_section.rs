//! The sockets of the current tab, as the background keeps them in `storage.session`: a row for those that are alike, read
//! anew each time that they change.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use js_sys::Reflect;
use wasm_bindgen::prelude::*;
use web_sys::{Element, HtmlElement};

use super::messages;
use super::rule_store::{RuleStore, current_time};
use super::ui::list::{Item, List};
use super::ui::live_region::announce;
use crate::browser::api;
use crate::browser::convert::{property, read_js};
use crate::browser::dom::{JsResult, by_id, focus, id, listen_at, show, spawn};
use crate::browser::part::{Part, part, part_around, say_in};
use crate::browser::url_host::url_host;
use crate::browser::words::say;
use crate::connection::{Connection, Facts, MissingFacts, Target};
use crate::host::Host;
use crate::pause::{PAUSE, Pause};
use crate::policy::Layers;
use crate::tab_sockets::{SocketPlace, SocketRow, SocketState, TabSockets, is_of_earlier_page, tab_key, tab_of_popup};
use crate::time::UnixMillis;
use crate::verdict::{Verdict, judge};
use crate::view::tab::{self as words, Action, Circumstances, InLog, RowWords};

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(catch, js_namespace = ["browser", "storage", "session", "onChanged"], js_name = addListener)]
    fn add_session_listener(listener: &Closure<dyn FnMut(JsValue)>) -> Result<(), JsValue>;

    #[wasm_bindgen(catch, js_namespace = ["browser", "tabs", "onUpdated"], js_name = addListener)]
    fn add_tab_listener(listener: &Closure<dyn FnMut(JsValue)>) -> Result<(), JsValue>;

    #[wasm_bindgen(catch, js_namespace = ["browser", "tabs"], js_name = reload)]
    async fn reload_tab(tab: i32) -> Result<JsValue, JsValue>;

    #[wasm_bindgen(catch, js_namespace = ["browser", "tabs"], js_name = get)]
    fn get_tab(tab: i32) -> Result<JsValue, JsValue>;

    #[wasm_bindgen(catch, js_namespace = ["browser", "tabs"], js_name = create)]
    async fn create_tab(properties: &JsValue) -> Result<JsValue, JsValue>;

    #[wasm_bindgen(catch, js_namespace = ["browser", "action"], js_name = getPopup)]
    async fn popup_of(tab: &JsValue) -> Result<JsValue, JsValue>;
}

/// The log, as far as a row has to do with it.
pub(super) trait Explanations {
    /// Whether the log has an entry of such a socket, of a private window or of any other.
    fn has(&self, place: &SocketPlace, is_private: bool) -> bool;
    /// Opens it, and goes there.
    fn open(&self, place: &SocketPlace, is_private: bool) -> JsResult;
}

pub(super) struct TabSection {
    /// None where it cannot be found out.
    tab: Cell<Option<i32>>,
    list: Rc<List<Row>>,
    sockets: RefCell<TabSockets>,
    is_paused: Cell<bool>,
    /// Whether its page was there before Sockpin was on.
    is_earlier: Cell<bool>,
    /// The rules are read only where they tell something.
    rules: Rc<RuleStore>,
    reads_rules: Cell<bool>,
    has_read_rules: Cell<bool>,
    log: Box<dyn Explanations>,
    /// What was said of all of them last.
    said: RefCell<Option<String>>,
}

impl TabSection {
    pub(super) fn new(log: impl Explanations + 'static) -> JsResult<Rc<Self>> {
        let section = Rc::new(Self {
            tab: Cell::new(None),
            list: List::new(by_id(id!("tab-sockets"))?)?,
            sockets: RefCell::default(),
            is_paused: Cell::new(false),
            is_earlier: Cell::new(false),
            rules: Rc::default(),
            reads_rules: Cell::new(false),
            has_read_rules: Cell::new(false),
            log: Box::new(log),
            said: RefCell::default(),
        });
        let this = Rc::clone(&section);
        section.rules.subscribe(move || {
            this.has_read_rules.set(true);
            this.draw()
        });
        let this = Rc::clone(&section);
        listen_at(id!("tab-sockets"), "click", move |event| {
            let pressed = part_around(&event, part!("tab-action")).and_then(|_| part_around(&event, part!("tab-row")));
            let Some(key) = pressed.and_then(|row| row.root().dataset().get("row")) else {
                return Ok(());
            };
            let chosen =
                this.list.find(|row| (row.key() == key).then(|| (row.words.action, row.sockets.place.clone())));
            match chosen {
                Some((Some(action), place)) => this.act(action, &place),
                Some((None, _)) | None => Ok(()),
            }
        })?;
        let this = Rc::clone(&section);
        listen_at(id!("tab-reload"), "click", move |_| this.reload())?;
        Ok(section)
    }

    /// Shows what is there, and goes on for as long as the page lives.
    pub(super) async fn start(self: &Rc<Self>) -> JsResult {
        self.tab.set(current_tab().await);
        let again = |this: &Rc<Self>| {
            let this = Rc::clone(this);
            spawn(async move { this.load().await });
        };
        let this = Rc::clone(self);
        let stored = Closure::<dyn FnMut(JsValue)>::new(move |changes: JsValue| {
            let keys = [this.tab.get().map(tab_key), Some(PAUSE.to_owned())];
            if keys.iter().flatten().any(|key| Reflect::has(&changes, &JsValue::from_str(key)).unwrap_or(false)) {
                again(&this);
            }
        });
        add_session_listener(&stored)?;
        stored.forget();
        let this = Rc::clone(self);
        let went = Closure::<dyn FnMut(JsValue)>::new(move |tab: JsValue| {
            if tab.as_f64() == this.tab.get().map(f64::from) {
                again(&this);
            }
        });
        add_tab_listener(&went)?;
        went.forget();
        self.load().await
    }

    /// Other rules may be in force, if that matters here.
    pub(super) fn rules_have_changed(&self) {
        if self.reads_rules.get() {
            spawn(self.rules.read());
        }
    }

    async fn load(&self) -> JsResult {
        let Some(tab) = self.tab.get() else {
            return self.draw();
        };
        let key = tab_key(tab);
        let items = api::session_get(&[&key, PAUSE]).await?;
        let pause: Option<Pause> = read_js(&property(&items, PAUSE)).ok();
        self.is_paused.set(pause.is_some_and(|pause| pause.lasts(current_time())));
        // What is kept of a page that has gone says nothing of the one that is there.
        let text = Reflect::get(&items, &JsValue::from_str(&key)).ok().and_then(|text| api::long_text(&text));
        let popup = popup_of_tab(tab).await.unwrap_or_default();
        self.is_earlier.set(is_of_earlier_page(&popup));
        let sockets = match text {
            Some(text) if tab_of_popup(&popup).is_some() => TabSockets::from_text(&text),
            Some(_) | None => TabSockets::default(),
        };
        let rules_tell = |row: &SocketRow| {
            matches!(row.place.state, SocketState::NotPinned | SocketState::Paused | SocketState::Failed(_))
        };
        if sockets.rows().iter().any(rules_tell) && !self.reads_rules.replace(true) {
            spawn(self.rules.read());
        }
        self.sockets.replace(sockets);
        self.draw()?;
        show(id!("tab-missing-cleartext"), is_over_tls(tab).await)
    }

    /// The sockets about which the log says more, and whether they are of a private window.
    pub(super) fn violations(&self) -> (Vec<SocketRow>, bool) {
        let sockets = self.sockets.borrow();
        let is_logged = |state: &SocketState| state.is_violation() || *state == SocketState::Paused;
        let rows = sockets.rows().iter().filter(|row| is_logged(&row.place.state));
        (rows.cloned().collect(), sockets.is_private())
    }

    /// Shows the rows, by the rules and the log as they are now.
    pub(super) fn draw(&self) -> JsResult {
        let sockets = self.sockets.borrow();
        let (layers, now) = (self.rules.layers(), current_time());
        // As long as they are not known, no page is offered that a rule would speak against.
        let is_unknown = !self.has_read_rules.get() || self.rules.problem().is_some();
        let row = |row: &SocketRow| {
            let may_be_ruled = is_unknown && matches!(row.place.state, SocketState::Failed(_));
            let circumstances = Circumstances {
                is_ruled: may_be_ruled || is_ruled(&row.place, &layers, now),
                is_paused: self.is_paused.get(),
                log: self.in_log(sockets.is_private(), &row.place),
            };
            Row { sockets: row.clone(), words: words::row(row, circumstances), now }
        };
        let rows: Vec<Row> = sockets.rows().iter().rev().map(row).collect();
        let not_judged = rows.iter().filter(|row| row.words.action == Some(Action::Reload)).count();
        let summary = words::summary(sockets.summary(), not_judged, self.is_earlier.get());
        let line: HtmlElement = by_id(id!("tab-summary"))?;
        line.dataset().set("state", summary.name)?;
        let said = say(&summary.text);
        line.set_text_content(Some(&said));
        if self.said.replace(Some(said.clone())).is_some_and(|before| before != said) {
            announce(&summary.text)?;
        }
        let without_sockpin = words::without_sockpin(sockets.summary());
        show(id!("tab-without-sockpin"), without_sockpin.is_some())?;
        if let Some(said) = &without_sockpin {
            say_in(id!("tab-without-sockpin"), said)?;
        }
        show(id!("tab-earlier"), self.is_earlier.get())?;
        show(id!("tab-omitted"), sockets.omitted() > 0)?;
        say_in(id!("tab-omitted"), &words::omitted(sockets.omitted()))?;
        self.list.show(rows)
    }

    fn in_log(&self, is_private: bool, place: &SocketPlace) -> InLog {
        match self.log.has(place, is_private) {
            true if is_private => InLog::PrivateEntry,
            true => InLog::Entry,
            false => InLog::Nothing,
        }
    }

    fn act(&self, action: Action, place: &SocketPlace) -> JsResult {
        match action {
            Action::Explain => {
                let is_private = self.sockets.borrow().is_private();
                self.log.open(place, is_private)
            }
            Action::Pin => {
                let address = format!("options.html#pin={}:{}", place.host, place.port);
                spawn(async move { open(&address).await });
                Ok(())
            }
            Action::Decide => {
                let address = words::page_to_decide(place);
                spawn(async move { open(&address).await });
                Ok(())
            }
            Action::Reload => self.reload(),
        }
    }

    fn reload(&self) -> JsResult {
        let Some(tab) = self.tab.get() else { return Ok(()) };
        spawn(async move { Ok(reload_tab(tab).await.map(drop)?) });
        // What is said of the page goes with it, and the button with that.
        focus(id!("tab-heading"))
    }
}

/// The tab that the popup's address names, else the one that it stands over.
async fn current_tab() -> Option<i32> {
    let address = crate::browser::dom::window().ok()?.location().href().ok()?;
    if let Some(tab) = tab_of_popup(&address) {
        return Some(tab);
    }
    let current = js_sys::JSON::parse(r#"{"active": true, "currentWindow": true}"#).ok()?;
    let tabs = api::tabs(&current).await.ok()?;
    let id: u32 = read_js(&property(&tabs.dyn_into::<js_sys::Array>().ok()?.get(0), "id")).ok()?;
    i32::try_from(id).ok()
}

/// The popup of a tab says of which page it is.
async fn popup_of_tab(tab: i32) -> Option<String> {
    let details = js_sys::Object::new();
    Reflect::set(&details, &JsValue::from_str("tabId"), &JsValue::from(tab)).ok()?;
    popup_of(&details).await.ok()?.as_string()
}

/// Whether the page of a tab came over TLS. Firefox lets such a one open no socket in clear, and says nothing of it.
async fn is_over_tls(tab: i32) -> bool {
    let url = api::awaited(get_tab(tab)).await.ok().and_then(|tab| property(&tab, "url").as_string());
    url.is_some_and(|url| url.starts_with("https:"))
}

/// Opens a page in a tab; a popup closes over it.
async fn open(address: &str) -> JsResult {
    let properties = js_sys::Object::new();
    Reflect::set(&properties, &JsValue::from_str("url"), &JsValue::from_str(address))?;
    create_tab(&properties).await?;
    messages::close_popup().await
}

/// Whether a rule that is in force now would judge such a socket.
fn is_ruled(place: &SocketPlace, layers: &Layers, now: UnixMillis) -> bool {
    let Ok(host) = Host::parse(&place.host, &url_host) else {
        return false;
    };
    let target = Target { scheme: place.scheme, host, port: place.port };
    let connection = Connection { target, facts: Facts::Missing(MissingFacts::NoCertificates), now };
    !matches!(judge(layers, &connection), Verdict::NotPinned(_))
}

struct Row {
    sockets: SocketRow,
    words: RowWords,
    now: UnixMillis,
}

impl Item for Row {
    /// What can be done about it has a button of its own.
    type Version = Option<&'static str>;

    fn key(&self) -> String {
        let SocketPlace { scheme, host, port, state } = &self.sockets.place;
        format!("{scheme:?} {host} {port} {state:?}")
    }

    fn version(&self) -> Self::Version {
        self.words.action.map(Action::name)
    }

    fn draw(&self) -> JsResult<HtmlElement> {
        let row = Part::copy(id!("tab-row-template"))?;
        row.root().dataset().set("row", &self.key())?;
        row.text(part!("tab-host"), &words::address(&self.sockets.place))?;
        row.show(part!("tab-action"), self.words.action.is_some())?;
        if let Some(action) = self.words.action {
            row.get::<HtmlElement>(part!("tab-action"))?.dataset().set("action", action.name())?;
            row.say(part!("tab-action"), &action.label())?;
            row.label(part!("tab-action"), &action.label_for(&self.sockets.place))?;
        }
        Ok(row.root().clone())
    }

    fn update(&self, element: &Element) -> JsResult {
        let row = Part::of(element);
        row.root().dataset().set("state", self.words.name)?;
        row.tag(part!("tab-state"), &self.words.tag)?;
        row.show(part!("tab-text"), self.words.text.is_some())?;
        row.text(part!("tab-text"), &self.words.text.as_ref().map(say).unwrap_or_default())?;
        let facts: Vec<_> = words::facts(&self.sockets, self.now).iter().map(say).collect();
        row.text(part!("tab-facts"), &facts.join(" · "))
    }
}
