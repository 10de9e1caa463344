//! The table: what was measured beside what was aimed at.

use std::time::Duration;

/// A line of the table.
#[derive(Debug)]
pub(crate) struct Line {
    /// What was measured.
    pub(crate) what: String,
    /// The goal and the dream, in words.
    pub(crate) goal: &'static str,
    pub(crate) dream: &'static str,
    /// What came of it.
    pub(crate) measured: String,
    /// Which of the two it reaches.
    pub(crate) grade: Grade,
}

/// How a figure compares.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Grade {
    Dream,
    Goal,
    Neither,
    /// Cannot be told here.
    Unknown,
}

impl Grade {
    /// The grade of a figure that is to be small.
    pub(crate) fn of(figure: f64, goal: f64, dream: f64) -> Self {
        match figure {
            figure if figure <= dream => Self::Dream,
            figure if figure <= goal => Self::Goal,
            _ => Self::Neither,
        }
    }

    /// The worse of two.
    pub(crate) fn and(self, other: Self) -> Self {
        let rank = |grade| match grade {
            Self::Dream => 0,
            Self::Goal => 1,
            Self::Unknown => 2,
            Self::Neither => 3,
        };
        if rank(self) >= rank(other) { self } else { other }
    }

    fn word(self) -> &'static str {
        match self {
            Self::Dream => "dream",
            Self::Goal => "goal",
            Self::Neither => "no",
            Self::Unknown => "?",
        }
    }
}

impl Line {
    pub(crate) fn new(what: impl Into<String>, goal: &'static str, dream: &'static str, measured: impl Into<String>, grade: Grade) -> Self {
        Self { what: what.into(), goal, dream, measured: measured.into(), grade }
    }

    /// A line for what this machine does not tell.
    pub(crate) fn untold(what: impl Into<String>, goal: &'static str, dream: &'static str) -> Self {
        Self::new(what, goal, dream, "not told by this system (no /proc)", Grade::Unknown)
    }

    pub(crate) fn in_short(&self) -> String {
        format!("{}: {} ({})", self.what, self.measured, self.grade.word())
    }
}

/// The lines as a Markdown table.
pub(crate) fn print(lines: &[Line]) -> String {
    let head = ["what", "goal", "dream", "measured", ""].map(str::to_owned);
    let cells =
        |line: &Line| [line.what.clone(), line.goal.to_owned(), line.dream.to_owned(), line.measured.clone(), line.grade.word().to_owned()];
    let rows: Vec<[String; 5]> = std::iter::once(head).chain(lines.iter().map(cells)).collect();
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..5).map(width).collect();
    let print = |row: &[String; 5]| {
        let cells: Vec<String> = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:<width$}")).collect();
        format!("| {} |", cells.join(" | "))
    };
    let rule = format!("|{}|", widths.iter().map(|width| "-".repeat(width + 2)).collect::<Vec<_>>().join("|"));
    let mut out = vec![print(&rows[0]), rule];
    out.extend(rows[1..].iter().map(print));
    out.join("\n")
}

/// The machine, in a few words.
pub(crate) fn machine() -> String {
    let processor = std::fs::read_to_string("/proc/cpuinfo").ok().and_then(|text| {
        let line = text.lines().find(|line| line.starts_with("model name"))?;
        Some(line.split_once(':')?.1.trim().to_owned())
    });
    let threads = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    format!("{} x {}, {}", threads, processor.as_deref().unwrap_or(std::env::consts::ARCH), std::env::consts::OS)
}

/// The value in the middle.
pub(crate) fn median(values: &[f64]) -> f64 {
    percentile(values, 50)
}

/// The value below which so many of a hundred are.
pub(crate) fn percentile(values: &[f64], percent: usize) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let at = (sorted.len() * percent).div_ceil(100).saturating_sub(1);
    sorted.get(at.min(sorted.len().saturating_sub(1))).copied().unwrap_or(f64::NAN)
}

/// The median of the ratios of rounds.
pub(crate) fn ratio(ours: &[f64], theirs: &[f64]) -> f64 {
    median(&ours.iter().zip(theirs).map(|(ours, theirs)| ours / theirs).collect::<Vec<_>>())
}

pub(crate) fn ms(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}
