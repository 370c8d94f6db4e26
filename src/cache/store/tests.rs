use super::*;
use crate::cache::{KeyHasher, Numbers};
use proptest::prelude::*;

fn key(n: i64) -> Key {
    KeyHasher::new("test").integers("n", &[n]).finish().unwrap()
}

/// A payload that its key determines.
fn payload(n: i64) -> Vec<u8> {
    (0..1000 + 5000 * n as usize).map(|i| (i as i64 * 31 + n) as u8).collect()
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut files: Vec<_> = fs::read_dir(folder).unwrap().map(|f| f.unwrap().path()).collect();
    files.sort();
    files
}

#[test]
fn what_is_stored_is_found_and_listed() {
    let folder = tempfile::tempdir().unwrap();
    let cache = Cache::open(Some(&folder.path().join("made/when/needed")));
    assert_eq!(cache.find("numbers", &key(1)).unwrap_err(), Miss::Absent);
    assert!(cache.list().is_empty());
    let values: Vec<f32> = (0..3000).map(|i| 1.5 * i as f32).collect();
    let bytes: &[u8] = bytemuck::cast_slice(&values);
    cache.store("numbers", &key(1), "three thousand numbers", &[&bytes[..4000], &bytes[4000..]]).unwrap();
    let entry = cache.find("numbers", &key(1)).unwrap();
    assert_eq!((entry.description(), entry.payload().as_ptr() as usize % 64), ("three thousand numbers", 0));
    let mapped: Numbers<f32> = Numbers::of_entry(&entry, 4..12000).unwrap();
    assert_eq!(mapped[..], values[1..]);
    assert!(Numbers::<f32>::of_entry(&entry, 0..12004).is_none() && Numbers::<f32>::of_entry(&entry, 0..3).is_none());
    assert!(Numbers::<u32>::of_entry(&entry, 2..10).is_none(), "not aligned");
    // kinds are apart, and so are keys
    assert_eq!(cache.find("others", &key(1)).unwrap_err(), Miss::Absent);
    assert_eq!(cache.find("numbers", &key(2)).unwrap_err(), Miss::Absent);
    let item = &cache.list()[0];
    assert_eq!((item.kind.as_str(), item.bytes), ("numbers", 512 + 12000));
    assert_eq!((item.key.as_str(), item.description.as_str()), (&key(1).to_hex()[..12], "three thousand numbers"));
    // a map outlives its file, and an empty payload is one
    assert_eq!(cache.clear().unwrap(), (1, 512 + 12000));
    assert_eq!(mapped[2998], values[2999]);
    cache.store("numbers", &key(3), &"ü".repeat(1000), &[]).unwrap();
    assert_eq!(cache.find("numbers", &key(3)).unwrap().description(), "ü".repeat(192));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]
    /// A change of any byte, a cut anywhere and anything appended is found; the file is gone, and storing again mends it.
    #[test]
    fn any_damage_is_found(
        at in 0..(HEADER + 6000), change in 1..=255u8, what in 0..5usize, noise in prop::collection::vec(any::<u8>(), 0..2000),
    ) {
        let folder = tempfile::tempdir().unwrap();
        let cache = Cache::open(Some(folder.path()));
        let store = || cache.store("test", &key(1), "some bytes", &[&payload(1)]).unwrap();
        store();
        let path = files(folder.path()).remove(0);
        let mut bytes = fs::read(&path).unwrap();
        match what {
            0 | 1 => bytes[at] ^= change,
            2 => bytes.truncate(at),
            3 => bytes.push(change),
            _ => bytes = noise,
        }
        fs::write(&path, bytes).unwrap();
        prop_assert!(cache.list().len() == 1);
        let miss = cache.find("test", &key(1)).unwrap_err();
        prop_assert!(matches!(&miss, Miss::Damaged(text) if text.contains("test-")), "{miss:?}");
        prop_assert_eq!(files(folder.path()).len(), 0);
        store();
        let entry = cache.find("test", &key(1)).unwrap();
        prop_assert_eq!(entry.payload(), &payload(1)[..]);
    }
}

#[test]
fn an_entry_of_another_key_is_not_taken() {
    let folder = tempfile::tempdir().unwrap();
    let cache = Cache::open(Some(folder.path()));
    cache.store("test", &key(1), "", &[b"one"]).unwrap();
    let path = files(folder.path()).remove(0);
    fs::rename(path, cache.path("test", &key(2)).unwrap()).unwrap();
    assert!(matches!(cache.find("test", &key(2)), Err(Miss::Damaged(text)) if text.contains("another key")));
}

