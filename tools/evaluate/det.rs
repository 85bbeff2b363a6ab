//! The detection error trade-off of comparison, as SVG: false non-matches against false matches,
//! both axes logarithmic (ISO/IEC 19795-1, section 10.6).

use std::fmt::Write as _;

use super::stats::Scores;

const WIDTH: f32 = 560.0;
const HEIGHT: f32 = 320.0;
const LEFT: f32 = 56.0;
const TOP: f32 = 24.0;
/// Powers of ten shown: false match rates, then false non-match rates.
const ACROSS: (f32, f32) = (-6.0, -1.0);
const UP: (f32, f32) = (-3.0, 0.0);

/// One way to compare.
pub struct Curve<'a> {
    pub title: &'a str,
    /// The threshold in force, marked by a dot.
    pub threshold: f32,
    pub genuine: &'a Scores,
    pub impostor: &'a Scores,
}

pub fn plot(curves: &[Curve]) -> String {
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {} {}\" font-family=\"sans-serif\" font-size=\"11\">\n<rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n",
        LEFT + WIDTH + 20.0,
        TOP + HEIGHT + 48.0
    );
    grid(&mut svg);
    for (n, curve) in curves.iter().enumerate() {
        let color = ["#247", "#2a7", "#c33", "#a60"][n % 4];
        draw(&mut svg, curve, color, n);
    }
    svg + "</svg>\n"
}

fn place(false_matches: f32, false_non_matches: f32) -> (f32, f32) {
    let part = |rate: f32, (from, to): (f32, f32)| {
        (rate.max(1e-9).log10().clamp(from, to) - from) / (to - from)
    };
    (
        LEFT + part(false_matches, ACROSS) * WIDTH,
        TOP + (1.0 - part(false_non_matches, UP)) * HEIGHT,
    )
}

fn rates(curve: &Curve, threshold: f32) -> (f32, f32) {
    let matches = curve.impostor.reaching(threshold).value() as f32;
    (
        matches,
        1.0 - curve.genuine.reaching(threshold).value() as f32,
    )
}

/// Where no impostor pair is left there is no rate to plot: the curve ends at the last one.
fn draw(svg: &mut String, curve: &Curve, color: &str, n: usize) {
    let mut points = String::new();
    for step in 0..=1000 {
        let (matches, non_matches) = rates(curve, step as f32 / 1000.0);
        if matches == 0.0 {
            break;
        }
        let (x, y) = place(matches, non_matches);
        let _ = write!(points, "{x:.1},{y:.1} ");
    }
    let _ = writeln!(
        svg,
        "<polyline points=\"{points}\" fill=\"none\" stroke=\"{color}\" stroke-width=\"2\"/>"
    );
    let (matches, non_matches) = rates(curve, curve.threshold);
    let (x, y) = place(matches, non_matches);
    let _ = writeln!(
        svg,
        "<circle cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"4\" fill=\"{color}\"/>"
    );
    let y = TOP + 16.0 + 15.0 * n as f32;
    let _ = writeln!(
        svg,
        "<text x=\"{}\" y=\"{y}\" text-anchor=\"end\" fill=\"{color}\">{}</text>",
        LEFT + WIDTH - 8.0,
        curve.title
    );
}

fn grid(svg: &mut String) {
    let _ = writeln!(
        svg,
        "<text x=\"{LEFT}\" y=\"14\">Comparison: false non-match rate (upwards) by false match rate; a dot is the threshold in force</text>"
    );
    let powers = |(from, to): (f32, f32)| (from as i32)..=(to as i32);
    for power in powers(ACROSS) {
        let (x, _) = place(10_f32.powi(power), 1.0);
        let y = TOP + HEIGHT;
        let _ = writeln!(
            svg,
            "<path d=\"M{x:.1} {TOP}V{y}\" stroke=\"#ddd\"/><text x=\"{x:.1}\" y=\"{}\" text-anchor=\"middle\">1e{power}</text>",
            y + 16.0
        );
    }
    for power in powers(UP) {
        let (_, y) = place(1.0, 10_f32.powi(power));
        let _ = writeln!(
            svg,
            "<path d=\"M{LEFT} {y:.1}h{WIDTH}\" stroke=\"#ddd\"/><text x=\"{}\" y=\"{y:.1}\" text-anchor=\"end\">{} %</text>",
            LEFT - 6.0,
            10_f32.powi(power + 2)
        );
    }
}
