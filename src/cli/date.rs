//! Times in UTC.

/// A time in seconds since 1970, to the minute.
pub fn time(seconds: u64) -> String {
    let minutes = seconds / 60 % (24 * 60);
    format!(
        "{} {:02}:{:02} UTC",
        date(seconds),
        minutes / 60,
        minutes % 60
    )
}

/// The day of a time in seconds since 1970, in UTC (the algorithm is Howard Hinnant's
/// `civil_from_days`).
pub fn date(seconds: u64) -> String {
    let day = seconds / 86_400 + 719_468;
    let (era, day_of_era) = (day / 146_097, day % 146_097);
    let year = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year + year / 4 - year / 100);
    let shifted = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted + 2) / 5 + 1;
    let month = if shifted < 10 {
        shifted + 3
    } else {
        shifted - 9
    };
    let year = era * 400 + year + u64::from(month <= 2);
    format!("{year:04}-{month:02}-{day:02}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_the_calendar_s() {
        for (seconds, day) in [
            (0, "1970-01-01"),
            (951_782_399, "2000-02-28"),
            (951_782_400, "2000-02-29"),
            (1_735_689_599, "2024-12-31"),
            (1_795_651_200, "2026-11-26"),
        ] {
            assert_eq!(date(seconds), day);
        }
    }
}
