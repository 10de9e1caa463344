//! `Targets`: numbers for the addresses that links on the screen lead to.
//!
//! A cell has no room for an address, so it carries the number, in the colour of its underline, which nothing else sets. Two
//! cells with the same number lead to the same address, in whichever frame: a number is not given away twice. Absent on
//! purpose: what a terminal is told of them (`runtime`).

use crate::state::hashed::IdMap;
use crate::text::WebAddress;
use ratatui::style::Color;
use std::cell::RefCell;
use std::rc::Rc;

/// From how many addresses on all are forgotten, with the cards that carry their numbers. Some 150 bytes each.
const MANY: usize = 4_000;
/// The numbers that a colour can carry.
const NUMBERS: u32 = 1 << 24;

/// Addresses and their numbers; clones share them.
#[derive(Debug, Clone, Default)]
pub struct Targets(Rc<RefCell<Held>>);

#[derive(Debug, Default)]
struct Held {
    /// In the order of their numbers.
    addresses: Vec<WebAddress>,
    /// The number of the first of them.
    first: u32,
    /// Where each of them stands.
    places: IdMap<WebAddress, u32>,
    /// How many one frame alone took, the first since all were forgotten.
    in_view: Option<usize>,
}

/// They do not change how anything looks.
impl PartialEq for Targets {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Targets {
    /// The address that a cell with this colour under it leads to, and its number.
    pub fn of(&self, underline: Color) -> Option<(u32, WebAddress)> {
        let number = number(underline)?;
        let held = self.0.borrow();
        let place = number.wrapping_sub(held.first) % NUMBERS;
        held.addresses.get(usize::try_from(place).ok()?).map(|address| (number, address.clone()))
    }

    /// The colour that leads to an address.
    pub(crate) fn color(&self, address: &WebAddress) -> Color {
        let Held { addresses, first, places, in_view: _ } = &mut *self.0.borrow_mut();
        let place = *places.entry(address.clone()).or_insert_with(|| {
            addresses.push(address.clone());
            u32::try_from(addresses.len() - 1).unwrap_or_default()
        });
        color(first.wrapping_add(place) % NUMBERS)
    }

    /// Whether it is time to forget. Asked when a frame begins.
    pub(crate) fn are_many(&self) -> bool {
        let mut held = self.0.borrow_mut();
        let count = held.addresses.len();
        // Where one screen shows as many, to forget them with each frame would be of no use.
        count >= MANY.max(*held.in_view.get_or_insert(count) * 2)
    }

    /// Forgets all addresses; their numbers lead nowhere from now on.
    pub(crate) fn forget(&self) {
        let Held { addresses, first, places, in_view } = &mut *self.0.borrow_mut();
        *first = first.wrapping_add(u32::try_from(addresses.len()).unwrap_or_default()) % NUMBERS;
        addresses.clear();
        places.clear();
        *in_view = None;
    }
}

fn color(number: u32) -> Color {
    let [_, red, green, blue] = number.to_be_bytes();
    Color::Rgb(red, green, blue)
}

fn number(color: Color) -> Option<u32> {
    if let Color::Rgb(red, green, blue) = color { Some(u32::from_be_bytes([0, red, green, blue])) } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_leads_to_one_address_for_ever() {
        let targets = Targets::default();
        let [one, two] = ["https://tide.example/1", "https://tide.example/2"].map(|raw| WebAddress::read(raw).unwrap());
        let (first, second) = (targets.color(&one), targets.color(&two));
        assert_eq!((targets.color(&one), targets.of(second).unwrap().1), (first, two.clone()));
        assert_ne!(first, second);
        targets.clone().forget();
        assert_eq!(targets.of(first), None);
        assert!(![first, second].contains(&targets.color(&two)), "given away twice");
        assert_eq!(targets.of(Color::Reset), None);
    }

    #[test]
    fn they_are_many_where_a_screen_does_not_show_them_all() {
        let targets = Targets::default();
        let mut number = 0;
        let mut show = |count: usize| {
            for _ in 0..count {
                number += 1;
                targets.color(&WebAddress::read(&format!("https://tide.example/{number}")).unwrap());
            }
            targets.are_many()
        };
        assert!(!show(10) && !show(MANY - 11) && show(1));
        targets.forget();
        assert!(!show(MANY * 2) && !show(MANY) && show(MANY), "one frame takes twice as many");
        targets.forget();
        assert!(!show(1) && show(MANY));
    }
}
