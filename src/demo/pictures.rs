//! Pictures of the demo, painted by arithmetic: a ferry at night, hills at dawn, a wood, lights in a window, a lighthouse.
//!
//! The same name gives the same picture. Deliberately absent: anything that somebody else made.

use std::sync::OnceLock;

/// Width and height of a picture and of its small copy, in pixels.
pub(super) const SIZE: (u32, u32) = (960, 640);
/// As [`SIZE`], of the small copy.
pub(super) const SMALL: (u32, u32) = (480, 320);

/// How many different pictures there are.
const VARIANTS: usize = 40;
/// How many different subjects they have.
const SUBJECTS: usize = 5;

type Color = [f32; 3];

/// The picture of a name, as a PNG.
pub(super) fn png(name: &str, (width, height): (u32, u32)) -> Option<Vec<u8>> {
    #[cfg(feature = "images")]
    {
        let variant = variant(name);
        let picture = image::RgbImage::from_fn(width, height, |x, y| image::Rgb(pixel(variant, (x, y), (width, height))));
        let mut file = std::io::Cursor::new(Vec::new());
        picture.write_to(&mut file, image::ImageFormat::Png).ok()?;
        Some(file.into_inner())
    }
    #[cfg(not(feature = "images"))]
    {
        let _none: (&str, u32, u32) = (name, width, height);
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
        let _none = variant;
        OTHERWISE.to_owned()
    }
}

fn variant(name: &str) -> usize {
    let hash = name.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
    usize::try_from((hash ^ (hash >> 29)) % VARIANTS as u64).unwrap_or_default()
}

#[cfg(feature = "images")]
#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "small numbers, and colours within their range"
)]
fn pixel(variant: usize, (x, y): (u32, u32), (width, height): (u32, u32)) -> [u8; 3] {
    let (u, v) = ((x as f32 + 0.5) / width as f32, (y as f32 + 0.5) / height as f32);
    let seed = (variant / SUBJECTS) as f32;
    let color = match variant % SUBJECTS {
        0 => ferry(u, v, seed),
        1 => hills(u, v, seed),
        2 => wood(u, v, seed),
        3 => lights(u, v, seed),
        _ => lighthouse(u, v, seed),
    };
    // A little grain, as of a camera.
    let grain = (noise(u * 900.0, v * 600.0, seed) - 0.5) * 0.03;
    color.map(|part| ((part + grain).clamp(0.0, 1.0) * 255.0) as u8)
}

/// A number from 0 to 1 for a place, without any order.
fn noise(x: f32, y: f32, seed: f32) -> f32 {
    let wild = (x.floor() * 12.9898 + y.floor() * 78.233 + seed * 37.719).sin() * 43_758.547;
    wild - wild.floor()
}

/// The same without steps.
fn smooth(x: f32, y: f32, seed: f32) -> f32 {
    let (left, top) = (x.floor(), y.floor());
    let ease = |part: f32| part * part * (3.0 - 2.0 * part);
    let (across, down) = (ease(x - left), ease(y - top));
    let row = |y: f32| noise(left, y, seed) * (1.0 - across) + noise(left + 1.0, y, seed) * across;
    row(top) * (1.0 - down) + row(top + 1.0) * down
}

fn mix(one: Color, other: Color, share: f32) -> Color {
    let share = share.clamp(0.0, 1.0);
    [one[0] + (other[0] - one[0]) * share, one[1] + (other[1] - one[1]) * share, one[2] + (other[2] - one[2]) * share]
}

fn add(color: Color, light: Color, share: f32) -> Color {
    [color[0] + light[0] * share, color[1] + light[1] * share, color[2] + light[2] * share]
}

