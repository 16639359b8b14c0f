//! Times against what grows as an SVG, a panel for each, all axes logarithmic.

use plotters::prelude::*;

use super::{Axis, Series};
use crate::Result;

const SIZE: (u32, u32) = (1320, 500);
/// Right ends of the panels: the first has the most to show.
const ENDS: [u32; 2] = [580, 950];
const COLORS: [RGBColor; 4] =
    [RGBColor(31, 119, 180), RGBColor(214, 85, 39), RGBColor(44, 140, 70), RGBColor(130, 90, 180)];

pub(super) fn svg(all: &[Series]) -> Result<String> {
    let mut text = String::new();
    draw(all, &mut text).map_err(|reason| bpqp_traits::Error::backend("the plot", reason))?;
    Ok(text)
}

fn draw(all: &[Series], text: &mut String) -> std::result::Result<(), String> {
    let area = SVGBackend::with_string(text, SIZE).into_drawing_area();
    area.fill(&WHITE).map_err(|error| error.to_string())?;
    let panels = area.split_by_breakpoints(ENDS, [0; 0]);
    let mut colors = COLORS.into_iter().cycle();
    for (axis, panel) in Axis::ALL.into_iter().zip(&panels) {
        let series: Vec<_> = all.iter().filter(|s| s.axis == axis).zip(&mut colors).collect();
        draw_panel(axis, &series, panel)?;
    }
    area.present().map_err(|error| error.to_string())
}

fn draw_panel(
    axis: Axis,
    all: &[(&Series, RGBColor)],
    area: &DrawingArea<SVGBackend<'_>, plotters::coord::Shift>,
) -> std::result::Result<(), String> {
    let told = |error: DrawingAreaErrorKind<_>| error.to_string();
    let points: Vec<(f64, f64)> = all.iter().flat_map(|(series, _)| series.totals()).collect();
    let (x, y) = (range(points.iter().map(|p| p.0)), decades(range(points.iter().map(|p| p.1))));
    let mut chart = ChartBuilder::on(area)
        .margin(20)
        .x_label_area_size(45)
        .y_label_area_size(70)
        .build_cartesian_2d(x.log_scale(), y.log_scale())
        .map_err(told)?;
    let mut mesh = chart.configure_mesh();
    mesh.x_desc(axis.as_str()).y_desc(axis.measure()).draw().map_err(told)?;
    for &(series, color) in all {
        let line = LineSeries::new(series.totals(), color.stroke_width(2)).point_size(4);
        let fit = series.exponent.map(|k| format!(": {}^{k:.2}", axis.as_str())).unwrap_or_default();
        // The other panels are narrow, and of the same backend.
        let backend = if axis == Axis::Variables { format!(", {}", series.forward) } else { String::new() };
        let name = format!("{}{backend}{fit}", series.family);
        let key = move |(x, y)| PathElement::new([(x, y), (x + 18, y)], color.stroke_width(2));
        chart.draw_series(line).map_err(told)?.label(name).legend(key);
    }
    // Where the lines are not: more threads take less time, all else takes more.
    let free = if axis == Axis::Threads { SeriesLabelPosition::LowerLeft } else { SeriesLabelPosition::LowerRight };
    let mut labels = chart.configure_series_labels();
    let labels = labels.position(free).background_style(WHITE).border_style(BLACK);
    labels.draw().map_err(told)
}

/// A range around the values; of no values, one that can be drawn.
fn range(values: impl Iterator<Item = f64>) -> std::ops::Range<f64> {
    let (low, high) = values.fold((f64::INFINITY, 0.0_f64), |(low, high), v| (low.min(v), high.max(v)));
    if low < high { 0.7 * low..1.4 * high } else { 0.1..10.0 }
}

/// The whole decades around a range: each end has a number.
fn decades(range: std::ops::Range<f64>) -> std::ops::Range<f64> {
    10.0_f64.powf(range.start.log10().floor())..10.0_f64.powf(range.end.log10().ceil())
}
