//! Android's Network Security Configuration, as its documentation, `TrustKit` for Android and apps write it.

use sockpin::formats::Format;

use crate::import_cases::{Row, check};

#[test]
fn android_configurations() {
    check(Format::AndroidNetworkSecurityConfig, ROWS);
}

const ROWS: &[Row<'_>] = &[
    // The documentation's example, with its comments.
    (
        r#"<?xml version="1.0" encoding="utf-8"?>
<network-security-config>
    <domain-config>
        <domain includeSubdomains="true">example.com</domain>
        <pin-set expiration="2028-01-01">
            <pin digest="SHA-256">{A}</pin>
            <!-- backup pin -->
            <pin digest="SHA-256">{B}</pin>
        </pin-set>
    </domain-config>
</network-security-config>
"#,
        &["**.example.com block pins A,B=backup pin until 2028-01-01 (Android Network Security Config)"],
    ),
    // As documentation shows it: in a text, and without the root.
    (
        "Save this as `network_security_config.xml`:\n\n    <?xml version=\"1.0\"?>\n    <network-security-config>\n <domain-config><domain>a.test</domain><pin-set><pin>{A}</pin><pin>short</pin></pin-set></domain-config>\n</network-security-config>\n\nThen build & run.",
        &["a.test block pins A (Android Network Security Config)", "5: short pin-encoding"],
    ),
    (
        "<!-- ours -->\n<domain-config><domain>a.test</domain><pin-set><pin>{A}</pin></pin-set></domain-config>\n<domain-config><domain>b.test</domain><pin-set><pin>{B}</pin></pin-set></domain-config>\n",
        &[
            "a.test block pins A (Android Network Security Config)",
            "b.test block pins B (Android Network Security Config)",
        ],
    ),
    // Of two sets of pins, which Android refuses, neither is lost without a word.
    (
        "<network-security-config><domain-config><domain>a.test</domain><pin-set><pin>{A}</pin></pin-set>\n<pin-set><pin>{B}</pin></pin-set></domain-config></network-security-config>",
        &["a.test block pins A (Android Network Security Config)", "2: pin-set import-repeated"],
    ),
    // What is the pin of no key spoils no other.
    (
        "<network-security-config><domain-config><domain>a.test</domain><pin-set><pin digest='SHA-256'>{A}</pin>\n<pin digest='SHA-256'>AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=</pin>\n<pin digest='SHA-256'>47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=</pin></pin-set></domain-config></network-security-config>",
        &["a.test block pins A (Android Network Security Config)", "2: … pin-stand-in", "3: … pin-of-nothing"],
    ),
    // Several domains, a comment behind a pin.
    (
        r#"<network-security-config xmlns:tools="http://schemas.android.com/tools">
  <domain-config cleartextTrafficPermitted="false">
    <domain>a.example.com</domain><domain includeSubdomains="false"> b.example.com
    </domain>
    <pin-set><pin digest="SHA-256">{A}</pin> <!-- Root --><pin digest="sha-256">
      {B}
    </pin></pin-set>
  </domain-config>
</network-security-config>"#,
        &[
            "a.example.com block pins A=Root,B (Android Network Security Config)",
            "b.example.com block pins A=Root,B (Android Network Security Config)",
        ],
    ),
    // A nested configuration inherits the pins, one with an empty set is an exclusion, and so is one inside of a wider.
    (
        r#"<network-security-config>
<domain-config>
  <domain-config><domain includeSubdomains="true">inherits.example.com</domain></domain-config>
  <domain-config><domain>free.example.com</domain><pin-set/></domain-config>
  <domain-config><domain>own.example.com</domain><pin-set><pin digest="SHA-256">{B}</pin></pin-set></domain-config>
  <domain includeSubdomains="true">example.com</domain>
  <pin-set><pin digest="SHA-256">{A}</pin></pin-set>
</domain-config>
</network-security-config>"#,
        &[
            "**.example.com block pins A (Android Network Security Config)",
            "**.inherits.example.com block pins A (Android Network Security Config)",
            "free.example.com off (Android Network Security Config)",
            "own.example.com block pins B (Android Network Security Config)",
        ],
    ),
    // Without pins: an exclusion beside a wider configuration, else nothing.
    (
        r#"<network-security-config>
<domain-config cleartextTrafficPermitted="true"><domain>Legacy.example.com</domain></domain-config>
<domain-config cleartextTrafficPermitted="true"><domain includeSubdomains="true">localhost</domain></domain-config>
<domain-config><domain includeSubdomains="true">example.com</domain><pin-set><pin digest="SHA-256">{A}</pin></pin-set></domain-config>
</network-security-config>"#,
        &[
            "**.example.com block pins A (Android Network Security Config)",
            "Legacy.example.com off (Android Network Security Config)",
            "2: cleartextTrafficPermitted import-cleartext",
            "3: cleartextTrafficPermitted import-cleartext",
            "3: **.localhost import-pinless",
        ],
    ),
    // TrustKit for Android: its README's shape. Only reported unless it says so.
    (
        r#"<network-security-config>
  <domain-config>
    <domain includeSubdomains="true">www.datatheorem.com</domain>
    <pin-set>
      <pin digest="SHA-256">{A}</pin>
      <pin digest="SHA-256">{B}</pin>
    </pin-set>
    <trustkit-config enforcePinning="true" />
    <domain-config>
      <domain>reports.datatheorem.com</domain>
      <trustkit-config disableDefaultReportUri="true">
        <report-uri>http://report.datatheorem.com/log_report</report-uri>
      </trustkit-config>
    </domain-config>
  </domain-config>
</network-security-config>"#,
        &[
            "**.www.datatheorem.com block pins A,B (Android Network Security Config)",
            "reports.datatheorem.com flag pins A,B (Android Network Security Config)",
            "12: report-uri import-field",
        ],
    ),
    (
        r#"<network-security-config><domain-config><domain>a.test</domain><pin-set><pin digest="SHA-256">{A}</pin></pin-set>
<trustkit-config enforcePinning="false"/></domain-config></network-security-config>"#,
        &["a.test flag pins A (Android Network Security Config)"],
    ),
    // What holds only in debug builds, and what has no counterpart.
    (
        r#"<network-security-config>
  <base-config cleartextTrafficPermitted="false"><trust-anchors><certificates src="system"/></trust-anchors></base-config>
  <debug-overrides><trust-anchors><certificates src="@raw/debug_cas"/></trust-anchors>
    <trustkit-config overridePins="true"/></debug-overrides>
  <domain-config hstsEnforced="true"><domain>a.test</domain>
    <trust-anchors><certificates src="system"/><certificates src="@raw/my_ca"/></trust-anchors>
    <pin-set><pin digest="SHA-256">{A}</pin><pim/></pin-set><mystery level="3"><deep/></mystery>
  </domain-config>
</network-security-config>"#,
        &[
            "a.test block pins A (Android Network Security Config)",
            "3: debug-overrides import-debug",
            "5: hstsEnforced import-field",
            "6: trust-anchors import-field",
            "7: pim import-field",
            "7: mystery import-field",
        ],
    ),
    // Roots of the user that override pins; certificate transparency.
    (
        r#"<network-security-config><domain-config><domain>a.test</domain>
<trust-anchors><certificates src="system"/><certificates src="user" overridePins="true"/></trust-anchors>
<certificateTransparency enabled="true"/>
<pin-set><pin digest="SHA-256">{A}</pin></pin-set></domain-config></network-security-config>"#,
        &["a.test block pins A exempt ct (Android Network Security Config)"],
    ),
    // What is inherited of the base, wherever it stands.
    (
        r#"<network-security-config>
<domain-config><domain>a.test</domain><pin-set><pin>{A}</pin></pin-set></domain-config>
<domain-config><domain>b.test</domain><pin-set><pin>{A}</pin></pin-set><trust-anchors><certificates src="system"/></trust-anchors></domain-config>
<base-config cleartextTrafficPermitted="true"><pin-set><pin>{B}</pin></pin-set><trust-anchors><certificates src="user" overridePins="true"/></trust-anchors></base-config>
<domain-config><domain>c.test</domain></domain-config></network-security-config>"#,
        &[
            "a.test block pins A exempt (Android Network Security Config)",
            "b.test block pins A (Android Network Security Config)",
            "4: cleartextTrafficPermitted import-cleartext",
            "4: pin-set import-field",
            "5: c.test import-pinless",
        ],
    ),
    // Android reads no host in the one for all, and not a second one.
    (
        r#"<network-security-config><base-config><domain>b.test</domain>
<domain-config><domain>a.test</domain><pin-set><pin>{A}</pin></pin-set></domain-config></base-config>
<base-config><trust-anchors><certificates src="user" overridePins="true"/></trust-anchors></base-config></network-security-config>"#,
        &[
            "a.test block pins A (Android Network Security Config)",
            "1: domain import-field",
            "3: base-config import-repeated",
        ],
    ),
    // Bad pins spoil no good ones, and a set of which none can be read is no exclusion.
    (
        r#"<network-security-config><domain-config><domain>a.test</domain><pin-set>
<pin digest="SHA-1">0BEVSXG22QAvTkJpMoCB3A7ZkTw=</pin>
<pin digest="SHA-256">{A}</pin>
<pin digest="SHA-256">C5+lpZ7tcVwmwQIMcRtPbsQtWLABXhQzejna</pin>
<pin digest="SHA-256">{A}</pin>
<pin>{B}</pin>
</pin-set></domain-config>
<domain-config><domain>b.test</domain><pin-set><pin digest="SHA-256">no pin</pin></pin-set></domain-config>
</network-security-config>"#,
        &[
            "a.test block pins A,B (Android Network Security Config)",
            "2: … pin-algorithm",
            "4: … pin-length",
            "5: … rule-pin-repeated",
            "8: SHA-256/no pin pin-encoding",
            "8: b.test rule-pins-missing",
        ],
    ),
    // References of XML, CDATA, a prefix, an address.
    (
        "<n:network-security-config xmlns:n=\"urn:x\"><n:domain-config><n:domain includeSubdomains='true'>a&#46;te<![CDATA[st]]></n:domain>
<n:domain includeSubdomains='true'>192.0.2.7</n:domain>
<n:pin-set><n:pin digest='SHA-256'>C5&#43;lpZ7tcVwmwQIMcRtPbsQtWLABXhQzejna0wHFr8M=</n:pin></n:pin-set></n:domain-config></n:network-security-config>",
        &[
            "**.a.test block pins A (Android Network Security Config)",
            "192.0.2.7 block pins A (Android Network Security Config)",
        ],
    ),
    // Wrong values.
    (
        r#"<network-security-config><domain-config><domain includeSubdomains="yes" note="x">a.test</domain><domain> </domain>
<pin-set expiration="tomorrow"><pin digest="SHA-256">{A}</pin></pin-set></domain-config></network-security-config>"#,
        &[
            "a.test block pins A until tomorrow (Android Network Security Config) unfit: invalid-date",
            "1: includeSubdomains import-value",
            "1: note import-field",
            "1:  host-empty",
        ],
    ),
    ("<network-security-config/>", &[]),
    ("<network-security-config><domain-config><domain>a.test</domain></domain-config>", &["error: xml-syntax"]),
    ("<network-security-config><domain-config></network-security-config>", &["error: xml-syntax"]),
    ("<network-security-config></network-security-config><more/>", &["error: xml-syntax"]),
    ("<network-security-config><domain-config a='1' a='2'/></network-security-config>", &["error: xml-syntax"]),
    ("<network-security-config><domain-config><domain>&who;</domain></domain-config></network-security-config>", &["error: xml-syntax"]),
    (
        "<!DOCTYPE network-security-config [<!ENTITY a 'b'>]><network-security-config/>",
        &["error: xml-doctype"],
    ),
    ("<!DOCTYPE network-security-config SYSTEM 'file:///etc/passwd'><network-security-config/>", &["error: xml-doctype"]),
    ("<!DOCTYPE network-security-config><network-security-config/>", &[]),
    ("<some-config><pin>x</pin></some-config>", &["error: nothing-recognised"]),
];
