//! Names of services: which PAM could have, which a network reaches.

use facelock_protocol::ServiceName;

use crate::cli::failure::Failure;
use crate::cli::words::{filled, said};

/// Services that a network reaches: a face in front of this machine is not the person there.
pub const REMOTE: [&str; 8] = [
    "cockpit",
    "dovecot",
    "proftpd",
    "rlogin",
    "sshd",
    "vsftpd",
    "xrdp",
    "xrdp-sesman",
];

/// A name that cannot lead out of PAM's folders.
pub fn checked(service: &str) -> Result<&str, Failure> {
    match ServiceName::new(service) {
        Ok(_) if !service.starts_with('.') => Ok(service),
        _ => Err(Failure::usage(filled(
            "{service} is no name of a PAM service",
            &[("service", &service)],
        ))),
    }
}

pub fn no_such_service(service: &str) -> Failure {
    let message = filled(
        "there is no PAM service {service} in /etc/pam.d or /usr/lib/pam.d",
        &[("service", &service)],
    );
    Failure::new("no_such_service", message).help(said("facelockctl pam status lists them"))
}
