//! How many bits of a 16-bit mono format carry the value, where nothing says: pure.
#![forbid(unsafe_code)]

use super::decode::Layout;

/// What sensors have.
const WIDTHS: [u8; 4] = [10, 12, 14, 16];
/// Every how many pixels one is looked at, across and down.
const STEP: usize = 3;
/// Pixels that may lie over the width without counting: hot ones.
const OUTLIERS: f32 = 0.002;

/// The fewest bits that hold what was seen so far. A dim start may look narrower than the sensor
/// is, so the width grows when brighter values come, and never shrinks.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct SignificantBits {
    index: usize,
}

impl SignificantBits {
    /// For a format that says how many bits it has; some cameras fill more.
    pub fn at_least(bits: u8) -> Self {
        let index = WIDTHS.iter().position(|width| *width >= bits);
        Self {
            index: index.unwrap_or(WIDTHS.len() - 1),
        }
    }

    /// Takes a frame of 16-bit little-endian values into account.
    pub fn observe(&mut self, bytes: &[u8], layout: Layout) -> u8 {
        let row = layout.width as usize * 2;
        let stride = (layout.stride as usize).max(row).max(1);
        while self.index + 1 < WIDTHS.len() {
            let most = 1_u32 << WIDTHS[self.index];
            let (mut over, mut count) = (0_u32, 0_u32);
            for line in bytes
                .chunks(stride)
                .take(layout.height as usize)
                .step_by(STEP)
            {
                let line = &line[..row.min(line.len())];
                for pair in line.chunks_exact(2).step_by(STEP) {
                    over += u32::from(u32::from(u16::from_le_bytes([pair[0], pair[1]])) >= most);
                    count += 1;
                }
            }
            if over as f32 <= count as f32 * OUTLIERS {
                break;
            }
            self.index += 1;
        }
        self.found()
    }

    pub fn found(&self) -> u8 {
        WIDTHS[self.index]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bits(state: &mut SignificantBits, values: impl Fn(usize) -> u16) -> u8 {
        let bytes: Vec<u8> = (0..90 * 60)
            .flat_map(|at| values(at).to_le_bytes())
            .collect();
        state.observe(&bytes, Layout::packed(90, 60))
    }

    #[test]
    fn the_width_is_what_holds_the_values_and_it_only_grows() {
        let mut state = SignificantBits::default();
        assert_eq!(bits(&mut state, |_| 0), 10, "black says nothing");
        assert_eq!(bits(&mut state, |at| (at % 1024) as u16), 10);
        assert_eq!(bits(&mut state, |at| (at % 4000) as u16), 12);
        assert_eq!(bits(&mut state, |at| (at % 800) as u16), 12);
        let sixteen = |at: usize| (at * 8) as u16;
        assert_eq!(bits(&mut SignificantBits::default(), sixteen), 16);
    }

    #[test]
    fn a_format_whose_values_lie_at_the_top_of_their_bits_is_not_read_as_white() {
        let mut state = SignificantBits::at_least(10);
        assert_eq!(bits(&mut state, |at| ((at % 1024) << 6) as u16), 16);
        let mut state = SignificantBits::at_least(12);
        assert_eq!(bits(&mut state, |at| (at % 900) as u16), 12, "never fewer");
        assert_eq!(SignificantBits::at_least(16).found(), 16);
    }

    #[test]
    fn a_hot_pixel_and_a_short_buffer_change_nothing() {
        let mut state = SignificantBits::default();
        assert_eq!(
            bits(&mut state, |at| if at == 0 { 65_535 } else { 500 }),
            10
        );
        assert_eq!(state.observe(&[255; 7], Layout::packed(640, 480)), 16);
        assert_eq!(
            SignificantBits::default().observe(&[], Layout::packed(0, 0)),
            10
        );
    }
}
