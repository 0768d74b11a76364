//! Rules out of texts: headers, code, DNS records, command lines, as people have them.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sockpin::formats::Format;

use crate::import_cases::{A, B, Row, check, only};

#[test]
fn public_key_pins() {
    let rows: &[Row<'_>] = &[
        (
            // RFC 7469 section 2.1.5.
            "Public-Key-Pins: max-age=3000;\tpin-sha256=\"{A}\"; pin-sha256=\"{B}\"",
            &[" block pins A,B (HPKP) unfit: host-empty"],
        ),
        (
            "public-key-pins: pin-sha256=\"{A}\"; MAX-AGE=\"3000\"; includesubdomains",
            &["**. block pins A (HPKP) unfit: host-wildcard-top-level"],
        ),
        (
            "Public-Key-Pins-Report-Only: max-age=2592000; pin-sha256=\"{A}\"; report-uri=\"https://other.example.net/x;y\"",
            &[" flag pins A (HPKP) unfit: host-empty", "1: report-uri import-field"],
        ),
        // Where it only reports, there need be no age.
        ("Public-Key-Pins-Report-Only: pin-sha256=\"{A}\"", &[" flag pins A (HPKP) unfit: host-empty"]),
        (
            // nginx.
            "server {\n  listen 443 ssl;\n  add_header Public-Key-Pins 'pin-sha256=\"{A}\"; pin-sha256=\"{B}\"; max-age=5184000; includeSubDomains' always;\n}",
            &["**. block pins A,B (HPKP) unfit: host-wildcard-top-level"],
        ),
        (
            // Apache.
            "Header always set Public-Key-Pins \"pin-sha256=\\\"{A}\\\"; pin-sha256=\\\"{B}\\\"; max-age=2592000; includeSubDomains\"",
            &["**. block pins A,B (HPKP) unfit: host-wildcard-top-level"],
        ),
        (
            // HAProxy.
            "    http-response set-header Public-Key-Pins pin-sha256=\\\"{A}\\\";\\ max-age=15768000\n    rspadd Public-Key-Pins:\\ pin-sha256=\"{B}\";\\ max-age=15768000;\\ includeSubDomains",
            &[" block pins A (HPKP) unfit: host-empty", "**. block pins B (HPKP) unfit: host-wildcard-top-level"],
        ),
        (
            // lighttpd.
            "setenv.add-response-header = ( \"Public-Key-Pins\" => \"pin-sha256=\\\"{A}\\\"; max-age=2592000\" )",
            &[" block pins A (HPKP) unfit: host-empty"],
        ),
        (
            // Caddy.
            "example.com {\n  header Public-Key-Pins `pin-sha256=\"{A}\"; max-age=86400`\n}",
            &[" block pins A (HPKP) unfit: host-empty"],
        ),
        // Alone, as a tool prints it.
        (
            "max-age=2592000; pin-sha256=\"{A}\"; pin-sha256=\"{B}\"; includeSubDomains",
            &["**. block pins A,B (HPKP) unfit: host-wildcard-top-level"],
        ),
        (
            // A whole answer, and a comment.
            "HTTP/1.1 200 OK\r\nServer: x\r\nPublic-Key-Pins: pin-sha256=\"{A}\"; max-age=1\r\n\r\n# Public-Key-Pins: pin-sha256=\"{B}\"; max-age=1\r\n",
            &[" block pins A (HPKP) unfit: host-empty"],
        ),
        // Directives that are not known are passed over, and said.
        (
            "Public-Key-Pins: max-age=1; pin-sha256=\"{A}\"; pin-sha1=\"x\"; strict; preload",
            &[" block pins A (HPKP) unfit: host-empty", "1: pin-sha1 import-field", "1: preload import-field"],
        ),
        // The same pin twice is one.
        (
            "Public-Key-Pins: max-age=1; pin-sha256=\"{A}\"; pin-sha256=\"{A}\"",
            &[" block pins A (HPKP) unfit: host-empty"],
        ),
        // One thing that is wrong refuses the header.
        ("Public-Key-Pins: pin-sha256=\"{A}\"", &["1: max-age import-directive-missing"]),
        ("Public-Key-Pins: max-age=x; pin-sha256=\"{A}\"", &["1: max-age import-directive-value"]),
        ("Public-Key-Pins: max-age=1; max-age=2; pin-sha256=\"{A}\"", &["1: max-age import-directive-repeated"]),
        ("Public-Key-Pins: max-age=1; pin-sha256={A}", &["1: pin-sha256 import-directive-value"]),
        ("Public-Key-Pins: max-age=1; pin-sha256=\"{A}\"; pin-sha256=\"abc\"", &["1: abc pin-length"]),
        ("Public-Key-Pins: max-age=0; pin-sha256=\"{A}\"", &["1: max-age import-pins-withdrawn"]),
        ("Public-Key-Pins: max-age=1; includeSubDomains", &["1: pin-sha256 import-directive-missing"]),
    ];
    check(Format::Hpkp, rows);
}

