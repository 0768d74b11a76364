//! The count on a tab's badge. Firefox keeps it and shows three characters of it.

/// What the badge shows for one more than it shows now.
#[must_use]
pub fn one_more(shown: &str) -> String {
    const MOST_SHOWN: u32 = 99;
    // Past that it says so and no more.
    let counted = shown.trim_end_matches('+').parse().unwrap_or(0u32);
    match counted.saturating_add(1) {
        count if count > MOST_SHOWN => format!("{MOST_SHOWN}+"),
        count => count.to_string(),
    }
}
