//! `NSPinnedDomains` of Apple's App Transport Security, as its documentation and apps write it.

use sockpin::formats::Format;

use crate::import_cases::{Row, check, filled, lines, only};
use crate::import_trust_kit::plist;

#[test]
fn pinned_domains() {
    let rows: Vec<_> = ROWS.iter().map(|(inner, expected)| (plist(inner), *expected)).collect();
    let rows: Vec<Row<'_>> = rows.iter().map(|(input, expected)| (input.as_str(), *expected)).collect();
    check(Format::AppTransportSecurity, &rows);
}

#[test]
fn binary_property_lists_are_refused_with_the_way_out() {
    for file in [&b"bplist00\xd1\x01\x02"[..], b"bplist15"] {
        let error = only(file).unwrap_err();
        assert_eq!(error.code(), "binary-plist");
        assert!(sockpin::view::error::sentence(&error).english().contains("plutil -convert xml1"));
    }
}

/// One file for both: each rule says where it is from.
#[test]
fn pins_for_trust_kit_beside_them() {
    let input = filled(&plist(
        "<dict><key>NSAppTransportSecurity</key><dict><key>NSPinnedDomains</key><dict><key>a.test</key><dict>
<key>NSPinnedLeafIdentities</key><array><dict><key>SPKI-SHA256-BASE64</key><string>{A}</string></dict></array></dict></dict></dict>
<key>TSKConfiguration</key><dict><key>TSKPinnedDomains</key><dict><key>b.test</key><dict>
<key>TSKPublicKeyHashes</key><array><string>{B}</string></array></dict></dict></dict></dict>",
    ));
    let expected = ["a.test block pins A leaf (App Transport Security)", "b.test block pins B (TrustKit)"];
    assert_eq!(lines(&only(input.as_bytes()).unwrap()), expected);
}

/// As Expo's `app.json` has them, and a part of an `Info.plist` as documentation shows it.
#[test]
fn pinned_domains_in_other_files() {
    for input in [
        r#"{"expo": {"name": "x", "ios": {"infoPlist": {"NSAppTransportSecurity": {"NSPinnedDomains": {"a.test": {
            "NSIncludesSubdomains": true, "NSPinnedLeafIdentities": [{"SPKI-SHA256-BASE64": "{A}"}]}}}}}}}"#,
        r#"{"NSPinnedDomains": {"a.test": {
            "NSIncludesSubdomains": true, "NSPinnedLeafIdentities": [{"SPKI-SHA256-BASE64": "{A}"}]}}}"#,
        "<!-- Info.plist -->\n<key>NSAppTransportSecurity</key><dict><key>NSPinnedDomains</key><dict><key>a.test</key><dict>
<key>NSIncludesSubdomains</key><true/><key>NSPinnedLeafIdentities</key><array><dict><key>SPKI-SHA256-BASE64</key><string>{A}</string></dict></array></dict></dict></dict>\n<key>b</key><true/>",
        "<dict><key>NSPinnedDomains</key><dict><key>a.test</key><dict><key>NSIncludesSubdomains</key><true/>
<key>NSPinnedLeafIdentities</key><array><dict><key>SPKI-SHA256-BASE64</key><string>{A}</string></dict></array></dict></dict></dict>",
    ] {
        let reading = only(filled(input).as_bytes()).unwrap();
        let expected =
            ["a.test block pins A leaf (App Transport Security)", "*.a.test block pins A leaf (App Transport Security)"];
        assert_eq!(lines(&reading), expected, "{input}");
    }
}

