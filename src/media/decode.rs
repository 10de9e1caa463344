//! Bytes to pixels, within bounds: 4,096 pixels a side, 64 MiB of memory. A header that promises more costs nothing.
//!
//! Slow, and so never called on the loop. Absent on purpose: formats that servers do not send (HEIC, AVIF), and frames
//! behind the first.

use super::{Graphic, Picture, Raster};
use crate::model::{Canvas, Form};
use crate::text::guard;
use image::metadata::Orientation;
use image::{DynamicImage, GenericImageView as _, ImageDecoder as _, ImageReader, Limits, Rgba, RgbaImage, imageops};
use std::io::Cursor;
use std::sync::Arc;

/// Pixels of a side.
const SIDE: u32 = 4096;
/// Bytes that decoding may take.
const MEMORY: u64 = 64 * 1024 * 1024;
/// The largest picture that is made, in pixels of a side: the whole of a large screen.
const MADE: u32 = 2048;
/// How far a picture's shape may be from the room that it has before it gets bars, in percent.
const SKEW: u32 = 15;
/// What shows through where a picture is transparent, and beside one that does not fill its room.
const GROUND: [u8; 3] = [24, 24, 28];

/// Where a picture is to hang.
#[derive(Debug, Clone, Copy)]
pub(super) struct Room {
    pub(super) columns: u16,
    pub(super) rows: u16,
    /// Whether the screen shows through where it is transparent.
    pub(super) clear: bool,
}

/// Makes a picture of so many columns and rows from the bytes of a file.
///
/// # Errors
/// In words, where it is no image of a known format or larger than the bounds.
pub(super) fn picture(bytes: &[u8], room: Room, canvas: Canvas) -> Result<Picture, String> {
    // Libraries meet what nobody has thought of; that costs this image and nothing else.
    guard(|| made(bytes, room, canvas)).unwrap_or_else(|| Err("an image that cannot be read here".to_owned()))
}

fn made(bytes: &[u8], Room { columns, rows, clear }: Room, canvas: Canvas) -> Result<Picture, String> {
    let image = decoded(bytes)?;
    // Half blocks fill their cells: nothing shows through them.
    let blocks = raster(&fitted(&image, (u32::from(columns), u32::from(rows) * 2), shape(canvas, columns, rows), false));
    let (width, height) = pixels(canvas, columns, rows);
    let graphic = match canvas.form {
        Form::Blocks => None,
        Form::Kitty | Form::Inline | Form::Sixel(_) => {
            let pixels = fitted(&image, (width, height), (width, height), clear);
            Some(Arc::new(Graphic::new(&pixels, canvas.form, (columns, rows))?))
        }
    };
    Ok(Picture { blocks: Arc::new(blocks), graphic })
}

/// The room of so many cells in pixels.
fn pixels(canvas: Canvas, columns: u16, rows: u16) -> (u32, u32) {
    let (width, height) = shape(canvas, columns, rows);
    let most = width.max(height).max(1);
    if most > MADE { ((width * MADE / most).max(1), (height * MADE / most).max(1)) } else { (width, height) }
}

/// The same with its own proportions, however large.
fn shape(canvas: Canvas, columns: u16, rows: u16) -> (u32, u32) {
    ((u32::from(columns) * u32::from(canvas.cell.0)).max(1), (u32::from(rows) * u32::from(canvas.cell.1)).max(1))
}

fn decoded(bytes: &[u8]) -> Result<DynamicImage, String> {
    let told = |error: &image::ImageError| match error {
        image::ImageError::Limits(_) => "an image that is too large".to_owned(),
        image::ImageError::Unsupported(_) => "not an image of a kind that is shown here".to_owned(),
        image::ImageError::Decoding(_)
        | image::ImageError::Encoding(_)
        | image::ImageError::Parameter(_)
        | image::ImageError::IoError(_) => "an image that is broken".to_owned(),
    };
    let mut reader = ImageReader::new(Cursor::new(bytes)).with_guessed_format().map_err(|_| "an image that is broken".to_owned())?;
    let mut limits = Limits::no_limits();
    limits.max_image_width = Some(SIDE);
    limits.max_image_height = Some(SIDE);
    limits.max_alloc = Some(MEMORY);
    reader.limits(limits);
    let mut decoder = reader.into_decoder().map_err(|error| told(&error))?;
    let orientation = decoder.orientation().unwrap_or(Orientation::NoTransforms);
    let (width, height) = decoder.dimensions();
    if width == 0 || height == 0 {
        return Err("an image that is broken".to_owned());
    }
    if decoder.total_bytes() > MEMORY {
        return Err("an image that is too large".to_owned());
    }
    let mut image = DynamicImage::from_decoder(decoder).map_err(|error| told(&error))?;
    image.apply_orientation(orientation);
    Ok(image)
}

