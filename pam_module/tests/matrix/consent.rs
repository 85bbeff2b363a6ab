//! How the person says yes.

use super::*;

#[test]
fn a_match_is_confirmed_by_enter_or_y_alone() {
    let server = Server::start(|stream| reply(stream, Reply::Verdict(Verdict::Match)));
    for (answer, code) in [
        (Answer::Line(""), SUCCESS),
        (Answer::Line("y"), SUCCESS),
        (Answer::Line("YES"), SUCCESS),
        (Answer::Line("n"), AUTHINFO_UNAVAIL),
        (Answer::Line("yes please"), AUTHINFO_UNAVAIL),
        (Answer::Line("hunter2"), AUTHINFO_UNAVAIL),
        (Answer::None, AUTHINFO_UNAVAIL),
        (Answer::Fail, AUTHINFO_UNAVAIL),
    ] {
        let host = Host::new(&server.stack("mode=confirm"));
        host.answer(answer);
        assert_eq!(host.authenticate(0), code, "{answer:?}");
    }
    let host = Host::new(&server.stack("mode=confirm"));
    host.answer(Answer::Line(""));
    assert_eq!(
        host.authenticate(SILENT),
        SUCCESS,
        "sudo is always silent, and is asked all the same"
    );
    assert_eq!((host.told(), host.prompts()), (Vec::new(), 1));
}

#[test]
fn asked_first_a_password_goes_on_and_no_camera_opens() {
    let server = Server::start(|stream| reply(stream, Reply::Verdict(Verdict::Match)));
    let taken = tempfile::tempdir().unwrap();
    let file = taken.path().join("password");
    let stack = server
        .stack("mode=ask")
        .replace("auth required", "auth sufficient")
        + &format!(
            "auth required pam_exec.so quiet expose_authtok /usr/bin/tee {}\n",
            file.display()
        );
    let host = Host::new(&stack);
    host.answer(Answer::Line("hunter2"));
    assert_eq!(
        host.authenticate(0),
        SUCCESS,
        "the next module takes the password"
    );
    assert_eq!(
        std::fs::read_to_string(&file)
            .unwrap()
            .trim_end_matches('\0'),
        "hunter2"
    );
    assert_eq!(server.requests(), 0);

    for (answer, code, requests) in [
        (Answer::Line(""), SUCCESS, 1),
        (Answer::Line("y"), SUCCESS, 1),
        (Answer::None, AUTHINFO_UNAVAIL, 0),
        (Answer::Fail, AUTHINFO_UNAVAIL, 0),
    ] {
        let host = Host::new(&server.stack("mode=ask"));
        host.answer(answer);
        assert_eq!(
            (host.authenticate(0), server.requests()),
            (code, requests),
            "{answer:?}"
        );
    }
}

#[test]
fn without_a_mode_the_instance_says_what_is_needed() {
    for (consent, answer, code, prompts) in [
        (Consent::Auto, Answer::Fail, SUCCESS, 0),
        (Consent::Confirm, Answer::Line(""), SUCCESS, 1),
        (Consent::Confirm, Answer::Fail, AUTHINFO_UNAVAIL, 1),
        (Consent::Ask, Answer::Line(""), SUCCESS, 1),
        (Consent::Ask, Answer::Line("hunter2"), AUTHINFO_UNAVAIL, 1),
    ] {
        let server = Server::start(move |stream| {
            let request: Request = facelock_protocol::read_message(stream, REQUEST_CAP).unwrap();
            if matches!(request, Request::Verify { consent: None, .. }) {
                let _ = facelock_protocol::write_message(
                    stream,
                    &Message::Event(Event::Service {
                        consent,
                        quiet: false,
                    }),
                );
            }
            if consent != Consent::Ask
                || matches!(
                    request,
                    Request::Verify {
                        consent: Some(Consent::Auto),
                        ..
                    }
                )
            {
                let _ = facelock_protocol::write_message(
                    stream,
                    &Message::Reply(Reply::Verdict(Verdict::Match)),
                );
            }
        });
        let host = Host::new(&server.stack(""));
        host.answer(answer);
        assert_eq!(
            (host.authenticate(0), host.prompts()),
            (code, prompts),
            "{consent:?} {answer:?}"
        );
    }
}
