//! The store against links, modes, locks, and writers that die.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::os::unix::fs::PermissionsExt as _;
use std::time::{Duration, Instant};

use facelock::store::{Store, StoreError};

fn soon() -> Instant {
    Instant::now() + Duration::from_millis(200)
}

fn store() -> (tempfile::TempDir, Store) {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path(), "things").unwrap();
    (folder, store)
}

#[test]
fn what_others_could_have_touched_is_not_read() {
    let (folder, store) = store();
    let lock = store.lock(7, soon()).unwrap();
    store.write(&lock, 7, b"mine").unwrap();
    let path = folder.path().join("things/7");
    assert_eq!(store.read(7, 100).unwrap().as_deref(), Some(&b"mine"[..]));
    assert_eq!(
        std::fs::metadata(&path).unwrap().permissions().mode() & 0o777,
        0o600
    );
    let not_private = |what: &str| {
        assert!(
            matches!(store.read(7, 100), Err(StoreError::NotPrivate(_))),
            "{what}"
        );
    };
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).unwrap();
    not_private("readable by others");
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
    std::fs::hard_link(&path, folder.path().join("second")).unwrap();
    not_private("a second name");
    std::fs::rename(
        folder.path().join("second"),
        folder.path().join("elsewhere"),
    )
    .unwrap();
    std::fs::remove_file(&path).unwrap();
    std::os::unix::fs::symlink(folder.path().join("elsewhere"), &path).unwrap();
    not_private("a symbolic link");
    std::fs::remove_file(&path).unwrap();
    rustix::fs::mkfifoat(rustix::fs::CWD, &path, rustix::fs::Mode::RUSR).unwrap();
    not_private("a pipe, which must not block either");
    std::fs::remove_file(&path).unwrap();
    std::fs::write(&path, [0; 200]).unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
    not_private("larger than the cap");
}

#[test]
fn a_held_lock_is_waited_for_until_the_deadline_and_no_longer() {
    let (_folder, store) = store();
    let held = store.lock(7, soon()).unwrap();
    let begun = Instant::now();
    assert!(matches!(store.lock(7, soon()), Err(StoreError::Locked(_))));
    assert!(begun.elapsed() < Duration::from_secs(10));
    assert!(store.lock(8, soon()).is_ok(), "another user's is free");
    let waiting = {
        let store = store.clone();
        std::thread::spawn(move || {
            store
                .lock(7, Instant::now() + Duration::from_secs(5))
                .is_ok()
        })
    };
    std::thread::sleep(Duration::from_millis(50));
    drop(held);
    assert!(waiting.join().unwrap());
}

#[test]
fn what_a_dead_writer_left_is_swept_and_the_old_file_stands() {
    let (folder, store) = store();
    let lock = store.lock(7, soon()).unwrap();
    store.write(&lock, 7, b"old").unwrap();
    drop(lock);
    let left = folder.path().join("things/.7.4711.part");
    std::fs::write(&left, b"half of the ne").unwrap();
    let _lock = store.lock(7, soon()).unwrap();
    assert!(!left.exists());
    assert_eq!(store.read(7, 100).unwrap().as_deref(), Some(&b"old"[..]));
    assert_eq!(store.uids().unwrap(), [7]);
}

#[test]
fn readers_see_the_old_bytes_or_the_new_ones() {
    let (_folder, store) = store();
    let lock = store.lock(7, soon()).unwrap();
    store.write(&lock, 7, &[0; 5000]).unwrap();
    let reader = store.clone();
    let end = Instant::now() + Duration::from_millis(500);
    let reading = std::thread::spawn(move || {
        let mut seen = 0;
        while Instant::now() < end {
            let bytes = reader.read(7, 10_000).unwrap().unwrap();
            assert!(bytes.len() == 5000 && bytes.iter().all(|byte| *byte == bytes[0]));
            seen += 1;
        }
        seen
    });
    let mut n = 0_u8;
    while Instant::now() < end {
        n = n.wrapping_add(1);
        store.write(&lock, 7, &[n; 5000]).unwrap();
    }
    assert!(reading.join().unwrap() > 10);
}
