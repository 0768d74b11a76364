//! Keeps the seal in step with the rules. No socket waits for it: until it is on, the key holds alone.

use std::rc::Rc;

use wasm_bindgen::JsValue;
use wasm_bindgen_futures::future_to_promise;

use super::seal;
use super::session_store::{self, SEALED};
use super::{State, tell_pages};
use crate::browser::{clock, promise};
use crate::error::Error;
use crate::limits::SEAL_DEADLINE_MS;
use crate::message::Notice;

impl State {
    /// Once a session, and after a change that was cut off: the administrator's rules may be others than at the last start.
    pub(super) async fn seal_in_turn(self: &Rc<Self>) {
        let state = Rc::clone(self);
        self.changes
            .run(async move {
                let sealing = Rc::clone(&state);
                let sealed = future_to_promise(async move {
                    sealing.seal().await;
                    Ok(JsValue::UNDEFINED)
                });
                // A browser that never answers must not hold back every later change.
                if !promise::within(&sealed, SEAL_DEADLINE_MS).await {
                    let detail = format!("no answer within {SEAL_DEADLINE_MS} ms");
                    state.say_whether_sealed(Some(Error::Storage { detail })).await;
                }
            })
            .await;
    }

    /// A change of the rules begins. If it is cut off, the next start compares.
    pub(super) async fn break_seal(&self) {
        // Where this fails, the next start of the browser compares.
        let broken = future_to_promise(async {
            let _ = session_store::store(SEALED, None::<bool>).await;
            Ok(JsValue::UNDEFINED)
        });
        promise::within(&broken, SEAL_DEADLINE_MS).await;
    }

    /// Seals the answers of the hosts that have a rule that blocks now.
    async fn seal(&self) {
        let Ok(now) = clock::now() else {
            return;
        };
        // While the rules cannot be read, every socket is stopped, and what was sealed stays so.
        if self.engine.borrow().policy().is_err() {
            return;
        }
        let hosts = self.engine.borrow().sealed_hosts(now);
        let sealed = if seal::is_on(&hosts).await { Ok(()) } else { seal::put_on(&hosts).await };
        if sealed.is_ok() {
            let _ = session_store::store(SEALED, Some(true)).await;
        }
        self.say_whether_sealed(sealed.err()).await;
    }

    async fn say_whether_sealed(&self, problem: Option<Error>) {
        let before = self.seal_problem.replace(problem.clone());
        if before != problem {
            tell_pages(Notice::StatusChanged).await;
        }
    }
}
