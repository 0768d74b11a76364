//! What `WebDriver` cannot do and the browser's own (privileged) scripts can.

use std::net::Ipv4Addr;

use anyhow::{Context, Result};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hyper::Method;
use serde_json::{Value, json};
use thirtyfour::common::command::FormatRequestData;
use thirtyfour::{RequestData, SessionId, WebDriver};

use crate::authority::Authority;
use crate::proxy::{Proxy, REALM};

use super::Firefox;

/// Which of the two a page is told that the person prefers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ColorScheme {
    /// `prefers-color-scheme: light`
    Light,
    /// `prefers-color-scheme: dark`
    Dark,
}

impl Firefox {
    /// Runs a privileged script; it may return a promise.
    pub async fn privileged(&self, script: &str, arguments: Vec<Value>) -> Result<Value> {
        let driver = self.driver()?;
        switch(driver, "chrome").await?;
        let result = driver.execute(script, arguments).await;
        switch(driver, "content").await?;
        Ok(result.context("a privileged script failed")?.json().clone())
    }

    /// Makes this browser trust the root of an authority for servers.
    pub async fn trust(&self, authority: &Authority) -> Result<()> {
        self.trust_certificate(authority.root()).await
    }

    /// Takes back that this authority is trusted.
    pub async fn distrust(&self, authority: &Authority) -> Result<()> {
        self.privileged(DISTRUST, vec![json!(STANDARD.encode(authority.root()))]).await?;
        self.end_connections().await
    }

    /// Makes this browser trust this very certificate as a root, for servers.
    pub async fn trust_certificate(&self, certificate: &[u8]) -> Result<()> {
        let certificate = STANDARD.encode(certificate);
        self.privileged(TRUST, vec![json!(certificate)]).await.context("could not make a certificate trusted")?;
        Ok(())
    }

    /// Makes this browser accept a certificate that nobody vouches for, as a person does on the warning page.
    pub async fn add_exception(&self, host: &str, port: u16, certificate: &[u8]) -> Result<()> {
        let certificate = STANDARD.encode(certificate);
        self.privileged(ADD_EXCEPTION, vec![json!(host), json!(port), json!(certificate)])
            .await
            .with_context(|| format!("could not make an exception for {host}:{port}"))?;
        Ok(())
    }

    /// Ends every connection over the network. One that carries several requests would outlive them.
    pub async fn end_connections(&self) -> Result<()> {
        self.privileged(END_CONNECTIONS, Vec::new()).await.context("could not end the connections")?;
        Ok(())
    }

    /// Lets names lead to addresses of their own, until this Firefox ends.
    pub async fn lead(&self, names: &[(String, Ipv4Addr)]) -> Result<()> {
        self.privileged(LEAD, vec![json!(names)]).await.context("could not let names lead to addresses")?;
        Ok(())
    }

    /// Sends the requests of which `condition` holds, an expression of `url` and `host`, through a proxy.
    pub async fn send_through(&self, proxy: &Proxy, condition: &str) -> Result<()> {
        self.set_preference("network.proxy.autoconfig_url", json!(proxy.script(condition))).await?;
        self.set_preference("network.proxy.type", json!(BY_SCRIPT)).await
    }

    /// Sends nothing through a proxy any more.
    pub async fn send_directly(&self) -> Result<()> {
        self.set_preference("network.proxy.type", json!(DIRECT)).await
    }

    /// Remembers a name and a password for a proxy, as if a person had typed them in.
    pub async fn remember_password(&self, proxy: &Proxy) -> Result<()> {
        self.privileged(REMEMBER_PASSWORD, vec![json!(proxy.port()), json!(REALM)])
            .await
            .context("could not remember a password for a proxy")?;
        Ok(())
    }

    /// Forgets every name and password that has been given to a server or a proxy.
    pub async fn forget_passwords(&self) -> Result<()> {
        self.privileged(FORGET_PASSWORDS, Vec::new()).await.context("could not forget the passwords")?;
        Ok(())
    }

    /// Sets a preference of numbers, true or false, or text.
    pub async fn set_preference(&self, name: &str, value: Value) -> Result<()> {
        self.privileged(SET_PREFERENCE, vec![json!(name), value])
            .await
            .with_context(|| format!("could not set {name}"))?;
        Ok(())
    }

