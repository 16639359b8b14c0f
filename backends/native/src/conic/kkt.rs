//! The linear system of a step, `[P  Gᵀ; G  −W²] (x, z) = rhs`, kept sparse: `W²` of a large cone is a diagonal and two
//! terms of rank one, for each of which the matrix has a row more.

use bpqp_traits::Result;
use bpqp_traits::vector::{axpy, max_abs};

use super::form::Form;
use super::nesterov_todd::NesterovTodd;
use crate::linalg::{OrderedLdl, Places, Refinement, Refiner, System, UpperPattern};

/// Cones up to this dimension have their block of `W²` formed.
const SMALL: usize = 4;
/// Regularization of both diagonal blocks; the refinement takes it out again.
const REGULARIZATION: f64 = 1e-8;
/// Pivots below this are replaced …
const LEAST_PIVOT: f64 = 1e-13;
/// … by this.
const REPLACEMENT: f64 = 1e-7;
/// A solve is done at this share of its right-hand side …
const TARGET: f64 = 1e-12;
/// … or after so many applications of the factor.
const MAX_STEPS: u32 = 8;

/// The matrix, its factor, and work space.
pub(super) struct Kkt {
    /// With regularization.
    ldl: OrderedLdl,
    places: Places,
    /// Where every column of the upper triangle ends, with its diagonal, among the entries.
    ends: Vec<usize>,
    /// First of the two rows more of each large cone.
    expanded: Vec<Option<usize>>,
    n: usize,
    refiner: Refiner,
    /// By places.
    rhs: Vec<f64>,
    solution: Vec<f64>,
    correction: Vec<f64>,
    /// The most that a solve with this factor left of its right-hand side, for `verbose`.
    pub(super) worst: f64,
}

impl Kkt {
    pub(super) fn new(form: &Form) -> Result<Self> {
        let (n, k) = (form.q.len(), form.h.len());
        let mut dim = n + k;
        let mut expand = |len: usize| {
            let first = dim;
            dim += if len > SMALL { 2 } else { 0 };
            (len > SMALL).then_some(first)
        };
        let expanded: Vec<Option<usize>> = form.layout.cones().map(|rows| expand(rows.len())).collect();
        let pattern = pattern(form, &expanded, dim);
        let is_positive = |i: usize| i < n || (i >= n + k && (i - n - k).is_multiple_of(2));
        let signs: Vec<i8> = (0..dim).map(|i| if is_positive(i) { 1 } else { -1 }).collect();
        let ends = pattern.col_ptr[1..].to_vec();
        let (ldl, places) = OrderedLdl::new(pattern, &signs)?;
        let [rhs, solution, correction] = std::array::from_fn(|_| vec![0.0; dim]);
        let mut new =
            Self { ldl, places, ends, expanded, n, refiner: Refiner::new(dim), rhs, solution, correction, worst: 0.0 };
        new.set_data(form);
        Ok(new)
    }

    /// Takes over the numbers of `form`, of the pattern analyzed.
    pub(super) fn set_data(&mut self, form: &Form) {
        let (n, k) = (self.n, form.h.len());
        let places = &self.places.of_entry;
        let values = self.ldl.values_mut();
        values.fill(0.0);
        let mut start = 0;
        for (j, &end) in self.ends[..n].iter().enumerate() {
            values[places[end - 1]] = REGULARIZATION;
            for (entry, (i, v)) in form.p.as_ref().col(j).enumerate() {
                let entry = if i == j { end - 1 } else { start + entry };
                values[places[entry]] += v;
            }
            start = end;
        }
        // The rows of G, by columns.
        let mut next: Vec<usize> = (n..n + k).map(|i| if i == 0 { 0 } else { self.ends[i - 1] }).collect();
        for (i, _, v) in form.g.as_ref().entries() {
            values[places[next[i]]] = v;
            next[i] += 1;
        }
        // What no cone sets.
        self.ends[n..].iter().for_each(|end| values[places[end - 1]] = -REGULARIZATION);
    }

    /// Sets the block `−W²` and factors; false where that breaks down.
    pub(super) fn factorize(&mut self, scaling: &NesterovTodd) -> bool {
        self.worst = 0.0;
        let Self { ldl, places, ends, expanded, n, .. } = self;
        let values = ldl.values_mut();
        let mut set = |entry: usize, v: f64| values[places.of_entry[entry]] = v;
        let diagonal = |row: usize| ends[*n + row] - 1;
        scaling.weights().for_each(|(i, weight)| set(diagonal(i), -weight - REGULARIZATION));
        for (cone, expanded) in scaling.cones.iter().zip(expanded) {
            let Some(first) = *expanded else {
                for (b, row) in cone.rows.clone().enumerate() {
                    for a in 0..=b {
                        let regularization = if a == b { REGULARIZATION } else { 0.0 };
                        set(diagonal(row) - (b - a), -scaling.square_entry(cone, a, b) - regularization);
                    }
                }
                continue;
            };
            let (w, square, parts) = (scaling.unit(cone), cone.eta * cone.eta, scaling.expansion(cone));
            set(diagonal(cone.rows.start), -square * parts.d - REGULARIZATION);
            cone.rows.clone().skip(1).for_each(|row| set(diagonal(row), -square - REGULARIZATION));
            let (u, v) = (ends[first - 1], ends[first]);
            set(u, cone.eta * parts.u.0);
            for (a, w) in w.iter().enumerate().skip(1) {
                set(u + a, cone.eta * parts.u.1 * w);
                set(v + a - 1, cone.eta * parts.v * w);
            }
            set(v - 1, 1.0 + REGULARIZATION);
            set(ends[first + 1] - 1, -1.0 - REGULARIZATION);
        }
        ldl.factorize((LEAST_PIVOT, REPLACEMENT))
    }

