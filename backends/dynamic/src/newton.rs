//! A step of Newton's method at a point of a program with cones, as a QP.
//!
//! Where a quadratic objective becomes a cone, by its [epigraph](crate::epigraph) or inside of a library, a gap of `δ` may
//! leave an error of the order `√δ` in the point or in its multipliers. With `u = S x + s` and the unit vector `û` along `u₁`, a
//! cone is the row `u₀ − ‖u₁‖ ≥ 0` near `x`, and `w₀ (I − û ûᵀ)/‖u₁‖` its curvature; at its apex it is the rows `u = 0`. The
//! step solves a QP with these rows, where libraries need no cones, and squares the error.

use std::ops::Range;

use bpqp_traits::rays::SolveLp;
use bpqp_traits::vector::dot;
use bpqp_traits::{ConesRef, CscMatrix, KktResiduals, ProgramBuf, ProgramRef, Result, Solution};

use crate::session::drop_duals_on_infinite_sides;
use crate::units::Units;

/// The most steps that are taken.
const MAX_STEPS: usize = 3;
/// Curvature of the steps themselves, where those of a program are near one: it decides where the program leaves a step
/// free, and slows convergence by no more than this share of its own.
const PROXIMAL: f64 = 1e-8;
/// Points with larger residuals are taken for no neighbors of a solution.
const NEAR: f64 = 1e-2;

/// Takes steps from `out`, a point of `program` whose numbers are near one in `units`, as long as residuals are above
/// `tolerance` and shrink. Returns the residuals of what it leaves.
pub(crate) fn improve(
    program: &ProgramRef<'_>,
    units: &Units,
    tolerance: f64,
    solve: &mut SolveLp<'_>,
    out: &mut Solution,
) -> KktResiduals {
    let mut residuals = KktResiduals::compute(program, out);
    let Ok(scaled) = units.scale(program) else { return residuals };
    let Some(cones) = scaled.as_ref().cones() else { return residuals };
    for _ in 0..MAX_STEPS {
        if residuals.max() <= tolerance || residuals.max() > NEAR {
            break;
        }
        // A library that fails here leaves what there was.
        let Ok(mut next) = step(&scaled.as_ref(), &cones, &units.scale_solution(out), solve) else { break };
        units.unscale(&mut next);
        drop_duals_on_infinite_sides(program, &mut next);
        let reached = KktResiduals::compute(program, &next);
        if reached.max().is_nan() || reached.max() >= residuals.max() {
            break;
        }
        (*out, residuals) = (next, reached);
    }
    residuals
}

/// The point after one step from `point`, where lengths and forces are near one, by a QP that `solve` solves.
///
/// # Errors
/// What `solve` fails with.
fn step(program: &ProgramRef<'_>, cones: &ConesRef<'_>, point: &Solution, solve: &mut SolveLp<'_>) -> Result<Solution> {
    let (n, m) = (program.num_vars(), program.num_rows());
    let mut image = cones.slacks(&point.x);
    let pieces: Vec<_> = cones.blocks().map(|rows| Piece::at(rows, &image, &point.cone_duals)).collect();
    let found = solve(&Steps::new(program, cones, &point.x).with(&pieces, &image)?.as_ref())?;
    let mut next = Solution { iterations: point.iterations + found.iterations, ..found };
    let mut rows = &next.y[m..];
    cones.matrix().mul_add(1.0, &next.x[..n], &mut image);
    next.cone_duals.clear();
    for piece in &pieces {
        piece.push_duals(rows, &image, &mut next.cone_duals);
        rows = &rows[piece.num_rows()..];
    }
    next.y.truncate(m);
    next.x.truncate(n);
    next.bound_duals.truncate(n);
    next.x.iter_mut().zip(&point.x).for_each(|(d, x)| *d += x);
    Ok(next)
}

/// What stands for a cone near a point.
enum Piece {
    /// All of `u = 0`, or the half line `u ≥ 0` of a cone of dimension 1.
    Rows { rows: Range<usize>, upper: f64 },
    /// The row `u₀ − ûᵀu₁ ≥ 0` over steps `t = S₁ d` and `r = ûᵀt`, with the curvature `κ ‖t − r û‖²`.
    Smooth { rows: Range<usize>, direction: Vec<f64>, curvature: f64 },
}