fn ferry(u: f32, v: f32, seed: f32) -> Color {
    const WATERLINE: f32 = 0.62;
    let (moon_u, moon_v) = (0.2 + seed * 0.08, 0.2);
    let sky = |u: f32, v: f32| {
        let mut color = mix([0.02, 0.03, 0.10], [0.16, 0.20, 0.38], v / WATERLINE);
        if noise(u * 160.0, v * 106.0, seed) > 0.994 {
            color = add(color, [0.8, 0.8, 0.7], 0.8);
        }
        let away = ((u - moon_u) * 1.5).hypot(v - moon_v);
        color = add(color, [0.5, 0.5, 0.42], (0.16 - away).max(0.0) * 2.0);
        if away < 0.055 { [0.97, 0.95, 0.84] } else { color }
    };
    // The boat, from the keel up: hull, two decks, funnel.
    let boat = |u: f32, v: f32| -> Option<Color> {
        let (bow, stern) = (0.86 - seed * 0.02, 0.40 - seed * 0.02);
        let slope = (v - 0.52).max(0.0);
        let lit = |deck: f32| {
            let window = ((u - stern) * 34.0).fract() < 0.62 && (v - deck).abs() < 0.014;
            if window { [1.0, 0.84, 0.46] } else { [0.80, 0.82, 0.86] }
        };
        if (0.52..WATERLINE + 0.015).contains(&v) && u > stern + slope * 0.3 && u < bow + (WATERLINE - v) * 0.35 {
            let stripe = (v - 0.545).abs() < 0.006;
            return Some(if stripe { [0.85, 0.85, 0.88] } else { [0.10, 0.14, 0.30] });
        }
        if (0.46..0.52).contains(&v) && u > stern + 0.02 && u < bow - 0.05 {
            return Some(lit(0.49));
        }
        if (0.40..0.46).contains(&v) && u > stern + 0.08 && u < bow - 0.12 {
            return Some(lit(0.43));
        }
        ((0.31..0.40).contains(&v) && (u - stern - 0.2).abs() < 0.028).then_some(if v < 0.335 {
            [0.1, 0.1, 0.12]
        } else {
            [0.72, 0.16, 0.14]
        })
    };
    if v < WATERLINE || boat(u, v).is_some() {
        return boat(u, v).unwrap_or_else(|| sky(u, v));
    }
    let depth = (v - WATERLINE) / (1.0 - WATERLINE);
    let wave = (smooth(u * 14.0, v * 70.0, seed) - 0.5) * 0.06 * (0.4 + depth);
    let (there_u, there_v) = (u + wave, 2.0 * WATERLINE - v + wave);
    let mirrored = boat(there_u, there_v).unwrap_or_else(|| sky(there_u, there_v.max(0.0)));
    let color = mix(mirrored, [0.02, 0.05, 0.12], 0.45 + depth * 0.25);
    let glitter = (0.05 - (u + wave * 2.0 - moon_u).abs()).max(0.0) * 9.0 * smooth(u * 60.0, v * 130.0, seed);
    add(color, [0.9, 0.88, 0.7], glitter)
}

fn hills(u: f32, v: f32, seed: f32) -> Color {
    let warm = 0.6 + seed * 0.05;
    let sun = ((u - 0.3 - seed * 0.06) * 1.5).hypot(v - 0.42);
    let mut color = mix([0.30, 0.42, 0.66], [0.99, 0.74, 0.46 * warm + 0.2], v * 1.7);
    color = add(color, [0.6, 0.4, 0.15], (0.4 - sun).max(0.0));
    if sun < 0.06 {
        color = [1.0, 0.95, 0.78];
    }
    for ridge in 0..5_u8 {
        let near = f32::from(ridge) / 4.0;
        let crest = 0.42 + near * 0.42 - (smooth(u * (3.0 + near * 2.0), near * 9.0, seed) - 0.5) * (0.34 - near * 0.12);
        let rough = (smooth(u * 46.0, near * 31.0, seed) - 0.5) * 0.016 * near;
        if v > crest + rough {
            let far = mix([0.62, 0.56, 0.66], [0.09, 0.15, 0.14], near);
            color = mix(far, [0.99, 0.80, 0.62], ((0.2 - (v - crest)).max(0.0)) * (1.2 - near));
        }
    }
    color
}

