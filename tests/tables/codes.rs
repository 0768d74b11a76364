//! Every error as it crosses the wasm boundary: its stable code, alone or with its facts. Other programs, and pages of another
//! version, rely on both, so a line of this table never changes.

use sockpin::error::Error;

const ERRORS: &[(&str, &str)] = &[
    ("pin-empty", r#""pin-empty""#),
    ("pin-length", r#"{"pin-length":{"bytes":31}}"#),
    ("pin-algorithm", r#"{"pin-algorithm":{"algorithm":"SHA-1"}}"#),
    ("pin-encoding", r#"{"pin-encoding":{"text":"no?pin"}}"#),
    ("pin-character", r#"{"pin-character":{"character":"!"}}"#),
    ("pin-of-nothing", r#""pin-of-nothing""#),
    ("pin-stand-in", r#""pin-stand-in""#),
    ("pin-of-certificate", r#""pin-of-certificate""#),
    ("private-key", r#""private-key""#),
    ("pkcs1-public-key", r#""pkcs1-public-key""#),
    ("pem-kind", r#"{"pem-kind":{"label":"DH PARAMETERS","line":9}}"#),
    ("pem-end", r#"{"pem-end":{"label":"CERTIFICATE","line":3}}"#),
    ("pem-encoding", r#"{"pem-encoding":{"label":null,"line":1}}"#),
    ("container", r#"{"container":{"container":"java-key-store"}}"#),
    ("nothing-recognised", r#""nothing-recognised""#),
    ("input-too-large", r#"{"input-too-large":{"bytes":2000,"limit":1000}}"#),
    ("der", r#"{"der":{"field":"subject"}}"#),
    ("json-syntax", r#"{"json-syntax":{"line":3,"column":7,"detail":"expected value"}}"#),
    ("xml-syntax", r#"{"xml-syntax":{"line":3,"column":7,"detail":"no end"}}"#),
    ("file-repeated", r#"{"file-repeated":{"name":"rules","line":2,"column":3}}"#),
    ("xml-doctype", r#"{"xml-doctype":{"line":1}}"#),
    ("binary-plist", r#""binary-plist""#),
    ("import-limit", r#"{"import-limit":{"what":"depth","limit":32,"line":2}}"#),
    ("import-too-large", r#"{"import-too-large":{"bytes":2000,"limit":1000}}"#),
    ("import-newer", r#"{"import-newer":{"version":9}}"#),
    ("import-part", r#"{"import-part":{"part":"field","name":"reportUri"}}"#),
    ("import-pinless", r#"{"import-pinless":{"count":3}}"#),
    ("host-empty", r#""host-empty""#),
    ("host-character", r#"{"host-character":{"character":"%"}}"#),
    ("host-empty-label", r#""host-empty-label""#),
    ("host-label-length", r#"{"host-label-length":{"label":"long"}}"#),
    ("host-length", r#"{"host-length":{"bytes":254}}"#),
    ("host-wildcard-position", r#""host-wildcard-position""#),
    ("host-wildcard-top-level", r#"{"host-wildcard-top-level":{"base":"com"}}"#),
    ("host-wildcard-address", r#""host-wildcard-address""#),
    ("host-address", r#"{"host-address":{"text":"1.2.3.999"}}"#),
    ("host-port", r#"{"host-port":{"text":"99999"}}"#),
    ("host-scheme", r#"{"host-scheme":{"scheme":"ftp"}}"#),
    ("host-internationalised", r#"{"host-internationalised":{"text":"xn--a"}}"#),
    ("host-prefixed", r#"{"host-prefixed":{"host":"chat.example.com"}}"#),
    ("host-several", r#""host-several""#),
    ("socket-url", r#""socket-url""#),
    ("host-never-shown", r#"{"host-never-shown":{"host":"addons.mozilla.org"}}"#),
    ("rule-pins-missing", r#""rule-pins-missing""#),
    ("rule-pin-repeated", r#""rule-pin-repeated""#),
    ("rule-host-taken", r#"{"rule-host-taken":{"pattern":"*.example.com"}}"#),
    ("rule-count", r#"{"rule-count":{"limit":100000}}"#),
    ("rule-pin-count", r#"{"rule-pin-count":{"limit":64}}"#),
    ("rule-report-uri", r#""rule-report-uri""#),
    ("text-length", r#"{"text-length":{"limit":200}}"#),
    ("rule-id", r#""rule-id""#),
    ("rule-changed", r#""rule-changed""#),
    ("rule-unknown", r#"{"rule-unknown":{"id":"rule"}}"#),
    ("rule-id-taken", r#"{"rule-id-taken":{"id":"rule"}}"#),
    ("invalid-date", r#"{"invalid-date":{"text":"2027-02-30"}}"#),
    ("policy-newer", r#"{"policy-newer":{"version":9}}"#),
    ("policy-field-newer", r#"{"policy-field-newer":{"name":"reportUri"}}"#),
    ("policy-syntax", r#"{"policy-syntax":{"detail":"there is no `rules`"}}"#),
    ("policy-lost", r#""policy-lost""#),
    ("policy-in-force", r#""policy-in-force""#),
    ("policy-rule", r#"{"policy-rule":{"index":2,"problem":"host-empty"}}"#),
    ("policy-rule", r#"{"policy-rule":{"index":0,"problem":{"pin-length":{"bytes":31}}}}"#),
    ("managed-shape", r#"{"managed-shape":{"detail":"expected a map"}}"#),
    ("managed-field", r#"{"managed-field":{"name":"mode","detail":"unknown variant"}}"#),
    ("managed-version", r#""managed-version""#),
    ("setting-unknown", r#"{"setting-unknown":{"name":"pauseing"}}"#),
    ("pause-forbidden", r#""pause-forbidden""#),
    ("invalid-time", r#""invalid-time""#),
    ("argument", r#"{"argument":{"detail":"the event has no url"}}"#),
    ("core-failed", r#"{"core-failed":{"detail":"no answer"}}"#),
    ("storage", r#"{"storage":{"detail":"quota"}}"#),
];

#[test]
fn code_and_json_stay_as_they_are() {
    for (code, json) in ERRORS {
        let error: Error = serde_json::from_str(json).unwrap_or_else(|problem| panic!("{json}: {problem}"));
        assert_eq!((error.code(), serde_json::to_string(&error).unwrap().as_str()), (*code, *json));
        // For logs and tests it is the same.
        assert_eq!((error.to_string(), format!("{error:?}")), ((*json).to_owned(), (*json).to_owned()));
    }
}

/// One that is new is in the table, and none that was there is gone.
#[test]
fn every_code_is_in_the_table_and_belongs_to_one_area() {
    let mut codes = Error::CODES.concat();
    codes.sort_unstable();
    let mut listed: Vec<_> = ERRORS.iter().map(|(code, _)| *code).collect();
    listed.sort_unstable();
    listed.dedup();
    assert_eq!(codes, listed);
}

#[test]
fn what_is_no_error_is_refused() {
    for json in [
        "null",
        "5",
        "{}",
        r#""unheard-of""#,
        r#"{"unheard-of":{}}"#,
        r#""pin-length""#,
        r#"{"pin-length":{}}"#,
        r#"{"pin-length":{"bytes":"x"}}"#,
        r#"{"pin-length":{"bytes":31},"pin-empty":null}"#,
        r#"{"policy-rule":{"index":0,"problem":"unheard-of"}}"#,
    ] {
        assert!(serde_json::from_str::<Error>(json).is_err(), "{json}");
    }
}

/// Somebody's text is checked again by whoever reads it.
#[test]
fn a_text_that_comes_in_leaves_no_further() {
    let key = "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg";
    for json in [
        format!(r#"{{"pin-encoding":{{"text":"{key}"}}}}"#),
        format!(r#"{{"host-port":{{"text":"{key}"}}}}"#),
        format!(r#"{{"policy-field-newer":{{"name":"{key}"}}}}"#),
        format!(r#"{{"storage":{{"detail":"{key}"}}}}"#),
        format!(r#"{{"policy-rule":{{"index":0,"problem":{{"invalid-date":{{"text":"{key}"}}}}}}}}"#),
    ] {
        let error: Error = serde_json::from_str(&json).unwrap();
        let shown = [error.to_string(), format!("{error:?}"), serde_json::to_string(&error).unwrap()];
        assert!(!shown.iter().any(|text| text.contains(key)), "{shown:?}");
    }
}
