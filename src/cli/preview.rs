//! `facelockctl preview`: what the camera sees, with box, landmarks, exposure and quality.

use std::io::{IsTerminal as _, Write as _};
use std::path::Path;

use facelock_protocol::{Event, PreviewFrame, Request};

use super::args::Graphics;
use super::image::Image;
use super::{client, render, words};

/// Shows the preview for `seconds`; the last frame that could be drawn is saved where `save` says.
///
/// # Errors
/// The socket or the terminal fails, or the file cannot be written.
pub fn run(
    socket: &Path,
    seconds: u8,
    save: Option<&Path>,
    graphics: Graphics,
) -> anyhow::Result<render::Exit> {
    let graphics = if graphics == Graphics::Auto {
        detect()
    } else {
        graphics
    };
    let mut narrator = render::Narrator::new(false);
    let mut last = None;
    let mut broken = None;
    let reply = client::ask(socket, &Request::Preview { seconds }, |event| match event {
        Event::Preview(frame) => {
            if let Some(image) = annotated(&frame) {
                if let Err(error) = draw(&frame, &image, graphics) {
                    broken = Some(error);
                }
                last = Some(image);
            }
        }
        event => narrator.tell(&event),
    })?;
    if let Some(error) = broken {
        return Err(error);
    }
    if let Some(path) = save {
        match &last {
            Some(image) => image.save(path)?,
            None => anyhow::bail!("no frame came; nothing was saved"),
        }
    }
    narrator.finish(&reply)
}

fn annotated(frame: &PreviewFrame) -> Option<Image> {
    let mut image = Image::from_preview(frame)?;
    if let Some(measurement) = &frame.measurement {
        image.annotate(measurement);
    }
    Some(image)
}

fn draw(frame: &PreviewFrame, image: &Image, graphics: Graphics) -> anyhow::Result<()> {
    let mut out = std::io::stdout().lock();
    let columns =
        rustix::termios::tcgetwinsize(&out).map_or(80, |size| usize::from(size.ws_col.max(20)));
    match graphics {
        Graphics::None => {}
        Graphics::Auto | Graphics::HalfBlock => {
            write!(out, "\x1b[H{}", image.half_blocks(columns.min(120)))?
        }
        Graphics::Sixel => write!(out, "\x1b[H{}", image.sixel(480))?,
        Graphics::Kitty => write!(out, "\x1b[H{}", image.kitty()?)?,
    }
    writeln!(out, "{}", caption(frame))?;
    Ok(out.flush()?)
}

fn caption(frame: &PreviewFrame) -> String {
    let face = frame.measurement.as_ref().map_or("no face".into(), |m| {
        format!(
            "face {:.0}x{:.0}, detection {:.2}, quality {:.2}",
            m.face[2], m.face[3], m.detection_score, m.quality
        )
    });
    let hint = frame.hint.map_or("", words::hint);
    format!(
        "{}x{}  brightness {:3.0}  {face}  {hint}\x1b[K",
        frame.width, frame.height, frame.brightness
    )
}

/// What the terminal says it can do, by the variables the terminals themselves set.
fn detect() -> Graphics {
    let variable = |name| std::env::var(name).unwrap_or_default();
    if !std::io::stdout().is_terminal() {
        Graphics::None
    } else if variable("TERM").contains("kitty") || !variable("KITTY_WINDOW_ID").is_empty() {
        Graphics::Kitty
    } else if ["foot", "mlterm", "sixel"]
        .iter()
        .any(|name| variable("TERM").contains(name))
    {
        Graphics::Sixel
    } else {
        Graphics::HalfBlock
    }
}
