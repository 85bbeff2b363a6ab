//! What the person is told meanwhile.

use super::*;

#[test]
fn hints_are_told_once_and_not_to_a_silent_host() {
    let script = |stream: &mut UnixStream| {
        let _ = facelock_protocol::read_message::<Request>(stream, REQUEST_CAP);
        for event in [
            Event::Progress(Progress::Starting),
            Event::Hint(Hint::NoFace),
        ] {
            let _ = facelock_protocol::write_message(stream, &Message::Event(event));
        }
        std::thread::sleep(Duration::from_millis(1000));
        for event in [
            Event::Hint(Hint::TooDark),
            Event::Hint(Hint::TooDark),
            Event::Hint(Hint::TooFar),
        ] {
            let _ = facelock_protocol::write_message(stream, &Message::Event(event));
        }
        let _ = facelock_protocol::write_message(
            stream,
            &Message::Reply(Reply::Verdict(Verdict::Match)),
        );
    };
    let server = Server::start(script);
    let host = Host::new(&server.stack("mode=auto"));
    assert_eq!(host.authenticate(0), SUCCESS);
    assert_eq!(host.told(), ["Looking for you", "It is too dark"]);
    assert_eq!(host.authenticate(SILENT), SUCCESS);
    assert_eq!(host.told(), Vec::<String>::new());
}

#[test]
fn nothing_is_said_to_an_owner_who_is_in_at_once() {
    let script = |stream: &mut UnixStream| {
        let _ = facelock_protocol::read_message::<Request>(stream, REQUEST_CAP);
        for event in [
            Event::Progress(Progress::Starting),
            Event::Hint(Hint::TooFar),
        ] {
            let _ = facelock_protocol::write_message(stream, &Message::Event(event));
        }
        std::thread::sleep(Duration::from_millis(100));
        let _ = facelock_protocol::write_message(
            stream,
            &Message::Reply(Reply::Verdict(Verdict::Match)),
        );
    };
    let server = Server::start(script);
    let host = Host::new(&server.stack("mode=auto"));
    assert_eq!(host.authenticate(0), SUCCESS);
    assert_eq!(host.told(), Vec::<String>::new());
}

#[test]
fn a_quiet_service_hears_nothing_and_is_asked_all_the_same() {
    let slow = |quiet| {
        Server::start(move |stream| {
            let _ = facelock_protocol::read_message::<Request>(stream, REQUEST_CAP);
            for event in [
                Event::Service {
                    consent: Consent::Confirm,
                    quiet,
                },
                Event::Progress(Progress::Starting),
            ] {
                let _ = facelock_protocol::write_message(stream, &Message::Event(event));
            }
            std::thread::sleep(Duration::from_millis(1000));
            let reply = Message::Reply(Reply::Verdict(Verdict::Match));
            let _ = facelock_protocol::write_message(stream, &reply);
        })
    };
    for (quiet, argument, told) in [
        (false, "", &["Looking for you", "Face recognised"][..]),
        (true, "", &[][..]),
        (false, "quiet", &[][..]),
    ] {
        let server = slow(quiet);
        let host = Host::new(&server.stack(argument));
        host.answer(Answer::Line(""));
        assert_eq!((host.authenticate(0), host.prompts()), (SUCCESS, 1));
        assert_eq!(host.told(), told, "{quiet} {argument}");
    }
}

#[test]
fn the_host_s_own_time_does_not_count_and_an_answer_that_is_there_wins() {
    let server = Server::start(|stream| {
        let _ = facelock_protocol::read_message::<Request>(stream, REQUEST_CAP);
        let starting = Message::Event(Event::Progress(Progress::Starting));
        let _ = facelock_protocol::write_message(stream, &starting);
        std::thread::sleep(Duration::from_millis(1200));
        let reply = Message::Reply(Reply::Verdict(Verdict::Match));
        let _ = facelock_protocol::write_message(stream, &reply);
    });
    let host = Host::new(&server.stack("mode=auto timeout=1"));
    // "Looking for you" stands for two seconds until it is acknowledged.
    host.holds_messages(Duration::from_secs(2));
    assert_eq!(host.authenticate(0), SUCCESS);
    // The control: without that time, there is none left.
    host.holds_messages(Duration::ZERO);
    assert_eq!(host.authenticate(0), AUTHINFO_UNAVAIL);
}

