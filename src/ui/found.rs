//! Marks what is searched for where it is in view, over what is drawn already: no card knows of it.
//!
//! What was broken into lines is put together again, once with a blank between them and once without, for both may have
//! stood there. A mark covers whole clusters, both halves of wide ones.

use crate::filter::Pattern;
use crate::ui::grid::Grid;
use crate::ui::theme::Theme;
use ratatui::layout::{Position, Rect};
use std::collections::HashSet;

/// Marks every place of a pattern in an area.
pub(crate) fn mark(grid: &mut Grid, theme: &Theme, area: Rect, pattern: &Pattern) {
    let area = area.intersection(grid.area());
    let mut places: HashSet<Position> = HashSet::new();
    for between in [" ", ""] {
        let (text, cells) = read(grid, area, between);
        for range in pattern.ranges(&text) {
            let first = cells.partition_point(|(end, _)| *end <= range.start);
            places.extend(cells.iter().skip(first).take_while(|(end, at)| start(*end, *at) < range.end).map(|(_, at)| at.position));
        }
    }
    for place in places {
        let wide = grid.glyph(place).map_or(1, |glyph| glyph.columns());
        for x in place.x..place.x.saturating_add(crate::ui::line::cols(wide)).min(area.right()) {
            grid.set_style(Position { x, ..place }, theme.found());
        }
    }
}

/// A cell of the screen with the bytes that it has in the text.
#[derive(Debug, Clone, Copy)]
struct Place {
    position: Position,
    bytes: usize,
}

fn start(end: usize, place: Place) -> usize {
    end - place.bytes
}

/// The words of an area, with the byte at which each cell's cluster ends.
fn read(grid: &Grid, area: Rect, between: &str) -> (String, Vec<(usize, Place)>) {
    let mut text = String::new();
    let mut cells = Vec::new();
    for y in area.top()..area.bottom() {
        let mut x = area.left();
        let mut kept = (text.len(), cells.len());
        while x < area.right() {
            let Some(glyph) = grid.glyph(Position { x, y }) else { break };
            let symbol = grid.symbols().text(glyph);
            text.push_str(symbol);
            cells.push((text.len(), Place { position: Position { x, y }, bytes: symbol.len() }));
            if symbol.trim() != "" {
                kept = (text.len(), cells.len());
            }
            x = x.saturating_add(crate::ui::line::cols(glyph.columns()));
        }
        text.truncate(kept.0);
        cells.truncate(kept.1);
        text.push_str(between);
    }
    (text, cells)
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::tz::TimeZone;
    use ratatui::buffer::Buffer;
    use ratatui::style::Modifier;

    /// The cells that are marked, as `.` and `#`, line by line.
    fn marked(lines: &[&str], typed: &str) -> Vec<String> {
        let drawn = Buffer::with_lines(lines.iter().map(|line| format!(" {line}")).collect::<Vec<_>>());
        let mut grid = Grid::of(&drawn);
        let area = Rect { x: 1, width: drawn.area.width - 1, ..drawn.area };
        let theme = Theme::new(true, false, TimeZone::UTC);
        mark(&mut grid, &theme, area, &Pattern::typed(typed).unwrap().unwrap());
        let buffer = grid.buffer();
        let is_marked = |x, y| buffer[(x, y)].modifier.contains(Modifier::REVERSED);
        let line = |y| (0..buffer.area.width).map(|x| if is_marked(x, y) { '#' } else { '.' }).collect();
        (0..buffer.area.height).map(line).collect()
    }

    #[test]
    fn words_are_marked_across_lines_and_in_whole_clusters() {
        assert_eq!(marked(&["a ferry at", "night ferry"], "ferry"), ["...#####....", ".......#####"]);
        assert_eq!(marked(&["a ferry at", "night"], "at night"), [".........##", ".#####....."]);
        assert_eq!(marked(&["https://ti", "de.example"], "tide"), [".........##", ".##........"]);
        assert_eq!(marked(&["\u{6c7d}\u{8eca}x"], "\u{6c7d}"), [".##..."], "both halves");
        assert_eq!(marked(&["\u{6c7d}\u{8eca}x"], "x"), [".....#"]);
        assert_eq!(marked(&["e\u{301}a"], "/^e/"), [".#."], "the cluster is not cut");
    }

    #[test]
    fn what_is_beside_the_area_is_not_marked() {
        assert_eq!(marked(&["aaa"], "/.*/"), [".###"]);
    }
}
