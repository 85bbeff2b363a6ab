//! What misses cause, as tables and stories.
use super::*;

const WALL: u64 = 1_700_000_000;
const INFRARED: Spectrum = Spectrum::Infrared;

fn at(seconds: u64) -> Moment {
    Moment {
        boot: [1; 16],
        seconds,
        awake: seconds,
        wall: WALL + seconds,
    }
}

fn rebooted(seconds: u64) -> Moment {
    Moment {
        boot: [2; 16],
        seconds,
        awake: seconds,
        wall: 0,
    }
}

fn missed(n: u32, from: u64) -> TallyState {
    let mut state = TallyState::default();
    for i in 0..n {
        state.charge(&at(from + u64::from(i)));
        state.settle(0, AttemptEnd::Missed, &at(from + u64::from(i)));
    }
    state
}

fn locked(seconds: impl Into<Option<u32>>) -> Option<Unavailable> {
    Some(Unavailable::LockedOut {
        seconds: seconds.into(),
    })
}

#[test]
fn five_misses_wait_and_each_further_doubles() {
    let rules = LockoutRules::default();
    assert_eq!(rules.refusal(&missed(4, 100), INFRARED, &at(104)), None);
    let mut state = missed(5, 100);
    assert_eq!(rules.refusal(&state, INFRARED, &at(104)), locked(30));
    assert_eq!(rules.refusal(&state, INFRARED, &at(134)), None);
    state.charge(&at(134));
    assert_eq!(rules.refusal(&state, INFRARED, &at(134)), locked(60));
}

#[test]
fn where_passwords_are_reported_only_a_password_ends_it() {
    let rules = LockoutRules::default();
    let mut state = missed(5, 100);
    state.password(&at(90));
    for _ in 0..5 {
        state.charge(&at(100));
    }
    assert_eq!(rules.refusal(&state, INFRARED, &at(100_000)), locked(None));
    state.password(&at(100_001));
    assert_eq!(rules.refusal(&state, INFRARED, &at(100_002)), None);
}

#[test]
fn fifty_misses_are_for_root() {
    let rules = LockoutRules::default();
    let mut state = missed(50, 100);
    state.password(&at(200));
    assert_eq!(
        rules.refusal(&state, INFRARED, &at(1_000_000)),
        locked(None)
    );
    assert!(state.unlock());
    assert_eq!(rules.refusal(&state, INFRARED, &at(201)), None);
}

#[test]
fn a_boot_does_not_shorten_a_wait() {
    let state = missed(5, 1_000_000);
    assert_eq!(
        LockoutRules::default().refusal(&state, INFRARED, &rebooted(3)),
        locked(27)
    );
    assert_eq!(
        LockoutRules::default().refusal(&state, INFRARED, &rebooted(31)),
        None
    );
}

#[test]
fn a_clock_that_goes_back_does_not_shorten_a_wait() {
    assert_eq!(
        LockoutRules::default().refusal(&missed(5, 1000), INFRARED, &at(10)),
        locked(30)
    );
}

#[test]
fn password_first_after_boot_and_after_three_days() {
    let rules = LockoutRules::default();
    let mut state = TallyState::default();
    assert_eq!(
        rules.refusal(&state, INFRARED, &at(5)),
        None,
        "no password was ever reported"
    );
    let strict = LockoutRules {
        password_after_boot: AfterBoot::Always,
        ..rules
    };
    assert_eq!(
        strict.refusal(&state, INFRARED, &at(5)),
        Some(Unavailable::PasswordRequired)
    );
    state.password(&at(10));
    assert_eq!(rules.refusal(&state, INFRARED, &at(11)), None);
    assert_eq!(
        rules.refusal(&state, INFRARED, &rebooted(11)),
        Some(Unavailable::PasswordRequired)
    );
    assert_eq!(
        rules.refusal(&state, INFRARED, &at(10 + 72 * 3600)),
        Some(Unavailable::PasswordRequired)
    );
}

