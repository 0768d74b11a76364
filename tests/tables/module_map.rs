//! The map of the modules in `src/lib.rs`, held against what they use.

use std::collections::HashMap;
use std::fs;

use crate::{files, root};

/// Each module with its row.
fn rows() -> HashMap<String, usize> {
    let library = fs::read_to_string(root().join("src/lib.rs")).unwrap();
    let names = |row: &str| row.split('|').nth(1).unwrap().split('`').skip(1).step_by(2).map(str::to_owned).collect();
    let rows: Vec<Vec<String>> = library.lines().filter(|line| line.starts_with("//! | ")).skip(1).map(names).collect();
    let places = rows.into_iter().enumerate();
    places.flat_map(|(place, names)| names.into_iter().map(move |name| (name, place))).collect()
}

#[test]
fn each_module_has_its_row_and_uses_none_of_those_below() {
    let rows = rows();
    let mut uses = 0;
    for file in files("src", "rs") {
        let path = file.strip_prefix(root().join("src")).unwrap();
        let module = path.iter().next().unwrap().to_str().unwrap().trim_end_matches(".rs").to_owned();
        if module == "lib" {
            continue;
        }
        let own = rows.get(&module).unwrap_or_else(|| panic!("{module} is not in the map"));
        let source = fs::read_to_string(&file).unwrap();
        let code = source.split("\n#[cfg(test)]\nmod ").next().unwrap();
        let lines = code.lines().filter(|line| !line.trim_start().starts_with("//"));
        for used in lines.flat_map(|line| line.split("crate::").skip(1)) {
            let name: String = used.chars().take_while(|&letter| letter.is_alphanumeric() || letter == '_').collect();
            let Some(row) = rows.get(&name) else { continue };
            assert!(row <= own, "{} uses {name}, which stands below {module}", path.display());
            uses += 1;
        }
    }
    assert!(uses > 500, "{uses} uses were found");
}
