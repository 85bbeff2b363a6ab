//! Whole attempts on clips of real people, and on attacks made from them.

use std::fmt::Write as _;
use std::path::Path;
use std::sync::Mutex;

use anyhow::{Context, Result};
use facelock::face::{Engine, Networks, QualityLimits, compare};
use facelock::onnx::ModelDirs;
use facelock::pad::{Pad, PadOptions};
use facelock::pipeline::enrollment::FEWEST;
use facelock::pipeline::frame::FrameJudge;
use facelock::types::{Embedding, Frame, Liveness, Spectrum};

use crate::attacks::{SPECIES, present};
use crate::attempts::{self, Course, Enrolled, FRAMES, attempt};
use crate::pictures::{self, Dice};
use crate::stats::{Rate, Scores};

/// Frames an attack is shown for: three seconds.
pub const ATTACK: usize = 30;

/// One person's clip.
pub struct Clip {
    pub name: String,
    /// Frames the templates are from.
    pub enrolled: Vec<Frame>,
    /// Later ones, which are judged.
    pub probes: Vec<Frame>,
}

pub fn load(folder: &Path, quick: bool) -> Result<Vec<Clip>> {
    let mut clips = Vec::new();
    for path in pictures::files(folder, "mp4")? {
        let mut frames = pictures::clip(&path, if quick { 6 } else { 14 })?;
        let probes = frames.split_off(frames.len() / 3);
        let name = path.file_stem().unwrap_or_default().to_string_lossy();
        clips.push(Clip {
            name: format!("clip {name}"),
            enrolled: frames,
            probes,
        });
        if quick && clips.len() == 3 {
            break;
        }
    }
    Ok(clips)
}

const PAD: PadOptions = PadOptions {
    cnn: true,
    infrared: true,
    motion: true,
};

/// Runs the jobs on two threads; the answers in the jobs' order.
pub fn shared<J: Sync, A: Send>(
    dirs: &ModelDirs,
    jobs: &[J],
    work: impl Fn(&mut FrameJudge, &J) -> Result<A> + Sync,
) -> Result<Vec<A>> {
    let next = Mutex::new(0);
    let take = || {
        next.lock()
            .map(|mut n| {
                *n += 1;
                *n - 1
            })
            .unwrap_or(usize::MAX)
    };
    let run = || -> Result<Vec<(usize, A)>> {
        let mut judge = FrameJudge::load(dirs, PAD, true)?;
        let mut done = Vec::new();
        while let Some((n, job)) = Some(take()).and_then(|n| Some((n, jobs.get(n)?))) {
            done.push((n, work(&mut judge, job)?));
        }
        Ok(done)
    };
    let mut all = std::thread::scope(|scope| {
        let other = scope.spawn(run);
        let mut all = run()?;
        all.extend(
            other
                .join()
                .map_err(|_| anyhow::anyhow!("a worker panicked"))??,
        );
        anyhow::Ok(all)
    })?;
    all.sort_by_key(|(n, _)| *n);
    Ok(all.into_iter().map(|(_, answer)| answer).collect())
}

