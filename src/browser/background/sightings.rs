//! What sockets were seen in this session ([`crate::seen`]), kept in `storage.session`, where pages read it themselves:
//! [`SEEN`] has the endpoints, and [`chain_key`] the chain with that digest.
//!
//! A socket has its answer before any of this is done, but for the question for its chain, which must be asked in time.

use std::cell::RefCell;
use std::rc::Rc;

use wasm_bindgen_futures::spawn_local;

use super::batch::Batch;
use super::session_store;
use crate::browser::{promise, security_info};
use crate::connection::Facts;
use crate::limits::SIGHTINGS_DELAY_MS;
use crate::seen::{AskedChains, SEEN, Seen, SeenChain, Sighting, chain_key};

#[derive(Default)]
pub(super) struct Sightings {
    /// What is kept, once it has been read.
    seen: RefCell<Option<Seen>>,
    asked: RefCell<AskedChains>,
    /// What has not been added to it yet.
    waiting: Batch<(Sighting, Option<Facts>)>,
}

impl Sightings {
    /// Notes a socket. Where its facts are not known they are asked for at once, unless they were a moment ago.
    pub(super) fn note(self: &Rc<Self>, request: &str, sighting: Sighting, facts: Option<Facts>) {
        if facts.is_some() || !self.asked.borrow_mut().is_due(&sighting) {
            return self.add_soon(sighting, facts);
        }
        let facts = security_info::facts_in_passing(request);
        let this = Rc::clone(self);
        spawn_local(async move {
            let facts = facts.await;
            this.add_soon(sighting, Some(facts));
        });
    }

    /// Notes a sighting whose facts are known, or are not asked for.
    pub(super) fn add_soon(self: &Rc<Self>, sighting: Sighting, facts: Option<Facts>) {
        if !self.waiting.add((sighting, facts)) {
            return;
        }
        let this = Rc::clone(self);
        spawn_local(async move {
            promise::after(SIGHTINGS_DELAY_MS).await;
            this.add_all().await;
        });
    }

    async fn add_all(&self) {
        while let Some(all) = self.waiting.take() {
            if self.seen.borrow().is_none() {
                let kept = session_store::text(SEEN).await.unwrap_or_default();
                self.seen.replace(Some(Seen::from_text(&kept)));
            }
            let (texts, unused) = self.add(all);
            if session_store::store_texts(&texts).await.is_err() {
                // What is stored counts: an endpoint must not name a chain that is not there.
                self.seen.replace(None);
            }
            for key in unused {
                if session_store::remove(&key).await.is_err() {
                    break;
                }
            }
        }
    }

    /// What is to be stored, by key, and the keys that are to go.
    fn add(&self, sightings: Vec<(Sighting, Option<Facts>)>) -> (Vec<(String, String)>, Vec<String>) {
        let mut seen = self.seen.borrow_mut();
        let seen = seen.get_or_insert_default();
        let before = seen.chains();
        let mut texts = Vec::new();
        for (sighting, facts) in sightings {
            seen.note(&sighting);
            if let Some((digest, chain)) = facts.as_ref().and_then(SeenChain::write) {
                if !before.contains(&digest) {
                    texts.push((chain_key(&digest), chain));
                }
                seen.note_chain(&sighting, digest);
            }
        }
        texts.push((SEEN.to_owned(), seen.to_text()));
        let after = seen.chains();
        (texts, before.iter().filter(|digest| !after.contains(digest)).map(chain_key).collect())
    }
}
