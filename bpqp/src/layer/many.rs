//! Many derivatives at one solution, by blocked solves.

use bpqp_traits::Side;

use super::certificate::Certificate;
use super::cotangent::{Cotangent, StackedCotangent};
use super::gradient::{Gradient, assemble};
use super::reduced::KktSolution;
use super::reduced_many::RightHandSide;
use super::solved::{Held, Prepared, Solved, differentiated};
use crate::{Error, Result};

/// A vector of a program's data.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum VectorBlock {
    /// The linear term.
    Q,
    /// The right-hand side of `A x = b`.
    B,
    /// The right-hand side of `G x ≤ h`.
    H,
    /// The lower sides of `l ≤ C x ≤ u`; see [`Gradient::l`] for rows with `l = u`.
    L,
    /// Their upper sides.
    U,
    /// The lower bounds; see [`Gradient::l`] for fixed variables.
    Lb,
    /// The upper bounds.
    Ub,
}

impl VectorBlock {
    /// The gradient with respect to this vector.
    pub fn of(self, gradient: &Gradient) -> &[f64] {
        match self {
            Self::Q => gradient.q(),
            Self::B => gradient.b(),
            Self::H => gradient.h(),
            Self::L => gradient.l(),
            Self::U => gradient.u(),
            Self::Lb => gradient.lb(),
            Self::Ub => gradient.ub(),
        }
    }
}

/// The derivative of the solution `x` (`d`) with respect to a vector of the data (`k`).
#[derive(Clone, Debug, PartialEq)]
pub struct Jacobian {
    d: usize,
    /// By columns (`d × k`).
    values: Vec<f64>,
    certificate: Certificate,
}

impl Jacobian {
    /// Number of rows `d`.
    pub fn nrows(&self) -> usize {
        self.d
    }

    /// Number of columns `k`.
    pub fn ncols(&self) -> usize {
        self.values.len() / self.d.max(1)
    }

    /// The derivative of `x` with respect to entry `j` (`d`).
    pub fn column(&self, j: usize) -> &[f64] {
        &self.values[j * self.d..(j + 1) * self.d]
    }

    /// All columns, one after another (`d × k`).
    pub fn values(&self) -> &[f64] {
        &self.values
    }

    /// What the worst of the columns, or of the rows, is worth.
    pub fn certificate(&self) -> &Certificate {
        &self.certificate
    }
}

/// Where an entry of a block acts.
#[derive(Clone, Copy)]
enum Place {
    Force(usize),
    Row(usize),
    Bound(usize),
}

