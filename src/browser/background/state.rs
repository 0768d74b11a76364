//! What an instance of the background has, and what it does by itself: it starts, keeps up with time and with the browser, and
//! forgets what is closed.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use js_sys::Map;
use wasm_bindgen_futures::spawn_local;

use super::access;
use super::api::ProbeListeners;
use super::button::Button;
use super::coalesced::Coalesced;
use super::log_store::Log;
use super::private_log_store::PrivateLogStore;
use super::probe::Prober;
use super::queue::Queue;
use super::reports::Reports;
use super::rule_records::RuleRecords;
use super::sealing::Sealing;
use super::session_store::{self, OVERRULING, SEALED};
use super::sightings::Sightings;
use super::tab_store::TabStore;
use crate::browser::convert::to_js;
use crate::browser::url_host::url_host;
use crate::browser::{api, clock, managed_store, policy_store, stored_marker};
use crate::button::button_state;
use crate::engine::{Engine, Stored};
use crate::error::Error;
use crate::log::private::PrivateChange;
use crate::message::{Access, Announcement, Broadcast};
use crate::pause::PAUSE;

pub(super) struct State {
    pub(super) engine: RefCell<Engine>,
    pub(super) prober: Prober,
    /// For the requests of Sockpin's own.
    pub(super) own_requests: ProbeListeners,
    pub(super) log: Log,
    pub(super) private_log: PrivateLogStore,
    /// Why the last entry could not be written, if it could not.
    pub(super) log_problem: RefCell<Option<Error>>,
    pub(super) sealing: Sealing,
    /// Why the seal could not be put on, if it could not.
    pub(super) seal_problem: RefCell<Option<Error>>,
    /// For each request a promise of whether what it has in the log is on disk, or, of a private window, in memory.
    pub(super) written: Map,
    pub(super) button: Rc<Button>,
    pub(super) tabs: Rc<TabStore>,
    /// What the browser lets this extension see, as far as it has been asked.
    pub(super) access: Cell<Access>,
    /// Changes of what is stored: each is made on what the one before has stored.
    pub(super) changes: Queue,
    pub(super) sightings: Rc<Sightings>,
    pub(super) records: Rc<RuleRecords>,
    pub(super) reports: Reports,
    /// The day on which what is too old was last looked for, as far as this instance knows.
    pub(super) log_day: Cell<u64>,
    /// Pages are told that the log has changed.
    pub(super) telling_of_log: Coalesced,
    /// What may have been closed is looked for.
    pub(super) forgetting: Coalesced,
    /// Whether an event has come. One wakes a background; what installs or enables Sockpin starts one without.
    pub(super) has_event: Cell<bool>,
}

impl State {
    /// Reads what is stored. What no decision needs is begun, and not waited for.
    pub(super) async fn start(probe_listeners: ProbeListeners) -> Result<Rc<Self>, Error> {
        let (engine, is_sealed) = load_engine().await?;
        let button = Rc::new(Button::new());
        let state = Rc::new(Self {
            engine: RefCell::new(engine),
            prober: Prober::new(probe_listeners.clone()),
            own_requests: probe_listeners.clone(),
            log: Log::new(),
            private_log: PrivateLogStore::default(),
            log_problem: RefCell::new(None),
            sealing: Sealing::default(),
            seal_problem: RefCell::new(None),
            written: Map::new(),
            tabs: Rc::new(TabStore::new(Rc::clone(&button))),
            button,
            access: Cell::new(Access { every_site: true, private_windows: true }),
            changes: Queue::new(),
            sightings: Rc::default(),
            records: Rc::default(),
            reports: Reports::new(probe_listeners),
            log_day: Cell::new(0),
            telling_of_log: Coalesced::default(),
            forgetting: Coalesced::default(),
            has_event: Cell::new(false),
        });
        state.draw_button();
        // No socket waits for what is only displayed.
        let this = Rc::clone(&state);
        spawn_local(async move {
            this.refresh_access().await;
            if !is_sealed {
                this.seal_soon();
                // Enabled again, which Firefox tells by no event. What was kept for the session has gone then.
                if !this.has_event.get() {
                    this.tabs.mark_earlier_pages().await;
                }
            }
            // While this slept, tabs may have been closed. What is sent may take long.
            this.forget_what_is_closed_soon();
            this.let_old_entries_go_once_a_day();
            this.send_reports().await;
        });
        Ok(state)
    }

    /// Before anything is decided: what only time, or a storage that works again, has changed.
    pub(super) async fn catch_up(self: &Rc<Self>) {
        self.end_pause_if_over();
        // A storage that refused once may answer now. A policy that was read stays, whatever is in it.
        if !self.waits_for_storage() {
            return;
        }
        // Meanwhile another event may have had its answer, and a page may have changed the policy since.
        if let Ok((engine, _)) = load_engine().await
            && self.waits_for_storage()
        {
            self.engine.replace(engine);
            self.draw_button();
            self.seal_soon();
        }
    }

    pub(super) fn forget_what_is_closed_soon(self: &Rc<Self>) {
        if !self.forgetting.ask() {
            return;
        }
        let state = Rc::clone(self);
        spawn_local(async move {
            while state.forgetting.takes_turn() {
                state.forget_what_is_closed(None).await;
            }
        });
    }

    /// What is of tabs that are no more, and of private windows where none is open.
    pub(super) async fn forget_what_is_closed(self: &Rc<Self>, closed: Option<i32>) {
        let has_private = self.tabs.forget_closed_tabs(closed).await;
        // What could not be taken away now goes when the background starts again.
        if !has_private && self.private_log.change(PrivateChange::Clear).await == Ok(true) {
            self.tell_pages_of_log();
        }
    }

    fn waits_for_storage(&self) -> bool {
        matches!(self.engine.borrow().policy(), Err(Error::Storage(_)))
    }

    /// Asks what the browser lets Sockpin see, and says so.
    pub(super) async fn refresh_access(&self) {
        let access = access::ask().await;
        if self.access.replace(access) != access {
            self.draw_button();
            tell_pages(Announcement::StatusChanged).await;
        }
    }

    pub(super) fn draw_button(&self) {
        if let Ok(now) = clock::now() {
            let shows_tabs = self.button.show(button_state(&self.status(now)));
            if shows_tabs {
                self.tabs.show_on_button();
            }
        }
    }
}

/// What is stored, and whether the seal has been compared with it in this session.
async fn load_engine() -> Result<(Engine, bool), Error> {
    // Each takes the browser some milliseconds, so all are asked for before the first is awaited.
    let (user, managed) = (policy_store::load(), managed_store::load());
    let session = session_store::load([PAUSE, OVERRULING, SEALED]);
    let (user, managed, session) = (user.await, managed.await, session.await);
    if matches!(user, Ok(Some(_))) {
        stored_marker::set();
    }
    let stored = Stored { user, managed, pause: session.get(PAUSE), overruling: session.get(OVERRULING) };
    Ok((Engine::start(stored, clock::now()?, &url_host), session.get(SEALED) == Some(true)))
}

/// Fails where no page is open: then nobody has to be told.
pub(super) async fn tell_pages(announcement: Announcement) {
    if let Ok(message) = to_js(&Broadcast { announcement }) {
        let _ = api::send_to_extension(&message).await;
    }
}
