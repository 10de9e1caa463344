//! `Gone`: deleted statuses, remembered against late frames that would revive them.
//!
//! Long after a deletion nothing is asked about it but whether and when, and a busy server deletes for as long as the program
//! runs. So an id is kept as a fingerprint: a server that seeks another with the same one would gain what not sending a status gains, that
//! it is not seen. Who wrote it is kept for the newest alone, whose tombstones may stand.
//! Absent on purpose: the words of what was deleted, which leave at once.

use super::ring::Ring;
use crate::model::{AccountId, StatusId};
use crate::state::hashed::{Fingerprint, make_room_in_table};
use hashbrown::HashTable;
use std::collections::VecDeque;
use std::fmt;

/// How many deleted ids are remembered, in 0.1 MB: where two are deleted each second, which is a busy server, those of forty minutes.
/// Late frames come within one.
const KEPT: usize = 5_000;
/// Of how many of them the author is remembered.
const AUTHORS_KEPT: usize = 1_000;

/// The newest deletions. Not a [`Ring`], though it forgets alike: a number beside each takes a third of the room.
#[derive(Default)]
pub(super) struct Gone {
    order: Order,
    /// The number of each that is not forgotten.
    numbers: HashTable<u32>,
    authors: Ring<StatusId, AccountId>,
}

/// Deletions as they came, each with its moment.
#[derive(Default)]
struct Order {
    all: VecDeque<(Fingerprint, u64)>,
    /// The number of the first, of which one more is that of the next; after the largest comes zero.
    first: u32,
}

impl Order {
    fn place(&self, number: u32) -> usize {
        usize::try_from(number.wrapping_sub(self.first)).unwrap_or(usize::MAX)
    }

    fn at(&self, number: u32) -> (Fingerprint, u64) {
        self.all.get(self.place(number)).copied().unwrap_or_default()
    }

    fn fingerprint(&self, number: u32) -> Fingerprint {
        self.at(number).0
    }

    /// Adds one to fewer than [`KEPT`]; gives its number.
    fn push(&mut self, fingerprint: Fingerprint, moment: u64) -> u32 {
        let length = self.all.len();
        if length == self.all.capacity() {
            // Twice as many, but no more than there will be.
            self.all.reserve_exact(length.max(64).min(KEPT.saturating_sub(length)));
        }
        self.all.push_back((fingerprint, moment));
        self.first.wrapping_add(u32::try_from(length).unwrap_or_default())
    }
}

impl Gone {
    /// When a status was deleted, by the store's clock; `None` if it was not, or too many were deleted since.
    pub(super) fn moment(&self, id: &StatusId) -> Option<u64> {
        Some(self.order.at(self.number(Fingerprint::of(id))?).1)
    }

    fn number(&self, fingerprint: Fingerprint) -> Option<u32> {
        self.numbers.find(fingerprint.bits(), |number| self.order.fingerprint(*number) == fingerprint).copied()
    }

    /// Who wrote a deleted status, where that is still known.
    pub(super) fn author(&self, id: &StatusId) -> Option<&AccountId> {
        self.authors.get(id).filter(|_| self.moment(id).is_some())
    }

    /// Whose statuses they were, as far as that is still known.
    pub(super) fn authors(&self) -> impl Iterator<Item = &AccountId> {
        self.authors.values()
    }

    /// Remembers a deletion at a moment later than all before. One that is known already keeps its author, and its turn: told of often,
    /// it would have all others forgotten.
    pub(super) fn insert(&mut self, id: &StatusId, author: Option<AccountId>, moment: u64) {
        let fingerprint = Fingerprint::of(id);
        if let Some(number) = self.number(fingerprint) {
            let place = self.order.place(number);
            if let Some(known) = self.order.all.get_mut(place) {
                known.1 = moment;
            }
        } else {
            self.forget_oldest();
            let number = self.order.push(fingerprint, moment);
            let Self { order, numbers, .. } = self;
            let hash = |number: &u32| order.fingerprint(*number).bits();
            make_room_in_table(numbers, hash);
            numbers.insert_unique(fingerprint.bits(), number, hash);
        }
        if let Some(author) = author {
            self.authors.insert(id.clone(), author, AUTHORS_KEPT);
        }
    }

