//! Login passwords that are kept for the keyring: to whom they are given, and when they go.

use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt as _;
use std::path::PathBuf;

use facelock_protocol::{Password, Place};

use super::*;

pub const INFRARED: &str = "spectrum = \"infrared\"";
/// Detectors off: what is enrolled is a recorded portrait. Login programs ask in the person's own
/// session.
const SECTIONS: &str = "[vault]\nprotector = \"file\"\n[pad]\ncnn = false\ninfrared = false\nmotion = false\n[services]\n\
    test = \"auto\"\nsudo = { mode = \"auto\", console = \"any\" }\nswaylock = \"auto\"\n\
    lightdm = { mode = \"auto\", only = \"any\" }\ngdm-password = { mode = \"auto\", only = \"any\" }\n";

pub fn password(text: &str) -> Password {
    Password::new(text.as_bytes()).unwrap()
}

fn store(machine: &Machine, text: &str) -> Reply {
    machine.ask(&Request::KeyringStore {
        subject: alice(),
        password: password(text),
    })
}

fn change(machine: &Machine, old: &str, new: &str) -> Reply {
    machine.ask(&Request::KeyringChange {
        subject: alice(),
        old: password(old),
        new: password(new),
    })
}

pub fn is_kept(machine: &Machine) -> bool {
    let asked = machine.ask(&Request::KeyringStatus { subject: alice() });
    let there = machine.path("state/keyring/4242").exists();
    assert_eq!(asked, Reply::Keyring { kept: there });
    there
}

/// The reply to an attempt by `service`, and the passwords that came before it.
pub fn asked_by(machine: &Machine, service: &str) -> (Reply, Vec<Password>) {
    let request = asking(alice(), service, Some(Consent::Auto));
    given(machine.ask_telling(&request))
}

fn given((reply, events): (Reply, Vec<Event>)) -> (Reply, Vec<Password>) {
    let passwords = events.into_iter().filter_map(|event| match event {
        Event::Keyring(password) => Some(password),
        _ => None,
    });
    (reply, passwords.collect())
}

/// Alice, enrolled by infrared, with a password that is kept; she sits there.
pub fn keeping(text: &str) -> Machine {
    let machine = Machine::with(SECTIONS);
    machine.show_with("astronaut", INFRARED);
    assert!(matches!(machine.enroll(), Reply::Enrolled(_)));
    assert!(!is_kept(&machine));
    assert_eq!(store(&machine, text), Reply::Done { changed: true });
    assert!(is_kept(&machine));
    machine.show_with("astronaut-later", INFRARED);
    machine
}

#[test]
fn a_login_program_is_given_it_with_a_match_and_no_other_program_is() {
    let machine = keeping("hunter2 ");
    for service in ["lightdm", "gdm-password"] {
        let wanted = (MATCH, vec![password("hunter2 ")]);
        assert_eq!(asked_by(&machine, service), wanted, "{service}");
    }
    for service in ["sudo", "swaylock", "test"] {
        let wanted = (MATCH, Vec::new());
        assert_eq!(asked_by(&machine, service), wanted, "{service}");
    }
    let test = machine.ask_telling(&Request::Test { subject: alice() });
    assert_eq!(given(test), (MATCH, Vec::new()), "a test");
    machine.show_with("hopper", INFRARED);
    assert_eq!(asked_by(&machine, "lightdm"), (NON_MATCH, Vec::new()));
    machine.show_with("empty", INFRARED);
    let (reply, passwords) = asked_by(&machine, "lightdm");
    assert_eq!(
        (reply, passwords),
        (unavailable(Unavailable::NoFace), Vec::new())
    );
}

#[test]
fn who_is_enrolled_by_color_has_none_kept() {
    let machine = Machine::with(SECTIONS);
    machine.show_with("astronaut", "");
    assert_eq!(store(&machine, "x"), unavailable(Unavailable::NotEnrolled));
    assert!(matches!(machine.enroll(), Reply::Enrolled(_)));
    assert_eq!(
        store(&machine, "x"),
        unavailable(Unavailable::InfraredRequired)
    );
    assert!(!is_kept(&machine));
}

