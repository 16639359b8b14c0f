//! Units of length and force in which a program's numbers are near one: the libraries' tolerances are absolute, in whatever
//! units the problem comes.

use bpqp_traits::vector::max_abs;
use bpqp_traits::{CscRef, ProgramBuf, ProgramRef, ProgramUpdate, Result, Solution};

/// Units further than this from the current ones are taken up; nearer ones are not worth a new start.
const TOLERATED: f64 = 1024.0;
/// Units stay within this of one.
const LIMIT: f64 = 1e12;

/// `x = length · x̃` and `(y, ζ, w) = force · (ỹ, ζ̃, w̃)`, both powers of two, so that no digit is lost.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Units {
    length: f64,
    force: f64,
}

impl Units {
    /// The length is how far the origin is from the feasible set, as single rows and bounds tell, or from the unconstrained
    /// minimum, as norms tell; the force is the objective's gradient at such a distance.
    pub(crate) fn of(program: &ProgramRef<'_>) -> Self {
        let (p, q) = (max_abs(program.p().values()), max_abs(program.q()));
        let rows = program.l().iter().zip(program.u()).zip(program.a().row_norms());
        let forced = rows.filter(|(_, norm)| *norm > 0.0).map(|((l, u), norm)| distance(*l, *u) / norm);
        let bounds = program.lb().iter().zip(program.ub()).map(|(l, u)| distance(*l, *u));
        let drawn = if p > 0.0 { q / p } else { 0.0 };
        let length = power_of_two(forced.chain(bounds).fold(drawn, f64::max));
        Self { length, force: power_of_two(q.max(length * p)) }
    }

    /// These units, or `fresh` where they are too far off.
    pub(crate) fn or_fresh(self, fresh: Self) -> Self {
        let near = |a: f64, b: f64| a <= TOLERATED * b && b <= TOLERATED * a;
        if near(self.length, fresh.length) && near(self.force, fresh.force) { self } else { fresh }
    }

    /// The program in these units.
    ///
    /// # Errors
    /// None for a valid program whose numbers stay finite in these units.
    pub(crate) fn scale(&self, program: &ProgramRef<'_>) -> Result<ProgramBuf> {
        let sides = |v: &[f64]| v.iter().map(|v| v / self.length).collect::<Vec<_>>();
        let (p, q) = (self.hessian(program.p()), self.costs(program.q()));
        let p = program.p().with_values(&p)?.to_owned();
        let rows = (sides(program.l()), sides(program.u()));
        let bounds = (sides(program.lb()), sides(program.ub()));
        let scaled = ProgramBuf::new(p, q, program.a().to_owned(), rows, bounds)?;
        match program.cones() {
            Some(cones) => scaled.with_cones(cones.matrix().to_owned(), sides(cones.offset()), cones.dims().to_vec()),
            None => Ok(scaled),
        }
    }

    /// Brings the parts of `program` that `new` changed into `scaled`, which is in these units. Both have no cones.
    pub(crate) fn update(
        &self,
        scaled: &mut ProgramBuf,
        program: &ProgramRef<'_>,
        new: &ProgramUpdate<'_>,
    ) -> Result<()> {
        let sides = |v: &[f64]| v.iter().map(|v| v / self.length).collect::<Vec<_>>();
        let (p, q) = (new.p.map(|_| self.hessian(program.p())), new.q.map(|_| self.costs(program.q())));
        let (l, u) = (sides(program.l()), sides(program.u()));
        let (lb, ub) = (sides(program.lb()), sides(program.ub()));
        scaled.apply(&ProgramUpdate {
            p: p.as_deref(),
            q: q.as_deref(),
            a: new.a,
            l: Some(&l),
            u: Some(&u),
            lb: Some(&lb),
            ub: Some(&ub),
            ..ProgramUpdate::default()
        })
    }

    /// A point of the program, in these units.
    pub(crate) fn scale_point(&self, x: &[f64], y: &[f64], bound_duals: &[f64]) -> [Vec<f64>; 3] {
        let by = |v: &[f64], unit: f64| v.iter().map(|v| v / unit).collect();
        [by(x, self.length), by(y, self.force), by(bound_duals, self.force)]
    }

