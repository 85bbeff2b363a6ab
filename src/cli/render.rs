//! Replies for a person.

use facelock_protocol::{EnrolledReport, ModeTime, Reply, Request, TemplateReport};

use super::date::date;
use super::failure::Answer;
use super::narrate::Narrator;
use super::print::{printed, report};
use super::terminal::Terminal;
use super::{outcome, status, words};

/// Prints the reply; the exit status that goes with it.
///
/// # Errors
/// Standard output cannot be written.
pub fn finish(request: &Request, reply: &Reply, narrator: &Narrator) -> Answer {
    if let Some(failure) = outcome::failure(request, reply) {
        return Ok(report(&failure, false));
    }
    let terminal = Terminal::stdout();
    let text = match reply {
        Reply::Verdict(verdict) => verdict_text(&words::verdict(*verdict), narrator),
        // Both are failures, and were told as such.
        Reply::Unavailable(_) | Reply::Denied(_) => String::new(),
        Reply::Enrolled(report) => enrolled(request, report, narrator, &terminal),
        Reply::Templates(templates) if templates.is_empty() => none_enrolled(request),
        Reply::Templates(templates) => table(templates, &terminal),
        Reply::Status(report) => status::text(report),
        Reply::Devices(cameras) => status::cameras(cameras, &[]),
        Reply::Done { changed } => done(request, *changed),
        Reply::ModeTimes(times) => mode_times(times),
        // Told by its own verb.
        Reply::Keyring { .. } => String::new(),
    };
    printed(&terminal.wrap(&text, 2))?;
    Ok(outcome::exit(reply))
}

pub fn verdict_text(verdict: &str, narrator: &Narrator) -> String {
    match narrator.stages.and_then(|stages| stages.verdict) {
        Some(ms) => format!("{verdict} after {ms:.0} ms\n"),
        None => format!("{verdict}\n"),
    }
}

/// What came of a request that has no report of its own.
fn done(request: &Request, changed: bool) -> String {
    match (request, changed) {
        (Request::Remove { subject, template }, _) => {
            format!("Template {template} of {} is removed.\n", subject.name)
        }
        (
            Request::Rename {
                template, label, ..
            },
            _,
        ) => {
            format!("Template {template} is called {label} now.\n")
        }
        (Request::Clear { subject }, true) => {
            format!(
                "Everything stored for {} is removed; face login is off for this user.\n",
                subject.name
            )
        }
        (Request::Clear { subject }, false) => format!("Nothing is stored for {}.\n", subject.name),
        (Request::Unlock { subject }, true) => {
            format!("Face login of {} is allowed again.\n", subject.name)
        }
        (Request::Unlock { subject }, false) => {
            format!("Face login of {} was not locked.\n", subject.name)
        }
        (Request::Reseal { subject, .. }, _) => {
            format!("The key of {} is sealed again.\n", subject.name)
        }
        (Request::MoveCamera { subject, .. }, true) => {
            format!(
                "The templates of {} are bound to the camera where it is now.\n",
                subject.name
            )
        }
        (Request::MoveCamera { subject, .. }, false) => {
            format!("No template of {} names that camera.\n", subject.name)
        }
        (Request::TryEmitter(_), true) => "The picture became brighter.\n".into(),
        (Request::TryEmitter(_), false) => "The picture did not become brighter.\n".into(),
        (Request::Preview { .. }, _) => String::new(),
        (_, true) => "Done.\n".into(),
        (_, false) => "Nothing to do.\n".into(),
    }
}

fn none_enrolled(request: &Request) -> String {
    match request {
        Request::List { subject } => format!(
            "No face is enrolled for {name}: sudo facelockctl enroll --user {name}\n",
            name = subject.name
        ),
        _ => "No templates.\n".into(),
    }
}

