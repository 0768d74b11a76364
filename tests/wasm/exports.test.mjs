// What the module exports under Node, held against OpenSSL's answers (tests/data/pins.txt) and Node's own.

import assert from "node:assert/strict";
import { X509Certificate, createHash, createPublicKey } from "node:crypto";
import { test } from "node:test";

import { data, inspect, judge } from "./module.mjs";

const NOW = Date.UTC(2026, 10, 22);
const leaf = new Uint8Array(await data("rsa.der"));
const [{ sha256: PIN }] = inspect(leaf);
const OTHER = "C5+lpZ7tcVwmwQIMcRtPbsQtWLABXhQzejna0wHFr8M=";

const policy = (...rules) => JSON.stringify({ version: 1, rules, settings: {} });
const rule = (fields) => ({ id: "r", host: "chat.example.com", pins: [{ sha256: PIN }], ...fields });
// Firefox gives rawDER as a plain Array of numbers.
const securityInfo = (...ders) => ({
  state: "secure",
  certificates: ders.map((der, index) => ({ rawDER: [...der], isBuiltInRoot: index === ders.length - 1 })),
});
const connection = (fields) => ({
  url: "wss://chat.example.com/socket", securityInfo: securityInfo(leaf), now: NOW, ...fields,
});
// `{code: facts}`, or the code alone where there are none.
const thrown = (expected) => (error) => {
  assert.ok(error instanceof Error);
  assert.equal(error.code, typeof expected === "string" ? expected : Object.keys(expected)[0]);
  assert.deepEqual(JSON.parse(error.message), expected);
  return true;
};

test("inspect gives OpenSSL's pin and serial for every fixture, as text and as bytes", async () => {
  const lines = (await data("pins.txt")).toString().trim().split("\n");
  assert.ok(lines.length >= 14);
  for (const line of lines) {
    const [name, sha256, serial] = line.split(" ");
    const bytes = await data(name);
    for (const input of [bytes.toString(), new Uint8Array(bytes)]) {
      const found = inspect(input);
      assert.equal(found.length, 1, name);
      assert.equal(found[0].sha256, sha256, name);
      assert.equal(found[0].serial ?? "-", serial, name);
    }
  }
});

test("inspect agrees with Node's own reading of a certificate", async () => {
  const node = new X509Certificate(leaf);
  const [found] = inspect(leaf);
  assert.deepEqual(Object.keys(found).sort(),
    ["issuer", "kind", "notAfter", "notBefore", "serial", "sha256", "subject"]);
  assert.equal(found.kind, "certificate");
  assert.equal(Date.parse(found.notBefore), Date.parse(node.validFrom));
  assert.equal(Date.parse(found.notAfter), Date.parse(node.validTo));
  assert.equal(found.serial, node.serialNumber);
  const spki = createPublicKey(node.publicKey.export({ type: "spki", format: "pem" })).export({ type: "spki", format: "der" });
  assert.equal(found.sha256, createHash("sha256").update(spki).digest("base64"));
});

test("inspect reads any number of blocks and gives null for what a bare key does not have", async () => {
  const text = Buffer.concat([await data("rsa.pem"), await data("public-key.pem"), await data("request.pem")]).toString();
  assert.deepEqual(inspect(text).map(({ kind, sha256 }) => [kind, sha256]),
    [["certificate", PIN], ["public-key", PIN], ["certificate-request", PIN]]);
  assert.deepEqual(inspect(await data("public-key.der").then((bytes) => new Uint8Array(bytes))), [{
    kind: "public-key", subject: null, issuer: null, notBefore: null, notAfter: null, serial: null, sha256: PIN,
  }]);
});

test("inspect throws an Error with a stable code and the facts on bad input", async () => {
  const rsa = (await data("rsa.pem")).toString();
  for (const [input, expected] of [
    ["", "nothing-recognised"],
    ["hello", "nothing-recognised"],
    [new Uint8Array(), "nothing-recognised"],
    [new Uint8Array([0x30, 0x80]), { der: { field: "Certificate" } }],
    [rsa.replace(/-----END.*/, ""), { "pem-end": { label: "CERTIFICATE", line: 1 } }],
    [rsa.replace("MII", "M!I"), { "pem-encoding": { label: "CERTIFICATE", line: 1 } }],
    [(await data("private-key.pem")).toString(), "private-key"],
    [(await data("pkcs1.pem")).toString(), "pkcs1-public-key"],
    ["x".repeat(10 * 1024 * 1024), { "input-too-large": { bytes: 10 * 1024 * 1024, limit: 1024 * 1024 } }],
    ...[7, undefined, [1, 2, 3]].map((input) => [input, { argument: { detail: "neither text nor an array of bytes" } }]),
  ]) {
    assert.throws(() => inspect(input), thrown(expected), String(input).slice(0, 40));
  }
});

