//! An open-addressing hash table from keys to numbers.
//!
//! A slot consists of two words: the key, and the value plus one, where zero means that the slot is
//! free. At least half of the slots stay free, so that a search is short.

use super::arena::Arena;

#[derive(Debug)]
pub(super) struct SlotTable<'s> {
    slots: &'s mut [u64],
}

impl<'s> SlotTable<'s> {
    /// Number of words for a table of this many keys.
    pub(super) const fn len(keys: usize) -> usize {
        2 * (2 * keys).next_power_of_two()
    }

    pub(super) const fn new(arena: &mut Arena<'s>, keys: usize) -> Self {
        Self {
            slots: arena.take(Self::len(keys)),
        }
    }

    pub(super) const fn get(&self, key: u64) -> Option<u64> {
        let slot = self.slot(key);
        self.slots[slot + 1].checked_sub(1)
    }

    /// Stores a value, and returns the value that it replaces.
    pub(super) const fn put(&mut self, key: u64, value: u64) -> Option<u64> {
        let slot = self.slot(key);
        let old = self.slots[slot + 1].checked_sub(1);
        self.slots[slot] = key;
        self.slots[slot + 1] = value + 1;
        old
    }

    /// The slot of a key, or the free slot where it belongs.
    const fn slot(&self, key: u64) -> usize {
        let mask = self.slots.len() - 1;
        let mut slot = (key as usize).wrapping_mul(2) & mask;
        while self.slots[slot + 1] != 0 && self.slots[slot] != key {
            slot = (slot + 2) & mask;
        }
        slot
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_that_share_a_slot_are_kept_apart() {
        let mut words = vec![0; SlotTable::len(3)];
        let mut table = SlotTable::new(&mut Arena::new(&mut words), 3);
        assert_eq!(table.put(8, 1), None);
        assert_eq!(table.put(16, 2), None);
        assert_eq!(table.put(0, 3), None);
        assert_eq!(table.put(16, 4), Some(2));
        assert_eq!(
            [8, 16, 0, 24].map(|key| table.get(key)),
            [Some(1), Some(4), Some(3), None]
        );
    }

    #[test]
    fn an_empty_table_finds_nothing() {
        let mut words = vec![0; SlotTable::len(0)];
        assert_eq!(SlotTable::new(&mut Arena::new(&mut words), 0).get(7), None);
    }
}
