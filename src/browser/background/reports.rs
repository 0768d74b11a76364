//! Sends reports to the collectors that rules name ([`crate::report::queue`]). A socket has its answer before any of this is
//! done, and nothing waits for it.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::sync::Arc;

use js_sys::{JSON, Object, Promise, Reflect};
use wasm_bindgen::JsValue;
use wasm_bindgen_futures::{JsFuture, spawn_local};
use web_sys::AbortController;

use super::api::ProbeListeners;
use super::own_requests::{OwnListener, OwnRequests, cancel};
use super::pausing::set_alarm;
use super::state::State;
use super::{api, headers};
use crate::browser::convert::property;
use crate::browser::log_database::set;
use crate::browser::url_host::url_host;
use crate::browser::{clock, promise};
use crate::engine::BeforeReport;
use crate::limits::REPORT_DEADLINE_MS;
use crate::report::queue::{REPORTS, Report, ReportKey, ReportQueue};
use crate::time::UnixMillis;
use crate::violation::Violation;

/// The alarm that wakes the background when a report is to be tried again.
const ALARM: &str = "reports";

pub(super) struct Reports {
    listeners: ProbeListeners,
    /// What is kept, once it has been read.
    kept: RefCell<Option<ReportQueue>>,
    is_sending: Cell<bool>,
}

/// What has become of a report.
enum Outcome {
    Sent,
    Failed,
    Dropped,
}

impl State {
    /// Reports a violation to the collector of each rule that it violates: the one the rule names, else the one in the settings of
    /// its layer.
    pub(super) fn report(self: &Rc<Self>, violation: &Violation) {
        self.report_by_rule(violation);
        if let Some(of_other_rule) = violation.by_other_rule() {
            self.report_by_rule(&of_other_rule);
        }
    }

    fn report_by_rule(self: &Rc<Self>, violation: &Violation) {
        let Some(collector) = self.engine.borrow().collector(violation) else {
            return;
        };
        let key = ReportKey::of(violation, &collector);
        let is_known = |kept: &ReportQueue| kept.is_known(&key, violation.time);
        if self.reports.kept.borrow().as_ref().is_some_and(is_known) {
            return;
        }
        let (state, time) = (Rc::clone(self), violation.time);
        let Some(report) = Report::of(violation, collector) else {
            return;
        };
        spawn_local(async move {
            state.reports.read().await;
            if state.reports.change(|kept| kept.add(report, time)) {
                state.reports.store().await;
                state.send_reports().await;
            }
        });
    }

    /// Sends what is to be sent by now, and sees to it that the rest is in its time.
    pub(super) async fn send_reports(self: &Rc<Self>) {
        if self.reports.is_sending.replace(true) {
            return;
        }
        self.reports.read().await;
        let mut has_alarm = false;
        while let Ok(now) = clock::now()
            && let Some(report) = self.reports.due(now)
        {
            // Where the background ends before the collector has answered.
            set_alarm(ALARM, Some(UnixMillis::new(now.as_millis().saturating_add(A_WHILE_MS)))).await;
            has_alarm = true;
            let outcome = self.send_report(&report, now).await;
            let now = clock::now().unwrap_or(now);
            self.reports.change(|kept| match outcome {
                Outcome::Sent => kept.sent(&report.key, now),
                Outcome::Failed => kept.failed(&report.key, now),
                Outcome::Dropped => kept.drop(&report.key),
            });
            self.reports.store().await;
        }
        let next = self.reports.change(|kept| kept.next_due());
        // Nothing has been awaited since the last look: what is added from now on begins its own sending.
        self.reports.is_sending.set(false);
        if has_alarm || next.is_some() {
            set_alarm(ALARM, next).await;
        }
    }

