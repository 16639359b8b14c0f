//! Lines over a linear axis, as SVG in the page's own colors, in light and dark.

use maud::{Markup, html};

/// One line: points from left to right, and a band around it where it is an average.
pub(in crate::cli) struct Line {
    pub(in crate::cli) name: String,
    pub(in crate::cli) points: Vec<(f64, f64)>,
    /// Half the height of the band at each point; empty for none.
    pub(in crate::cli) band: Vec<f64>,
}

pub(in crate::cli) struct Chart {
    pub(in crate::cli) title: String,
    pub(in crate::cli) x: String,
    pub(in crate::cli) y: String,
    pub(in crate::cli) lines: Vec<Line>,
    /// Names of places on the horizontal axis; where there are none, numbers.
    pub(in crate::cli) places: Vec<(f64, String)>,
}

const WIDTH: f64 = 760.0;
const HEIGHT: f64 = 320.0;
const LEFT: f64 = 70.0;
const RIGHT: f64 = 20.0;
const TOP: f64 = 14.0;
const BOTTOM: f64 = 44.0;
/// Colors in the style sheet.
const COLORS: usize = 8;

/// A range of values and what it is drawn onto.
struct Scale {
    low: f64,
    high: f64,
    from: f64,
    to: f64,
}

impl Scale {
    fn of(values: impl Iterator<Item = f64>, from: f64, to: f64) -> Option<Self> {
        let (low, high) = values
            .filter(|v| v.is_finite())
            .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), v| (low.min(v), high.max(v)));
        let room = if low < high { 0.0 } else { 0.5 * low.abs().max(1.0) };
        (low <= high).then_some(Self { low: low - room, high: high + room, from, to })
    }

    fn at(&self, value: f64) -> f64 {
        self.from + (self.to - self.from) * (value - self.low) / (self.high - self.low)
    }

    /// Round numbers, about five of them.
    fn ticks(&self) -> Vec<(f64, String)> {
        let rough = (self.high - self.low) / 5.0;
        let power = 10f64.powf(rough.log10().floor());
        let step = [1.0, 2.0, 5.0, 10.0].into_iter().map(|m| m * power).find(|s| *s >= rough).unwrap_or(rough);
        let decimals = (-step.log10().floor()).max(0.0) as usize;
        let first = (self.low / step).ceil() as i64;
        let last = (self.high / step).floor() as i64;
        (first..=last).map(|k| k as f64 * step).map(|v| (v, format!("{v:.decimals$}"))).collect()
    }
}

impl Chart {
    pub(in crate::cli) fn render(&self) -> Markup {
        let points = || self.lines.iter().flat_map(|line| &line.points);
        let ends = self.lines.iter().flat_map(|line| {
            let band = |k: usize| line.band.get(k).copied().unwrap_or(0.0);
            line.points.iter().enumerate().flat_map(move |(k, p)| [p.1 - band(k), p.1 + band(k)])
        });
        let scales = (Scale::of(points().map(|p| p.0), LEFT, WIDTH - RIGHT), Scale::of(ends, HEIGHT - BOTTOM, TOP));
        let (Some(x), Some(y)) = scales else {
            return html! { h3 { (self.title) } p.empty { "Nothing to show." } };
        };
        let names: Vec<&str> = self.lines.iter().map(|line| line.name.as_str()).collect();
        let alt = format!("{}: {} over {}, for {}", self.title, self.y, self.x, names.join(", "));
        let places = if self.places.is_empty() { x.ticks() } else { self.places.clone() };
        html! {
            h3 { (self.title) }
            ul.legend {
                @for (k, name) in names.iter().enumerate() {
                    li {
                        svg.key viewBox="0 0 12 12" aria-hidden="true" { line class=(class(k)) x1="0" x2="12" y1="6" y2="6" {} }
                        " " (name)
                    }
                }
            }
            div.scroll {
                svg viewBox=(format!("0 0 {WIDTH} {HEIGHT}")) role="img" aria-label=(alt) {
                    @for (value, label) in y.ticks() {
                        line.grid x1=(LEFT) x2=(WIDTH - RIGHT) y1=(y.at(value)) y2=(y.at(value)) {}
                        text x=(LEFT - 8.0) y=(y.at(value) + 4.0) text-anchor="end" { (label) }
                    }
                    @for (value, label) in places {
                        text x=(x.at(value)) y=(HEIGHT - BOTTOM + 18.0) text-anchor="middle" { (label) }
                    }
                    text x=(0.5 * (LEFT + WIDTH - RIGHT)) y=(HEIGHT - 6.0) text-anchor="middle" { (self.x) }
                    text x="0" y="0" transform=(format!("translate(14 {}) rotate(-90)", 0.5 * HEIGHT)) text-anchor="middle" { (self.y) }
                    @for (k, line) in self.lines.iter().enumerate() {
                        @if !line.band.is_empty() { polygon class=(format!("band s{}", k % COLORS)) points=(band(line, &x, &y)) {} }
                        polyline class=(class(k)) points=(path(&line.points, &x, &y)) { title { (line.name) } }
                    }
                }
            }
        }
    }
}

fn class(k: usize) -> String {
    format!("line l{}", k % COLORS)
}

fn path(points: &[(f64, f64)], x: &Scale, y: &Scale) -> String {
    let finite = points.iter().filter(|p| p.1.is_finite());
    finite.map(|p| format!("{:.1},{:.1} ", x.at(p.0), y.at(p.1))).collect()
}

fn band(line: &Line, x: &Scale, y: &Scale) -> String {
    let side = |sign: f64| line.points.iter().zip(&line.band).map(move |(p, b)| (p.0, p.1 + sign * b));
    let around: Vec<(f64, f64)> = side(1.0).chain(side(-1.0).rev()).collect();
    path(&around, x, y)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_round_and_inside() {
        let scale = Scale::of([0.13, 0.97].into_iter(), 0.0, 1.0).unwrap();
        let labels: Vec<String> = scale.ticks().into_iter().map(|(_, label)| label).collect();
        assert_eq!(labels, ["0.2", "0.4", "0.6", "0.8"]);
        assert!((scale.at(0.55) - 0.5).abs() < 1e-12);
        assert!(Scale::of([f64::NAN].into_iter(), 0.0, 1.0).is_none());
        assert!(Scale::of([3.0].into_iter(), 0.0, 1.0).unwrap().at(3.0) == 0.5);
    }

    #[test]
    fn a_chart_draws_every_line_and_escapes_names() {
        let line = |name: &str| Line { name: name.into(), points: vec![(0.0, 1.0), (1.0, 2.0)], band: vec![0.1, 0.1] };
        let chart = Chart {
            title: "t".into(),
            x: "x".into(),
            y: "y".into(),
            lines: vec![line("a"), line("<b>")],
            places: vec![],
        };
        let text = chart.render().into_string();
        assert_eq!((text.matches("<polyline").count(), text.matches("<polygon").count()), (2, 2));
        assert!(text.contains("&lt;b&gt;") && !text.contains("<b>"));
    }
}
