//! From sections to a program.

use std::collections::HashMap;
use std::f64::consts::FRAC_1_SQRT_2;

use bpqp_traits::CscMatrix;

use super::lines::{Checked, Entry, Fault};
use super::{Domain, ProblemFile};
use crate::{Program, Result};

/// What the sections say.
#[derive(Debug, Default)]
pub(super) struct Draft {
    pub(super) maximize: bool,
    pub(super) variables: Vec<(Domain, usize)>,
    pub(super) constraints: Vec<(Domain, usize)>,
    pub(super) objective: Vec<Entry<1>>,
    pub(super) constant: f64,
    /// `A` of `Ax + b`.
    pub(super) matrix: Vec<Entry<2>>,
    /// `b` of `Ax + b`.
    pub(super) offset: Vec<Entry<1>>,
}

/// Stacked rows with their offsets.
#[derive(Default)]
struct Rows {
    entries: Vec<(usize, usize, f64)>,
    offset: Vec<f64>,
}

impl Rows {
    fn push(&mut self, entries: impl Iterator<Item = (usize, f64)>, offset: f64) {
        let i = self.offset.len();
        self.entries.extend(entries.map(|(j, v)| (i, j, v)));
        self.offset.push(offset);
    }

    /// The `k`-th of a cone's rows: of a rotated one the first two are turned by 45 degrees, which makes it quadratic.
    fn push_cone_row(&mut self, domain: Domain, k: usize, row: &dyn Fn(usize) -> (Vec<(usize, f64)>, f64)) {
        let (own, offset) = row(k);
        if domain != Domain::Rotated || k > 1 {
            return self.push(own.into_iter(), offset);
        }
        let (first, second) = (row(0), row(1));
        let sign = if k == 0 { 1.0 } else { -1.0 };
        let turned = first.0.iter().map(|&(j, v)| (j, v)).chain(second.0.iter().map(|&(j, v)| (j, sign * v)));
        let mut sum: Vec<(usize, f64)> = turned.map(|(j, v)| (j, FRAC_1_SQRT_2 * v)).collect();
        sum.sort_by_key(|&(j, _)| j);
        self.push(sum.into_iter(), FRAC_1_SQRT_2 * (first.1 + sign * second.1));
    }
}

impl Draft {
    /// Checks indices and looks for entries given twice.
    pub(super) fn check(&self) -> Checked<()> {
        let total = |domains: &[(Domain, usize)]| domains.iter().map(|(_, dim)| dim).sum::<usize>();
        let (n, m) = (total(&self.variables), total(&self.constraints));
        within(&self.objective, [("variable", n)])?;
        within(&self.offset, [("constraint", m)])?;
        within(&self.matrix, [("constraint", m), ("variable", n)])
    }

    pub(super) fn into_problem(self, name: &str) -> Result<ProblemFile> {
        let n = self.variables.iter().map(|(_, dim)| dim).sum();
        let m: usize = self.constraints.iter().map(|(_, dim)| dim).sum();
        let sign = if self.maximize { -1.0 } else { 1.0 };
        let mut q = vec![0.0; n];
        self.objective.iter().for_each(|entry| q[entry.at[0]] = sign * entry.value);
        let mut b = vec![0.0; m];
        self.offset.iter().for_each(|entry| b[entry.at[0]] = entry.value);
        let mut a = vec![Vec::new(); m];
        self.matrix.iter().for_each(|entry| a[entry.at[0]].push((entry.at[1], entry.value)));

        let (mut lb, mut ub) = (vec![f64::NEG_INFINITY; n], vec![f64::INFINITY; n]);
        let (mut cones, mut dims) = (Rows::default(), Vec::new());
        let mut start = 0;
        for &(domain, dim) in &self.variables {
            for j in start..start + dim {
                match domain {
                    Domain::NonNegative => lb[j] = 0.0,
                    Domain::NonPositive => ub[j] = 0.0,
                    Domain::Zero => (lb[j], ub[j]) = (0.0, 0.0),
                    Domain::Free => {}
                    Domain::Quadratic | Domain::Rotated => {
                        cones.push_cone_row(domain, j - start, &|k| (vec![(start + k, 1.0)], 0.0));
                    }
                }
            }
            if matches!(domain, Domain::Quadratic | Domain::Rotated) {
                dims.push(dim);
            }
            start += dim;
        }
        let mut rows = Rows::default();
        let (mut l, mut u) = (Vec::new(), Vec::new());
        let mut start = 0;
        for &(domain, dim) in &self.constraints {
            for i in start..start + dim {
                let (lower, upper) = match domain {
                    Domain::NonNegative => (-b[i], f64::INFINITY),
                    Domain::NonPositive => (f64::NEG_INFINITY, -b[i]),
                    Domain::Zero => (-b[i], -b[i]),
                    Domain::Free => (f64::NEG_INFINITY, f64::INFINITY),
                    Domain::Quadratic | Domain::Rotated => {
                        cones.push_cone_row(domain, i - start, &|k| (a[start + k].clone(), b[start + k]));
                        continue;
                    }
                };
                rows.push(a[i].iter().copied(), 0.0);
                l.push(lower);
                u.push(upper);
            }
            if matches!(domain, Domain::Quadratic | Domain::Rotated) {
                dims.push(dim);
            }
            start += dim;
        }
        let matrix = CscMatrix::from_triplets(l.len(), n, &rows.entries)?;
        let mut builder = Program::builder(n)
            .linear_objective(&q)
            .constant(sign * self.constant)
            .rows(&l, &matrix, &u)
            .bounds(&lb, &ub);
        if !dims.is_empty() {
            let matrix = CscMatrix::from_triplets(cones.offset.len(), n, &cones.entries)?;
            builder = builder.second_order_cones(&matrix, &cones.offset, &dims);
        }
        let numbered = |name: &str, count: usize| (0..count).map(|i| format!("{name}[{i}]")).collect();
        Ok(ProblemFile {
            name: name.into(),
            maximize: self.maximize,
            row_names: numbered("rows", l.len()),
            column_names: numbered("x", n),
            program: builder.build()?,
        })
    }
}

/// Checks each index against its limit, and that no place is given twice.
fn within<const K: usize>(entries: &[Entry<K>], limits: [(&str, usize); K]) -> Checked<()> {
    let mut seen = HashMap::with_capacity(entries.len());
    for entry in entries {
        for (&index, (name, limit)) in entry.at.iter().zip(limits) {
            if index >= limit {
                let message = format!("{name} {index} does not exist: there are {limit}, counted from 0");
                return Err(Fault::new(entry.line, message));
            }
        }
        if let Some(first) = seen.insert(entry.at, entry.line) {
            return Err(Fault::new(entry.line, format!("the entry was given before, in line {first}")));
        }
    }
    Ok(())
}
