//! `Ring`: a map that forgets its oldest entries.

use crate::state::hashed::{IdMap, make_room};
use std::collections::VecDeque;

/// A map that forgets its oldest entries.
#[derive(Debug, PartialEq)]
pub(super) struct Ring<K: Eq + std::hash::Hash, V> {
    map: IdMap<K, (u64, V)>,
    /// Keys as they came, each with the turn of its insertion; those that no longer match the map are stale.
    order: VecDeque<(u64, K)>,
    turn: u64,
}

impl<K: Eq + std::hash::Hash, V> Default for Ring<K, V> {
    fn default() -> Self {
        Self { map: IdMap::default(), order: VecDeque::new(), turn: 0 }
    }
}

impl<K: Clone + Eq + std::hash::Hash, V> Ring<K, V> {
    pub(super) fn get(&self, key: &K) -> Option<&V> {
        self.map.get(key).map(|(_, value)| value)
    }

    pub(super) fn values(&self) -> impl Iterator<Item = &V> {
        self.map.values().map(|(_, value)| value)
    }

    pub(super) fn insert(&mut self, key: K, value: V, most: usize) {
        self.turn += 1;
        make_room(&mut self.map);
        self.map.insert(key.clone(), (self.turn, value));
        self.order.push_back((self.turn, key));
        while self.map.len() > most
            && let Some((turn, oldest)) = self.order.pop_front()
        {
            if self.map.get(&oldest).is_some_and(|(held, _)| *held == turn) {
                self.map.remove(&oldest);
            }
        }
        // What was removed or put again leaves stale turns behind, so the order is bounded apart from the map.
        if self.order.len() > most * 2 {
            self.order.retain(|(turn, key)| self.map.get(key).is_some_and(|(held, _)| held == turn));
        }
    }

    pub(super) fn remove(&mut self, key: &K) -> Option<V> {
        self.map.remove(key).map(|(_, value)| value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ring_stays_small_when_the_same_keys_come_again_and_again() {
        let mut ring = Ring::default();
        for turn in 0..100 {
            let key = turn % 3;
            ring.remove(&key);
            ring.insert(key, turn, 4);
            assert!(ring.order.len() <= 8 && ring.map.len() <= 3, "{ring:?}");
        }
        for key in 10..14 {
            ring.insert(key, key, 4);
        }
        assert_eq!((ring.get(&2), ring.get(&10), ring.get(&13)), (None, Some(&10), Some(&13)), "the oldest go first");
    }

    #[test]
    fn a_key_put_again_is_young_again() {
        let mut ring = Ring::default();
        for key in [1, 2, 3, 1, 4] {
            ring.insert(key, (), 3);
        }
        assert!(ring.get(&1).is_some() && ring.get(&2).is_none());
    }
}
