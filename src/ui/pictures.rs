//! Pictures among lines: how much room they take, which is known from what the server says of them alone, and how they are
//! drawn into it as far as they are here.
//!
//! A picture is first its blurhash, then itself: as half blocks, or left out of the cells and laid over them by the
//! terminal's own means. Nothing here moves when it arrives. Absent on purpose: fetching, and protocols.

use crate::media::{Graphic, Key, Laid, Picture, Raster};
use crate::model::{Canvas, Form, Media, MediaKind};
use crate::state::PicturePlace;
use crate::ui::cards::{Setting, Shape};
use crate::ui::emojis::{COLUMNS, Shown};
use crate::ui::halves::{Halves, UPPER};
use crate::ui::line::{CardLine, cols};
use crate::ui::paint::Painter;
use crate::ui::theme::{Depth, shown};
use ratatui::style::{Color, Style};
use std::sync::Arc;

/// Columns between pictures side by side.
const BETWEEN: u16 = 1;
/// Rows below which nothing is to be made out.
const LEAST_ROWS: u16 = 3;
/// Columns below which there is no room for pictures.
const LEAST_COLUMNS: u16 = 16;
/// Rows of a picture that is read, at most.
const MOST_ROWS: u16 = 30;
/// The shape of a picture of which the server does not say it.
const USUAL: (u32, u32) = (16, 9);
/// What stands where there is no picture yet and no blurhash.
const EMPTY: [u8; 3] = [58, 60, 66];
/// A cell of a picture where there are too few colours for one in cells.
const SHADE: &str = "\u{2591}";

/// Pictures side by side.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Strip {
    /// Rows that all of them take.
    pub(crate) rows: u16,
    pub(crate) frames: Vec<PictureFrame>,
}

/// The room for one picture.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct PictureFrame {
    /// Columns before it.
    pub(crate) x: u16,
    pub(crate) columns: u16,
    /// Where the picture is; nothing where only its blurhash is shown.
    pub(crate) address: Option<Arc<str>>,
    pub(crate) blurhash: Option<Arc<str>>,
    /// Whether the screen shows through where it is transparent.
    pub(crate) clear: bool,
}

/// Where the picture of a medium is that is shown among lines.
pub(crate) fn still(medium: &Media) -> Option<&str> {
    let whole = medium.url.as_ref().filter(|_| medium.kind == MediaKind::Image);
    medium.preview.as_ref().or(whole).map(crate::text::Plain::as_str)
}

/// The rooms of some media side by side, as lines; none where no pictures are drawn.
pub(crate) fn strip(setting: Setting<'_>, media: &[Media], veiled: bool) -> Vec<CardLine> {
    let Some(canvas) = setting.state.canvas().filter(|_| setting.width >= LEAST_COLUMNS) else { return Vec::new() };
    let media: Vec<&Media> = media.iter().filter(|medium| still(medium).is_some()).collect();
    let wished = setting.state.settings.media_rows;
    let most = match setting.shape {
        Shape::Brief(most) => wished.min(most / 2),
        Shape::Reply | Shape::Glance => wished.min(8),
        Shape::Whole => (setting.state.size.1 / 2).clamp(LEAST_ROWS, MOST_ROWS),
    };
    if media.is_empty() || most < LEAST_ROWS {
        return Vec::new();
    }
    let (rows, sizes) = side_by_side(&media, canvas, setting.width, most);
    let mut x = 0;
    let frames = media.iter().zip(sizes).map(|(medium, columns)| {
        let at = x;
        x += columns + BETWEEN;
        PictureFrame {
            x: at,
            columns,
            address: if veiled { None } else { still(medium).map(Arc::from) },
            blurhash: medium.blurhash.as_ref().map(|hash| Arc::from(hash.as_str())),
            clear: false,
        }
    });
    let strip = Arc::new(Strip { rows, frames: frames.collect() });
    (0..rows).map(|row| CardLine::Picture(Arc::clone(&strip), row)).collect()
}