/// The image in a room of so many pixels, which stands for one of the shape `shown`: all of it, with bars where it has
/// another shape; on a ground, or `clear` where there is nothing of it.
///
/// Nothing is ever cut off, so what the server says of the middle that matters (`meta.focus`, which tells clients with
/// rooms of fixed shapes what to keep when they crop) has no say here: the room has the picture's own shape in the first
/// place, and up to 15 percent of difference, which cells make, are stretched.
fn fitted(image: &DynamicImage, (width, height): (u32, u32), shown: (u32, u32), clear: bool) -> RgbaImage {
    let (own_width, own_height) = image.dimensions();
    let (across, down) = (u64::from(own_width) * u64::from(shown.1), u64::from(own_height) * u64::from(shown.0));
    let (more, less) = (across.max(down), across.min(down).max(1));
    let (mut inner_width, mut inner_height) = (width, height);
    if (more - less) * 100 / less > u64::from(SKEW) {
        let share = |of: u32| u32::try_from(u64::from(of) * less / more).unwrap_or(of).max(1);
        if across > down {
            inner_height = share(height);
        } else {
            inner_width = share(width);
        }
    }
    let scaled = if own_width > inner_width * 2 && own_height > inner_height * 2 {
        imageops::thumbnail(&image.to_rgba8(), inner_width, inner_height)
    } else {
        imageops::resize(&image.to_rgba8(), inner_width, inner_height, imageops::FilterType::Triangle)
    };
    let [ground_red, ground_green, ground_blue] = GROUND;
    let ground = if clear { [0; 4] } else { [ground_red, ground_green, ground_blue, u8::MAX] };
    let mut room = RgbaImage::from_pixel(width, height, Rgba(ground));
    let (left, top) = ((width - inner_width) / 2, (height - inner_height) / 2);
    for (x, y, pixel) in scaled.enumerate_pixels() {
        let [red, green, blue, alpha] = pixel.0;
        let over = |own: u8, ground: u8| {
            let mixed = (u16::from(own) * u16::from(alpha) + u16::from(ground) * (255 - u16::from(alpha))) / 255;
            u8::try_from(mixed).unwrap_or(u8::MAX)
        };
        let shown = if clear { pixel.0 } else { [over(red, ground_red), over(green, ground_green), over(blue, ground_blue), u8::MAX] };
        room.put_pixel(left + x, top + y, Rgba(shown));
    }
    room
}

fn raster(image: &RgbaImage) -> Raster {
    let side = |length: u32| u16::try_from(length).unwrap_or(u16::MAX);
    let pixels = image.pixels().map(|pixel| [pixel.0[0], pixel.0[1], pixel.0[2]]).collect();
    Raster::new((side(image.width()), side(image.height())), pixels)
}

/// The letters that a blurhash is made of.
const BASE83: &[u8] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz#$%*+,-.:;=?@[]^_{|}~";

/// As [`super::blurhash`].
pub(super) fn blurhash(hash: &str, width: u16, height: u16) -> Option<Raster> {
    let first = hash.bytes().next()?;
    let shape = BASE83.iter().position(|letter| *letter == first)?;
    let components = (shape % 9 + 1) * (shape / 9 + 1);
    let is_one = shape < 81 && hash.len() == 4 + 2 * components && hash.bytes().all(|byte| BASE83.contains(&byte));
    if !is_one || width == 0 || height == 0 {
        return None;
    }
    let pixels = guard(|| blurhash::decode(hash, u32::from(width), u32::from(height), 1.0).ok())??;
    let pixels = pixels.chunks_exact(4).filter_map(|pixel| pixel.first_chunk::<3>()).copied().collect();
    Some(Raster::new((width, height), pixels))
}

#[cfg(test)]
#[expect(clippy::cast_possible_truncation, reason = "colours of test pictures, which may wrap")]
mod tests {
    use super::*;
    use image::{ImageFormat, Rgba, RgbaImage};
    use proptest::prelude::*;

    fn room(columns: u16, rows: u16) -> Room {
        Room { columns, rows, clear: false }
    }

    const BLOCKS: Canvas = Canvas { form: Form::Blocks, cell: (10, 20) };

    fn png(width: u32, height: u32, pixel: impl Fn(u32, u32) -> [u8; 4]) -> Vec<u8> {
        let mut bytes = Cursor::new(Vec::new());
        RgbaImage::from_fn(width, height, |x, y| Rgba(pixel(x, y))).write_to(&mut bytes, ImageFormat::Png).unwrap();
        bytes.into_inner()
    }

    /// A PNG of which there is the header alone.
    fn promise(width: u32, height: u32) -> Vec<u8> {
        let mut bytes = png(1, 1, |_, _| [0; 4]);
        bytes[16..20].copy_from_slice(&width.to_be_bytes());
        bytes[20..24].copy_from_slice(&height.to_be_bytes());
        let sum = bytes[12..29].iter().fold(u32::MAX, |sum, byte| {
            (0..8).fold(sum ^ u32::from(*byte), |sum, _| if sum & 1 == 1 { 0xedb8_8320 ^ (sum >> 1) } else { sum >> 1 })
        });
        bytes[29..33].copy_from_slice(&(!sum).to_be_bytes());
        bytes
    }

