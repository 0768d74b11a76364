//! Chromium's static pins, as its repository writes them.

use sockpin::error::ImportError;
use sockpin::formats::{Format, import};

use crate::import_cases::{A, Row, check, filled, lines, only};

/// The JSON by itself, or with its keys in the same text.
#[test]
fn static_pins() {
    check(Format::ChromiumJson, ROWS);
}

#[test]
fn keys_alone() {
    check(Format::ChromiumPins, KEYS);
}

/// In either order, as two files and as one text.
#[test]
fn the_two_files_together() {
    let (json, keys) = (filled(JSON), filled(PINS));
    let rules = [
        "**.google.com block pins A=GoogleBackup2048,B=GTS_Root denied qdKp/DXkw7BdhOaUPKEjEPs6zJpOwo6V5BG0oaRk3sQ=",
        "www.dropbox.com block pins A=GoogleBackup2048",
        "chart.apis.google.com off",
    ];
    let rules = rules.map(|rule| format!("{rule} (Chromium static pins)"));
    let of_pins = ["key A=GoogleBackup2048", "key B=GTS_Root", "10: Broken pin-length"];
    for (files, place, first) in [
        (vec![&json, &keys], 0, 0),
        (vec![&keys, &json], 1, 0),
        (vec![&format!("{json}\n{keys}")], 0, 0),
        (vec![&format!("{keys}\n{json}")], 0, keys.lines().count() + 1),
    ] {
        let bytes: Vec<_> = files.iter().map(|file| file.as_bytes()).collect();
        let readings = import(&bytes);
        assert_eq!(readings.len(), files.len());
        let reading = readings[place].as_ref().unwrap();
        assert_eq!(reading.format, Format::ChromiumJson);
        let said = lines(reading);
        assert_eq!(said[..3], rules, "{}", files[0]);
        let left_out =
            [(12, "report_uri import-field"), (14, "Broken import-key-missing"), (21, "entries import-pinless")];
        assert_eq!(said[3..], left_out.map(|(line, what)| format!("{}: {what}", line + first)));
        if let Some(other) = readings.iter().enumerate().find(|(index, _)| *index != place) {
            let other = other.1.as_ref().unwrap();
            assert_eq!((lines(other), other.format), (of_pins.map(str::to_owned).to_vec(), Format::ChromiumPins));
        }
    }
    // A file between them that is bad spoils neither.
    let readings = import(&[json.as_bytes(), b"bplist00", keys.as_bytes()]);
    assert_eq!(readings[1], Err(ImportError::BinaryPlist.into()));
    assert_eq!(lines(readings[0].as_ref().unwrap())[..3], rules);
}

/// A key may stand there as a certificate.
#[test]
fn keys_as_pem() {
    let path = std::path::PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/data");
    let [certificate, public] =
        ["rsa.pem", "public-key.pem"].map(|name| std::fs::read_to_string(path.join(name)).unwrap());
    let text = format!("# keys\n\nFirst\n{certificate}\n\nSecond\n{public}Third\nsha256/{A}\n");
    let reading = only(text.as_bytes()).unwrap();
    assert_eq!(reading.format, Format::ChromiumPins);
    assert_eq!(lines(&reading), ["key public-key.pem=First", "key public-key.pem=Second", "key A=Third"]);
}

const PINS: &str = "# Copyright 2012 The Chromium Authors
#
# This file contains SPKI pins.

PinsListTimestamp
1649894400

GoogleBackup2048
sha256/{A}
Broken
sha256/AAAA
# The root of GTS
GTS_Root
sha256/{B}
";

