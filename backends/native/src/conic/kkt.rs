//! The linear system of a step, `[P  Gᵀ; G  −W²] (x, z) = rhs`, kept sparse: `W²` of a large cone is a diagonal and two
//! terms of rank one, for each of which the matrix has a row more.

use bpqp_traits::Result;
use bpqp_traits::vector::{axpy, max_abs};

use super::form::Form;
use super::nesterov_todd::NesterovTodd;
use super::substitution::{Rest, Slot, Substitution};
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
    substitution: Substitution,
    /// What substitution leaves, with regularization.
    ldl: OrderedLdl,
    /// Where every entry of the upper triangle is, in `ldl` or in `substitution`.
    slots: Vec<Slot>,
    /// Where every column of the upper triangle ends, with its diagonal, among the entries.
    ends: Vec<usize>,
    /// First of the two rows more of each large cone.
    expanded: Vec<Option<usize>>,
    n: usize,
    /// Variables, and rows, that are left, each with its place in `ldl`.
    variables: Vec<(usize, usize)>,
    rows: Vec<(usize, usize)>,
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
        let mut is_coupled = vec![false; k];
        for (rows, expanded) in form.layout.cones().zip(&expanded) {
            is_coupled[rows].fill(expanded.is_none());
        }
        let whole = pattern(form, &expanded, dim);
        let mut substitution = Substitution::find(form, |i| is_coupled[i]);
        let Rest { pattern, kept, coupled, mut slots } = substitution.split(&whole, n);
        let is_positive = |i: usize| i < n || (i >= n + k && (i - n - k).is_multiple_of(2));
        let signs: Vec<i8> = kept.iter().map(|&i| if is_positive(i) { 1 } else { -1 }).collect();
        let (ldl, Places { of_index, of_entry }) = OrderedLdl::new(pattern, &signs)?;
        let coupled = substitution.couple(&coupled, &of_index)?;
        for slot in &mut slots {
            match slot {
                Slot::Rest(entry) => *entry = of_entry[*entry],
                Slot::Coupling(entry) => *entry = coupled[*entry],
                Slot::Own(_) => {}
            }
        }
        let (mut variables, mut rows) = (Vec::new(), Vec::new());
        for (&i, &place) in kept.iter().zip(&of_index).take_while(|(i, _)| **i < n + k) {
            if i < n { variables.push((i, place)) } else { rows.push((i - n, place)) }
        }
        let [rhs, solution, correction] = std::array::from_fn(|_| vec![0.0; kept.len()]);
        let refiner = Refiner::new(kept.len());
        let ends = whole.col_ptr[1..].to_vec();
        let mut new = Self {
            substitution,
            ldl,
            slots,
            ends,
            expanded,
            n,
            variables,
            rows,
            refiner,
            rhs,
            solution,
            correction,
            worst: 0.0,
        };
        new.set_data(form);
        Ok(new)
    }

    /// Takes over the numbers of `form`, of the pattern analyzed; false where with these it should be analyzed anew.
    pub(super) fn set_data(&mut self, form: &Form) -> bool {
        let (n, k) = (self.n, form.h.len());
        let Self { substitution, ldl, slots, ends, .. } = self;
        let mut entries = Entries::of(substitution, ldl, slots);
        entries.clear();
        let mut start = 0;
        for (j, &end) in ends[..n].iter().enumerate() {
            entries.set_diagonal(end - 1, 0.0, 1.0);
            for (entry, (i, v)) in form.p.as_ref().col(j).enumerate() {
                if i == j {
                    entries.set_diagonal(end - 1, v, 1.0);
                } else {
                    entries.set(start + entry, v);
                }
            }
            start = end;
        }
        // The rows of G, by columns.
        let mut next: Vec<usize> = (n..n + k).map(|i| if i == 0 { 0 } else { ends[i - 1] }).collect();
        for (i, _, v) in form.g.as_ref().entries() {
            entries.set(next[i], v);
            next[i] += 1;
        }
        // What no cone sets.
        ends[n..].iter().for_each(|end| entries.set_diagonal(end - 1, 0.0, -1.0));
        substitution.invert()
    }

    /// Sets the block `−W²` and factors; false where that breaks down.
    pub(super) fn factorize(&mut self, scaling: &NesterovTodd) -> bool {
        self.worst = 0.0;
        let Self { substitution, ldl, slots, ends, expanded, n, .. } = self;
        let mut entries = Entries::of(substitution, ldl, slots);
        let diagonal = |row: usize| ends[*n + row] - 1;
        scaling.weights().for_each(|(i, weight)| entries.set_diagonal(diagonal(i), -weight, -1.0));
        for (cone, expanded) in scaling.cones.iter().zip(expanded) {
            let Some(first) = *expanded else {
                for (b, row) in cone.rows.clone().enumerate() {
                    for a in 0..b {
                        entries.set(diagonal(row) - (b - a), -scaling.square_entry(cone, a, b));
                    }
                    entries.set_diagonal(diagonal(row), -scaling.square_entry(cone, b, b), -1.0);
                }
                continue;
            };
            let (w, square, parts) = (scaling.unit(cone), cone.eta * cone.eta, scaling.expansion(cone));
            entries.set_diagonal(diagonal(cone.rows.start), -square * parts.d, -1.0);
            cone.rows.clone().skip(1).for_each(|row| entries.set_diagonal(diagonal(row), -square, -1.0));
            let (u, v) = (ends[first - 1], ends[first]);
            entries.set(u, cone.eta * parts.u.0);
            for (a, w) in w.iter().enumerate().skip(1) {
                entries.set(u + a, cone.eta * parts.u.1 * w);
                entries.set(v + a - 1, cone.eta * parts.v * w);
            }
            entries.set_diagonal(v - 1, 1.0, 1.0);
            entries.set_diagonal(ends[first + 1] - 1, -1.0, -1.0);
        }
        ldl.factorize((LEAST_PIVOT, REPLACEMENT))
    }

    /// Solves for `(top, bottom)` into `(x, z)`, refined against the matrix without regularization.
    pub(super) fn solve(&mut self, (top, bottom): (&[f64], &[f64]), (x, z): (&mut [f64], &mut [f64])) {
        let Self { substitution, ldl, variables, rows, refiner, rhs, solution, correction, worst, .. } = self;
        rhs.fill(0.0);
        variables.iter().for_each(|&(j, place)| rhs[place] = top[j]);
        rows.iter().for_each(|&(i, place)| rhs[place] = bottom[i]);
        substitution.forward(top, z, rhs);
        solution.copy_from_slice(rhs);
        ldl.solve(solution);
        // Not that of what substitution subtracted, which may cancel.
        let size = max_abs(top).max(max_abs(bottom));
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
        variables.iter().for_each(|&(j, place)| x[j] = solution[place]);
        rows.iter().for_each(|&(i, place)| z[i] = solution[place]);
        substitution.backward(bottom, z, solution, x);
    }
}

/// The entries of the matrix, wherever they are.
struct Entries<'a> {
    rest: &'a mut [f64],
    coupling: &'a mut [f64],
    own: &'a mut [f64],
    slots: &'a [Slot],
}

impl<'a> Entries<'a> {
    fn of(substitution: &'a mut Substitution, ldl: &'a mut OrderedLdl, slots: &'a [Slot]) -> Self {
        let (coupling, own) = substitution.values_mut();
        Self { rest: ldl.values_mut(), coupling, own, slots }
    }

    fn clear(&mut self) {
        self.rest.fill(0.0);
        self.coupling.fill(0.0);
        self.own.fill(0.0);
    }

    fn set(&mut self, entry: usize, v: f64) {
        match self.slots[entry] {
            Slot::Rest(place) => self.rest[place] = v,
            Slot::Coupling(place) => self.coupling[place] = v,
            Slot::Own(place) => self.own[place] = v,
        }
    }

    /// Sets a diagonal entry, which with its `sign` is regularized where it will be a pivot.
    fn set_diagonal(&mut self, entry: usize, v: f64, sign: f64) {
        let is_pivot = matches!(self.slots[entry], Slot::Rest(_));
        self.set(entry, if is_pivot { v + sign * REGULARIZATION } else { v });
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