#[test]
fn a_host_that_asks_once_a_lock_is_looked_for_until_its_time_is_over() {
    let seen = Arc::new(AtomicUsize::new(0));
    let looks = Arc::clone(&seen);
    let server = Server::start(move |stream| {
        let look = looks.fetch_add(1, Ordering::SeqCst);
        let nobody = Reply::Unavailable(Unavailable::NoFace);
        reply(
            stream,
            if look == 2 {
                Reply::Verdict(Verdict::Match)
            } else {
                nobody
            },
        );
    });
    let host = Host::new(&server.stack("mode=auto wait=10"));
    assert_eq!((host.authenticate(0), server.requests()), (SUCCESS, 3));
    let begun = Instant::now();
    let host = Host::new(&server.stack("mode=auto wait=2 unseen=auth_err"));
    assert_eq!(host.authenticate(0), AUTH_ERR);
    assert!(begun.elapsed() >= Duration::from_secs(2) && begun.elapsed() < Duration::from_secs(20));
    // What says more than "no face was seen" ends it.
    let locked = Server::start(|stream| {
        reply(
            stream,
            Reply::Unavailable(Unavailable::LockedOut { seconds: None }),
        );
    });
    let host = Host::new(&locked.stack("mode=auto wait=30 unseen=auth_err"));
    assert_eq!(
        (host.authenticate(0), locked.requests()),
        (AUTHINFO_UNAVAIL, 1)
    );
}

#[test]
fn a_challenge_is_put_to_a_silent_host_too_and_has_time_of_its_own() {
    let server = Server::start(|stream| {
        let _ = facelock_protocol::read_message::<Request>(stream, REQUEST_CAP);
        for hint in [
            Hint::TooDark,
            Hint::TurnLeft,
            Hint::LookAtCamera,
            Hint::TurnLeft,
        ] {
            let _ = facelock_protocol::write_message(stream, &Message::Event(Event::Hint(hint)));
        }
        std::thread::sleep(Duration::from_millis(1500));
        let _ = facelock_protocol::write_message(
            stream,
            &Message::Reply(Reply::Verdict(Verdict::Match)),
        );
    });
    let host = Host::new(&server.stack("mode=auto timeout=1"));
    assert_eq!(host.authenticate(SILENT), SUCCESS);
    let turn = "Turn your head to your left";
    assert_eq!(
        host.told(),
        [turn, "Look at the camera", turn],
        "and the way back belongs to it"
    );
}

#[test]
fn a_challenge_is_not_waited_for_without_end() {
    let begun = Instant::now();
    let code = code_for(
        |stream| {
            let _ = facelock_protocol::read_message::<Request>(stream, REQUEST_CAP);
            for _ in 0..150 {
                let _ = facelock_protocol::write_message(
                    stream,
                    &Message::Event(Event::Hint(Hint::TurnRight)),
                );
                std::thread::sleep(Duration::from_millis(200));
            }
        },
        "timeout=1",
    );
    assert_eq!(code, AUTHINFO_UNAVAIL);
    assert!(
        begun.elapsed() < Duration::from_secs(25),
        "{:?}",
        begun.elapsed()
    );
}

#[test]
fn a_host_without_a_conversation_is_served_without_messages() {
    let server = Server::start(|stream| {
        let _ = facelock_protocol::write_message(
            stream,
            &Message::Event(Event::Progress(Progress::Starting)),
        );
        reply(stream, Reply::Verdict(Verdict::Match));
    });
    let host = Host::without_conversation(&server.stack("mode=auto"));
    assert_eq!(host.authenticate(0), SUCCESS);
    let host = Host::without_conversation(&server.stack("mode=confirm"));
    assert_eq!(
        host.authenticate(0),
        AUTHINFO_UNAVAIL,
        "no person can confirm"
    );
}
