//! The setting that has Firefox show a notification of the system when a rule is violated. It needs a permission, which a
//! person is asked for when they turn it on.

use std::rc::Rc;

use web_sys::HtmlInputElement;

use super::messages;
use crate::browser::api::local_item;
use crate::browser::dom::{JsResult, by_id, id, listen, spawn};
use crate::browser::part::say_in;
use crate::message::PageRequest;
use crate::report::notified::NOTIFICATIONS;
use crate::view::error::sentence;
use crate::view::status::{notifications_off, notifications_on, notifications_refused};
use crate::view::text::Text;

/// Shows the setting and puts it to work.
pub(super) fn start() -> JsResult {
    let setting: HtmlInputElement = by_id(id!("notifications"))?;
    setting.set_checked(local_item(NOTIFICATIONS).is_ok_and(|item| item.as_deref() == Some("true")));
    let this = Rc::new(setting.clone());
    listen(&setting, "change", move |_| {
        let (setting, on) = (Rc::clone(&this), this.checked());
        // The question can be put only now, while Firefox still knows of the click.
        let asked = on.then(messages::request_notifications).transpose()?;
        spawn(async move {
            let is_granted = match asked {
                Some(asked) => asked.await?,
                None => true,
            };
            if !is_granted {
                setting.set_checked(false);
                return say_in(id!("notifications-message"), &notifications_refused());
            }
            let said: Text = match messages::ask(&PageRequest::SetNotifications { on }).await {
                Ok(_) if on => notifications_on(),
                Ok(_) => notifications_off(),
                Err(error) => {
                    setting.set_checked(!on);
                    sentence(&error)
                }
            };
            say_in(id!("notifications-message"), &said)
        });
        Ok(())
    })
}
