//! Optimality and infeasibility, recomputed from the problem's data.

use crate::cones::cone_violation;
use crate::vector::{dot, max_abs, max_nan};
use crate::{ConesRef, ProgramRef, Solution};

/// How far a point and its duals are from satisfying the KKT conditions. NaN anywhere in the point makes the affected
/// residual NaN, so compare with `residual <= tolerance`, never with `residual > tolerance`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct KktResiduals {
    /// The larger of two: rows' and cones' largest violation over `1 + max(‖Ax‖∞, ‖Sx‖∞)`, and the bounds' largest over
    /// `1 + max |bounded xⱼ|`.
    pub primal: f64,
    /// Largest of `‖Px + q + Aᵀy + ζ − Sᵀw‖∞`, duals on infinite sides, and cone duals outside their cone, over
    /// `1 + max(‖Px‖∞, ‖q‖∞, ‖Aᵀy + ζ − Sᵀw‖∞)`.
    pub dual: f64,
    /// A bound on the objective's error over `1 + max(|primal|, |dual|)`:
    /// `|primal − dual objective| + Σ|yᵢ|·violationᵢ + Σ|rⱼxⱼ|`, with `r` the stationarity residual. A dual of the wrong
    /// sign shows in the first term. The others weigh the residuals by what they are worth: a violation of 1e-7 under a
    /// multiplier of 1e5 moves the objective by 1e-2, however small it looks beside 1.
    pub gap: f64,
    /// The primal residual before division.
    pub primal_absolute: f64,
    /// The dual residual before division.
    pub dual_absolute: f64,
    /// The gap before division.
    pub gap_absolute: f64,
    /// `½ xᵀPx + qᵀx`.
    pub primal_objective: f64,
    /// `−½ xᵀPx − Σ(u y⁺ − l y⁻) − Σ(ub ζ⁺ − lb ζ⁻) − sᵀw`.
    pub dual_objective: f64,
}

/// The products with `P`, `A` and `S` that the residuals of a point are made of.
#[derive(Clone, Copy, Debug)]
pub struct Products<'a> {
    /// `Px` (`n`).
    pub px: &'a [f64],
    /// `Ax` (`m`).
    pub ax: &'a [f64],
    /// `Sx` (`k`).
    pub sx: &'a [f64],
    /// `Aᵀy + ζ − Sᵀw` (`n`).
    pub forces: &'a [f64],
}

/// [`Products`] in vectors of their own.
#[derive(Clone, Debug, Default)]
pub struct OwnedProducts {
    /// `Px` (`n`).
    pub px: Vec<f64>,
    /// `Ax` (`m`).
    pub ax: Vec<f64>,
    /// `Sx` (`k`).
    pub sx: Vec<f64>,
    /// `Aᵀy + ζ − Sᵀw` (`n`).
    pub forces: Vec<f64>,
}

impl OwnedProducts {
    /// The products of `solution`, empty where it has the wrong shape.
    pub fn new(program: &ProgramRef<'_>, solution: &Solution) -> Self {
        let (n, m, k) = (program.num_vars(), program.num_rows(), program.num_cone_rows());
        let Solution { x, y, bound_duals, cone_duals, .. } = solution;
        if [x.len(), y.len(), bound_duals.len(), cone_duals.len()] != [n, m, n, k] {
            return Self::default();
        }
        let (mut px, mut ax, mut sx, mut forces) = (vec![0.0; n], vec![0.0; m], vec![0.0; k], bound_duals.clone());
        program.p().symmetric_mul_add(1.0, x, &mut px);
        program.a().mul_both_add(1.0, (x, &mut ax), (y, &mut forces));
        if let Some(cones) = program.cones() {
            cones.matrix().mul_add(1.0, x, &mut sx);
            cones.matrix().transpose_mul_add(-1.0, cone_duals, &mut forces);
        }
        Self { px, ax, sx, forces }
    }

    /// A view.
    pub fn as_ref(&self) -> Products<'_> {
        Products { px: &self.px, ax: &self.ax, sx: &self.sx, forces: &self.forces }
    }
}

impl KktResiduals {
    /// Residuals of `solution` for `program`; a solution of the wrong shape has infinite residuals.
    pub fn compute(program: &ProgramRef<'_>, solution: &Solution) -> Self {
        Self::from_products(program, solution, OwnedProducts::new(program, solution).as_ref())
    }

