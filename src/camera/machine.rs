//! The edge to the machine's video nodes: asking what they are, and streaming from them.
//!
//! Behind it the kernel streams in one of two ways. nokhwa takes the uncompressed color formats at
//! whole frame rates, which is what most webcams do best. Everything else is streamed by our own
//! V4L2 calls: mono formats and fractional rates, which nokhwa does not know, drivers that tell no
//! rate, and JPEG, where only the number of bytes used tells a cut picture from a whole one. They
//! also take over where nokhwa does not start.
#![forbid(unsafe_code)]

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::nokhwa::NokhwaStream;
use super::options::{WANTED_RATE, WANTED_SIZE};
use super::probe::{Probe, Probed, ProbedFormat, ProbedSize};
pub use super::v4l2::Delivered;
use super::v4l2::{Format, FourCc, Node, Rate, Stream};

const BUFFERS: u32 = 4;

/// A stream to ask for, or as a driver set it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StreamFormat {
    pub four_cc: [u8; 4],
    pub width: u32,
    pub height: u32,
    /// Bytes from one row to the next; 0 where the driver does not say.
    pub stride: u32,
    /// Frames and seconds; `None` where the driver tells none.
    pub rate: Option<(u32, u32)>,
}

/// The video nodes of a machine. A parameter, so that recorded cameras can be opened too.
pub trait Machine: Probe + Send + Sync {
    /// Opens a node and sets the format; the driver may choose another.
    ///
    /// # Errors
    /// The system's, `EBUSY` and `ENODEV` among them.
    fn claim(&self, node: &Path, asked: &StreamFormat) -> io::Result<Box<dyn RawStream>>;
}

/// A claimed node. Dropping it stops the stream and gives the node's format and rate back.
pub trait RawStream {
    /// What the driver made of what was asked.
    fn format(&self) -> StreamFormat;

    /// # Errors
    /// The system's; `ENOSPC` where the bus has no room for the stream.
    fn start(&mut self) -> io::Result<()>;

    /// Waits for a filled buffer and shows it to `look`; false where none came in time.
    ///
    /// # Errors
    /// The system's.
    fn next(
        &mut self,
        timeout: Duration,
        look: &mut dyn FnMut(&[u8], Delivered),
    ) -> io::Result<bool>;

    /// Whether the camera says that its shutter is closed; `None` where it does not say.
    fn shutter_closed(&self) -> Option<bool> {
        None
    }
}

/// The machine's own nodes.
pub struct Kernel;

impl Probe for Kernel {
    fn probe(&self, path: &Path) -> io::Result<Probed> {
        let node = Node::open(path)?;
        let capability = node.capability()?;
        let format = |four_cc: FourCc| ProbedFormat {
            four_cc: four_cc.0,
            sizes: node
                .sizes(four_cc, WANTED_SIZE)
                .into_iter()
                .map(|size| sized(&node, four_cc, size))
                .collect(),
        };
        // The formats of a stage say what the processor can carry, not what it will.
        let formats = if capability.captures && !capability.is_stage {
            node.formats().into_iter().map(format).collect()
        } else {
            Vec::new()
        };
        Ok(Probed {
            driver: capability.driver,
            card: capability.card,
            bus: capability.bus,
            captures: capability.captures,
            is_multi_planar: capability.is_multi_planar,
            is_stage: capability.is_stage,
            shutter_closed: node.shutter_closed(),
            formats,
        })
    }
}

fn sized(node: &Node, four_cc: FourCc, size: (u32, u32)) -> ProbedSize {
    let rate = |rate: Rate| (rate.frames, rate.seconds);
    let rates = node.rates(four_cc, size, WANTED_RATE).into_iter();
    ProbedSize {
        width: size.0,
        height: size.1,
        rates: rates.map(rate).collect(),
    }
}

impl Machine for Kernel {
    fn claim(&self, path: &Path, asked: &StreamFormat) -> io::Result<Box<dyn RawStream>> {
        let node = Node::open(path)?;
        let before = (node.format().ok(), node.rate());
        let four_cc = FourCc(asked.four_cc);
        let format = node.set_format(four_cc, (asked.width, asked.height))?;
        let asked_rate = asked.rate.map(|(frames, seconds)| Rate { frames, seconds });
        let rate = match asked_rate {
            Some(rate) => node.set_rate(rate),
            None => node.rate(),
        };
        Ok(Box::new(KernelStream {
            running: Running::Not,
            path: path.to_owned(),
            node,
            format,
            rate,
            before,
        }))
    }
}

enum Running {
    Not,
    Ours(Stream),
    Nokhwa(NokhwaStream),
}

struct KernelStream {
    running: Running,
    path: PathBuf,
    node: Node,
    format: Format,
    rate: Option<Rate>,
    /// What the node was set to when it was opened.
    before: (Option<Format>, Option<Rate>),
}

impl KernelStream {
    /// Whether nokhwa knows how to say this stream; it knows whole rates and packed rows only.
    fn suits_nokhwa(&self) -> bool {
        let whole = self.rate.is_some_and(|rate| rate.seconds == 1);
        let width = self.format.width;
        let row = match &self.format.four_cc.0 {
            b"YUYV" => width * 2,
            b"NV12" => width,
            _ => return false,
        };
        whole && width.is_multiple_of(2) && [0, row].contains(&self.format.bytes_per_line)
    }

    fn nokhwa(&self) -> Option<NokhwaStream> {
        let rate = self.rate.filter(|_| self.suits_nokhwa())?;
        // Our handle lets go of the node, so that nokhwa's can have it.
        self.node.try_buffers().ok()?;
        NokhwaStream::start(&self.path, self.format, rate.frames)
    }
}

impl RawStream for KernelStream {
    fn format(&self) -> StreamFormat {
        StreamFormat {
            four_cc: self.format.four_cc.0,
            width: self.format.width,
            height: self.format.height,
            stride: self.format.bytes_per_line,
            rate: self.rate.map(|rate| (rate.frames, rate.seconds)),
        }
    }

    fn start(&mut self) -> io::Result<()> {
        if let Some(stream) = self.nokhwa() {
            self.running = Running::Nokhwa(stream);
            return Ok(());
        }
        let size = (self.format.width, self.format.height);
        self.format = self.node.set_format(self.format.four_cc, size)?;
        self.running = Running::Ours(Stream::start(self.node.duplicate()?, BUFFERS)?);
        Ok(())
    }

    fn next(
        &mut self,
        timeout: Duration,
        look: &mut dyn FnMut(&[u8], Delivered),
    ) -> io::Result<bool> {
        match &mut self.running {
            Running::Not => Err(io::Error::other("not started")),
            Running::Nokhwa(stream) => stream.next(look).map(|()| true),
            Running::Ours(stream) => {
                if !stream.wait(timeout)? {
                    return Ok(false);
                }
                stream.take(look).map(|()| true)
            }
        }
    }

    fn shutter_closed(&self) -> Option<bool> {
        self.node.shutter_closed()
    }
}

impl Drop for KernelStream {
    fn drop(&mut self) {
        self.running = Running::Not;
        // A device that is gone, or that another program took over, needs nothing given back.
        if let Some(format) = self.before.0 {
            let _ = self
                .node
                .set_format(format.four_cc, (format.width, format.height));
        }
        if let Some(rate) = self.before.1 {
            let _ = self.node.set_rate(rate);
        }
        let _ = self.node.release();
    }
}
