// Listens to every event of a socket that Sockpin listens to, and answers at once.

const SOCKETS = { urls: ["ws://*/*", "wss://*/*"], types: ["websocket"] };
const { webRequest } = browser;

webRequest.onBeforeRequest.addListener(() => ({}), SOCKETS, ["blocking"]);
webRequest.onBeforeSendHeaders.addListener(() => ({}), SOCKETS, ["blocking", "requestHeaders"]);
webRequest.onHeadersReceived.addListener(() => ({}), SOCKETS, ["blocking", "responseHeaders"]);
webRequest.onSendHeaders.addListener(() => {}, SOCKETS);
webRequest.onResponseStarted.addListener(() => {}, SOCKETS, ["responseHeaders"]);
webRequest.onErrorOccurred.addListener(() => {}, SOCKETS);
webRequest.onCompleted.addListener(() => {}, SOCKETS);
