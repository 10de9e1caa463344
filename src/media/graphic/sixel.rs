//! Sixels: six rows of pixels at a time, a colour at a time, from a palette that the picture itself gives.
//!
//! The palette is cut from the picture by halves (median cut), and what a pixel is off by is passed on to its neighbours
//! (Floyd and Steinberg). What is more than half clear is not painted.
//!
//! Source: <https://vt100.net/docs/vt3xx-gp/chapter14.html>.

use image::{Rgba, RgbaImage};
use std::fmt::Write as _;

/// Fewest and most colours of a palette.
const COLORS: (usize, usize) = (2, 256);
/// Bits of each part of a colour by which the nearest of the palette is looked up.
const BITS: u32 = 5;

type Color = [u8; 3];

/// The whole sequence for an image. Its height is cut to whole bands of six rows, so that it never reaches into the line
/// beneath.
pub(super) fn encoded(image: &RgbaImage, colors: u16) -> Vec<u8> {
    let colors = usize::from(colors).clamp(COLORS.0, COLORS.1);
    let (width, height) = (image.width() as usize, (image.height() / 6 * 6).max(image.height().min(6)) as usize);
    let palette = palette(image, colors);
    let indices = dithered(image, &palette);
    let mut out = format!("\x1bP0;1q\"1;1;{width};{height}");
    for (index, [red, green, blue]) in palette.iter().enumerate() {
        let percent = |part: &u8| (u32::from(*part) * 100 + 127) / 255;
        // Writing to a string does not fail.
        let _infallible = write!(out, "#{index};2;{};{};{}", percent(red), percent(green), percent(blue));
    }
    for band in indices.get(..width * height).unwrap_or(&indices).chunks(width * 6) {
        write_band(&mut out, band, width);
    }
    out.push_str("\x1b\\");
    out.into_bytes()
}

fn write_band(out: &mut String, band: &[Option<u8>], width: usize) {
    let mut used = [false; 256];
    for index in band.iter().flatten() {
        if let Some(used) = used.get_mut(usize::from(*index)) {
            *used = true;
        }
    }
    let mut is_first = true;
    for color in (0..=u8::MAX).zip(used).filter_map(|(color, used)| used.then_some(color)) {
        if !std::mem::take(&mut is_first) {
            out.push('$');
        }
        let _infallible = write!(out, "#{color}");
        let mut run: (char, usize) = ('?', 0);
        for x in 0..width {
            let column = band.iter().skip(x).step_by(width).enumerate();
            let bits = column.fold(0_u8, |bits, (row, index)| if *index == Some(color) { bits | 1 << row } else { bits });
            let sixel = char::from(b'?' + bits);
            if sixel == run.0 {
                run.1 += 1;
            } else {
                write_run(out, run);
                run = (sixel, 1);
            }
        }
        // What is empty up to the end needs no words.
        if run.0 != '?' {
            write_run(out, run);
        }
    }
    out.push('-');
}

fn write_run(out: &mut String, (sixel, count): (char, usize)) {
    if count > 3 {
        let _infallible = write!(out, "!{count}{sixel}");
    } else {
        out.extend(std::iter::repeat_n(sixel, count));
    }
}

/// Colours that stand for those of the image, by halving the box of colours that reaches farthest.
fn palette(image: &RgbaImage, colors: usize) -> Vec<Color> {
    let step = (image.width() as usize * image.height() as usize / 16_384).max(1);
    let all: Vec<Color> = image.pixels().step_by(step).copied().filter_map(color_of).collect();
    let mut boxes = vec![all];
    while boxes.len() < colors {
        let reach = |held: &Vec<Color>| longest(held).1 * u32::try_from(held.len().min(4096)).unwrap_or(4096);
        let Some(place) = (0..boxes.len()).max_by_key(|place| boxes.get(*place).map(reach)) else { break };
        let mut held = boxes.swap_remove(place);
        let (part, reach) = longest(&held);
        if reach == 0 {
            boxes.push(held);
            break;
        }
        held.sort_unstable_by_key(|color| color.get(part).copied());
        let upper = held.split_off(held.len() / 2);
        boxes.extend([held, upper]);
    }
    let mut colors: Vec<Color> = boxes.iter().filter(|held| !held.is_empty()).map(|held| mean(held)).collect();
    colors.sort_unstable();
    colors.dedup();
    colors
}

