//! The hosts whose requests Firefox shows to no extension.

/// Firefox's `extensions.webextensions.restrictedDomains`; a browser test holds this list against the browser's own.
pub(super) const DOMAINS: [&str; 11] = [
    "accounts-static.cdn.mozilla.net",
    "accounts.firefox.com",
    "addons.cdn.mozilla.net",
    "addons.mozilla.org",
    "api.accounts.firefox.com",
    "content.cdn.mozilla.net",
    "discovery.addons.mozilla.org",
    "oauth.accounts.firefox.com",
    "profile.accounts.firefox.com",
    "support.mozilla.org",
    "sync.services.mozilla.com",
];
