//! `Targets`: numbers for the addresses that links on the screen lead to.
//!
//! A cell has no room for an address, so it carries the number, in the colour of its underline, which nothing else sets. Two
//! cells with the same number lead to the same address, in whichever frame: a number is not given away twice. Absent on
//! purpose: what a terminal is told of them (`runtime`).

use crate::text::WebAddress;
use ratatui::style::Color;
use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

/// Most addresses held; then all are forgotten, with the cards that carry their numbers.
const MOST: usize = 20_000;
/// The numbers that a colour can carry.
const NUMBERS: u32 = 1 << 24;

/// Addresses and their numbers; clones share them.
#[derive(Debug, Clone, Default)]
pub struct Targets(Rc<RefCell<Held>>);

#[derive(Debug, Default)]
struct Held {
    numbers: HashMap<WebAddress, u32>,
    addresses: HashMap<u32, WebAddress>,
    last: u32,
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
        self.0.borrow().addresses.get(&number).map(|address| (number, address.clone()))
    }

    /// The colour that leads to an address.
    pub(crate) fn color(&self, address: &WebAddress) -> Color {
        let mut held = self.0.borrow_mut();
        if let Some(number) = held.numbers.get(address) {
            return color(*number);
        }
        held.last = (held.last + 1) % NUMBERS;
        let number = held.last;
        held.numbers.insert(address.clone(), number);
        held.addresses.insert(number, address.clone());
        color(number)
    }

    /// Whether it is time to forget.
    pub(crate) fn is_full(&self) -> bool {
        self.0.borrow().numbers.len() >= MOST
    }

    /// Forgets all addresses; their numbers lead nowhere from now on.
    pub(crate) fn forget(&self) {
        let mut held = self.0.borrow_mut();
        held.numbers.clear();
        held.addresses.clear();
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
}
