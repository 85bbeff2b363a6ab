//! Times whole logins: a fresh instance each, recorded frames. Called by scripts/bench.
//!
//!     bench-login RUNS INSTANCE CONFIG-TPM CONFIG-FILE FRAMES LATE-FRAMES
//!     bench-login once INSTANCE CONFIG FRAMES
//!     bench-login compare ROUNDS INSTANCE CONFIG INSTANCE CONFIG FRAMES
//!
//! The first form takes the TPM, the key file, and the key file with late frames. The second
//! enrolls where that is to be done, logs in once and prints two times: spawn to models ready,
//! spawn to reply. The third takes two builds, login by login.
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
        [runs, instance, tpm, file, frames, late] => {
            let places = [(tpm, frames), (file, frames), (file, late)];
            let places = places.map(|(config, frames)| Place {
                instance,
                config,
                frames,
            });
            stages(runs.parse().unwrap(), &places);
        }
        _ => panic!("see the top of this file"),
    }
}

/// Prints one table: the stages by the TPM, by the key file, and with late frames; median and 90th
/// percentile.
fn stages(runs: usize, places: &[Place; 3]) {
    let logins = places.each_ref().map(|place| {
        place.enroll_once();
        (0..runs).map(|_| place.login()).collect::<Vec<Login>>()
    });
    println!("{runs} cold processes each, milliseconds, median (90th percentile):\n");
    println!("| | TPM (swtpm) | key file | key file, late first frame |\n|---|---|---|---|");
    for (label, figure) in ROWS {
        let cells = logins.each_ref().map(|logins| {
            let values: Vec<f32> = logins.iter().filter_map(figure).collect();
            (values.len() == runs).then(|| {
                let (half, ninety) = (quantile(&values, 0.5), quantile(&values, 0.9));
                format!("{half:.1} ({ninety:.1})")
            })
        });
        if let [Some(tpm), Some(file), Some(late)] = cells {
            println!("| {label} | {tpm} | {file} | {late} |");
        }
    }
}
