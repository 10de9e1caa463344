//! `Graphic`: a picture in the bytes of a terminal's own protocol, all but for where it stands.
//!
//! Absent on purpose: writing it, and what has been written already (`runtime`).

#[cfg(feature = "images")]
mod sixel;

use crate::model::Form;
use std::sync::Arc;
#[cfg(feature = "images")]
use std::sync::atomic::{AtomicU32, Ordering};

/// A picture in a terminal's own protocol.
#[derive(Debug, PartialEq, Eq)]
pub struct Graphic {
    /// Which protocol.
    pub form: Form,
    /// Tells it from every other of this run; never 0.
    pub number: u32,
    /// Width in pixels.
    pub width: u32,
    /// Height in pixels.
    pub height: u32,
    /// For kitty the file in base64, which is to be cut up; else the whole sequence.
    pub data: Vec<u8>,
}

/// A picture's place on the screen, in cells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Laid {
    /// The picture.
    pub graphic: Arc<Graphic>,
    /// Column and row of its first cell in view.
    pub at: (u16, u16),
    /// Columns and rows that the whole of it takes.
    pub size: (u16, u16),
    /// How many of its rows are above what is in view.
    pub above: u16,
    /// How many of its rows are in view.
    pub shown: u16,
}

#[cfg(feature = "images")]
static NUMBER: AtomicU32 = AtomicU32::new(1);

#[cfg(feature = "images")]
impl Graphic {
    /// A picture of so many columns and rows; half blocks have no other form.
    pub(super) fn new(image: &image::RgbaImage, form: Form, (columns, rows): (u16, u16)) -> Result<Self, String> {
        use base64::Engine as _;
        let in_base64 = |bytes: &[u8]| base64::engine::general_purpose::STANDARD.encode(bytes);
        let data = match form {
            Form::Blocks => Vec::new(),
            Form::Kitty => in_base64(&png(image)?).into_bytes(),
            Form::Inline => {
                let file = png(image)?;
                let size = file.len();
                let head = format!("\x1b]1337;File=inline=1;size={size};width={columns};height={rows};preserveAspectRatio=0:");
                format!("{head}{}\x07", in_base64(&file)).into_bytes()
            }
            Form::Sixel(colors) => sixel::encoded(image, colors),
        };
        let number = NUMBER.fetch_add(1, Ordering::Relaxed).max(1);
        Ok(Self { form, number, width: image.width(), height: image.height(), data })
    }
}

#[cfg(feature = "images")]
fn png(image: &image::RgbaImage) -> Result<Vec<u8>, String> {
    use image::codecs::png::{CompressionType, FilterType, PngEncoder};
    let mut file = Vec::new();
    let encoder = PngEncoder::new_with_quality(&mut file, CompressionType::Fast, FilterType::Up);
    let is_whole = image.pixels().all(|pixel| pixel.0[3] == u8::MAX);
    let image = image::DynamicImage::from(image.clone());
    let image = if is_whole { image.into_rgb8().into() } else { image };
    image.write_with_encoder(encoder).map_err(|error| error.to_string())?;
    Ok(file)
}

#[cfg(all(test, feature = "images"))]
#[expect(clippy::cast_possible_truncation, reason = "colours of test pictures, which may wrap")]
mod tests {
    use super::*;
    use image::{Rgba, RgbaImage};

    #[test]
    fn every_form_is_one_sequence_or_plain_letters() {
        let image = RgbaImage::from_fn(40, 30, |x, y| Rgba([(x * 6) as u8, (y * 8) as u8, 100, 255]));
        let made = |form| String::from_utf8(Graphic::new(&image, form, (4, 2)).unwrap().data).unwrap();
        assert!(made(Form::Kitty).bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+/=".contains(&byte)));
        let inline = made(Form::Inline);
        let inner = inline.strip_prefix("\x1b]").unwrap().strip_suffix('\x07').unwrap();
        assert!(inner.starts_with("1337;File=inline=1;size=") && inner.contains(";width=4;height=2;") && !inner.contains(char::is_control));
        let sixel = made(Form::Sixel(16));
        let inner = sixel.strip_prefix("\x1bP").unwrap().strip_suffix("\x1b\\").unwrap();
        assert!(!inner.contains(char::is_control) && inner.is_ascii());
        assert_ne!(Graphic::new(&image, Form::Kitty, (4, 2)).unwrap().number, Graphic::new(&image, Form::Kitty, (4, 2)).unwrap().number);
    }
}
