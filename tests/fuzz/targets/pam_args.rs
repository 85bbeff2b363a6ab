//! The PAM module's arguments: refused, or within their bounds. Root writes them, but a typing
//! error must not let in.
#![no_main]

// The module shares nothing with the rest but its protocol, and exports nothing but its entry
// points.
#[allow(dead_code)]
#[path = "../../../pam_module/src/args.rs"]
mod args;

use std::ffi::{CStr, CString};
use std::time::Duration;

use args::Args;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let owned: Vec<CString> = data
        .split(|byte| *byte == b'\n')
        .filter_map(|arg| CString::new(arg).ok())
        .collect();
    let args: Vec<&CStr> = owned.iter().map(CString::as_c_str).collect();
    match Args::parse(&args) {
        Ok(parsed) => {
            assert!(
                parsed.timeout >= Duration::from_secs(1)
                    && parsed.timeout <= Duration::from_secs(60)
            );
            assert!(parsed.socket.is_absolute());
            assert!(parsed.unknown.len() <= args.len());
            // An argument that means nothing means nothing.
            let known = args
                .iter()
                .filter(|arg| !parsed.unknown.contains(&arg.to_string_lossy().into_owned()));
            let again =
                Args::parse(&known.copied().collect::<Vec<_>>()).expect("less than was read");
            assert_eq!(
                again,
                Args {
                    unknown: Vec::new(),
                    ..parsed
                }
            );
        }
        Err(wrong) => assert!(args.iter().any(|arg| arg.to_string_lossy() == wrong)),
    }
});
