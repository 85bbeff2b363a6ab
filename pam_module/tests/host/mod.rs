//! A PAM application with a scripted conversation, and a scripted server for the module to ask.
// Each test takes what it needs.
#![allow(dead_code)]

use std::ffi::{CStr, CString, c_char, c_int, c_void};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

pub const SUCCESS: c_int = 0;
pub const AUTH_ERR: c_int = 7;
pub const AUTHINFO_UNAVAIL: c_int = 9;
pub const SILENT: c_int = 0x8000;
const CONV_ERR: c_int = 19;
const BUF_ERR: c_int = 5;
const USER: c_int = 2;
const RHOST: c_int = 4;
const ESTABLISH: c_int = 2;

#[repr(C)]
struct PamMessage {
    style: c_int,
    text: *const c_char,
}

#[repr(C)]
struct PamResponse {
    text: *mut c_char,
    code: c_int,
}

type Conversation =
    extern "C" fn(c_int, *mut *const PamMessage, *mut *mut PamResponse, *mut c_void) -> c_int;

#[repr(C)]
struct PamConversation {
    function: Option<Conversation>,
    data: *mut c_void,
}

#[link(name = "pam")]
unsafe extern "C" {
    fn pam_start_confdir(
        service: *const c_char,
        user: *const c_char,
        conversation: *const PamConversation,
        folder: *const c_char,
        handle: *mut *mut c_void,
    ) -> c_int;
    fn pam_authenticate(handle: *mut c_void, flags: c_int) -> c_int;
    fn pam_setcred(handle: *mut c_void, flags: c_int) -> c_int;
    fn pam_set_item(handle: *mut c_void, kind: c_int, item: *const c_void) -> c_int;
    fn pam_end(handle: *mut c_void, status: c_int) -> c_int;
}

/// What the person does at a prompt.
#[derive(Clone, Copy, Debug)]
pub enum Answer {
    Line(&'static str),
    /// The host gives no answer, and says that all is well.
    None,
    /// The conversation fails, as at Ctrl-C.
    Fail,
}

struct Script {
    answer: Answer,
    told: Vec<String>,
    prompts: usize,
    /// How long a message stands before the host goes on.
    stands: std::time::Duration,
}

/// An application in a PAM transaction.
pub struct Host {
    handle: *mut c_void,
    script: Box<Mutex<Script>>,
    _conversation: Box<PamConversation>,
    _folder: tempfile::TempDir,
}

impl Host {
    pub fn new(stack: &str) -> Self {
        Self::start("root", stack, Some(converse))
    }

    pub fn for_user(user: &str, stack: &str) -> Self {
        Self::start(user, stack, Some(converse))
    }

    pub fn without_conversation(stack: &str) -> Self {
        Self::start("root", stack, None)
    }

    fn start(user: &str, stack: &str, function: Option<Conversation>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("test"), stack).unwrap();
        let script = Box::new(Mutex::new(Script {
            answer: Answer::Fail,
            told: Vec::new(),
            prompts: 0,
            stands: std::time::Duration::ZERO,
        }));
        let data = std::ptr::from_ref(&*script).cast_mut().cast();
        let conversation = Box::new(PamConversation { function, data });
        let (user, path) = (
            CString::new(user).unwrap(),
            CString::new(folder.path().to_str().unwrap()).unwrap(),
        );
        let mut handle = std::ptr::null_mut();
        let code = unsafe {
            pam_start_confdir(
                c"test".as_ptr(),
                user.as_ptr(),
                &*conversation,
                path.as_ptr(),
                &mut handle,
            )
        };
        assert_eq!(code, SUCCESS);
        Self {
            handle,
            script,
            _conversation: conversation,
            _folder: folder,
        }
    }

    pub fn authenticate(&self, flags: c_int) -> c_int {
        unsafe { pam_authenticate(self.handle, flags) }
    }

    /// What an application does for a user who was let in.
    pub fn set_credentials(&self) -> c_int {
        unsafe { pam_setcred(self.handle, ESTABLISH) }
    }

