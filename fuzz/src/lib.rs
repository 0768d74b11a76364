//! What the targets have in common.

use sockpin::policy::Policy;
use sockpin::time::UnixMillis;

/// When everything happens.
pub const NOW: UnixMillis = UnixMillis::new(1_780_000_000_000);

/// A host parser that we did not write, in the place of the browser's.
#[must_use]
pub fn url_host(host: &str) -> Option<String> {
    let url = url::Url::parse(&format!("https://{host}/")).ok()?;
    url.host_str().map(ToOwned::to_owned)
}

/// What is stored is read again, and is the same.
pub fn check_storing(policy: &Policy) {
    let stored = policy.to_json().expect("what was checked can be stored");
    let read = Policy::from_json(&stored, NOW, &url_host).expect("what was stored can be read");
    assert_eq!(read.to_json().expect("what was checked can be stored"), stored);
}
