//! Files that are made to hurt: each is refused quickly, with what is wrong and where. How much memory they take: `tests/memory.rs`.

use std::time::{Duration, Instant};

use sockpin::error::{Error, ImportError, ImportLimit, PinError, RuleError};
use sockpin::formats::import;
use sockpin::limits::{MAX_IMPORT_BYTES, MAX_IMPORT_DEPTH, MAX_IMPORT_MEMORY_BYTES, MAX_PINS_PER_RULE, MAX_RULES};
use sockpin::view;

use crate::import_cases::{A, code, filled, only};
use crate::import_trust_kit::plist;

#[test]
fn what_is_past_a_limit_says_what_and_where() {
    let deep = |depth: usize| format!("{{\"rules\": \n{}{}}}", "[".repeat(depth), "]".repeat(depth));
    let deep_xml = |depth: usize| {
        let inner = depth - 1;
        format!(
            "<network-security-config>\n{}{}</network-security-config>",
            "<domain-config>".repeat(inner),
            "</domain-config>".repeat(inner)
        )
    };
    let rules = |count: usize| {
        let rules: Vec<_> =
            (0..count).map(|index| format!("{{\"host\":\"{index}.a.test\",\"mode\":\"off\"}}")).collect();
        format!("[\n{}]", rules.join(",\n"))
    };
    let entities = "<!DOCTYPE x [\n<!ENTITY a \"aaaa\"><!ENTITY b \"&a;&a;\">]>\n<network-security-config/>";
    let external = "\n<!DOCTYPE plist SYSTEM \"http://attacker.test/x.dtd\"><plist><dict/></plist>";
    let parameter = "<!DOCTYPE plist PUBLIC \"-//Apple//DTD PLIST 1.0//EN\" \"x\" [<!ENTITY % a SYSTEM 'b'>]><plist><dict/></plist>";
    let attributes = numbered(100, |index| format!(" a{index}='1'"));
    let rows: Vec<(String, Error)> = vec![
        (
            deep(MAX_IMPORT_DEPTH),
            ImportError::Limit { what: ImportLimit::Depth, limit: MAX_IMPORT_DEPTH, line: 2 }.into(),
        ),
        (
            deep_xml(MAX_IMPORT_DEPTH + 1),
            ImportError::Limit { what: ImportLimit::Depth, limit: MAX_IMPORT_DEPTH, line: 2 }.into(),
        ),
        (
            rules(MAX_RULES + 1),
            ImportError::Limit { what: ImportLimit::Count, limit: MAX_RULES, line: MAX_RULES + 2 }.into(),
        ),
        (entities.to_owned(), ImportError::XmlDoctype { line: 1 }.into()),
        (external.to_owned(), ImportError::XmlDoctype { line: 2 }.into()),
        (parameter.to_owned(), ImportError::XmlDoctype { line: 1 }.into()),
        (
            "{\"rules\": [],\n \"rules\": []}".to_owned(),
            ImportError::Repeated { name: "rules".to_owned(), line: 2, column: 3 }.into(),
        ),
        (
            plist("<dict><key>a</key><true/>\n<key>a</key><true/></dict>"),
            ImportError::Repeated { name: "a".to_owned(), line: 5, column: 6 }.into(),
        ),
        (
            format!("<network-security-config><domain-config{attributes}/></network-security-config>"),
            ImportError::XmlSyntax { line: 1, column: 26, detail: "too many attributes".to_owned() }.into(),
        ),
        (
            " ".repeat(MAX_IMPORT_BYTES + 1),
            ImportError::TooLarge { bytes: MAX_IMPORT_BYTES + 1, limit: MAX_IMPORT_BYTES }.into(),
        ),
    ];
    for (input, expected) in rows {
        let head: String = input.chars().take(60).collect();
        assert_eq!(only(input.as_bytes()), Err(expected.clone()), "{head}");
        assert!(!view::error::sentence(&expected).english().is_empty());
    }
    // What is within the limits is read.
    for input in [deep(MAX_IMPORT_DEPTH - 1), deep_xml(MAX_IMPORT_DEPTH), rules(MAX_RULES)] {
        let head: String = input.chars().take(60).collect();
        assert!(only(input.as_bytes()).is_ok(), "{head}: {:?}", only(input.as_bytes()).map(drop));
    }
}

