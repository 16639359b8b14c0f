//! Times against size as an SVG, both axes logarithmic.

use plotters::prelude::*;

use super::Series;
use crate::Result;

const SIZE: (u32, u32) = (820, 540);
const COLORS: [RGBColor; 2] = [RGBColor(31, 119, 180), RGBColor(214, 85, 39)];

pub(super) fn svg(all: &[Series]) -> Result<String> {
    let mut text = String::new();
    draw(all, &mut text).map_err(|reason| bpqp_traits::Error::backend("the plot", reason))?;
    Ok(text)
}

fn draw(all: &[Series], text: &mut String) -> std::result::Result<(), String> {
    let told = |error: DrawingAreaErrorKind<_>| error.to_string();
    let area = SVGBackend::with_string(text, SIZE).into_drawing_area();
    area.fill(&WHITE).map_err(told)?;
    let points: Vec<(f64, f64)> = all.iter().flat_map(Series::totals).collect();
    let (x, y) = (range(points.iter().map(|p| p.0)), range(points.iter().map(|p| p.1)));
    let mut chart = ChartBuilder::on(&area)
        .margin(20)
        .x_label_area_size(45)
        .y_label_area_size(70)
        .build_cartesian_2d(x.log_scale(), y.log_scale())
        .map_err(told)?;
    let mut mesh = chart.configure_mesh();
    mesh.x_desc("variables").y_desc("set-up + forward + backward, ms").draw().map_err(told)?;
    for (series, color) in all.iter().zip(COLORS.into_iter().cycle()) {
        let line = LineSeries::new(series.totals(), color.stroke_width(2)).point_size(4);
        let fit = series.exponent.map(|k| format!(": n^{k:.2}")).unwrap_or_default();
        let name = format!("{}, {}{fit}", series.family, series.forward);
        let key = move |(x, y)| PathElement::new([(x, y), (x + 18, y)], color.stroke_width(2));
        chart.draw_series(line).map_err(told)?.label(name).legend(key);
    }
    let mut labels = chart.configure_series_labels();
    let labels = labels.position(SeriesLabelPosition::UpperLeft).background_style(WHITE).border_style(BLACK);
    labels.draw().map_err(told)?;
    area.present().map_err(told)
}

/// A range around the values; of no values, one that can be drawn.
fn range(values: impl Iterator<Item = f64>) -> std::ops::Range<f64> {
    let (low, high) = values.fold((f64::INFINITY, 0.0_f64), |(low, high), v| (low.min(v), high.max(v)));
    if low < high { 0.7 * low..1.4 * high } else { 0.1..10.0 }
}
