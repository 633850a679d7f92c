//! Which rows of a long timeline are drawn: the visible ones and some on both sides. The others are two empty spaces,
//! as high as they were measured, or as assumed for rows that were never drawn.

use std::collections::HashMap;
use std::ops::Range;

use super::row::{Row, RowPosition};
use crate::limits::{DAY_PX, LINE_PX};

/// The measured heights of rows.
#[derive(Debug, Default)]
pub struct Heights {
    by_row: HashMap<RowPosition, f64>,
    width: f64,
}

impl Heights {
    /// Records a height; `true` if it changed.
    pub fn record(&mut self, at: RowPosition, px: f64) -> bool {
        self.by_row.insert(at, px).is_none_or(|before| (before - px).abs() >= 0.5)
    }

    /// Sets the width of the lines; `true` if it changed, which voids all heights.
    pub fn set_width(&mut self, px: f64) -> bool {
        let is_another = (self.width - px).abs() >= 1.0;
        if is_another {
            self.width = px;
            self.by_row.clear();
        }
        is_another
    }

    fn of(&self, row: &Row) -> f64 {
        self.by_row.get(&row.at()).copied().unwrap_or(match row {
            Row::Day { .. } | Row::UnreadDivider(_) => DAY_PX,
            Row::Line { .. } | Row::Fold { .. } | Row::Pending { .. } => LINE_PX,
        })
    }
}

/// The top edge of each row, relative to the first, and the end of the last.
pub fn edges(rows: &[Row], heights: &Heights) -> Vec<f64> {
    let mut edges = Vec::with_capacity(rows.len() + 1);
    let mut at = 0.0;
    edges.push(at);
    for row in rows {
        at += heights.of(row);
        edges.push(at);
    }
    edges
}

/// The row at this offset.
pub fn row_at(edges: &[f64], px: f64) -> usize {
    edges.partition_point(|edge| *edge <= px).saturating_sub(1).min(edges.len().saturating_sub(2))
}

/// The rows to draw if `height` pixels from `top` are visible: these, and `overscan` pixels on both sides.
pub fn rows_to_draw(edges: &[f64], top: f64, height: f64, overscan: f64) -> Range<usize> {
    if edges.len() < 2 {
        return 0..0;
    }
    row_at(edges, top - overscan)..row_at(edges, top + height + overscan) + 1
}

/// The index of the row at this position, or of the next one.
pub fn index_of(rows: &[Row], at: RowPosition) -> usize {
    rows.partition_point(|row| row.at() < at).min(rows.len().saturating_sub(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(count: u64) -> Vec<Row> {
        (0..count).map(Row::UnreadDivider).collect()
    }

    #[test]
    fn only_what_is_near_is_drawn() {
        let heights = Heights::default();
        let rows = rows(10_000);
        let edges = edges(&rows, &heights);
        let range = rows_to_draw(&edges, 5_000.0 * DAY_PX, 800.0, 900.0);
        assert!(range.contains(&5_000) && range.len() < 200, "{range:?}");
        assert_eq!(rows_to_draw(&edges, 0.0, 800.0, 900.0).start, 0);
        assert_eq!(rows_to_draw(&edges, 10_000.0 * DAY_PX - 800.0, 800.0, 900.0).end, 10_000);
        assert_eq!(rows_to_draw(&[0.0], 0.0, 800.0, 900.0), 0..0);
    }

    #[test]
    fn heights_are_kept_until_the_width_changes() {
        let mut heights = Heights::default();
        let rows = rows(3);
        heights.set_width(500.0);
        assert!(heights.record(rows.first().map_or(RowPosition::line(0), Row::at), 100.0));
        assert!(!heights.record(rows.first().map_or(RowPosition::line(0), Row::at), 100.2));
        assert_eq!(edges(&rows, &heights), [0.0, 100.2, 100.2 + DAY_PX, 100.2 + 2.0 * DAY_PX]);
        heights.set_width(400.0);
        assert_eq!(edges(&rows, &heights).get(1), Some(&DAY_PX));
    }

    #[test]
    fn a_row_that_is_gone_gives_way_to_the_next() {
        let rows = rows(3);
        assert_eq!(index_of(&rows, RowPosition::line(0)), 1);
        assert_eq!(index_of(&rows, RowPosition::line(99)), 2);
    }
}
