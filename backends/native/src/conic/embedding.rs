//! The homogeneous embedding of a quadratic cone program (Andersen & Ye 1999; Goulart & Chen 2024):
//! ```text
//! Px + Gᵀz + qτ = 0,    Gx + s − hτ = 0,    qᵀx + hᵀz + xᵀPx/τ + κ = 0,    (s, z, τ, κ) in their cones.
//! ```
//! With `τ > 0 = κ` it is solved by `(x, z)/τ`; with `τ = 0 < κ` it has a certificate of infeasibility of either kind.

use bpqp_traits::vector::{axpy, dot, max_abs, max_abs_quotient, max_nan};

use super::equilibrate::Scales;
use super::form::Form;
use super::kkt::Kkt;
use super::nesterov_todd::NesterovTodd;

/// The share of the way to the boundary that a step goes.
const SHARE: f64 = 0.99;

/// A point of the embedding, with the products and residuals there.
#[derive(Clone, Debug)]
pub(super) struct Embedding {
    pub(super) x: Vec<f64>,
    pub(super) z: Vec<f64>,
    pub(super) s: Vec<f64>,
    pub(super) tau: f64,
    pub(super) kappa: f64,
    pub(super) products: Products,
    /// Of the three equations.
    r_x: Vec<f64>,
    r_z: Vec<f64>,
    r_tau: f64,
    step: Step,
    constant: Direction,
    work: Work,
}

/// What the residuals are made of.
#[derive(Clone, Debug, Default)]
pub(super) struct Products {
    /// `Px`.
    pub(super) px: Vec<f64>,
    /// `Gx`.
    pub(super) gx: Vec<f64>,
    /// `Gᵀz`.
    pub(super) gtz: Vec<f64>,
    /// `qᵀx`, `hᵀz` and `xᵀPx`.
    pub(super) qx: f64,
    pub(super) hz: f64,
    pub(super) xpx: f64,
}

/// A direction in `(x, z)`.
#[derive(Clone, Debug, Default)]
struct Direction {
    x: Vec<f64>,
    z: Vec<f64>,
}

#[derive(Clone, Debug, Default)]
struct Step {
    along: Direction,
    s: Vec<f64>,
    tau: f64,
    kappa: f64,
}

#[derive(Clone, Debug)]
struct Work {
    /// The right-hand side of a step, and what complementarity asks of `s`.
    top: Vec<f64>,
    bottom: Vec<f64>,
    ds: Vec<f64>,
    cones: [Vec<f64>; 3],
}

impl Embedding {
    pub(super) fn new(form: &Form) -> Self {
        let (n, k) = (form.q.len(), form.h.len());
        let zeros = |len| vec![0.0; len];
        let direction = || Direction { x: zeros(n), z: zeros(k) };
        Self {
            x: zeros(n),
            z: zeros(k),
            s: zeros(k),
            tau: 1.0,
            kappa: 1.0,
            products: Products { px: zeros(n), gx: zeros(k), gtz: zeros(n), ..Products::default() },
            r_x: zeros(n),
            r_z: zeros(k),
            r_tau: 0.0,
            step: Step { along: direction(), s: zeros(k), tau: 0.0, kappa: 0.0 },
            constant: direction(),
            work: Work { top: zeros(n), bottom: zeros(k), ds: zeros(k), cones: std::array::from_fn(|_| zeros(k)) },
        }
    }

    /// Starts at the solution of the equations with `W = I`, moved into the cones; false where nothing can be factored.
    pub(super) fn start(&mut self, form: &Form, scaling: &NesterovTodd, kkt: &mut Kkt) -> bool {
        if !kkt.factorize(scaling) {
            return false;
        }
        let (n, k) = (form.q.len(), form.h.len());
        let negative: Vec<f64> = form.q.iter().map(|q| -q).collect();
        if max_abs(form.p.values()) == 0.0 {
            kkt.solve((&vec![0.0; n], &form.h), (&mut self.x, &mut self.s));
            kkt.solve((&negative, &vec![0.0; k]), (&mut self.work.top, &mut self.z));
        } else {
            kkt.solve((&negative, &form.h), (&mut self.x, &mut self.z));
            self.s.copy_from_slice(&self.z);
        }
        self.s.iter_mut().for_each(|s| *s = -*s);
        self.s[..scaling.zero()].fill(0.0);
        scaling.shift_inside(&mut self.s);
        scaling.shift_inside(&mut self.z);
        (self.tau, self.kappa) = (1.0, 1.0);
        true
    }

    /// Measures the residuals.
    pub(super) fn measure(&mut self, form: &Form) {
        let Products { px, gx, gtz, qx, hz, xpx } = &mut self.products;
        px.fill(0.0);
        gx.fill(0.0);
        gtz.fill(0.0);
        form.p.as_ref().symmetric_mul_add(1.0, &self.x, px);
        form.g.as_ref().mul_both_add(1.0, (&self.x, gx), (&self.z, gtz));
        (*qx, *hz, *xpx) = (dot(&form.q, &self.x), dot(&form.h, &self.z), dot(px, &self.x));
        for (j, r) in self.r_x.iter_mut().enumerate() {
            *r = px[j] + gtz[j] + form.q[j] * self.tau;
        }
        for (i, r) in self.r_z.iter_mut().enumerate() {
            *r = gx[i] + self.s[i] - form.h[i] * self.tau;
        }
        self.r_tau = self.kappa + *qx + *hz + *xpx / self.tau;
    }

