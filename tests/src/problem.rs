//! Dense problem data, easy to write down and to change entry by entry.

use bpqp_traits::{CscMatrix, ProgramBuf};

/// A small problem as dense data. Zeros are not stored in the sparse matrices built from it.
#[derive(Clone, Debug, PartialEq)]
pub struct Problem {
    /// Hessian `P` (`n × n`, row by row); only its upper triangle is read.
    pub p: Vec<f64>,
    /// Linear term (`n`).
    pub q: Vec<f64>,
    /// Rows `A` (`m` vectors of length `n`).
    pub a: Vec<Vec<f64>>,
    /// Lower sides (`m`).
    pub l: Vec<f64>,
    /// Upper sides (`m`).
    pub u: Vec<f64>,
    /// Lower bounds (`n`).
    pub lb: Vec<f64>,
    /// Upper bounds (`n`).
    pub ub: Vec<f64>,
    /// Cone rows `S`, stacked (`k` vectors of length `n`).
    pub cone_rows: Vec<Vec<f64>>,
    /// Cone offsets `s` (`k`).
    pub cone_offset: Vec<f64>,
    /// Dimension of each cone.
    pub cone_dims: Vec<usize>,
}

impl Problem {
    /// A linear objective `qᵀx` without constraints.
    pub fn new(q: &[f64]) -> Self {
        let n = q.len();
        Self {
            p: vec![0.0; n * n],
            q: q.to_vec(),
            a: Vec::new(),
            l: Vec::new(),
            u: Vec::new(),
            lb: vec![f64::NEG_INFINITY; n],
            ub: vec![f64::INFINITY; n],
            cone_rows: Vec::new(),
            cone_offset: Vec::new(),
            cone_dims: Vec::new(),
        }
    }

    /// `½‖x − c‖²` up to a constant.
    pub fn distance_to(c: &[f64]) -> Self {
        let q: Vec<f64> = c.iter().map(|v| -v).collect();
        Self::new(&q).diagonal(&vec![1.0; c.len()])
    }

    /// With the symmetric Hessian `p` (`n × n`, row by row).
    pub fn hessian(mut self, p: &[f64]) -> Self {
        self.p = p.to_vec();
        self
    }

    /// With a diagonal Hessian.
    pub fn diagonal(mut self, diagonal: &[f64]) -> Self {
        let n = self.q.len();
        for (j, d) in diagonal.iter().enumerate() {
            self.p[j * n + j] = *d;
        }
        self
    }

    /// With one more row `l ≤ aᵀx ≤ u`.
    pub fn row(mut self, l: f64, a: &[f64], u: f64) -> Self {
        self.a.push(a.to_vec());
        self.l.push(l);
        self.u.push(u);
        self
    }

    /// With one more row `aᵀx = b`.
    pub fn equality(self, a: &[f64], b: f64) -> Self {
        self.row(b, a, b)
    }

    /// With one more row `aᵀx ≤ u`.
    pub fn at_most(self, a: &[f64], u: f64) -> Self {
        self.row(f64::NEG_INFINITY, a, u)
    }

    /// With one more row `aᵀx ≥ l`.
    pub fn at_least(self, l: f64, a: &[f64]) -> Self {
        self.row(l, a, f64::INFINITY)
    }

    /// With bounds on the variables.
    pub fn bounds(mut self, lb: &[f64], ub: &[f64]) -> Self {
        self.lb = lb.to_vec();
        self.ub = ub.to_vec();
        self
    }

    /// With one more second-order cone: `‖(rows[1..] x + offset[1..])‖ ≤ rows[0]ᵀx + offset[0]`.
    pub fn cone(mut self, rows: &[&[f64]], offset: &[f64]) -> Self {
        self.cone_rows.extend(rows.iter().map(|r| r.to_vec()));
        self.cone_offset.extend_from_slice(offset);
        self.cone_dims.push(offset.len());
        self
    }

    /// With the Euclidean ball `‖x‖ ≤ radius`.
    pub fn ball(self, radius: f64) -> Self {
        let n = self.q.len();
        let mut rows = vec![vec![0.0; n]];
        rows.extend((0..n).map(|j| (0..n).map(|i| f64::from(u8::from(i == j))).collect()));
        let rows: Vec<&[f64]> = rows.iter().map(Vec::as_slice).collect();
        let mut offset = vec![0.0; n + 1];
        offset[0] = radius;
        self.cone(&rows, &offset)
    }

    /// The checked, sparse program.
    ///
    /// # Errors
    /// A message where the data break the contract of [`ProgramBuf`].
    pub fn build(&self) -> Result<ProgramBuf, String> {
        let n = self.q.len();
        let upper: Vec<f64> = (0..n * n).map(|k| if k / n <= k % n { self.p[k] } else { 0.0 }).collect();
        let build = || {
            let p = CscMatrix::from_dense_rows(n, n, &upper)?;
            let a = CscMatrix::from_dense_rows(self.a.len(), n, &self.a.concat())?;
            let rows = (self.l.clone(), self.u.clone());
            let program = ProgramBuf::new(p, self.q.clone(), a, rows, (self.lb.clone(), self.ub.clone()))?;
            if self.cone_dims.is_empty() {
                return Ok(program);
            }
            let s = CscMatrix::from_dense_rows(self.cone_rows.len(), n, &self.cone_rows.concat())?;
            program.with_cones(s, self.cone_offset.clone(), self.cone_dims.clone())
        };
        build().map_err(|error: bpqp_traits::Error| format!("the suite's own problem: {error}"))
    }
}