    /// Tells pages which colours the person prefers, and returns when the current tab's page knows.
    pub async fn prefer(&self, scheme: ColorScheme) -> Result<()> {
        let (value, name) = match scheme {
            ColorScheme::Dark => (0, "dark"),
            ColorScheme::Light => (1, "light"),
        };
        self.set_preference("layout.css.prefers-color-scheme.content-override", json!(value)).await?;
        let known = "return matchMedia(`(prefers-color-scheme: ${arguments[0]})`).matches";
        self.wait_for(&format!("{name} colours"), known, vec![json!(name)]).await
    }

    /// Lays the current tab out in a viewport of this size. A window cannot be as narrow as a phone; the tab's
    /// browser element can.
    pub async fn set_viewport(&self, width: u32, height: u32) -> Result<()> {
        self.privileged(SET_VIEWPORT, vec![json!(width), json!(height)]).await?;
        self.wait_for(
            &format!("a viewport of {width} by {height}"),
            "return innerWidth === arguments[0] && innerHeight === arguments[1]",
            vec![json!(width), json!(height)],
        )
        .await
    }
}

async fn switch(driver: &WebDriver, context: &'static str) -> Result<()> {
    driver.cmd(SwitchContext(context)).await.with_context(|| format!("could not switch to the {context} context"))?;
    Ok(())
}

/// geckodriver's own command: whose scripts run from now on, the page's or the browser's.
#[derive(Debug)]
struct SwitchContext(&'static str);

impl FormatRequestData for SwitchContext {
    fn format_request(&self, session: &SessionId) -> RequestData {
        RequestData::new(Method::POST, format!("session/{session}/moz/context")).add_body(json!({ "context": self.0 }))
    }
}

/// `network.proxy.type`
const DIRECT: u32 = 0;
const BY_SCRIPT: u32 = 2;

const TRUST: &str = r#"
Cc["@mozilla.org/security/x509certdb;1"].getService(Ci.nsIX509CertDB).addCertFromBase64(arguments[0], "CT,,");
"#;

const ADD_EXCEPTION: &str = r#"
const [host, port, base64] = arguments;
const certificate =
    Cc["@mozilla.org/security/x509certdb;1"].getService(Ci.nsIX509CertDB).constructX509FromBase64(base64);
Cc["@mozilla.org/security/certoverride;1"].getService(Ci.nsICertOverrideService)
    .rememberValidityOverride(host, port, {}, certificate, true);
"#;

const DISTRUST: &str = r#"
const database = Cc["@mozilla.org/security/x509certdb;1"].getService(Ci.nsIX509CertDB);
database.setCertTrustFromString(database.constructX509FromBase64(arguments[0]), ",,");
"#;

const END_CONNECTIONS: &str = r#"Services.obs.notifyObservers(null, "net:cancel-all-connections");"#;

const LEAD: &str = r#"
const override = Cc["@mozilla.org/network/native-dns-override;1"].getService(Ci.nsINativeDNSResolverOverride);
for (const [name, address] of arguments[0]) override.addIPOverride(name, address);
"#;

const REMEMBER_PASSWORD: &str = r#"
const [port, realm] = arguments;
Cc["@mozilla.org/network/http-auth-manager;1"].getService(Ci.nsIHttpAuthManager)
    .setAuthIdentity("http", "127.0.0.1", port, "digest", realm, "", "", "somebody", "anything");
"#;

const FORGET_PASSWORDS: &str =
    r#"Cc["@mozilla.org/network/http-auth-manager;1"].getService(Ci.nsIHttpAuthManager).clearAll();"#;

const SET_PREFERENCE: &str = r"
const [name, value] = arguments;
switch (typeof value) {
    case 'boolean': Services.prefs.setBoolPref(name, value); break;
    case 'number': Services.prefs.setIntPref(name, value); break;
    default: Services.prefs.setStringPref(name, value);
}
";

const SET_VIEWPORT: &str = r"
const [width, height] = arguments;
const { style } = gBrowser.selectedBrowser;
for (const [property, value] of [['width', width], ['height', height]]) {
    for (const prefix of ['', 'min-', 'max-']) {
        style.setProperty(prefix + property, value + 'px', 'important');
    }
}
";