    /// Solves for `(top, bottom)` into `(x, z)`, refined against the matrix without regularization.
    pub(super) fn solve(&mut self, (top, bottom): (&[f64], &[f64]), (x, z): (&mut [f64], &mut [f64])) {
        let Self { ldl, places, n, refiner, rhs, solution, correction, worst, .. } = self;
        let (of_x, others) = places.of_index.split_at(*n);
        rhs.fill(0.0);
        of_x.iter().zip(top).for_each(|(&place, v)| rhs[place] = *v);
        others.iter().zip(bottom).for_each(|(&place, v)| rhs[place] = *v);
        solution.copy_from_slice(rhs);
        ldl.solve(solution);
        let size = max_abs(rhs);
        let mut system = Unregularized { ldl, rhs };
        let left = system.residual(solution, correction) / size;
        if left * left <= TARGET {
            // What the factor left of the right-hand side once it leaves of the rest again.
            if left > TARGET {
                system.precondition(correction);
                axpy(1.0, correction, solution);
            }
            *worst = worst.max(left * left.min(1.0));
        } else if size > 0.0 {
            let limits = Refinement { target: TARGET * size, max_steps: MAX_STEPS };
            let (left, _) = refiner.run(&mut system, solution, limits);
            *worst = worst.max(left / size);
        }
        of_x.iter().zip(x).for_each(|(&place, v)| *v = solution[place]);
        others.iter().zip(z).for_each(|(&place, v)| *v = solution[place]);
    }
}

/// The pattern of the upper triangle.
fn pattern(form: &Form, expanded: &[Option<usize>], dim: usize) -> UpperPattern {
    let (n, k) = (form.q.len(), form.h.len());
    let (mut col_ptr, mut row_idx) = (Vec::with_capacity(dim + 1), Vec::new());
    col_ptr.push(0);
    for j in 0..n {
        row_idx.extend(form.p.as_ref().col(j).map(|(i, _)| i).filter(|i| *i < j).chain([j]));
        col_ptr.push(row_idx.len());
    }
    let rows = form.g.as_ref().transpose();
    let rows = rows.as_ref();
    let mut cones = form.layout.cones().zip(expanded).peekable();
    for i in 0..k {
        while cones.next_if(|(cone, _)| cone.end <= i).is_some() {}
        let first =
            cones.peek().filter(|(cone, place)| cone.contains(&i) && place.is_none()).map(|(cone, _)| cone.start);
        row_idx.extend(rows.col(i).map(|(j, _)| j));
        row_idx.extend((first.unwrap_or(i)..=i).map(|a| n + a));
        col_ptr.push(row_idx.len());
    }
    for (cone, first) in form.layout.cones().zip(expanded).filter_map(|(cone, first)| Some((cone, (*first)?))) {
        row_idx.extend(cone.clone().map(|i| n + i).chain([first]));
        col_ptr.push(row_idx.len());
        row_idx.extend(cone.skip(1).map(|i| n + i).chain([first + 1]));
        col_ptr.push(row_idx.len());
    }
    UpperPattern { dim, col_ptr, row_idx }
}

/// The system as its refinement sees it.
struct Unregularized<'a> {
    ldl: &'a mut OrderedLdl,
    rhs: &'a [f64],
}

impl Unregularized<'_> {
    fn subtract_product(&self, v: &[f64], out: &mut [f64]) {
        self.ldl.subtract_product(v, out);
        for ((out, v), sign) in out.iter_mut().zip(v).zip(self.ldl.signs()) {
            *out += f64::from(*sign) * REGULARIZATION * v;
        }
    }
}

impl System for Unregularized<'_> {
    fn residual(&mut self, v: &[f64], out: &mut [f64]) -> f64 {
        out.copy_from_slice(self.rhs);
        self.subtract_product(v, out);
        let size = max_abs(out);
        if size.is_nan() { f64::INFINITY } else { size }
    }

    fn apply(&mut self, v: &[f64], out: &mut [f64]) {
        out.fill(0.0);
        self.subtract_product(v, out);
        out.iter_mut().for_each(|v| *v = -*v);
    }

    fn precondition(&mut self, v: &mut [f64]) {
        self.ldl.solve(v);
    }
}
