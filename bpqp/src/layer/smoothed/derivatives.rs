//! Derivatives of the log-barrier solution.

use bpqp_traits::{ProgramUpdate, Side};

use super::Smoothed;
use super::pairs::Pair;
use super::system::{Layout, Response};
use crate::layer::certificate::{ALL_BLOCKS, Certificate, CertificateKind};
use crate::layer::choices::AtKink;
use crate::layer::cotangent::{StackedCotangent, Tangent};
use crate::layer::derivatives::ADJOINT_TOLERANCE;
use crate::layer::gradient::{Gradient, Sensitivities, of_sides};
use crate::program::Program;
use crate::{Error, Result};

impl Smoothed {
    /// The gradient from cotangents of the barrier solution and its duals. A dual follows its inequality's value by the
    /// weights `z/s`, and the sides by the same; a cone's follows its slack by `−W`.
    pub(in crate::layer) fn vjp(&mut self, program: &Program, bar: &StackedCotangent) -> Result<Gradient> {
        let StackedCotangent { x: x_bar, y: y_bar, bounds: bound_bar, cones: w_bar } = bar;
        let (n, m) = (x_bar.len(), y_bar.len());
        let Layout { equal_rows, fixed, rows, bounded } = &self.layout;
        let (of_rows, of_bounds) = self.at.pairs.split_at(rows.len());
        let mut g = x_bar.clone();
        bounded.iter().zip(of_bounds).for_each(|(&j, pair)| g[j] += pair.weight() * bound_bar[j]);
        g.extend(rows.iter().zip(of_rows).map(|(&i, pair)| pair.weight() * y_bar[i]));
        let mut r: Vec<f64> = equal_rows.iter().map(|&i| -y_bar[i]).collect();
        r.extend(fixed.iter().map(|&j| -bound_bar[j]));
        let shift: Vec<f64> = w_bar.iter().map(|v| -v).collect();
        let response = self.system.solve(g, r, &shift)?;
        let certificate = self.certify(&response)?;
        let Response { z, nu, .. } = &response;

        let mut sides = Sensitivities::new(n, m);
        let at = self.solution(program);
        let pushing = |dual: f64| if dual < 0.0 { Side::Lower } else { Side::Upper };
        for (&i, nu) in equal_rows.iter().zip(nu) {
            sides.y_bar[i] = *nu;
            sides.set_row(i, pushing(at.y[i]), -nu);
        }
        for (&j, nu) in fixed.iter().zip(&nu[equal_rows.len()..]) {
            sides.set_bound(j, pushing(at.bound_duals[j]), -nu);
        }
        for ((&i, pair), r) in rows.iter().zip(of_rows).zip(&z[n..]) {
            let moved = r + y_bar[i];
            sides.y_bar[i] = pair.weight() * moved;
            sides.set_row(i, Side::Lower, -pair.lower.weight() * moved);
            sides.set_row(i, Side::Upper, -pair.upper.weight() * moved);
        }
        for (&j, pair) in bounded.iter().zip(of_bounds) {
            let moved = z[j] + bound_bar[j];
            sides.set_bound(j, Side::Lower, -pair.lower.weight() * moved);
            sides.set_bound(j, Side::Upper, -pair.upper.weight() * moved);
        }
        sides.cones = (at.cone_duals.iter().map(|w| -w).collect(), response.cone_forces().to_vec());
        Ok(of_sides(program, (at.x, at.y), z[..n].to_vec(), sides, certificate))
    }