/// Templates of each clip, and how they relate to each other and to later frames.
pub fn enroll(
    dirs: &ModelDirs,
    mut clips: Vec<Clip>,
) -> Result<(Vec<Clip>, Vec<Enrolled>, String)> {
    let mut both = shared(dirs, &clips, |judge, clip| {
        let samples = attempts::enroll(judge, &clip.enrolled)?;
        let mut probes = Vec::new();
        attempts::each(judge, &clip.probes, &QualityLimits::VERIFY, |face| {
            probes.push(face.embedding);
        })?;
        Ok((samples, probes))
    })?;
    // Who cannot be enrolled is told, and takes no part in what follows.
    let enrolled: Vec<bool> = both
        .iter()
        .map(|(enrolled, _)| enrolled.templates.len() >= FEWEST)
        .collect();
    let mut failed = Rate::default();
    enrolled.iter().for_each(|enrolled| failed.add(!enrolled));
    let mut text = format!("Failure to enroll (fewer than {FEWEST} samples): {failed}.\n\n");
    for (clip, _) in clips
        .iter()
        .zip(&enrolled)
        .filter(|(_, enrolled)| !**enrolled)
    {
        text += &format!("Not enrolled: {}.\n\n", clip.name);
    }
    let mut kept = enrolled.iter();
    clips.retain(|_| kept.next() == Some(&true));
    both.retain(|(enrolled, _)| enrolled.templates.len() >= FEWEST);
    let weights = Networks::installed(dirs)?.weights;
    let one = |a: &Embedding, b: &Embedding| compare(a, std::slice::from_ref(b)).unwrap_or(-1.0);
    let (mut consecutive, mut first, mut others, mut later) =
        (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for (n, (enrolled, probes)) in both.iter().enumerate() {
        let samples = &enrolled.templates;
        consecutive.extend(probes.windows(2).map(|pair| one(&pair[0], &pair[1])));
        first.extend(
            samples
                .iter()
                .take(1)
                .flat_map(|look| probes.iter().map(|probe| one(look, probe))),
        );
        let best = |probe| weights.compare(probe, samples);
        later.extend(probes.iter().filter_map(best));
        let strangers = both.iter().enumerate().filter(|(m, _)| *m != n);
        others.extend(strangers.flat_map(|(_, (_, probes))| probes.iter().filter_map(best)));
    }
    text += "| cosines on clips | n | least | 1 % | median | 99 % | most |\n|---|---|---|---|---|---|---|\n";
    for (name, scores) in [
        ("consecutive frames, 0.1 s apart", consecutive),
        ("first look and later frames", first),
        ("best of the samples and later frames", later),
        ("best of the samples and other people", others),
    ] {
        text += &crate::identities::spread(name, &Scores::of(scores));
    }
    Ok((
        clips,
        both.into_iter().map(|(enrolled, _)| enrolled).collect(),
        text,
    ))
}

/// Attempts that start at different moments of each clip, by the person and by everybody else.
pub fn genuine(dirs: &ModelDirs, clips: &[Clip], people: &[Enrolled]) -> Result<String> {
    let mut text = String::from("| attempts | outcome | rate |\n|---|---|---|\n");
    for (title, sigma) in [
        ("as filmed", 0.0),
        ("with sensor noise, sigma 4", 4.0),
        ("with sensor noise, sigma 8", 8.0),
    ] {
        let mut jobs = Vec::new();
        for (n, clip) in clips.iter().enumerate() {
            let starts = (0..clip.probes.len().saturating_sub(10)).step_by(10);
            jobs.extend(starts.map(|start| (n, start)));
        }
        let courses = shared(dirs, &jobs, |judge, (n, start)| {
            let mut dice = Dice::new(*start as u64 + 1);
            let frames = clips[*n].probes[*start..].iter().take(FRAMES);
            let frames = frames.map(|frame| {
                if sigma > 0.0 {
                    pictures::noisy(frame, sigma, &mut dice)
                } else {
                    Ok(frame.clone())
                }
            });
            attempt(judge, frames, &people[*n])
        })?;
        let (mut refused, mut attack, mut vetoed, mut frames) = (
            Rate::default(),
            Rate::default(),
            Rate::default(),
            Rate::default(),
        );
        for course in &courses {
            refused.add(!course.matched());
            attack.add(!course.passed_as_live());
            course
                .motion
                .iter()
                .for_each(|word| vetoed.add(*word == Liveness::Attack));
            course
                .judged
                .iter()
                .for_each(|judged| frames.add(judged.liveness != Liveness::Live));
        }
        writeln!(text, "| genuine, {title} | FRR: no match | {refused} |")?;
        writeln!(
            text,
            "| genuine, {title} | BPCER: not taken for live | {attack} |"
        )?;
        writeln!(
            text,
            "| genuine, {title} | single frames not live | {frames} |"
        )?;
        writeln!(
            text,
            "| genuine, {title} | single frames motion calls flat | {vetoed} |"
        )?;
    }
    text += &impostors(dirs, clips, people)?;
    text += &watched(dirs, clips)?;
    Ok(text)
}

/// Motion over whole clips: attempts end after a few frames, too soon for its mistakes to show.
fn watched(dirs: &ModelDirs, clips: &[Clip]) -> Result<String> {
    let mut text = String::new();
    for sigma in [0.0, 8.0] {
        let words = shared(dirs, clips, |judge, clip| {
            let (mut dice, mut words) = (Dice::new(3), Vec::new());
            let noisy = clip
                .probes
                .iter()
                .map(|frame| pictures::noisy(frame, sigma, &mut dice));
            let noisy = noisy.collect::<Result<Vec<_>>>()?;
            attempts::each(judge, &noisy, &QualityLimits::VERIFY, |face| {
                words.extend(face.evidence.of("motion"));
            })?;
            Ok(words)
        })?;
        let (mut flat, mut solid) = (Rate::default(), Rate::default());
        for word in words.iter().flatten() {
            flat.add(word.live == Liveness::Attack);
            solid.add(word.live == Liveness::Live);
        }
        writeln!(
            text,
            "| genuine, whole clips, noise of sigma {sigma} | frames motion calls flat | {flat} |"
        )?;
        writeln!(
            text,
            "| genuine, whole clips, noise of sigma {sigma} | frames motion calls solid | {solid} |"
        )?;
    }
    Ok(text)
}

fn impostors(dirs: &ModelDirs, clips: &[Clip], people: &[Enrolled]) -> Result<String> {
    let jobs: Vec<(usize, usize)> = (0..clips.len())
        .flat_map(|n| (0..clips.len()).map(move |m| (n, m)))
        .filter(|(n, m)| n != m)
        .collect();
    let courses = shared(dirs, &jobs, |judge, (n, m)| {
        let frames = clips[*n].probes.iter().map(|frame| Ok(frame.clone()));
        attempt(judge, frames, &people[*m])
    })?;
    let mut accepted = Rate::default();
    courses
        .iter()
        .for_each(|course| accepted.add(course.matched()));
    let best = courses.iter().filter_map(Course::best).fold(-1.0, f32::max);
    Ok(format!(
        "| another person | FAR: match | {accepted} |\n| another person | best score | {best:.3} |\n"
    ))
}

/// Where the attacks on a clip begin.
pub fn moments(clip: &Clip, quick: bool) -> impl Iterator<Item = usize> + use<> {
    let (most, length) = (if quick { 1 } else { 3 }, clip.probes.len());
    let starts = [0, 16, 32].into_iter().take(most);
    starts.filter(move |start| length >= start + 20)
}

/// Ovals round both eyes, as a cut-out has holes.
pub fn eyes(judge: &mut FrameJudge, frame: &Frame) -> Result<[[f32; 4]; 2]> {
    let [right, left, ..] = attempts::face(judge, frame)?.landmarks;
    let span = (left.x - right.x).abs();
    Ok([right, left].map(|eye| [eye.x, eye.y, 0.3 * span, 0.18 * span]))
}

/// Every species against the templates of the person it shows, at several moments of each clip.
pub fn attacks(
    dirs: &ModelDirs,
    clips: &[Clip],
    people: &[Enrolled],
    quick: bool,
) -> Result<String> {
    let mut text = String::from(
        "| species (made here) | APCER: taken for live | matched | stopped by motion |\n|---|---|---|---|\n",
    );
    for (species, name) in SPECIES {
        let of = |(n, clip)| moments(clip, quick).map(move |start| (n, start));
        let jobs: Vec<_> = clips.iter().enumerate().flat_map(of).collect();
        let courses = shared(dirs, &jobs, |judge, (n, start)| {
            let clip = &clips[*n].probes[*start..];
            let eyes = eyes(judge, &clip[0])?;
            let frames = present(species, clip, &eyes).take(ATTACK);
            attempt(judge, frames, &people[*n])
        })?;
        let (mut live, mut matched, mut stopped) =
            (Rate::default(), Rate::default(), Rate::default());
        for course in &courses {
            live.add(course.passed_as_live());
            matched.add(course.matched());
            stopped.add(course.motion.contains(&Liveness::Attack));
        }
        writeln!(text, "| {name} | {live} | {matched} | {stopped} |")?;
    }
    Ok(text)
}

/// The published samples, one frame each.
pub fn samples(dirs: &ModelDirs, folder: &Path) -> Result<String> {
    let mut text = String::from("| sample | is | CNN |\n|---|---|---|\n");
    let mut engine = Engine::load(dirs)?;
    let mut pad = Pad::load(dirs, PAD)?;
    for (file, kind) in [
        ("image_T1.jpg", "live"),
        ("image_F1.jpg", "attack"),
        ("image_F2.jpg", "attack"),
    ] {
        let frame = pictures::upright(&pictures::jpeg(&folder.join(file))?)?;
        let face = engine
            .detect(&frame)?
            .first()
            .copied()
            .with_context(|| format!("no face in {file}"))?;
        pad.begin_face();
        let word = pad
            .examine(&frame, &face, Spectrum::Color)?
            .of("cnn")
            .and_then(|word| word.reading);
        let show = |score: Option<f32>| score.map_or("-".to_owned(), |score| format!("{score:.2}"));
        writeln!(text, "| {file} | {kind} | {} |", show(word))?;
    }
    Ok(text)
}
