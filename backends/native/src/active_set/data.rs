//! The problem in dense form, rows and bounds alike as constraints.

use bpqp_traits::ProgramRef;

use crate::linalg::{PackedUpper, axpy, dot, dots, norm, subtract_columns, subtract_symmetric, write_rows};

/// `min ½xᵀPx + qᵀx` over `lo ≤ a_kᵀx ≤ hi`: constraints `0..m` are the rows, `m..m + n` the bounds.
pub(crate) struct DenseData {
    pub(super) n: usize,
    pub(super) m: usize,
    pub(super) p: PackedUpper,
    /// The rows of `A`, one after another (`m × n`).
    normals: Vec<f64>,
    pub(super) q: Vec<f64>,
    pub(super) lo: Vec<f64>,
    pub(super) hi: Vec<f64>,
    /// `‖a_k‖₂`.
    pub(super) norms: Vec<f64>,
}

impl DenseData {
    pub(super) fn new(program: &ProgramRef<'_>) -> Self {
        let (n, m) = (program.num_vars(), program.num_rows());
        let mut data = Self {
            n,
            m,
            p: PackedUpper::new(program.p()),
            normals: vec![0.0; m * n],
            q: vec![0.0; n],
            lo: vec![0.0; m + n],
            hi: vec![0.0; m + n],
            norms: vec![1.0; m + n],
        };
        data.set_rows(program);
        data.set_vectors(program);
        data
    }

    /// Takes new values of `P` and `A`.
    pub(super) fn set_matrices(&mut self, program: &ProgramRef<'_>) {
        self.p = PackedUpper::new(program.p());
        self.set_rows(program);
    }

    fn set_rows(&mut self, program: &ProgramRef<'_>) {
        write_rows(program.a(), &mut self.normals);
        for i in 0..self.m {
            self.norms[i] = norm(self.normal(i));
        }
    }

    /// Takes new vectors.
    pub(super) fn set_vectors(&mut self, program: &ProgramRef<'_>) {
        let m = self.m;
        self.q.copy_from_slice(program.q());
        self.lo[..m].copy_from_slice(program.l());
        self.lo[m..].copy_from_slice(program.lb());
        self.hi[..m].copy_from_slice(program.u());
        self.hi[m..].copy_from_slice(program.ub());
    }

    /// Number of constraints `m + n`.
    pub(super) fn len(&self) -> usize {
        self.m + self.n
    }

    pub(super) fn is_equality(&self, k: usize) -> bool {
        self.lo[k] == self.hi[k]
    }

    /// The normal of row `k < m`.
    pub(super) fn normal(&self, k: usize) -> &[f64] {
        &self.normals[k * self.n..(k + 1) * self.n]
    }

    /// `a_kᵀx`.
    pub(super) fn value(&self, k: usize, x: &[f64]) -> f64 {
        if k < self.m { dot(self.normal(k), x) } else { x[k - self.m] }
    }

    /// `Σ|a_ki x_i|`, to which the rounding of [`value`](Self::value) is relative.
    pub(super) fn magnitude(&self, k: usize, x: &[f64]) -> f64 {
        if k < self.m { self.normal(k).iter().zip(x).map(|(a, x)| (a * x).abs()).sum() } else { x[k - self.m].abs() }
    }

    /// `out = (a_kᵀx)` over all constraints.
    pub(super) fn values(&self, x: &[f64], out: &mut [f64]) {
        dots(|k| self.normal(k), x, &mut out[..self.m]);
        out[self.m..].copy_from_slice(x);
    }

    /// `v += alpha · a_k`.
    pub(super) fn add_normal(&self, k: usize, alpha: f64, v: &mut [f64]) {
        if k < self.m {
            axpy(alpha, self.normal(k), v);
        } else {
            v[k - self.m] += alpha;
        }
    }

    /// `out −= P x`.
    pub(super) fn subtract_hessian(&self, x: &[f64], out: &mut [f64]) {
        subtract_symmetric(self.p.values(), x, out);
    }

    /// `out −= Σ yᵢ a_kᵢ` over rows `kᵢ`.
    pub(super) fn subtract_rows(&self, rows: &[usize], y: &[f64], out: &mut [f64]) {
        subtract_columns(|i| self.normal(rows[i]), y, out);
    }

    /// `outᵢ = a_kᵢᵀx` over rows `kᵢ`.
    pub(super) fn row_products(&self, rows: &[usize], x: &[f64], out: &mut [f64]) {
        dots(|i| self.normal(rows[i]), x, out);
    }
}