/// In what else a header stands, and how far it goes.
#[test]
fn public_key_pins_in_programs_and_configurations() {
    let rows: &[Row<'_>] = &[
        // What stands behind it is another header.
        (
            "Public-Key-Pins: pin-sha256=\"{A}\"; max-age=1; includeSubDomains\nStrict-Transport-Security: max-age=3",
            &["**. block pins A (HPKP) unfit: host-wildcard-top-level"],
        ),
        // One text with the name and the value: nginx with headers-more, PHP, h2o.
        (
            "  more_set_headers \"Public-Key-Pins: pin-sha256=\\\"{A}\\\"; max-age=1; includeSubDomains\";\n",
            &["**. block pins A (HPKP) unfit: host-wildcard-top-level"],
        ),
        (
            "<?php\nheader('Public-Key-Pins-Report-Only: pin-sha256=\"{A}\"; max-age=1'); // since May\n",
            &[" flag pins A (HPKP) unfit: host-empty"],
        ),
        (
            "chat.example.com:\n  header.add: \"Public-Key-Pins: pin-sha256=\\\"{A}\\\"; max-age=1; includeSubDomains\"\n  file.dir: /srv\n",
            &["**. block pins A (HPKP) unfit: host-wildcard-top-level"],
        ),
        // An index, and a value out of several texts.
        (
            "answer['Public-Key-Pins'] = 'pin-sha256=\"{A}\"; pin-sha256=\"{B}\"; max-age=1; includeSubDomains';",
            &["**. block pins A,B (HPKP) unfit: host-wildcard-top-level"],
        ),
        (
            "answer['Public-Key-Pins'] = \\\n    'pin-sha256=\"{A}\"; ' \\\n    'pin-sha256=\"{B}\"; ' \\\n    'max-age=1'\nother = 'x'",
            &[" block pins A,B (HPKP) unfit: host-empty"],
        ),
        (
            "set(\"Public-Key-Pins\", \"pin-sha256=\\\"{A}\\\"; \" +\n    \"max-age=1\", \"other\")",
            &[" block pins A (HPKP) unfit: host-empty"],
        ),
        // Over several lines.
        (
            "HTTP/1.1 200 OK\nPublic-Key-Pins-Report-Only: pin-sha256=\"{A}\";\npin-sha256=\"{B}\"; \nmax-age=60; \nincludeSubDomains\nContent-Type: text/plain\n",
            &["**. flag pins A,B (HPKP) unfit: host-wildcard-top-level"],
        ),
        (
            "Public-Key-Pins:\n  pin-sha256=\"{A}\";\n  max-age=1\nServer: x=y",
            &[" block pins A (HPKP) unfit: host-empty"],
        ),
        (
            "add_header Public-Key-Pins\n  \"pin-sha256=\\\"{A}\\\";\n  max-age=1; includeSubDomains\";",
            &["**. block pins A (HPKP) unfit: host-wildcard-top-level"],
        ),
        // Configurations that begin as XML or JSON do.
        (
            "<VirtualHost *:443>\n  Header set Public-Key-Pins-Report-Only \"pin-sha256=\\\"{A}\\\"; max-age=1\"\n</VirtualHost>",
            &[" flag pins A (HPKP) unfit: host-empty"],
        ),
        (
            "<configuration>\n <customHeaders>\n  <add name=\"Public-Key-Pins\" value=\"pin-sha256=&quot;{A}&quot;; max-age=1; includeSubDomains\" />\n </customHeaders>\n</configuration>",
            &["**. block pins A (HPKP) unfit: host-wildcard-top-level"],
        ),
        (
            "{\"headers\": [{\"key\": \"Public-Key-Pins\", \"value\": \"pin-sha256=\\\"{A}\\\"; max-age=1\"}]}",
            &[" block pins A (HPKP) unfit: host-empty"],
        ),
        (
            "{\n\temail a@example.com\n}\nexample.com {\n\theader Public-Key-Pins `pin-sha256=\"{A}\"; max-age=1`\n}",
            &[" block pins A (HPKP) unfit: host-empty"],
        ),
        // What is no comment there is one here.
        (
            "// Public-Key-Pins: pin-sha256=\"{B}\"; max-age=1\nPublic-Key-Pins: pin-sha256=\"{A}\"; max-age=1",
            &[" block pins A (HPKP) unfit: host-empty"],
        ),
        // A pin that is of no key is left out; the others hold.
        (
            "Public-Key-Pins: max-age=1; pin-sha256=\"{A}\"; pin-sha256=\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\"",
            &[" block pins A (HPKP) unfit: host-empty", "1: … pin-stand-in"],
        ),
        // A pin behind something else is not lost: the header is refused.
        (
            "Public-Key-Pins: x pin-sha256=\"{A}\"; pin-sha256=\"{B}\"; max-age=1",
            &["1: x pin-sha256 import-directive-value"],
        ),
    ];
    check(Format::Hpkp, rows);
}