#[test]
fn all_files_together_have_one_limit() {
    let half = vec![b' '; MAX_IMPORT_BYTES / 2 + 1];
    let rule = filled(r#"{"host": "a.test", "pins": ["{A}"]}"#);
    let readings = import(&[rule.as_bytes(), &half, &half]);
    assert!(readings[0].is_ok());
    assert_eq!(readings[1].as_ref().unwrap_err().code(), "input-too-large", "no rules: the limit of keys");
    let bytes = rule.len() + 2 * half.len();
    assert_eq!(readings[2], Err(ImportError::TooLarge { bytes, limit: MAX_IMPORT_BYTES }.into()));
}

#[test]
fn a_private_key_anywhere_refuses_the_file() {
    let path = std::path::PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/data/private-key.pem");
    let key = std::fs::read_to_string(path).unwrap();
    for input in [
        serde_json::json!({"host": "a.test", "pins": [A], "note": key}).to_string(),
        format!("<network-security-config><!-- {key} --></network-security-config>"),
        plist(&format!("<dict><key>TSKPinnedDomains</key><dict><key>{key}</key><dict/></dict></dict>")),
        format!("Name\nsha256/{A}\nOther\n{key}"),
    ] {
        assert_eq!(only(input.as_bytes()), Err(PinError::PrivateKey.into()));
    }
}

#[test]
fn more_pins_than_a_rule_can_have_are_left_out() {
    let pins: Vec<_> = (0..=MAX_PINS_PER_RULE + 5).map(|index| format!("\"{:064x}\"", index + 1)).collect();
    let pins = pins.join(",");
    let trust_kit = format!("{{\"TSKPinnedDomains\": {{\"a.test\": {{\"TSKPublicKeyHashes\": [{pins}]}}}}}}");
    let reading = only(trust_kit.as_bytes()).unwrap();
    assert_eq!(reading.rules[0].pins.len(), MAX_PINS_PER_RULE);
    assert_eq!(reading.left_out[0].why, RuleError::PinCount { limit: MAX_PINS_PER_RULE }.into());
    let own = only(format!("{{\"host\": \"a.test\", \"pins\": [{pins}]}}").as_bytes()).unwrap();
    assert_eq!((own.rules.len(), own.left_out.len()), (0, 1));
}

/// What a few bytes must not become.
#[test]
fn the_same_pins_for_many_hosts_are_limited() {
    let pins = numbered(MAX_PINS_PER_RULE, |index| format!("<pin digest='SHA-256'>{index:064x}</pin>"));
    let domains = numbered(90_000, |index| format!("<domain>{index}.test</domain>"));
    let input = format!(
        "<network-security-config><domain-config>{domains}<pin-set>{pins}</pin-set></domain-config></network-security-config>"
    );
    assert_eq!(
        only(input.as_bytes()),
        Err(ImportError::Limit { what: ImportLimit::Memory, limit: MAX_IMPORT_MEMORY_BYTES, line: 1 }.into())
    );
}

/// As large as can be, in shapes in which a careless reader takes the square of its size or more. Each takes well under a
/// second in a release build, and up to three in a test build.
fn check_times(rows: impl IntoIterator<Item = (&'static str, String)>) {
    const MOST: Duration = Duration::from_secs(10);
    let begin = Instant::now();
    let mut longest = Duration::ZERO;
    for (name, input) in rows {
        assert!(input.len() <= MAX_IMPORT_BYTES, "{name}");
        let start = at_work(begin);
        let reading = only(input.as_bytes());
        let time = at_work(begin).saturating_sub(start);
        longest = longest.max(time);
        eprintln!("{name}: {time:?} {:?}", reading.as_ref().map(drop).map_err(code));
        assert!(time < MOST, "{name}: {time:?}");
        // One header that is refused, and one host, are no reason to refuse the file.
        assert_eq!(reading.is_ok(), ["directives", "labels of a host"].contains(&name), "{name}");
        assert_eq!(reading.map_or(0, |reading| reading.rules.len()), 0, "{name}");
    }
    assert!(longest > Duration::ZERO, "the control: time is taken");
}

const MOST_INPUT: usize = MAX_IMPORT_BYTES - 1_000;

fn fill(unit: &str, most: usize) -> String {
    unit.repeat(most / unit.len())
}

#[test]
fn large_structures_are_read_or_refused_in_time() {
    let most = MOST_INPUT;
    check_times([
        ("brackets", format!("{{\"rules\":{}{}}}", fill("[", most / 2), fill("]", most / 2))),
        ("open brackets", format!("[{{{}", fill("[", most))),
        ("braces", fill("{\"a\":", most)),
        ("values", format!("{{\"rules\":[{}1]}}", fill("1,", most))),
        ("elements", format!("<network-security-config>{}", fill("<domain-config>", most))),
        (
            "nested domains",
            format!("<network-security-config>{}", fill("<domain-config><domain>a</domain></domain-config>", most)),
        ),
        (
            "attributes",
            format!("<network-security-config><domain-config {}/></network-security-config>", fill("a='1' ", most)),
        ),
        ("empty elements", format!("<network-security-config>{}</network-security-config>", fill("<a/>", most))),
        ("plist", plist(&format!("<array>{}</array>", fill("<true/>", most)))),
        (
            "references",
            plist(&format!(
                "<dict><key>TSKPinnedDomains</key><dict><key>{}</key><true/></dict></dict></dict>",
                fill("&#65;", most)
            )),
        ),
        (
            "names of an object",
            format!("{{\"rules\":[{{{}\"1\":1}}]}}", numbered(1_400_000, |index| format!("\"{index:x}\":1,"))),
        ),
    ]);
}

#[test]
fn large_texts_are_read_or_refused_in_time() {
    let most = MOST_INPUT;
    check_times([
        ("ends of keys", fill("end private key ", most)),
        ("names", fill("Name\nsha256/\n", most)),
        ("comments", fill("// \"\n", most)),
        ("quotation marks", format!("{{{}", fill("\"", most))),
        ("names of headers", fill("public-key-pins ", most)),
        ("headers", fill("`public-key-pins: a=\"x\" + ", most)),
        // The square of a quarter is as plain.
        ("directives", format!("Public-Key-Pins: {}", fill("a=b;", most / 4))),
        ("parentheses", format!("(\n{}", fill("x\n", most))),
        ("code on one line", format!("CertificatePinner {}", fill(".add(\"h\", \"sha256/x\")", most))),
        ("labels of a host", format!("CertificatePinner add(\"{}\", \"sha256/x\")", fill("a.", most))),
    ]);
}

/// How long this thread has been at work, which on a busy computer says more than the clock; the clock where nobody says it.
fn at_work(begin: Instant) -> Duration {
    // Of proc_pid_stat(5), `utime` and `stime`: hundredths of a second.
    let ticks = |stat: String| {
        let (_, fields) = stat.rsplit_once(')')?;
        fields.split_whitespace().skip(11).take(2).map(|field| field.parse::<u64>().ok()).sum::<Option<u64>>()
    };
    let ticks = std::fs::read_to_string("/proc/thread-self/stat").ok().and_then(ticks);
    ticks.map_or_else(|| begin.elapsed(), |ticks| Duration::from_millis(ticks * 10))
}

fn numbered(count: usize, unit: impl Fn(usize) -> String) -> String {
    (0..count).map(unit).collect()
}
