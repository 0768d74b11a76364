//! A certificate authority of one run, and the pins of what it signs.
//!
//! The chain of every server is leaf, intermediate, root, so that a picture of it has three certificates. The pins
//! are computed here from rcgen's own encoding of the public key and share no code with the core.

use std::sync::atomic::{AtomicU64, Ordering};

use anyhow::{Context, Result};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa, KeyPair,
    KeyUsagePurpose, PublicKeyData, SerialNumber,
};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use sha2::{Digest, Sha256};
use time::{Duration, OffsetDateTime};

use crate::ocsp;

/// A root and the intermediate that signs for it, both made for one run.
pub struct Authority {
    root: CertifiedIssuer<'static, KeyPair>,
    intermediate: CertifiedIssuer<'static, KeyPair>,
}

impl Authority {
    /// Makes new keys and certificates for a root and its intermediate.
    pub fn new() -> Result<Self> {
        Self::named("Sockpin Demo Root")
    }

    /// The same with a root of this name.
    pub fn named(root: &str) -> Result<Self> {
        let root =
            CertifiedIssuer::self_signed(issuer_params(root, BasicConstraints::Unconstrained), KeyPair::generate()?)
                .context("could not make the root certificate")?;
        let intermediate = CertifiedIssuer::signed_by(
            issuer_params(INTERMEDIATE, BasicConstraints::Constrained(0)),
            KeyPair::generate()?,
            &root,
        )
        .context("could not make the intermediate certificate")?;
        Ok(Self { root, intermediate })
    }

    /// Signs a server certificate for `names` and this key.
    pub fn issue(&self, names: &[&str], key: &Key) -> Result<Identity> {
        self.sign(&leaf(names, Period::Current)?, key, &[&self.intermediate])
    }

    /// Signs one whose subject is called like this, with an organisation of that name.
    pub fn issue_called(&self, names: &[&str], common_name: &str, organisation: &str, key: &Key) -> Result<Identity> {
        let mut params = leaf(names, Period::Current)?;
        params.distinguished_name = rcgen::DistinguishedName::new();
        params.distinguished_name.push(DnType::OrganizationName, organisation);
        params.distinguished_name.push(DnType::CommonName, common_name);
        self.sign(&params, key, &[&self.intermediate])
    }

    /// Signs one with the root itself, so that no intermediate is in the chain.
    pub fn issue_from_root(&self, names: &[&str], key: &Key) -> Result<Identity> {
        self.sign(&leaf(names, Period::Current)?, key, &[])
    }

    /// Signs one whose time has not come.
    pub fn issue_early(&self, names: &[&str], key: &Key) -> Result<Identity> {
        self.sign(&leaf(names, Period::ToCome)?, key, &[&self.intermediate])
    }

    /// Signs one whose time is over.
    pub fn issue_expired(&self, names: &[&str], key: &Key) -> Result<Identity> {
        self.sign(&leaf(names, Period::Over)?, key, &[&self.intermediate])
    }

    /// Signs one and takes it back, as its server says with each handshake.
    pub fn issue_revoked(&self, names: &[&str], key: &Key) -> Result<Identity> {
        let identity = self.issue(names, key)?;
        let ocsp = ocsp::revoked(identity.certificate(), self.intermediate.key())?;
        Ok(Identity { ocsp, ..identity })
    }

    fn sign(
        &self,
        params: &CertificateParams,
        key: &Key,
        intermediates: &[&CertifiedIssuer<'static, KeyPair>],
    ) -> Result<Identity> {
        let issuer = intermediates.first().copied().unwrap_or(&self.root);
        let leaf = params.signed_by(&key.pair, issuer).context("could not sign the certificate of a server")?;
        let mut chain = vec![leaf.der().clone()];
        chain.extend(intermediates.iter().map(|intermediate| intermediate.der().clone()));
        Ok(Identity { chain, key: key.private(), ocsp: Vec::new() })
    }

    /// The other authority's intermediate, name and key, signed by the root of this one.
    pub fn cross_sign(&self, other: &Self) -> Result<CertificateDer<'static>> {
        let params = issuer_params(INTERMEDIATE, BasicConstraints::Constrained(0));
        let signed =
            params.signed_by(other.intermediate.key(), &self.root).context("could not sign an intermediate")?;
        Ok(signed.der().clone())
    }

