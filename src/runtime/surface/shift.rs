//! Whether parts of rows have only moved, with others beside them: then the terminal can move them, and less is left to write.
//!
//! Rows are told by a stretch of their beginning, and the shift that most of them agree on is tried out: it is taken where less has to
//! be written with it, whatever stands beside them. Absent on purpose: how a terminal is told.

use super::Wanted;
use super::rows::{Glyph, Row, Rows};

use crate::state::hashed::Keyed;
use crate::ui::Shift;
use std::collections::BTreeMap;
use std::hash::{BuildHasher as _, Hasher as _};

/// The columns that tell a row: not the bar beside a chosen one, and not what is right of a narrow list.
const TELLING: std::ops::Range<usize> = 2..34;
/// What a shift costs by itself, in cells.
const PRICE: usize = 24;

/// The shift after which least is left to write, where there is one that pays. Rows that are not wanted otherwise stay as they are.
pub(super) fn find(shown: &Rows, wanted: &BTreeMap<u16, Wanted<'_>>) -> Option<Shift> {
    let before = (0..shown.height()).filter_map(|y| Some((y, telling(shown.row(y))?)));
    let after = wanted.iter().filter_map(|(y, wanted)| Some((*y, telling(&wanted.row)?)));
    Shift::agreed(before, after).filter(|shift| pays(shown, wanted, *shift))
}

fn pays(shown: &Rows, wanted: &BTreeMap<u16, Wanted<'_>>, shift: Shift) -> bool {
    let (mut with, mut without) = (PRICE, 0);
    let blank = Row::default();
    for y in shift.rows() {
        let before = shift.source(y).map_or(&blank, |from| shown.row(from));
        let after = wanted.get(&y).map_or_else(|| shown.row(y), |wanted| &wanted.row);
        with += before.differences(after);
        without += shown.row(y).differences(after);
    }
    with < without
}

/// A number for what tells a row; nothing where that is blank.
fn telling(row: &Row) -> Option<u64> {
    let mut sum = Keyed::default().build_hasher();
    let mut is_blank = true;
    for glyph in row.part(TELLING) {
        is_blank &= glyph.symbol() == Glyph::BLANK.symbol();
        sum.write_u64(glyph.symbol());
    }
    (!is_blank).then(|| sum.finish())
}
