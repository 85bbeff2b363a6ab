//! The tally: whatever a file says and whatever is done to it at whatever times, it can be written
//! and read again, misses that were counted refuse, and no attempt gives back more than it took.
#![no_main]

use std::time::Duration;

use facelock::decision::lockout::{AfterBoot, AttemptEnd, LockoutRules, Moment, TallyState};
use facelock::types::{Spectrum, Unavailable};
use facelock_fuzz::Front;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let mut front = Front(data);
    let length = usize::from(front.byte()).min(front.0.len());
    let (stored, steps) = front.0.split_at(length);
    let mut front = Front(steps);
    let mut state = TallyState::decode(stored).unwrap_or_default();
    let rules = LockoutRules {
        misses: u32::from(front.byte() % 20) + 1,
        wait: Duration::from_secs(u64::from(front.half() % 3600) + 1),
        password_after_boot: [AfterBoot::Auto, AfterBoot::Always, AfterBoot::Never]
            [usize::from(front.byte() % 3)],
        ..LockoutRules::default()
    };
    let by = [Spectrum::Color, Spectrum::Infrared][usize::from(front.byte() & 1)];
    while !front.0.is_empty() {
        let step = front.byte();
        // Mostly a clock that goes on; any moment of any boot now and then.
        let seconds = if step & 0x80 == 0 {
            u64::from(front.half())
        } else {
            u64::from_le_bytes(front.array())
        };
        let now = Moment {
            boot: [step >> 5 & 1; 16],
            seconds,
            awake: seconds,
            wall: seconds.rotate_left(u32::from(step)),
        };
        let refusal = rules.refusal(&state, by, &now);
        let before = (state.counted(), state.total);
        match step % 6 {
            0 => state.charge(&now),
            1 => {
                state.charge(&now);
                state.settle(state.generation, AttemptEnd::Nothing, &now);
                // What killed instances left open may have become misses meanwhile; nothing else
                // changes.
                assert!(
                    before.0 == u32::MAX || state.counted() == before.0 && state.total >= before.1
                );
            }
            2 => {
                state.settle(u32::from(front.byte()), AttemptEnd::Missed, &now);
                assert!(state.counted() >= before.0 && state.total >= before.1);
            }
            3 => {
                state.settle(state.generation, AttemptEnd::Matched, &now);
                assert_eq!((state.counted(), state.total), (0, 0));
            }
            4 => {
                state.password(&now);
                assert_eq!((state.counted(), state.total), (0, before.1));
            }
            _ => {
                state.unlock();
                assert!(!matches!(
                    rules.refusal(&state, by, &now),
                    Some(Unavailable::LockedOut { .. })
                ));
            }
        }
        assert!(
            before.1 < rules.total || refusal == Some(Unavailable::LockedOut { seconds: None })
        );
        if state.total >= rules.total {
            assert_eq!(
                rules.refusal(&state, by, &now),
                Some(Unavailable::LockedOut { seconds: None })
            );
        }
        // The attempt just begun keeps the next one out from this very moment.
        if step % 6 == 0 && state.counted() >= rules.misses {
            assert!(matches!(
                rules.refusal(&state, by, &now),
                Some(Unavailable::LockedOut { .. } | Unavailable::Busy)
            ));
        }
        let bytes = state.encode().expect("a few numbers");
        assert!(bytes.len() <= 256, "the store refuses a larger file");
        assert_eq!(TallyState::decode(&bytes), Some(state.clone()));
    }
});