fn wood(u: f32, v: f32, seed: f32) -> Color {
    let mut color = mix([0.80, 0.90, 0.66], [0.36, 0.56, 0.32], v);
    let beam = ((u * 5.0 + v * 2.4 + seed).sin() * 0.5 + 0.5) * (1.0 - v);
    color = add(color, [0.25, 0.25, 0.08], beam * 0.5);
    for layer in 0..4_u8 {
        let near = f32::from(layer) / 3.0;
        let count = 16.0 - near * 10.0;
        let place = (u * count + f32::from(layer) * 0.37).floor();
        let lean = (noise(place, f32::from(layer), seed) - 0.5) * 0.6;
        let middle = (place + 0.5 + lean - f32::from(layer) * 0.37) / count;
        let thick = (0.006 + near * 0.018) * (0.7 + noise(place, 9.0 + f32::from(layer), seed) * 0.6) * (1.0 + v * 0.35);
        if (u - middle).abs() < thick {
            let bark = smooth(u * 300.0, v * 24.0, seed) * 0.12;
            let shade = mix([0.50, 0.60, 0.44], [0.10, 0.12, 0.09], near);
            color = add(shade, [1.0, 0.95, 0.7], bark * (1.0 - near * 0.5));
        }
    }
    let ground = 0.84 + (smooth(u * 8.0, 3.0, seed) - 0.5) * 0.05;
    if v > ground {
        let leaf = smooth(u * 90.0, v * 120.0, seed);
        color = mix([0.13, 0.22, 0.09], [0.42, 0.46, 0.16], leaf);
    }
    color
}

fn lights(u: f32, v: f32, seed: f32) -> Color {
    let mut color = mix([0.06, 0.05, 0.10], [0.20, 0.10, 0.10], v);
    for number in 0..26_u8 {
        let number = f32::from(number);
        let (x, y) = (noise(number, 1.0, seed), noise(number, 2.0, seed) * 0.9);
        let size = 0.03 + noise(number, 3.0, seed) * 0.07;
        let away = ((u - x) * 1.5).hypot(v - y);
        let hue = noise(number, 4.0, seed);
        let tint = if hue < 0.6 {
            [1.0, 0.70, 0.28]
        } else if hue < 0.8 {
            [0.95, 0.36, 0.30]
        } else {
            [0.40, 0.70, 0.95]
        };
        if away < size {
            let rim = if away > size * 0.86 { 0.62 } else { 0.38 };
            color = add(color, tint, rim * (0.5 + noise(number, 5.0, seed) * 0.5));
        }
    }
    let bar = ((u - 0.5).abs() < 0.012) || ((v - 0.55).abs() < 0.014) || !(0.02..0.98).contains(&u);
    if bar { [0.05, 0.04, 0.04] } else { color }
}

fn lighthouse(u: f32, v: f32, seed: f32) -> Color {
    const SEA: f32 = 0.66;
    let cloud = smooth(u * 4.0 + seed, v * 9.0, seed) * 0.6 + smooth(u * 11.0, v * 22.0, seed) * 0.4;
    let mut color = mix([0.30, 0.56, 0.86], [0.78, 0.90, 0.96], v / SEA);
    color = mix(color, [1.0, 1.0, 1.0], (cloud - 0.52).max(0.0) * 2.6);
    if v > SEA {
        let depth = (v - SEA) / (1.0 - SEA);
        let foam = smooth(u * 26.0, v * 110.0, seed);
        color = mix([0.16, 0.46, 0.60], [0.05, 0.24, 0.40], depth);
        color = add(color, [0.7, 0.8, 0.8], (foam - 0.78).max(0.0) * 2.0);
    }
    let rock = SEA - 0.02 - (0.2 - (u - 0.7).abs()) * 0.5 + (smooth(u * 22.0, 5.0, seed) - 0.5) * 0.05;
    if v > rock && (u - 0.7).abs() < 0.24 && v < SEA + 0.09 - (u - 0.7).abs() * 0.3 {
        color = mix([0.36, 0.32, 0.28], [0.16, 0.15, 0.15], smooth(u * 34.0, v * 40.0, seed));
    }
    let (middle, half) = (0.7, 0.022 + v * 0.03);
    if (0.24..rock.min(0.62)).contains(&v) && (u - middle).abs() < half {
        let red = ((v - 0.24) * 11.0).fract() < 0.5;
        let round = 1.0 - ((u - middle) / half + 0.3).abs() * 0.35;
        color = if red { [0.80 * round, 0.16 * round, 0.14 * round] } else { [0.96 * round, 0.95 * round, 0.92 * round] };
    }
    if (0.19..0.24).contains(&v) && (u - middle).abs() < 0.022 {
        color = [1.0, 0.93, 0.55];
    }
    if (0.16..0.19).contains(&v) && (u - middle).abs() < 0.03 - (0.19 - v) * 0.6 {
        color = [0.20, 0.20, 0.22];
    }
    color
}

#[cfg(all(test, feature = "images"))]
mod tests {
    use super::*;

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
