//! `Halves`: a row of a picture in half blocks, two pixels to a cell.
//!
//! It is told by a few numbers, however many cells it has, and goes through its pixels where it is drawn alone: a picture stands in
//! many frames and changes with hardly any. Absent on purpose: where pictures stand (`pictures`).

use crate::media::Raster;
use crate::state::hashed::Folding;
use crate::ui::glyph::Glyph;
use crate::ui::theme::{Depth, shown};
use ratatui::style::Style;
use std::hash::Hasher as _;
use std::sync::Arc;

/// A cell in two colours, the upper half in that of the letter.
pub(crate) const UPPER: &str = "\u{2580}";

/// A row of a picture.
#[derive(Debug, Clone)]
pub(crate) struct Halves {
    pub(crate) raster: Arc<Raster>,
    /// Columns and rows, of cells, that the whole picture takes.
    pub(crate) size: (u16, u16),
    pub(crate) row: u16,
}

impl Halves {
    /// Sums up what it is.
    pub(crate) fn tell(&self, sum: &mut Folding) {
        let (columns, rows) = self.size;
        sum.write_u64(u64::from(columns) | u64::from(rows) << 16 | u64::from(self.row) << 32);
        sum.write_u64(self.raster.sum());
    }

    /// Draws its first cells, on a ground.
    pub(crate) fn ink(&self, row: &mut [Glyph], ground: Style, depth: Depth) {
        let grid = (self.size.0, self.size.1.saturating_mul(2));
        let half = Glyph::new(UPPER, 1).styled(ground);
        let mut last = None;
        for (column, glyph) in (0..).zip(row) {
            let pixels = [0, 1].map(|lower| self.raster.at((column, self.row.saturating_mul(2) + lower), grid));
            // Of a small picture drawn large many are alike.
            *glyph = match last {
                Some((known, drawn)) if known == pixels => drawn,
                Some(_) | None => {
                    let [fg, bg] = pixels.map(|pixel| shown(depth, pixel));
                    half.styled(Style { fg, bg, ..Style::new() })
                }
            };
            last = Some((pixels, *glyph));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ratatui::style::Color;

    #[test]
    fn a_row_has_two_rows_of_pixels_and_is_as_wide_as_it_is_said_to_be() {
        let pixels: Vec<[u8; 3]> = (0..8).map(|number| [number; 3]).collect();
        let raster = Arc::new(Raster::new((2, 4), pixels));
        let colors = |row, depth| {
            let mut glyphs = vec![Glyph::BLANK; 4];
            Halves { raster: Arc::clone(&raster), size: (4, 2), row }.ink(&mut glyphs, Style::new().bg(Color::Red), depth);
            assert!(glyphs.iter().all(|glyph| glyph.is_picture()));
            glyphs.iter().map(|glyph| (glyph.fg(), glyph.bg())).collect::<Vec<_>>()
        };
        let cell = |upper: u8, lower: u8| (Color::Rgb(upper, upper, upper), Color::Rgb(lower, lower, lower));
        assert_eq!(colors(0, Depth::True), [cell(0, 2), cell(0, 2), cell(1, 3), cell(1, 3)]);
        assert_eq!(colors(1, Depth::True), [cell(4, 6), cell(4, 6), cell(5, 7), cell(5, 7)]);
        assert_eq!(colors(1, Depth::None), [(Color::Reset, Color::Red); 4]);
    }

    #[test]
    fn what_is_told_of_it_is_its_own() {
        use crate::state::hashed::Keyed;
        use std::hash::BuildHasher as _;
        let told = |color: u8, size, row| {
            let mut sum = Keyed::default().build_hasher();
            Halves { raster: Arc::new(Raster::new((1, 2), vec![[color; 3]; 2])), size, row }.tell(&mut sum);
            sum.finish()
        };
        assert_eq!(told(1, (4, 2), 0), told(1, (4, 2), 0));
        let others = [told(2, (4, 2), 0), told(1, (4, 3), 0), told(1, (4, 2), 1)];
        assert!(others.iter().all(|other| *other != told(1, (4, 2), 0)), "{others:?}");
    }
}
