//! `Table`: what is held, by an id that each has in itself: a place in the table is as small as a pointer.
//!
//! A table that grows keeps half of its places empty, and with a key beside each pointer those alone took a megabyte. Absent on
//! purpose: order.

use crate::state::hashed::Fingerprint;
use hashbrown::HashTable;
use hashbrown::hash_table;
use std::hash::Hash;

/// Something that has its id in itself.
pub(super) trait Identified {
    type Id: Eq + Hash;

    fn id(&self) -> &Self::Id;
}

/// What is held, by id.
#[derive(Debug)]
pub(super) struct Table<T>(HashTable<Box<T>>);

fn hash(id: &impl Hash) -> u64 {
    Fingerprint::of(id).bits()
}

impl<T> Default for Table<T> {
    fn default() -> Self {
        Self(HashTable::new())
    }
}

impl<T: Identified> Table<T> {
    pub(super) fn get(&self, id: &T::Id) -> Option<&T> {
        self.0.find(hash(id), |held| held.id() == id).map(Box::as_ref)
    }

    pub(super) fn get_mut(&mut self, id: &T::Id) -> Option<&mut T> {
        self.0.find_mut(hash(id), |held| held.id() == id).map(Box::as_mut)
    }

    pub(super) fn contains(&self, id: &T::Id) -> bool {
        self.get(id).is_some()
    }

    /// Puts one in the place of another with the same id; gives that back.
    pub(super) fn insert(&mut self, one: T) -> Option<T> {
        match self.0.entry(hash(one.id()), |held| held.id() == one.id(), |held| hash(held.id())) {
            hash_table::Entry::Occupied(mut place) => Some(std::mem::replace(place.get_mut(), one)),
            hash_table::Entry::Vacant(place) => {
                place.insert(Box::new(one));
                None
            }
        }
    }

    pub(super) fn remove(&mut self, id: &T::Id) -> Option<Box<T>> {
        let found = self.0.find_entry(hash(id), |held| held.id() == id).ok()?;
        Some(found.remove().0)
    }

    /// Drops all but some.
    pub(super) fn retain(&mut self, mut stays: impl FnMut(&mut T) -> bool) {
        self.0.retain(|held| stays(held));
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &T> {
        self.0.iter().map(Box::as_ref)
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }
}

impl<T: Identified + PartialEq> PartialEq for Table<T> {
    fn eq(&self, other: &Self) -> bool {
        self.len() == other.len() && self.iter().all(|held| other.get(held.id()) == Some(held))
    }
}