    /// A solution of the program, in these units.
    pub(crate) fn scale_solution(&self, of: &Solution) -> Solution {
        let [x, y, bound_duals] = self.scale_point(&of.x, &of.y, &of.bound_duals);
        let cone_duals = of.cone_duals.iter().map(|v| v / self.force).collect();
        Solution { x, y, bound_duals, cone_duals, ..*of }
    }

    /// A solution in these units, in the program's.
    pub(crate) fn unscale(&self, out: &mut Solution) {
        out.x.iter_mut().for_each(|v| *v *= self.length);
        out.y.iter_mut().chain(&mut out.bound_duals).chain(&mut out.cone_duals).for_each(|v| *v *= self.force);
    }

    fn hessian(&self, p: CscRef<'_>) -> Vec<f64> {
        p.values().iter().map(|v| v * (self.length / self.force)).collect()
    }

    fn costs(&self, q: &[f64]) -> Vec<f64> {
        q.iter().map(|v| v / self.force).collect()
    }
}

/// How far zero is outside of `[lower, upper]`.
fn distance(lower: f64, upper: f64) -> f64 {
    lower.max(-upper).max(0.0)
}

/// The power of two at `size`, or 1 for zero.
fn power_of_two(size: f64) -> f64 {
    if size > 0.0 { size.clamp(1.0 / LIMIT, LIMIT).log2().round().exp2() } else { 1.0 }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a helper of tests fails the test")]

    use bpqp_traits::{CscMatrix, KktResiduals};

    use super::*;

    /// `½·1e6 x² − 4e9 x` with `3 ≤ 1e-3 x`, `x ≤ 3500`: `x = 3500`, where the gradient is −5e8.
    fn program() -> ProgramBuf {
        let p = CscMatrix::from_diagonal(&[1e6]).unwrap();
        let a = CscMatrix::from_dense_rows(1, 1, &[1e-3]).unwrap();
        let rows = (vec![3.0], vec![f64::INFINITY]);
        ProgramBuf::new(p, vec![-4e9], a, rows, (vec![f64::NEG_INFINITY], vec![3500.0])).unwrap()
    }

    #[test]
    fn numbers_are_near_one() {
        let program = program();
        let units = Units::of(&program.as_ref());
        assert_eq!(units, Units { length: 4096.0, force: 2_f64.powi(32) });
        let scaled = units.scale(&program.as_ref()).unwrap();
        let scaled = scaled.as_ref();
        for v in [scaled.p().values()[0], -scaled.q()[0], scaled.ub()[0]] {
            assert!((0.5..2.0).contains(&v), "{v}");
        }
        assert_eq!(scaled.u()[0], f64::INFINITY);
    }

    #[test]
    fn a_solution_there_is_a_solution_here() {
        let program = program();
        let units = Units::of(&program.as_ref());
        let solution = Solution { x: vec![3500.0], y: vec![0.0], bound_duals: vec![5e8], ..Solution::default() };
        let mut there = units.scale_solution(&solution);
        let scaled = units.scale(&program.as_ref()).unwrap();
        assert!(KktResiduals::compute(&scaled.as_ref(), &there).max() <= 1e-15);
        units.unscale(&mut there);
        assert_eq!(there, solution);
    }

    #[test]
    fn updates_reach_the_scaled_program() {
        let (mut program, units) = (program(), Units { length: 4.0, force: 0.5 });
        let mut scaled = units.scale(&program.as_ref()).unwrap();
        let new = ProgramUpdate { p: Some(&[3.0]), a: Some(&[5.0]), ub: Some(&[8.0]), ..Default::default() };
        program.apply(&new).unwrap();
        units.update(&mut scaled, &program.as_ref(), &new).unwrap();
        assert_eq!(scaled, units.scale(&program.as_ref()).unwrap());
    }

    #[test]
    fn near_units_are_kept() {
        let units = Units { length: 1.0, force: 1.0 };
        let near = Units { length: 512.0, force: 0.125 };
        let far = Units { length: 1.0, force: 4096.0 };
        assert_eq!(units.or_fresh(near), units);
        assert_eq!(units.or_fresh(far), far);
    }
}
