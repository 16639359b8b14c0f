//! The problem as solvers see it, owned.

use crate::program::{check_bounds, check_diagonal, check_finite};
use crate::{ConesRef, CscMatrix, Error, ProgramRef, ProgramUpdate, Result};

/// An owned convex program with the invariants of [`ProgramRef`].
#[derive(Clone, Debug, PartialEq)]
pub struct ProgramBuf {
    p: CscMatrix,
    q: Vec<f64>,
    a: CscMatrix,
    l: Vec<f64>,
    u: Vec<f64>,
    lb: Vec<f64>,
    ub: Vec<f64>,
    cones: Option<(CscMatrix, Vec<f64>, Vec<usize>)>,
}

impl ProgramBuf {
    /// A program without cones; see [`ProgramRef::new`] for the shapes.
    ///
    /// # Errors
    /// As [`ProgramRef::new`].
    pub fn new(
        p: CscMatrix,
        q: Vec<f64>,
        a: CscMatrix,
        (l, u): (Vec<f64>, Vec<f64>),
        (lb, ub): (Vec<f64>, Vec<f64>),
    ) -> Result<Self> {
        ProgramRef::new(p.as_ref(), &q, a.as_ref(), (&l, &u), (&lb, &ub))?;
        Ok(Self { p, q, a, l, u, lb, ub, cones: None })
    }

    /// The same program with second-order cones; see [`ConesRef`].
    ///
    /// # Errors
    /// As [`ConesRef::new`] and [`ProgramRef::with_cones`].
    pub fn with_cones(mut self, matrix: CscMatrix, offset: Vec<f64>, dims: Vec<usize>) -> Result<Self> {
        self.as_ref().with_cones(ConesRef::new(matrix.as_ref(), &offset, &dims)?)?;
        self.cones = (!dims.is_empty()).then_some((matrix, offset, dims));
        Ok(self)
    }

    /// A borrowed view, without checking again.
    pub fn as_ref(&self) -> ProgramRef<'_> {
        let cones = self.cones.as_ref().map(|(matrix, s, dims)| ConesRef::trusted(matrix.as_ref(), s, dims));
        let (rows, vars) = ((&self.l[..], &self.u[..]), (&self.lb[..], &self.ub[..]));
        ProgramRef::trusted(self.p.as_ref(), &self.q, self.a.as_ref(), rows, vars, cones)
    }

    /// Takes new values; all or nothing.
    ///
    /// # Errors
    /// [`Error::InvalidProblem`] as on construction, with the program left as it was.
    pub fn apply(&mut self, new: &ProgramUpdate<'_>) -> Result<()> {
        self.check_update(new)?;
        let set = |old: &mut [f64], new: Option<&[f64]>| {
            if let Some(new) = new {
                old.copy_from_slice(new);
            }
        };
        set(&mut self.q, new.q);
        set(&mut self.l, new.l);
        set(&mut self.u, new.u);
        set(&mut self.lb, new.lb);
        set(&mut self.ub, new.ub);
        if let Some((_, offset, _)) = &mut self.cones {
            set(offset, new.cone_offset);
        }
        // Values that stay are not touched: they may be shared.
        let cone_matrix = self.cones.as_mut().map(|(matrix, ..)| matrix);
        let matrices = [Some(&mut self.p), Some(&mut self.a), cone_matrix];
        for (matrix, values) in matrices.into_iter().zip([new.p, new.a, new.cone_matrix]) {
            if let (Some(matrix), Some(values)) = (matrix, values) {
                matrix.values_mut().copy_from_slice(values);
            }
        }
        Ok(())
    }

    /// Whether [`apply`](Self::apply) would take `new`.
    ///
    /// # Errors
    /// [`Error::InvalidProblem`] as on construction.
    pub fn check_update(&self, new: &ProgramUpdate<'_>) -> Result<()> {
        let named = |block: &'static str| {
            move |error| match error {
                Error::InvalidProblem { reason, .. } => Error::invalid_problem(block, reason),
                other => other,
            }
        };
        let matrix = |old: &CscMatrix, new: Option<&[f64]>, block| match new {
            Some(values) => old.as_ref().with_values(values).map(|_| ()).map_err(named(block)),
            None => Ok(()),
        };
        matrix(&self.p, new.p, "P")?;
        matrix(&self.a, new.a, "A")?;
        if let Some(values) = new.p {
            check_diagonal(self.p.as_ref().with_values(values)?)?;
        }
        if let Some(q) = new.q {
            if q.len() != self.q.len() {
                return Err(Error::invalid_problem("q", format!("has length {}, expected {}", q.len(), self.q.len())));
            }
            check_finite("q", q)?;
        }
        // What stays was checked when it came.
        if new.l.is_some() || new.u.is_some() {
            check_bounds(("l", pick(new.l, &self.l)), ("u", pick(new.u, &self.u)), self.a.nrows())?;
        }
        if new.lb.is_some() || new.ub.is_some() {
            check_bounds(("lb", pick(new.lb, &self.lb)), ("ub", pick(new.ub, &self.ub)), self.q.len())?;
        }
        match &self.cones {
            Some((matrix, offset, dims)) => {
                let values = pick(new.cone_matrix, matrix.values());
                let matrix = matrix.as_ref().with_values(values).map_err(named("cones"))?;
                ConesRef::new(matrix, pick(new.cone_offset, offset), dims)?;
                Ok(())
            }
            None if new.cone_matrix.is_some() || new.cone_offset.is_some() => {
                Err(Error::invalid_problem("cones", "the program has no cones"))
            }
            None => Ok(()),
        }
    }
}

impl From<&ProgramRef<'_>> for ProgramBuf {
    fn from(program: &ProgramRef<'_>) -> Self {
        let cones = program.cones().map(|c| (c.matrix().to_owned(), c.offset().to_vec(), c.dims().to_vec()));
        Self {
            p: program.p().to_owned(),
            q: program.q().to_vec(),
            a: program.a().to_owned(),
            l: program.l().to_vec(),
            u: program.u().to_vec(),
            lb: program.lb().to_vec(),
            ub: program.ub().to_vec(),
            cones,
        }
    }
}

/// The new value if there is one, else the old.
fn pick<'a>(new: Option<&'a [f64]>, old: &'a [f64]) -> &'a [f64] {
    new.unwrap_or(old)
}