#[test]
fn no_folder_is_no_error() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    fs::write(&file, "").unwrap();
    // no cache keeps nothing and complains of nothing; a folder that cannot be made says so and finds nothing
    for (cache, stored) in
        [(Cache::off(), true), (Cache::open(Some(&file.join("x"))), false), (Cache::open(Some(&file)), false)]
    {
        assert_eq!(cache.store("test", &key(1), "", &[b"one"]).is_ok(), stored);
        assert_eq!(cache.find("test", &key(1)).unwrap_err(), Miss::Absent);
        assert_eq!((cache.list().len(), cache.clear().unwrap()), (0, (0, 0)));
    }
}

#[test]
fn what_was_unused_for_longest_goes_first() {
    let folder = tempfile::tempdir().unwrap();
    let cache = Cache::open(Some(folder.path())).with_limit(40_000);
    let aged = |n: i64, seconds: u64| {
        cache.store("test", &key(n), "", &[&[0; 9000]]).unwrap();
        let file = fs::File::options().write(true).open(cache.path("test", &key(n)).unwrap()).unwrap();
        file.set_modified(SystemTime::now() - Duration::from_secs(seconds)).unwrap();
    };
    aged(1, 300);
    aged(2, 400);
    aged(3, 200);
    cache.find("test", &key(2)).unwrap(); // used now
    aged(4, 100);
    cache.store("test", &key(5), "", &[&[0; 9000]]).unwrap();
    let found = |n| cache.find("test", &key(n)).is_ok();
    assert_eq!([1, 2, 3, 4, 5].map(found), [false, true, true, true, true]);
    // what exceeds the limit by itself displaces nothing
    cache.store("test", &key(6), "", &[&[0; 40_000]]).unwrap();
    assert_eq!([2, 6].map(found), [true, false]);
    assert_eq!(cache.list().len(), 4);
}

#[test]
fn only_entries_are_cleared() {
    let folder = tempfile::tempdir().unwrap();
    let cache = Cache::open(Some(folder.path()));
    let names =
        ["notes.txt", "density-0123.photosphere", "x.photosphere", ".photosphere-young.tmp", ".photosphere-old.tmp"];
    names.iter().for_each(|n| fs::write(folder.path().join(n), "keep").unwrap());
    let old = fs::File::options().write(true).open(folder.path().join(names[4])).unwrap();
    old.set_modified(SystemTime::now() - Duration::from_secs(2 * 24 * 3600)).unwrap();
    cache.store("test", &key(1), "", &[b"one"]).unwrap();
    assert_eq!(cache.clear().unwrap().0, 1);
    let left = files(folder.path());
    assert_eq!(left.len(), 4);
    assert!(names[..4].iter().all(|n| left.contains(&folder.path().join(n))));
}

const CHILD: &str = "PHOTOSPHERE_TEST_CACHE_OF_TWO_PROCESSES";

/// What each process does: the same keys, in another order. Whatever is found is whole.
fn hammer(folder: &Path, seed: u64) -> (usize, usize) {
    let cache = Cache::open(Some(folder)).with_limit(120_000);
    let (mut found, mut absent, mut state) = (0, 0, seed);
    for _ in 0..1500 {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let n = (state >> 33) as i64 % 8;
        match (state >> 40) % 16 {
            0 => drop(cache.clear()),
            1 => drop(cache.list()),
            2..8 => drop(cache.store("test", &key(n), "two processes", &[&payload(n)])),
            _ => match cache.find("test", &key(n)) {
                Ok(entry) => {
                    assert!(entry.payload() == payload(n), "another content under key {n}");
                    found += 1;
                }
                Err(Miss::Absent) => absent += 1,
                Err(other) => panic!("{other:?}"),
            },
        }
    }
    (found, absent)
}

#[test]
fn two_processes_do_not_harm_each_other() {
    if let Some(folder) = std::env::var_os(CHILD) {
        let (found, absent) = hammer(Path::new(&folder), u64::from(std::process::id()));
        assert!(found > 100 && absent > 10, "{found} found, {absent} absent");
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let child = || {
        let mut command = std::process::Command::new(std::env::current_exe().unwrap());
        command.args(["cache::store::tests::two_processes_do_not_harm_each_other", "--exact", "--nocapture"]);
        command.env(CHILD, folder.path()).stdout(std::process::Stdio::piped()).spawn().unwrap()
    };
    let children = [child(), child()];
    hammer(folder.path(), 1);
    for child in children {
        let output = child.wait_with_output().unwrap();
        let text = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success() && text.contains("1 passed"), "{text}");
    }
    assert!(
        files(folder.path()).iter().all(|f| f.extension().is_some_and(|e| e == EXTENSION)),
        "a temporary file is left"
    );
}
