//! The constraints of a random program, around its solution.

use crate::ProgramBuilder;

use super::sample::{Family, Numbers, dot};

const INF: f64 = f64::INFINITY;

/// All constraints, and the forces with which they push at the solution.
pub(super) struct Rows {
    equalities: Vec<(Vec<f64>, f64)>,
    inequalities: Vec<(Vec<f64>, f64)>,
    /// Lower side, normal, upper side.
    two_sided: Vec<(f64, Vec<f64>, f64)>,
    lb: Vec<f64>,
    ub: Vec<f64>,
    /// `Σ yᵢ aᵢ + ζ` (`n`).
    pub(super) forces: Vec<f64>,
    pub(super) contradicted: bool,
}

/// The slack and the force of a side that is met or not.
struct Planter<'a> {
    family: Family,
    numbers: &'a mut Numbers,
    /// How many more sides may push.
    budget: usize,
}

impl Planter<'_> {
    /// Slack and force of one side.
    fn side(&mut self) -> (f64, f64) {
        let weak = self.family.share(Family::WeaklyActive, 0.25);
        if self.budget > 0 && self.numbers.chance(0.4) {
            self.budget -= 1;
            (0.0, self.numbers.positive())
        } else if self.numbers.chance(weak) {
            (0.0, 0.0)
        } else {
            (self.numbers.positive(), 0.0)
        }
    }

    /// A normal: new, or a multiple of one in `earlier`.
    fn normal(&mut self, n: usize, earlier: &[Vec<f64>]) -> Vec<f64> {
        if !earlier.is_empty() && self.numbers.chance(self.family.share(Family::DuplicateRows, 0.4)) {
            let factor = self.numbers.positive();
            return earlier[self.numbers.below(earlier.len() as f64)].iter().map(|v| factor * v).collect();
        }
        let mut normal = self.numbers.vector(n);
        for v in &mut normal {
            if self.numbers.chance(0.3) {
                *v = 0.0;
            }
        }
        normal
    }
}

impl Rows {
    pub(super) fn plant(family: Family, x: &[f64], numbers: &mut Numbers) -> Self {
        let n = x.len();
        let half = n as f64 / 2.0;
        let counts = [half, 2.0 * n as f64, half].map(|limit| numbers.below(limit + 1.0));
        let budget = if family == Family::Mixed { usize::MAX } else { n.saturating_sub(counts[0]) };
        let mut planter = Planter { family, numbers, budget };
        let mut rows = Self {
            equalities: Vec::new(),
            inequalities: Vec::new(),
            two_sided: Vec::new(),
            lb: vec![-INF; n],
            ub: vec![INF; n],
            forces: vec![0.0; n],
            contradicted: false,
        };
        let (mut normals, mut pushing) = (Vec::new(), Vec::new());
        for _ in 0..counts[0] {
            let normal = planter.normal(n, &normals);
            rows.push(&normal, planter.numbers.any());
            normals.push(normal.clone());
            rows.equalities.push((normal.clone(), dot(&normal, x)));
        }
        normals.clear();
        for _ in 0..counts[1] {
            let normal = planter.normal(n, &normals);
            let (slack, force) = planter.side();
            rows.push(&normal, force);
            if force > 0.0 {
                pushing.push(normal.clone());
            }
            normals.push(normal.clone());
            rows.inequalities.push((normal.clone(), dot(&normal, x) + slack));
        }
        for _ in 0..counts[2] {
            let normal = planter.normal(n, &normals);
            rows.push_two_sided(normal, x, &mut planter);
        }
        if planter.family == Family::RedundantRows || planter.numbers.chance(family.share(Family::RedundantRows, 1.0)) {
            rows.push_combinations(&pushing, x, planter.numbers);
        }
        for j in 0..n {
            rows.plant_bounds(j, x, &mut planter);
        }
        rows
    }

    fn push(&mut self, normal: &[f64], force: f64) {
        self.forces.iter_mut().zip(normal).for_each(|(f, a)| *f += force * a);
    }

    fn push_two_sided(&mut self, normal: Vec<f64>, x: &[f64], planter: &mut Planter<'_>) {
        let value = dot(&normal, x);
        if planter.numbers.chance(0.15) {
            self.push(&normal, planter.numbers.any());
            self.two_sided.push((value, normal, value));
            return;
        }
        let (slack, force) = planter.side();
        let other = if planter.numbers.chance(0.5) { INF } else { planter.numbers.positive() };
        if planter.numbers.chance(0.5) {
            self.push(&normal, force);
            self.two_sided.push((value - other, normal, value + slack));
        } else {
            self.push(&normal, -force);
            self.two_sided.push((value - slack, normal, value + other));
        }
    }

