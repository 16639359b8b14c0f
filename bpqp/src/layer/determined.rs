//! Solving for exactly what a KKT system determines, along a face of solutions.

use bpqp_traits::vector::{axpy, dot, max_abs};
use bpqp_traits::{ProgramRef, Result, Session};

use super::derivatives::ADJOINT_TOLERANCE;
use super::null_space::{Curvature, Flat};
use super::reduced::{KktSolution, ReducedKkt};

impl ReducedKkt {
    /// As [`solve`](Self::solve); along a face of solutions, for exactly the part of the right-hand side that the system
    /// determines. Where the residual is short of a gradient's, directions of slight curvature count as undetermined, too: the
    /// solution along them is longer than its residual can be small.
    pub(crate) fn solve_determined(
        &mut self,
        program: &ProgramRef<'_>,
        session: Option<&mut (dyn Session + 'static)>,
        g: &[f64],
        r: &[f64],
        fixed: &[f64],
    ) -> Result<KktSolution> {
        let (at_bounds, g_free, r_active) = self.reduce(program, (g, r), fixed);
        let flat = match &mut self.null_space {
            Some(null_space) => null_space.flat_directions(&g_free)?,
            None => None,
        };
        let (Some(Flat { directions, is_sharp }), Some(null_space), Some(own)) =
            (flat, &mut self.null_space, &mut self.own)
        else {
            return self.solve(program, session, g, r, fixed);
        };
        let whole = max_abs(&g_free).max(max_abs(&r_active));
        // With what is left of the right-hand side.
        let mut best: Option<(KktSolution, Vec<f64>)> = None;
        for kinds in [&[Curvature::None][..], &[Curvature::None, Curvature::Slight]] {
            let removed = || directions.iter().filter(|(curvature, _)| kinds.contains(curvature));
            let (mut left, mut part) = (g_free.clone(), 0.0_f64);
            for (_, direction) in removed() {
                let along = dot(direction, &left);
                axpy(-along, direction, &mut left);
                part = part.hypot(along);
            }
            let (mut z, mut y) = (vec![0.0; left.len()], vec![0.0; r_active.len()]);
            own.factor.solve(&left, &r_active, &mut z, &mut y)?;
            removed().for_each(|(_, direction)| axpy(-dot(direction, &z), direction, &mut z));
            let residual = own.of_least_norm(Some(&mut *null_space), (&left, &r_active), (&mut z, &y))?;
            let size = max_abs(&left).max(max_abs(&r_active));
            let residual = if size > 0.0 && part > 0.0 { residual * size / whole } else { residual };
            if best.as_ref().is_none_or(|(best, _)| residual < best.residual) {
                let undetermined = if part > 0.0 { part / dot(&g_free, &g_free).sqrt() } else { 0.0 };
                best = Some((KktSolution { z, y, residual, undetermined, ..KktSolution::default() }, left));
            }
            if residual <= ADJOINT_TOLERANCE {
                break;
            }
        }
        let Some((reduced, left)) = best else { return self.solve(program, session, g, r, fixed) };
        let KktSolution { z: z_free, y: y_active, residual, undetermined, .. } = reduced;
        let mut z = at_bounds;
        let (y, zeta) = self.whole(program, (g, r), &mut z, (&z_free, &y_active));
        let rounding = self.rounding_beside(residual, program, (&left, &r_active), &z, &y);
        let mut along_face = vec![0.0; g.len()];
        for ((&j, whole), left) in self.free.iter().zip(&g_free).zip(&left) {
            along_face[j] = whole - left;
        }
        let along_face = is_sharp.then_some(along_face);
        Ok(KktSolution { z, y, zeta, residual, rounding, undetermined, along_face })
    }
}
