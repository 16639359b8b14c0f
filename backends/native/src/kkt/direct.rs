//! A factored KKT matrix, refined against the matrix itself.

use bpqp_traits::vector::{max_abs, random_signs};
use bpqp_traits::{AdjointQpRef, AdjointReport, CscMatrix, Error, KktFactor, Result, check_many, solve_each};

use super::KktMatrix;
use super::equilibrate::{ruiz, uniform};
use crate::NAME;
use crate::linalg::{Ldl, PivotRule, Refinement, Refiner, System};

/// Regularization of the equilibrated matrix.
const DELTA: f64 = 1e-8;
/// Passes of equilibration.
const PASSES: usize = 6;
/// Tried in turn where a factorization breaks down.
const USUAL: [Shift; 3] = [Shift::both(DELTA), Shift::both(1e-6), Shift::both(1e-4)];
/// Where variables have next to no curvature, elimination leaves `1/primal` among the rows, and its rounding must stay below
/// `dual`: for that the product of the two has to be well above the rounding of one. The rows bear the larger share, which
/// refinement makes up for in few steps.
const STABLE: [Shift; 1] = [Shift { primal: DELTA, dual: 1e-4 }];
/// A pivot this close to the regularization says that the matrix may be (nearly) singular …
const SINGULAR: f64 = 100.0 * DELTA;
/// … unless a random vector grows no more than this: flat Hessians have small pivots as well, which the rows make up for.
const CLEAR: f64 = 1e3;
/// Stop of the refinement.
const REFINEMENT: Refinement = Refinement { target: 1e-14, max_steps: 40 };
/// The same with the stable factor.
const LONG_REFINEMENT: Refinement = Refinement { target: 1e-14, max_steps: 100 };
/// What a solve in the unscaled norm must reach to be preferred on a singular matrix.
const ACCEPTABLE: f64 = 1e-11;

/// A direct solver of `[H Cᵀ; C 0] (z, ν) = (−g, r)`: regularized LDLᵀ with iterative refinement.
pub struct DirectKkt {
    h: CscMatrix,
    c: CscMatrix,
    scaled: Regularized,
    /// The same without equilibration, made where the matrix is singular: its proximal iteration has the least-norm
    /// solution in the caller's units as its limit.
    plain: Option<Regularized>,
    /// The plain one with larger terms, made where a singular matrix was not served by the others.
    stable: Option<Regularized>,
    refiner: Refiner,
    point: Vec<f64>,
    rhs: Vec<f64>,
}

impl DirectKkt {
    /// Orders, analyzes and factors the KKT matrix of `qp`.
    ///
    /// # Errors
    /// [`Error::Backend`] where memory runs out, or no regularization makes the factorization finite.
    pub fn new(qp: &AdjointQpRef<'_>) -> Result<Self> {
        let dim = qp.num_vars() + qp.num_rows();
        let mut scaled = Regularized::new(qp)?;
        scaled.factorize(qp, true, &USUAL)?;
        let mut solver = Self {
            h: qp.h().to_owned(),
            c: qp.c().to_owned(),
            scaled,
            plain: None,
            stable: None,
            refiner: Refiner::new(dim),
            point: vec![0.0; dim],
            rhs: vec![0.0; dim],
        };
        solver.prepare_plain(qp)?;
        Ok(solver)
    }

    fn prepare_plain(&mut self, qp: &AdjointQpRef<'_>) -> Result<()> {
        self.stable = None;
        if self.scaled.smallest_pivot >= SINGULAR || self.scaled.growth(&mut self.point) <= CLEAR {
            self.plain = None;
            return Ok(());
        }
        let mut plain = match self.plain.take() {
            Some(plain) => plain,
            None => self.scaled.sibling(),
        };
        if plain.factorize(qp, false, &USUAL).is_ok() {
            self.plain = Some(plain);
        }
        Ok(())
    }
}