/// Which part of the colours differs most, and by how much.
fn longest(colors: &[Color]) -> (usize, u32) {
    let reach = |part: usize| {
        let parts = || colors.iter().filter_map(|color| color.get(part).copied());
        u32::from(parts().max().unwrap_or(0)) - u32::from(parts().min().unwrap_or(0))
    };
    (0..3).map(|part| (part, reach(part))).max_by_key(|(_, reach)| *reach).unwrap_or_default()
}

/// The colour of a pixel, where there is enough of it.
fn color_of(pixel: Rgba<u8>) -> Option<Color> {
    let [red, green, blue, alpha] = pixel.0;
    (alpha > u8::MAX / 2).then_some([red, green, blue])
}

fn mean(colors: &[Color]) -> Color {
    let sum = colors.iter().fold([0_usize; 3], |[red, green, blue], color| {
        [red + usize::from(color[0]), green + usize::from(color[1]), blue + usize::from(color[2])]
    });
    sum.map(|sum| u8::try_from(sum / colors.len().max(1)).unwrap_or(u8::MAX))
}

/// Which colour of the palette each pixel gets.
fn dithered(image: &RgbaImage, palette: &[Color]) -> Vec<Option<u8>> {
    let width = image.width() as usize;
    let mut known: Vec<Option<u8>> = vec![None; 1 << (BITS * 3)];
    let mut indices = Vec::with_capacity(width * image.height() as usize);
    // What is passed on to this row and the next, with a pixel beyond each end.
    let (mut here, mut below) = (vec![[0_i32; 3]; width + 2], vec![[0_i32; 3]; width + 2]);
    for row in image.rows() {
        for (x, pixel) in row.enumerate() {
            let Some(color) = color_of(*pixel) else {
                indices.push(None);
                continue;
            };
            let owed = here.get(x + 1).copied().unwrap_or_default();
            let mut wanted = [0_u8; 3];
            for ((part, own), owed) in wanted.iter_mut().zip(color).zip(owed) {
                *part = u8::try_from((i32::from(own) + owed / 16).clamp(0, 255)).unwrap_or_default();
            }
            let index = nearest(palette, wanted, &mut known);
            indices.push(Some(index));
            let given = palette.get(usize::from(index)).copied().unwrap_or_default();
            for (part, (wanted, given)) in wanted.into_iter().zip(given).enumerate() {
                let off = i32::from(wanted) - i32::from(given);
                for (row, at, share) in [(0, x + 2, 7), (1, x, 3), (1, x + 1, 5), (1, x + 2, 1)] {
                    let row = if row == 0 { &mut here } else { &mut below };
                    if let Some(owed) = row.get_mut(at).and_then(|pixel| pixel.get_mut(part)) {
                        *owed += off * share;
                    }
                }
            }
        }
        here = std::mem::replace(&mut below, vec![[0; 3]; width + 2]);
    }
    indices
}

fn nearest(palette: &[Color], [red, green, blue]: Color, known: &mut [Option<u8>]) -> u8 {
    let high = |part: u8| usize::from(part >> (8 - BITS));
    let place = high(red) << (BITS * 2) | high(green) << BITS | high(blue);
    if let Some(Some(index)) = known.get(place) {
        return *index;
    }
    let distance = |color: &Color| {
        let square = |one: u8, other: u8| (i32::from(one) - i32::from(other)).pow(2);
        square(color[0], red) * 2 + square(color[1], green) * 4 + square(color[2], blue)
    };
    let found = (0..=u8::MAX).zip(palette).min_by_key(|(_, color)| distance(color)).map_or(0, |(index, _)| index);
    if let Some(slot) = known.get_mut(place) {
        *slot = Some(found);
    }
    found
}

