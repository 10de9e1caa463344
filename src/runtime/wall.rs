//! `Wall`: pictures that the terminal lays over the cells, and what it has to be told when they change.
//!
//! Kitty keeps pictures and is told where they hang; sixels and `iTerm2`'s are painted into the cells, and stay until
//! something is written there. Absent on purpose: which pictures hang where (`ui`), and what they are (`media`).

use super::surface::go_to;
use crate::media::{Graphic, Laid};
use crate::model::Form;
use std::collections::BTreeSet;

/// Letters of base64 in a piece, as the protocol has it.
const PIECE: usize = 4096;
/// Pictures that the terminal is to keep, beside those that hang.
const KEPT: usize = 64;

/// What hangs on the screen.
#[derive(Debug, Default)]
pub(super) struct Wall {
    /// What hung there in the last frame.
    hung: Vec<Hung>,
    /// What the terminal keeps, the last used last.
    kept: Vec<u32>,
    /// What the terminal kept when it was wiped, and is still to be told to forget.
    stale: Vec<u32>,
}

/// A picture that hangs, and which of several of the same.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Hung {
    laid: Laid,
    copy: u32,
}

impl Wall {
    /// The screen was wiped: nothing that was painted is there any more. What kitty keeps may still be, and hang there: not
    /// every way to wipe takes it down, so it is taken down with the next frame.
    pub(super) fn wiped(&mut self) {
        self.hung.clear();
        self.stale.append(&mut self.kept);
    }

    /// Whether pictures hang there.
    pub(super) fn hangs(&self) -> bool {
        self.hung.iter().any(|hung| hung.laid.graphic.form != Form::Blocks)
    }

    /// Whether the terminal keeps pictures.
    pub(super) fn is_kept(&self) -> bool {
        !(self.kept.is_empty() && self.stale.is_empty())
    }

    /// What to write behind a frame's cells so that these pictures hang there, and no others. Of the rows `wiped` everything
    /// was written anew.
    pub(super) fn hang(&mut self, laid: Vec<Laid>, wiped: &BTreeSet<u16>) -> Vec<u8> {
        let mut out = Vec::new();
        for number in self.stale.drain(..) {
            command(&mut out, &format!("a=d,d=I,i={number},q=2"), &[]);
        }
        let mut hung: Vec<Hung> = Vec::with_capacity(laid.len());
        for laid in laid {
            let copies = hung.iter().filter(|other| other.laid.graphic.number == laid.graphic.number).count();
            hung.push(Hung { laid, copy: u32::try_from(copies).unwrap_or(u32::MAX).saturating_add(1) });
        }
        for old in self.hung.iter().filter(|old| old.laid.graphic.form == Form::Kitty) {
            if !hung.iter().any(|new| new.id() == old.id()) {
                let (number, copy) = old.id();
                command(&mut out, &format!("a=d,d=i,i={number},p={copy},q=2"), &[]);
            }
        }
        for new in &hung {
            match new.laid.graphic.form {
                Form::Blocks => {}
                Form::Kitty => {
                    self.keep(&new.laid.graphic, &mut out);
                    if !self.hung.contains(new) {
                        place(&mut out, new);
                    }
                }
                Form::Inline | Form::Sixel(_) => {
                    // Pixels that were painted stand in their cells and cannot be told to move: what was scrolled by a line
                    // is painted anew, all of it. What stays where it is is not, however many of the same come and go.
                    let is_new = self.hung.iter().all(|old| old.laid != new.laid);
                    let (_, y) = new.laid.at;
                    if is_new || wiped.range(y..y.saturating_add(new.laid.shown)).next().is_some() {
                        at(&mut out, new.laid.at, |out| out.extend_from_slice(&new.laid.graphic.data));
                    }
                }
            }
        }
        self.let_go(&hung, &mut out);
        self.hung = hung;
        out
    }

