//! `Gallery`: pictures that are held in memory, within a bound; the least looked at go first.
//!
//! It belongs to whoever draws. Absent on purpose: fetching.

use super::{Key, Picture, Raster, blurhash};
use crate::model::{Canvas, Form};
use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Bytes of pictures that are held.
const HELD: usize = 64 * 1024 * 1024;
/// Pictures and failures that are remembered.
const MOST: usize = 512;
/// How long a picture that could not be had is not asked for again.
const AGAIN: Duration = Duration::from_secs(120);
/// Columns and rows in which a blurhash is painted; it has no more to say.
const BLUR: (u16, u16) = (24, 24);

/// Pictures held in memory.
#[derive(Debug)]
pub struct Gallery {
    canvas: Canvas,
    held: HashMap<Key, Held>,
    blurs: HashMap<Arc<str>, (Option<Arc<Raster>>, u64)>,
    bytes: usize,
    looks: u64,
}

#[derive(Debug)]
struct Held {
    outcome: Result<Arc<Picture>, Failed>,
    looked: u64,
}

/// A picture that could not be had.
#[derive(Debug, Clone)]
struct Failed {
    why: String,
    at: Instant,
}

impl Default for Gallery {
    fn default() -> Self {
        let canvas = Canvas { form: Form::Blocks, cell: (1, 2) };
        Self { canvas, held: HashMap::new(), blurs: HashMap::new(), bytes: 0, looks: 0 }
    }
}

impl Gallery {
    /// Pictures are for this canvas from now on; those for another one are forgotten.
    pub fn hang_on(&mut self, canvas: Canvas) {
        if self.canvas != canvas {
            self.canvas = canvas;
            self.held.clear();
            self.bytes = 0;
        }
    }

    /// What pictures are for.
    pub fn canvas(&self) -> Canvas {
        self.canvas
    }

    /// A picture, where it is held.
    pub fn picture(&mut self, key: &Key) -> Option<Arc<Picture>> {
        self.looks += 1;
        let held = self.held.get_mut(key)?;
        held.looked = self.looks;
        held.outcome.as_ref().ok().map(Arc::clone)
    }

    /// The same picture in another size.
    pub fn other_size(&self, address: &str) -> Option<Arc<Picture>> {
        let same = self.held.iter().filter(|(key, _)| &*key.address == address);
        let largest = same.filter_map(|(_, held)| held.outcome.as_ref().ok()).max_by_key(|picture| picture.blocks.pixels.len());
        largest.map(Arc::clone)
    }

    /// Why a picture could not be had, where that was tried.
    pub fn failure(&self, key: &Key) -> Option<&str> {
        self.held.get(key)?.outcome.as_ref().err().map(|failed| failed.why.as_str())
    }

    /// The colours of a blurhash; nothing where it is none.
    pub fn blur(&mut self, hash: &str) -> Option<Arc<Raster>> {
        self.looks += 1;
        if let Some((raster, looked)) = self.blurs.get_mut(hash) {
            *looked = self.looks;
            return raster.clone();
        }
        let raster = blurhash(hash, BLUR.0, BLUR.1).map(Arc::new);
        if self.blurs.len() >= MOST {
            let oldest = self.blurs.iter().min_by_key(|(_, (_, looked))| *looked).map(|(hash, _)| Arc::clone(hash));
            oldest.map(|hash| self.blurs.remove(&hash));
        }
        self.blurs.insert(hash.into(), (raster.clone(), self.looks));
        raster
    }

    /// Whether a picture has still to be asked for.
    pub fn lacks(&self, key: &Key, now: Instant) -> bool {
        match self.held.get(key).map(|held| &held.outcome) {
            None => true,
            Some(Ok(_)) => false,
            Some(Err(failed)) => now.duration_since(failed.at) >= AGAIN,
        }
    }

    /// Takes a picture, or why there is none.
    pub fn hang(&mut self, key: Key, outcome: Result<Picture, String>, now: Instant) {
        self.looks += 1;
        let outcome = outcome.map(Arc::new).map_err(|why| Failed { why, at: now });
        self.bytes += size(&outcome);
        if let Some(old) = self.held.insert(key, Held { outcome, looked: self.looks }) {
            self.bytes -= size(&old.outcome);
        }
        while (self.bytes > HELD || self.held.len() > MOST) && self.held.len() > 1 {
            let Some(oldest) = self.held.iter().min_by_key(|(_, held)| held.looked).map(|(key, _)| key.clone()) else { return };
            if let Some(old) = self.held.remove(&oldest) {
                self.bytes -= size(&old.outcome);
            }
        }
    }
}

fn size(outcome: &Result<Arc<Picture>, Failed>) -> usize {
    outcome.as_ref().map_or(0, |picture| picture.size())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[expect(clippy::disallowed_methods, reason = "some moment to count from")]
    fn now() -> Instant {
        Instant::now()
    }

    fn key(address: &str) -> Key {
        Key { address: address.into(), columns: 4, rows: 2, clear: false }
    }

    fn picture(pixels: u16) -> Picture {
        let raster = Raster::new((pixels, 1024), vec![[1, 2, 3]; usize::from(pixels) * 1024]);
        Picture { blocks: Arc::new(raster), graphic: None }
    }

    #[test]
    fn the_least_looked_at_go_first_and_the_bound_holds() {
        let (mut gallery, now) = (Gallery::default(), now());
        // Eleven MiB each.
        for number in 0..12 {
            gallery.hang(key(&number.to_string()), Ok(picture(3584)), now);
            assert!(gallery.picture(&key("0")).is_some(), "looked at all the time");
            assert!(gallery.bytes <= HELD, "{number}: {}", gallery.bytes);
        }
        assert!(gallery.picture(&key("1")).is_none() && gallery.picture(&key("11")).is_some());
        gallery.hang(key("0"), Ok(picture(1)), now);
        let bytes: usize = gallery.held.values().map(|held| size(&held.outcome)).sum();
        assert_eq!(gallery.bytes, bytes);
        for number in 0..2_000 {
            gallery.hang(key(&format!("small {number}")), Err("none".to_owned()), now);
        }
        assert!(gallery.held.len() <= MOST);
    }

    #[test]
    fn what_failed_is_asked_for_again_later_and_another_canvas_forgets_all() {
        let (mut gallery, now) = (Gallery::default(), now());
        assert!(gallery.lacks(&key("a"), now));
        gallery.hang(key("a"), Err("not today".to_owned()), now);
        assert_eq!(gallery.failure(&key("a")), Some("not today"));
        assert!(!gallery.lacks(&key("a"), now) && gallery.lacks(&key("a"), now + AGAIN));
        gallery.hang(key("a"), Ok(picture(1)), now);
        assert!(!gallery.lacks(&key("a"), now + AGAIN) && gallery.other_size("a").is_some() && gallery.other_size("b").is_none());
        gallery.hang_on(Canvas { form: Form::Kitty, cell: (10, 20) });
        assert!(gallery.lacks(&key("a"), now) && gallery.bytes == 0);
    }

    #[test]
    fn blurs_are_painted_once_and_bounded() {
        let mut gallery = Gallery::default();
        assert!(gallery.blur("not one").is_none());
        for number in 0..2_000 {
            assert!(gallery.blur(&number.to_string()).is_none());
        }
        assert!(gallery.blurs.len() <= MOST);
    }
}
