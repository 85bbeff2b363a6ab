//! A plot as SVG, drawn by hand: two panels need no library.

use std::fmt::Write as _;

const WIDTH: f32 = 360.0;
const HEIGHT: f32 = 220.0;
const LEFT: f32 = 46.0;
const TOP: f32 = 28.0;
/// Margins shown.
const FROM: f32 = -24.0;
const TO: f32 = 16.0;

/// Histograms of margins, frame by frame, and the detection error trade-off of whole attempts by
/// their best median: (living people, prints) each.
pub fn margins(frames: (&[f32], &[f32]), attempts: (&[f32], &[f32])) -> String {
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {} {}\" font-family=\"sans-serif\" font-size=\"11\">\n<rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n",
        2.0 * (WIDTH + LEFT) + 30.0,
        HEIGHT + TOP + 40.0
    );
    histogram(&mut svg, frames);
    trade_off(&mut svg, attempts);
    svg + "</svg>\n"
}

fn across(margin: f32) -> f32 {
    LEFT + (margin.clamp(FROM, TO) - FROM) / (TO - FROM) * WIDTH
}

fn histogram(svg: &mut String, (live, print): (&[f32], &[f32])) {
    let _ = writeln!(
        svg,
        "<text x=\"{LEFT}\" y=\"16\">Margins of single frames, as filmed: people (green, n = {}), prints (red, n = {})</text>",
        live.len(),
        print.len()
    );
    let bins = (TO - FROM) as usize;
    for (values, color) in [(live, "#2a7"), (print, "#c33")] {
        let mut counts = vec![0_usize; bins];
        for value in values {
            let bin = (value.clamp(FROM, TO - 0.5) - FROM) as usize;
            counts[bin.min(bins - 1)] += 1;
        }
        for (n, count) in counts.iter().enumerate() {
            let height = *count as f32 / values.len().max(1) as f32 / 0.25 * HEIGHT;
            let (x, width) = (across(FROM + n as f32), WIDTH / bins as f32);
            let height = height.min(HEIGHT);
            let y = TOP + HEIGHT - height;
            let _ = writeln!(
                svg,
                "<rect x=\"{x:.1}\" y=\"{y:.1}\" width=\"{width:.1}\" height=\"{height:.1}\" fill=\"{color}\" fill-opacity=\"0.6\"/>"
            );
        }
    }
    for tick in [-20, -15, -10, -5, 0, 5, 10, 15] {
        let x = across(tick as f32);
        let y = TOP + HEIGHT + 14.0;
        let _ = writeln!(
            svg,
            "<text x=\"{x:.1}\" y=\"{y:.1}\" text-anchor=\"middle\">{tick}</text>"
        );
    }
    frame(
        svg,
        LEFT,
        "margin; each bar is a part of its own kind, 25 % at full height",
    );
}

/// By every cut: people refused (down to up) against prints taken for live (left to right).
fn trade_off(svg: &mut String, (live, print): (&[f32], &[f32])) {
    let left = 2.0 * LEFT + WIDTH + 10.0;
    let _ = writeln!(
        svg,
        "<text x=\"{left}\" y=\"16\">Whole attempts by their best median, every condition: n = {} and {}</text>",
        live.len(),
        print.len()
    );
    let part = |values: &[f32], wrong: &dyn Fn(f32) -> bool| {
        values.iter().filter(|v| wrong(**v)).count() as f32 / values.len().max(1) as f32
    };
    let mut points = String::new();
    for step in 0..=400 {
        let cut = FROM + step as f32 / 10.0;
        let refused = part(live, &|v| v < cut);
        let taken = part(print, &|v| v >= cut);
        let scale = |rate: f32| rate.min(0.2) / 0.2;
        let (x, y) = (
            left + scale(taken) * WIDTH,
            TOP + HEIGHT * (1.0 - scale(refused)),
        );
        let _ = write!(points, "{x:.1},{y:.1} ");
    }
    let _ = writeln!(
        svg,
        "<polyline points=\"{points}\" fill=\"none\" stroke=\"#247\" stroke-width=\"2\"/>"
    );
    frame(
        svg,
        left,
        "prints taken for live, 0 to 20 %; upwards: people refused, 0 to 20 %",
    );
}

fn frame(svg: &mut String, left: f32, caption: &str) {
    let y = TOP + HEIGHT + 30.0;
    let _ = writeln!(
        svg,
        "<rect x=\"{left}\" y=\"{TOP}\" width=\"{WIDTH}\" height=\"{HEIGHT}\" fill=\"none\" stroke=\"#888\"/>\n<text x=\"{left}\" y=\"{y}\">{caption}</text>"
    );
}
