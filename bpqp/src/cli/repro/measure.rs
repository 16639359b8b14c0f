//! Every method on every problem, and what many problems come to.

use bpqp_traits::vector::{dot, max_nan};
use serde::Serialize;

use super::method::{Method, Outcome};
use super::problem::{Kind, Problem};
use super::reference::distance;
use crate::cli::bench::median;

/// A gradient this far off is of no use.
const USELESS: f64 = 1e-2;

/// One method on one problem.
#[derive(Clone, Debug)]
pub(super) struct Measurement {
    pub(super) kind: Kind,
    pub(super) size: (usize, usize),
    pub(super) seed: u64,
    pub(super) method: String,
    /// Why there is no gradient.
    pub(super) failure: Option<String>,
    pub(super) times: Option<Times>,
    pub(super) errors: Option<Errors>,
}

/// Milliseconds.
#[derive(Clone, Copy, Debug)]
pub(super) struct Times {
    pub(super) forward_setup: f64,
    pub(super) forward: f64,
    pub(super) backward_setup: f64,
    pub(super) backward: f64,
}

impl Times {
    fn of(outcome: &Outcome) -> Self {
        let Outcome { forward_setup, forward, backward_setup, backward, .. } = *outcome;
        Self { forward_setup, forward, backward_setup, backward }
    }

    /// The least of two runs, part by part: whatever else the machine does only adds to them.
    fn least(self, other: Self) -> Self {
        Self {
            forward_setup: self.forward_setup.min(other.forward_setup),
            forward: self.forward.min(other.forward),
            backward_setup: self.backward_setup.min(other.backward_setup),
            backward: self.backward.min(other.backward),
        }
    }

    pub(super) fn total(&self) -> f64 {
        self.forward_setup + self.forward + self.backward_setup + self.backward
    }

    /// As the paper's clock has it.
    pub(super) fn without_setup(&self) -> f64 {
        self.forward + self.backward
    }
}

/// Distances to the reference.
#[derive(Clone, Copy, Debug, Serialize)]
pub(super) struct Errors {
    /// `‖x − x*‖₂ / ‖x*‖₂` of the point that the gradient was taken at.
    pub(super) x: f64,
    /// `‖g − r‖₂ / ‖r‖₂` for the gradient with respect to `q`.
    pub(super) q: f64,
    /// One minus the cosine of the angle between the two, where neither is zero.
    pub(super) angle: Option<f64>,
    /// `‖g − r‖₂ / ‖r‖₂` for `b` and `h` together.
    pub(super) sides: f64,
    /// The notebooks' measure, of the rows that are theirs.
    pub(super) to_inverse: Option<f64>,
}

/// Measures all methods on all problems, and keeps the least time of `repeat` runs; `progress` is told what comes next, and
/// after each method.
///
/// # Errors
/// Where a problem or its reference cannot be made.
pub(super) fn measure(
    methods: &[Method],
    (kinds, sizes): (&[Kind], &[(usize, usize)]),
    (instances, seed): (u64, u64),
    repeat: u32,
    mut progress: impl FnMut(Option<String>),
) -> crate::Result<Vec<Measurement>> {
    let mut all = Vec::new();
    for &kind in kinds {
        for &size in sizes {
            progress(Some(format!("{} {}×{}", kind.as_str(), size.0, size.1)));
            for seed in (seed..).take(instances as usize) {
                let problem = Problem::new(kind, size, seed)?;
                for method in methods.iter().filter(|method| method.applies(kind)) {
                    let outcomes: Result<Vec<Outcome>, String> = (0..repeat).map(|_| method.run(&problem)).collect();
                    let (failure, outcomes) = outcomes.map_or_else(|e| (Some(e), Vec::new()), |all| (None, all));
                    let times = outcomes.iter().map(Times::of).reduce(Times::least);
                    let errors = outcomes.last().map(|outcome| Errors::new(outcome, &problem));
                    let method = method.name.clone();
                    all.push(Measurement { kind, size, seed, method, failure, times, errors });
                    progress(None);
                }
            }
        }
    }
    Ok(all)
}

impl Errors {
    fn new(outcome: &Outcome, problem: &Problem) -> Self {
        let (found, right) = (&outcome.gradient, &problem.reference.gradient);
        let norm = |v: &[f64]| dot(v, v).sqrt();
        let zero = vec![0.0; right.q.len()];
        let sides = |v: &super::reference::Vectors| [v.b.as_slice(), v.h.as_slice()].concat();
        Self {
            x: relative(&outcome.x, &problem.reference.x),
            q: relative(&found.q, &right.q),
            angle: Some(1.0 - dot(&found.q, &right.q) / (norm(&found.q) * norm(&right.q))).filter(|_| right.q != zero),
            sides: relative(&sides(found), &sides(right)),
            to_inverse: outcome.to_inverse,
        }
    }
}

/// `‖g − r‖₂ / ‖r‖₂`, and `‖g‖₂` where `r` is zero.
fn relative(g: &[f64], r: &[f64]) -> f64 {
    let size = dot(r, r).sqrt();
    distance(g, r) / if size > 0.0 { size } else { 1.0 }
}

