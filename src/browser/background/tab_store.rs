//! The sockets of each tab ([`crate::tab_sockets`]), kept in `storage.session`, where the popup reads them itself.
//!
//! A socket has its answer before any of this is done. What is kept goes with the page: Firefox drops what an extension has
//! set for a tab when the tab goes to another page, and the tab's own popup is set with the first socket of each page.

use std::cell::RefCell;
use std::rc::Rc;

use js_sys::{Array, Object, Reflect};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::spawn_local;

use super::batch::Batch;
use super::button::{Button, part_of_tab, popup, shows_noted_page};
use super::queue::Queue;
use super::{api, request_details, session_store};
use crate::browser::api::{long_text, session_get, tabs};
use crate::browser::convert::property;
use crate::browser::promise;
use crate::limits::{MAX_NOTED_TABS, SIGHTINGS_DELAY_MS};
use crate::tab_sockets::{
    KnownSockets, Opener, TAB, TabSocket, TabSockets, popup_of, popup_of_earlier_page, tab_key, tab_of_popup,
};

/// A socket with its request and who opened it.
struct Noted {
    request: String,
    opener: Opener,
    socket: TabSocket,
}

/// A document of a tab.
#[derive(Clone, PartialEq, Eq)]
struct Mark {
    tab: i32,
    document: Option<String>,
}

/// What is known of a tab.
#[derive(Default)]
struct Tab {
    id: i32,
    sockets: TabSockets,
    known: KnownSockets,
}

pub(super) struct TabStore {
    button: Rc<Button>,
    /// What is kept, as far as it has been read.
    tabs: RefCell<Vec<Tab>>,
    /// The documents for which the tab has got its own popup, the latest last.
    marked: RefCell<Vec<Mark>>,
    /// Those of them that were the first of their page.
    begun: RefCell<Vec<Mark>>,
    /// What has not been added to it yet.
    waiting: Batch<Noted>,
    /// Nothing is added before the popup of its tab is set, which says of which page it is.
    marks: Queue,
    /// What is kept is changed by one after the other.
    changes: Queue,
}

impl TabStore {
    pub(super) fn new(button: Rc<Button>) -> Self {
        Self {
            button,
            tabs: RefCell::default(),
            marked: RefCell::default(),
            begun: RefCell::default(),
            waiting: Batch::default(),
            marks: Queue::new(),
            changes: Queue::new(),
        }
    }

    /// Notes what has become of a socket.
    pub(super) fn note(self: &Rc<Self>, details: &JsValue, socket: TabSocket) {
        let text = |name: &'static str| property(details, name).as_string();
        let opener = Opener { document: text("documentId"), parent: text("parentDocumentId") };
        let request = text("requestId").unwrap_or_default();
        let is_violation = socket.place.state.is_violation();
        self.mark(socket.tab, &opener);
        if !self.waiting.add(Noted { request, opener, socket }) {
            return;
        }
        let this = Rc::clone(self);
        spawn_local(async move {
            // A violation is shown at once; it is written down, which takes longer. Of the others there may be many.
            if !is_violation {
                promise::after(SIGHTINGS_DELAY_MS).await;
            }
            while let Some(noted) = this.waiting.take() {
                this.changes.run(this.add_all(noted)).await;
            }
        });
    }

    /// The popup is set while the page is there: where it is gone later, so is the page.
    fn mark(self: &Rc<Self>, tab: i32, opener: &Opener) {
        let mark = Mark { tab, document: opener.document.clone() };
        if self.marked.borrow().contains(&mark) {
            return;
        }
        if self.marked.borrow().len() >= MAX_NOTED_TABS {
            self.marked.borrow_mut().remove(0);
        }
        self.marked.borrow_mut().push(mark.clone());
        let this = Rc::clone(self);
        spawn_local(self.marks.run(async move {
            // Where these fail the tab has been closed meanwhile.
            let before = popup(tab).await;
            if before.as_deref().is_ok_and(|before| tab_of_popup(before).is_none()) {
                this.marked.borrow_mut().retain(|known| known.tab != tab || *known == mark);
                this.begun.borrow_mut().push(mark);
            }
            let _ = set_popup(tab, &popup_of(tab, &before.unwrap_or_default())).await;
        }));
    }

    /// Every page that is there now was there before Sockpin was: its tab gets a popup that says so.
    pub(super) async fn mark_earlier_pages(self: &Rc<Self>) {
        // One popup after the other, whoever sets it.
        let mark = async {
            for tab in tabs(&Object::new()).await.unwrap_or_default().dyn_into::<Array>().unwrap_or_default() {
                if let Some(tab) = id_of(&tab)
                    && let Ok(before) = popup(tab).await
                {
                    let _ = set_popup(tab, &popup_of_earlier_page(&before)).await;
                }
            }
        };
        self.marks.run(mark).await;
    }