#[test]
fn it_goes_with_the_infrared_templates_and_stays_through_other_changes() {
    let machine = keeping("hunter2");
    let Reply::Templates(templates) = machine.ask(&Request::List { subject: alice() }) else {
        panic!("no list")
    };
    let rename = Request::Rename {
        subject: alice(),
        template: templates[0].id,
        label: facelock_protocol::Label::new("by day").unwrap(),
    };
    assert_eq!(machine.ask(&rename), Reply::Done { changed: true });
    let wanted = (MATCH, vec![password("hunter2")]);
    assert_eq!(asked_by(&machine, "lightdm"), wanted);
    for (n, template) in templates.iter().enumerate() {
        assert!(is_kept(&machine), "before {n}");
        machine.ask(&Request::Remove {
            subject: alice(),
            template: template.id,
        });
    }
    assert!(!is_kept(&machine), "the last infrared template is gone");

    let machine = keeping("hunter2");
    machine.ask(&Request::Clear { subject: alice() });
    assert!(!is_kept(&machine));
    let forget = Request::KeyringForget { subject: alice() };
    assert_eq!(machine.ask(&forget), Reply::Done { changed: false });
}

#[test]
fn a_change_of_the_password_is_followed_or_forgotten() {
    let machine = keeping("first");
    let done = |changed| Reply::Done { changed };
    assert_eq!(change(&machine, "first", "second"), done(true));
    assert_eq!(asked_by(&machine, "lightdm").1, [password("second")]);
    // Not the one that is kept: it is not the login password any more.
    assert_eq!(change(&machine, "first", "third"), done(true));
    assert!(!is_kept(&machine));
    assert_eq!(change(&machine, "first", "third"), done(false));
    assert!(!is_kept(&machine), "a change keeps none where none was");
}

#[test]
fn a_file_of_another_user_or_time_opens_nothing_and_the_login_goes_on() {
    let machine = keeping("hunter2");
    let path = machine.path("state/keyring/4242");
    let good = std::fs::read(&path).unwrap();
    let cut = good[..good.len() / 2].to_vec();
    let mut changed = good.clone();
    changed[100] ^= 1;
    let longer = [good.as_slice(), &[0]].concat();
    for (what, bytes) in [
        ("empty", Vec::new()),
        ("cut", cut),
        ("changed", changed),
        ("longer", longer),
        ("huge", vec![b'F'; 1 << 20]),
    ] {
        std::fs::write(&path, bytes).unwrap();
        let wanted = (MATCH, Vec::new());
        assert_eq!(asked_by(&machine, "lightdm"), wanted, "{what}");
    }
    // What cannot be read is not the password that was changed: it goes.
    assert_eq!(
        change(&machine, "hunter2", "x"),
        Reply::Done { changed: true }
    );
    assert!(!is_kept(&machine));
    // A user of the same name and number, enrolled anew: an old file, put back, is another key's.
    machine.ask(&Request::Clear { subject: alice() });
    machine.show_with("astronaut", INFRARED);
    assert!(matches!(machine.enroll(), Reply::Enrolled(_)));
    std::fs::write(&path, &good).unwrap();
    machine.show_with("astronaut-later", INFRARED);
    assert_eq!(asked_by(&machine, "lightdm"), (MATCH, Vec::new()));
}

#[test]
fn a_file_that_others_may_read_or_that_is_a_link_is_not_read() {
    let machine = keeping("hunter2");
    let path = machine.path("state/keyring/4242");
    let mode = std::fs::metadata(&path).unwrap().permissions().mode() & 0o777;
    let folder = std::fs::metadata(path.parent().unwrap()).unwrap();
    assert_eq!((mode, folder.permissions().mode() & 0o777), (0o600, 0o700));
    std::fs::set_permissions(&path, PermissionsExt::from_mode(0o640)).unwrap();
    assert_eq!(asked_by(&machine, "lightdm"), (MATCH, Vec::new()));
    std::fs::set_permissions(&path, PermissionsExt::from_mode(0o600)).unwrap();
    let elsewhere = machine.path("elsewhere");
    std::fs::rename(&path, &elsewhere).unwrap();
    std::os::unix::fs::symlink(&elsewhere, &path).unwrap();
    assert_eq!(asked_by(&machine, "lightdm"), (MATCH, Vec::new()));
}

