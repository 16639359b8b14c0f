//! A dot plot over a logarithmic axis, as SVG. Its colors are those of the page, in light and dark; so it is written
//! here, since plotting crates fix theirs.

use maud::{Markup, html};

use super::scale::{COLORS, Decades, WIDTH};
use crate::cli::table::small;

/// One backend's numbers, one for each row; `None` is not drawn.
pub(in crate::cli) struct Series {
    pub(in crate::cli) name: String,
    pub(in crate::cli) points: Vec<Option<f64>>,
}

pub(in crate::cli) struct Plot {
    pub(in crate::cli) title: String,
    pub(in crate::cli) rows: Vec<String>,
    pub(in crate::cli) series: Vec<Series>,
}

const LEFT: f64 = 170.0;
const RIGHT: f64 = 30.0;
const TOP: f64 = 26.0;
/// Distance of two series in one row.
const STEP: f64 = 7.0;
/// Characters of a row's name that fit on the left.
const NAME: usize = 24;

impl Plot {
    /// Leaves out the rows in which no series has a point.
    pub(in crate::cli) fn without_empty_rows(mut self) -> Self {
        let kept: Vec<bool> = (0..self.rows.len()).map(|i| self.series.iter().any(|s| s.points[i].is_some())).collect();
        let mut keep = kept.iter();
        self.rows.retain(|_| keep.next() == Some(&true));
        for series in &mut self.series {
            let mut keep = kept.iter();
            series.points.retain(|_| keep.next() == Some(&true));
        }
        self
    }

    pub(in crate::cli) fn render(&self) -> Markup {
        let values: Vec<f64> = self.series.iter().flat_map(|s| s.points.iter().flatten().copied()).collect();
        let Some(axis) = Decades::of(&values, LEFT, WIDTH - RIGHT) else {
            return html! { h3 { (self.title) } p.empty { "Nothing to show: no run has this number." } };
        };
        let row_height = (STEP * self.series.len() as f64 + 8.0).max(20.0);
        let bottom = TOP + row_height * self.rows.len() as f64;
        let alt = format!(
            "{}: {} to {} over {} problems, by {}",
            self.title,
            small(values.iter().copied().reduce(f64::min)),
            small(values.iter().copied().reduce(f64::max)),
            self.rows.len(),
            self.series.iter().map(|s| s.name.as_str()).collect::<Vec<_>>().join(", "),
        );
        html! {
            h3 { (self.title) }
            (self.legend())
            div.scroll {
                svg viewBox=(format!("0 0 {WIDTH} {}", bottom + 24.0)) role="img" aria-label=(alt) {
                    @for (x, label) in axis.ticks() {
                        line.grid x1=(x) x2=(x) y1=(TOP) y2=(bottom) {}
                        text x=(x) y=(TOP - 10.0) text-anchor="middle" { (label) }
                        text x=(x) y=(bottom + 16.0) text-anchor="middle" { (label) }
                    }
                    @for (i, name) in self.rows.iter().enumerate() {
                        @let y = TOP + row_height * i as f64;
                        line.row x1="0" x2=(WIDTH) y1=(y) y2=(y) {}
                        text x=(LEFT - 10.0) y=(y + 0.5 * row_height + 4.0) text-anchor="end" {
                            title { (name) }
                            (shortened(name))
                        }
                        @for (k, series) in self.series.iter().enumerate() {
                            @if let Some(value) = series.points.get(i).copied().flatten() {
                                @let center = y + 0.5 * row_height + STEP * (k as f64 - 0.5 * (self.series.len() - 1) as f64);
                                (marker(k, axis.at(value), center, &format!("{name}, {}: {value:.3e}", series.name)))
                            }
                        }
                    }
                    line.row x1="0" x2=(WIDTH) y1=(bottom) y2=(bottom) {}
                }
            }
        }
    }

    fn legend(&self) -> Markup {
        html! {
            ul.legend {
                @for (k, series) in self.series.iter().enumerate() {
                    li {
                        svg.key viewBox="0 0 12 12" aria-hidden="true" { (marker(k, 6.0, 6.0, &series.name)) }
                        " " (series.name)
                    }
                }
            }
        }
    }
}

/// A color and a shape for each series, so that either tells them apart.
fn marker(series: usize, x: f64, y: f64, title: &str) -> Markup {
    let class = format!("mark s{}", series % COLORS);
    let points = |corners: &[(f64, f64)]| -> String {
        corners.iter().map(|(dx, dy)| format!("{:.1},{:.1} ", x + dx, y + dy)).collect()
    };
    html! {
        @match series % 4 {
            0 => circle class=(class) cx=(x) cy=(y) r="4" { title { (title) } },
            1 => rect class=(class) x=(x - 3.5) y=(y - 3.5) width="7" height="7" { title { (title) } },
            2 => polygon class=(class) points=(points(&[(0.0, -4.5), (4.5, 3.5), (-4.5, 3.5)])) { title { (title) } },
            _ => polygon class=(class) points=(points(&[(0.0, -5.0), (5.0, 0.0), (0.0, 5.0), (-5.0, 0.0)])) { title { (title) } },
        }
    }
}

/// As much of a name as there is room for.
fn shortened(name: &str) -> String {
    if name.chars().count() <= NAME {
        return name.into();
    }
    name.chars().take(NAME - 1).chain(['…']).collect()
}
