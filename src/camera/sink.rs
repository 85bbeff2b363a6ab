//! Where a camera's frames go.
#![forbid(unsafe_code)]

use std::cell::{Cell, RefCell};

use crate::types::{CameraIdentity, Frame, Spectrum};

/// What the thread of a camera leaves its frames in. None of this may wait for the one who takes
/// them.
pub trait Sink {
    /// The stream runs; the camera answers by this name.
    fn opened(&self, identity: &CameraIdentity, spectrum: Spectrum);

    /// Something is taken for true of the camera that it did not say itself; in words for root.
    fn assumed(&self, what: &str);

    /// A whole frame; the sink decides what becomes of those that are not taken in time.
    fn deliver(&self, frame: Frame);

    /// No more frames are wanted: the camera should be closed.
    fn is_closed(&self) -> bool;
}

/// A sink, and whether it was told that the camera is open. It is told once, however often the
/// camera is opened anew.
pub(super) struct Outlet<'a> {
    sink: &'a dyn Sink,
    spectrum: Spectrum,
    is_open: Cell<bool>,
    /// What was told last.
    assumed: RefCell<String>,
}

impl<'a> Outlet<'a> {
    pub fn new(sink: &'a dyn Sink, spectrum: Spectrum) -> Self {
        Self {
            sink,
            spectrum,
            is_open: Cell::new(false),
            assumed: RefCell::default(),
        }
    }

    pub fn spectrum(&self) -> Spectrum {
        self.spectrum
    }

    pub fn opened(&self, identity: &CameraIdentity) {
        if !self.is_open.replace(true) {
            self.sink.opened(identity, self.spectrum);
        }
    }

    pub fn is_open(&self) -> bool {
        self.is_open.get()
    }

    pub fn assumed(&self, what: &str) {
        if self.assumed.replace(what.to_owned()) != what {
            self.sink.assumed(what);
        }
    }

    pub fn deliver(&self, frame: Frame) {
        self.sink.deliver(frame);
    }

    pub fn is_closed(&self) -> bool {
        self.sink.is_closed()
    }
}