    async fn send_report(&self, report: &Report, now: UnixMillis) -> Outcome {
        let before = self.engine.borrow().before_report(report, now);
        let may_be_sent = match before {
            BeforeReport::Nothing => true,
            BeforeReport::Pins(probe) => {
                let answer = self.prober.send(&probe).await;
                self.engine.borrow().may_be_told(probe, answer, now)
            }
            BeforeReport::Wait => false,
            BeforeReport::Drop => return Outcome::Dropped,
        };
        let is_sent = may_be_sent && self.reports.post(report).await.unwrap_or(false);
        if is_sent { Outcome::Sent } else { Outcome::Failed }
    }
}

impl Reports {
    pub(super) fn new(listeners: ProbeListeners) -> Self {
        Self { listeners, kept: RefCell::default(), is_sending: Cell::new(false) }
    }

    /// Whether the collector has taken it. Where Firefox would say which one it is, nothing is sent.
    async fn post(&self, report: &Report) -> Result<bool, JsValue> {
        let hide = |details| without_origin(&details).unwrap_or_else(|_| cancel());
        let _hiding = OwnListener::add(&self.listeners, "onBeforeSendHeaders", &OwnRequests::PROBES, hide)?;
        post(report).await
    }

    async fn read(&self) {
        if self.kept.borrow().is_some() {
            return;
        }
        // Where the storage does not answer, those that come now are sent all the same.
        let stored = crate::browser::api::storage_get(REPORTS).await.unwrap_or_default();
        let text = crate::browser::api::long_text(&property(&stored, REPORTS)).unwrap_or_default();
        let mut kept = self.kept.borrow_mut();
        kept.get_or_insert_with(|| ReportQueue::from_text(&text, &url_host));
    }

    fn change<T>(&self, change: impl FnOnce(&mut ReportQueue) -> T) -> T {
        change(self.kept.borrow_mut().get_or_insert_default())
    }

    fn due(&self, now: UnixMillis) -> Option<Arc<Report>> {
        self.kept.borrow().as_ref()?.due(now).cloned()
    }

    /// Where this fails, a report may be sent once more after the background has slept.
    async fn store(&self) {
        let text = self.change(|kept| kept.to_text());
        let items = Object::new();
        if set(&items, REPORTS, &JsValue::from_str(&text)).is_ok() {
            let _ = crate::browser::api::storage_set(&items).await;
        }
    }
}

/// As the origin of what an extension posts, Firefox gives its address, which is another in every profile: whoever receives it
/// could tell one browser from all others.
fn without_origin(details: &JsValue) -> Result<JsValue, JsValue> {
    let text = |name| property(details, name).as_string().unwrap_or_default();
    let is_ours = text("method") == "POST" && text("originUrl").starts_with(&api::extension_url("")?);
    if is_ours { headers::changed(details, headers::OF_REQUEST, &[("Origin", None)]) } else { Ok(Object::new().into()) }
}

/// What the collector answers beside its status is not read.
async fn post(report: &Report) -> Result<bool, JsValue> {
    let abort = AbortController::new()?;
    let request = JSON::parse(REQUEST)?;
    Reflect::set(&request, &JsValue::from_str("body"), &JsValue::from_str(&report.body))?;
    Reflect::set(&request, &JsValue::from_str("signal"), &abort.signal())?;
    // The browser calls a listener only once it has heard of it: a moment after it was added.
    api::round_trip().await?;
    let sent = Promise::resolve(&api::begin_fetch(report.collector.as_str(), &request)?);
    let in_time = promise::within(&sent, REPORT_DEADLINE_MS).await;
    let is_taken = in_time && property(&JsFuture::from(sent).await?, "ok").is_truthy();
    // An answer that goes on is of no interest.
    abort.abort();
    Ok(is_taken)
}

/// The request that is sent: nothing of the person, and to nobody but the collector that was named.
const REQUEST: &str = r#"{
    "method": "POST", "headers": {"content-type": "application/json"}, "credentials": "omit", "cache": "no-store",
    "redirect": "error", "referrerPolicy": "no-referrer"
}"#;

/// Longer than an answer is waited for.
const A_WHILE_MS: u64 = 60_000;