#[cfg(test)]
#[expect(clippy::cast_possible_truncation, clippy::string_slice, reason = "small pictures, and text of ASCII alone")]
mod tests {
    use super::*;
    use std::collections::HashMap;

    /// Reads what a terminal would paint: pixels by column and row.
    fn painted(bytes: &[u8]) -> HashMap<(usize, usize), [u32; 3]> {
        let text = std::str::from_utf8(bytes).unwrap();
        let inner = text.strip_prefix("\x1bP0;1q").unwrap().strip_suffix("\x1b\\").unwrap();
        let (mut colors, mut pixels) = (HashMap::new(), HashMap::new());
        let (mut x, mut y, mut color) = (0, 0, 0);
        let mut rest = inner;
        let number = |rest: &mut &str| {
            let end = rest.find(|ch: char| !ch.is_ascii_digit()).unwrap_or(rest.len());
            let (digits, after) = rest.split_at(end);
            *rest = after;
            digits.parse::<usize>().unwrap()
        };
        while let Some(letter) = rest.chars().next() {
            rest = &rest[1..];
            match letter {
                '"' => rest = rest.trim_start_matches(|ch: char| ch.is_ascii_digit() || ch == ';'),
                '#' => {
                    color = number(&mut rest);
                    if rest.starts_with(";2;") {
                        rest = &rest[3..];
                        let mut parts = [0; 3];
                        for (place, part) in parts.iter_mut().enumerate() {
                            *part = number(&mut rest) as u32;
                            if place < 2 {
                                rest = &rest[1..];
                            }
                        }
                        colors.insert(color, parts);
                    }
                }
                '$' => x = 0,
                '-' => (x, y) = (0, y + 6),
                '!' | '?'..='~' => {
                    let count = if letter == '!' { number(&mut rest) } else { 1 };
                    let sixel = if letter == '!' {
                        let sixel = rest.chars().next().unwrap();
                        rest = &rest[1..];
                        sixel
                    } else {
                        letter
                    };
                    for _ in 0..count {
                        for row in (0..6).filter(|row| (sixel as u8 - b'?') >> row & 1 == 1) {
                            assert!(pixels.insert((x, y + row), colors[&color]).is_none(), "painted twice");
                        }
                        x += 1;
                    }
                }
                other => panic!("{other:?}"),
            }
        }
        pixels
    }

    #[test]
    fn every_pixel_is_painted_once_in_about_its_colour() {
        let image = RgbaImage::from_fn(50, 20, |x, y| Rgba([(x * 5) as u8, (y * 12) as u8, if x > 25 { 250 } else { 5 }, 255]));
        for colors in [16, 256] {
            let pixels = painted(&encoded(&image, colors));
            assert_eq!(pixels.len(), 50 * 18, "whole bands alone");
            let off: u32 = pixels
                .iter()
                .map(|((x, y), color)| {
                    let own = image.get_pixel(*x as u32, *y as u32).0;
                    own.iter().take(3).zip(color).map(|(own, given)| (u32::from(*own) * 100 / 255).abs_diff(*given)).sum::<u32>()
                })
                .sum();
            assert!(off / 900 < if colors == 16 { 60 } else { 20 }, "{colors}: {}", off / 900);
        }
    }

    #[test]
    fn few_colours_stay_as_they_are_and_runs_are_counted() {
        let image = RgbaImage::from_fn(100, 6, |x, _| if x < 60 { Rgba([255, 0, 0, 255]) } else { Rgba([0, 0, 255, 255]) });
        let out = encoded(&image, 256);
        let text = String::from_utf8(out.clone()).unwrap();
        assert!(text.contains("!60~") && text.contains("!40~") && text.len() < 120, "{text}");
        assert!(painted(&out).values().all(|color| *color == [100, 0, 0] || *color == [0, 0, 100]));
        assert!(painted(&encoded(&RgbaImage::from_pixel(3, 2, Rgba([9, 9, 9, 255])), 16)).len() == 6, "less than one band");
    }
}
