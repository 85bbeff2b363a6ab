//! A way to a software TPM that misbehaves as told: it delays commands, refuses them with any
//! response code, sends commands of its own before them, cuts replies and drops connections. What
//! passes is counted by command code.

use std::io::{self, Read as _, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use super::swtpm::{Swtpm, free_ports};

/// Command codes (TCG TPM 2.0 Library, part 2, §6.5.2).
pub mod command {
    pub const CREATE_PRIMARY: u32 = 0x131;
    pub const CREATE: u32 = 0x153;
    pub const LOAD: u32 = 0x157;
    pub const UNSEAL: u32 = 0x15E;
    pub const FLUSH_CONTEXT: u32 = 0x165;
    pub const READ_PUBLIC: u32 = 0x173;
    pub const START_AUTH_SESSION: u32 = 0x176;
    pub const POLICY_PCR: u32 = 0x17F;
}

/// What happens to a command.
#[derive(Clone)]
pub enum Fate {
    /// It reaches the TPM late.
    Delay(Duration),
    /// It never reaches the TPM; this response code comes back.
    Refuse(u32),
    /// The TPM runs another command first, as another program's.
    After(Vec<u8>),
    /// It is run, and this many bytes of the reply come back before the connection ends.
    Cut(usize),
    /// The connection ends before it reaches the TPM.
    Drop,
}

struct Rule {
    command: u32,
    times: usize,
    fate: Fate,
}

#[derive(Default)]
struct State {
    rules: Vec<Rule>,
    seen: Vec<u32>,
}

impl State {
    fn fate(&mut self, command: u32) -> Option<Fate> {
        self.seen.push(command);
        let rule = self
            .rules
            .iter_mut()
            .find(|rule| rule.command == command && rule.times > 0)?;
        rule.times -= 1;
        Some(rule.fate.clone())
    }
}

/// Listens until the test's process ends.
pub struct TpmProxy {
    port: u16,
    state: Arc<Mutex<State>>,
}

impl TpmProxy {
    pub fn before(tpm: &Swtpm) -> Self {
        let port = free_ports();
        let state = Arc::new(Mutex::new(State::default()));
        let commands = TcpListener::bind(("127.0.0.1", port)).unwrap();
        let control = TcpListener::bind(("127.0.0.1", port + 1)).unwrap();
        let (target, shared) = (tpm.port(), Arc::clone(&state));
        thread::spawn(move || {
            for client in commands.incoming().flatten() {
                // A software TPM serves one connection at a time, and so does this.
                let _ = serve(&client, target, &shared);
                let _ = client.shutdown(Shutdown::Both);
            }
        });
        thread::spawn(move || {
            for client in control.incoming().flatten() {
                let _ = pass(&client, target + 1);
            }
        });
        Self { port, state }
    }

    /// What tpm2-tss calls it.
    pub fn tcti(&self) -> String {
        format!("swtpm:host=127.0.0.1,port={}", self.port)
    }

    /// Where commands go.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// What happens to the next `times` commands of this code.
    pub fn next(&self, command: u32, times: usize, fate: Fate) {
        let rule = Rule {
            command,
            times,
            fate,
        };
        self.state.lock().unwrap().rules.push(rule);
    }

    pub fn forget_rules(&self) {
        self.state.lock().unwrap().rules.clear();
    }

    /// The command codes that came since this was asked last.
    pub fn seen(&self) -> Vec<u32> {
        std::mem::take(&mut self.state.lock().unwrap().seen)
    }
}

/// Extends a register of the SHA-256 bank, as the kernel's measurements do at any moment.
pub fn pcr_extend(pcr: u8) -> Vec<u8> {
    let mut command = vec![0x80, 0x02, 0, 0, 0, 0, 0, 0, 0x01, 0x82];
    command.extend([0, 0, 0, pcr]);
    // One authorisation: an empty password.
    command.extend([0, 0, 0, 9, 0x40, 0, 0, 9, 0, 0, 0, 0, 0]);
    // One digest, SHA-256.
    command.extend([0, 0, 0, 1, 0, 0x0B]);
    command.extend([0x22; 32]);
    let length = (command.len() as u32).to_be_bytes();
    command[2..6].copy_from_slice(&length);
    command
}

fn serve(client: &TcpStream, target: u16, state: &Mutex<State>) -> io::Result<()> {
    let tpm = TcpStream::connect(("127.0.0.1", target))?;
    client.set_nodelay(true)?;
    tpm.set_nodelay(true)?;
    loop {
        let command = message(client)?;
        let code = u32::from_be_bytes(command[6..10].try_into().unwrap());
        let fate = state.lock().unwrap().fate(code);
        match &fate {
            Some(Fate::Delay(time)) => thread::sleep(*time),
            Some(Fate::After(other)) => {
                let reply = exchange(&tpm, other)?;
                assert_eq!(reply[6..10], [0; 4], "the other program's command");
            }
            Some(Fate::Refuse(rc)) => {
                let rc = rc.to_be_bytes();
                let reply = [&[0x80, 0x01, 0, 0, 0, 10], rc.as_slice()].concat();
                (&*client).write_all(&reply)?;
                continue;
            }
            Some(Fate::Drop) => return Ok(()),
            Some(Fate::Cut(_)) | None => {}
        }
        let reply = exchange(&tpm, &command)?;
        if let Some(Fate::Cut(length)) = fate {
            return (&*client).write_all(&reply[..length.min(reply.len())]);
        }
        (&*client).write_all(&reply)?;
    }
}

fn exchange(mut tpm: &TcpStream, command: &[u8]) -> io::Result<Vec<u8>> {
    tpm.write_all(command)?;
    message(tpm)
}

/// One command or reply: a tag, then the length of all of it.
fn message(mut from: &TcpStream) -> io::Result<Vec<u8>> {
    let mut message = vec![0; 10];
    from.read_exact(&mut message)?;
    let length = u32::from_be_bytes(message[2..6].try_into().unwrap()) as usize;
    message.resize(length.clamp(10, 1 << 16), 0);
    from.read_exact(&mut message[10..])?;
    Ok(message)
}

/// Passes everything both ways until an end closes.
fn pass(client: &TcpStream, target: u16) -> io::Result<()> {
    let tpm = TcpStream::connect(("127.0.0.1", target))?;
    let (mut from, mut to) = (tpm.try_clone()?, client.try_clone()?);
    let back = thread::spawn(move || {
        let _ = io::copy(&mut from, &mut to);
        let _ = to.shutdown(Shutdown::Both);
    });
    let _ = io::copy(&mut &*client, &mut &tpm);
    let _ = tpm.shutdown(Shutdown::Both);
    let _ = back.join();
    Ok(())
}
