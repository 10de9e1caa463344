//! `Gone`: deleted statuses, remembered against late frames that would revive them.
//!
//! Long after a deletion nothing is asked about it but whether and when, and a busy server deletes for as long as the program
//! runs. So an id is kept as a fingerprint of 64 bits, and who wrote it for the newest alone, whose tombstones may stand.
//! Absent on purpose: the words of what was deleted, which leave at once.

use super::ring::Ring;
use crate::model::{AccountId, StatusId};
use crate::state::hashed::{Keyed, is_full, room};
use hashbrown::HashTable;
use std::collections::VecDeque;
use std::fmt;
use std::hash::BuildHasher as _;

/// How many deleted ids are remembered. At capacity they take half a megabyte (with their ids and authors it would be 3.7 MB).
const KEPT: usize = 20_000;
/// Of how many of them the author is remembered.
const AUTHORS_KEPT: usize = 1_000;

/// Stands for an id. That two ids of a lifetime share one takes 2^32 tries of whoever gives out the ids, who does not learn the
/// key of this run and would gain what not sending a status gains: that it is not seen.
type Fingerprint = u64;

/// The newest deletions. Not a [`Ring`], though it forgets alike: a number beside each takes a third of the room.
#[derive(Default)]
pub(super) struct Gone {
    /// Each with its moment, as they came; those that `numbers` does not name are forgotten.
    order: VecDeque<(Fingerprint, u64)>,
    /// How many have left the order, modulo 2^32: the first of it has this number.
    first: u32,
    /// The number of each.
    numbers: HashTable<u32>,
    authors: Ring<StatusId, AccountId>,
}

impl Gone {
    /// When a status was deleted, by the store's clock; `None` if it was not, or too many were deleted since.
    pub(super) fn moment(&self, id: &StatusId) -> Option<u64> {
        let fingerprint = fingerprint(id);
        let number = self.numbers.find(fingerprint, |number| self.at(*number).0 == fingerprint)?;
        Some(self.at(*number).1)
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
        let fingerprint = fingerprint(id);
        if let Some(number) = self.numbers.find(fingerprint, |number| self.at(*number).0 == fingerprint).copied() {
            if let Some(known) = self.order.get_mut(place(self.first, number)) {
                known.1 = moment;
            }
        } else {
            self.forget_oldest();
            if self.order.len() == self.order.capacity() {
                // Twice as many, but no more than there will be.
                self.order.reserve_exact(self.order.len().max(64).min(KEPT - self.order.len()));
            }
            // There are at most `KEPT`.
            let number = self.first.wrapping_add(u32::try_from(self.order.len()).unwrap_or_default());
            self.order.push_back((fingerprint, moment));
            self.make_room();
            let Self { order, first, numbers, .. } = self;
            numbers.insert_unique(fingerprint, number, |number| at(order, *first, *number).0);
        }
        if let Some(author) = author {
            self.authors.insert(id.clone(), author, AUTHORS_KEPT);
        }
    }

    /// Makes room for one more in the order.
    fn forget_oldest(&mut self) {
        while self.order.len() >= KEPT
            && let Some((oldest, _)) = self.order.pop_front()
        {
            if let Ok(found) = self.numbers.find_entry(oldest, |number| *number == self.first) {
                found.remove();
            }
            self.first = self.first.wrapping_add(1);
        }
    }

    /// Makes room for one more in the table, as for those of `hashed`.
    fn make_room(&mut self) {
        if is_full(self.numbers.len(), self.numbers.capacity()) {
            let Self { order, first, numbers, .. } = self;
            let hash = |number: &u32| at(order, *first, *number).0;
            let held: Vec<u32> = numbers.drain().collect();
            numbers.reserve(room(held.len()), hash);
            for number in held {
                numbers.insert_unique(hash(&number), number, hash);
            }
        }
    }

    /// Forgets a deletion.
    pub(super) fn remove(&mut self, id: &StatusId) {
        let fingerprint = fingerprint(id);
        let Self { order, first, numbers, .. } = self;
        if let Ok(found) = numbers.find_entry(fingerprint, |number| at(order, *first, *number).0 == fingerprint) {
            found.remove();
        }
        self.authors.remove(id);
    }

    fn at(&self, number: u32) -> (Fingerprint, u64) {
        at(&self.order, self.first, number)
    }
}

/// The deletion of that number.
fn at(order: &VecDeque<(Fingerprint, u64)>, first: u32, number: u32) -> (Fingerprint, u64) {
    order.get(place(first, number)).copied().unwrap_or_default()
}

/// Where in the order it is.
fn place(first: u32, number: u32) -> usize {
    usize::try_from(number.wrapping_sub(first)).unwrap_or(usize::MAX)
}

impl PartialEq for Gone {
    fn eq(&self, other: &Self) -> bool {
        let all = |gone: &Self| {
            let mut all: Vec<_> = gone.numbers.iter().map(|number| gone.at(*number)).collect();
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

fn fingerprint(id: &StatusId) -> Fingerprint {
    Keyed::default().hash_one(id)
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
        let mut gone = Gone { first: u32::MAX - 30_000, ..Gone::default() };
        for number in 3..KEPT * 3 {
            gone.insert(&id(number), AccountId::new("7"), u64::try_from(number).unwrap());
            // Deleted again and again, which must not push others out; or lifted, and then deleted again.
            gone.insert(&id(number - 1), None, u64::try_from(number - 1).unwrap());
            if number.is_multiple_of(4) {
                gone.remove(&id(number));
            }
        }
        assert!(gone.numbers.len() <= KEPT && gone.order.capacity() <= KEPT, "{gone:?}, {} in order", gone.order.capacity());
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