    /// The mean of the complementarity products.
    pub(super) fn mu(&self, degree: usize) -> f64 {
        (dot(&self.s, &self.z) + self.tau * self.kappa) / (degree + 1) as f64
    }

    /// About what [`KktResiduals`](bpqp_traits::KktResiduals) would measure of `(x, z)/τ` in the program's own units.
    pub(super) fn residual(&self, form: &Form, scales: &Scales) -> f64 {
        let Products { px, gx, gtz, qx, hz, xpx } = &self.products;
        let (tau, c) = (self.tau, scales.c);
        let primal = max_abs_quotient(&self.r_z, &scales.e) / (tau + max_abs_quotient(gx, &scales.e));
        let forces = max_abs_quotient(px, &scales.d)
            .max(max_abs_quotient(gtz, &scales.d))
            .max(max_abs_quotient(&form.q, &scales.d) * tau);
        let dual = max_abs_quotient(&self.r_x, &scales.d) / (tau * c + forces);
        let (primal_value, dual_value) = (0.5 * xpx / tau + qx, -0.5 * xpx / tau - hz);
        let gap = (primal_value - dual_value).abs() / (tau * c + primal_value.abs().max(dual_value.abs()));
        max_nan(primal, max_nan(dual, gap))
    }

    /// One step of Mehrotra's predictor and corrector; its length, or `None` where the system cannot be solved.
    pub(super) fn advance(&mut self, form: &Form, scaling: &mut NesterovTodd, kkt: &mut Kkt) -> Option<f64> {
        if !scaling.update(&self.s, &self.z) || !kkt.factorize(scaling) {
            return None;
        }
        let mu = self.mu(scaling.degree());
        self.work.top.iter_mut().zip(&form.q).for_each(|(t, q)| *t = -q);
        kkt.solve((&self.work.top, &form.h), (&mut self.constant.x, &mut self.constant.z));

        self.work.ds.copy_from_slice(&self.s);
        self.solve_step(form, scaling, kkt, (1.0, self.kappa * self.tau));
        let predicted = self.longest(scaling).min(1.0);
        let sigma = (1.0 - predicted).powi(3);

        self.work.ds.copy_from_slice(&self.s);
        let Self { work: Work { ds, cones, .. }, step, z, .. } = self;
        scaling.correct((z, &step.s, &step.along.z), sigma * mu, cones, ds);
        let d_kappa = self.kappa * self.tau + self.step.kappa * self.step.tau - sigma * mu;
        self.solve_step(form, scaling, kkt, (1.0 - sigma, d_kappa));
        let length = (SHARE * self.longest(scaling)).min(1.0);
        axpy(length, &self.step.along.x, &mut self.x);
        axpy(length, &self.step.along.z, &mut self.z);
        axpy(length, &self.step.s, &mut self.s);
        self.tau += length * self.step.tau;
        self.kappa += length * self.step.kappa;
        length.is_finite().then_some(length)
    }

    /// The step that takes off `share` of the residuals, with `ds` and `d_kappa` what complementarity asks for.
    fn solve_step(&mut self, form: &Form, scaling: &NesterovTodd, kkt: &mut Kkt, (share, d_kappa): (f64, f64)) {
        let Self { work, step, constant, products, .. } = self;
        work.top.iter_mut().zip(&self.r_x).for_each(|(t, r)| *t = -share * r);
        for ((b, r), ds) in work.bottom.iter_mut().zip(&self.r_z).zip(&work.ds) {
            *b = ds - share * r;
        }
        kkt.solve((&work.top, &work.bottom), (&mut step.along.x, &mut step.along.z));
        // The last equation, with ξ = x/τ: 2ξᵀP(·) and ξᵀPξ come with the quadratic term.
        let tau = self.tau;
        let curvature = 2.0 * dot(&products.px, &step.along.x) / tau;
        let value = dot(&form.q, &step.along.x) + dot(&form.h, &step.along.z) + curvature;
        let numerator = share * self.r_tau - d_kappa / tau + value;
        let quadratic = (products.xpx / tau - 2.0 * dot(&products.px, &constant.x)) / tau;
        let slope = dot(&form.q, &constant.x) + dot(&form.h, &constant.z);
        step.tau = numerator / (self.kappa / tau - slope + quadratic);
        axpy(step.tau, &constant.x, &mut step.along.x);
        axpy(step.tau, &constant.z, &mut step.along.z);
        step.kappa = -(d_kappa + self.kappa * step.tau) / tau;
        scaling.square(&step.along.z, &mut step.s);
        step.s.iter_mut().zip(&work.ds).for_each(|(s, ds)| *s = -*s - ds);
        step.s[..scaling.zero()].fill(0.0);
    }

    /// The longest step that stays in all cones.
    fn longest(&self, scaling: &NesterovTodd) -> f64 {
        let scalar = |v: f64, d: f64| if d < 0.0 { -v / d } else { f64::INFINITY };
        let step = &self.step;
        let cones = scaling.longest_step(&self.s, &step.s).min(scaling.longest_step(&self.z, &step.along.z));
        cones.min(scalar(self.tau, step.tau)).min(scalar(self.kappa, step.kappa))
    }
}
