//! Notifications of the system: of a host at most once an hour, and only where a person has asked for them.

use js_sys::{Array, JSON};
use wasm_bindgen::JsValue;
use wasm_bindgen_futures::spawn_local;

use super::api;
use crate::browser::api::{local_item, set_local_item};
use crate::browser::convert::storage_error;
use crate::browser::log_database::set;
use crate::error::Error;
use crate::message::Response;
use crate::report::notified::{NOTIFICATIONS, NOTIFIED, title, told_of, why_and_what_now};
use crate::violation::Violation;

/// Tells a person of a violation, if they want that.
pub(super) fn notify(violation: &Violation) {
    let item = |name| local_item(name).ok().flatten().unwrap_or_default();
    if violation.host.is_empty() || item(NOTIFICATIONS) != ON {
        return;
    }
    let Some(told) = told_of(&item(NOTIFIED), &violation.host, violation.time) else {
        return;
    };
    // Where it cannot be kept that they were told, they would be told of every socket.
    if set_local_item(NOTIFIED, &told).is_ok()
        && let Ok(notification) = notification(violation)
    {
        let port = violation.port.map(|port| format!(":{port}")).unwrap_or_default();
        let shown = api::create_notification(&format!("{}{port}", violation.host), &notification);
        spawn_local(async move {
            // Where Firefox lets no notification be shown there is still the log.
            let _ = shown.await;
        });
    }
}

/// Stores whether notifications are wanted.
pub(super) fn want(on: bool) -> Result<Response, Error> {
    let stored = set_local_item(NOTIFICATIONS, if on { ON } else { "false" });
    stored.map(|()| Response::Done).map_err(|thrown| storage_error(&thrown).into())
}

fn notification(violation: &Violation) -> Result<JsValue, JsValue> {
    let [why, what_now] = why_and_what_now(violation.reason);
    let message = format!("{} {}", api::message(why)?, api::message(what_now)?);
    let notification = JSON::parse(NOTIFICATION)?;
    let host = Array::of1(&JsValue::from_str(&violation.host));
    let title = api::message_with(title(violation), &host)?;
    for (name, text) in [("title", title), ("message", message)] {
        set(&notification, name, &JsValue::from_str(&text)).map_err(|_| JsValue::UNDEFINED)?;
    }
    Ok(notification)
}

const ON: &str = "true";
const NOTIFICATION: &str = r#"{"type": "basic", "iconUrl": "icons/icon.svg"}"#;
