//! `photosphere cache`

use std::time::Duration;

use crate::cache::{Cache, Item};
use crate::cli::args::{CacheAction, CacheArgs};
use crate::cli::table::{Table, bytes};
use crate::{Error, Result};

/// Lists or clears the cache.
///
/// # Errors
/// No folder is known; an entry cannot be deleted.
pub fn run(args: &CacheArgs) -> Result<()> {
    let cache = Cache::open(args.cache_dir.as_deref());
    let Some(folder) = cache.folder() else {
        let required = "--cache-dir DIR, or PHOTOSPHERE_CACHE_DIR with a folder";
        return Err(Error::invalid(
            "cache",
            "none (PHOTOSPHERE_CACHE_DIR is empty, or the system has no such folder)",
            required,
        ));
    };
    match args.action {
        CacheAction::List => super::print(&format!("{}cache: {}\n", render(&cache.list()), folder.display())),
        CacheAction::Clear => {
            let (count, sum) = cache.clear()?;
            super::print(&format!("{count} entries, {} deleted from {}\n", bytes(sum), folder.display()))
        }
    }
}

/// The entries as a table, and their sum.
fn render(items: &[Item]) -> String {
    let mut t = Table::new(&["kind", "key", "size", "unused for", "content"]);
    for i in items {
        t.row([&i.kind, &i.key, &bytes(i.bytes), &time(i.unused), &i.description]);
    }
    let sum = items.iter().map(|i| i.bytes).sum();
    let table = if items.is_empty() { String::new() } else { format!("{t}\n") };
    format!("{table}{} entries, {}\n", items.len(), bytes(sum))
}

/// A time in its largest unit: `3 h`.
fn time(time: Duration) -> String {
    let s = time.as_secs();
    match s {
        0..60 => format!("{s} s"),
        60..3600 => format!("{} min", s / 60),
        3600..86400 => format!("{} h", s / 3600),
        _ => format!("{} days", s / 86400),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_are_listed_with_their_sum() {
        let item = |kind: &str, bytes, seconds, about: &str| Item {
            kind: kind.into(),
            key: "0123456789ab".into(),
            bytes,
            unused: Duration::from_secs(seconds),
            description: about.into(),
        };
        let items = [item("density", 5 << 20, 59, "level 0"), item("pipelines", 1000, 7300, "llvmpipe")];
        insta::assert_snapshot!(render(&items), @"
        kind                key     size  unused for  content
        density    0123456789ab  5.0 MiB        59 s  level 0
        pipelines  0123456789ab   1000 B         2 h  llvmpipe

        2 entries, 5.0 MiB
        ");
        assert_eq!(render(&[]), "0 entries, 0 B\n");
        assert_eq!([90, 200_000].map(|s| time(Duration::from_secs(s))), ["1 min", "2 days"]);
    }
}