impl Piece {
    /// Of the cone over `rows` where its image is `image` and its dual in `duals`.
    fn at(rows: Range<usize>, image: &[f64], duals: &[f64]) -> Self {
        let (u, w) = (&image[rows.clone()], &duals[rows.clone()]);
        if rows.len() == 1 {
            return Self::Rows { rows, upper: f64::INFINITY };
        }
        let (norm, margin) = (dot(&u[1..], &u[1..]).sqrt(), w[0] - dot(&w[1..], &w[1..]).sqrt());
        if margin > norm.max(u[0].abs()) {
            return Self::Rows { rows, upper: 0.0 };
        }
        let scale = if norm > 0.0 { 1.0 / norm } else { 0.0 };
        let direction = u[1..].iter().map(|v| v * scale).collect();
        Self::Smooth { rows, direction, curvature: w[0].max(0.0) * scale }
    }

    /// How many rows it has in the QP.
    fn num_rows(&self) -> usize {
        match self {
            Self::Rows { rows, .. } => rows.len(),
            Self::Smooth { rows, .. } => rows.len() + 1,
        }
    }

    /// Appends the cone's dual, from those of its rows and the image after the step.
    fn push_duals(&self, row_duals: &[f64], image: &[f64], duals: &mut Vec<f64>) {
        match self {
            Self::Rows { rows, .. } => duals.extend(row_duals[..rows.len()].iter().map(|y| -y)),
            Self::Smooth { rows, .. } => {
                let (size, tail) = (-row_duals[0], &image[rows.start + 1..rows.end]);
                let norm = dot(tail, tail).sqrt();
                duals.push(size);
                duals.extend(tail.iter().map(|v| if norm > 0.0 { -size * v / norm } else { 0.0 }));
            }
        }
    }
}

/// The QP over the steps `d` from `x`, and over the `t` and `r` of its pieces.
struct Steps<'a> {
    cones: ConesRef<'a>,
    p: Vec<(usize, usize, f64)>,
    q: Vec<f64>,
    a: Vec<(usize, usize, f64)>,
    sides: (Vec<f64>, Vec<f64>),
    bounds: (Vec<f64>, Vec<f64>),
}

impl<'a> Steps<'a> {
    /// Without cones.
    fn new(program: &ProgramRef<'a>, cones: &ConesRef<'a>, x: &[f64]) -> Self {
        let (mut q, mut values) = (program.q().to_vec(), vec![0.0; program.num_rows()]);
        program.p().symmetric_mul_add(1.0, x, &mut q);
        program.a().mul_add(1.0, x, &mut values);
        let shifted = |sides: &[f64]| sides.iter().zip(&values).map(|(side, value)| side - value).collect();
        let to = |bounds: &[f64]| bounds.iter().zip(x).map(|(bound, x)| bound - x).collect();
        let p = program.p().entries().chain((0..x.len()).map(|j| (j, j, PROXIMAL))).collect();
        Self {
            cones: *cones,
            p,
            q,
            a: program.a().entries().collect(),
            sides: (shifted(program.l()), shifted(program.u())),
            bounds: (to(program.lb()), to(program.ub())),
        }
    }