/// How high pictures are, and how wide each is, so that as many as can be stand side by side in so many columns.
fn side_by_side(media: &[&Media], canvas: Canvas, width: u16, most: u16) -> (u16, Vec<u16>) {
    let (one, others) = (media.first(), media.len() > 1);
    if let Some(one) = one.filter(|_| !others) {
        let (columns, rows) = fit(shape(one), canvas.cell, (width, most));
        return (rows, vec![columns]);
    }
    let wide = |rows: u16| -> Vec<u16> { media.iter().map(|medium| fit(shape(medium), canvas.cell, (width, rows)).0).collect() };
    let sum = |sizes: &[u16]| sizes.iter().map(|columns| u32::from(*columns + BETWEEN)).sum::<u32>().saturating_sub(u32::from(BETWEEN));
    let fits = |sizes: &[u16]| sum(sizes) <= u32::from(width);
    let rows = (LEAST_ROWS..=most).rev().find(|rows| fits(&wide(*rows))).unwrap_or(LEAST_ROWS);
    let mut sizes = wide(rows);
    while sizes.len() > 1 && !fits(&sizes) {
        sizes.pop();
    }
    (rows, sizes)
}

fn shape(medium: &Media) -> (u32, u32) {
    medium.size.filter(|(width, height)| *width > 0 && *height > 0).unwrap_or(USUAL)
}

/// The largest room for a picture of so many pixels within so many columns and rows, no larger than it is itself.
pub(crate) fn fit((width, height): (u32, u32), cell: (u16, u16), (columns, rows): (u16, u16)) -> (u16, u16) {
    let (width, height, cell) = (u64::from(width.max(1)), u64::from(height.max(1)), (u64::from(cell.0.max(1)), u64::from(cell.1.max(1))));
    let cells = |count: u64, most: u16| u16::try_from(count).unwrap_or(u16::MAX).clamp(1, most.max(1));
    let own = if (width, height) == (u64::from(USUAL.0), u64::from(USUAL.1)) { u64::MAX } else { height.div_ceil(cell.1).max(2) };
    let high = u64::from(rows).min(own);
    let wide = |rows: u64| (rows * cell.1 * width + height * cell.0 / 2) / (height * cell.0);
    if wide(high) <= u64::from(columns) {
        return (cells(wide(high).max(2), columns), cells(high, rows));
    }
    let high = (u64::from(columns) * cell.0 * height + width * cell.1 / 2) / (width * cell.1);
    (columns.max(1), cells(high, rows))
}

/// Draws the rows `from..from + count` of a strip.
pub(crate) fn draw(painter: &mut Painter<'_>, (x, y): (u16, u16), strip: &Strip, from: u16, count: u16) {
    for frame in &strip.frames {
        let place = PicturePlace {
            address: frame.address.clone(),
            x: x + frame.x,
            y,
            columns: frame.columns,
            rows: strip.rows,
            above: from,
            shown: count,
            clear: frame.clear,
        };
        one(painter, place, frame.blurhash.as_deref(), None);
    }
}

/// Draws one picture, or what stands for it until it is here: a `smaller` one at another address, or its blurhash.
pub(crate) fn one(painter: &mut Painter<'_>, place: PicturePlace, blurhash: Option<&str>, smaller: Option<&str>) {
    let (key, columns) = (key(&place), place.columns);
    let picture = key.as_ref().and_then(|key| painter.gallery.picture(key));
    let is_whole = place.above == 0 && place.shown == place.rows;
    let form = painter.gallery.canvas().form;
    let graphic = picture.as_ref().and_then(|picture| picture.graphic.as_ref()).filter(|_| {
        // Only kitty's can be shown in part.
        painter.lays && (is_whole || form == Form::Kitty)
    });
    if let Some(graphic) = graphic {
        lay(painter, &place, graphic);
    } else {
        let addresses = place.address.as_deref().into_iter().chain(smaller);
        let other = || addresses.into_iter().find_map(|address| painter.gallery.other_size(address));
        let held: Option<Arc<Picture>> = picture.clone().or_else(other);
        let is_plain = held.is_some() || painter.is_rushed;
        let blur = if is_plain { None } else { blurhash.and_then(|hash| painter.gallery.blur(hash)) };
        let raster = held.as_ref().map(|picture| &picture.blocks).or(blur.as_ref());
        blocks(painter, &place, raster);
        let why = key
            .as_ref()
            .filter(|_| held.is_none() && columns >= LEAST_COLUMNS)
            .and_then(|key| painter.gallery.failure(key))
            .map(str::to_owned);
        if let Some(why) = why
            && (place.above..place.above + place.shown).contains(&(place.rows / 2))
        {
            let words = crate::text::wrap::truncate(&why, usize::from(place.columns)).into_owned();
            let room = place.columns.saturating_sub(cols(crate::text::wrap::width(&words)));
            painter.text(place.x + room / 2, place.y + place.rows / 2 - place.above, place.columns, &words, painter.theme.dim());
        }
    }
    // What is not in view any more when it is here is not asked for.
    if picture.is_some() || !painter.is_rushed {
        painter.places.push(place);
    }
}

