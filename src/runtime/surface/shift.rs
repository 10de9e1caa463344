//! Whether parts of rows have only moved, with others beside them: then the terminal can move them, and less is left to write.
//!
//! Rows are told by a stretch of their beginning, and the shift that most of them agree on is tried out: it is taken where less has to
//! be written with it, whatever stands beside them. Absent on purpose: how a terminal is told.

use super::rows::{Rows, differences};
use crate::ui::Shift;
use ratatui::buffer::Cell;
use std::collections::{BTreeSet, HashMap};

/// The columns that tell a row: not the bar beside a chosen one, and not what is right of a narrow list.
const TELLING: std::ops::Range<usize> = 2..34;
/// What a shift costs by itself, in cells.
const PRICE: usize = 24;

/// The shift after which least is left to write, where there is one that pays.
pub(super) fn find(shown: &Rows, wanted: &Rows, touched: &BTreeSet<u16>) -> Option<Shift> {
    let known = known(shown);
    let mut votes: HashMap<i32, (usize, Shift)> = HashMap::new();
    for y in touched {
        let Some(from) = telling(wanted.row(*y)).and_then(|word| *known.get(&word)?) else { continue };
        let (top, bottom, by) = (from.min(*y), from.max(*y), i32::from(*y) - i32::from(from));
        let (count, shift) = votes.entry(by).or_insert((0, Shift { top, bottom, by }));
        *count += 1;
        (shift.top, shift.bottom) = (shift.top.min(top), shift.bottom.max(bottom));
    }
    votes.remove(&0);
    // Of equals the nearest, so that the same screens always move in the same way.
    let (count, shift) = votes.into_values().max_by_key(|(count, shift)| (*count, -shift.by.abs(), shift.by))?;
    (count > 1 && pays(shown, wanted, shift)).then_some(shift)
}

fn pays(shown: &Rows, wanted: &Rows, Shift { top, bottom, by }: Shift) -> bool {
    let (mut with, mut without) = (PRICE, 0);
    for y in top..=bottom {
        let comes = i32::from(y) - by;
        let before = u16::try_from(comes).ok().filter(|from| (top..=bottom).contains(from)).map_or(&[][..], |from| shown.row(from));
        with += differences(before, wanted.row(y));
        without += differences(shown.row(y), wanted.row(y));
    }
    with < without
}

/// The rows of a screen by what tells them; nothing where several have the same.
fn known(rows: &Rows) -> HashMap<u64, Option<u16>> {
    let mut known = HashMap::new();
    for y in 0..rows.height() {
        if let Some(word) = telling(rows.row(y)) {
            known.entry(word).and_modify(|place| *place = None).or_insert(Some(y));
        }
    }
    known
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