    /// With what stands for its cones, where their image is `image`.
    fn with(mut self, pieces: &[Piece], image: &[f64]) -> Result<ProgramBuf> {
        // Where each row of the cones went, and the sign of its variables.
        let mut row_of = vec![0; image.len()];
        for piece in pieces {
            match piece {
                Piece::Rows { rows, upper } => {
                    for i in rows.clone() {
                        row_of[i] = self.push_row(-image[i], if *upper > 0.0 { *upper } else { -image[i] });
                    }
                }
                Piece::Smooth { rows, direction, curvature } => {
                    let tail = &image[rows.start + 1..rows.end];
                    let r = self.q.len() + direction.len();
                    row_of[rows.start] = self.push_row(dot(direction, tail) - image[rows.start], f64::INFINITY);
                    self.a.push((row_of[rows.start], r, -1.0));
                    for (i, v) in (rows.start + 1..rows.end).zip(direction) {
                        let t = self.push_variable();
                        row_of[i] = self.push_row(0.0, 0.0);
                        self.a.push((row_of[i], t, -1.0));
                        self.p.extend([(t, t, *curvature), (t, r, -curvature * v)]);
                    }
                    let (r, link) = (self.push_variable(), self.push_row(0.0, 0.0));
                    self.p.push((r, r, curvature * dot(direction, direction)));
                    self.a.push((link, r, -1.0));
                    self.a.extend(direction.iter().enumerate().map(|(k, v)| (link, r - direction.len() + k, *v)));
                }
            }
        }
        self.a.extend(self.cones.matrix().entries().map(|(i, j, v)| (row_of[i], j, v)));
        let (n, m) = (self.q.len(), self.sides.0.len());
        let (p, a) = (CscMatrix::from_triplets(n, n, &self.p)?, CscMatrix::from_triplets(m, n, &self.a)?);
        ProgramBuf::new(p, self.q, a, self.sides, self.bounds)
    }

    fn push_row(&mut self, lower: f64, upper: f64) -> usize {
        self.sides.0.push(lower);
        self.sides.1.push(upper);
        self.sides.0.len() - 1
    }

    /// A free variable.
    fn push_variable(&mut self) -> usize {
        self.q.push(0.0);
        self.bounds.0.push(f64::NEG_INFINITY);
        self.bounds.1.push(f64::INFINITY);
        self.q.len() - 1
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a helper of tests fails the test")]

    use super::*;

    /// `min ½‖x − c‖²` with `c = (3, 4, 9, −2, 1, 5)`: `(x₁, x₂)` in the unit ball, `x₃ ≤ 6` as a half line, `(x₄, x₅)` in
    /// a cone, at its apex, and `−1 ≤ x₆ ≤ 3`. `x = (0.6, 0.8, 6, 0, 0, 3)`, where the gradient is
    /// `(−2.4, −3.2, −3, 2, −1, −2)`.
    fn program() -> (ProgramBuf, Solution) {
        let q = vec![-3.0, -4.0, -9.0, 2.0, -1.0, -5.0];
        let bounds = ([vec![f64::NEG_INFINITY; 5], vec![-1.0]].concat(), vec![f64::INFINITY; 6]);
        let a = CscMatrix::from_triplets(1, 6, &[(0, 5, 1.0)]).unwrap();
        let rows = (vec![f64::NEG_INFINITY], vec![3.0]);
        let program = ProgramBuf::new(CscMatrix::from_diagonal(&[1.0; 6]).unwrap(), q, a, rows, bounds).unwrap();
        let s = [(1, 0, 1.0), (2, 1, 1.0), (3, 2, -1.0), (4, 3, 1.0), (5, 4, 1.0)];
        let s = CscMatrix::from_triplets(6, 6, &s).unwrap();
        let program = program.with_cones(s, vec![1.0, 0.0, 0.0, 6.0, 0.0, 0.0], vec![3, 1, 2]).unwrap();
        let solution = Solution {
            x: vec![0.6, 0.8, 6.0, 0.0, 0.0, 3.0],
            y: vec![2.0],
            bound_duals: vec![0.0; 6],
            cone_duals: vec![4.0, -2.4, -3.2, 3.0, 2.0, -1.0],
            iterations: 3,
            ..Solution::default()
        };
        (program, solution)
    }

    fn close(a: &[f64], b: &[f64], error: f64) {
        assert!(a.len() == b.len() && a.iter().zip(b).all(|(a, b)| (a - b).abs() <= error), "{a:?} {b:?}");
    }

    /// At the solution the step is zero, and the duals of its rows make the cones' duals.
    #[test]
    fn a_solution_stays() {
        let (program, solution) = program();
        let view = program.as_ref();
        assert!(KktResiduals::compute(&view, &solution).max() <= 1e-15);
        // Over (d, t, r). The program's row; S₀ d − r ≥ 0, S₁ d − t = 0 and ûᵀt − r = 0 of the ball; half line and apex.
        let there = Solution {
            x: vec![0.0; 9],
            y: vec![2.0, -4.0, 2.4, 3.2, 4.0, -3.0, -2.0, 1.0],
            bound_duals: vec![0.0; 9],
            iterations: 4,
            ..Solution::default()
        };
        let mut solve = |steps: &ProgramRef<'_>| {
            let residuals = KktResiduals::compute(steps, &there);
            assert!(residuals.max() <= 1e-14, "{residuals:?}");
            Ok(there.clone())
        };
        let next = step(&view, &view.cones().unwrap(), &solution, &mut solve).unwrap();
        close(&next.x, &solution.x, 0.0);
        close(&next.cone_duals, &solution.cone_duals, 1e-15);
        assert_eq!((&next.y, &next.bound_duals, next.iterations), (&solution.y, &solution.bound_duals, 7));
    }