const JSON: &str = r#"// Copyright 2012 The Chromium Authors
// This file contains the static pins in "JSON" with comments.
{
  "pinsets": [
    {
      "name": "google",
      "static_spki_hashes": [
        "GoogleBackup2048", // the backup
        "GTS_Root"
      ],
      "bad_static_spki_hashes": ["sha256/qdKp/DXkw7BdhOaUPKEjEPs6zJpOwo6V5BG0oaRk3sQ="],
      "report_uri": "http://clients3.google.com/cert_upload_json"
    },
    { "name": "dropbox", "static_spki_hashes": [ "GoogleBackup2048", "Broken" ] }
  ],
  "entries": [
    { "name": "google.com", "policy": "google", "include_subdomains": true, "pins": "google" },
    { "name": "chart.apis.google.com", "mode": "force-https", "include_subdomains": false },
    // (*.)dropbox.com
    { "name": "www.dropbox.com", "policy": "custom", "mode": "force-https", "include_subdomains": false, "pins": "dropbox" },
    { "name": "hsts.example", "policy": "bulk-1-year", "mode": "force-https", "include_subdomains": true }
  ]
}
"#;

const ROWS: &[Row<'_>] = &[
    // Alone, the names have no keys.
    (
        JSON,
        &[
            "**.google.com block denied qdKp/DXkw7BdhOaUPKEjEPs6zJpOwo6V5BG0oaRk3sQ= (Chromium static pins)",
            "chart.apis.google.com off (Chromium static pins)",
            "8: … import-key-missing",
            "9: GTS_Root import-key-missing",
            "12: report_uri import-field",
            "14: … import-key-missing",
            "14: Broken import-key-missing",
            "20: www.dropbox.com rule-pins-missing",
            "21: entries import-pinless",
        ],
    ),
    (
        r#"{"pinsets": [{"name": "test", "static_spki_hashes": ["sha256/{A}"]}], "entries": [{"name": "pinningtest.appspot.com", "include_subdomains": true, "pins": "test"}]}"#,
        &["**.pinningtest.appspot.com block pins A (Chromium static pins)"],
    ),
    (
        r#"{"pinsets": [{"name": "t", "static_spki_hashes": ["sha256/{A}"]}], "entries": [{"name": "a.test", "include_subdomains_for_pinning": true, "pins": "t"}, {"name": "b.test", "pins": "t"}]}"#,
        &["**.a.test block pins A (Chromium static pins)", "b.test block pins A (Chromium static pins)"],
    ),
    // Denied keys only.
    (
        r#"{"pinsets": [{"name": "t", "bad_static_spki_hashes": ["sha256/{A}"]}], "entries": [{"name": "a.test", "pins": "t"}]}"#,
        &["a.test block denied A (Chromium static pins)"],
    ),
    (r#"{"pinsets": [], "entries": [{"name": "a.test", "pins": "gone"}]}"#, &["1: a.test import-pinset-missing"]),
    (
        r#"{"entries": [{"name": "a.test", "mode": "force-https"}, {"name": "b.test", "pins": null}]}"#,
        &["1: entries import-pinless"],
    ),
    (
        "{\"pinsets\": [{\"name\": \"t\", \"static_spki_hashes\": [\"sha256/{A}\", 5, \"sha256/AAAA\"], \"expires\": 3}],\n\"entries\": [{\"name\": \"a.test\", \"pins\": \"t\", \"mood\": 1},\n{\"pins\": \"t\"}, 5, {\"name\": \"b.test\", \"pins\": 5}], \"version\": 2}",
        &[
            "a.test block pins A (Chromium static pins)",
            "1: static_spki_hashes import-value",
            "1: sha256/AAAA pin-length",
            "1: expires import-field",
            "2: mood import-field",
            "3: name import-value",
            "-: entries import-value",
            "3: pins import-value",
            "3: version import-field",
        ],
    ),
    (
        r#"{"pinsets": [{"static_spki_hashes": []}, 7], "entries": {}}"#,
        &["1: name import-value", "-: pinsets import-value", "1: entries import-value"],
    ),
    // Slashes in strings are no comments.
    (
        "{\"pinsets\": [{\"name\": \"a//b \\\" // c\", \"static_spki_hashes\": [\"sha256/{A}\"]}], // a comment\n\"entries\": [{\"name\": \"a.test\", \"pins\": \"a//b \\\" // c\"}]}",
        &["a.test block pins A (Chromium static pins)"],
    ),
    (r#"{"pinsets": [{"name": "t", "name": "u"}]}"#, &["error: file-repeated"]),
    ("// a comment\n{\"pinsets\": [\n// another\n}", &["error: json-syntax"]),
    ("{\"pinsets\": []}\nwhatever follows", &["error: json-syntax"]),
];

const KEYS: &[Row<'_>] = &[
    (PINS, &["key A=GoogleBackup2048", "key B=GTS_Root", "10: Broken pin-length"]),
    ("Name\nsha256/{A}", &["key A=Name"]),
    ("PinsListTimestamp\n1649894400\nName\nsha256/{A}\n# the end", &["key A=Name"]),
    (
        "Name\n-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\nOther\nsha256/{B}",
        &["key B=Other", "1: Name der"],
    ),
    // From Windows.
    ("# keys\r\n\r\nName\r\nsha256/{A}\r\nOther\r\nsha256/{B}\r\n", &["key A=Name", "key B=Other"]),
    // As they were up to 2017.
    (
        "# -*- mode: text -*-\nTestSPKI\nsha1/AAAAAAAAAAAAAAAAAAAAAAAAAAA=\n\nGoogleBackup2048\nsha256/{A}\n",
        &["key A=GoogleBackup2048", "2: … pin-algorithm"],
    ),
    // A public key, and a frame in the middle of nothing.
    (
        "Name\n-----BEGIN PUBLIC KEY-----\n!!!!\n-----END PUBLIC KEY-----\nOther\nsha256/{B}",
        &["key B=Other", "1: Name pem-encoding"],
    ),
    ("Name\n-----BEGIN CERTIFICATE-----\nAAAA\n", &["error: pem-end"]),
    // A time that is none says nothing of the keys.
    ("PinsListTimestamp\nyesterday\nName\nsha256/{A}\n", &["key A=Name"]),
    // The same key twice, under two names.
    ("First\nsha256/{A}\nSecond\nsha256/{A}\n", &["key A=First", "key A=Second"]),
    // Keys that were cut or mistyped.
    (
        "First\nsha256/C5+lpZ7tcVwmwQI=\nSecond\nsha256/C5+lpZ7tcVwmwQIMcRtPbsQtWLABXhQzejna0wHFr8?=\nThird\nsha256/{B}\n",
        &["key B=Third", "1: First pin-length", "3: Second pin-character"],
    ),
    // A name without a key, at the end.
    ("Name\nsha256/{A}\nOther\n", &["taken for pin-list"]),
];

/// What only looks a little like a list of keys is read as before.
#[test]
fn other_lists_are_no_keys_of_chromium() {
    for (input, format) in [
        (format!("sha256/{A}"), Format::PinList),
        (format!("Name sha256/{A}"), Format::PinList),
        (format!("name\nsha256/{A}"), Format::PinList),
        (format!("sha256/{A} Name\nName"), Format::PinList),
        (format!("[\"sha256/{A}\"]"), Format::PinList),
        (format!("[sha256/{A}]"), Format::PinList),
        (
            format!("Certificate pinning failure!\n  Peer certificate chain:\n    sha256/{A}: CN=a\n"),
            Format::OkHttpFailure,
        ),
    ] {
        let reading = only(input.as_bytes()).unwrap();
        assert_eq!(reading.format, format, "{input}");
        assert_eq!(reading.keys.len(), 1, "{input}");
    }
    let data = |name: &str| {
        std::fs::read(std::path::PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/data").join(name)).unwrap()
    };
    for (name, format) in [
        ("rsa.pem", Format::Pem),
        ("rsa.der", Format::Der),
        ("bundle.p7b", Format::Pkcs7),
        ("public-key.der", Format::Der),
    ] {
        assert_eq!(only(&data(name)).unwrap().format, format, "{name}");
    }
}
