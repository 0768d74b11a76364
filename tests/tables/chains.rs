//! Certificates made at test time, and connections that show them.

use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};
use sockpin::connection::{CertificateInfo, Connection, Facts, SecurityInfo, Target};
use sockpin::pin::Pin;
use sockpin::time::UnixMillis;

use crate::url_host;

pub(crate) const NOW: UnixMillis = UnixMillis::new(1_795_305_600_000);

/// Root, intermediate and server certificate.
pub(crate) struct TestChain {
    pub(crate) leaf: Vec<u8>,
    pub(crate) intermediate: Vec<u8>,
    pub(crate) root: Vec<u8>,
    /// Of leaf, intermediate and root, hashed from what rcgen says of the keys.
    pub(crate) pins: [Pin; 3],
}

impl TestChain {
    pub(crate) fn new() -> Self {
        let [leaf_key, intermediate_key, root_key] = [(), (), ()].map(|()| KeyPair::generate().unwrap());
        let pins = [&leaf_key, &intermediate_key, &root_key].map(|key| {
            use rcgen::PublicKeyData as _;
            Pin::of_spki(&key.subject_public_key_info())
        });
        let authority = |name: &str| {
            let mut params = CertificateParams::new(Vec::new()).unwrap();
            params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
            params.distinguished_name.push(DnType::CommonName, name);
            params
        };
        let root_params = authority("Test Root");
        let root = root_params.self_signed(&root_key).unwrap();
        let root_issuer = Issuer::new(root_params, root_key);
        let intermediate_params = authority("Test Intermediate");
        let intermediate = intermediate_params.signed_by(&intermediate_key, &root_issuer).unwrap();
        let intermediate_issuer = Issuer::new(intermediate_params, intermediate_key);
        let leaf_params = CertificateParams::new(vec!["chat.example.com".to_owned()]).unwrap();
        let leaf = leaf_params.signed_by(&leaf_key, &intermediate_issuer).unwrap();
        Self { leaf: leaf.der().to_vec(), intermediate: intermediate.der().to_vec(), root: root.der().to_vec(), pins }
    }

    pub(crate) fn certificates(&self) -> Vec<Vec<u8>> {
        vec![self.leaf.clone(), self.intermediate.clone(), self.root.clone()]
    }
}

/// What Firefox says of a validated chain that ends in one of its own roots.
pub(crate) fn secure(certificates: Vec<Vec<u8>>) -> SecurityInfo {
    let last = certificates.len().saturating_sub(1);
    let certificates = certificates
        .into_iter()
        .enumerate()
        .map(|(index, raw_der)| CertificateInfo { raw_der, is_built_in_root: Some(index == last) })
        .collect();
    SecurityInfo { state: "secure".to_owned(), certificates, ..SecurityInfo::default() }
}

pub(crate) fn connection(url: &str, facts: impl Into<Facts>) -> Connection {
    Connection { target: Target::from_url(url, &url_host).unwrap(), facts: facts.into(), now: NOW }
}