    /// Hands a picture to the terminal, which does not have it yet.
    fn keep(&mut self, graphic: &Graphic, out: &mut Vec<u8>) {
        let known = self.kept.iter().position(|number| *number == graphic.number);
        if let Some(place) = known {
            self.kept.remove(place);
        } else {
            let mut pieces = graphic.data.chunks(PIECE).peekable();
            let mut head = format!("a=t,f=100,t=d,i={},q=2,", graphic.number);
            while let Some(piece) = pieces.next() {
                let more = u8::from(pieces.peek().is_some());
                command(out, &format!("{}m={more}", std::mem::take(&mut head)), piece);
            }
        }
        self.kept.push(graphic.number);
    }

    /// Has the terminal forget the longest unused.
    fn let_go(&mut self, hung: &[Hung], out: &mut Vec<u8>) {
        while self.kept.len() > KEPT {
            let is_free = |number: &u32| hung.iter().all(|hung| hung.laid.graphic.number != *number);
            let Some(place) = self.kept.iter().position(is_free) else { return };
            let number = self.kept.remove(place);
            command(out, &format!("a=d,d=I,i={number},q=2"), &[]);
        }
    }
}

impl Hung {
    fn id(&self) -> (u32, u32) {
        (self.laid.graphic.number, self.copy)
    }
}

/// Hangs a picture that the terminal keeps; in part where not all of its rows are in view.
fn place(out: &mut Vec<u8>, hung: &Hung) {
    let (laid, (number, copy)) = (&hung.laid, hung.id());
    let ((columns, rows), height) = (laid.size, laid.graphic.height);
    let pixels = |rows_of_it: u16| height * u32::from(rows_of_it) / u32::from(rows.max(1));
    let (top, end) = (pixels(laid.above), pixels(laid.above.saturating_add(laid.shown)));
    let (width, shown) = (laid.graphic.width, laid.shown);
    let words = format!("a=p,i={number},p={copy},x=0,y={top},w={width},h={},c={columns},r={shown},C=1,q=2", end.saturating_sub(top).max(1));
    at(out, laid.at, |out| command(out, &words, &[]));
}

/// Writes something with the cursor at a cell, and puts it back.
fn at(out: &mut Vec<u8>, place: (u16, u16), write: impl FnOnce(&mut Vec<u8>)) {
    out.extend_from_slice(b"\x1b7");
    go_to(out, place);
    write(out);
    out.extend_from_slice(b"\x1b8");
}