impl KktFactor for DirectKkt {
    fn solve(&mut self, g: &[f64], r: &[f64], z: &mut [f64], nu: &mut [f64]) -> Result<AdjointReport> {
        let qp = AdjointQpRef::new(self.h.as_ref(), self.c.as_ref())?;
        qp.check_rhs(g, r, z, nu)?;
        let size = max_abs(g).max(max_abs(r));
        if size == 0.0 {
            z.fill(0.0);
            nu.fill(0.0);
            return Ok(AdjointReport::default());
        }
        // A power of two, which rounds nothing.
        let scale = f64::from_bits(size.to_bits() & (0x7ff << 52)).max(f64::MIN_POSITIVE);
        for (o, v) in self.rhs.iter_mut().zip(g.iter().map(|v| -v).chain(r.iter().copied())) {
            *o = v / scale;
        }
        let mut report = AdjointReport::default();
        let mut best = f64::INFINITY;
        let mut fails = |factor: &mut Regularized, limits: Refinement| {
            let mut system = KktSystem { qp, rhs: &self.rhs, factor };
            let (size, steps) = self.refiner.solve(&mut system, &self.rhs, &mut self.point, limits);
            report.refinements += steps.saturating_sub(1);
            if size < best {
                best = size;
                for (o, v) in z.iter_mut().chain(nu.iter_mut()).zip(&self.point) {
                    *o = v * scale;
                }
            }
            best > ACCEPTABLE
        };
        // What has served one right-hand side comes first for the next.
        let may_help = self.plain.is_some() && self.stable.is_none();
        let stable = self.stable.iter_mut().map(|factor| (factor, LONG_REFINEMENT));
        let usual = self.plain.iter_mut().chain(std::iter::once(&mut self.scaled)).map(|f| (f, REFINEMENT));
        if stable.chain(usual).all(|(factor, limits)| fails(factor, limits)) && may_help {
            let mut stable = self.scaled.sibling();
            if stable.factorize(&qp, false, &STABLE).is_ok() {
                fails(self.stable.insert(stable), LONG_REFINEMENT);
            }
        }
        if best.is_infinite() {
            z.fill(0.0);
            nu.fill(0.0);
            best = size / scale;
        }
        report.residual = best / (size / scale);
        Ok(report)
    }

    fn solve_many(&mut self, count: usize, (g, r): (&[f64], &[f64]), (z, nu): (&mut [f64], &mut [f64])) -> Result<()> {
        let (d, k) = (self.h.ncols(), self.c.nrows());
        check_many((d, k), count, (g, r), (z, nu))?;
        if self.plain.is_some() || count == 1 || d + k == 0 {
            return solve_each(self, count, (g, r), (z, nu));
        }
        let (dim, scaled) = (d + k, &mut self.scaled);
        let mut v = vec![0.0; count * dim];
        for (s, v) in v.chunks_exact_mut(dim).enumerate() {
            let rhs = g[s * d..(s + 1) * d].iter().map(|v| -v).chain(r[s * k..(s + 1) * k].iter().copied());
            v.iter_mut().zip(rhs).zip(&scaled.scale).for_each(|((v, rhs), scale)| *v = scale * rhs);
        }
        scaled.ldl.solve_many(&mut v);
        for (s, v) in v.chunks_exact(dim).enumerate() {
            let out = z[s * d..(s + 1) * d].iter_mut().chain(&mut nu[s * k..(s + 1) * k]);
            out.zip(v).zip(&scaled.scale).for_each(|((out, v), scale)| *out = scale * v);
        }
        Ok(())
    }

    fn refactorize(&mut self, qp: &AdjointQpRef<'_>) -> Result<()> {
        if !self.h.as_ref().same_pattern(&qp.h()) || !self.c.as_ref().same_pattern(&qp.c()) {
            return Err(Error::invalid_argument("qp", "its patterns differ from those that were factorized"));
        }
        self.h.values_mut().copy_from_slice(qp.h().values());
        self.c.values_mut().copy_from_slice(qp.c().values());
        self.scaled.factorize(qp, true, &USUAL)?;
        self.prepare_plain(qp)
    }
}

/// What is added to the diagonal, and subtracted at the rows.
#[derive(Clone, Copy)]
struct Shift {
    primal: f64,
    dual: f64,
}