#[test]
fn an_attempt_that_saw_nobody_is_given_back_once() {
    let mut state = missed(2, 100);
    state.charge(&at(110));
    state.settle(0, AttemptEnd::Nothing, &at(111));
    assert_eq!((state.counted(), state.total), (2, 2));
}

#[test]
fn an_attempt_that_saw_nobody_does_not_begin_a_wait_anew() {
    let (rules, mut state) = (LockoutRules::default(), missed(7, 100));
    assert_eq!(
        rules.refusal(&state, INFRARED, &at(1000)),
        None,
        "two minutes are over"
    );
    state.charge(&at(1000));
    assert_eq!(
        rules.refusal(&state, INFRARED, &at(1001)),
        locked(239),
        "one at a time"
    );
    state.settle(0, AttemptEnd::Nothing, &at(1006));
    assert_eq!(rules.refusal(&state, INFRARED, &at(1006)), None);
}

#[test]
fn attempts_under_way_keep_others_waiting_and_lock_nobody_out() {
    let (rules, mut state) = (LockoutRules::default(), missed(1, 100));
    (0..4).for_each(|_| state.charge(&at(110)));
    assert_eq!(
        rules.refusal(&state, INFRARED, &at(111)),
        Some(Unavailable::Busy)
    );
    (0..4).for_each(|_| state.settle(0, AttemptEnd::Nothing, &at(112)));
    assert_eq!(rules.refusal(&state, INFRARED, &at(112)), None);
    // Whose instances were killed: what they would have seen is unknown.
    (0..4).for_each(|_| state.charge(&at(120)));
    assert_eq!(
        rules.refusal(&state, INFRARED, &at(120 + UNDER_WAY)),
        None,
        "and the wait is over as well"
    );
    state.charge(&at(200));
    assert_eq!(
        (state.misses, state.total, state.open),
        (5, 5, 1),
        "they count for good"
    );
    state.settle(state.generation, AttemptEnd::Nothing, &at(201));
    assert_eq!(
        rules.refusal(&state, INFRARED, &at(202)),
        None,
        "and an empty chair begins no wait anew"
    );
    state.charge(&at(210));
    state.settle(state.generation, AttemptEnd::Missed, &at(211));
    assert_eq!(rules.refusal(&state, INFRARED, &at(212)), locked(59));
}

#[test]
fn a_password_in_between_counts_no_attempt_twice() {
    let mut state = missed(1, 100);
    state.charge(&at(110));
    state.charge(&at(110));
    state.password(&at(111));
    state.settle(0, AttemptEnd::Nothing, &at(112));
    state.settle(0, AttemptEnd::Missed, &at(113));
    assert_eq!((state.counted(), state.total), (1, 2));
}

#[test]
fn the_two_password_rules_are_apart() {
    let mut state = TallyState::default();
    state.password(&at(10));
    let never = LockoutRules {
        password_after_boot: AfterBoot::Never,
        ..LockoutRules::default()
    };
    assert_eq!(never.refusal(&state, INFRARED, &rebooted(11)), None);
    let late = Moment {
        wall: WALL + 10 + 72 * 3600,
        ..rebooted(11)
    };
    assert_eq!(
        never.refusal(&state, INFRARED, &late),
        Some(Unavailable::PasswordRequired),
        "the wall clock makes it stricter"
    );
    let back = Moment {
        wall: 0,
        ..at(10 + 72 * 3600)
    };
    assert_eq!(
        never.refusal(&state, INFRARED, &back),
        Some(Unavailable::PasswordRequired),
        "and never looser"
    );
}