    /// Beside the solution the ball is its tangent, `ûᵀd ≤ 1 − ‖u₁‖`, and bends by `w₀/‖u₁‖` across it.
    #[test]
    fn tangent_and_curvature() {
        let (program, mut point) = program();
        point.x[..2].copy_from_slice(&[1.2, 1.6]);
        point.x[3] = 1e-9;
        let view = program.as_ref();
        let mut solve = |steps: &ProgramRef<'_>| {
            assert_eq!((steps.num_vars(), steps.num_rows()), (9, 8));
            close(&steps.q()[..6], &[-1.8, -2.4, -3.0, 2.0, -1.0, -2.0], 1e-8);
            close(&steps.l()[1..], &[1.0, 0.0, 0.0, 0.0, 0.0, -1e-9, 0.0], 1e-15);
            close(&steps.u()[2..5], &[0.0; 3], 0.0);
            close(&steps.u()[6..], &[-1e-9, 0.0], 0.0);
            assert_eq!((steps.u()[1], steps.u()[5]), (f64::INFINITY, f64::INFINITY));
            assert_eq!((steps.lb()[5], steps.lb()[6], steps.ub()[6]), (-4.0, f64::NEG_INFINITY, f64::INFINITY));
            // Across: d = t = (−0.8, 0.6), r = 0: ½(1 + 4/2). Along: d = t = û, r = 1: ½.
            let objective = |d: [f64; 2], r: f64| {
                let z = [d[0], d[1], 0.0, 0.0, 0.0, 0.0, d[0], d[1], r];
                0.5 * steps.p().symmetric_quadratic_form(&z)
            };
            close(&[objective([-0.8, 0.6], 0.0), objective([0.6, 0.8], 1.0)], &[1.5, 0.5], 1e-8);
            Ok(Solution {
                x: vec![-0.6, -0.8, 0.0, 0.0, 0.0, 0.0, -0.6, -0.8, -1.0],
                y: vec![2.0, -4.0, 0.0, 0.0, 0.0, -3.0, -2.0, 1.0],
                bound_duals: vec![0.0; 9],
                ..Solution::default()
            })
        };
        let next = step(&view, &view.cones().unwrap(), &point, &mut solve).unwrap();
        close(&next.x, &[0.6, 0.8, 6.0, 1e-9, 0.0, 3.0], 1e-15);
        close(&next.cone_duals, &[4.0, -2.4, -3.2, 3.0, 2.0, -1.0], 1e-15);
        assert_eq!(next.bound_duals, [0.0; 6]);
    }

    #[test]
    fn a_step_that_fails_leaves_the_point() {
        let (program, solution) = program();
        let mut point = solution.clone();
        point.x[0] += 1e-5;
        let before = point.clone();
        let units = Units::of(&program.as_ref());
        let outcomes = [Ok(f64::NAN), Ok(1.0), Err(bpqp_traits::Error::backend("none", "failed"))];
        for outcome in outcomes {
            let mut solve = |steps: &ProgramRef<'_>| {
                let (n, m) = (steps.num_vars(), steps.num_rows());
                let fill = outcome.clone()?;
                Ok(Solution { x: vec![fill; n], y: vec![fill; m], bound_duals: vec![0.0; n], ..Solution::default() })
            };
            let residuals = improve(&program.as_ref(), &units, 1e-9, &mut solve, &mut point);
            assert_eq!(residuals, KktResiduals::compute(&program.as_ref(), &before));
            assert_eq!(point, before);
        }
    }
}
