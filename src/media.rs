//! Images, from the address that a post names to something that a terminal shows.
//!
//! ```text
//!  view ─wanted─> Studio ──door──> bytes ──disk──> pixels ──> Picture ──> Gallery ─> view
//! ```
//!
//! Nothing is fetched that is not in view, nothing is decoded on the loop, and every step has a bound: bytes, pixels, time,
//! and how many at once. A picture that cannot be had stays what it was before: its colours in a few letters (blurhash) and
//! the words of its author. Absent on purpose: where pictures stand, which is known from what the server says of them long
//! before they are here, and animation: of a GIF the first frame is shown.

#[cfg(feature = "images")]
mod decode;
#[cfg(feature = "images")]
mod disk;
mod gallery;
mod graphic;
#[cfg(feature = "images")]
mod studio;

use crate::model::Canvas;
#[cfg(feature = "images")]
pub use disk::Disk;
pub use gallery::Gallery;
pub use graphic::{Graphic, Laid};
use std::hash::{BuildHasher as _, RandomState};
use std::sync::{Arc, LazyLock};
#[cfg(feature = "images")]
pub use studio::Studio;

/// A picture of a size.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Key {
    /// Where it is.
    pub address: Arc<str>,
    /// Columns that it takes.
    pub columns: u16,
    /// Rows that it takes.
    pub rows: u16,
    /// Whether the screen shows through where it is transparent; else a ground of its own does.
    pub clear: bool,
}

/// A picture that was made for a canvas, or why there is none.
pub type Made = (Key, Canvas, Result<Picture, String>);

/// Where no pictures are made there is no studio.
#[cfg(not(feature = "images"))]
#[derive(Debug)]
pub enum Studio {}

#[cfg(not(feature = "images"))]
impl Studio {
    /// Never called.
    pub fn want(&mut self, _wanted: &[Key], _canvas: Canvas) {
        match *self {}
    }

    /// Never called.
    ///
    /// # Errors
    /// None.
    #[expect(clippy::unused_async, reason = "it stands for one that waits")]
    pub async fn next(&mut self) -> Result<Made, tokio::task::JoinError> {
        match *self {}
    }
}

/// A picture, made for a terminal.
#[derive(Debug, PartialEq, Eq)]
pub struct Picture {
    /// As half blocks: a pixel to a column, two to a row.
    pub blocks: Arc<Raster>,
    /// As the terminal takes it, where that is something else.
    pub graphic: Option<Arc<Graphic>>,
}

/// Pixels, row by row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Raster {
    width: u16,
    height: u16,
    pixels: Vec<[u8; 3]>,
    sum: u64,
}

/// The key of sums in this run.
static SUMS: LazyLock<RandomState> = LazyLock::new(RandomState::new);

impl Raster {
    /// So many columns and rows, with the red, green and blue of each pixel.
    pub fn new((width, height): (u16, u16), pixels: Vec<[u8; 3]>) -> Self {
        let sum = SUMS.hash_one((width, height, pixels.as_flattened()));
        Self { width, height, pixels, sum }
    }

    /// A number that another picture has as good as never, in this run.
    pub fn sum(&self) -> u64 {
        self.sum
    }

    /// The pixel at a place of a grid of `of` columns and rows, which need not be its own; black beyond its edges.
    pub fn at(&self, (x, y): (u16, u16), (width, height): (u16, u16)) -> [u8; 3] {
        let scaled = |place: u16, of: u16, own: u16| usize::from(place) * usize::from(own) / usize::from(of.max(1));
        let (x, y) = (scaled(x, width, self.width), scaled(y, height, self.height));
        self.pixels.get(y * usize::from(self.width) + x).copied().unwrap_or_default()
    }
}

impl Picture {
    /// Its size in memory, in bytes.
    fn size(&self) -> usize {
        self.blocks.pixels.len() * 3 + self.graphic.as_ref().map_or(0, |graphic| graphic.data.len())
    }
}

/// What a blurhash stands for in so many pixels; nothing where it is none. Its text is checked before anything is counted
/// in it.
///
/// Source: <https://github.com/woltapp/blurhash/blob/master/Algorithm.md>.
pub fn blurhash(hash: &str, width: u16, height: u16) -> Option<Raster> {
    #[cfg(feature = "images")]
    {
        decode::blurhash(hash, width, height)
    }
    #[cfg(not(feature = "images"))]
    {
        let (_, _, _) = (hash, width, height);
        None
    }
}
