//! What plots are drawn onto: their width, their colors, and scales from values to places.

/// Width of every plot.
pub(super) const WIDTH: f64 = 760.0;
/// Colors in the style sheet; further series take them again.
pub(super) const COLORS: usize = 8;

/// Magnitudes below this are drawn as zero: for a residual they mean no more than that.
const ZERO: f64 = 1e-18;

/// A range of values and the places of its ends.
struct Range {
    low: f64,
    high: f64,
    from: f64,
    to: f64,
}

impl Range {
    fn at(&self, value: f64) -> f64 {
        self.from + (self.to - self.from) * (value - self.low) / (self.high - self.low)
    }
}

/// Values evenly spaced.
#[cfg(feature = "train")]
pub(super) struct Linear(Range);

#[cfg(feature = "train")]
impl Linear {
    /// From the least to the largest finite value; `None` where there is none.
    pub(super) fn of(values: impl Iterator<Item = f64>, from: f64, to: f64) -> Option<Self> {
        let (low, high) = values
            .filter(|v| v.is_finite())
            .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), v| (low.min(v), high.max(v)));
        let room = if low < high { 0.0 } else { 0.5 * low.abs().max(1.0) };
        (low <= high).then_some(Self(Range { low: low - room, high: high + room, from, to }))
    }

    pub(super) fn at(&self, value: f64) -> f64 {
        self.0.at(value)
    }

    /// Round numbers, about five of them, and their labels.
    pub(super) fn ticks(&self) -> Vec<(f64, String)> {
        let Range { low, high, .. } = self.0;
        let rough = (high - low) / 5.0;
        let power = 10f64.powf(rough.log10().floor());
        let step = [1.0, 2.0, 5.0, 10.0].into_iter().map(|m| m * power).find(|s| *s >= rough).unwrap_or(rough);
        let decimals = (-step.log10().floor()).max(0.0) as usize;
        let (first, last) = ((low / step).ceil() as i64, (high / step).floor() as i64);
        (first..=last).map(|k| k as f64 * step).map(|v| (v, format!("{v:.decimals$}"))).collect()
    }
}

/// Powers of ten evenly spaced. A zero is drawn one power below the smallest value.
pub(super) struct Decades {
    powers: Range,
    has_zero: bool,
}

impl Decades {
    /// From the power below the least to the power above the largest of `values`; `None` where there are none.
    pub(super) fn of(values: &[f64], from: f64, to: f64) -> Option<Self> {
        let has_zero = values.iter().any(|v| v.abs() < ZERO);
        let logs = || values.iter().filter(|v| v.is_finite() && **v >= ZERO).map(|v| v.log10());
        let low = logs().reduce(f64::min).unwrap_or(0.0).floor() - f64::from(u8::from(has_zero));
        let high = logs().reduce(f64::max).unwrap_or(0.0).ceil().max(low + 1.0);
        (!values.is_empty()).then_some(Self { powers: Range { low, high, from, to }, has_zero })
    }

    /// Where a value is drawn; what is not finite at the far end.
    pub(super) fn at(&self, value: f64) -> f64 {
        let power = if value.abs() < ZERO { self.powers.low } else { value.log10() };
        self.powers.at(if power.is_finite() { power } else { self.powers.high })
    }

    /// Places and labels of the grid, at most about a dozen.
    pub(super) fn ticks(&self) -> Vec<(f64, String)> {
        let (low, high) = (self.powers.low as i32, self.powers.high as i32);
        let every = (high - low) / 12 + 1;
        let label = |p: i32| match p {
            p if self.has_zero && p == low => "≈ 0".to_string(),
            0 => "1".into(),
            1 => "10".into(),
            p => format!("1e{p}"),
        };
        let powers = (low..=high).filter(|p| (p - low) % every == 0);
        powers.map(|p| (self.powers.at(f64::from(p)), label(p))).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decades_are_evenly_spaced_with_zero_at_the_near_end() {
        let scale = Decades::of(&[0.0, 1e-3, 0.02, f64::NAN], 100.0, 400.0).unwrap();
        let (places, labels): (Vec<f64>, Vec<String>) = scale.ticks().into_iter().unzip();
        assert_eq!(labels, ["≈ 0", "1e-3", "1e-2", "1e-1"]);
        assert!(places.iter().zip([100.0, 200.0, 300.0, 400.0]).all(|(x, y)| (x - y).abs() < 1e-9), "{places:?}");
        assert_eq!((scale.at(0.0), scale.at(f64::INFINITY)), (100.0, 400.0));
        assert!(Decades::of(&[], 0.0, 1.0).is_none());
        assert_eq!(Decades::of(&[1.0], 0.0, 1.0).unwrap().ticks().len(), 2);
    }

    #[cfg(feature = "train")]
    #[test]
    fn linear_ticks_are_round_and_inside() {
        let scale = Linear::of([0.13, 0.97].into_iter(), 0.0, 1.0).unwrap();
        let labels: Vec<String> = scale.ticks().into_iter().map(|(_, label)| label).collect();
        assert_eq!(labels, ["0.2", "0.4", "0.6", "0.8"]);
        assert!((scale.at(0.55) - 0.5).abs() < 1e-12);
        assert!(Linear::of([f64::NAN].into_iter(), 0.0, 1.0).is_none());
        assert!(Linear::of([3.0].into_iter(), 0.0, 1.0).unwrap().at(3.0) == 0.5);
    }
}
