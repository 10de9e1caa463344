//! Whether parts of rows have only moved, with others beside them: then the terminal can move them, and less is left to write.
//!
//! Rows are told by a stretch of their beginning, and the shift that most of them agree on is tried out: it is taken where less has to
//! be written with it, whatever stands beside them. Absent on purpose: how a terminal is told.

use super::rows::{Rows, differences};
use crate::ui::Shift;
use ratatui::buffer::Cell;
use std::collections::BTreeSet;

/// The columns that tell a row: not the bar beside a chosen one, and not what is right of a narrow list.
const TELLING: std::ops::Range<usize> = 2..34;
/// What a shift costs by itself, in cells.
const PRICE: usize = 24;

/// The shift after which least is left to write, where there is one that pays.
pub(super) fn find(shown: &Rows, wanted: &Rows, touched: &BTreeSet<u16>) -> Option<Shift> {
    let before = (0..shown.height()).filter_map(|y| Some((y, telling(shown.row(y))?)));
    let after = touched.iter().filter_map(|y| Some((*y, telling(wanted.row(*y))?)));
    Shift::agreed(before, after).filter(|shift| pays(shown, wanted, *shift))
}

fn pays(shown: &Rows, wanted: &Rows, shift: Shift) -> bool {
    let (mut with, mut without) = (PRICE, 0);
    for y in shift.rows() {
        let before = shift.source(y).map_or(&[][..], |from| shown.row(from));
        with += differences(before, wanted.row(y));
        without += differences(shown.row(y), wanted.row(y));
    }
    with < without
}

/// A number for what tells a row; nothing where that is blank.
fn telling(row: &[Cell]) -> Option<u64> {
    let (mut word, mut is_blank) = (0xcbf2_9ce4_8422_2325_u64, true);
    for cell in row.iter().take(TELLING.end).skip(TELLING.start) {
        let symbol = cell.symbol();
        is_blank &= symbol == " ";
        for byte in symbol.bytes() {
            word = (word ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }
    (!is_blank).then_some(word)
}
