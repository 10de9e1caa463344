//! Small pictures: of people, and of custom emoji, which are clear around what they show.

/// Pixels of a side.
pub(super) const AVATAR: u32 = 120;
/// As [`AVATAR`], of an emoji.
pub(super) const EMOJI: u32 = 64;

/// Red, green, blue and how much of it there is.
type Color = [u8; 4];

const CLEAR: Color = [0; 4];
const DARK: Color = [40, 36, 48, 255];
const WHITE: Color = [246, 246, 240, 255];

/// The colour of a pixel of the picture of a person: a pattern with two like halves on a ground that changes downwards.
#[expect(clippy::cast_possible_truncation, reason = "parts of colours, and bits of a number")]
pub(super) fn avatar(seed: u64, (x, y): (u32, u32)) -> [u8; 3] {
    let hue = |shift: u64, light: u32| -> [u32; 3] {
        let place = (seed >> shift) as u32 % 360;
        [0, 120, 240].map(|off: u32| {
            let away = place.abs_diff(off).min(360 - place.abs_diff(off));
            light + 120_u32.saturating_sub(away) * (255 - light) / 180
        })
    };
    let (ground, figure) = (hue(0, 40), hue(17, 110));
    let (column, row) = (x * 7 / AVATAR, y * 7 / AVATAR);
    let (column, row) = (column.min(6 - column), row);
    let inside = (1..=5).contains(&row) && column >= 1;
    let is_set = inside && seed.rotate_left(row * 11 + column * 5) & 5 > 1;
    let color = if is_set { figure } else { ground.map(|part| part * (AVATAR * 2 - y) / (AVATAR * 2)) };
    color.map(|part| part.min(255) as u8)
}

/// The colour of a pixel of an emoji.
pub(super) fn emoji(name: &str, seed: u64, (x, y): (u32, u32)) -> Color {
    // The middle is in the middle, and the edges are at 100.
    let at = |place: u32| (i32::try_from(place).unwrap_or_default() * 2 + 1) * 100 / i32::try_from(EMOJI).unwrap_or(1) - 100;
    let (x, y) = (at(x), at(y));
    match name {
        "ferry" => ferry(x, y),
        "crab" => crab(x, y),
        "tea" => tea(x, y),
        _ => blob(name, seed, x, y),
    }
}

fn in_disc(x: i32, y: i32, (across, down): (i32, i32)) -> bool {
    x * x * down * down + y * y * across * across < across * across * down * down
}

fn ferry(x: i32, y: i32) -> Color {
    match (x, y) {
        (-80..=80, 20..=64) if x.abs() < 96 - (y - 20) / 2 && y < 64 => [44, 74, 140, 255],
        (-58..=50, -14..=19) if (x + 60) % 26 < 16 && (-6..=8).contains(&y) => [255, 206, 100, 255],
        (-58..=50, -14..=19) => WHITE,
        (-14..=14, -62..=-15) => {
            if y < -44 {
                DARK
            } else {
                [214, 60, 52, 255]
            }
        }
        (-98..=98, 65..=84) if (x / 12 + y / 10) % 2 == 0 => [90, 160, 220, 255],
        _ => CLEAR,
    }
}

fn crab(x: i32, y: i32) -> Color {
    let side = x.abs();
    if in_disc(side - 18, y + 26, (9, 11)) {
        return if in_disc(side - 18, y + 24, (4, 5)) { DARK } else { WHITE };
    }
    let is_claw = in_disc(side - 70, y + 46, (26, 30)) && !(in_disc(side - 62, y + 66, (10, 26)));
    let is_leg = (10..60).contains(&y) && (52..92).contains(&side) && (y - side / 3) % 18 < 8;
    let is_arm = (58..74).contains(&side) && (-30..10).contains(&y);
    if is_claw || is_leg || is_arm || in_disc(x, y - 18, (62, 44)) { [222, 74, 56, 255] } else { CLEAR }
}

fn tea(x: i32, y: i32) -> Color {
    if in_disc(x + 12, y + 14, (52, 12)) {
        return [150, 88, 40, 255];
    }
    if y > -14 && in_disc(x + 12, y + 14, (58, 84)) {
        return [70, 150, 160, 255];
    }
    if in_disc(x - 52, y - 12, (30, 28)) && !in_disc(x - 50, y - 12, (17, 15)) {
        return [70, 150, 160, 255];
    }
    let is_steam = (-86..-34).contains(&y) && ((x + 34).abs() < 6 || (x + 12).abs() < 6 || (x - 10).abs() < 6) && (y / 13) % 3 != 0;
    if is_steam { [190, 200, 210, 255] } else { CLEAR }
}

fn blob(name: &str, seed: u64, x: i32, y: i32) -> Color {
    let colors = [[252, 194, 27, 255], [120, 200, 110, 255], [110, 170, 240, 255], [230, 140, 190, 255], [180, 150, 240, 255]];
    let color = usize::try_from(seed % 5).ok().and_then(|place| colors.get(place)).copied().unwrap_or(WHITE);
    let side = x.abs();
    if in_disc(side - 26, y - 8, (9, 14)) || (in_disc(x, y - 34, (22, 14)) && y > 34) {
        return DARK;
    }
    let has_ears = name.contains("cat") && (30..72).contains(&side) && y > -88 && y < -20 && y + 88 > (side - 50).abs() * 2;
    let has_wings = name.contains("moth") && in_disc(side - 70, y + 20, (28, 48));
    if in_disc(x, y - 18, (78, 66)) || has_ears {
        color
    } else if has_wings {
        [150, 130, 110, 255]
    } else {
        CLEAR
    }
}
