//! New values on an old pattern.

/// New values for a session's problem, on the same sparsity patterns; `None` keeps what is there.
#[derive(Clone, Copy, Debug, Default)]
pub struct ProgramUpdate<'a> {
    /// Values of `P`'s upper triangle, in the order of the pattern.
    pub p: Option<&'a [f64]>,
    /// Linear term (`n`).
    pub q: Option<&'a [f64]>,
    /// Values of `A`, in the order of the pattern.
    pub a: Option<&'a [f64]>,
    /// Lower sides of the rows (`m`).
    pub l: Option<&'a [f64]>,
    /// Upper sides of the rows (`m`).
    pub u: Option<&'a [f64]>,
    /// Lower bounds (`n`).
    pub lb: Option<&'a [f64]>,
    /// Upper bounds (`n`).
    pub ub: Option<&'a [f64]>,
    /// Values of the cones' matrix, in the order of the pattern.
    pub cone_matrix: Option<&'a [f64]>,
    /// Offsets of the cones.
    pub cone_offset: Option<&'a [f64]>,
}

impl ProgramUpdate<'_> {
    /// Whether any matrix changes.
    pub fn changes_matrices(&self) -> bool {
        self.p.is_some() || self.a.is_some() || self.cone_matrix.is_some()
    }

    /// Whether nothing changes.
    pub fn is_empty(&self) -> bool {
        let vectors = [self.q, self.l, self.u, self.lb, self.ub, self.cone_offset];
        !self.changes_matrices() && vectors.iter().all(Option::is_none)
    }
}

/// What a session could keep through an update.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reuse {
    /// The numeric factorization: only vectors changed.
    Numeric,
    /// The symbolic factorization: the matrix was refactorized on its pattern.
    Symbolic,
    /// Nothing: the solver was set up afresh.
    Nothing,
}
