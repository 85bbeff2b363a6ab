//! The module's arguments.

use std::ffi::CStr;
use std::path::PathBuf;
use std::time::Duration;

use facelock_protocol::{Consent, SOCKET_PATH};

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Args {
    /// `mode=`; without it the configuration decides for the service.
    pub mode: Option<Consent>,
    /// `timeout=` seconds, 1 to 60: for everything but prompts.
    pub timeout: Duration,
    /// `wait=` seconds, 0 to 300: where no face is seen, look again for so long. For a host that
    /// asks once a lock.
    pub wait: Duration,
    /// `quiet`: no message while it looks.
    pub quiet: bool,
    /// `unseen=auth_err`: that no face was seen is a failure, not "unavailable".
    pub unseen_is_failure: bool,
    pub debug: bool,
    /// `record`: report a password that succeeded, and decide nothing.
    pub record: bool,
    /// `report`: whom the stack lets in by something else than a face is reported as by a password.
    pub report: bool,
    /// `keyring`: hand a kept login password to the modules that follow. Not where they ask for a
    /// password beside the face.
    pub keyring: bool,
    /// `socket=`: another socket that root listens on.
    pub socket: PathBuf,
    /// Arguments that mean nothing, for the log.
    pub unknown: Vec<String>,
}

impl Default for Args {
    fn default() -> Self {
        Self {
            mode: None,
            timeout: Duration::from_secs(8),
            wait: Duration::ZERO,
            quiet: false,
            unseen_is_failure: false,
            debug: false,
            record: false,
            report: false,
            keyring: false,
            socket: SOCKET_PATH.into(),
            unknown: Vec::new(),
        }
    }
}

impl Args {
    /// Reads the arguments. `Err` names one whose value is wrong: then nothing is decided.
    pub fn parse(args: &[&CStr]) -> Result<Self, String> {
        let mut parsed = Self::default();
        for arg in args {
            let arg = arg.to_string_lossy();
            let (key, value) = arg
                .split_once('=')
                .map_or((&*arg, None), |(key, value)| (key, Some(value)));
            let wrong = || Err(arg.to_string());
            match (key, value) {
                ("debug", None) => parsed.debug = true,
                ("record", None) => parsed.record = true,
                ("report", None) => parsed.report = true,
                ("keyring", None) => parsed.keyring = true,
                ("quiet", None) => parsed.quiet = true,
                ("unseen", Some("auth_err")) => parsed.unseen_is_failure = true,
                ("unseen", Some("unavailable")) => parsed.unseen_is_failure = false,
                ("wait", Some(value)) => match value.parse() {
                    Ok(seconds @ 0..=300) => parsed.wait = Duration::from_secs(seconds),
                    _ => return wrong(),
                },
                ("mode", Some("auto")) => parsed.mode = Some(Consent::Auto),
                ("mode", Some("ask")) => parsed.mode = Some(Consent::Ask),
                ("mode", Some("confirm")) => parsed.mode = Some(Consent::Confirm),
                ("timeout", Some(value)) => match value.parse() {
                    Ok(seconds @ 1..=60) => parsed.timeout = Duration::from_secs(seconds),
                    _ => return wrong(),
                },
                ("socket", Some(path)) if path.starts_with('/') => parsed.socket = path.into(),
                (
                    "debug" | "record" | "report" | "keyring" | "quiet" | "unseen" | "wait"
                    | "mode" | "timeout" | "socket",
                    _,
                ) => return wrong(),
                _ => parsed.unknown.push(arg.into_owned()),
            }
        }
        Ok(parsed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(args: &[&CStr]) -> Result<Args, String> {
        Args::parse(args)
    }

    #[test]
    fn every_argument() {
        let args = parse(&[
            c"mode=ask",
            c"timeout=3",
            c"debug",
            c"record",
            c"report",
            c"keyring",
            c"socket=/run/x",
            c"wait=30",
            c"quiet",
            c"unseen=auth_err",
            c"nullok",
        ])
        .unwrap();
        assert_eq!(args.mode, Some(Consent::Ask));
        assert_eq!(args.timeout, Duration::from_secs(3));
        assert!(args.debug && args.record && args.report && args.quiet && args.unseen_is_failure);
        assert!(args.keyring && !Args::default().keyring);
        assert_eq!(args.wait, Duration::from_secs(30));
        assert_eq!(args.socket, PathBuf::from("/run/x"));
        assert_eq!(args.unknown, ["nullok"]);
    }

    #[test]
    fn a_wrong_value_decides_nothing() {
        for arg in [
            c"mode=always",
            c"mode",
            c"timeout=0",
            c"timeout=61",
            c"timeout=x",
            c"socket=relative",
            c"debug=1",
            c"quiet=yes",
            c"report=no",
            c"keyring=yes",
            c"unseen",
            c"unseen=ignore",
            c"wait",
            c"wait=301",
        ] {
            assert!(parse(&[arg]).is_err(), "{arg:?}");
        }
    }
}