#[test]
fn code_of_ok_http() {
    let rows: &[Row<'_>] = &[
        (
            "val client = OkHttpClient.Builder()\n  .certificatePinner(\n    CertificatePinner.Builder()\n      .add(\"publicobject.com\", \"sha256/{A}\")\n      .add(\"publicobject.com\", \"sha256/{B}\") // backup, in the safe\n      .build())\n  .build()",
            &["publicobject.com block pins A,B=backup, in the safe (OkHttp)"],
        ),
        (
            "CertificatePinner certificatePinner = new CertificatePinner.Builder()\n    .add(\"*.example.com\", \"sha256/{A}\", \"sha256/{B}\")\n    .add(\"**.example.net\",\n        \"sha256/{A}\", // the root\n        \"sha256/{B}\")\n    .build();",
            &["*.example.com block pins A,B (OkHttp)", "**.example.net block pins A=the root,B (OkHttp)"],
        ),
        // Without the builder, as in an answer on the web.
        (".add(\"example.com\", \"sha256/{A}\")", &["example.com block pins A (OkHttp)"]),
        // Put together.
        (
            "CertificatePinner.Builder().add(\"chat.\" + \"example.com\", \"sha256/\" +\n  \"{A}\").build()",
            &["chat.example.com block pins A (OkHttp)"],
        ),
        // What is called on a text or a list is no pin.
        (
            "CertificatePinner.Builder().add(\"a.test\".lowercase(), *listOf(\"sha256/{A}\", \"sha256/{B}\".trim()).toTypedArray())",
            &["a.test block pins A,B (OkHttp)"],
        ),
        // Kotlin: names, lists, a text of several lines.
        (
            "CertificatePinner.Builder().apply { add(pattern = \"example.com\", pins = arrayOf(\"sha256/{A}\", \"\"\"sha256/{B}\"\"\")) }",
            &["example.com block pins A,B (OkHttp)"],
        ),
        // What is in comments is not there.
        (
            "CertificatePinner.Builder()\n// .add(\"old.example\", \"sha256/{A}\")\n/* .add(\"older.example\", \"sha256/{A}\") */\n.add(\"example.com\", \"sha256/{B}\")",
            &["example.com block pins B (OkHttp)"],
        ),
        // Constants.
        (
            "CertificatePinner.Builder()\n  .add(HOST, \"sha256/{A}\")\n  .add(\"example.com\", \"sha256/{A}\", BACKUP_PIN)\n  .build()",
            &["example.com block pins A (OkHttp)", "2: HOST import-not-literal", "3: BACKUP_PIN import-not-literal"],
        ),
        // Those that the same text declares.
        (
            "val host = \"example.com\"\nval pinner = CertificatePinner.Builder()\n  .add(host, \"sha256/{A}\")\n  .add(host, \"sha256/{B}\")",
            &["example.com block pins A,B (OkHttp)"],
        ),
        (
            "class A {\n  private static final String HOST = \"*.example.com\";\n  CertificatePinner p = new CertificatePinner.Builder().add(HOST, Pins.A).build();\n}\nclass Pins { static String A = \"sha256/{A}\"; // the key\n}",
            &["*.example.com block pins A=the key (OkHttp)"],
        ),
        (
            "object Pins {\n  const val HOST: String = \"example.com\"\n  const val KEY = \"sha256/{A}\"\n}\nCertificatePinner.Builder().add(Pins.HOST, Pins.KEY, \"sha256/{B}\")",
            &["example.com block pins A,B (OkHttp)"],
        ),
        // What is declared in two ways, put together, or no declaration is not known.
        (
            "CertificatePinner\nval a = \"a.test\"\nval a = \"b.test\"\nval b = \"b.\" + TOP\nf(c = \"c.test\")\n.add(a, \"sha256/{A}\")\n.add(b, \"sha256/{A}\")\n.add(c, \"sha256/{A}\")\n.add(url.host(), \"sha256/{A}\")\n.add(\"d.test\", \"sha256/{B}\")",
            &[
                "d.test block pins B (OkHttp)",
                "6: a import-not-literal",
                "7: b import-not-literal",
                "8: c import-not-literal",
                "9: host import-not-literal",
            ],
        ),
        // SHA-1, and a pin that was cut.
        (
            "CertificatePinner.Builder().add(\"example.com\", \"sha1/AAAAAAAAAAAAAAAAAAAAAAAAAAA=\",\n \"sha256/{A}\",\n \"sha256/C5+lpZ7tcVwmwQI=\")",
            &[
                "example.com block pins A (OkHttp)",
                "1: sha1/AAAAAAAAAAAAAAAAAAAAAAAAAAA= pin-algorithm",
                "3: … pin-length",
            ],
        ),
        // No pin at all.
        (
            "CertificatePinner.Builder().add(\"example.com\", \"sha1/AAAAAAAAAAAAAAAAAAAAAAAAAAA=\")",
            &["1: sha1/AAAAAAAAAAAAAAAAAAAAAAAAAAA= pin-algorithm", "1: example.com rule-pins-missing"],
        ),
        // There the pins of both patterns count.
        (
            "CertificatePinner.Builder()\n.add(\"**.example.com\", \"sha256/{A}\")\n.add(\"chat.example.com\", \"sha256/{B}\")\n.add(\"*.other.com\", \"sha256/{A}\")\n.add(\"a.other.com\", \"sha256/{A}\")\n.add(\"a.b.other.com\", \"sha256/{A}\")",
            &[
                "**.example.com block pins A (OkHttp)",
                "chat.example.com block pins B (OkHttp)",
                "*.other.com block pins A (OkHttp)",
                "a.other.com block pins A (OkHttp)",
                "a.b.other.com block pins A (OkHttp)",
                "3: chat.example.com import-wider-pins",
                "5: a.other.com import-wider-pins",
            ],
        ),
        // Other calls of the same name, a quotation mark that is hidden, and no end.
        (
            "list.add(\"x\"); map.add(a, b); headers.add(\"a\", \"say \\\"hi\\\"\");\nnew CertificatePinner.Builder().add(\"example.com\", \"sha256/{A}\"",
            &["example.com block pins A (OkHttp)", "1: a import-not-literal"],
        ),
    ];
    check(Format::OkHttp, rows);
}