fn enrolled(
    request: &Request,
    report: &EnrolledReport,
    narrator: &Narrator,
    terminal: &Terminal,
) -> String {
    let mut text = format!("Enrolled, protected by {}.\n", report.protector);
    if let Some((taken, wanted)) = narrator.samples
        && taken < wanted
    {
        text += &format!(
            "It ended with {taken} of {wanted} samples, because no further one differed enough. That is enough to log in; \
             to add more, run facelockctl enroll again and turn your head further.\n"
        );
    }
    text += &table(&report.templates, terminal);
    if let Some(warning) = &report.warning {
        text += &format!("\nNote: {warning}\n");
    }
    if let Some(key) = &report.recovery_key {
        text += &format!(
            "\nRecovery key: {}\nWrite it down: it is shown once. After a firmware or boot change the TPM no longer opens the \
             templates, and `facelockctl tpm reseal` asks for it. Without it, enroll again.\n",
            key.0
        );
    }
    let user = match request {
        Request::Enroll { subject, .. } => format!(" --user {}", subject.name),
        _ => String::new(),
    };
    text + &format!(
        "\nNext: sudo facelockctl test{user} tries it; sudo facelockctl pam enable sudo switches it on for sudo.\n"
    )
}

/// How soon each mode of a camera gave its first lit picture.
pub fn mode_times(times: &[ModeTime]) -> String {
    let line = |mode: &ModeTime| match mode.first_lit {
        Some(ms) => format!("  {:<18} {ms:>5} ms\n", mode.format),
        None => format!("  {:<18} no lit picture\n", mode.format),
    };
    times.iter().map(line).collect()
}

/// One line a template; where the terminal is too narrow for that, the camera is left out.
fn table(templates: &[TemplateReport], terminal: &Terminal) -> String {
    let columns = terminal.size.map_or(usize::MAX, |(columns, _)| columns);
    let label = templates.iter().map(|t| t.label.chars().count()).max();
    let label = label.unwrap_or(0).clamp(5, 20);
    // number, date, spectrum, quality, and two spaces between all of them
    let before = 3 + label + 10 + 8 + 4 + 5 * 2;
    let camera = columns.saturating_sub(before);
    let line = |cells: [String; 6]| {
        let [id, name, made, spectrum, quality, device] = cells;
        let name = terminal.cut(&name, label);
        let row =
            format!("{id:>3}  {name:<label$}  {made:<10}  {spectrum:<8}  {quality:>4}  {device}");
        row.trim_end().to_owned() + "\n"
    };
    let heading = ["no.", "label", "made", "light", "qual", "camera"].map(String::from);
    let rows = templates.iter().map(|t| {
        [
            t.id.to_string(),
            t.label.clone(),
            date(t.created),
            t.spectrum.word().into(),
            format!("{:.2}", t.quality),
            t.camera.clone(),
        ]
    });
    let narrow = camera < 10;
    std::iter::once(heading)
        .chain(rows)
        .map(|mut cells| {
            cells[5] = if narrow {
                String::new()
            } else {
                terminal.cut(&cells[5], camera)
            };
            line(cells)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use facelock_protocol::Spectrum;

    use super::*;

    #[test]
    fn no_row_is_wider_than_the_terminal() {
        let template = TemplateReport {
            id: 12,
            label: "a label that is longer than any column of this table".into(),
            created: 0,
            camera: "usb:04f2:b6d9:0001:SN0001/infrared".into(),
            spectrum: Spectrum::Infrared,
            quality: 0.93,
        };
        for columns in [60, 80, 132] {
            let terminal = Terminal {
                size: Some((columns, 24)),
                ..Terminal::default()
            };
            let text = table(std::slice::from_ref(&template), &terminal);
            let widest = text.lines().map(|line| line.chars().count()).max();
            assert!(widest.is_some_and(|widest| widest <= columns), "{text}");
        }
        let piped = table(std::slice::from_ref(&template), &Terminal::default());
        assert!(piped.contains(&template.camera), "{piped}");
    }
}
