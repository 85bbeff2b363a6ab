//! A person's own cut: tighter than the common one for a face that the network is sure of when it
//! is enrolled.
//!
//! What MUST hold:
//! 1. It makes bounds tighter and never looser: what the common bounds stop, these stop.
//! 2. It never rises above [`OwnCut::top`]. Light, days and noise move a person's margins, and a
//!    person whom no frame passes is locked out.
//! 3. Without a reading of the enrollment the common bounds apply.

use super::window::Bounds;

/// How a person's cut follows from the enrollment, in the detector's unit.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct OwnCut {
    /// So far below the enrollment's reading: what days, light and noise take away.
    pub below: f32,
    /// Where it lies at most.
    pub top: f32,
}

impl OwnCut {
    /// For MiniFASNet's margins. Between days before one webcam they fell by up to 7; at 0 the
    /// network itself holds living and not for equally likely (docs/evaluation.md, "Own margins").
    pub const MARGINS: Self = Self {
        below: 8.0,
        top: 0.0,
    };

    /// `bounds` for a person whose enrollment had this reading.
    pub fn tighten(self, bounds: &Bounds, own: Option<f32>) -> Bounds {
        let Some(own) = own.filter(|own| own.is_finite()) else {
            return *bounds;
        };
        let cut = (own - self.below).min(self.top);
        Bounds {
            sure: bounds.sure.max(cut),
            live: bounds.live.max(cut),
            ..*bounds
        }
    }
}

/// The middle of the readings, the lower one of two. `None` where there is none, or one that is no
/// number.
pub fn median(readings: impl IntoIterator<Item = f32>) -> Option<f32> {
    let mut readings: Vec<f32> = readings.into_iter().collect();
    readings.sort_by(f32::total_cmp);
    let middle = readings.get(readings.len().saturating_sub(1) / 2).copied();
    middle.filter(|_| readings.iter().all(|reading| reading.is_finite()))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const COMMON: Bounds = Bounds {
        sure: 0.0,
        live: -3.5,
        floor: -5.5,
        attack: -5.5,
    };

    #[test]
    fn the_cut_follows_the_enrollment_between_the_common_one_and_the_top() {
        // reading of the enrollment, cut, sure from
        let table = [
            (None, -3.5, 0.0),
            (Some(f32::NAN), -3.5, 0.0),
            (Some(f32::INFINITY), -3.5, 0.0),
            (Some(-20.0), -3.5, 0.0),
            (Some(0.5), -3.5, 0.0),
            (Some(4.5), -3.5, 0.0),
            (Some(5.0), -3.0, 0.0),
            (Some(7.0), -1.0, 0.0),
            (Some(8.0), 0.0, 0.0),
            (Some(15.0), 0.0, 0.0),
        ];
        for (own, live, sure) in table {
            let bounds = OwnCut::MARGINS.tighten(&COMMON, own);
            let expected = Bounds {
                live,
                sure,
                ..COMMON
            };
            assert_eq!(bounds, expected, "{own:?}");
        }
    }

    #[test]
    fn a_cut_above_what_is_sure_makes_less_sure() {
        let cut = OwnCut {
            below: 5.0,
            top: 4.0,
        };
        let bounds = cut.tighten(&COMMON, Some(8.0));
        assert_eq!((bounds.live, bounds.sure), (3.0, 3.0));
    }

    #[test]
    fn the_median_is_the_lower_one_of_two_and_none_of_no_numbers() {
        assert_eq!(median([]), None);
        assert_eq!(median([3.0, 1.0]), Some(1.0));
        assert_eq!(median([5.0, 9.0, 1.0]), Some(5.0));
        assert_eq!(median([5.0, f32::NAN, 1.0]), None);
    }

    proptest! {
        #[test]
        fn bounds_become_tighter_only(own in any::<f32>()) {
            let bounds = OwnCut::MARGINS.tighten(&COMMON, Some(own));
            prop_assert_eq!(bounds, bounds.strictest(&COMMON));
            prop_assert!(bounds.live <= OwnCut::MARGINS.top);
        }
    }
}
