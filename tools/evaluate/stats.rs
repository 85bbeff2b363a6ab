//! Rates with their bounds.

/// `k` of `n` with the exact (Clopper–Pearson) 95 % bounds.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Rate {
    pub k: u64,
    pub n: u64,
}

impl Rate {
    pub fn add(&mut self, hit: bool) {
        self.n += 1;
        self.k += u64::from(hit);
    }

    pub fn join(&mut self, other: Self) {
        self.n += other.n;
        self.k += other.k;
    }

    pub fn value(self) -> f64 {
        self.k as f64 / self.n.max(1) as f64
    }

    pub fn bounds(self) -> (f64, f64) {
        let (k, n) = (self.k as f64, self.n as f64);
        if self.n == 0 {
            return (0.0, 1.0);
        }
        let low = if self.k == 0 {
            0.0
        } else {
            quantile(0.025, k, n - k + 1.0)
        };
        let high = if self.k == self.n {
            1.0
        } else {
            quantile(0.975, k + 1.0, n - k)
        };
        (low, high)
    }
}

impl std::fmt::Display for Rate {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (low, high) = self.bounds();
        let percent = |v: f64| match v * 100.0 {
            0.0 => "0".to_owned(),
            v if v >= 0.1 => format!("{v:.1}"),
            v => format!("{v:.1e}"),
        };
        write!(
            f,
            "{} % [{}, {}] ({}/{})",
            percent(self.value()),
            percent(low),
            percent(high),
            self.k,
            self.n
        )
    }
}

/// Where the regularised incomplete beta function reaches `p`: bisection, which needs no care.
fn quantile(p: f64, a: f64, b: f64) -> f64 {
    let (mut low, mut high) = (0.0, 1.0);
    for _ in 0..100 {
        let middle = f64::midpoint(low, high);
        if beta(middle, a, b) < p {
            low = middle
        } else {
            high = middle
        }
    }
    f64::midpoint(low, high)
}

/// Regularised incomplete beta function, by its continued fraction (modified Lentz).
fn beta(x: f64, a: f64, b: f64) -> f64 {
    if x <= 0.0 || x >= 1.0 {
        return x.clamp(0.0, 1.0);
    }
    if x > (a + 1.0) / (a + b + 2.0) {
        return 1.0 - beta(1.0 - x, b, a);
    }
    let front =
        (log_gamma(a + b) - log_gamma(a) - log_gamma(b) + a * x.ln() + b * (-x).ln_1p()).exp() / a;
    let guard = |v: f64| if v.abs() < 1e-300 { 1e-300 } else { v };
    let (mut c, mut d) = (1.0, 1.0 / guard(1.0 - (a + b) * x / (a + 1.0)));
    let mut value = d;
    for m in 1..5000 {
        let m = f64::from(m);
        let even = m * (b - m) * x / ((a + 2.0 * m - 1.0) * (a + 2.0 * m));
        let odd = -(a + m) * (a + b + m) * x / ((a + 2.0 * m) * (a + 2.0 * m + 1.0));
        for term in [even, odd] {
            d = 1.0 / guard(1.0 + term * d);
            c = guard(1.0 + term / c);
            value *= c * d;
        }
        if (c * d - 1.0).abs() < 1e-14 {
            break;
        }
    }
    front * value
}

/// Lanczos' approximation, g = 7.
fn log_gamma(x: f64) -> f64 {
    const C: [f64; 8] = [
        676.520_368_121_885_1,
        -1_259.139_216_722_402_8,
        771.323_428_777_653_1,
        -176.615_029_162_140_6,
        12.507_343_278_686_905,
        -0.138_571_095_265_720_12,
        9.984_369_578_019_572e-6,
        1.505_632_735_149_311_6e-7,
    ];
    let x = x - 1.0;
    let sum = C
        .iter()
        .enumerate()
        .fold(0.999_999_999_999_809_9, |sum, (n, c)| {
            sum + c / (x + n as f64 + 1.0)
        });
    let t = x + 7.5;
    0.5 * std::f64::consts::TAU.ln() + (x + 0.5) * t.ln() - t + sum.ln()
}

/// The bounds against textbook values, at every start: an evaluation with wrong bounds is worse
/// than none.
pub fn check() -> anyhow::Result<()> {
    let near = |rate: Rate, low: f64, high: f64| {
        let bounds = rate.bounds();
        (bounds.0 - low).abs() < 1e-4 && (bounds.1 - high).abs() < 1e-4
    };
    let right = near(Rate { k: 0, n: 10 }, 0.0, 0.3085)
        && near(Rate { k: 5, n: 10 }, 0.1871, 0.8129)
        && near(Rate { k: 10, n: 10 }, 0.6915, 1.0)
        && near(Rate { k: 1, n: 100 }, 0.000_25, 0.0545);
    anyhow::ensure!(right, "the binomial bounds are wrong");
    Ok(())
}

/// Scores of one kind, sorted.
pub struct Scores(Vec<f32>);

impl Scores {
    pub fn of(mut scores: Vec<f32>) -> Self {
        scores.sort_unstable_by(f32::total_cmp);
        Self(scores)
    }

    /// How many are at or above the threshold.
    pub fn reaching(&self, threshold: f32) -> Rate {
        let below = self.0.partition_point(|score| *score < threshold);
        Rate {
            k: (self.0.len() - below) as u64,
            n: self.0.len() as u64,
        }
    }

    pub fn missing(&self, threshold: f32) -> Rate {
        let reaching = self.reaching(threshold);
        Rate {
            k: reaching.n - reaching.k,
            n: reaching.n,
        }
    }

    /// The lowest threshold that at most `rate` of them reach.
    pub fn threshold(&self, rate: f64) -> f32 {
        let allowed = (rate * self.0.len() as f64).floor() as usize;
        self.0
            .iter()
            .rev()
            .nth(allowed)
            .map_or(1.0, |score| score.next_up())
    }

    pub fn percentile(&self, p: f64) -> f32 {
        let n = ((self.0.len().max(1) - 1) as f64 * p).round() as usize;
        self.0.get(n).copied().unwrap_or(f32::NAN)
    }

    pub fn len(&self) -> usize {
        self.0.len()
    }
}