impl Shift {
    const fn both(delta: f64) -> Self {
        Self { primal: delta, dual: delta }
    }
}

/// `S K S + diag(δI, −δ'I)`, factored.
struct Regularized {
    matrix: KktMatrix,
    ldl: Ldl,
    signs: Vec<i8>,
    scale: Vec<f64>,
    smallest_pivot: f64,
}

impl Regularized {
    fn new(qp: &AdjointQpRef<'_>) -> Result<Self> {
        let matrix = KktMatrix::new(qp.h(), qp.c());
        let ldl = Ldl::new(matrix.pattern.clone())?;
        let (d, dim) = (qp.num_vars(), matrix.pattern.dim);
        let signs = (0..dim).map(|i| if i < d { 1 } else { -1 }).collect();
        Ok(Self { matrix, ldl, signs, scale: vec![1.0; dim], smallest_pivot: 0.0 })
    }

    /// Another, on the same analysis.
    fn sibling(&self) -> Self {
        Self {
            matrix: self.matrix.clone(),
            ldl: self.ldl.sibling(),
            signs: self.signs.clone(),
            scale: self.scale.clone(),
            smallest_pivot: 0.0,
        }
    }

    /// The size of what the inverse makes of a random vector of size one; `v` is work space.
    fn growth(&mut self, v: &mut [f64]) -> f64 {
        v.iter_mut().zip(random_signs(self.signs.len(), 0)).for_each(|(v, sign)| *v = sign);
        self.ldl.solve(v);
        max_abs(v)
    }

    fn factorize(&mut self, qp: &AdjointQpRef<'_>, equilibrate: bool, shifts: &[Shift]) -> Result<()> {
        self.matrix.set(qp.h().values(), qp.c().values());
        self.scale =
            if equilibrate { ruiz(&self.matrix.pattern, &self.matrix.values, PASSES) } else { uniform(&self.matrix) };
        self.matrix.scale(&self.scale);
        let mut added = Shift::both(0.0);
        for &shift in shifts {
            for (i, &sign) in self.signs.iter().enumerate() {
                let more = if sign > 0 { shift.primal - added.primal } else { added.dual - shift.dual };
                self.matrix.add_diagonal(i, more);
            }
            added = shift;
            let delta = shift.primal;
            let rule = PivotRule { signs: Some(&self.signs), epsilon: 1e-6 * delta, delta };
            if self.ldl.factorize(&self.matrix.values, rule) {
                self.smallest_pivot = self.ldl.inertia().1;
                return Ok(());
            }
        }
        Err(Error::backend(NAME, "the KKT matrix could not be factorized: its entries overflow"))
    }
}

/// The system `K w = rhs` with its factor, as the refinement sees it.
struct KktSystem<'a> {
    qp: AdjointQpRef<'a>,
    rhs: &'a [f64],
    factor: &'a mut Regularized,
}

impl KktSystem<'_> {
    /// `out += alpha K v`.
    fn product_add(&self, alpha: f64, v: &[f64], out: &mut [f64]) {
        let d = self.qp.num_vars();
        let ((z, nu), (top, bottom)) = (v.split_at(d), out.split_at_mut(d));
        self.qp.h().symmetric_mul_add(alpha, z, top);
        self.qp.c().transpose_mul_add(alpha, nu, top);
        self.qp.c().mul_add(alpha, z, bottom);
    }
}

impl System for KktSystem<'_> {
    fn residual(&mut self, x: &[f64], out: &mut [f64]) -> f64 {
        out.copy_from_slice(self.rhs);
        self.product_add(-1.0, x, out);
        let size = max_abs(out);
        if size.is_nan() { f64::INFINITY } else { size }
    }

    fn apply(&mut self, v: &[f64], out: &mut [f64]) {
        out.fill(0.0);
        self.product_add(1.0, v, out);
    }

    fn precondition(&mut self, v: &mut [f64]) {
        v.iter_mut().zip(&self.factor.scale).for_each(|(v, s)| *v *= s);
        self.factor.ldl.solve(v);
        v.iter_mut().zip(&self.factor.scale).for_each(|(v, s)| *v *= s);
    }
}
