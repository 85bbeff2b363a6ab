//! Times whole logins: a fresh instance each, recorded frames. Called by scripts/bench.
//!
//!     bench-login RUNS INSTANCE CONFIG-TPM CONFIG-FILE FRAMES
//!     bench-login once INSTANCE CONFIG FRAMES
//!     bench-login compare ROUNDS INSTANCE CONFIG INSTANCE CONFIG FRAMES
//!
//! The first form takes the TPM and the key file in turn. The second enrolls where that is to be
//! done, logs in once and prints two times: spawn to models ready, spawn to reply. The third takes
//! two builds, login by login.
#![allow(unsafe_code, clippy::unwrap_used, clippy::panic)]
#![allow(clippy::print_stdout, clippy::zombie_processes)]

mod compare;
mod login;

use login::{Login, Place, ROWS, quantile};

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments[..] {
        [
            "compare",
            rounds,
            instance,
            config,
            other,
            other_config,
            frames,
        ] => {
            let place = |instance, config| Place {
                instance,
                config,
                frames,
            };
            let other = place(other, other_config);
            compare::run(rounds.parse().unwrap(), &place(instance, config), &other);
        }
        ["once", instance, config, frames] => {
            let place = Place {
                instance,
                config,
                frames,
            };
            place.enroll_once();
            let [ready, reply] = place.login().spawn_to();
            println!("{ready:.1} {reply:.1}");
        }
        [runs, instance, tpm, file, frames] => {
            let places = [tpm, file].map(|config| Place {
                instance,
                config,
                frames,
            });
            stages(runs.parse().unwrap(), &places);
        }
        _ => panic!("see the top of this file"),
    }
}

/// Prints one table: the stages by the TPM and by the key file, median and 90th percentile.
fn stages(runs: usize, places: &[Place; 2]) {
    let logins = places.each_ref().map(|place| {
        place.enroll();
        (0..runs).map(|_| place.login()).collect::<Vec<Login>>()
    });
    println!("{runs} cold processes each, milliseconds, median (90th percentile):\n");
    println!("| | TPM (swtpm) | key file |\n|---|---|---|");
    for (label, figure) in ROWS {
        let cells = logins.each_ref().map(|logins| {
            let values: Vec<f32> = logins.iter().filter_map(figure).collect();
            (values.len() == runs).then(|| {
                let (half, ninety) = (quantile(&values, 0.5), quantile(&values, 0.9));
                format!("{half:.1} ({ninety:.1})")
            })
        });
        if let [Some(tpm), Some(file)] = cells {
            println!("| {label} | {tpm} | {file} |");
        }
    }
}