    /// The derivative along a direction of the stacked data.
    pub(in crate::layer) fn jvp(&mut self, program: &Program, direction: &ProgramUpdate<'_>) -> Result<Tangent> {
        let stacked = program.as_stacked();
        let (n, m) = (stacked.num_vars(), stacked.num_rows());
        let at = self.solution(program);
        let Layout { equal_rows, fixed, rows, bounded } = &self.layout;
        let (of_rows, of_bounds) = self.at.pairs.split_at(rows.len());
        let part = |v: Option<&[f64]>, i: usize| v.map_or(0.0, |v| v[i]);
        let mut g = direction.q.map_or_else(|| vec![0.0; n], <[f64]>::to_vec);
        if let Some(dp) = direction.p {
            stacked.p().with_values(dp)?.symmetric_mul_add(1.0, &at.x, &mut g);
        }
        let mut values = vec![0.0; m];
        if let Some(da) = direction.a {
            let da = stacked.a().with_values(da)?;
            da.transpose_mul_add(1.0, &at.y, &mut g);
            da.mul_add(1.0, &at.x, &mut values);
        }
        // dS x + ds, which the cones' duals follow by −W.
        let mut shift = direction.cone_offset.map_or_else(|| vec![0.0; at.cone_duals.len()], <[f64]>::to_vec);
        if let (Some(ds), Some(cones)) = (direction.cone_matrix, stacked.cones()) {
            let ds = cones.matrix().with_values(ds)?;
            ds.mul_add(1.0, &at.x, &mut shift);
            ds.transpose_mul_add(-1.0, &at.cone_duals, &mut g);
        }
        // The change of each dual but for what x brings.
        let of_row = |&i: &usize| {
            let moved = (values[i] - part(direction.l, i), values[i] - part(direction.u, i));
            (i, moved)
        };
        let constant =
            |pair: &Pair, (lower, upper): (f64, f64)| pair.lower.weight() * lower + pair.upper.weight() * upper;
        let row_constants: Vec<f64> =
            rows.iter().map(of_row).zip(of_rows).map(|((_, moved), pair)| constant(pair, moved)).collect();
        let bound_constants: Vec<f64> = bounded
            .iter()
            .zip(of_bounds)
            .map(|(&j, pair)| constant(pair, (-part(direction.lb, j), -part(direction.ub, j))))
            .collect();
        bounded.iter().zip(&bound_constants).for_each(|(&j, c)| g[j] += c);
        g.extend(&row_constants);
        let mut r: Vec<f64> = equal_rows.iter().map(|&i| part(direction.u, i) - values[i]).collect();
        r.extend(fixed.iter().map(|&j| part(direction.ub, j)));
        let response = self.system.solve(g, r, &shift)?;
        let certificate = self.certify(&response)?;
        let Response { z, nu, .. } = &response;

        let (mut y, mut bounds) = (vec![0.0; m], vec![0.0; n]);
        equal_rows.iter().zip(nu).for_each(|(&i, nu)| y[i] = *nu);
        fixed.iter().zip(&nu[equal_rows.len()..]).for_each(|(&j, nu)| bounds[j] = *nu);
        for (((&i, pair), moved), c) in rows.iter().zip(of_rows).zip(&z[n..]).zip(&row_constants) {
            y[i] = pair.weight() * moved + c;
        }
        for ((&j, pair), c) in bounded.iter().zip(of_bounds).zip(&bound_constants) {
            bounds[j] = pair.weight() * z[j] + c;
        }
        let blocks = program.blocks();
        Ok(Tangent {
            equalities: y[blocks.equalities.clone()].to_vec(),
            inequalities: y[blocks.inequalities.clone()].to_vec(),
            rows: y[blocks.rows.clone()].to_vec(),
            bounds,
            cones: response.cone_forces().iter().map(|v| -v).collect(),
            x: z[..n].to_vec(),
            certificate,
        })
    }

    /// A certificate of the barrier program's derivative, which has neither kinks nor active rows; or a refusal.
    fn certify(&self, of: &Response) -> Result<Certificate> {
        let Response { z, nu, residual, .. } = of;
        let (residual, finite) = (*residual, z.iter().chain(nu).all(|v| v.is_finite()));
        if !finite || residual > ADJOINT_TOLERANCE || residual.is_nan() {
            return Err(Error::Adjoint { residual });
        }
        let is_unique = self.loose_variables.is_empty() && self.dependent.is_empty();
        Ok(Certificate {
            kind: if is_unique { CertificateKind::Exact } else { CertificateKind::Degenerate },
            residual,
            undetermined: 0.0,
            kkt_residual: self.residual,
            error_estimate: None,
            radius: None,
            active: Vec::new(),
            weakly_active: Vec::new(),
            dependent: self.dependent.clone(),
            loose_variables: self.loose_variables.clone(),
            inexact_blocks: if is_unique { Vec::new() } else { ALL_BLOCKS.to_vec() },
            at_kink: AtKink::default(),
            regularization: 0.0,
            relaxation: 0.0,
            smoothing: self.mu,
        })
    }
}