#[test]
fn a_disk_without_room_keeps_the_old_one_and_forgets_one_that_was_changed() {
    let machine = keeping("hunter2");
    let folder = machine.path("state/keyring");
    let target = folder.to_str().unwrap();
    let old = std::fs::read(folder.join("4242")).unwrap();
    let mounted = std::process::Command::new("mount")
        .args(["-t", "tmpfs", "-o", "size=4k,mode=700", "none", target])
        .status()
        .unwrap();
    assert!(mounted.success());
    // The one page that there is holds the old file.
    std::fs::write(folder.join("4242"), &old).unwrap();
    std::fs::set_permissions(folder.join("4242"), PermissionsExt::from_mode(0o600)).unwrap();
    let stored = store(&machine, "another");
    let kept = asked_by(&machine, "lightdm");
    let changed = change(&machine, "hunter2", "another");
    let there = folder.join("4242").exists();
    let _ = std::process::Command::new("umount").arg(target).status();
    assert_eq!(stored, unavailable(Unavailable::StoreFailed));
    assert_eq!(kept, (MATCH, vec![password("hunter2")]));
    assert_eq!(changed, Reply::Done { changed: true });
    assert!(!there, "a password that is no longer the user's");
}

/// The peer's uid is the kernel's, whatever the peer calls itself.
#[test]
fn another_user_is_given_nothing_not_even_as_root_of_a_namespace_of_its_own() {
    let machine = keeping("hunter2");
    open_to_all(&machine);
    sit_down(&machine);
    let asked = |program: &str| ask_as_alice(&machine, program);
    let own = asked("exec \"$PROBE\" \"$@\"");
    assert_eq!(own, ["verify Verdict(Match)", "store Denied(NotPermitted)"]);
    let inside = asked("exec unshare --user --map-root-user \"$PROBE\" \"$@\"");
    assert_eq!(inside, own);
}

/// The session that this test runs in (scripts/at-the-seat) is alice's.
fn sit_down(machine: &Machine) {
    let group = std::fs::read_to_string("/proc/self/cgroup").unwrap();
    let Place::Session(session) = facelock_protocol::logind::place(&group) else {
        panic!("run by scripts/at-the-seat")
    };
    let record = "UID=4242\nTYPE=tty\nCLASS=user\nACTIVE=1\nSTATE=active\nREMOTE=0\nSEAT=seat0\n";
    let path = machine.path("root/run/systemd/sessions");
    std::fs::write(path.join(session.as_str()), record).unwrap();
}

/// Lets every user connect.
fn open_to_all(machine: &Machine) {
    for path in [machine.folder.path().to_owned(), machine.socket.clone()] {
        std::fs::set_permissions(path, PermissionsExt::from_mode(0o777)).unwrap();
    }
}

/// What a process of alice's is answered: this test's own program, started again.
fn ask_as_alice(machine: &Machine, shell: &str) -> Vec<String> {
    let probe: PathBuf = machine.path("probe");
    std::fs::copy(std::env::current_exe().unwrap(), &probe).unwrap();
    let output = std::process::Command::new("sh")
        .args(["-c", shell, "sh"])
        .args(["--exact", "keyring::probe", "--ignored", "--nocapture"])
        .env("PROBE", &probe)
        .env(PROBED, &machine.socket)
        .current_dir("/")
        .uid(alice().uid)
        .gid(alice().uid)
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let told: Vec<String> = text
        .lines()
        .filter_map(|line| line.strip_prefix("probe: ").map(str::to_owned))
        .collect();
    assert!(
        !told.is_empty(),
        "{text}{}",
        String::from_utf8_lossy(&output.stderr)
    );
    told
}

const PROBED: &str = "FACELOCK_PROBED_SOCKET";

/// Not a test of its own: asks as whatever user runs it.
#[test]
#[ignore = "no test of its own: cargo test --features replay --test service keyring runs it, as another user"]
fn probe() {
    use facelock_protocol::client::{Client, Heard, Patience, Plain};
    let socket = PathBuf::from(std::env::var_os(PROBED).unwrap());
    let store = Request::KeyringStore {
        subject: alice(),
        password: password("mine"),
    };
    let verify = asking(alice(), "lightdm", Some(Consent::Auto));
    for (name, request) in [("verify", verify), ("store", store)] {
        let patience = Patience::EachMessage(Duration::from_secs(60));
        let mut client = Client::connect(&socket, patience, Plain).unwrap();
        let reply = client.ask(&request, None, |heard| {
            if let Heard::Event(Event::Keyring(password)) = heard {
                println!("probe: {name} was given {:?}", password.as_bytes());
            }
            true
        });
        println!("probe: {name} {:?}", reply.unwrap());
    }
}
