//! How much memory imports take, measured by an allocator that counts. A test binary of its own, since it counts all that runs.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]

use std::sync::Mutex;

use peak_alloc::PeakAlloc;
use sockpin::error::{Error, ImportError, ImportLimit};
use sockpin::formats::import;
use sockpin::limits::{MAX_IMPORT_BYTES, MAX_IMPORT_MEMORY_BYTES, MAX_PINS_PER_RULE};

#[global_allocator]
static ALLOCATOR: PeakAlloc = PeakAlloc;

/// The allocator counts for all, so what is measured runs by itself.
static ALONE: Mutex<()> = Mutex::new(());

/// Bytes that are taken at most beside the input, on a computer with 64-bit addresses; WebAssembly's take half as much. Twice what
/// the rules themselves may take: the values of a file are held in the same order of size while it is read.
const MOST: usize = 2 * MAX_IMPORT_MEMORY_BYTES;

/// The most that was taken while one file was read, and what came of it.
fn peak(input: &[u8]) -> (usize, Result<usize, Error>) {
    ALLOCATOR.reset_peak_usage();
    let before = ALLOCATOR.current_usage();
    let reading = import(&[input]).remove(0);
    let peak = ALLOCATOR.peak_usage().saturating_sub(before);
    (peak, reading.map(|reading| reading.rules.len()))
}

const MOST_INPUT: usize = MAX_IMPORT_BYTES - 1_000;

fn fill(unit: &str) -> String {
    unit.repeat(MOST_INPUT / unit.len())
}

fn numbered(count: usize, unit: &dyn Fn(usize) -> String) -> String {
    (0..count).map(unit).collect()
}

fn android(inner: &str) -> String {
    format!("<network-security-config>{inner}</network-security-config>")
}

#[test]
fn no_file_takes_more_memory_than_it_may() {
    let _alone = ALONE.lock();
    let pins = numbered(MAX_PINS_PER_RULE, &|index| format!("<pin digest='SHA-256'>{index:064x}</pin>"));
    let domains = numbered(90_000, &|index| format!("<domain>{index}.test</domain>"));
    let rule = |index: usize| {
        format!(
            "{{\"id\":\"{index}\",\"host\":\"{index}.example.com\",\"pins\":[{{\"sha256\":\"{index:064x}\"}},{{\"sha256\":\"f{index:063x}\"}}]}},"
        )
    };
    let config = |index: usize| {
        format!(
            "<domain-config><domain includeSubdomains=\"true\">{index}.example.com</domain>\
             <pin-set><pin digest=\"SHA-256\">f{index:063x}</pin></pin-set></domain-config>"
        )
    };
    let plist = |inner: &str| format!("<plist>{inner}</plist>");
    let read_whole = [
        (
            "a policy",
            format!("{{\"rules\":[{}{{\"host\":\"z.test\",\"mode\":\"off\"}}]}}", numbered(90_000, &rule)),
            90_001,
        ),
        ("a configuration of Android", android(&numbered(90_000, &config)), 90_000),
    ];
    for (name, input, rules) in read_whole {
        assert!(input.len() > MAX_IMPORT_BYTES / 2 && input.len() <= MAX_IMPORT_BYTES, "{name}: {} bytes", input.len());
        let (peak, result) = peak(input.as_bytes());
        eprintln!("{name}: {} MB of input, {} MB of memory", input.len() >> 20, peak >> 20);
        assert_eq!(result, Ok(rules), "{name}");
        assert!(peak < MOST, "{name}: {peak} bytes");
        // The control: what is measured is no less than what is there.
        assert!(peak > rules * size_of::<sockpin::rule::RuleDocument>(), "{name}: {peak} bytes");
    }
    for (name, input, limit) in [
        ("values", format!("{{\"rules\":[{}1]}}", fill("1,")), Some(ImportLimit::Parts)),
        ("empty lists", format!("{{\"rules\":[{}1]}}", fill("[],")), Some(ImportLimit::Parts)),
        (
            "names",
            format!("{{\"rules\":{{{}\"z\":1}}}}", numbered(1_700_000, &|index| format!("\"{index:x}\":1,"))),
            None,
        ),
        ("empty elements", android(&fill("<a/>")), Some(ImportLimit::Count)),
        (
            "nested configurations",
            android(&format!("<domain-config>{}</domain-config>", fill("<domain-config></domain-config>"))),
            None,
        ),
        (
            "the same pins for many hosts",
            android(&format!("<domain-config>{domains}<pin-set>{pins}</pin-set></domain-config>")),
            Some(ImportLimit::Memory),
        ),
        ("values of a property list", plist(&format!("<array>{}</array>", fill("<true/>"))), Some(ImportLimit::Parts)),
        ("keys of Chromium", fill("N\nsha256/\n"), Some(ImportLimit::Count)),
        ("comments", format!("{{{}", fill("//\n")), None),
        ("one line", format!("{{\"rules\":[\"{}\"]}}", fill("a")), None),
    ] {
        assert!(input.len() <= MAX_IMPORT_BYTES, "{name}: {} bytes", input.len());
        let (peak, result) = peak(input.as_bytes());
        eprintln!("{name}: {} MB of memory, {result:?}", peak >> 20);
        assert!(peak < MOST, "{name}: {peak} bytes");
        let what = match result {
            Err(Error::Import(ImportError::Limit { what, .. })) => Some(what),
            _ => None,
        };
        assert_eq!(what, limit, "{name}");
    }
}

