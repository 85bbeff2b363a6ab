//! What an attempt leaves for a notification of its user's (`facelockctl notify`).

use super::*;

/// What alice's file holds, but for the time.
fn told(machine: &Machine) -> String {
    let text = std::fs::read_to_string(machine.path("events/4242")).unwrap();
    text.split_once(' ')
        .map_or(text.clone(), |(_, rest)| rest.to_owned())
}

#[test]
fn a_login_leaves_a_line_where_there_is_a_file_and_a_test_leaves_none() {
    let machine = enrolled();
    machine.show_with("astronaut-later", "");
    assert_eq!(machine.verify(), MATCH);
    let folder = machine.path("events");
    assert!(!folder.exists(), "the instance makes none");
    std::fs::create_dir(&folder).unwrap();
    std::fs::write(folder.join("4242"), "").unwrap();
    std::fs::write(folder.join("4243"), "bob's").unwrap();
    let test = Request::Test { subject: alice() };
    assert_eq!(machine.ask(&test), MATCH);
    assert_eq!(told(&machine), "");
    for (sample, reply, line) in [
        ("astronaut-later", MATCH, "test Match\n"),
        ("hopper", NON_MATCH, "test NonMatch\n"),
        ("empty", unavailable(Unavailable::NoFace), "test NoFace\n"),
    ] {
        machine.show_with(sample, "");
        assert_eq!(machine.verify(), reply);
        assert_eq!(told(&machine), line);
    }
    let other = std::fs::read_to_string(folder.join("4243")).unwrap();
    assert_eq!(other, "bob's");
}