/// Draws a custom emoji in its two columns: its picture, or until that is here a mark that says there will be one.
pub(crate) fn emoji(painter: &mut Painter<'_>, (x, y): (u16, u16), emoji: &Shown, style: Style) {
    let address = Some(Arc::clone(&emoji.address));
    let place = PicturePlace { address, x, y, columns: COLUMNS, rows: 1, above: 0, shown: 1, clear: true };
    let key = Key { address: Arc::clone(&emoji.address), columns: COLUMNS, rows: 1, clear: true };
    let dim = style.patch(painter.theme.dim());
    match painter.gallery.picture(&key) {
        Some(picture) => match picture.graphic.as_ref().filter(|_| painter.lays) {
            Some(graphic) => lay(painter, &place, graphic),
            None => blocks(painter, &place, Some(&picture.blocks)),
        },
        None if painter.gallery.failure(&key).is_some() => {
            painter.theme.emojis().fail(emoji);
            // The beginning of its name, in the room that it was given.
            let short: String = emoji.shortcode.chars().take(usize::from(COLUMNS)).collect();
            painter.text(x, y, COLUMNS, &format!("{short:2}"), dim);
        }
        None => {
            painter.text(x, y, COLUMNS, "::", dim);
        }
    }
    painter.places.push(place);
}

/// Has the terminal lay a picture over the cells of its place.
fn lay(painter: &mut Painter<'_>, place: &PicturePlace, graphic: &Arc<Graphic>) {
    leave_room(painter, place, tag(graphic));
    painter.laid.push(Laid {
        graphic: Arc::clone(graphic),
        at: (place.x, place.y),
        size: (place.columns, place.rows),
        above: place.above,
        shown: place.shown,
    });
}

/// Leaves cells empty under a picture that the terminal lays over them. Where that is wiped away by what is written there
/// later, each cell has a mark that nobody sees: so whatever comes after it is written, and an empty cell as well.
fn leave_room(painter: &mut Painter<'_>, place: &PicturePlace, tag: Option<u32>) {
    let depth = painter.theme.depth();
    for row in 0..place.shown {
        let style = tag.map_or(Style::new(), |tag| Style::new().fg(mark(depth, tag, place.above + row)));
        for column in 0..place.columns {
            painter.cell(place.x + column, place.y + row, " ", style);
        }
    }
}

/// Something may have been written over pictures since they were drawn (what is said of a line that is typed): the terminal
/// would lay them over it. Kitty is told of the rows above it alone; others cannot show a part, so half blocks stand in.
pub(crate) fn settle(painter: &mut Painter<'_>) {
    for laid in std::mem::take(&mut painter.laid) {
        let free: Vec<bool> = (0..laid.shown).map(|row| is_free(painter, &laid, row)).collect();
        let above = cols(free.iter().take_while(|free| **free).count());
        if above == laid.shown || (above > 0 && laid.graphic.form == Form::Kitty) {
            painter.laid.push(Laid { shown: above, ..laid });
            continue;
        }
        let same = |place: &&PicturePlace| (place.x, place.y) == laid.at && (place.columns, place.rows) == laid.size;
        let Some(place) = painter.places.iter().rfind(same).cloned() else { continue };
        let Some(key) = key(&place) else { continue };
        let picture = painter.gallery.picture(&key);
        for row in (0..place.shown).zip(free).filter_map(|(row, free)| free.then_some(row)) {
            let part = PicturePlace { y: place.y + row, above: place.above + row, shown: 1, ..place.clone() };
            blocks(painter, &part, picture.as_ref().map(|picture| &picture.blocks));
        }
    }
}