impl Solved<'_> {
    /// The gradients of many losses, each as [`vjp`](Self::vjp) has it, for much less than as many calls cost where the
    /// solver can solve for several right-hand sides at a time.
    ///
    /// # Errors
    /// As [`polish`](Self::polish). Each gradient has errors of its own, those of [`vjp`](Self::vjp).
    pub fn vjp_many(&mut self, cotangents: &[Cotangent<'_>]) -> Result<Vec<Result<Gradient>>> {
        self.prepare()?;
        if self.is_replaced() || self.layer.choices.estimate_errors {
            return Ok(cotangents.iter().map(|cotangent| self.vjp(cotangent)).collect());
        }
        let program = self.program.clone();
        let negative = |v: Vec<f64>| v.into_iter().map(|v| -v).collect();
        let stacked = cotangents.iter().map(|cotangent| cotangent.stack(&program));
        let mut rhs = Vec::with_capacity(cotangents.len());
        let places: Vec<Result<usize>> = stacked
            .map(|stacked| {
                let StackedCotangent { x: g, y, bounds, .. } = stacked?;
                rhs.push(RightHandSide { g, r: negative(y), fixed: negative(bounds) });
                Ok(rhs.len() - 1)
            })
            .collect();
        let solutions = self.solve_many(&rhs)?;
        let Some(prepared) = &self.prepared else { return Err(Error::NotSolved { status: self.status }) };
        let mut solutions = solutions.into_iter();
        let gradients = places.into_iter().map(|place| {
            place?;
            let missing = || Error::NotSolved { status: self.status };
            let (adjoint, certificate) = solutions.next().ok_or_else(missing)??;
            Ok(assemble(&program, &self.solution, &prepared.sides, adjoint, certificate))
        });
        Ok(gradients.collect())
    }

    /// [`vjp_many`](Self::vjp_many) for losses of `x` alone: `x_bars` holds their gradients (`d` each).
    ///
    /// # Errors
    /// As [`vjp_many`](Self::vjp_many).
    pub fn backward_many(&mut self, x_bars: &[&[f64]]) -> Result<Vec<Result<Gradient>>> {
        let cotangents: Vec<_> =
            x_bars.iter().map(|&x_bar| Cotangent { x: Some(x_bar), ..Cotangent::default() }).collect();
        self.vjp_many(&cotangents)
    }

    /// `∂x/∂v` for one vector `v` of the data: by one solve for each of its entries that acts on the solution, or for each
    /// free variable, whichever are fewer.
    ///
    /// # Errors
    /// As [`vjp`](Self::vjp).
    pub fn jacobian(&mut self, block: VectorBlock) -> Result<Jacobian> {
        self.prepare()?;
        if self.is_replaced() {
            return self.jacobian_by_rows(block);
        }
        let status = self.status;
        let Some(prepared) = &self.prepared else { return Err(Error::NotSolved { status }) };
        let (places, free) = (self.places(prepared, block), prepared.kkt.free().to_vec());
        let d = self.program.num_vars();
        let acting: Vec<(usize, Place)> =
            places.iter().enumerate().filter_map(|(k, place)| Some((k, (*place)?))).collect();
        let mut values = vec![0.0; d * places.len()];
        let by_columns = acting.len() <= free.len();
        let rhs: Vec<RightHandSide> = if by_columns {
            acting.iter().map(|(_, place)| self.unit(*place)).collect()
        } else {
            free.iter().map(|&j| self.unit(Place::Force(j))).collect()
        };
        let solved = self.solve_many(&rhs)?.into_iter().collect::<Result<Vec<_>>>()?;
        let mut worst: Option<Certificate> = None;
        for (s, (solution, certificate)) in solved.into_iter().enumerate() {
            if by_columns {
                values[acting[s].0 * d..][..d].copy_from_slice(&solution.z);
            } else {
                for &(k, place) in &acting {
                    values[k * d + free[s]] = entry(&solution, place);
                }
            }
            keep_worse(&mut worst, certificate);
        }
        if !by_columns {
            // A variable at a bound moves with that bound alone.
            for &(k, place) in &acting {
                if let Place::Bound(j) = place {
                    values[k * d + j] = 1.0;
                }
            }
        }
        let Some(prepared) = &self.prepared else { return Err(Error::NotSolved { status }) };
        let nothing = || Certificate::new(&prepared.facts, &KktSolution::default(), self.residuals.max());
        Ok(Jacobian { d, values, certificate: worst.unwrap_or_else(nothing).of_solution() })
    }

    /// Row by row, each a gradient.
    fn jacobian_by_rows(&mut self, block: VectorBlock) -> Result<Jacobian> {
        let d = self.program.num_vars();
        let (mut unit, mut rows, mut worst) = (vec![0.0; d], Vec::with_capacity(d), None);
        for i in 0..d {
            unit[i] = 1.0;
            let gradient = self.backward(&unit)?;
            unit[i] = 0.0;
            rows.push(block.of(&gradient).to_vec());
            keep_worse(&mut worst, gradient.certificate().clone());
        }
        let Some(certificate) = worst else { return Err(Error::NotSolved { status: self.status }) };
        let k = rows.first().map_or(0, Vec::len);
        let values = (0..k).flat_map(|j| rows.iter().map(move |row| row[j])).collect();
        Ok(Jacobian { d, values, certificate: certificate.of_solution() })
    }

    /// Where each entry of a block acts; `None` where it does not.
    fn places(&self, prepared: &Prepared, block: VectorBlock) -> Vec<Option<Place>> {
        let (sides, rows, n) = (&prepared.sides, self.program.blocks(), self.program.num_vars());
        let row = |side: Side| move |i: usize| (sides.rows[i] == side).then_some(Place::Row(i));
        let bound = |side: Side| move |j: usize| (sides.bounds[j] == side).then_some(Place::Bound(j));
        match block {
            VectorBlock::Q => (0..n).map(|j| (!sides.bounds[j].is_active()).then_some(Place::Force(j))).collect(),
            VectorBlock::B => {
                rows.equalities.clone().map(|i| sides.rows[i].is_active().then_some(Place::Row(i))).collect()
            }
            VectorBlock::H => rows.inequalities.clone().map(row(Side::Upper)).collect(),
            VectorBlock::L => rows.rows.clone().map(row(Side::Lower)).collect(),
            VectorBlock::U => rows.rows.clone().map(row(Side::Upper)).collect(),
            VectorBlock::Lb => (0..n).map(bound(Side::Lower)).collect(),
            VectorBlock::Ub => (0..n).map(bound(Side::Upper)).collect(),
        }
    }

    /// The right-hand side of a unit change.
    fn unit(&self, place: Place) -> RightHandSide {
        let (n, m) = (self.program.num_vars(), self.solution.y.len());
        let mut rhs = RightHandSide { g: vec![0.0; n], r: vec![0.0; m], fixed: vec![0.0; n] };
        match place {
            Place::Force(j) => rhs.g[j] = 1.0,
            Place::Row(i) => rhs.r[i] = 1.0,
            Place::Bound(j) => rhs.fixed[j] = 1.0,
        }
        rhs
    }

    /// Solves the KKT system on the active set for all of `rhs`; each solution with its certificate, or refused.
    fn solve_many(&mut self, rhs: &[RightHandSide]) -> Result<Vec<Result<(KktSolution, Certificate)>>> {
        let (program, regularized) = (self.program.clone(), self.regularized.clone());
        let stacked = differentiated(&program, regularized.as_deref());
        let Some(prepared) = &mut self.prepared else { return Err(Error::NotSolved { status: self.status }) };
        let session = self.session.as_mut().map(Held::get);
        let solutions = prepared.kkt.solve_many(&stacked, session, rhs)?;
        let kkt_residual = self.residuals.max();
        let certified = solutions.into_iter().zip(rhs).map(|(solution, rhs)| {
            let certificate = prepared.certify(&stacked, (&rhs.g, &rhs.r), &solution, kkt_residual)?;
            Ok((solution, certificate))
        });
        Ok(certified.collect())
    }
}

/// Keeps the certificate of the larger residual.
fn keep_worse(worst: &mut Option<Certificate>, next: Certificate) {
    let size = |c: &Certificate| c.residual.max(c.undetermined);
    if !worst.as_ref().is_some_and(|worst| size(worst) >= size(&next)) {
        *worst = Some(next);
    }
}

/// The derivative of the loss whose adjoint solution this is with respect to the entry that acts at `place`.
fn entry(adjoint: &KktSolution, place: Place) -> f64 {
    match place {
        Place::Force(j) => adjoint.z[j],
        Place::Row(i) => -adjoint.y[i],
        Place::Bound(j) => -adjoint.zeta[j],
    }
}
