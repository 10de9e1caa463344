//! Pictures of the demo, painted by arithmetic: a ferry at night, hills at dawn, a wood, lights in a window, a lighthouse.
//!
//! The same name gives the same picture. Deliberately absent: anything that somebody else made.

#[cfg(feature = "images")]
mod badges;
#[cfg(feature = "images")]
mod painting;

#[cfg(feature = "images")]
use painting::pixel;
use std::sync::OnceLock;

/// Width and height of a picture and of its small copy, in pixels.
pub(super) const SIZE: (u32, u32) = (960, 640);
/// As [`SIZE`], of the small copy.
pub(super) const SMALL: (u32, u32) = (480, 320);

/// How many different pictures there are.
const VARIANTS: usize = 40;

/// The name of a picture of which these words are said: the same in every run.
pub(super) fn name(words: &str, place: usize) -> String {
    format!("{:016x}-{place}", hash(words))
}

/// The picture of a person, as a PNG.
pub(super) fn avatar(name: &str) -> Option<Vec<u8>> {
    #[cfg(feature = "images")]
    {
        let seed = hash(name);
        let side = badges::AVATAR;
        file(image::RgbImage::from_fn(side, side, |x, y| image::Rgb(badges::avatar(seed, (x, y)))))
    }
    #[cfg(not(feature = "images"))]
    {
        let _ = name;
        None
    }
}

/// The picture of a custom emoji, as a PNG.
pub(super) fn emoji(name: &str) -> Option<Vec<u8>> {
    #[cfg(feature = "images")]
    {
        let seed = hash(name);
        let side = badges::EMOJI;
        file(image::RgbaImage::from_fn(side, side, |x, y| image::Rgba(badges::emoji(name, seed, (x, y)))))
    }
    #[cfg(not(feature = "images"))]
    {
        let _ = name;
        None
    }
}

#[cfg(feature = "images")]
fn file(picture: impl Into<image::DynamicImage>) -> Option<Vec<u8>> {
    let mut file = std::io::Cursor::new(Vec::new());
    picture.into().write_to(&mut file, image::ImageFormat::Png).ok()?;
    Some(file.into_inner())
}

/// The picture of a name, as a PNG.
pub(super) fn png(name: &str, (width, height): (u32, u32)) -> Option<Vec<u8>> {
    #[cfg(feature = "images")]
    {
        let variant = variant(name);
        file(image::RgbImage::from_fn(width, height, |x, y| image::Rgb(pixel(variant, (x, y), (width, height)))))
    }
    #[cfg(not(feature = "images"))]
    {
        let (_, _, _) = (name, width, height);
        None
    }
}

/// What the picture of a name looks like in a few letters.
pub(super) fn blurhash(name: &str) -> String {
    static KNOWN: [OnceLock<String>; VARIANTS] = [const { OnceLock::new() }; VARIANTS];
    let variant = variant(name);
    KNOWN.get(variant).map_or_else(String::new, |known| known.get_or_init(|| blurred(variant)).clone())
}

fn blurred(variant: usize) -> String {
    const OTHERWISE: &str = "UFBWY:8_0Jxv4mx]t8t64.%M-:IUWGWAt6M}";
    #[cfg(feature = "images")]
    {
        let (width, height) = (48, 32);
        let pixels = (0..width * height).flat_map(|place| {
            let [red, green, blue] = pixel(variant, (place % width, place / width), (width, height));
            [red, green, blue, 255]
        });
        let pixels: Vec<u8> = pixels.collect();
        blurhash::encode(4, 3, width, height, &pixels).unwrap_or_else(|_| OTHERWISE.to_owned())
    }
    #[cfg(not(feature = "images"))]
    {
        let _ = variant;
        OTHERWISE.to_owned()
    }
}

fn variant(name: &str) -> usize {
    usize::try_from(hash(name) % VARIANTS as u64).unwrap_or_default()
}

fn hash(name: &str) -> u64 {
    let hash = name.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
    hash ^ (hash >> 29)
}

#[cfg(all(test, feature = "images"))]
mod tests {
    use super::*;

    #[test]
    fn the_same_words_give_the_same_picture_and_people_and_emoji_have_one() {
        assert_eq!(name("A goat", 0), name("A goat", 0));
        assert!(name("A goat", 0) != name("A goat", 1) && name("A goat", 0) != name("A cat", 0));
        for one in [avatar, emoji] {
            let (first, second) = (one("ferry").unwrap(), one("crab").unwrap());
            assert!(first.starts_with(b"\x89PNG") && first != second && one("ferry").unwrap() == first);
        }
    }

    #[test]
    fn names_give_pictures_that_are_told_apart_and_stay_the_same() {
        let one = png("1-0", SMALL).unwrap();
        assert!(one.starts_with(b"\x89PNG") && png("1-0", SMALL).unwrap() == one);
        let seen: std::collections::BTreeSet<usize> = (0..200).map(|number| variant(&format!("{number}-0"))).collect();
        assert!(seen.len() > VARIANTS / 2);
        assert_eq!(blurhash("1-0").len(), 28);
        let blurs: std::collections::BTreeSet<String> = (0..200).map(|number| blurhash(&format!("{number}-0"))).collect();
        assert!(blurs.len() > VARIANTS / 2, "{}", blurs.len());
    }
}
