//! Keeps the seal in step with the rules. Neither a socket nor a change waits for it: until it is on, the key holds alone.

use std::cell::Cell;
use std::rc::Rc;

use wasm_bindgen::JsValue;
use wasm_bindgen_futures::spawn_local;

use super::coalesced::Coalesced;
use super::seal;
use super::session_store::{self, SEALED};
use super::state::{State, tell_pages};
use crate::browser::{clock, promise};
use crate::error::{Error, StorageError};
use crate::limits::SEAL_DEADLINE_MS;
use crate::message::Announcement;

/// How far the seal is behind the rules.
#[derive(Default)]
pub(super) struct Sealing {
    /// The seal is compared with the rules, and put on.
    work: Coalesced,
    /// How many changes of the rules have begun.
    changes: Cell<u64>,
}

impl State {
    /// Once a session, and after each change: the administrator's rules may be others than at the last start. Several changes
    /// in a row are sealed together.
    pub(super) fn seal_soon(self: &Rc<Self>) {
        if !self.sealing.work.ask() {
            return;
        }
        let state = Rc::clone(self);
        spawn_local(async move {
            while state.sealing.work.takes_turn() {
                let sealing = Rc::clone(&state);
                let sealed = promise::of(async move {
                    sealing.seal().await;
                    Ok(JsValue::UNDEFINED)
                });
                // A browser that never answers must not hold back every later seal.
                if !promise::within(&sealed, SEAL_DEADLINE_MS).await {
                    let detail = format!("no answer within {SEAL_DEADLINE_MS} ms");
                    state.say_whether_sealed(Some(StorageError::Failed { detail }.into())).await;
                }
            }
        });
    }

    /// A change of the rules begins. If it is cut off, the next start compares.
    pub(super) async fn mark_seal_outdated(&self) {
        self.sealing.changes.set(self.sealing.changes.get().wrapping_add(1));
        // Where this fails, the next start of the browser compares.
        let broken = promise::of(async {
            let _ = session_store::remove(SEALED).await;
            Ok(JsValue::UNDEFINED)
        });
        promise::within(&broken, SEAL_DEADLINE_MS).await;
    }

    /// Seals the answers of the hosts that have a rule that blocks now.
    async fn seal(&self) {
        let Ok(now) = clock::now() else {
            return;
        };
        let changes = self.sealing.changes.get();
        let Some(sealed) = self.engine.borrow().sealed(now) else {
            return;
        };
        let done = seal::put_on(&sealed).await;
        // One that has begun since is yet to be sealed.
        if done.is_ok() && self.sealing.changes.get() == changes {
            let _ = session_store::store(SEALED, &JsValue::TRUE).await;
        }
        self.say_whether_sealed(done.err()).await;
    }

    async fn say_whether_sealed(&self, problem: Option<Error>) {
        let before = self.seal_problem.replace(problem.clone());
        if before != problem {
            tell_pages(Announcement::StatusChanged).await;
        }
    }
}