    async fn add_all(&self, noted: Vec<Noted>) {
        self.marks.run(async {}).await;
        let mut by_tab: Vec<(i32, Vec<Noted>)> = Vec::new();
        for one in noted {
            let tab = one.socket.tab;
            match by_tab.iter_mut().find(|(of, _)| *of == tab) {
                Some((_, all)) => all.push(one),
                None => by_tab.push((tab, vec![one])),
            }
        }
        for (tab, noted) in by_tab {
            // Where it fails the tab has been closed meanwhile, and needs nothing.
            let _ = self.add(tab, noted).await;
        }
        if self.tabs.borrow().len() > MAX_NOTED_TABS {
            self.tabs.take();
            // What cannot be taken away now is when the background starts again.
            let _ = self.forget_all_but_open(None).await;
        }
    }

    async fn add(&self, id: i32, noted: Vec<Noted>) -> Result<(), JsValue> {
        let is_same_page = shows_noted_page(id).await?;
        let mut tab = self.take(id).await;
        let mut begun =
            self.begun.borrow_mut().extract_if(.., |mark| mark.tab == id).map(|mark| mark.document).collect::<Vec<_>>();
        for Noted { request, opener, mut socket } in noted {
            if begun.contains(&opener.document) {
                begun.clear();
                tab.sockets.leave_page();
            }
            if let Some(was) = tab.known.take_in(&request, &mut socket.place) {
                tab.sockets.note(&socket, &opener, was.as_ref());
            }
        }
        if !is_same_page {
            // It has gone, with all that was noted of it.
            tab.sockets.leave_page();
            self.marked.borrow_mut().retain(|mark| mark.tab != id);
        }
        tab.sockets.fit();
        let stored = session_store::store_texts(&[(tab_key(id), tab.sockets.to_text())]).await;
        stored.map_err(|_| JsValue::UNDEFINED)?;
        self.button.show_of_tab(id, tab.sockets.summary(), false);
        self.tabs.borrow_mut().push(tab);
        Ok(())
    }

    /// What is known of a tab, until it is put back.
    async fn take(&self, id: i32) -> Tab {
        let place = self.tabs.borrow().iter().position(|tab| tab.id == id);
        match place {
            Some(place) => self.tabs.borrow_mut().remove(place),
            None => Tab { id, sockets: read(id).await, ..Tab::default() },
        }
    }

    /// What is kept of tabs that are no more goes, and of those that are too many. Whether one of a private window is open. A tab that
    /// is being `closed` is listed by Firefox as long as that can be seen.
    pub(super) async fn forget_closed_tabs(self: &Rc<Self>, closed: Option<i32>) -> bool {
        let this = Rc::clone(self);
        self.changes.run(async move { this.forget_all_but_open(closed).await.unwrap_or(true) }).await
    }

    async fn forget_all_but_open(&self, closed: Option<i32>) -> Result<bool, JsValue> {
        let kept = noted_tabs().await?;
        let open = tabs(&Object::new()).await?;
        // Where Firefox answers something else, nothing is taken away.
        let open: Array = open.dyn_into()?;
        let mut has_private = false;
        let mut ids = Vec::new();
        for tab in open.iter() {
            let id = id_of(&tab);
            if closed.is_none() || id != closed {
                has_private |= property(&tab, "incognito").is_truthy();
                ids.extend(id);
            }
        }
        let surplus = kept.len().saturating_sub(MAX_NOTED_TABS);
        for (place, tab) in kept.into_iter().enumerate() {
            if place < surplus || !ids.contains(&tab) {
                self.tabs.borrow_mut().retain(|known| known.id != tab);
                forget(tab).await?;
            }
        }
        Ok(has_private)
    }

    /// The button of each tab says what it said before something common to all had hidden it.
    pub(super) fn show_on_button(self: &Rc<Self>) {
        let this = Rc::clone(self);
        spawn_local(self.changes.run(async move {
            for tab in noted_tabs().await.unwrap_or_default() {
                if shows_noted_page(tab).await == Ok(true) {
                    this.button.show_of_tab(tab, read(tab).await.summary(), true);
                }
            }
        }));
    }
}

async fn set_popup(tab: i32, popup: &str) -> Result<JsValue, JsValue> {
    api::set_popup(&part_of_tab(tab, "popup", Some(popup))?).await
}

async fn read(tab: i32) -> TabSockets {
    let key = tab_key(tab);
    let items = session_get(&[&key]).await.unwrap_or_default();
    let text = Reflect::get(&items, &JsValue::from_str(&key)).ok().and_then(|text| long_text(&text));
    TabSockets::from_text(&text.unwrap_or_default())
}

async fn forget(tab: i32) -> Result<(), JsValue> {
    api::session_remove(&tab_key(tab)).await.map(drop)
}

/// The tabs of which something is kept.
async fn noted_tabs() -> Result<Vec<i32>, JsValue> {
    let keys = api::session_keys().await?;
    let tab = |key: JsValue| key.as_string()?.strip_prefix(TAB)?.parse().ok();
    Ok(keys.dyn_into::<Array>()?.iter().filter_map(tab).collect())
}

fn id_of(tab: &JsValue) -> Option<i32> {
    request_details::tab(property(tab, "id").as_f64())
}