    #[test]
    fn an_image_fills_its_room_and_keeps_its_shape() {
        let red_and_blue = png(200, 100, |x, _| if x < 100 { [255, 0, 0, 255] } else { [0, 0, 255, 255] });
        let exact = picture(&red_and_blue, room(20, 5), BLOCKS).unwrap().blocks;
        assert_eq!((exact.width, exact.height, exact.pixels.len()), (20, 10, 200));
        assert_eq!((exact.at((0, 0), (20, 10)), exact.at((19, 9), (20, 10))), ([255, 0, 0], [0, 0, 255]));
        let tall = picture(&red_and_blue, room(20, 20), BLOCKS).unwrap().blocks;
        assert_eq!((tall.at((0, 0), (20, 40)), tall.at((0, 20), (20, 40))), (GROUND, [255, 0, 0]), "bars above and below");
        let clear = png(10, 10, |_, _| [255, 255, 255, 0]);
        assert_eq!(picture(&clear, room(2, 1), BLOCKS).unwrap().blocks.at((0, 0), (2, 2)), GROUND);
    }

    #[test]
    fn a_bomb_costs_nothing_and_what_is_no_image_says_so() {
        for (bytes, words) in [
            (promise(60_000, 60_000), "too large"),
            (promise(5_000, 10), "too large"),
            (promise(4_000, 4_000), "broken"),
            (promise(0, 0), "broken"),
            (b"<html>".to_vec(), "kind"),
            (Vec::new(), "kind"),
            (png(64, 64, |x, y| [x as u8, y as u8, 0, 255])[..60].to_vec(), "broken"),
        ] {
            let error = picture(&bytes, room(10, 5), BLOCKS).unwrap_err();
            assert!(error.contains(words), "{words}: {error}");
        }
    }

    #[test]
    fn graphics_have_the_size_of_their_cells_within_bounds() {
        let image = png(400, 300, |x, y| [x as u8, y as u8, 90, 255]);
        for form in [Form::Kitty, Form::Inline, Form::Sixel(64)] {
            let graphic = picture(&image, room(12, 3), Canvas { form, cell: (9, 18) }).unwrap().graphic.unwrap();
            assert_eq!((graphic.width, graphic.height), (108, 54), "{form:?}");
        }
        let huge = pixels(Canvas { form: Form::Kitty, cell: (100, 200) }, 400, 100);
        assert_eq!(huge, (2048, 1024));
    }

    #[test]
    fn the_screen_shows_through_where_a_picture_is_clear_and_asked_to_be() {
        let half = png(40, 40, |x, _| if x < 20 { [200, 10, 10, 255] } else { [0, 0, 0, 0] });
        let made = |clear, form| {
            let room = Room { columns: 2, rows: 1, clear };
            picture(&half, room, Canvas { form, cell: (10, 20) }).unwrap().graphic.unwrap()
        };
        let pixels = |clear| {
            use base64::Engine as _;
            let file = base64::engine::general_purpose::STANDARD.decode(&made(clear, Form::Kitty).data).unwrap();
            image::load_from_memory(&file).unwrap().to_rgba8()
        };
        let (clear, solid) = (pixels(true), pixels(false));
        assert_eq!((clear.get_pixel(2, 5).0, clear.get_pixel(18, 5).0[3]), ([200, 10, 10, 255], 0));
        assert_eq!(solid.get_pixel(18, 5).0, [GROUND[0], GROUND[1], GROUND[2], 255]);
        let sixels = |clear| made(clear, Form::Sixel(16)).data.len();
        assert!(sixels(true) < sixels(false), "what is clear is not painted");
    }

    #[test]
    fn a_blurhash_is_one_or_nothing() {
        let blur = blurhash("UFBWY:8_0Jxv4mx]t8t64.%M-:IUWGWAt6M}", 8, 6).unwrap();
        assert_eq!((blur.width, blur.height, blur.pixels.len()), (8, 6, 48));
        for none in
            ["", "U", "UFBWY", "UFBWY:8_0Jxv4mx]t8t64.%M-:IUWGWAt6M", "UFBWY:8_0Jxv4mx]t8t64.%M-:IUWGWAt6M}}", "\u{e9}FBWY:", "~~~~~~~~"]
        {
            assert_eq!(blurhash(none, 8, 6), None, "{none:?}");
        }
        assert_eq!(blurhash("UFBWY:8_0Jxv4mx]t8t64.%M-:IUWGWAt6M}", 0, 6), None);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn no_hash_and_no_bytes_do_harm(hash in "\\PC{0,40}|[0-9A-Za-z#$%*+,.:;=?@{|}~^_-]{6,170}", bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            if let Some(blur) = blurhash(&hash, 5, 4) {
                prop_assert_eq!(blur.pixels.len(), 20);
            }
            prop_assert!(picture(&bytes, room(3, 3), BLOCKS).is_err() || bytes.len() > 20);
        }

        #[test]
        fn every_size_is_made_as_asked(width in 1_u32..80, height in 1_u32..80, columns in 1_u16..30, rows in 1_u16..12) {
            let made = picture(&png(width, height, |_, _| [9, 9, 9, 255]), room(columns, rows), BLOCKS).unwrap();
            prop_assert_eq!((made.blocks.width, made.blocks.height), (columns, rows * 2));
        }
    }
}
