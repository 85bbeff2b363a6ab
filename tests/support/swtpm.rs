//! A software TPM of one test's own.

use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

pub struct Swtpm {
    folder: tempfile::TempDir,
    port: u16,
    child: Child,
}

impl Swtpm {
    pub fn start() -> Self {
        Self::start_in(tempfile::tempdir().unwrap())
    }

    /// A TPM that remembers what another one did, whose state was copied.
    pub fn with_state(state: &Path) -> Self {
        let folder = tempfile::tempdir().unwrap();
        copy_files(state, folder.path());
        Self::start_in(folder)
    }

    /// Its state, for another one; it must have stopped.
    pub fn copy_state(&self, to: &Path) {
        copy_files(self.folder.path(), to);
    }

    fn start_in(folder: tempfile::TempDir) -> Self {
        let port = free_ports();
        let child = spawn(folder.path(), port);
        Self {
            folder,
            port,
            child,
        }
    }

    /// What tpm2-tss calls it.
    pub fn tcti(&self) -> String {
        format!("swtpm:host=127.0.0.1,port={}", self.port)
    }

    /// Where commands go; control is the port after it.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Runs one of tpm2-tools, and returns what it prints.
    pub fn tool(&self, program: &str, arguments: &[&str]) -> String {
        let output = Command::new(program)
            .args(arguments)
            .env("TPM2TOOLS_TCTI", self.tcti())
            .current_dir(self.folder.path())
            .output()
            .unwrap();
        let error = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{program} {arguments:?}: {error}");
        String::from_utf8(output.stdout).unwrap()
    }

    /// Failed authorisations that the TPM counts towards its dictionary-attack lockout.
    pub fn failures_counted(&self) -> u32 {
        let text = self.tool("tpm2_getcap", &["properties-variable"]);
        let line = text.lines().find(|line| line.contains("LOCKOUT_COUNTER"));
        let value = line.and_then(|line| line.split("0x").nth(1)).unwrap();
        u32::from_str_radix(value.trim(), 16).unwrap()
    }

    /// Transient objects and sessions that are loaded now.
    pub fn loaded(&self) -> usize {
        ["handles-transient", "handles-loaded-session"]
            .into_iter()
            .map(|kind| self.tool("tpm2_getcap", &[kind]).matches("0x").count())
            .sum()
    }

    /// Extends a register of the SHA-256 bank, as a changed boot would.
    pub fn extend(&self, pcr: u8) {
        let digest = "11".repeat(32);
        let status = Command::new("tpm2_pcrextend")
            .arg(format!("{pcr}:sha256={digest}"))
            .env("TPM2TOOLS_TCTI", self.tcti())
            .stdout(Stdio::null())
            .status()
            .unwrap();
        assert!(status.success());
    }

    /// Switches banks of registers on and off, as a firmware's menu does.
    pub fn allocate(&mut self, banks: &str) {
        let status = Command::new("tpm2_pcrallocate")
            .arg(banks)
            .env("TPM2TOOLS_TCTI", self.tcti())
            .stdout(Stdio::null())
            .status()
            .unwrap();
        assert!(status.success());
        self.restart();
    }

    pub fn stop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    /// The same TPM after a reboot: its registers begin anew.
    pub fn restart(&mut self) {
        self.stop();
        self.child = spawn(self.folder.path(), self.port);
    }
}

impl Drop for Swtpm {
    fn drop(&mut self) {
        self.stop();
    }
}

fn copy_files(from: &Path, to: &Path) {
    for file in std::fs::read_dir(from).unwrap() {
        let file = file.unwrap();
        if file.file_type().unwrap().is_file() && file.file_name() != ".lock" {
            std::fs::copy(file.path(), to.join(file.file_name())).unwrap();
        }
    }
}

/// Two neighbouring free ports: for commands and for control.
pub fn free_ports() -> u16 {
    loop {
        let first = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = first.local_addr().unwrap().port();
        if port < u16::MAX && TcpListener::bind(("127.0.0.1", port + 1)).is_ok() {
            return port;
        }
    }
}

fn spawn(state: &Path, port: u16) -> Child {
    let mut child = Command::new("swtpm")
        .args(["socket", "--tpm2", "--flags", "not-need-init,startup-clear"])
        .arg("--tpmstate")
        .arg(format!("dir={}", state.display()))
        .arg("--server")
        .arg(format!("type=tcp,port={port},bindaddr=127.0.0.1"))
        .arg("--ctrl")
        .arg(format!("type=tcp,port={},bindaddr=127.0.0.1", port + 1))
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    // The control port is ready with the other one; a connection there costs the TPM nothing.
    for _ in 0..200 {
        if TcpStream::connect(("127.0.0.1", port + 1)).is_ok() {
            return child;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    let _ = child.kill();
    let _ = child.wait();
    panic!("swtpm does not start");
}