    /// Residuals of `solution` from products that the caller has computed, as a backend may with its own copy of the
    /// matrices; nothing is allocated. Wrong shapes have infinite residuals.
    pub fn from_products(program: &ProgramRef<'_>, solution: &Solution, products: Products<'_>) -> Self {
        let (n, m, k) = (program.num_vars(), program.num_rows(), program.num_cone_rows());
        let Solution { x, y, bound_duals, cone_duals, .. } = solution;
        let Products { px, ax, sx, forces } = products;
        let shapes =
            [x.len(), px.len(), forces.len(), bound_duals.len(), y.len(), ax.len(), cone_duals.len(), sx.len()];
        if shapes != [n, n, n, n, m, m, k, k] {
            return Self::infinite();
        }
        let violation = primal_violation(program, solution, ax, sx);
        let sign_violation = sign_violation(program, y, bound_duals, cone_duals);
        let (mut worst, mut priced_residual) = (0.0, 0.0);
        for (((p, q), f), x) in px.iter().zip(program.q()).zip(forces).zip(x) {
            let residual = (p + q + f).abs();
            worst = max_nan(residual, worst);
            priced_residual += residual * x.abs();
        }
        let dual_absolute = max_nan(worst, sign_violation);
        let dual_scale = max_abs(px).max(max_abs(program.q())).max(max_abs(forces));

        let (quadratic, linear) = (dot(px, x), dot(program.q(), x));
        let primal_objective = 0.5 * quadratic + linear;
        let support = support_value(program, y, bound_duals, cone_duals);
        let dual_objective = -0.5 * quadratic - support;
        let gap_absolute = (primal_objective - dual_objective).abs() + violation.priced + priced_residual;
        Self {
            primal: violation.relative,
            dual: dual_absolute / (1.0 + dual_scale),
            gap: gap_absolute / (1.0 + primal_objective.abs().max(dual_objective.abs())),
            primal_absolute: violation.absolute,
            dual_absolute,
            gap_absolute,
            primal_objective,
            dual_objective,
        }
    }

    /// The largest of the three relative residuals; NaN if any is.
    pub fn max(&self) -> f64 {
        max_nan(self.primal, max_nan(self.dual, self.gap))
    }

    fn infinite() -> Self {
        let inf = f64::INFINITY;
        Self {
            primal: inf,
            dual: inf,
            gap: inf,
            primal_absolute: inf,
            dual_absolute: inf,
            gap_absolute: inf,
            primal_objective: f64::NAN,
            dual_objective: f64::NAN,
        }
    }
}

/// How well `(y, ζ, w)` prove that `program` has no feasible point: `‖Aᵀy + ζ − Sᵀw‖∞ / −σ` with the support value
/// `σ = Σ(u y⁺ − l y⁻) + Σ(ub ζ⁺ − lb ζ⁻) + sᵀw`, infinite where `σ ≥ 0`. A dual on an infinite side, or outside its
/// cone, counts as a violation of its size.
///
/// A violation of `v` proves that no point with `‖x‖₁ < 1/v` is feasible.
pub fn primal_ray_violation(program: &ProgramRef<'_>, y: &[f64], bound_duals: &[f64], cone_duals: &[f64]) -> f64 {
    let forces = forces(program, y, bound_duals, cone_duals);
    let sign_violation = sign_violation(program, y, bound_duals, cone_duals);
    // What rounding may have made of a support of zero proves nothing, however small the forces came out.
    let support = support_value(program, y, bound_duals, cone_duals);
    let rounding = ROUNDING * support_size(program, y, bound_duals, cone_duals);
    if support < -rounding { max_nan(max_abs(&forces), sign_violation) / -support } else { f64::INFINITY }
}

/// How well the direction `x` proves that `program` is unbounded (where it is feasible at all): the largest violation of
/// `P x = 0` and of the recession cone over `−qᵀx`, infinite where `qᵀx ≥ 0`.
pub fn dual_ray_violation(program: &ProgramRef<'_>, x: &[f64]) -> f64 {
    let slope = dot(program.q(), x);
    // What rounding may have made of a slope of zero proves nothing.
    let rounding = ROUNDING * max_abs(x) * program.q().iter().map(|q| q.abs()).sum::<f64>();
    let mut px = vec![0.0; program.num_vars()];
    program.p().symmetric_mul_add(1.0, x, &mut px);
    let mut ax = vec![0.0; program.num_rows()];
    program.a().mul_add(1.0, x, &mut ax);
    let mut worst = max_abs(&px);
    for (value, lower, upper) in sides(&ax, program.l(), program.u()).chain(sides(x, program.lb(), program.ub())) {
        if upper.is_finite() {
            worst = max_nan(value, worst);
        }
        if lower.is_finite() {
            worst = max_nan(-value, worst);
        }
    }
    if let Some(cones) = program.cones() {
        let mut sx = vec![0.0; cones.num_rows()];
        cones.matrix().mul_add(1.0, x, &mut sx);
        worst = max_nan(cone_violation(cones.dims(), |i| sx[i]), worst);
    }
    if slope < -rounding { worst / -slope } else { f64::INFINITY }
}

fn sides<'a>(v: &'a [f64], lo: &'a [f64], hi: &'a [f64]) -> impl Iterator<Item = (f64, f64, f64)> + 'a {
    v.iter().zip(lo).zip(hi).map(|((v, l), u)| (*v, *l, *u))
}

/// What [`primal_violation`] finds.
struct Violation {
    absolute: f64,
    relative: f64,
    /// Σ violation · |dual| over rows and bounds.
    priced: f64,
}

