//! `Multi`: what belongs to an id, in the order in which it came.
//!
//! Of a post there is mostly one boost and one notification, which takes no room but its own; of one that the world likes there are
//! thousands, and the first of them, which goes first, goes without a look at the others.

use crate::state::hashed::{IdMap, make_room};
use std::collections::VecDeque;
use std::collections::hash_map::Entry;
use std::hash::Hash;

/// A map to several values; a key that has none is not in it.
#[derive(Debug, PartialEq)]
pub(super) struct Multi<K: Eq + Hash, V>(IdMap<K, Few<V>>);

/// One value, or two and more.
#[derive(Debug, PartialEq)]
enum Few<V> {
    One(V),
    #[expect(clippy::box_collection, reason = "nearly all are alone, and take a quarter less for it")]
    Many(Box<VecDeque<V>>),
}

impl<K: Eq + Hash, V> Default for Multi<K, V> {
    fn default() -> Self {
        Self(IdMap::default())
    }
}

impl<K: Eq + Hash, V: PartialEq> Multi<K, V> {
    pub(super) fn contains(&self, key: &K) -> bool {
        self.0.contains_key(key)
    }

    /// What belongs to a key, in the order in which it came.
    pub(super) fn of(&self, key: &K) -> impl DoubleEndedIterator<Item = &V> {
        let (one, many) = match self.0.get(key) {
            Some(Few::One(one)) => (Some(one), None),
            Some(Few::Many(many)) => (None, Some(many.iter())),
            None => (None, None),
        };
        one.into_iter().chain(many.into_iter().flatten())
    }

    pub(super) fn push(&mut self, key: K, value: V) {
        make_room(&mut self.0);
        match self.0.entry(key) {
            Entry::Vacant(vacant) => drop(vacant.insert(Few::One(value))),
            Entry::Occupied(mut held) => match held.get_mut() {
                Few::Many(many) => many.push_back(value),
                Few::One(_) => {
                    let Few::One(first) = held.insert(Few::Many(Box::default())) else { return };
                    held.insert(Few::Many(Box::new(VecDeque::from([first, value]))));
                }
            },
        }
    }

    /// Takes a value from a key, if it has it.
    pub(super) fn remove(&mut self, key: &K, value: &V) {
        match self.0.get_mut(key) {
            Some(Few::One(one)) if one == value => drop(self.0.remove(key)),
            Some(few @ Few::Many(_)) => {
                if let Few::Many(many) = few
                    && let Some(place) = many.iter().position(|held| held == value)
                {
                    many.remove(place);
                }
                few.shrink();
            }
            Some(Few::One(_)) | None => {}
        }
    }

    /// Takes out a key; gives what belonged to it.
    pub(super) fn take(&mut self, key: &K) -> VecDeque<V> {
        match self.0.remove(key) {
            Some(Few::One(one)) => VecDeque::from([one]),
            Some(Few::Many(many)) => *many,
            None => VecDeque::new(),
        }
    }

    /// Keeps the values of which something is true.
    pub(super) fn retain(&mut self, keep: impl Fn(&V) -> bool) {
        self.0.retain(|_, few| match few {
            Few::One(one) => keep(one),
            Few::Many(many) => {
                many.retain(&keep);
                let is_any = !many.is_empty();
                few.shrink();
                is_any
            }
        });
    }
}

impl<V> Few<V> {
    /// Has one that is left be by itself.
    fn shrink(&mut self) {
        if let Self::Many(many) = self
            && many.len() == 1
            && let Some(one) = many.pop_front()
        {
            *self = Self::One(one);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    proptest! {
        #[test]
        fn it_is_a_map_to_lists_of_which_none_is_empty(steps in prop::collection::vec((0_u8..4, 0_u8..3, 0_u8..6), 0..60)) {
            let (mut multi, mut lists) = (Multi::<u8, u8>::default(), BTreeMap::<u8, Vec<u8>>::new());
            for (what, key, value) in steps {
                match what {
                    0 | 1 => {
                        multi.push(key, value);
                        lists.entry(key).or_default().push(value);
                    }
                    2 => {
                        multi.remove(&key, &value);
                        let list = lists.entry(key).or_default();
                        if let Some(place) = list.iter().position(|held| *held == value) {
                            list.remove(place);
                        }
                    }
                    _ if value == 0 => {
                        prop_assert_eq!(Vec::from(multi.take(&key)), lists.remove(&key).unwrap_or_default());
                    }
                    _ => {
                        multi.retain(|held| *held != value);
                        for list in lists.values_mut() {
                            list.retain(|held| *held != value);
                        }
                    }
                }
                lists.retain(|_, list| !list.is_empty());
                for key in 0..3 {
                    let list = lists.get(&key).cloned().unwrap_or_default();
                    prop_assert_eq!(multi.contains(&key), !list.is_empty());
                    prop_assert_eq!(multi.of(&key).copied().collect::<Vec<_>>(), list);
                }
                prop_assert!(multi.0.values().all(|few| !matches!(few, Few::Many(many) if many.len() < 2)));
            }
        }
    }

    #[test]
    fn one_that_is_alone_takes_no_room_but_its_own() {
        use crate::model::StatusId;
        assert_eq!(size_of::<Few<StatusId>>(), size_of::<StatusId>());
    }
}
