//! What the unit cannot do, and whether the unit did what it should.
//!
//! What MUST hold:
//! 1. [`enter`] runs before the first thread: capabilities and no_new_privs are per thread.
//! 2. What the unit did is asked before this process does the same: its own filter would pass for
//!    the unit's. The vault opens only where nothing is missing (or root's configuration says so).
//! 3. [`seal`] takes what start-up needed and a request does not: sockets, programs, processes,
//!    memory that becomes code, other processes, and descriptors that come or go with a message.
//! 4. The checks try the forbidden thing; they do not ask whether it was meant to be forbidden.
#![allow(unsafe_code)]

pub mod fence;

use std::collections::BTreeMap;
use std::fmt;

use caps::CapSet;
pub use seccompiler::Error as SealError;
use seccompiler::{
    BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter,
    SeccompRule,
};

/// Something the sandbox should have and has not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Missing {
    Unprivileged,
    NoCapabilities,
    NoNewPrivileges,
    Undumpable,
    Seccomp,
    NoNetwork,
    NoWritableCode,
}

impl fmt::Display for Missing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Missing::Unprivileged => "runs as root",
            Missing::NoCapabilities => "capabilities are left",
            Missing::NoNewPrivileges => "new privileges are possible",
            Missing::Undumpable => {
                "other instances can read its memory (its program is not of mode 0711)"
            }
            Missing::Seccomp => "no system call filter",
            Missing::NoNetwork => "network sockets are possible",
            Missing::NoWritableCode => "writable memory can be executed",
        })
    }
}

/// Settles what must be settled before libraries load and threads start: variables they read, and
/// privileges. What the unit's sandbox lacks.
pub fn enter() -> Vec<Missing> {
    let missing = verify();
    silence_libraries();
    // The bounding set goes first: dropping it needs a capability.
    for set in [
        CapSet::Bounding,
        CapSet::Ambient,
        CapSet::Inheritable,
        CapSet::Effective,
        CapSet::Permitted,
    ] {
        let _ = caps::clear(None, set);
    }
    let _ = rustix::thread::set_no_new_privs(true);
    keep_memory_private();
    missing
}

/// Lets no program of the same user read this one's memory, and no crash leave it in a file.
pub fn keep_memory_private() {
    let _ = rustix::process::set_dumpable_behavior(rustix::process::DumpableBehavior::NotDumpable);
}

/// Switches off what libraries would write or send unasked. Before the first thread, and before
/// they are loaded.
pub fn silence_libraries() {
    // SAFETY: called first by both programs, with one thread; nothing reads the environment at the
    // same time.
    unsafe {
        std::env::set_var("ORT_DISABLE_TELEMETRY", "1");
        std::env::set_var("TSS2_LOG", "all+NONE");
    }
}

/// Takes the language of messages from LC_ALL, LC_MESSAGES or LANG. For `facelockctl` alone, before
/// its first thread; where that fails, it stays English.
pub fn take_language() {
    // SAFETY: there is one thread; nothing reads the locale at the same time.
    unsafe { gettextrs::setlocale(gettextrs::LocaleCategory::LcMessages, "") };
}

/// Gives up, for good, system calls that the unit must leave to start-up, in every thread to come.
/// They fail with EPERM; clone3 with ENOSYS, so that the C library falls back to clone, whose flags
/// a filter can read: threads may be made, processes not.
///
/// # Errors
/// The kernel does not take the filter; nothing was given up.
pub fn seal() -> Result<(), SealError> {
    let always = |call: libc::c_long| (call, Vec::new());
    let no_thread = SeccompCondition::new(
        0,
        SeccompCmpArgLen::Dword,
        SeccompCmpOp::MaskedEq(libc::CLONE_THREAD.cast_unsigned().into()),
        0,
    )?;
    // abort(3) sends its signal to its own process.
    let own = u64::from(std::process::id());
    let others = |own| SeccompCondition::new(0, SeccompCmpArgLen::Dword, SeccompCmpOp::Ne, own);
    let mut denied: BTreeMap<libc::c_long, Vec<SeccompRule>> = [
        always(libc::SYS_socket),
        always(libc::SYS_socketpair),
        always(libc::SYS_execve),
        always(libc::SYS_execveat),
        always(libc::SYS_memfd_create),
        always(libc::SYS_ptrace),
        always(libc::SYS_process_vm_readv),
        always(libc::SYS_process_vm_writev),
        always(libc::SYS_pidfd_getfd),
        always(libc::SYS_pidfd_send_signal),
        always(libc::SYS_kill),
        always(libc::SYS_tkill),
        always(libc::SYS_rt_sigqueueinfo),
        always(libc::SYS_rt_tgsigqueueinfo),
        (
            libc::SYS_tgkill,
            vec![SeccompRule::new(vec![others(own)?])?],
        ),
        (
            libc::SYS_prlimit64,
            vec![SeccompRule::new(vec![others(0)?])?],
        ),
        // Descriptors travel by these; requests and replies are read(2) and written with write(2).
        always(libc::SYS_sendmsg),
        always(libc::SYS_sendmmsg),
        always(libc::SYS_recvmsg),
        always(libc::SYS_recvmmsg),
        always(libc::SYS_io_uring_setup),
        (libc::SYS_clone, vec![SeccompRule::new(vec![no_thread])?]),
    ]
    .into();
    #[cfg(target_arch = "x86_64")]
    denied.extend([always(libc::SYS_fork), always(libc::SYS_vfork)]);
    install(denied, libc::EPERM)?;
    install([always(libc::SYS_clone3)].into(), libc::ENOSYS)
}

