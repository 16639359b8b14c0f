//! How wrong a derivative may be, and how far it holds: residuals and roundings, carried through the inverse of the KKT
//! matrix.

use bpqp_traits::vector::{max_abs, max_nan, random_signs};
use bpqp_traits::{ActiveSet, ProgramRef, Result, Session, Side, Solution};

use super::polish::side_value;
use super::probe::unit_scales;
use super::reduced::{KktSolution, ReducedKkt};

/// Right-hand sides tried for each solution.
const SAMPLES: u64 = 2;
/// The largest of so few samples is short of what may happen by about this.
const SAFETY: f64 = 4.0;

/// The forward session, where its factor serves.
type Lender<'a> = Option<&'a mut (dyn Session + 'static)>;

/// How far a derivative can be trusted.
pub(super) struct Trust {
    /// An estimate of [`Gradient::difference`](super::Gradient::difference) to the gradient without rounding.
    pub(super) error: f64,
    /// The relative change of the data up to which the active set stays.
    pub(super) radius: f64,
}

/// Estimates the error of the adjoint solution, which is that of the gradients of vectors, and of the point, which joins it in
/// those of matrices; and how soon the active set changes.
///
/// A computed solution of `K w = b` has `w − w* = K⁻¹(K w − b)`, and the residual is known up to the rounding of its terms,
/// `ε(|K||w| + |b|)`. Both together, with random signs, make the right-hand side of one more solve, whose solution is of the
/// size of the error. It is also the movement of the point where all data change by a share `ε` of themselves: a slack or a
/// multiplier `k` times as large as its own movement reaches zero at a change of `k ε`.
///
/// Where the solution is not unique, all of this is meant across the face of solutions: the part of `g` along it is left out,
/// and so are movements. `None` where that does not stand apart from directions of slight curvature.
pub(super) fn estimate(
    kkt: &mut ReducedKkt,
    program: &ProgramRef<'_>,
    mut session: Lender<'_>,
    (g, r): (&[f64], &[f64]),
    (adjoint, point): (&KktSolution, &Solution),
) -> Result<Option<Trust>> {
    let Some(along_face) = &adjoint.along_face else { return Ok(None) };
    let mut across = g.to_vec();
    across.iter_mut().zip(along_face).for_each(|(g, along)| *g -= along);
    let of_adjoint = System { g: &across, r, z: &adjoint.z, y: &adjoint.y, zeta: &adjoint.zeta };
    let active = kkt.active().clone();
    let at = |(i, &side): (usize, &Side)| {
        if side.is_active() { side_value(side, program.l()[i], program.u()[i]) } else { 0.0 }
    };
    let sides: Vec<f64> = active.rows.iter().enumerate().map(at).collect();
    let held = point.y.iter().zip(&active.rows);
    let y: Vec<f64> = held.map(|(y, side)| if side.is_active() { *y } else { 0.0 }).collect();
    let of_point = System { g: program.q(), r: &sides, z: &point.x, y: &y, zeta: &point.bound_duals };
    let mut trust = Trust { error: 0.0, radius: f64::INFINITY };
    let nothing = |_: &KktSolution| {};
    trust.error += SAFETY * of_adjoint.error(kkt, program, session.as_deref_mut(), nothing)?;
    let margins = Margins::new(program, point);
    trust.error += SAFETY
        * of_point.error(kkt, program, session, |moved| {
            trust.radius = trust.radius.min(f64::EPSILON / SAFETY * margins.least(program, &active, point, moved));
        })?;
    Ok(Some(trust))
}

/// The values of all rows, and the sizes of their terms.
struct Margins {
    ax: Vec<f64>,
    terms: Vec<f64>,
}

impl Margins {
    fn new(program: &ProgramRef<'_>, point: &Solution) -> Self {
        let (mut ax, mut terms) = (vec![0.0; program.num_rows()], vec![0.0; program.num_rows()]);
        for (i, j, v) in program.a().entries() {
            ax[i] += v * point.x[j];
            terms[i] += (v * point.x[j]).abs();
        }
        Self { ax, terms }
    }

    /// The least share of slack or multiplier over its movement.
    fn least(&self, program: &ProgramRef<'_>, active: &ActiveSet, point: &Solution, moved: &KktSolution) -> f64 {
        let mut dax = vec![0.0; self.ax.len()];
        program.a().mul_add(1.0, &moved.z, &mut dax);
        let rounding = |terms: f64, side: f64| f64::EPSILON * (terms + side.abs());
        let slack = |value: f64, terms: f64, movement: f64, (lower, upper): (f64, f64)| {
            let to = |distance: f64, side: f64| distance.abs() / (movement.abs() + rounding(terms, side));
            let lower = if lower.is_finite() { to(value - lower, lower) } else { f64::INFINITY };
            let upper = if upper.is_finite() { to(upper - value, upper) } else { f64::INFINITY };
            lower.min(upper)
        };
        let share = |side: Side, dual: f64, by: f64, slack: &dyn Fn() -> f64| match side {
            Side::Equal => f64::INFINITY,
            Side::Free => slack(),
            Side::Lower | Side::Upper => dual.abs() / (by.abs() + f64::EPSILON * dual.abs()),
        };
        let (l, u, lb, ub) = (program.l(), program.u(), program.lb(), program.ub());
        let rows = active.rows.iter().enumerate().map(|(i, &side)| {
            share(side, point.y[i], moved.y[i], &|| slack(self.ax[i], self.terms[i], dax[i], (l[i], u[i])))
        });
        let bounds = active.bounds.iter().enumerate().map(|(j, &side)| {
            let x = point.x[j];
            share(side, point.bound_duals[j], moved.zeta[j], &|| slack(x, x.abs(), moved.z[j], (lb[j], ub[j])))
        });
        rows.chain(bounds).fold(f64::INFINITY, f64::min)
    }
}

/// `‖S (K w − b)‖∞ / ‖S b‖∞` for the scaling `S` that makes the largest entry of each row of `S K S` about one: it sees what is
/// left in equations of small units, too, over which the backward solver may have passed.
pub(super) fn equilibrated_residual(
    kkt: &ReducedKkt,
    program: &ProgramRef<'_>,
    (g, r): (&[f64], &[f64]),
    adjoint: &KktSolution,
) -> f64 {
    let (n, m, active) = (program.num_vars(), program.num_rows(), kkt.active());
    let kept = |i: usize| if i < n { !active.bounds[i].is_active() } else { active.rows[i - n].is_active() };
    let a = program.a().entries().map(|(i, j, v)| (n + i, j, v));
    let scale = unit_scales(n + m, program.p().entries().chain(a).filter(|&(i, j, _)| kept(i) && kept(j)));
    let system = System { g, r, z: &adjoint.z, y: &adjoint.y, zeta: &adjoint.zeta };
    let (forces, gaps, ..) = system.residual(program);
    let largest = |top: &[f64], bottom: &[f64]| {
        let entries = top.iter().chain(bottom).zip(&scale).enumerate().filter(|(i, _)| kept(*i));
        entries.fold(0.0, |worst, (_, (v, scale))| max_nan((v * scale).abs(), worst))
    };
    let (worst, size) = (largest(&forces, &gaps), largest(g, r));
    if size > 0.0 { worst / size } else { worst }
}

/// `P z + A₊ᵀy + E ζ = −g`, `A₊ z = r`, with its computed solution.
struct System<'a> {
    g: &'a [f64],
    r: &'a [f64],
    z: &'a [f64],
    y: &'a [f64],
    zeta: &'a [f64],
}