#[test]
fn code_of_apache_http_client() {
    let rows: &[Row<'_>] = &[
        (
            // Its example.
            "final SpkiPinningClientTlsStrategy pinning = SpkiPinningClientTlsStrategy\n        .newBuilder(sslContext)\n        // Replace with real host(s) and real pins (sha256/<base64(SPKI)>)\n        .add(\"example.com\",\n                \"sha256/{A}\",\n                \"sha256/{B}\") // backup\n        .add(\"*.example.net\",\n                \"sha256/{A}\")\n        .build();",
            &[
                "example.com block pins A,B=backup (Apache HttpClient)",
                "*.example.net block pins A (Apache HttpClient)",
            ],
        ),
        // With what a program has around it.
        (
            "import org.apache.hc.client5.http.ssl.SpkiPinningClientTlsStrategy;\n\nheaders.add(\"Accept\", \"*/*\");\nvar tls = SpkiPinningClientTlsStrategy.newBuilder(SSLContexts.createDefault()).add(\"api.example.com\", \"sha256/{A}\").build();\ntry (var client = HttpClients.custom().setConnectionManager(cm).build()) { client.execute(new HttpGet(\"https://example.com/\")); }",
            &["api.example.com block pins A (Apache HttpClient)"],
        ),
        // SHA-1 alone, and beside a pin.
        (
            "SpkiPinningClientTlsStrategy.newBuilder(c)\n.add(\"a.example.com\", \"sha1/AAAAAAAAAAAAAAAAAAAAAAAAAAA=\")\n.add(\"b.example.com\", \"sha1/AAAAAAAAAAAAAAAAAAAAAAAAAAA=\", \"sha256/{A}\")",
            &[
                "b.example.com block pins A (Apache HttpClient)",
                "2: sha1/AAAAAAAAAAAAAAAAAAAAAAAAAAA= pin-algorithm",
                "3: sha1/AAAAAAAAAAAAAAAAAAAAAAAAAAA= pin-algorithm",
                "2: a.example.com rule-pins-missing",
            ],
        ),
        // Constants, of this class and of another.
        (
            "SpkiPinningClientTlsStrategy.newBuilder(c)\n.add(HOST, \"sha256/{A}\")\n.add(\"example.com\", \"sha256/{A}\", Pins.BACKUP)\n.build();",
            &[
                "example.com block pins A (Apache HttpClient)",
                "2: HOST import-not-literal",
                "3: BACKUP import-not-literal",
            ],
        ),
        // What is in comments is not there.
        (
            "SpkiPinningClientTlsStrategy.newBuilder(c)\n// .add(\"old.example\", \"sha256/{A}\")\n/* .add(\"older.example\", \"sha256/{A}\") */\n.add(\"example.com\", \"sha256/{B}\").build();",
            &["example.com block pins B (Apache HttpClient)"],
        ),
        // Of OkHttp: there it matches nothing, and is meant all the same.
        (
            "SpkiPinningClientTlsStrategy.newBuilder(c).add(\"**.example.com\", \"sha256/{A}\").build();",
            &["**.example.com block pins A (Apache HttpClient)"],
        ),
        // A pin that was cut, and one without its name, which is refused there.
        (
            "SpkiPinningClientTlsStrategy.newBuilder(c).add(\"example.com\",\n\"sha256/C5+lpZ7tcVwmwQI=\",\n\"sha256/{B}\", // the next\n\"{A}\").build();",
            &["example.com block pins B=the next,A (Apache HttpClient)", "2: … pin-length"],
        ),
        // In several calls, and put together.
        (
            "builder = SpkiPinningClientTlsStrategy.newBuilder(c);\nbuilder.add(\"chat.\" + \"example.com\", \"sha256/\" + \"{A}\");\nbuilder.add(\"Chat.Example.com\", \"sha256/{B}\");\nbuilder.add(\"chat.example.com\", \"sha256/{A}\");",
            &["chat.example.com block pins A,B (Apache HttpClient)", "4: … rule-pin-repeated"],
        ),
        // An array.
        (
            "SpkiPinningClientTlsStrategy.newBuilder(c).add(\"example.com\", new String[] { \"sha256/{A}\", \"sha256/{B}\" }).build();",
            &["example.com block pins A,B (Apache HttpClient)"],
        ),
        // There the pins of both patterns count.
        (
            "SpkiPinningClientTlsStrategy.newBuilder(c)\n.add(\"*.example.com\", \"sha256/{A}\")\n.add(\"a.example.com\", \"sha256/{B}\")",
            &[
                "*.example.com block pins A (Apache HttpClient)",
                "a.example.com block pins B (Apache HttpClient)",
                "3: a.example.com import-wider-pins",
            ],
        ),
        // No pin at all.
        ("SpkiPinningClientTlsStrategy.newBuilder(c).add(\"example.com\").build();", &["error: nothing-recognised"]),
    ];
    check(Format::ApacheHttpClient, rows);
}