    /// Makes room for one more in the order.
    fn forget_oldest(&mut self) {
        while self.order.all.len() >= KEPT
            && let Some((oldest, _)) = self.order.all.pop_front()
        {
            let number = self.order.first;
            self.order.first = number.wrapping_add(1);
            self.forget(oldest, number);
        }
    }

    fn forget(&mut self, fingerprint: Fingerprint, number: u32) {
        if let Ok(found) = self.numbers.find_entry(fingerprint.bits(), |held| *held == number) {
            found.remove();
        }
    }

    /// Forgets a deletion.
    pub(super) fn remove(&mut self, id: &StatusId) {
        let fingerprint = Fingerprint::of(id);
        if let Some(number) = self.number(fingerprint) {
            self.forget(fingerprint, number);
        }
        self.authors.remove(id);
    }
}

impl PartialEq for Gone {
    fn eq(&self, other: &Self) -> bool {
        let all = |gone: &Self| {
            let mut all: Vec<_> = gone.numbers.iter().map(|number| gone.order.at(*number)).collect();
            all.sort_unstable();
            all
        };
        all(self) == all(other) && self.authors == other.authors
    }
}

/// Their number: a dump of the state is for people, and these would be most of it.
impl fmt::Debug for Gone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Gone").field(&self.numbers.len()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(number: usize) -> StatusId {
        StatusId::new(&number.to_string()).unwrap()
    }

    #[test]
    fn the_newest_deletions_are_known_and_no_more_are_kept() {
        // Numbers wrap around among them.
        let order = Order { first: u32::MAX - 30_000, ..Order::default() };
        let mut gone = Gone { order, ..Gone::default() };
        for number in 3..KEPT * 3 {
            gone.insert(&id(number), AccountId::new("7"), u64::try_from(number).unwrap());
            // Deleted again and again, which must not push others out; or lifted, and then deleted again.
            gone.insert(&id(number - 1), None, u64::try_from(number - 1).unwrap());
            if number.is_multiple_of(4) {
                gone.remove(&id(number));
            }
        }
        assert!(gone.numbers.len() <= KEPT && gone.order.all.capacity() <= KEPT, "{gone:?}, {} in order", gone.order.all.capacity());
        assert!(gone.numbers.capacity() < KEPT * 3 / 2, "{}", gone.numbers.capacity());
        let newest = KEPT * 3 - 1;
        for number in newest - KEPT / 2..=newest {
            assert_eq!(gone.moment(&id(number)), u64::try_from(number).ok());
        }
        assert_eq!((gone.moment(&id(newest - KEPT * 3 / 2)), gone.moment(&id(1))), (None, None));
        assert_eq!(gone.author(&id(newest)), AccountId::new("7").as_ref());
        assert_eq!((gone.author(&id(newest - AUTHORS_KEPT * 2)), gone.authors().count()), (None, AUTHORS_KEPT));
    }

    #[test]
    fn one_that_is_deleted_again_keeps_its_author_and_has_the_later_moment() {
        let mut gone = Gone::default();
        gone.insert(&id(1), AccountId::new("7"), 1);
        gone.insert(&id(1), None, 2);
        assert_eq!((gone.moment(&id(1)), gone.author(&id(1))), (Some(2), AccountId::new("7").as_ref()));
        gone.remove(&id(1));
        assert_eq!((gone.moment(&id(1)), gone.author(&id(1))), (None, None));
        gone.insert(&id(1), None, 3);
        assert_eq!((gone.moment(&id(1)), gone.author(&id(1)), gone.numbers.len()), (Some(3), None, 1));
    }
}