impl System<'_> {
    /// The largest error of `z`, `y` and `ζ`, each over the larger of 1 and its largest entry; `look` sees every sample of it.
    fn error(
        &self,
        kkt: &mut ReducedKkt,
        program: &ProgramRef<'_>,
        mut session: Lender<'_>,
        mut look: impl FnMut(&KktSolution),
    ) -> Result<f64> {
        let (forces, gaps) = self.uncertainty(program);
        let fixed = vec![0.0; self.z.len()];
        let mut worst = f64::EPSILON;
        for sample in 0..SAMPLES {
            let signed = |sizes: &[f64], sequence: u64| -> Vec<f64> {
                sizes.iter().zip(random_signs(sizes.len(), sequence)).map(|(v, sign)| v * sign.signum()).collect()
            };
            let (g, r) = (signed(&forces, 2 * sample + 10), signed(&gaps, 2 * sample + 11));
            let moved = kkt.solve(program, session.as_deref_mut(), &g, &r, &fixed)?;
            look(&moved);
            for (error, of) in [(&moved.z, self.z), (&moved.y, self.y), (&moved.zeta, self.zeta)] {
                worst = max_nan(max_abs(error) / max_abs(of).max(1.0), worst);
            }
        }
        Ok(worst)
    }

    /// `|K w − b| + ε(|K||w| + |b|)` for the forces (`n`) and the rows (`m`).
    fn uncertainty(&self, program: &ProgramRef<'_>) -> (Vec<f64>, Vec<f64>) {
        let (forces, gaps, force_terms, gap_terms) = self.residual(program);
        let uncertain = |sum: &[f64], terms: &[f64]| {
            sum.iter().zip(terms).map(|(sum, terms)| sum.abs() + f64::EPSILON * terms).collect::<Vec<_>>()
        };
        (uncertain(&forces, &force_terms), uncertain(&gaps, &gap_terms))
    }

    /// `K w − b` and `|K||w| + |b|`, each for the forces (`n`) and the rows (`m`).
    fn residual(&self, program: &ProgramRef<'_>) -> (Vec<f64>, Vec<f64>, Vec<f64>, Vec<f64>) {
        let Self { g, r, z, y, zeta } = self;
        let mut forces: Vec<f64> = g.iter().zip(*zeta).map(|(g, zeta)| g + zeta).collect();
        let mut gaps: Vec<f64> = r.iter().map(|v| -v).collect();
        let mut force_terms: Vec<f64> = g.iter().zip(*zeta).map(|(g, zeta)| g.abs() + zeta.abs()).collect();
        let mut gap_terms: Vec<f64> = r.iter().map(|v| v.abs()).collect();
        let add = |sum: &mut [f64], terms: &mut [f64], i: usize, v: f64| {
            sum[i] += v;
            terms[i] += v.abs();
        };
        for (i, j, v) in program.p().entries() {
            add(&mut forces, &mut force_terms, i, v * z[j]);
            if i != j {
                add(&mut forces, &mut force_terms, j, v * z[i]);
            }
        }
        for (i, j, v) in program.a().entries() {
            add(&mut forces, &mut force_terms, j, v * y[i]);
            add(&mut gaps, &mut gap_terms, i, v * z[j]);
        }
        (forces, gaps, force_terms, gap_terms)
    }
}