/// A command of kitty's graphics.
fn command(out: &mut Vec<u8>, control: &str, payload: &[u8]) {
    out.extend_from_slice(b"\x1b_G");
    out.extend_from_slice(control.as_bytes());
    if !payload.is_empty() {
        out.push(b';');
        out.extend_from_slice(payload);
    }
    out.extend_from_slice(b"\x1b\\");
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;

    fn graphic(form: Form, number: u32, size: usize) -> Arc<Graphic> {
        Arc::new(Graphic { form, number, width: 40, height: 60, data: vec![b'A'; size] })
    }

    fn laid(graphic: &Arc<Graphic>, at: (u16, u16)) -> Laid {
        Laid { graphic: Arc::clone(graphic), at, size: (4, 3), above: 0, shown: 3 }
    }

    fn told(wall: &mut Wall, laid: &[Laid]) -> String {
        String::from_utf8(wall.hang(laid.to_vec(), &BTreeSet::new())).unwrap()
    }

    #[test]
    fn kitty_gets_a_picture_once_and_is_told_where_it_hangs() {
        let (mut wall, picture) = (Wall::default(), graphic(Form::Kitty, 7, 5_000));
        let first = told(&mut wall, &[laid(&picture, (2, 4))]);
        let (sent, placed) = first.split_once("\x1b7").unwrap();
        assert!(sent.starts_with("\x1b_Ga=t,f=100,t=d,i=7,q=2,m=1;AAAA") && sent.contains("\x1b\\\x1b_Gm=0;AAAA"), "{sent}");
        assert_eq!(sent.matches('A').count(), 5_000);
        assert_eq!(placed, "\x1b[5;3H\x1b_Ga=p,i=7,p=1,x=0,y=0,w=40,h=60,c=4,r=3,C=1,q=2\x1b\\\x1b8");
        assert_eq!(told(&mut wall, &[laid(&picture, (2, 4))]), "", "nothing has changed");
        let part = Laid { above: 1, shown: 2, ..laid(&picture, (2, 0)) };
        let moved = "\x1b7\x1b[1;3H\x1b_Ga=p,i=7,p=1,x=0,y=20,w=40,h=40,c=4,r=2,C=1,q=2\x1b\\\x1b8";
        assert_eq!(told(&mut wall, &[part]), moved);
        assert_eq!(told(&mut wall, &[]), "\x1b_Ga=d,d=i,i=7,p=1,q=2\x1b\\");
        assert!(!told(&mut wall, &[laid(&picture, (2, 4))]).contains("a=t"), "it is kept");
        wall.wiped();
        assert!(told(&mut wall, &[laid(&picture, (2, 4))]).contains("a=t"), "or not any more");
    }

    #[test]
    fn what_kitty_keeps_is_taken_down_when_the_screen_is_wiped() {
        let (mut wall, one, two) = (Wall::default(), graphic(Form::Kitty, 7, 10), graphic(Form::Kitty, 8, 10));
        told(&mut wall, &[laid(&one, (2, 4)), laid(&two, (2, 9))]);
        wall.wiped();
        wall.wiped();
        let after = told(&mut wall, &[laid(&two, (2, 4))]);
        let both = "\x1b_Ga=d,d=I,i=7,q=2\x1b\\\x1b_Ga=d,d=I,i=8,q=2\x1b\\\x1b_Ga=t,";
        assert!(after.starts_with(both), "the first one is not to be seen any more: {after:?}");
        assert_eq!(after.matches("a=d").count(), 2);
        assert_eq!(told(&mut wall, &[laid(&two, (2, 4))]), "", "once");
        let mut painted = Wall::default();
        painted.hang(vec![laid(&graphic(Form::Inline, 7, 3), (2, 4))], &BTreeSet::new());
        painted.wiped();
        assert!(!painted.is_kept() && told(&mut painted, &[]).is_empty(), "others keep nothing");
    }

    #[test]
    fn two_of_the_same_are_two_and_kitty_keeps_a_bounded_number() {
        let (mut wall, picture) = (Wall::default(), graphic(Form::Kitty, 7, 10));
        let both = told(&mut wall, &[laid(&picture, (0, 0)), laid(&picture, (0, 9))]);
        assert!(both.contains("p=1,") && both.contains("p=2,") && both.matches("a=t").count() == 1, "{both}");
        assert_eq!(told(&mut wall, &[laid(&picture, (0, 0))]), "\x1b_Ga=d,d=i,i=7,p=2,q=2\x1b\\");
        for number in 8..200 {
            told(&mut wall, &[laid(&graphic(Form::Kitty, number, 10), (0, 0))]);
            assert!(wall.kept.len() <= KEPT);
        }
        let many: Vec<Laid> = (200..300).map(|number| laid(&graphic(Form::Kitty, number, 10), (0, 0))).collect();
        told(&mut wall, &many);
        assert_eq!(wall.kept.len(), 100, "what hangs is kept");
    }

    #[test]
    fn what_is_painted_into_cells_is_painted_again_where_they_were_wiped() {
        for form in [Form::Sixel(16), Form::Inline] {
            let (mut wall, picture) = (Wall::default(), graphic(form, 7, 3));
            let painted = "\x1b7\x1b[5;3HAAA\x1b8";
            assert_eq!(told(&mut wall, &[laid(&picture, (2, 4))]), painted);
            assert_eq!(told(&mut wall, &[laid(&picture, (2, 4))]), "");
            for (row, is_hit) in [(3, false), (4, true), (6, true), (7, false)] {
                let out = wall.hang(vec![laid(&picture, (2, 4))], &BTreeSet::from([row]));
                assert_eq!(!out.is_empty(), is_hit, "row {row}");
            }
            let other = "\x1b7\x1b[2;3HAAA\x1b8";
            assert_eq!(told(&mut wall, &[laid(&picture, (2, 1)), laid(&picture, (2, 4))]), other, "one more of the same above it");
            assert_eq!(told(&mut wall, &[]), "", "the cells see to that");
        }
    }
}
