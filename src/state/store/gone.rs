//! `Gone`: deleted statuses, remembered against late frames that would revive them.
//!
//! Long after a deletion nothing is asked about it but whether and when, and a busy server deletes for as long as the program
//! runs. So an id is kept as a fingerprint of 64 bits, and who wrote it for the newest alone, whose tombstones may stand.
//! Absent on purpose: the words of what was deleted, which leave at once.

use super::ring::Ring;
use crate::model::{AccountId, StatusId};
use crate::state::hashed::{IdMap, Keyed, make_room};
use std::collections::VecDeque;
use std::fmt;
use std::hash::BuildHasher as _;

/// How many deleted ids are remembered. At capacity they take 1 MB (with their ids and authors it would be 3.7 MB).
const KEPT: usize = 20_000;
/// How many turns are, with stale ones.
const MOST_IN_ORDER: usize = KEPT + KEPT / 4;
/// Of how many of them the author is remembered.
const AUTHORS_KEPT: usize = 1_000;

/// Stands for an id. That two ids of a lifetime share one takes 2^32 tries of whoever gives out the ids, who does not learn the
/// key of this run and would gain what not sending a status gains: that it is not seen.
type Fingerprint = u64;

/// The newest deletions. Not a [`Ring`], though it forgets alike: the moment is the turn too, which saves a third of the room.
#[derive(Default, PartialEq)]
pub(super) struct Gone {
    /// When each was deleted.
    moments: IdMap<Fingerprint, u64>,
    /// As they came; those that no longer match `moments` are stale.
    order: VecDeque<(u64, Fingerprint)>,
    authors: Ring<StatusId, AccountId>,
}

impl Gone {
    /// When a status was deleted, by the store's clock; `None` if it was not, or too many were deleted since.
    pub(super) fn moment(&self, id: &StatusId) -> Option<u64> {
        self.moments.get(&fingerprint(id)).copied()
    }

    /// Who wrote a deleted status, where that is still known.
    pub(super) fn author(&self, id: &StatusId) -> Option<&AccountId> {
        self.authors.get(id).filter(|_| self.moment(id).is_some())
    }

    /// Whose statuses they were, as far as that is still known.
    pub(super) fn authors(&self) -> impl Iterator<Item = &AccountId> {
        self.authors.values()
    }

    /// Remembers a deletion at a moment later than all before; of one that is known already the author stays.
    pub(super) fn insert(&mut self, id: &StatusId, author: Option<AccountId>, moment: u64) {
        let fingerprint = fingerprint(id);
        make_room(&mut self.moments);
        self.moments.insert(fingerprint, moment);
        if self.order.len() == self.order.capacity() {
            // Twice as many, but no more than there will be.
            let left = MOST_IN_ORDER.saturating_sub(self.order.len()) + 1;
            self.order.reserve_exact(left.min(self.order.len().max(64)));
        }
        self.order.push_back((moment, fingerprint));
        while self.moments.len() > KEPT
            && let Some((moment, oldest)) = self.order.pop_front()
        {
            if self.moments.get(&oldest) == Some(&moment) {
                self.moments.remove(&oldest);
            }
        }
        // What was lifted or deleted again leaves stale moments behind, so the order is bounded apart from the map.
        if self.order.len() > MOST_IN_ORDER {
            self.order.retain(|(moment, fingerprint)| self.moments.get(fingerprint) == Some(moment));
        }
        if let Some(author) = author {
            self.authors.insert(id.clone(), author, AUTHORS_KEPT);
        }
    }

    /// Forgets a deletion.
    pub(super) fn remove(&mut self, id: &StatusId) {
        self.moments.remove(&fingerprint(id));
        self.authors.remove(id);
    }
}

/// Their number: a dump of the state is for people, and these would be most of it.
impl fmt::Debug for Gone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Gone").field(&self.moments.len()).finish()
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
        let mut gone = Gone::default();
        for number in 0..KEPT * 3 {
            gone.insert(&id(number), AccountId::new("7"), u64::try_from(number).unwrap());
            // Deleted again and again, or lifted: neither may pile up.
            gone.insert(&id(1), None, u64::try_from(number).unwrap());
            gone.remove(&id(2));
        }
        assert!(gone.moments.len() <= KEPT && gone.order.len() <= MOST_IN_ORDER, "{gone:?}, {} in order", gone.order.len());
        let newest = KEPT * 3 - 1;
        assert_eq!(gone.moment(&id(newest)), u64::try_from(newest).ok());
        assert_eq!(gone.moment(&id(newest - KEPT / 2)), u64::try_from(newest - KEPT / 2).ok());
        assert_eq!((gone.moment(&id(newest - KEPT)), gone.moment(&id(2))), (None, None));
        assert_eq!(gone.author(&id(newest)), AccountId::new("7").as_ref());
        assert_eq!((gone.author(&id(newest - AUTHORS_KEPT)), gone.authors().count()), (None, AUTHORS_KEPT));
    }

    #[test]
    fn one_that_is_deleted_again_keeps_its_author_and_is_young_again() {
        let mut gone = Gone::default();
        gone.insert(&id(1), AccountId::new("7"), 1);
        gone.insert(&id(1), None, 2);
        assert_eq!((gone.moment(&id(1)), gone.author(&id(1))), (Some(2), AccountId::new("7").as_ref()));
        gone.remove(&id(1));
        assert_eq!((gone.moment(&id(1)), gone.author(&id(1))), (None, None));
    }
}