fn hex(pin: &str) -> String {
    STANDARD.decode(pin).unwrap().iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().concat()
}

#[test]
fn tlsa_records() {
    let (a, b) = (hex(A), hex(B));
    let rows = [
        ("_443._tcp.www.example.com. IN TLSA 3 1 1 {a}", vec!["www.example.com:443 block pins A leaf (DANE)"]),
        // As dig prints it.
        (
            "; <<>> DiG 9.18 <<>> TLSA _8443._tcp.chat.example.com\n;; ANSWER SECTION:\n_8443._tcp.chat.example.com. 3600 IN TLSA 3 1 1 {A1} {A2}\n_8443._tcp.chat.example.com. 3600 IN RRSIG TLSA 8 5 3600 2027 2026 1 example.com. abcd",
            vec!["chat.example.com:8443 block pins A leaf (DANE)"],
        ),
        (
            "_443._tcp.example.com. IN TLSA 2 1 1 {a}\n_443._tcp.example.com. IN TLSA 2 1 1 {b}",
            vec!["example.com:443 block pins A,B (DANE)"],
        ),
        // The browser wants a valid chain in any case.
        ("_443._tcp.example.com. TLSA 1 1 1 {a}", vec!["example.com:443 block pins A leaf (DANE)"]),
        ("_443._tcp.example.com. 0 IN TLSA 0 1 1 {a}", vec!["example.com:443 block pins A (DANE)"]),
        (
            "_443._tcp.example.com. IN TLSA 3 1 1 {a}\n_443._tcp.example.com. IN TLSA 2 1 1 {b}",
            vec!["example.com:443 block pins A,B (DANE)", "1: example.com:443 import-record-mixed"],
        ),
        // The same keys for both: nothing is wider.
        (
            "_443._tcp.example.com. IN TLSA 3 1 1 {a}\n_443._tcp.example.com. IN TLSA 2 1 1 {a}",
            vec!["example.com:443 block pins A (DANE)"],
        ),
        // A zone: an origin, a name that goes on, parentheses, comments.
        (
            "$ORIGIN example.com.\n$TTL 3600\n@ IN SOA ns. admin. ( 1 2 3\n 4 5 )\nwww IN A 192.0.2.1\n_443._tcp.www 1h IN TLSA ( 3 1 1 ; the key\n   {A1}\n   {A2} )\n        IN TLSA 3 1 1 {b}",
            vec!["www.example.com:443 block pins A,B leaf (DANE)"],
        ),
        ("*._tcp.example.com. IN TLSA 3 1 1 {a}", vec!["example.com block pins A leaf (DANE)"]),
        // RFC 3597.
        ("_443._tcp.example.com. IN TYPE52 \\# 35 030101{a}", vec!["example.com:443 block pins A leaf (DANE)"]),
        // What cannot be taken over.
        ("_443._tcp.example.com. IN TLSA 3 0 1 {a}", vec!["1: example.com:443 pin-of-certificate"]),
        ("_443._tcp.example.com. IN TLSA 3 1 2 {a}{a}", vec!["1: example.com:443 pin-algorithm"]),
        ("_443._tcp.example.com. IN TLSA 3 1 1 abcd", vec!["1: example.com:443 pin-length"]),
        ("_443._tcp.example.com. IN TLSA 9 1 1 {a}", vec!["1: example.com:443 import-value"]),
        ("_443._tcp.example.com. IN TLSA 3 1", vec!["1: example.com:443 import-value"]),
        // The name of the zone is not in the file.
        (
            "@ IN SOA ns admin ( 1\n 2 3 4 5 )\n_443._tcp.www IN TLSA 3 1 1 {a}\n_443._tcp.a.test. IN TLSA 3 1 1 {a}",
            vec!["a.test:443 block pins A leaf (DANE)", "3: TLSA import-record-name"],
        ),
        (
            "_443._tcp. IN TLSA 3 1 1 {a}\n_443._tcp.a.test. IN TLSA 3 1 1 {a}",
            vec!["a.test:443 block pins A leaf (DANE)", "1: TLSA import-record-name"],
        ),
        ("_443._tcp.localhost TLSA 3 1 1 {a}", vec!["localhost:443 block pins A leaf (DANE)"]),
        // As `host` prints it.
        ("_443._tcp.a.test has TLSA record 3 1 1 {A1} {A2}", vec!["a.test:443 block pins A leaf (DANE)"]),
        ("_443._udp.example.com. IN TLSA 3 1 1 {a}", vec!["1: udp import-record-protocol"]),
        (
            "TLSA 3 1 1 {a}\n_443._tcp.example.com. IN TLSA 3 1 1 {a}\n_443._tcp.example.com. IN TLSA 3 1 1 {a}\nTLSA 3 1 1 {a}",
            vec![
                "example.com:443 block pins A leaf (DANE)",
                "1: TLSA import-record-name",
                "3: example.com:443 rule-pin-repeated",
                "4: TLSA import-record-name",
            ],
        ),
    ];
    let (first, second) = a.split_at(20);
    let rows = rows.map(|(text, expected)| {
        let text = text.replace("{a}", &a).replace("{b}", &b);
        (text.replace("{A1}", &first.to_uppercase()).replace("{A2}", second), expected)
    });
    let rows = rows.each_ref().map(|(text, expected)| (text.as_str(), expected.as_slice()));
    check(Format::Tlsa, &rows);
}