    /// Inequalities that others imply, met without force or slack.
    fn push_combinations(&mut self, pushing: &[Vec<f64>], x: &[f64], numbers: &mut Numbers) {
        for _ in 0..=numbers.below(2.0) {
            let mut normal = vec![0.0; x.len()];
            for other in pushing {
                if numbers.chance(0.5) {
                    let weight = numbers.positive();
                    normal.iter_mut().zip(other).for_each(|(v, a)| *v += weight * a);
                }
            }
            let slack = if numbers.chance(0.2) { numbers.positive() } else { 0.0 };
            self.inequalities.push((normal.clone(), dot(&normal, x) + slack));
        }
    }

    fn plant_bounds(&mut self, j: usize, x: &[f64], planter: &mut Planter<'_>) {
        if planter.numbers.chance(planter.family.share(Family::FixedVariables, 0.4)) {
            (self.lb[j], self.ub[j]) = (x[j], x[j]);
            self.forces[j] += planter.numbers.any();
            return;
        }
        if planter.numbers.chance(0.5) {
            return;
        }
        let (slack, force) = planter.side();
        let other = if planter.numbers.chance(0.5) { INF } else { planter.numbers.positive() };
        if planter.numbers.chance(0.5) {
            (self.lb[j], self.ub[j]) = (x[j] - other, x[j] + slack);
            self.forces[j] += force;
        } else {
            (self.lb[j], self.ub[j]) = (x[j] - slack, x[j] + other);
            self.forces[j] -= force;
        }
    }

    /// Takes variable `j` out of all rows, which the others' values at `x` meet as before, and lets it go on for ever.
    pub(super) fn release(&mut self, j: usize, x: &[f64]) {
        for (normal, side) in self.equalities.iter_mut().chain(&mut self.inequalities) {
            *side -= std::mem::take(&mut normal[j]) * x[j];
        }
        for (lower, normal, upper) in &mut self.two_sided {
            let share = std::mem::take(&mut normal[j]) * x[j];
            (*lower, *upper) = (*lower - share, *upper - share);
        }
        (self.lb[j], self.ub[j]) = (x[j] - 1.0, INF);
    }

    /// An inequality against a combination of the others, or where there are none, against a bound of its own.
    pub(super) fn contradict(&mut self, numbers: &mut Numbers) {
        let n = self.lb.len();
        let (mut normal, mut side) = (vec![0.0; n], -numbers.positive());
        let rows = self.inequalities.iter().chain(&self.equalities);
        for (other, h) in rows {
            if numbers.chance(0.5) {
                let weight = numbers.positive();
                normal.iter_mut().zip(other).for_each(|(v, a)| *v -= weight * a);
                side -= weight * h;
            }
        }
        self.inequalities.push((normal, side));
        self.contradicted = true;
    }

    /// Each row by its own power of ten, each variable `x_j = s_j x'_j`.
    pub(super) fn scale(&mut self, columns: &[f64], numbers: &mut Numbers) {
        let scaled = |normal: &mut [f64], by: f64| normal.iter_mut().zip(columns).for_each(|(v, s)| *v *= by * s);
        for (normal, side) in self.equalities.iter_mut().chain(&mut self.inequalities) {
            let by = powers(1, 8.0, numbers)[0];
            scaled(normal, by);
            *side *= by;
        }
        for (lower, normal, upper) in &mut self.two_sided {
            let by = powers(1, 8.0, numbers)[0];
            scaled(normal, by);
            (*lower, *upper) = (*lower * by, *upper * by);
        }
        for (j, s) in inverse_scales(columns).enumerate() {
            (self.lb[j], self.ub[j]) = (self.lb[j] * s, self.ub[j] * s);
        }
    }

    pub(super) fn add_to(self, builder: ProgramBuilder) -> ProgramBuilder {
        let (a, b): (Vec<_>, Vec<_>) = self.equalities.into_iter().unzip();
        let (g, h): (Vec<_>, Vec<_>) = self.inequalities.into_iter().unzip();
        let (mut c, mut l, mut u) = (Vec::new(), Vec::new(), Vec::new());
        for (lower, normal, upper) in self.two_sided {
            c.push(normal);
            l.push(lower);
            u.push(upper);
        }
        let builder = builder.bounds(&self.lb, &self.ub);
        let builder = if a.is_empty() { builder } else { builder.equalities(&a[..], &b) };
        let builder = if g.is_empty() { builder } else { builder.inequalities(&g[..], &h) };
        if c.is_empty() { builder } else { builder.rows(&l, &c[..], &u) }
    }
}

/// Powers of ten with even exponents up to `largest` in size.
pub(super) fn powers(len: usize, largest: f64, numbers: &mut Numbers) -> Vec<f64> {
    (0..len).map(|_| 10_f64.powf(2.0 * numbers.random.uniform(-largest / 2.0, largest / 2.0).round())).collect()
}

pub(super) fn inverse_scales(columns: &[f64]) -> impl Iterator<Item = f64> + '_ {
    columns.iter().map(|s| 1.0 / s)
}
