//! Who opens a socket: not only a page, but frames and workers of every kind.

use anyhow::{Context, Result};
use serde_json::json;

use crate::firefox::Firefox;
use crate::socket::{FRAME, OPEN_SOCKET, Sighting};

/// Something within a page that can open a socket by itself.
#[derive(Debug, Clone, Copy)]
pub struct Opener {
    /// What it is.
    pub name: &'static str,
    /// Starts it; returns a promise of what it saw. Runs after [`PRELUDE`].
    script: &'static str,
}

/// Every opener beside the page itself. A private window and a tab of another container are not within a page.
pub const OPENERS: &[Opener] = &[
    Opener {
        name: "a cross-origin frame",
        script: r"
            const frame = framed({ src: location.origin.replace('127.0.0.1', 'localhost') + '/opener.html' });
            frame.addEventListener('load', () => frame.contentWindow.postMessage({ url, text }, '*'));
            return heard(window);
        ",
    },
    Opener {
        name: "a sandboxed frame",
        script: "framed({ sandbox: 'allow-scripts', srcdoc: html }); return heard(window);",
    },
    Opener {
        name: "an about:blank frame",
        script: r"
            const { contentDocument } = framed({});
            const script = contentDocument.createElement('script');
            script.textContent = to('parent.postMessage(seen, `*`)');
            contentDocument.documentElement.append(script);
            return heard(window);
        ",
    },
    Opener {
        name: "a data: frame",
        script: "framed({ src: 'data:text/html,' + encodeURIComponent(html) }); return heard(window);",
    },
    Opener { name: "a blob: frame", script: "framed({ src: blob(html, 'text/html') }); return heard(window);" },
    Opener {
        name: "a dedicated worker from a blob:",
        script: "return heard(new Worker(blob(to('postMessage(seen)'), 'text/javascript')));",
    },
    Opener {
        name: "a dedicated worker from a data: URL",
        script: "return heard(new Worker('data:text/javascript,' + encodeURIComponent(to('postMessage(seen)'))));",
    },
    Opener {
        name: "a shared worker",
        script: r"
            const source = `onconnect = ({ ports: [port] }) => { ${to('port.postMessage(seen)')} }`;
            const { port } = new SharedWorker(blob(source, 'text/javascript'));
            port.start();
            return heard(port);
        ",
    },
    Opener {
        name: "a service worker",
        script: r"
            const activated = (worker) => new Promise((resolve) => {
                if (worker.state === 'activated') resolve(worker);
                worker.addEventListener('statechange', () => { if (worker.state === 'activated') resolve(worker); });
            });
            return navigator.serviceWorker.register('/opener.js')
                .then(({ installing, waiting, active }) => activated(installing ?? waiting ?? active))
                .then((worker) => {
                    navigator.serviceWorker.startMessages();
                    worker.postMessage({ url, text });
                    return heard(navigator.serviceWorker);
                });
        ",
    },
];

impl Firefox {
    /// Lets something within the current page, which must be of this project's site, open a socket as
    /// [`Firefox::socket`] does.
    pub async fn socket_from(&self, opener: &Opener, url: &str) -> Result<Sighting> {
        let script = [PRELUDE, opener.script].concat();
        let seen = self
            .run(&script, vec![json!(url), json!(FRAME), json!(OPEN_SOCKET)])
            .await
            .with_context(|| format!("{} saw no end of its socket", opener.name))?;
        serde_json::from_value(seen).with_context(|| format!("{} told something else", opener.name))
    }

    /// Lets it begin, and does not wait for what comes of it.
    pub async fn begin_from(&self, opener: &Opener, url: &str) -> Result<()> {
        let script = [PRELUDE, "(() => {", opener.script, "})();"].concat();
        self.run(&script, vec![json!(url), json!(FRAME), json!(OPEN_SOCKET)]).await.map(drop)
    }
}

/// The script of `/opener.html`, and of a service worker: opens a socket for whoever asks, and tells them what it saw.
#[must_use]
pub fn on_request() -> String {
    format!(
        r"{OPEN_SOCKET}
addEventListener('message', (event) => {{
    const told = openSocket(event.data.url, event.data.text).then((seen) => event.source.postMessage(seen, {{ targetOrigin: '*' }}));
    event.waitUntil?.(told);
}});
"
    )
}

const PRELUDE: &str = r"
const [url, text, openSocket] = arguments;
const to = (tell) =>
    `${openSocket} openSocket(${JSON.stringify(url)}, ${JSON.stringify(text)}).then((seen) => ${tell});`;
const html = `<!doctype html><script>${to('parent.postMessage(seen, `*`)')}</script>`;
const blob = (source, type) => URL.createObjectURL(new Blob([source], { type }));
const framed = (attributes) => {
    const frame = document.createElement('iframe');
    for (const [name, value] of Object.entries(attributes)) frame.setAttribute(name, value);
    document.documentElement.append(frame);
    return frame;
};
const heard = (target) => new Promise((resolve, reject) => {
    target.addEventListener('message', ({ data }) => { if (data.events) resolve(data); });
    target.addEventListener('error', reject);
});
";