/// Whether a row of a picture's place is as it was left for it.
fn is_free(painter: &mut Painter<'_>, laid: &Laid, row: u16) -> bool {
    let color = tag(&laid.graphic).map(|tag| mark(painter.theme.depth(), tag, laid.above + row));
    let ((x, y), (columns, _)) = (laid.at, laid.size);
    (x..x.saturating_add(columns)).all(|x| painter.is_empty(x, y + row, color))
}

/// What tells cells under a picture from those under another, where they have to be.
fn tag(graphic: &Graphic) -> Option<u32> {
    (graphic.form != Form::Kitty).then_some(graphic.number)
}

fn key(place: &PicturePlace) -> Option<Key> {
    let (columns, rows, clear) = (place.columns, place.rows, place.clear);
    place.address.as_ref().map(|address| Key { address: Arc::clone(address), columns, rows, clear })
}

fn mark(depth: Depth, tag: u32, row: u16) -> Color {
    let mixed = tag.wrapping_mul(0x9e37_79b1) ^ u32::from(row).wrapping_mul(0x85eb_ca6b);
    let [red, green, blue, _] = mixed.to_be_bytes();
    match depth {
        Depth::True => Color::Rgb(red, green, blue),
        Depth::None | Depth::Sixteen | Depth::Indexed => Color::Indexed(red.max(16)),
    }
}

fn blocks(painter: &mut Painter<'_>, place: &PicturePlace, raster: Option<&Arc<Raster>>) {
    let depth = painter.theme.depth();
    let Some(raster) = raster.filter(|_| depth != Depth::Sixteen) else {
        let (symbol, style) = match depth {
            Depth::Sixteen => (SHADE, painter.theme.dim()),
            Depth::True | Depth::Indexed | Depth::None => {
                (UPPER, Style { fg: shown(depth, EMPTY), bg: shown(depth, EMPTY), ..Style::new() })
            }
        };
        for y in place.y..place.y + place.shown {
            painter.row_of(place.x, y, place.columns, symbol, style);
        }
        return;
    };
    for row in 0..place.shown {
        let halves = Halves { raster: Arc::clone(raster), size: (place.columns, place.rows), row: place.above + row };
        painter.halves(place.x, place.y + row, halves);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_picture_keeps_its_shape_and_is_not_made_larger() {
        let cell = (10, 20);
        assert_eq!(fit((1920, 1280), cell, (98, 8)), (24, 8));
        assert_eq!(fit((1920, 1280), cell, (20, 8)), (20, 7), "narrow");
        assert_eq!(fit((400, 4000), cell, (98, 8)), (2, 8), "tall");
        assert_eq!(fit((4000, 40), cell, (98, 8)), (98, 1), "wide");
        assert_eq!(fit((32, 32), cell, (98, 8)), (4, 2), "an icon");
        assert_eq!(fit(USUAL, cell, (98, 9)), (32, 9), "unknown");
    }

    fn medium(size: Option<(u32, u32)>) -> Media {
        Media { kind: MediaKind::Image, description: None, url: None, preview: None, blurhash: None, size, seconds: None }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(256))]

        #[test]
        fn pictures_side_by_side_stay_in_their_room(
            sizes in prop::collection::vec(prop::option::of((0_u32..70_000, 0_u32..70_000)), 1..8),
            (width, most) in (LEAST_COLUMNS..200, LEAST_ROWS..40),
            cell in (4_u16..40, 4_u16..60),
        ) {
            let media: Vec<Media> = sizes.into_iter().map(medium).collect();
            let media: Vec<&Media> = media.iter().collect();
            let (rows, columns) = side_by_side(&media, Canvas { form: Form::Blocks, cell }, width, most);
            prop_assert!((1..=most).contains(&rows), "{rows} of {most}");
            prop_assert!(!columns.is_empty() && columns.iter().all(|columns| *columns > 0));
            let gaps = u32::try_from(columns.len() - 1).unwrap() * u32::from(BETWEEN);
            prop_assert!(columns.iter().map(|columns| u32::from(*columns)).sum::<u32>() + gaps <= u32::from(width), "{columns:?} of {width}");
        }
    }
}