fn install(rules: BTreeMap<libc::c_long, Vec<SeccompRule>>, errno: i32) -> Result<(), SealError> {
    let architecture = std::env::consts::ARCH.try_into()?;
    let refuse = SeccompAction::Errno(errno.cast_unsigned());
    let program: BpfProgram =
        SeccompFilter::new(rules, SeccompAction::Allow, refuse, architecture)?.try_into()?;
    seccompiler::apply_filter(&program)
}

/// What the unit should have done and has not.
fn verify() -> Vec<Missing> {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let field = |name: &str| {
        status
            .lines()
            .find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))
            .map(str::trim)
    };
    let no_capabilities = ["CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"]
        .into_iter()
        .all(|set| field(set).is_some_and(|value| value.bytes().all(|digit| digit == b'0')));
    let uids = field("Uid").unwrap_or("0");
    let checks = [
        (
            uids.split_whitespace().all(|uid| uid != "0"),
            Missing::Unprivileged,
        ),
        (no_capabilities, Missing::NoCapabilities),
        (field("NoNewPrivs") == Some("1"), Missing::NoNewPrivileges),
        (field("Seccomp") == Some("2"), Missing::Seccomp),
        (is_undumpable(), Missing::Undumpable),
        (!can_open_network_socket(), Missing::NoNetwork),
        (!can_map_writable_code(), Missing::NoWritableCode),
    ];
    checks
        .into_iter()
        .filter(|(holds, _)| !holds)
        .map(|(_, missing)| missing)
        .collect()
}

/// The kernel makes a process that may not read its own program undumpable before its first
/// instruction. A process that has to ask for that itself could be looked into before it did.
fn is_undumpable() -> bool {
    use rustix::process::{DumpableBehavior, dumpable_behavior};
    dumpable_behavior().is_ok_and(|now| now != DumpableBehavior::Dumpable)
}

fn can_open_network_socket() -> bool {
    use rustix::net::{AddressFamily, SocketType, socket};
    socket(AddressFamily::INET, SocketType::STREAM, None).is_ok()
}

fn can_map_writable_code() -> bool {
    use rustix::mm::{MapFlags, ProtFlags, mmap_anonymous, munmap};
    const LENGTH: usize = 4096;
    let protection = ProtFlags::READ | ProtFlags::WRITE | ProtFlags::EXEC;
    // SAFETY: a new anonymous mapping at an address the kernel chooses; nothing else is affected.
    let Ok(address) =
        (unsafe { mmap_anonymous(std::ptr::null_mut(), LENGTH, protection, MapFlags::PRIVATE) })
    else {
        return false;
    };
    // SAFETY: the mapping was made above, is not used, and goes as a whole.
    let _ = unsafe { munmap(address, LENGTH) };
    true
}

/// From here on a signal that asks this process to end makes it fail: the service manager takes an
/// end by SIGTERM itself for a good one, after which nothing puts a light out.
pub fn fail_on_signals() {
    extern "C" fn fail(_: libc::c_int) {
        leave(1)
    }
    for signal in [libc::SIGTERM, libc::SIGINT, libc::SIGHUP] {
        // SAFETY: the handler calls _exit(2) alone, which may be called at any moment.
        unsafe { libc::signal(signal, fail as *const () as libc::sighandler_t) };
    }
}

/// Ends the process at once. ONNX Runtime's and the TPM library's destructors do not run: the
/// kernel frees everything, and they have crashed at exit.
pub fn leave(status: u8) -> ! {
    // SAFETY: never returns; no lock, file or memory of this process is used afterwards.
    unsafe { libc::_exit(i32::from(status)) }
}