#[test]
fn a_record_with_a_whole_key_or_certificate_gives_the_pin_of_that_key() {
    let read = |name: &str| std::fs::read(crate::root().join("tests/data").join(name)).unwrap();
    let hex = |der: &[u8]| der.iter().map(|byte| format!("{byte:02X}")).collect::<Vec<_>>().concat();
    for (file, selector) in [("public-key.der", "1 0"), ("rsa.der", "0 0")] {
        let der = read(file);
        let expected = sockpin::formats::inspect(&der).unwrap()[0].sha256;
        let reading = only(format!("_443._tcp.a.test. IN TLSA 3 {selector} {}", hex(&der)).as_bytes()).unwrap();
        assert_eq!(reading.rules[0].pins[0].sha256, expected.to_base64(), "{file}");
        assert_eq!(reading.left_out.len(), usize::from(selector == "0 0"));
    }
}

#[test]
fn commands_of_curl() {
    let rows: &[Row<'_>] = &[
        ("curl --pinnedpubkey sha256//{A} https://example.com/", &["example.com block pins A leaf (curl)"]),
        (
            "$ curl -sS --pinnedpubkey 'sha256//{A};sha256//{B}' -o out.txt https://example.com:8443/path?q=1#f",
            &["example.com:8443 block pins A,B leaf (curl)"],
        ),
        (
            "curl \\\n  --pinnedpubkey \"sha256//{A}\" \\\n  --header 'Origin: https://other.test' \\\n  https://user:pw@example.com/",
            &["example.com block pins A leaf (curl)"],
        ),
        (
            "/usr/bin/curl https://a.test https://b.test --pinnedpubkey 'sha256//{A}' && echo done",
            &["a.test block pins A leaf (curl)", "b.test block pins A leaf (curl)"],
        ),
        (
            "curl --proxy https://proxy.test:3128 --pinnedpubkey 'sha256//{A}' --url wss://a.test/x",
            &["a.test block pins A leaf (curl)"],
        ),
        // In a program of a shell, over the lines of Windows and of PowerShell.
        (
            "answer=$(curl -k --pinnedpubkey \"sha256//{A}\" https://example.com/x)\nold=`curl --pinnedpubkey sha256//{B} https://a.test`",
            &["example.com block pins A leaf (curl)", "a.test block pins B leaf (curl)"],
        ),
        (
            "curl.exe ^\r\n  --pinnedpubkey sha256//{A} ^\r\n  https://a.test/\r\ncurl.exe -s `\n  --pinnedpubkey sha256//{B} `\n  https://b.test/",
            &["a.test block pins A leaf (curl)", "b.test block pins B leaf (curl)"],
        ),
        // wget has it from curl.
        (
            "wget --pinnedpubkey='sha256//{A}' https://a.test/x\nwget --pinnedpubkey \"sha256//{B}\" https://b.test",
            &["a.test block pins A leaf (curl)", "b.test block pins B leaf (curl)"],
        ),
        // The host is in another place.
        ("curl --pinnedpubkey 'sha256//{A}' $URL", &[" block pins A leaf (curl) unfit: host-empty"]),
        // Configuration files.
        (
            "# ours\nurl = \"https://a.test/\"\npinnedpubkey = \"sha256//{A};sha256//{B}\"\n",
            &["a.test block pins A,B leaf (curl)"],
        ),
        ("--pinnedpubkey sha256//{A}\n", &[" block pins A leaf (curl) unfit: host-empty"]),
        // Several commands.
        (
            "curl --pinnedpubkey 'sha256//{A}' https://a.test\ncurl https://c.test\ncurl --pinnedpubkey 'sha256//{B}' https://b.test | jq .",
            &["a.test block pins A leaf (curl)", "b.test block pins B leaf (curl)"],
        ),
        // What cannot be taken over.
        ("curl --pinnedpubkey key.pem https://a.test", &["1: key.pem import-pin-file"]),
        ("curl --pinnedpubkey 'sha256//{A}' http://a.test", &["1: http://a.test import-cleartext-url"]),
        (
            "curl --pinnedpubkey 'sha256//abc;sha256//{A}' https://a.test",
            &["a.test block pins A leaf (curl)", "1: sha256//abc pin-length"],
        ),
        ("curl --pinnedpubkey 'sha256//abc=' 'https://a.test'", &["1: sha256//abc= pin-length"]),
    ];
    check(Format::Curl, rows);
}
