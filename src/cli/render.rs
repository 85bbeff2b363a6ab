//! Replies for a person.

use facelock_protocol::{EnrolledReport, ModeTime, Reply, Request, Subject, TemplateReport};

use super::date::date;
use super::failure::Answer;
use super::narrate::Narrator;
use super::print::{printed, report};
use super::terminal::Terminal;
use super::words::{self, filled, of_user, said};
use super::{outcome, status};

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
        Reply::Status(report) => status::rows(report).shown(&terminal),
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
        Some(ms) => {
            let ms = format!("{ms:.0}");
            filled(
                "{verdict} after {ms} ms",
                &[("verdict", &verdict), ("ms", &ms)],
            ) + "\n"
        }
        None => format!("{verdict}\n"),
    }
}

/// What came of a request that has no report of its own.
fn done(request: &Request, changed: bool) -> String {
    let of = |text, subject: &Subject| of_user(text, subject.name.as_str());
    let text = match (request, changed) {
        (Request::Preview { .. }, _) => return String::new(),
        (Request::Remove { subject, template }, _) => filled(
            "Template {template} of {user} is removed.",
            &[("template", template), ("user", &subject.name)],
        ),
        (
            Request::Rename {
                template, label, ..
            },
            _,
        ) => filled(
            "Template {template} is called {label} now.",
            &[("template", template), ("label", label)],
        ),
        (Request::Clear { subject }, true) => of(words::CLEARED, subject),
        (Request::Clear { subject }, false) => of(words::NOTHING_STORED, subject),
        (Request::Unlock { subject }, true) => of(words::UNLOCKED, subject),
        (Request::Unlock { subject }, false) => of(words::NOT_LOCKED, subject),
        (Request::Reseal { subject, .. }, _) => of(words::RESEALED, subject),
        (Request::MoveCamera { subject, .. }, true) => of(words::MOVED, subject),
        (Request::MoveCamera { subject, .. }, false) => of(words::NOT_MOVED, subject),
        (Request::TryEmitter(_), true) => said("The picture became brighter."),
        (Request::TryEmitter(_), false) => said("The picture did not become brighter."),
        (_, true) => said("Done."),
        (_, false) => said("Nothing to do."),
    };
    text + "\n"
}

fn none_enrolled(request: &Request) -> String {
    let text = match request {
        Request::List { subject } => of_user(words::NONE_ENROLLED, subject.name.as_str()),
        _ => said("No templates."),
    };
    text + "\n"
}

fn enrolled(
    request: &Request,
    report: &EnrolledReport,
    narrator: &Narrator,
    terminal: &Terminal,
) -> String {
    let protector = &report.protector;
    let mut text = filled(
        "Enrolled, protected by {protector}.",
        &[("protector", protector)],
    ) + "\n";
    if let Some((taken, wanted)) = narrator.samples
        && taken < wanted
    {
        text += &filled(words::FEWER, &[("taken", &taken), ("wanted", &wanted)]);
        text += "\n";
    }
    text += &table(&report.templates, terminal);
    if let Some(warning) = &report.warning {
        let warning: Vec<String> = warning.lines().map(words::heard).collect();
        let note = filled("Note: {warning}", &[("warning", &warning.join("\n"))]);
        text += &format!("\n{note}\n");
    }
    if let Some(key) = &report.recovery_key {
        text += &("\n".to_owned() + &filled("Recovery key: {key}", &[("key", &key.0)]) + "\n");
        text += &(said(words::WRITE_DOWN) + "\n");
    }
    let user = match request {
        Request::Enroll { subject, .. } => format!(" --user {}", subject.name),
        _ => String::new(),
    };
    text + "\n" + &filled(words::ENROLLED_NEXT, &[("user", &user)]) + "\n"
}

/// How soon each mode of a camera gave its first lit picture.
pub fn mode_times(times: &[ModeTime]) -> String {
    let line = |mode: &ModeTime| match mode.first_lit {
        Some(ms) => format!("  {:<18} {ms:>5} ms\n", mode.format),
        None => format!("  {:<18} {}\n", mode.format, said("no lit picture")),
    };
    times.iter().map(line).collect()
}

/// One line a template; where the terminal is too narrow for that, the camera is left out.
fn table(templates: &[TemplateReport], terminal: &Terminal) -> String {
    let heading = [
        said("no."),
        said("label"),
        said("made"),
        said("light"),
        said("qual"),
        said("camera"),
    ];
    let rows = templates.iter().map(|t| {
        [
            t.id.to_string(),
            t.label.clone(),
            date(t.created),
            words::light(t.spectrum),
            format!("{:.2}", t.quality),
            t.camera.clone(),
        ]
    });
    let rows: Vec<[String; 6]> = std::iter::once(heading).chain(rows).collect();
    let widest = |n: usize| rows.iter().map(|cells| cells[n].chars().count()).max();
    let width = |n| widest(n).unwrap_or(0);
    let [id, label, made, light, qual] = [width(0), width(1).min(20), width(2), width(3), width(4)];
    let columns = terminal.size.map_or(usize::MAX, |(columns, _)| columns);
    // Two spaces between all of them.
    let camera = columns.saturating_sub(id + label + made + light + qual + 5 * 2);
    let line = |cells: &[String; 6]| {
        let [number, name, day, by, quality, device] = cells;
        let (name, device) = (terminal.cut(name, label), terminal.cut(device, camera));
        let device = if camera < 10 { "" } else { &device };
        let row = format!(
            "{number:>id$}  {name:<label$}  {day:<made$}  {by:<light$}  {quality:>qual$}  {device}"
        );
        row.trim_end().to_owned() + "\n"
    };
    rows.iter().map(line).collect()
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
