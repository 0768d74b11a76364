//! From what `getSecurityInfo` answers to [`Facts`]. The answer is read as a stranger's: a wrong type, a missing list or
//! a huge one becomes missing facts, never an allowed socket.

use js_sys::{Array, Uint8Array};
use wasm_bindgen::{JsCast, JsValue};

use super::api;
use super::convert::{object, property};
use crate::connection::{CertificateInfo, Facts, MissingFacts, SecurityInfo};
use crate::limits::{MAX_CERTIFICATE_BYTES, MAX_CHAIN_CERTIFICATES};

/// The facts of a request whose headers have come, and which is held until they are there. The first call is made when this
/// is called.
pub(super) fn facts(request_id: &str) -> impl Future<Output = Facts> + use<> {
    let chain = api::security_info(request_id, &options(true));
    let request_id = request_id.to_owned();
    facts_by(chain, async move || api::security_info(&request_id, &options(false)).await)
}

/// The facts of a request that goes on meanwhile: whatever may be needed is asked for when this is called, for it will be too
/// late afterwards.
pub(super) fn facts_in_passing(request_id: &str) -> impl Future<Output = Facts> + use<> {
    let chain = api::security_info(request_id, &options(true));
    let leaf = api::security_info(request_id, &options(false));
    facts_by(chain, async move || leaf.await)
}

async fn facts_by(
    chain: impl Future<Output = Result<JsValue, JsValue>>,
    leaf: impl AsyncFnOnce() -> Result<JsValue, JsValue>,
) -> Facts {
    let Ok(answer) = chain.await else {
        return Facts::Missing(MissingFacts::SecurityInfoFailed);
    };
    match read(&answer) {
        // Under a certificate exception the chain is empty, and only a call without it gives the server's own.
        Ok(info) if info.certificates.is_empty() => leaf_facts(leaf().await, &info),
        Ok(info) => Facts::from(info),
        Err(missing) => Facts::Missing(missing),
    }
}

/// Facts from an answer as it is.
pub(super) fn facts_from(answer: &JsValue) -> Facts {
    read(answer).map_or_else(Facts::Missing, Facts::from)
}

fn leaf_facts(answer: Result<JsValue, JsValue>, chain_info: &SecurityInfo) -> Facts {
    let Ok(answer) = answer else {
        return Facts::Missing(MissingFacts::SecurityInfoFailed);
    };
    match read(&answer) {
        Ok(info) if info.certificates.is_empty() => Facts::Missing(MissingFacts::NoCertificates),
        Ok(info) if !info.is_secure() => Facts::Missing(MissingFacts::SecurityInfoMalformed),
        Ok(info) => match info.certificates.into_iter().next() {
            Some(leaf) => Facts::LeafOnly { leaf: leaf.raw_der, exception: chain_info.exception() },
            None => Facts::Missing(MissingFacts::NoCertificates),
        },
        Err(missing) => Facts::Missing(missing),
    }
}

fn options(certificate_chain: bool) -> JsValue {
    object([("certificateChain", &JsValue::from_bool(certificate_chain)), ("rawDER", &JsValue::TRUE)])
}

fn read(answer: &JsValue) -> Result<SecurityInfo, MissingFacts> {
    if answer.is_null() || answer.is_undefined() {
        return Err(MissingFacts::NoCertificates);
    }
    let certificates = property(answer, "certificates");
    let certificates = if certificates.is_undefined() {
        Array::new()
    } else {
        certificates.dyn_into::<Array>().map_err(|_| MissingFacts::SecurityInfoMalformed)?
    };
    if usize::try_from(certificates.length()).is_ok_and(|length| length > MAX_CHAIN_CERTIFICATES) {
        return Err(MissingFacts::ChainTooLong);
    }
    Ok(SecurityInfo {
        state: property(answer, "state").as_string().unwrap_or_default(),
        certificates: certificates
            .iter()
            .map(|certificate| read_certificate(&certificate))
            .collect::<Result<_, _>>()?,
        is_untrusted: read_bool(answer, "isUntrusted")?.unwrap_or_default(),
        is_domain_mismatch: read_bool(answer, "isDomainMismatch")?.unwrap_or_default(),
        is_not_valid_at_this_time: read_bool(answer, "isNotValidAtThisTime")?.unwrap_or_default(),
        overridable_error_category: property(answer, "overridableErrorCategory").as_string(),
        certificate_transparency_status: property(answer, "certificateTransparencyStatus").as_string(),
    })
}

fn read_certificate(certificate: &JsValue) -> Result<CertificateInfo, MissingFacts> {
    Ok(CertificateInfo {
        raw_der: read_bytes(&property(certificate, "rawDER"))?,
        is_built_in_root: read_bool(certificate, "isBuiltInRoot")?,
    })
}

/// A plain Array of numbers (Firefox) or a `Uint8Array`. Too many bytes give none: a certificate that is not parsed.
fn read_bytes(value: &JsValue) -> Result<Vec<u8>, MissingFacts> {
    let length = match (value.dyn_ref::<Array>(), value.dyn_ref::<Uint8Array>()) {
        (Some(array), _) => array.length(),
        (None, Some(bytes)) => bytes.length(),
        (None, None) => return Err(MissingFacts::SecurityInfoMalformed),
    };
    let too_large = usize::try_from(length).map_or(true, |length| length > MAX_CERTIFICATE_BYTES);
    Ok(if too_large { Vec::new() } else { Uint8Array::new(value).to_vec() })
}

fn read_bool(value: &JsValue, name: &'static str) -> Result<Option<bool>, MissingFacts> {
    let value = property(value, name);
    if value.is_undefined() {
        return Ok(None);
    }
    value.as_bool().map(Some).ok_or(MissingFacts::SecurityInfoMalformed)
}