/// What many problems of one kind and size come to with one method; times are medians, in milliseconds.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Summary {
    pub(super) kind: Kind,
    pub(super) n: usize,
    pub(super) m: usize,
    pub(super) method: String,
    pub(super) instances: usize,
    /// Without a gradient.
    pub(super) failed: usize,
    pub(super) setup_ms: Option<f64>,
    pub(super) forward_ms: Option<f64>,
    /// Its own set-up included.
    pub(super) backward_ms: Option<f64>,
    pub(super) total_ms: Option<f64>,
    /// The paper's clock: neither set-up.
    pub(super) without_setup_ms: Option<f64>,
    pub(super) median_error_of_x: Option<f64>,
    pub(super) median_error: Option<f64>,
    pub(super) largest_error: Option<f64>,
    pub(super) largest_angle: Option<f64>,
    pub(super) median_error_of_sides: Option<f64>,
    pub(super) largest_error_of_sides: Option<f64>,
    /// Gradients with an error above 1 %.
    pub(super) useless: usize,
    /// The notebooks' measure and their mean, of the rows that are theirs.
    pub(super) mean_distance_to_inverse: Option<f64>,
}

/// One summary for each kind, size and method, in the order of `measurements`.
pub(super) fn summarize(measurements: &[Measurement]) -> Vec<Summary> {
    let key = |m: &Measurement| (m.kind.as_str(), m.size, m.method.clone());
    let mut keys = Vec::new();
    for measurement in measurements {
        let key = key(measurement);
        if !keys.contains(&key) {
            keys.push(key);
        }
    }
    let group = |k: &_| measurements.iter().filter(|m| key(m) == *k).collect::<Vec<_>>();
    keys.iter().map(|k| Summary::new(&group(k))).collect()
}

impl Summary {
    fn new(group: &[&Measurement]) -> Self {
        let first = group[0];
        let times: Vec<Times> = group.iter().filter_map(|m| m.times).collect();
        let errors: Vec<Errors> = group.iter().filter_map(|m| m.errors).collect();
        let mid = |values: Vec<f64>| (!values.is_empty()).then(|| median(values));
        let time = |of: fn(&Times) -> f64| mid(times.iter().map(of).collect());
        let mean = |v: Vec<f64>| (!v.is_empty()).then(|| v.iter().sum::<f64>() / v.len() as f64);
        let most = |of: fn(&Errors) -> Option<f64>| errors.iter().filter_map(of).reduce(max_nan);
        Self {
            kind: first.kind,
            n: first.size.0,
            m: first.size.1,
            method: first.method.clone(),
            instances: group.len(),
            failed: group.len() - times.len(),
            setup_ms: time(|t| t.forward_setup),
            forward_ms: time(|t| t.forward),
            backward_ms: time(|t| t.backward_setup + t.backward),
            total_ms: time(Times::total),
            without_setup_ms: time(Times::without_setup),
            median_error_of_x: mid(errors.iter().map(|e| e.x).collect()),
            median_error: mid(errors.iter().map(|e| e.q).collect()),
            largest_error: most(|e| Some(e.q)),
            largest_angle: most(|e| e.angle),
            median_error_of_sides: mid(errors.iter().map(|e| e.sides).collect()),
            largest_error_of_sides: most(|e| Some(e.sides)),
            // A NaN is of no use either.
            useless: errors.iter().filter(|e| !matches!(max_nan(e.q, e.sides), v if v <= USELESS)).count(),
            mean_distance_to_inverse: mean(errors.iter().filter_map(|e| e.to_inverse).collect()),
        }
    }

    pub(super) fn size(&self) -> String {
        format!("{}×{}", self.n, self.m)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn measurement(seed: u64, method: &str, total: Option<f64>, error: f64) -> Measurement {
        Measurement {
            kind: Kind::Lp,
            size: (10, 5),
            seed,
            method: method.into(),
            failure: total.is_none().then(|| "iteration_limit".into()),
            times: total.map(|t| Times {
                forward_setup: 0.5 * t,
                forward: 0.25 * t,
                backward_setup: 0.0,
                backward: 0.25 * t,
            }),
            errors: total.map(|_| Errors { x: 0.0, q: error, angle: None, sides: 0.0, to_inverse: Some(error) }),
        }
    }

    #[test]
    fn summaries_are_medians_by_method_and_count_failures() {
        let all = [
            measurement(1, "a", Some(4.0), 1e-3),
            measurement(1, "b", None, 0.0),
            measurement(2, "a", Some(8.0), 0.5),
            measurement(2, "b", Some(1.0), f64::NAN),
        ];
        let [a, b] = &summarize(&all)[..] else { panic!("two methods") };
        assert_eq!((a.method.as_str(), a.total_ms, a.without_setup_ms, a.failed), ("a", Some(6.0), Some(3.0), 0));
        assert_eq!((a.largest_error, a.useless), (Some(0.5), 1));
        assert_eq!(a.mean_distance_to_inverse, Some(0.2505));
        assert_eq!((b.total_ms, b.failed, b.useless), (Some(1.0), 1, 1));
        assert!(b.largest_error.is_some_and(f64::is_nan));
    }

    #[test]
    fn errors_are_relative_to_the_reference_unless_that_is_zero() {
        assert_eq!(relative(&[3.0, 4.0], &[0.0, 0.0]), 5.0);
        assert_eq!(relative(&[0.0, 5.0], &[0.0, 4.0]), 0.25);
        assert_eq!(relative(&[], &[]), 0.0);
    }
}