/// Violations of rows, bounds and cones; those of the bounds are relative to the bounded variables alone, for rows of
/// large entries would hide them.
fn primal_violation(program: &ProgramRef<'_>, solution: &Solution, ax: &[f64], sx: &[f64]) -> Violation {
    let x = &solution.x;
    let mut priced = 0.0;
    let mut largest = |values: &[f64], lower: &[f64], upper: &[f64], duals: &[f64]| {
        let mut worst = 0.0;
        for ((value, lower, upper), dual) in sides(values, lower, upper).zip(duals) {
            let violation = max_nan(max_nan(lower - value, value - upper), 0.0);
            worst = max_nan(violation, worst);
            priced += violation * dual.abs();
        }
        worst
    };
    let mut rows = largest(ax, program.l(), program.u(), &solution.y);
    let bounds = largest(x, program.lb(), program.ub(), &solution.bound_duals);
    if let Some(cones) = program.cones() {
        rows = max_nan(cone_violation(cones.dims(), |i| sx[i] + cones.offset()[i]), rows);
    }
    let is_bounded = |(_, lower, upper): &(f64, f64, f64)| lower.is_finite() || upper.is_finite();
    let bounded = sides(x, program.lb(), program.ub()).filter(is_bounded).fold(0.0, |m: f64, (x, ..)| m.max(x.abs()));
    let relative = max_nan(rows / (1.0 + max_abs(ax).max(max_abs(sx))), bounds / (1.0 + bounded));
    // An x that is not finite violates everything, rows or no rows.
    let not_finite = 0.0 * max_abs(x);
    Violation { absolute: max_nan(not_finite, max_nan(rows, bounds)), relative: max_nan(not_finite, relative), priced }
}

/// `Aᵀy + ζ − Sᵀw`.
fn forces(program: &ProgramRef<'_>, y: &[f64], bound_duals: &[f64], cone_duals: &[f64]) -> Vec<f64> {
    let mut forces = bound_duals.to_vec();
    program.a().transpose_mul_add(1.0, y, &mut forces);
    if let Some(cones) = program.cones() {
        cones.matrix().transpose_mul_add(-1.0, cone_duals, &mut forces);
    }
    forces
}

/// The largest dual where none may be: on an infinite side, or outside the cone.
fn sign_violation(program: &ProgramRef<'_>, y: &[f64], bound_duals: &[f64], cone_duals: &[f64]) -> f64 {
    let mut wrong = 0.0;
    let rows = sides(y, program.l(), program.u());
    for (dual, lower, upper) in rows.chain(sides(bound_duals, program.lb(), program.ub())) {
        if (dual > 0.0 && upper.is_infinite()) || (dual < 0.0 && lower.is_infinite()) || dual.is_nan() {
            wrong = max_nan(dual.abs(), wrong);
        }
    }
    match program.cones() {
        Some(cones) => max_nan(cone_violation(cones.dims(), |i| cone_duals[i]), wrong),
        None => wrong,
    }
}

/// The part of a sum's terms that their rounding, and that of the multipliers, may amount to.
const ROUNDING: f64 = 16.0 * f64::EPSILON;

/// The sum of the support value's terms in size, each multiplier counted as large as the largest force: no smaller one is
/// known to more digits.
fn support_size(program: &ProgramRef<'_>, y: &[f64], bound_duals: &[f64], cone_duals: &[f64]) -> f64 {
    let norms = program.a().row_norms();
    let force = y.iter().zip(&norms).fold(max_abs(bound_duals), |m, (y, norm)| m.max((y * norm).abs()));
    let size = |((dual, lower, upper), norm): ((f64, f64, f64), f64)| {
        let side = if dual > 0.0 { upper } else { lower };
        let multiplier = if norm > 0.0 { dual.abs().max(force / norm) } else { dual.abs() };
        if dual != 0.0 && side.is_finite() { multiplier * side.abs() } else { 0.0 }
    };
    let rows: f64 = sides(y, program.l(), program.u()).zip(norms.iter().copied()).map(size).sum();
    let bounds: f64 = sides(bound_duals, program.lb(), program.ub()).map(|sides| size((sides, 1.0))).sum();
    let cone = |c: ConesRef<'_>| c.offset().iter().zip(cone_duals).map(|(s, w)| (s * w).abs()).sum();
    rows + bounds + program.cones().map_or(0.0, cone)
}

/// `Σ(u y⁺ − l y⁻) + Σ(ub ζ⁺ − lb ζ⁻) + sᵀw` over the finite sides.
fn support_value(program: &ProgramRef<'_>, y: &[f64], bound_duals: &[f64], cone_duals: &[f64]) -> f64 {
    let term = |(dual, lower, upper): (f64, f64, f64)| {
        let side = if dual > 0.0 { upper } else { lower };
        if dual == 0.0 || side.is_infinite() { 0.0 } else { dual * side }
    };
    let rows: f64 = sides(y, program.l(), program.u()).map(term).sum();
    let bounds: f64 = sides(bound_duals, program.lb(), program.ub()).map(term).sum();
    rows + bounds + program.cones().map_or(0.0, |c| dot(c.offset(), cone_duals))
}
