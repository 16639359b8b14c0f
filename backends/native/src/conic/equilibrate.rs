//! Equilibration: rows and columns of like size, by Ruiz's iteration; a cone's rows share a scale, or it were no cone.

use bpqp_traits::vector::max_abs;

use super::form::Form;

/// Passes at most.
const MAX_PASSES: u32 = 15;
/// Sizes within this factor of one are equal enough.
const EVEN: f64 = 1.5;
/// One pass scales by no more than this either way.
const MAX_SCALE: f64 = 1e4;

/// The scales of a form: `x = D x̂`, `s = E⁻¹ŝ`, `z = E ẑ / c`.
#[derive(Clone, Debug)]
pub(super) struct Scales {
    pub(super) d: Vec<f64>,
    pub(super) e: Vec<f64>,
    pub(super) c: f64,
}

impl Scales {
    /// Scales `form` in place.
    pub(super) fn equilibrate(form: &mut Form) -> Self {
        let (n, k) = (form.q.len(), form.h.len());
        let mut scales = Self { d: vec![1.0; n], e: vec![1.0; k], c: 1.0 };
        let (mut columns, mut rows) = (vec![0.0; n], vec![0.0; k]);
        for _ in 0..MAX_PASSES {
            measure(form, &mut columns, &mut rows);
            if columns.iter().chain(&rows).all(|v| *v == 0.0 || (1.0 / EVEN..=EVEN).contains(v)) {
                break;
            }
            for v in columns.iter_mut().chain(&mut rows) {
                *v = if *v > 0.0 { v.sqrt().recip().clamp(1.0 / MAX_SCALE, MAX_SCALE) } else { 1.0 };
            }
            apply(form, &columns, &rows);
            scales.d.iter_mut().zip(&columns).for_each(|(d, v)| *d *= v);
            scales.e.iter_mut().zip(&rows).for_each(|(e, v)| *e *= v);
        }
        form.q.iter_mut().zip(&scales.d).for_each(|(q, d)| *q *= d);
        form.h.iter_mut().zip(&scales.e).for_each(|(h, e)| *h *= e);
        let size = max_abs(&form.q).max(max_abs(form.p.values()));
        if size > 0.0 && size.is_finite() {
            scales.c = size.recip();
            form.q.iter_mut().chain(form.p.values_mut()).for_each(|v| *v *= scales.c);
        }
        scales
    }
}

/// The largest entry of every column of `(P; G)`, and of every row of `G`, or of its cone.
fn measure(form: &Form, columns: &mut [f64], rows: &mut [f64]) {
    columns.fill(0.0);
    rows.fill(0.0);
    for (i, j, v) in form.p.as_ref().entries() {
        columns[i] = columns[i].max(v.abs());
        columns[j] = columns[j].max(v.abs());
    }
    for (i, j, v) in form.g.as_ref().entries() {
        columns[j] = columns[j].max(v.abs());
        rows[i] = rows[i].max(v.abs());
    }
    for cone in form.layout.cones() {
        let size = max_abs(&rows[cone.clone()]);
        rows[cone].fill(size);
    }
}

fn apply(form: &mut Form, columns: &[f64], rows: &[f64]) {
    let scale = |(i, j): (usize, usize), left: &[f64]| left[i] * columns[j];
    let places: Vec<f64> = form.p.as_ref().entries().map(|(i, j, _)| scale((i, j), columns)).collect();
    form.p.values_mut().iter_mut().zip(places).for_each(|(v, s)| *v *= s);
    let places: Vec<f64> = form.g.as_ref().entries().map(|(i, j, _)| scale((i, j), rows)).collect();
    form.g.values_mut().iter_mut().zip(places).for_each(|(v, s)| *v *= s);
}
