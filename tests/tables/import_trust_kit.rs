//! The configuration of `TrustKit` for iOS and macOS, as its documentation and apps write it.

use sockpin::formats::Format;

use crate::import_cases::{Row, check};

#[test]
fn trust_kit_configurations_as_property_lists() {
    let rows: Vec<_> = PLISTS.iter().map(|(inner, expected)| (plist(inner), *expected)).collect();
    let rows: Vec<Row<'_>> = rows.iter().map(|(input, expected)| (input.as_str(), *expected)).collect();
    check(Format::TrustKit, &rows);
}

#[test]
fn trust_kit_configurations_as_json() {
    check(Format::TrustKit, JSON);
}

/// What Xcode puts around a property list.
pub(crate) fn plist(inner: &str) -> String {
    format!(
        r#"<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
<plist version="1.0">
{inner}
</plist>
"#
    )
}

const PLISTS: &[Row<'_>] = &[
    // The shape of its documentation: in an Info.plist.
    (
        "<dict>
  <key>CFBundleName</key><string>App</string>
  <key>TSKConfiguration</key>
  <dict>
    <key>TSKSwizzleNetworkDelegates</key><false/>
    <key>TSKPinnedDomains</key>
    <dict>
      <key>www.datatheorem.com</key>
      <dict>
        <key>TSKExpirationDate</key><string>2027-12-01</string>
        <key>TSKPublicKeyHashes</key>
        <array>
          <string>{A}</string>
          <string>{B}</string>
        </array>
        <key>TSKEnforcePinning</key><false/>
        <key>TSKReportUris</key>
        <array><string>http://report.datatheorem.com/log_report</string></array>
      </dict>
      <key>yahoo.com</key>
      <dict>
        <key>TSKPublicKeyHashes</key>
        <array><string>{A}</string></array>
        <key>TSKIncludeSubdomains</key><true/>
      </dict>
    </dict>
  </dict>
</dict>",
        &[
            "www.datatheorem.com flag pins A,B until 2027-12-01 (TrustKit)",
            "**.yahoo.com block pins A (TrustKit)",
            "8: TSKSwizzleNetworkDelegates import-field",
            "20: TSKReportUris import-field",
        ],
    ),
    // By itself, with comments, and each spelling of the exclusion.
    (
        "<dict><key>TSKPinnedDomains</key><dict>
<key>example.com</key><dict><key>TSKIncludeSubdomains</key><true/><key>TSKPublicKeyHashes</key><array>
  <!-- the root -->
  <string>{A}</string>
  <string>{B}</string> <!-- in the safe -->
</array></dict>
<key>free.example.com</key><dict><key>TSKExcludeSubdomainFromParentPolicy</key><true/></dict>
<key>also.example.com</key><dict><key>kSKExcludeSubdomainFromParentPolicy</key><true/></dict>
<key>not.example.com</key><dict><key>TSKExcludeSubdomainFromParentPolicy</key><false/></dict>
</dict></dict>",
        &[
            "**.example.com block pins A=the root,B=in the safe (TrustKit)",
            "free.example.com off (TrustKit)",
            "also.example.com off (TrustKit)",
            "12: not.example.com rule-pins-missing",
        ],
    ),
    // A date, a number for a truth value, roots of the user.
    (
        "<dict><key>TSKIgnorePinningForUserDefinedTrustAnchors</key><true/><key>TSKPinnedDomains</key><dict>
<key>a.test</key><dict><key>TSKExpirationDate</key><date>2030-02-03T00:00:00Z</date><key>TSKEnforcePinning</key><integer>0</integer>
<key>TSKPublicKeyHashes</key><array><string>{A}</string></array></dict></dict></dict>",
        &["a.test flag pins A exempt until 2030-02-03 (TrustKit)"],
    ),
    (
        "<dict><key>TSKIgnorePinningForUserDefinedTrustAnchors</key><false/><key>TSKPinnedDomains</key><dict>
<key>a.test</key><dict><key>TSKDisableDefaultReportUri</key><true/><key>TSKPublicKeyAlgorithms</key><array/>
<key>TSKPublicKeyHashes</key><array><string>{A}</string></array></dict></dict></dict>",
        &[
            "a.test block pins A (TrustKit)",
            "5: TSKDisableDefaultReportUri import-field",
            "5: TSKPublicKeyAlgorithms import-field",
        ],
    ),
    // Bad items.
    (
        "<dict><key>TSKPinnedDomains</key><dict>
<key>a.test</key><dict><key>TSKPublicKeyHashes</key><array><string>{A}</string>
<string>HXXQgxueCIU5TTLHob/bPbwcKOKw6DkfsTWYHbxbqTY</string>
<string>short==</string><true/></array></dict>
<key>b.test</key><dict><key>TSKPublicKeyHashes</key><string>{A}</string></dict>
<key>c.test</key><string>x</string>
<key>d.test</key><dict><key>TSKIncludeSubdomains</key><string>YES</string><key>TSKExpirationDate</key><true/><key>TSKPublicKeyHashes</key><array><string>{B}</string></array></dict>
</dict></dict>",
        &[
            "a.test block pins A,HXXQgxueCIU5TTLHob/bPbwcKOKw6DkfsTWYHbxbqTY= (TrustKit)",
            "d.test block pins B (TrustKit)",
            "7: short== pin-encoding",
            "5: TSKPublicKeyHashes import-value",
            "8: TSKPublicKeyHashes import-value",
            "8: b.test rule-pins-missing",
            "9: c.test import-value",
            "10: TSKIncludeSubdomains import-value",
            "10: TSKExpirationDate import-value",
        ],
    ),
    // As older versions have it: with the kind of each key, and reports for all.
    (
        "<dict>
    <key>TSKSwizzleNetworkDelegates</key>
    <true/>
    <key>TSKPinnedDomains</key>
    <dict>
        <key>api.example.com</key>
        <dict>
            <key>TSKEnforcePinning</key>
            <true/>
            <key>TSKIncludeSubdomains</key>
            <true/>
            <key>TSKPublicKeyAlgorithms</key>
            <array>
                <string>TSKAlgorithmRsa2048</string>
                <string>TSKAlgorithmEcDsaSecp256r1</string>
            </array>
            <key>TSKPublicKeyHashes</key>
            <array>
                <string>{A}</string>
                <string>{B}</string>
            </array>
        </dict>
    </dict>
</dict>",
        &[
            "**.api.example.com block pins A,B (TrustKit)",
            "5: TSKSwizzleNetworkDelegates import-field",
            "15: TSKPublicKeyAlgorithms import-field",
        ],
    ),
    // Pins as OkHttp has them, and the two that every tutorial has.
    (
        "<dict><key>TSKPinnedDomains</key><dict><key>example.com</key><dict><key>TSKPublicKeyHashes</key><array>
<string>sha256/{A}</string>
<string>
    {B}
</string>
<string>AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=</string></array></dict></dict></dict>",
        &["example.com block pins A,B (TrustKit)", "9: … pin-stand-in"],
    ),
    // A date in another order, and a host with what stands before it in an address.
    (
        "<dict><key>TSKPinnedDomains</key><dict>
<key>a.test</key><dict><key>TSKExpirationDate</key><string>31.12.2030</string><key>TSKPublicKeyHashes</key><array><string>{A}</string></array></dict>
<key>https://b.test/</key><dict><key>TSKPublicKeyHashes</key><array><string>{A}</string></array></dict>
<key>c.test</key><dict><key>TSKPublicKeyHashes</key><array><string>{A}</string></array></dict></dict></dict>",
        &[
            "a.test block pins A until 31.12.2030 (TrustKit) unfit: invalid-date",
            "https://b.test/ block pins A (TrustKit)",
            "c.test block pins A (TrustKit)",
        ],
    ),
    // For every name of an app, with its groups; a wildcard that is written out; a name with other letters.
    (
        "<dict><key>TSKConfiguration</key><dict><key>TSKPinnedDomains</key><dict>
<key>*.example.com</key><dict><key>TSKPublicKeyHashes</key><array><string>{A}</string></array></dict>
<key>bücher.example</key><dict><key>TSKIncludeSubdomains</key><true/><key>TSKPublicKeyHashes</key><array><string>{B}</string></array></dict>
</dict></dict><key>UIBackgroundModes</key><array><string>fetch</string></array></dict>",
        &["*.example.com block pins A (TrustKit)", "**.bücher.example block pins B (TrustKit)"],
    ),
    // Backups that were never filled in, and data in the place of text.
    (
        "<dict><key>TSKPinnedDomains</key><dict><key>a.test</key><dict><key>TSKPublicKeyHashes</key><array>
<string></string>
<string>TODO: backup</string>
<data>C5+lpZ7tcVwmwQIMcRtPbsQtWLABXhQzejna0wHFr8M=</data>
<string>{A}</string></array></dict></dict></dict>",
        &[
            "a.test block pins A (TrustKit)",
            "4:  pin-empty",
            "6: TODO: backup pin-encoding",
            "4: TSKPublicKeyHashes import-value",
        ],
    ),
    ("<dict><key>TSKPinnedDomains</key><array/></dict>", &["4: TSKPinnedDomains import-value"]),
    ("<dict><key>TSKPinnedDomains</key><dict/></dict>", &[]),
    ("<dict><key>TSKPinnedDomains</key><dict><key>a.test</key></dict></dict>", &["error: xml-syntax"]),
    ("<dict><key>TSKPinnedDomains</key><dict><string>a.test</string></dict></dict>", &["error: xml-syntax"]),
    (
        "<dict><key>TSKPinnedDomains</key><dict><key>a.test</key><dict/><key>a.test</key><dict/></dict></dict>",
        &["error: file-repeated"],
    ),
    ("<dict><key>TSKPinnedDomains</key><dict><key>a.test</key><thing/></dict></dict>", &["error: xml-syntax"]),
    ("<dict><key>CFBundleName</key><string>App</string></dict>", &["error: nothing-recognised"]),
];