/// What the format does not have, or has once, as often as a file can hold it.
#[test]
fn no_hostile_file_takes_more_memory_than_it_may() {
    let _alone = ALONE.lock();
    let entity = |index: usize| format!("<!ENTITY e{index} \"&e{};&e{};\">", index + 1, index + 1);
    for (name, input, code) in [
        (
            "entities",
            format!("<!DOCTYPE x [{}]>{}", numbered(500_000, &entity), android("<domain>&e0;</domain>")),
            "xml-doctype",
        ),
        (
            "references to other files",
            format!("<!DOCTYPE x [{}]><plist/>", fill("<!ENTITY % e SYSTEM \"https://attacker.test/e\">%e;")),
            "xml-doctype",
        ),
        (
            "references in a text",
            android(&format!("<domain-config><domain>{}</domain></domain-config>", fill("&e;"))),
            "xml-syntax",
        ),
        ("nested lists", format!("{{\"rules\":{}", fill("[")), "json-syntax"),
        (
            "nested lists that end",
            format!("{{\"rules\":{}{}}}", "[".repeat(MOST_INPUT / 2), "]".repeat(MOST_INPUT / 2)),
            "import-limit",
        ),
        (
            "nested objects",
            format!("{}1{}", "{\"a\":".repeat(MOST_INPUT / 6), "}".repeat(MOST_INPUT / 6)),
            "import-limit",
        ),
        (
            "a constant in every call",
            format!("CertificatePinner val a = \"{}\" {}", "a".repeat(1_000_000), ".add(a, a)".repeat(1_800_000)),
            "import-limit",
        ),
        ("nested elements", format!("<network-security-config>{}", fill("<domain-config>")), "import-limit"),
        ("the same name", format!("{{{}\"a\":1}}", fill("\"a\":\"0123456789\",")), "file-repeated"),
        ("the same name in many objects", format!("[{}{{}}]", fill("{\"host\":1,\"host\":1},")), "file-repeated"),
    ] {
        assert!(input.len() <= MAX_IMPORT_BYTES && input.len() > MAX_IMPORT_BYTES / 2, "{name}: {} bytes", input.len());
        let (peak, result) = peak(input.as_bytes());
        eprintln!("{name}: {} MB of memory, {result:?}", peak >> 20);
        assert!(peak < MOST, "{name}: {peak} bytes");
        assert_eq!(result.map_err(|error| error.code()), Err(code), "{name}");
    }
}
