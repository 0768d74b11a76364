//! Opens the sockets that prove a rule. The listeners judge them as they judge every socket: nothing here decides anything.

use std::rc::Rc;

use js_sys::{Function, Promise, Reflect};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;

use super::api::{self, OwnSocket};
use super::own_requests::{OwnListener, OwnRequests, cancel, go_on};
use super::state::State;
use crate::browser::convert::{property, storage_error};
use crate::browser::url_host::{origin, url_host};
use crate::browser::{clock, promise};
use crate::connection::{Scheme, Target};
use crate::error::{Error, ProgramError};
use crate::host::Host;
use crate::limits::PROOF_DEADLINE_MS;
use crate::lock::Nonce;
use crate::message::Response;
use crate::pin::Pin;
use crate::proof::{Ending, Expected};

impl State {
    /// Opens a socket to a host of a rule, and says what came of it. From the moment when it is expected nothing is waited for before
    /// it is asked for, and nothing that fails keeps the expectation from its end.
    pub(super) async fn prove(
        self: &Rc<Self>,
        rule: String,
        host: &str,
        port: u16,
        has_wrong_pin: bool,
    ) -> Result<Response, Error> {
        let host = Host::parse(host, &url_host)?;
        let url = format!("wss://{host}:{port}/");
        let extension = api::extension_url("").map_err(|thrown| storage_error(&thrown))?;
        let origin = origin(&extension).ok_or_else(|| ProgramError::Argument { detail: extension.clone() })?;
        let wrong_pin = if has_wrong_pin { Some(random_pin()?) } else { None };
        let _asks_nobody = self.ask_nobody_for_passwords().await.map_err(|thrown| storage_error(&thrown))?;
        let from = clock::now()?;
        let target = Target { scheme: Scheme::Wss, host, port };
        if !self.engine.borrow_mut().expect_proof(Expected { origin, target, rule, wrong_pin, from })? {
            return Ok(Response::Proving);
        }
        let ending = open(&url).await;
        let proved = self.engine.borrow_mut().proved(ending);
        proved.map(|proved| Response::Proved { proved }).ok_or_else(|| nothing_proved().into())
    }

    /// A server that wants a password is not given any, and Firefox asks no person, who has opened no page of this address.
    async fn ask_nobody_for_passwords(self: &Rc<Self>) -> Result<OwnListener, JsValue> {
        let weak = Rc::downgrade(self);
        let answer = move |details: JsValue| {
            let request = property(&details, "requestId").as_string();
            let state = weak.upgrade().zip(request);
            if state.is_some_and(|(state, request)| state.engine.borrow().is_proof(&request)) {
                cancel()
            } else {
                go_on()
            }
        };
        let added = OwnListener::add(&self.own_requests, "onAuthRequired", &OwnRequests::SOCKETS, answer)?;
        // The browser calls a listener only once it has heard of it: a moment after it was added.
        api::round_trip().await?;
        Ok(added)
    }
}

fn nothing_proved() -> ProgramError {
    ProgramError::Argument { detail: "the proof is over already".to_owned() }
}

/// One that no server's key has.
fn random_pin() -> Result<Pin, Error> {
    let mut bytes = Nonce::default();
    api::fill_with_random(&mut bytes).map_err(|thrown| storage_error(&thrown))?;
    Ok(Pin::of_spki(&bytes))
}

/// Opens a socket and closes it at once; never waits longer than its time.
async fn open(url: &str) -> Ending {
    let Ok(socket) = OwnSocket::new(url) else {
        return Ending::Failed;
    };
    let ending = match listen(&socket) {
        Ok(settled) if promise::within(&settled, PROOF_DEADLINE_MS).await => match JsFuture::from(settled).await {
            Ok(event) if property(&event, "type").as_string().as_deref() == Some(OPEN) => Ending::Opened,
            Ok(_) | Err(_) => Ending::Failed,
        },
        Ok(_) => Ending::Deadline,
        Err(_) => Ending::Failed,
    };
    let _ = socket.close(NORMAL_CLOSURE, "");
    // The browser reports the end of the request on another way than that of the socket.
    let _ = api::round_trip().await;
    ending
}

/// A promise of the event that tells how it went. All that is called are functions of the browser itself, so that the socket is closed
/// as it opens even where this core has ended by then.
fn listen(socket: &OwnSocket) -> Result<Promise, JsValue> {
    let close: Function = Reflect::get(socket, &JsValue::from_str("close"))?.dyn_into()?;
    socket.listen(OPEN, &close.bind2(socket, &JsValue::from(NORMAL_CLOSURE), &JsValue::from_str("")))?;
    let mut listening = Ok(());
    let settled = Promise::new(&mut |resolve, _| {
        listening = [OPEN, "close"].into_iter().try_for_each(|event| socket.listen(event, &resolve));
    });
    listening.map(|()| settled)
}

const OPEN: &str = "open";
/// RFC 6455 section 7.4.1.
const NORMAL_CLOSURE: u16 = 1000;
