//! Two builds in alternating logins: what differs between them falls on no hour of the machine's.

use std::sync::atomic::{AtomicBool, Ordering};

use crate::login::{Login, Place, ROWS, quantile};

/// In which state of the machine.
#[derive(Clone, Copy)]
struct Condition {
    name: &'static str,
    /// Every core has something else to do.
    busy: bool,
    /// Nothing of the files is in memory before a login.
    cold: bool,
}

const CONDITIONS: [Condition; 3] = [
    Condition {
        name: "idle, files in memory",
        busy: false,
        cold: false,
    },
    Condition {
        name: "every core busy, files in memory",
        busy: true,
        cold: false,
    },
    Condition {
        name: "idle, files not in memory",
        busy: false,
        cold: true,
    },
];

/// Prints a table a condition: each build's median, and the median of each pair's ratio with its
/// quartiles.
pub fn run(rounds: usize, one: &Place, other: &Place) {
    one.enroll();
    other.enroll();
    for condition in CONDITIONS {
        let done = AtomicBool::new(false);
        let pairs = std::thread::scope(|scope| {
            let cores = std::thread::available_parallelism().map_or(1, usize::from);
            let _end = End(&done);
            for _ in 0..if condition.busy { cores } else { 0 } {
                scope.spawn(|| {
                    while !done.load(Ordering::Relaxed) {
                        std::hint::spin_loop();
                    }
                });
            }
            let pairs = (0..rounds).map(|round| pair(round, condition.cold, one, other));
            pairs.collect::<Vec<_>>()
        });
        table(condition.name, &pairs);
    }
}

/// Ends what keeps the cores busy, also where a login fails.
struct End<'a>(&'a AtomicBool);

impl Drop for End<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// One login of each, in turns first.
fn pair(round: usize, cold: bool, one: &Place, other: &Place) -> (Login, Login) {
    let login = |place: &Place| {
        if cold {
            // Written first, for what is not on disk stays in memory.
            rustix::fs::sync();
            std::fs::write("/proc/sys/vm/drop_caches", "3").unwrap();
        }
        place.login()
    };
    if round.is_multiple_of(2) {
        let first = login(one);
        (first, login(other))
    } else {
        let first = login(other);
        (login(one), first)
    }
}

fn table(name: &str, pairs: &[(Login, Login)]) {
    println!("\n{name}, {} pairs of cold processes:\n", pairs.len());
    println!("| | first, ms | second, ms | second : first (quartiles) |\n|---|---|---|---|");
    for (label, figure) in ROWS {
        let found: Vec<(f32, f32)> = pairs
            .iter()
            .filter_map(|(one, other)| Some((figure(one)?, figure(other)?)))
            .collect();
        if found.len() < pairs.len() {
            continue;
        }
        let one: Vec<f32> = found.iter().map(|(one, _)| *one).collect();
        let other: Vec<f32> = found.iter().map(|(_, other)| *other).collect();
        let ratios: Vec<f32> = found.iter().map(|(one, other)| other / one).collect();
        let [low, half, high] = [0.25, 0.5, 0.75].map(|part| quantile(&ratios, part));
        let (one, other) = (quantile(&one, 0.5), quantile(&other, 0.5));
        println!("| {label} | {one:.1} | {other:.1} | {half:.2} ({low:.2} to {high:.2}) |");
    }
}