    pub fn set_user(&mut self, name: &str) {
        self.set(USER, name);
    }

    pub fn set_rhost(&mut self, name: &str) {
        self.set(RHOST, name);
    }

    fn set(&self, kind: c_int, text: &str) {
        let text = CString::new(text).unwrap();
        unsafe { pam_set_item(self.handle, kind, text.as_ptr().cast()) };
    }

    pub fn answer(&self, answer: Answer) {
        self.script().answer = answer;
    }

    pub fn holds_messages(&self, time: std::time::Duration) {
        self.script().stands = time;
    }

    /// What was told since the last call.
    pub fn told(&self) -> Vec<String> {
        std::mem::take(&mut self.script().told)
    }

    pub fn prompts(&self) -> usize {
        self.script().prompts
    }

    fn script(&self) -> MutexGuard<'_, Script> {
        self.script.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        unsafe { pam_end(self.handle, SUCCESS) };
    }
}

extern "C" fn converse(
    count: c_int,
    messages: *mut *const PamMessage,
    responses: *mut *mut PamResponse,
    data: *mut c_void,
) -> c_int {
    let script = unsafe { &*data.cast::<Mutex<Script>>() };
    let mut script = script.lock().unwrap_or_else(PoisonError::into_inner);
    let made =
        unsafe { libc::calloc(count as usize, size_of::<PamResponse>()) }.cast::<PamResponse>();
    if made.is_null() {
        return BUF_ERR;
    }
    for i in 0..count as usize {
        let message = unsafe { &**messages.add(i) };
        let text = unsafe { CStr::from_ptr(message.text) }
            .to_string_lossy()
            .into_owned();
        // 1 and 2 are prompts, 3 and 4 messages (_pam_types.h).
        if message.style > 2 {
            script.told.push(text);
            std::thread::sleep(script.stands);
            continue;
        }
        script.prompts += 1;
        match script.answer {
            Answer::Line(line) => {
                let line = CString::new(line).unwrap();
                unsafe { (*made.add(i)).text = libc::strdup(line.as_ptr()) };
            }
            Answer::None => {}
            Answer::Fail => {
                unsafe { libc::free(made.cast()) };
                return CONV_ERR;
            }
        }
    }
    unsafe { *responses = made };
    SUCCESS
}

/// A server that plays one script a connection.
pub struct Server {
    socket: PathBuf,
    requests: Arc<AtomicUsize>,
    _folder: tempfile::TempDir,
}

impl Server {
    pub fn start(script: impl Fn(&mut UnixStream) + Send + 'static) -> Self {
        assert_eq!(
            unsafe { libc::geteuid() },
            0,
            "run as root: the module believes only root's sockets"
        );
        let folder = tempfile::tempdir().unwrap();
        let socket = folder.path().join("socket");
        let listener = UnixListener::bind(&socket).unwrap();
        let requests = Arc::new(AtomicUsize::new(0));
        let counter = Arc::clone(&requests);
        std::thread::spawn(move || {
            while let Ok((mut stream, _)) = listener.accept() {
                counter.fetch_add(1, Ordering::SeqCst);
                script(&mut stream);
            }
        });
        Self {
            socket,
            requests,
            _folder: folder,
        }
    }

    /// Connections since the last call.
    pub fn requests(&self) -> usize {
        self.requests.swap(0, Ordering::SeqCst)
    }

    pub fn stack(&self, arguments: &str) -> String {
        stack(&self.socket, arguments)
    }
}

/// A stack of this module alone.
pub fn stack(socket: &Path, arguments: &str) -> String {
    let test = std::env::current_exe().unwrap();
    let module = test
        .parent()
        .unwrap()
        .parent()
        .unwrap()
        .join("libpam_facelock.so");
    assert!(module.exists(), "no module: cargo build -p pam_facelock");
    format!(
        "auth required {} socket={} {arguments}\n",
        module.display(),
        socket.display()
    )
}
