//! The configuration: a text is refused, or everything it leads to lies within its bounds.
#![no_main]

use std::time::Duration;

use facelock::config::Config;
use facelock_fuzz::bounded;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    // A text that is refused is quoted in the message.
    let Ok(config) = bounded(512 * text.len() + 64 * 1024, || Config::parse(text)) else {
        return;
    };
    let rules = config.decide_rules();
    assert!((1..=5).contains(&rules.matches) && rules.misses > 0 && !rules.spread.is_zero());
    let tally = config.tally_rules();
    assert!((1..=20).contains(&tally.misses) && (tally.misses..=1000).contains(&tally.total));
    assert!(
        !tally.wait.is_zero()
            && tally.wait <= Duration::from_secs(3600)
            && !tally.password_every.is_zero()
    );
    let deadlines = config.deadlines();
    assert!(
        deadlines.attempt <= Duration::from_secs(30)
            && deadlines.enroll <= Duration::from_secs(300)
    );
    for inner in [deadlines.no_face, deadlines.dark] {
        assert!(inner >= Duration::from_millis(100) && inner <= deadlines.attempt);
    }
    let vault = config.vault_options();
    assert!(!vault.pcrs.is_empty() && vault.pcrs.iter().all(|pcr| *pcr <= 23));
    assert!((1..=8).contains(&config.enroll.samples));
    let camera = config.camera_options();
    assert_eq!(camera.state_dir, config.camera_folder());
    for service in ["sudo", "gdm-password", "", "a"] {
        let _ = config.service(service);
    }
    let _ = (config.model_dirs(), config.protector_name());
});
