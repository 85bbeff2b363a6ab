//! `facelockctl preview`: what the camera sees, with box, landmarks, exposure and quality.

use std::fmt::Display;
use std::io::Write as _;
use std::path::Path;

use facelock_protocol::{Event, PreviewFrame, Request};
use serde_json::json;

use super::args::{Args, Graphics, Preview};
use super::failure::{Answer, Exit, Failure};
use super::image::Image;
use super::narrate::Narrator;
use super::print::{print_json, wrapped};
use super::terminal::Terminal;
use super::words::{self, filled, said};
use super::{client, outcome};

/// Shows the preview; the last frame that could be drawn is saved where the options say.
///
/// # Errors
/// The socket or the terminal fails, or the file cannot be written.
pub fn run(args: &Args, options: &Preview) -> Answer {
    let terminal = Terminal::stdout();
    let mut screen = Screen {
        graphics: if args.json {
            Graphics::None
        } else {
            chosen(options.graphics, &terminal)
        },
        terminal,
        silent: args.json,
        drawn: 0,
    };
    let mut narrator = Narrator::new(args.json);
    let (mut frames, mut last, mut broken) = (0_u32, None, None);
    let request = Request::Preview {
        seconds: options.seconds,
    };
    let reply = client::ask(&args.socket, &request, |event| match event {
        Event::Preview(frame) => {
            if let Some(image) = annotated(&frame) {
                broken = broken.take().or(screen.draw(&frame, &image).err());
                frames += 1;
                last = Some(image);
            }
        }
        event => narrator.tell(&event),
    })?;
    if let Some(error) = broken {
        return Err(error.into());
    }
    if let Some(failure) = outcome::failure(&request, &reply) {
        return Err(failure);
    }
    if let Some(path) = &options.save {
        save(last.as_ref(), path)?;
    }
    if args.json {
        return print_json(&json!({
            "outcome": "done", "frames": frames, "saved": options.save,
        }));
    }
    match &options.save {
        Some(path) => {
            let text = filled("The last frame is in {path}.", &[("path", &path.display())]);
            wrapped(&text)
        }
        None => Ok(Exit::Done),
    }
}

fn save(image: Option<&Image>, path: &Path) -> Result<(), Failure> {
    let image =
        image.ok_or_else(|| Failure::new("no_frame", said("no frame came; nothing was saved")))?;
    image.save(path).map_err(|error| {
        let what = filled("cannot write {path}", &[("path", &path.display())]);
        Failure::from(error.context(what))
    })
}

fn annotated(frame: &PreviewFrame) -> Option<Image> {
    let mut image = Image::from_preview(frame)?;
    if let Some(measurement) = &frame.measurement {
        image.annotate(measurement);
    }
    Some(image)
}

/// Where frames are drawn, each over the one before.
struct Screen {
    graphics: Graphics,
    terminal: Terminal,
    silent: bool,
    /// Lines of the frame before.
    drawn: usize,
}

impl Screen {
    fn draw(&mut self, frame: &PreviewFrame, image: &Image) -> std::io::Result<()> {
        if self.silent {
            return Ok(());
        }
        let (columns, rows) = self.terminal.size.unwrap_or((80, 24));
        // One row for the caption, one for the cursor behind it.
        let (columns, rows) = (columns.min(120), rows.saturating_sub(2).max(1));
        let picture = match self.graphics {
            Graphics::None => String::new(),
            Graphics::Ascii => image.ascii(columns, rows),
            Graphics::Auto | Graphics::HalfBlock => image.half_blocks(columns, rows),
        };
        let caption = self.terminal.cut(&caption(frame), columns);
        let mut out = std::io::stdout().lock();
        if self.terminal.size.is_some() {
            if self.drawn > 0 {
                write!(out, "\x1b[{}A\r", self.drawn)?;
            }
            writeln!(out, "{picture}{caption}\x1b[K")?;
            self.drawn = picture.lines().count() + 1;
        } else {
            writeln!(out, "{picture}{caption}")?;
        }
        out.flush()
    }
}

fn caption(frame: &PreviewFrame) -> String {
    let size = format!("{}x{}", frame.width, frame.height);
    let brightness = format!("{:.0}", frame.brightness);
    let hint = frame.hint.map_or_else(String::new, words::hint);
    let seen: &[(&str, &dyn Display)] = &[
        ("size", &size),
        ("brightness", &brightness),
        ("hint", &hint),
    ];
    let text = match &frame.measurement {
        None => filled("{size}  brightness {brightness}  no face  {hint}", seen),
        Some(m) => filled(
            "{size}  brightness {brightness}  face {face}  detection {detection}  \
             quality {quality}  {hint}",
            &[
                seen,
                &[
                    ("face", &format!("{:.0}x{:.0}", m.face[2], m.face[3])),
                    ("detection", &format!("{:.2}", m.detection_score)),
                    ("quality", &format!("{:.2}", m.quality)),
                ],
            ]
            .concat(),
        ),
    };
    text.trim_end().into()
}

/// What can be shown: nothing in a pipe, color and blocks where the terminal has them.
fn chosen(graphics: Graphics, terminal: &Terminal) -> Graphics {
    match graphics {
        Graphics::Auto if terminal.size.is_none() => Graphics::None,
        Graphics::Auto if terminal.color && terminal.utf8 => Graphics::HalfBlock,
        Graphics::Auto => Graphics::Ascii,
        other => other,
    }
}