#[test]
fn a_miss_judged_after_another_instance_s_match_still_counts() {
    let mut state = TallyState::default();
    state.charge(&at(1));
    state.charge(&at(1));
    state.settle(0, AttemptEnd::Matched, &at(2));
    state.settle(0, AttemptEnd::Missed, &at(3));
    assert_eq!(state.counted(), 1);
    state.settle(0, AttemptEnd::Nothing, &at(4));
    assert_eq!(
        state.counted(),
        1,
        "nothing is given back for a charge that was cleared"
    );
}

#[test]
fn what_color_opens_wants_a_password_sooner() {
    const HOUR: u64 = 3600;
    // Password at 10 s, a match then; when it is asked for again, by color and by infrared.
    for (matched, now, color, infrared) in [
        (None, 10 + 3 * HOUR, false, false),
        (None, 10 + 4 * HOUR, true, false),
        (Some(3 * HOUR), 10 + 6 * HOUR, false, false),
        (Some(3 * HOUR), 7 * HOUR, true, false),
        (Some(23 * HOUR), 10 + 24 * HOUR, true, false),
        (Some(71 * HOUR), 10 + 72 * HOUR, true, true),
    ] {
        let (rules, mut state) = (LockoutRules::default(), TallyState::default());
        state.password(&at(10));
        if let Some(matched) = matched {
            state.settle(0, AttemptEnd::Matched, &at(matched));
        }
        for (by, wanted) in [(Spectrum::Color, color), (Spectrum::Infrared, infrared)] {
            let expected = wanted.then_some(Unavailable::PasswordRequired);
            assert_eq!(
                rules.refusal(&state, by, &at(now)),
                expected,
                "{by:?} at {now}"
            );
        }
    }
}

#[test]
fn a_tally_of_the_version_before_is_read() {
    let mut state = missed(3, 7);
    state.password(&at(9));
    (state.used, state.opened_awake) = (None, 0);
    let bytes = state.encode().unwrap();
    let old = [&[1], &bytes[1..bytes.len() - 4]].concat();
    assert_eq!(TallyState::decode(&old), Some(state));
}

#[test]
fn what_is_written_is_read_and_nothing_else() {
    let state = missed(3, 7);
    let bytes = state.encode().unwrap();
    assert_eq!(TallyState::decode(&bytes), Some(state));
    assert!((0..bytes.len()).all(|n| TallyState::decode(&bytes[..n]).is_none()));
    assert_eq!(TallyState::decode(&[bytes.as_slice(), &[0]].concat()), None);
    assert!(bytes.len() <= 256, "the store reads no more");
}

#[test]
fn a_suspend_in_the_middle_of_an_attempt_makes_no_miss() {
    let (rules, mut state) = (LockoutRules::default(), TallyState::default());
    state.charge(&at(100));
    // An hour of sleep later another attempt begins; the first one still runs.
    let woken = |seconds| Moment {
        awake: seconds - 3600,
        ..at(seconds)
    };
    state.charge(&woken(3702));
    state.settle(0, AttemptEnd::Nothing, &woken(3703));
    state.settle(0, AttemptEnd::Nothing, &woken(3704));
    assert_eq!((state.counted(), state.total), (0, 0));
    assert_eq!(rules.refusal(&state, INFRARED, &woken(3705)), None);
}

#[test]
fn a_program_of_the_user_s_asks_often_and_not_for_ever() {
    let (rules, mut state) = (LockoutRules::default(), TallyState::default());
    for n in 0..u64::from(OWN_ASKS) {
        assert_eq!(rules.own_refusal(&state, &at(1000 + n)), None);
        state.ask(&at(1000 + n));
    }
    assert_eq!(rules.own_refusal(&state, &at(2000)), locked(2600));
    assert_eq!(
        rules.refusal(&state, INFRARED, &at(2000)),
        None,
        "root's programs are served all the same"
    );
    assert_eq!(rules.own_refusal(&state, &at(1000 + OWN_WINDOW)), None);
    state.ask(&at(1000 + OWN_WINDOW));
    assert_eq!(rules.own_refusal(&state, &at(1001 + OWN_WINDOW)), None);
}
