//! Lines over a linear axis, as SVG in the page's own colors, in light and dark.

use maud::{Markup, html};

use super::scale::{COLORS, Linear, WIDTH};

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

const HEIGHT: f64 = 320.0;
const LEFT: f64 = 70.0;
const RIGHT: f64 = 20.0;
const TOP: f64 = 14.0;
const BOTTOM: f64 = 44.0;

impl Chart {
    pub(in crate::cli) fn render(&self) -> Markup {
        let points = || self.lines.iter().flat_map(|line| &line.points);
        let ends = self.lines.iter().flat_map(|line| {
            let band = |k: usize| line.band.get(k).copied().unwrap_or(0.0);
            line.points.iter().enumerate().flat_map(move |(k, p)| [p.1 - band(k), p.1 + band(k)])
        });
        let scales = (Linear::of(points().map(|p| p.0), LEFT, WIDTH - RIGHT), Linear::of(ends, HEIGHT - BOTTOM, TOP));
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
                        @let anchor = if x.at(value) + 36.0 > WIDTH { "end" } else { "middle" };
                        text x=(x.at(value)) y=(HEIGHT - BOTTOM + 18.0) text-anchor=(anchor) { (label) }
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

fn path(points: &[(f64, f64)], x: &Linear, y: &Linear) -> String {
    let finite = points.iter().filter(|p| p.1.is_finite());
    finite.map(|p| format!("{:.1},{:.1} ", x.at(p.0), y.at(p.1))).collect()
}

fn band(line: &Line, x: &Linear, y: &Linear) -> String {
    let side = |sign: f64| line.points.iter().zip(&line.band).map(move |(p, b)| (p.0, p.1 + sign * b));
    let around: Vec<(f64, f64)> = side(1.0).chain(side(-1.0).rev()).collect();
    path(&around, x, y)
}

#[cfg(test)]
mod tests {
    use super::*;

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