const ROWS: &[Row<'_>] = &[
    // Apple's example, in an Info.plist.
    (
        "<dict>
<key>CFBundleIdentifier</key><string>org.example.app</string>
<key>NSAppTransportSecurity</key>
<dict>
    <key>NSAllowsArbitraryLoads</key><false/>
    <key>NSPinnedDomains</key>
    <dict>
        <key>example.org</key>
        <dict>
            <key>NSIncludesSubdomains</key>
            <true/>
            <key>NSPinnedCAIdentities</key>
            <array>
                <dict>
                    <key>SPKI-SHA256-BASE64</key>
                    <string>{A}</string>
                </dict>
            </array>
        </dict>
        <key>example.net</key>
        <dict>
            <key>NSPinnedLeafIdentities</key>
            <array>
                <dict><key>SPKI-SHA256-BASE64</key><string>{A}</string></dict>
                <!-- next year's -->
                <dict><key>SPKI-SHA256-BASE64</key><string>{B}</string></dict>
            </array>
        </dict>
    </dict>
</dict></dict>",
        &[
            "example.org block pins A (App Transport Security)",
            "*.example.org block pins A (App Transport Security)",
            "example.net block pins A,B=next year's leaf (App Transport Security)",
        ],
    ),
    // Both kinds: both must match there.
    (
        "<dict><key>NSPinnedDomains</key><dict><key>a.test</key><dict>
<key>NSPinnedCAIdentities</key><array><dict><key>SPKI-SHA256-BASE64</key><string>{A}</string></dict></array>
<key>NSPinnedLeafIdentities</key><array><dict><key>SPKI-SHA256-BASE64</key><string>{B}</string></dict></array>
</dict></dict></dict>",
        &["a.test block pins B leaf (App Transport Security)", "4: a.test import-both-identities"],
    ),
    // An empty list asks for nothing.
    (
        "<dict><key>NSPinnedDomains</key><dict><key>a.test</key><dict><key>NSIncludesSubdomains</key><false/>
<key>NSPinnedCAIdentities</key><array><dict><key>SPKI-SHA256-BASE64</key><string>{A}</string></dict></array>
<key>NSPinnedLeafIdentities</key><array/></dict></dict></dict>",
        &["a.test block pins A (App Transport Security)"],
    ),
    // Leaf pins that cannot be read do not make way for those of authorities.
    (
        "<dict><key>NSPinnedDomains</key><dict><key>a.test</key><dict>
<key>NSPinnedCAIdentities</key><array><dict><key>SPKI-SHA256-BASE64</key><string>{A}</string></dict></array>
<key>NSPinnedLeafIdentities</key><array><dict><key>SPKI-SHA1-BASE64</key><string>x</string></dict></array>
</dict></dict></dict>",
        &[
            "6: NSPinnedLeafIdentities import-value",
            "6: … import-field",
            "4: a.test import-both-identities",
            "4: a.test rule-pins-missing",
        ],
    ),
    (
        "<dict><key>NSPinnedDomains</key><dict><key>192.0.2.7</key><dict><key>NSIncludesSubdomains</key><true/>
<key>NSPinnedLeafIdentities</key><array><dict><key>SPKI-SHA256-BASE64</key><string>{A}</string></dict></array></dict></dict></dict>",
        &["192.0.2.7 block pins A leaf (App Transport Security)"],
    ),
    (
        "<dict><key>NSPinnedDomains</key><dict><key>a.test</key><dict><key>NSIncludesSubdomains</key><string>YES</string>
<key>NSPinnedLeafIdentities</key><array><dict><key>SPKI-SHA256-BASE64</key><string>{A}</string></dict></array><key>NSRequiresCertificateTransparency</key><true/></dict></dict></dict>",
        &[
            "a.test block pins A leaf (App Transport Security)",
            "4: NSIncludesSubdomains import-value",
            "5: NSRequiresCertificateTransparency import-field",
        ],
    ),
    (
        "<dict><key>NSPinnedDomains</key><dict><key>a.test</key><dict><key>NSPinnedCAIdentities</key><array>
<dict><key>SPKI-SHA256-BASE64</key><string>AAAA</string></dict>
<string>{A}</string>
<dict><key>SPKI-SHA256-BASE64</key><data>AAAA</data></dict>
<dict><key>SPKI-SHA256-BASE64</key><string>{B}</string></dict>
</array></dict></dict></dict>",
        &[
            "a.test block pins B (App Transport Security)",
            "5: AAAA pin-length",
            "6: NSPinnedCAIdentities import-value",
            "7: NSPinnedCAIdentities import-value",
        ],
    ),
    (
        "<dict><key>NSPinnedDomains</key><dict><key>a.test</key><dict/><key>b.test</key><true/></dict></dict>",
        &["4: a.test rule-pins-missing", "4: b.test import-value"],
    ),
    (
        "<dict><key>NSPinnedDomains</key><dict><key>a.test</key><dict><key>NSPinnedCAIdentities</key><dict/></dict></dict></dict>",
        &["4: NSPinnedCAIdentities import-value", "4: a.test rule-pins-missing"],
    ),
    ("<dict><key>NSPinnedDomains</key><string>a.test</string></dict>", &["4: NSPinnedDomains import-value"]),
    ("<dict><key>NSPinnedDomains</key><dict/></dict>", &[]),
    ("<dict><key>NSAppTransportSecurity</key><dict/></dict>", &["error: nothing-recognised"]),
    ("<dict><key>NSPinnedDomains</key><dict><key>a.test</key><dict></dict></dict>", &["error: xml-syntax"]),
];