const JSON: &[Row<'_>] = &[
    (
        r#"{"TSKPinnedDomains": {"example.com": {"TSKPublicKeyHashes": ["{A}", "{B}"], "TSKIncludeSubdomains": true}}}"#,
        &["**.example.com block pins A,B (TrustKit)"],
    ),
    (
        r#"{
  "TSKConfiguration": {
    "TSKSwizzleNetworkDelegates": true,
    "TSKPinnedDomains": {
      "www.example.com": {
        "TSKEnforcePinning": false,
        "TSKReportUris": ["https://example.com/report"],
        "TSKPublicKeyHashes": ["{A}"],
        "TSKExpirationDate": "2027-01-31"
      }
    }
  }
}"#,
        &[
            "www.example.com flag pins A until 2027-01-31 (TrustKit)",
            "3: TSKSwizzleNetworkDelegates import-field",
            "7: TSKReportUris import-field",
        ],
    ),
    (
        r#"{"TSKPinnedDomains": {"a.test": {"TSKPublicKeyHashes": ["{A}"], "TSKIncludeSubdomains": 1, "TSKEnforcePinning": 1},
"b.a.test": {"kSKExcludeSubdomainFromParentPolicy": true}, "c.a.test": {"TSKExcludeSubdomainFromParentPolicy": true}}}"#,
        &["**.a.test block pins A (TrustKit)", "b.a.test off (TrustKit)", "c.a.test off (TrustKit)"],
    ),
    (
        r#"{"TSKPinnedDomains": {"a.test": {"TSKPublicKeyHashes": ["sha256/{A}", 5, "{A}"], "TSKNew": null}}}"#,
        &[
            "a.test block pins A (TrustKit)",
            "1: TSKPublicKeyHashes import-value",
            "1: … rule-pin-repeated",
            "1: TSKNew import-field",
        ],
    ),
    (
        r#"{"TSKPinnedDomains": {"2001:db8::1": {"TSKPublicKeyHashes": ["{A}"], "TSKIncludeSubdomains": true}, "": {"TSKPublicKeyHashes": ["{A}"]}}}"#,
        &["2001:db8::1 block pins A (TrustKit)", "1:  host-empty"],
    ),
    (
        r#"{"TSKPinnedDomains": {"com": {"TSKPublicKeyHashes": ["{A}"], "TSKIncludeSubdomains": true}}}"#,
        &["**.com block pins A (TrustKit) unfit: host-wildcard-top-level"],
    ),
    (
        r#"{"TSKPinnedDomains": {"a.test": {"TSKPublicKeyHashes": []}, "b.test": 5}}"#,
        &["1: a.test rule-pins-missing", "1: b.test import-value"],
    ),
    (
        // A name with an escape stands nowhere in the text as it is.
        r#"{"TSKPinnedDomains": {"\u0061.test": {"TSKPublicKeyHashes": ["{A}"], "TSKIncludeSubdomains": "no"}}}"#,
        &["a.test block pins A (TrustKit)", "1: TSKIncludeSubdomains import-value"],
    ),
    (r#"{"TSKPinnedDomains": "x"}"#, &["1: TSKPinnedDomains import-value"]),
    (r#"{"TSKPinnedDomains": {"a.test": {}, "a.test": {}}}"#, &["error: file-repeated"]),
    (r#"{"TSKPinnedDomains": {"a.test": {}"#, &["error: json-syntax"]),
    (r#"{"TSKPinnedDomains": {}} {"more": 1}"#, &["error: json-syntax"]),
];
