// As `nothing`, but waits for the certificate chain of every socket before it lets it go.

const SOCKETS = { urls: ["ws://*/*", "wss://*/*"], types: ["websocket"] };
const CHAIN = { certificateChain: true, rawDER: true };
const { webRequest } = browser;

webRequest.onBeforeRequest.addListener(() => ({}), SOCKETS, ["blocking"]);
webRequest.onBeforeSendHeaders.addListener(() => ({}), SOCKETS, ["blocking", "requestHeaders"]);
webRequest.onHeadersReceived.addListener(
  async ({ requestId }) => {
    await webRequest.getSecurityInfo(requestId, CHAIN);
    return {};
  },
  SOCKETS,
  ["blocking", "responseHeaders"],
);
webRequest.onSendHeaders.addListener(() => {}, SOCKETS);
webRequest.onResponseStarted.addListener(() => {}, SOCKETS, ["responseHeaders"]);
webRequest.onErrorOccurred.addListener(() => {}, SOCKETS);
webRequest.onCompleted.addListener(() => {}, SOCKETS);