    /// The root certificate, for the trust store of a browser.
    #[must_use]
    pub fn root(&self) -> &CertificateDer<'static> {
        self.root.der()
    }

    /// The certificate of the intermediate.
    #[must_use]
    pub fn intermediate(&self) -> &CertificateDer<'static> {
        self.intermediate.der()
    }

    /// The root certificate as PEM text.
    #[must_use]
    pub fn root_pem(&self) -> String {
        self.root.pem()
    }

    /// The pin of the root.
    #[must_use]
    pub fn root_pin(&self) -> String {
        pin(self.root.key())
    }

    /// The pin of the intermediate.
    #[must_use]
    pub fn intermediate_pin(&self) -> String {
        pin(self.intermediate.key())
    }
}

const INTERMEDIATE: &str = "Sockpin Demo Intermediate";

/// The key pair of a server.
pub struct Key {
    pair: KeyPair,
}

impl Key {
    /// Makes a new key (ECDSA, P-256).
    pub fn new() -> Result<Self> {
        let pair = KeyPair::generate().context("could not make a key pair")?;
        Ok(Self { pair })
    }

    /// A certificate for `names` that only this key itself vouches for.
    pub fn self_signed(&self, names: &[&str]) -> Result<Identity> {
        let certificate =
            leaf(names, Period::Current)?.self_signed(&self.pair).context("could not sign a certificate")?;
        Ok(Identity { chain: vec![certificate.der().clone()], key: self.private(), ocsp: Vec::new() })
    }

    fn private(&self) -> PrivateKeyDer<'static> {
        PrivatePkcs8KeyDer::from(self.pair.serialize_der()).into()
    }

    /// The SHA-256 of the public key's DER `SubjectPublicKeyInfo`, in base64.
    #[must_use]
    pub fn pin(&self) -> String {
        pin(&self.pair)
    }
}

/// What a server shows and proves: its certificate, the intermediate, and the private key.
pub struct Identity {
    pub(crate) chain: Vec<CertificateDer<'static>>,
    pub(crate) key: PrivateKeyDer<'static>,
    /// What its issuer says of the certificate; empty where nothing.
    pub(crate) ocsp: Vec<u8>,
}

impl Identity {
    /// The DER of its own certificate.
    #[must_use]
    pub fn certificate(&self) -> &[u8] {
        self.chain.first().map_or(&[], |certificate| certificate.as_ref())
    }

    /// The same certificate and key, with this intermediate in the place of its own.
    #[must_use]
    pub fn through(&self, intermediate: CertificateDer<'static>) -> Self {
        let chain = self.chain.iter().take(1).cloned().chain([intermediate]).collect();
        Self { chain, key: self.key.clone_key(), ocsp: self.ocsp.clone() }
    }
}

fn pin(key: &impl PublicKeyData) -> String {
    STANDARD.encode(Sha256::digest(key.subject_public_key_info()))
}

/// Whether a certificate is valid today.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Period {
    Current,
    Over,
    ToCome,
}

fn leaf(names: &[&str], period: Period) -> Result<CertificateParams> {
    let names: Vec<String> = names.iter().map(|&name| name.to_owned()).collect();
    let mut params =
        CertificateParams::new(names.clone()).with_context(|| format!("no certificate can be made for {names:?}"))?;
    params.distinguished_name = rcgen::DistinguishedName::new();
    if let Some(name) = names.first() {
        params.distinguished_name.push(DnType::CommonName, name.as_str());
    }
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    params.use_authority_key_identifier_extension = true;
    params.serial_number = Some(next_serial());
    set_validity(&mut params, Duration::days(90));
    let shift = match period {
        Period::Over => Duration::days(-100),
        Period::Current => Duration::ZERO,
        Period::ToCome => Duration::days(100),
    };
    params.not_before += shift;
    params.not_after += shift;
    Ok(params)
}

/// rcgen would derive it from the key: two certificates for one key would have the same, which Firefox refuses.
fn next_serial() -> SerialNumber {
    static ISSUED: AtomicU64 = AtomicU64::new(1);
    SerialNumber::from(ISSUED.fetch_add(1, Ordering::Relaxed))
}

fn issuer_params(name: &str, constraints: BasicConstraints) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name = rcgen::DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, name);
    params.distinguished_name.push(DnType::OrganizationName, "Sockpin Demo");
    params.is_ca = IsCa::Ca(constraints);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params.use_authority_key_identifier_extension = true;
    set_validity(&mut params, Duration::days(365));
    params
}

/// Valid since yesterday, so that a clock which is a little slow does not matter.
fn set_validity(params: &mut CertificateParams, period: Duration) {
    let start = OffsetDateTime::now_utc() - Duration::days(1);
    params.not_before = start;
    params.not_after = start + period;
}