test("judge gives the four outcomes with everything that is promised", () => {
  for (const [rules, outcome, reason, matched] of [
    [[], "not-pinned", "no-rule", null],
    [[rule({ mode: "off" })], "not-pinned", "rule-off", null],
    [[rule()], "allow", "pin-matched", { certificate: 0, sha256: PIN, label: "" }],
    [[rule({ denied: [{ sha256: OTHER }], pins: [] })], "allow", "no-denied-key", null],
    [[rule({ mode: "flag", pins: [{ sha256: OTHER }] })], "flag", "pin-mismatch", null],
    [[rule({ pins: [{ sha256: OTHER }] })], "block", "pin-mismatch", null],
    [[rule({ denied: [{ sha256: PIN }], pins: [] })], "block", "denied-key", null],
    [[rule({ expires: "2026-11-22", pins: [{ sha256: OTHER }] })], "flag", "pin-mismatch", null],
  ]) {
    const answer = judge(policy(...rules), connection());
    assert.deepEqual([answer.outcome, answer.reason, answer.matched], [outcome, reason, matched]);
    assert.deepEqual(Object.keys(answer).sort(), ["chain", "host", "matched", "outcome", "reason", "rule"]);
    assert.equal(answer.host, "chat.example.com");
    assert.equal(answer.rule?.id ?? null, rules.length ? "r" : null);
    assert.deepEqual(answer.chain.map(({ sha256, subject }) => [sha256, subject]),
      [[PIN, "CN=rsa.test,O=Sockpin fixtures,C=NL"]]);
  }
  const localRoot = { state: "secure", certificates: [{ rawDER: [...leaf], isBuiltInRoot: false }] };
  const exempt = rule({ localRoots: "exempt", pins: [{ sha256: OTHER }] });
  const { outcome, reason, matched, rule: { id } } = judge(policy(exempt), connection({ securityInfo: localRoot }));
  assert.deepEqual([outcome, reason, matched, id], ["allow", "local-root-exempt", null, "r"]);
});

test("judge compares hosts in canonical form, by the platform's own URL parser", () => {
  for (const [host, url, outcome] of [
    ["bücher.example", "wss://xn--bcher-kva.example/", "allow"],
    ["bücher.example", "wss://BÜCHER.example./", "allow"],
    ["127.0.0.1", "wss://0x7f.1/", "allow"],
    ["[2001:db8::1]:8443", "wss://[2001:db8:0::1]:8443/", "allow"],
    ["localhost", "wss://localhost.:9443/", "allow"],
    ["chat.example.com", "WSS://user:secret@chat%2Eexample.com:443/path", "allow"],
    ["chat.example.com:443", "ws://chat.example.com/", "block"],
  ]) {
    assert.equal(judge(policy(rule({ host })), connection({ url })).outcome, outcome, `${host} ${url}`);
  }
});

test("judge never allows what Firefox could not, or did not properly, tell", () => {
  const certificate = { rawDER: [...leaf], isBuiltInRoot: true };
  for (const [info, reason] of [
    [undefined, "no-certificates"],
    [null, "no-certificates"],
    [{}, "no-certificates"],
    [{ state: "insecure" }, "no-certificates"],
    [{ state: "secure", certificates: [] }, "no-certificates"],
    ["secure", "no-certificates"],
    [{ certificates: "many" }, "security-info-malformed"],
    [{ state: "secure", certificates: [null] }, "security-info-malformed"],
    [{ certificates: [{ rawDER: 5_000_000 }] }, "security-info-malformed"],
    [{ certificates: [{ rawDER: "MII" }] }, "security-info-malformed"],
    [{ state: "secure", certificates: [{ ...certificate, isBuiltInRoot: "yes" }] }, "security-info-malformed"],
    [{ state: "secure", certificates: [certificate], isUntrusted: "no" }, "security-info-malformed"],
    // The chain as it was sent, validated by nobody.
    [{ state: "broken", certificates: [certificate] }, "security-info-malformed"],
    [{ state: "insecure", certificates: [certificate] }, "security-info-malformed"],
    [{ state: "Secure", certificates: [certificate] }, "security-info-malformed"],
    [{ certificates: [certificate] }, "security-info-malformed"],
    [{ state: "secure", certificates: Array(1000).fill(certificate) }, "chain-too-long"],
    [{ state: "secure", certificates: [{ rawDER: Array(5_000_000).fill(48), isBuiltInRoot: true }] }, "unparsable-certificate"],
    [{ state: "secure", certificates: [{ rawDER: ["a", {}, NaN], isBuiltInRoot: true }] }, "unparsable-certificate"],
  ]) {
    for (const [mode, outcome] of [["block", "block"], ["flag", "flag"]]) {
      const answer = judge(policy(rule({ mode, localRoots: "exempt" })), connection({ securityInfo: info }));
      assert.deepEqual([answer.outcome, answer.reason], [outcome, reason]);
    }
  }
});

test("judge throws an Error with a stable code and the facts where it cannot judge at all", () => {
  for (const [json, fields, expected] of [
    ["", {}, { "policy-syntax": { detail: "policy: EOF while parsing a value at line 1 column 0" } }],
    ["{}", {}, { "policy-syntax": { detail: "there is no `version`" } }],
    [JSON.stringify({ version: 2 }), {}, { "policy-newer": { version: 2 } }],
    [policy(rule({ host: "*.com" })), {}, { "policy-rule": { index: 0, problem: { "host-wildcard-top-level": { base: "com" } } } }],
    [policy(rule({ pins: [{ sha256: "AAAA" }] })), {}, { "policy-rule": { index: 0, problem: { "pin-length": { bytes: 3 } } } }],
    [policy(), { url: "https://chat.example.com/" }, "socket-url"],
    [policy(), { url: 5 }, "socket-url"],
    [policy(), { url: "wss://a..b/" }, "host-empty-label"],
    [policy(), { now: NaN }, "invalid-time"],
    [policy(), { now: undefined }, "invalid-time"],
  ]) {
    assert.throws(() => judge(json, connection(fields)), thrown(expected), JSON.stringify(expected));
  }
  assert.throws(() => judge(policy(), undefined), thrown("invalid-time"));
});
