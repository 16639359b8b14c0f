//! One forward pass, kept for its backward pass.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use burn::tensor::DType;
use rayon::prelude::*;

use super::blocks::{B, H, LB, NUM_BLOCKS, Numbers, OF, Q, UB, by_columns};
use crate::layer::Solved;
use crate::{Batch, BatchGradient, Certificate, Error, Gradient, Program, Result, Status, Values};

/// What a backward pass needs, and what it leaves behind.
pub(super) struct Call {
    /// The solutions (`members × d`); rows of failed members are zero.
    pub(super) x: Vec<f64>,
    pub(super) shape: [usize; 2],
    pub(super) dtype: DType,
    pub(super) blocks: [Option<Shape>; NUM_BLOCKS],
    /// Why members have no solution.
    pub(super) failed: Vec<(usize, Error)>,
    pub(super) forward: Duration,
    held: Mutex<Held>,
    /// Whether a member whose gradient is refused gets zeros; else it gets NaN.
    pub(super) skip_refused: bool,
    pub(super) left: Mutex<Left>,
}

/// What the last backward pass left behind.
#[derive(Debug, Default)]
pub(super) struct Left {
    pub(super) certificates: Vec<Option<std::result::Result<Certificate, String>>>,
    pub(super) backward: Duration,
}

/// A block's tensor.
#[derive(Clone, Debug)]
pub(super) struct Shape {
    pub(super) shape: Vec<usize>,
    pub(super) dtype: DType,
    /// Rows and columns of one member; a vector is one column.
    size: (usize, usize),
    batched: bool,
}

/// The members' solvers.
pub(super) enum Held {
    /// Members that share their matrices: factorized once.
    Together { batch: Box<Batch>, numbers: Box<Numbers> },
    /// Each with its own; `None` where it failed.
    Apart(Vec<Option<Solved<'static>>>),
}

/// Numbers of all members, in the order that [`Values`] has them.
struct Stored([Option<Vec<f64>>; NUM_BLOCKS]);

impl std::fmt::Debug for Call {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Call").field("shape", &self.shape).field("dtype", &self.dtype).finish_non_exhaustive()
    }
}

/// A batch solved.
pub(super) struct Forward {
    pub(super) x: Vec<f64>,
    pub(super) failed: Vec<(usize, Error)>,
    pub(super) held: Held,
}

impl Numbers {
    pub(super) fn shapes(&self) -> [Option<Shape>; NUM_BLOCKS] {
        self.blocks.each_ref().map(|block| {
            let block = block.as_ref()?;
            let size = (block.rows, block.columns.unwrap_or(1));
            Some(Shape { shape: block.shape(), dtype: block.dtype, size, batched: block.is_batched() })
        })
    }

    /// The batched vectors.
    fn vectors(&self) -> Values<'_> {
        let of = |k: usize| self.blocks[k].as_ref().filter(|b| b.is_batched()).map(|b| b.values.as_slice());
        Values { q: of(Q), b: of(B), h: of(H), lb: of(LB), ub: of(UB), ..Values::default() }
    }
}

/// Solves members that share their matrices.
pub(super) fn together(layer: &crate::Layer, numbers: Numbers, threads: usize) -> Result<Forward> {
    let mut batch = Box::new(layer.batch(&numbers.program(0)?, numbers.members, threads)?);
    let mut x = vec![0.0; numbers.members * numbers.d];
    let statuses = batch.forward(&numbers.vectors(), &mut x)?;
    let mut failed = Vec::new();
    for (k, status) in statuses.into_iter().enumerate() {
        if let Err(error) = status.and_then(solved) {
            x[k * numbers.d..(k + 1) * numbers.d].fill(0.0);
            failed.push((k, error));
        }
    }
    Ok(Forward { x, failed, held: Held::Together { batch, numbers: Box::new(numbers) } })
}

/// Solves each of `members` programs of `d` variables, that `program` makes, for itself.
pub(super) fn apart(
    layer: &crate::Layer,
    [members, d]: [usize; 2],
    pool: Option<&rayon::ThreadPool>,
    program: impl Fn(usize) -> Result<Program> + Sync,
) -> Forward {
    let solve = |k: usize| -> Result<Solved<'static>> {
        let mut one = layer.forward_owned(program(k)?)?;
        if one.status() == Status::SolvedInaccurate {
            one.polish()?;
        }
        solved(one.status())?;
        Ok(one)
    };
    let all: Vec<Result<Solved<'static>>> = match pool {
        Some(pool) => pool.install(|| (0..members).into_par_iter().map(solve).collect()),
        None => (0..members).map(solve).collect(),
    };
    let (mut x, mut failed, mut held) = (vec![0.0; members * d], Vec::new(), Vec::new());
    for (k, one) in all.into_iter().enumerate() {
        match one {
            Ok(one) => {
                x[k * d..(k + 1) * d].copy_from_slice(&one.x()[..d]);
                held.push(Some(one));
            }
            Err(error) => {
                failed.push((k, error));
                held.push(None);
            }
        }
    }
    Forward { x, failed, held: Held::Apart(held) }
}

fn solved(status: Status) -> Result<()> {
    if matches!(status, Status::Solved | Status::ClosestFeasible) { Ok(()) } else { Err(Error::NotSolved { status }) }
}

impl Call {
    pub(super) fn new(
        forward: Forward,
        shape: [usize; 2],
        dtype: DType,
        blocks: [Option<Shape>; NUM_BLOCKS],
        (started, skip_refused): (Instant, bool),
    ) -> Self {
        let Forward { x, failed, held } = forward;
        let (held, forward) = (Mutex::new(held), started.elapsed());
        Self { x, shape, dtype, blocks, failed, forward, held, skip_refused, left: Mutex::default() }
    }

    /// The gradients of the blocks that are wanted, in the layout of their tensors.
    pub(super) fn backward(&self, x_bar: &[f64], wanted: [bool; NUM_BLOCKS]) -> [Option<Vec<f64>>; NUM_BLOCKS] {
        let started = Instant::now();
        let wanted: [bool; NUM_BLOCKS] = std::array::from_fn(|k| wanted[k] && self.blocks[k].is_some());
        // A poisoned lock is that of a panic elsewhere; what it guards is replaced or solved anew below.
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        let (members, certificates) = match &mut *held {
            Held::Together { batch, numbers } => differentiate_together(batch, numbers, x_bar, wanted),
            Held::Apart(all) => differentiate_apart(all, x_bar, wanted),
        };
        drop(held);
        let out = self.collect(members, &certificates);
        let mut left = self.left.lock().unwrap_or_else(PoisonError::into_inner);
        *left = Left { certificates, backward: started.elapsed() };
        out
    }

    /// From members' gradients, column by column, to tensors: matrices row by row, shared blocks summed.
    fn collect(
        &self,
        stored: Stored,
        certificates: &[Option<std::result::Result<Certificate, String>>],
    ) -> [Option<Vec<f64>>; NUM_BLOCKS] {
        let mut stored = stored.0;
        std::array::from_fn(|k| {
            let (values, shape) = (stored[k].take()?, self.blocks[k].as_ref()?);
            let (rows, columns) = shape.size;
            let len = rows * columns;
            let mut out = vec![0.0; if shape.batched { certificates.len() * len } else { len }];
            for (member, certificate) in certificates.iter().enumerate() {
                let place = if shape.batched { member * len..(member + 1) * len } else { 0..len };
                match certificate {
                    Some(Ok(_)) => {
                        let own = by_columns(columns, rows, &values[member * len..(member + 1) * len]);
                        out[place].iter_mut().zip(own).for_each(|(out, own)| *out += own);
                    }
                    // A failed member has a row of zeros for its solution, whatever the data.
                    None => {}
                    Some(Err(_)) if self.skip_refused => {}
                    Some(Err(_)) => out[place].fill(f64::NAN),
                }
            }
            Some(out)
        })
    }
}

type Certificates = Vec<Option<std::result::Result<Certificate, String>>>;

fn differentiate_together(
    batch: &mut Batch,
    numbers: &Numbers,
    x_bar: &[f64],
    wanted: [bool; NUM_BLOCKS],
) -> (Stored, Certificates) {
    let members = numbers.members;
    let mut stored: [Option<Vec<f64>>; NUM_BLOCKS] = std::array::from_fn(|k| {
        let block = numbers.blocks[k].as_ref().filter(|_| wanted[k])?;
        Some(vec![0.0; members * block.len()])
    });
    let [p, q, a, b, g, h, lb, ub] = stored.each_mut().map(|block| block.as_deref_mut());
    let out = BatchGradient { p, q, a, b, g, h, lb, ub, ..BatchGradient::default() };
    let certificates = match batch.backward(&numbers.vectors(), x_bar, out) {
        Ok(all) => all.into_iter().map(certified).collect(),
        Err(error) => vec![Some(Err(error.to_string())); members],
    };
    (Stored(stored), certificates)
}

/// A member without a solution has no certificate.
fn certified(result: Result<Certificate>) -> Option<std::result::Result<Certificate, String>> {
    match result {
        Err(Error::NotSolved { .. }) => None,
        other => Some(other.map_err(|error| error.to_string())),
    }
}

fn differentiate_apart(
    all: &mut [Option<Solved<'static>>],
    x_bar: &[f64],
    wanted: [bool; NUM_BLOCKS],
) -> (Stored, Certificates) {
    let d = x_bar.len() / all.len();
    let gradients: Vec<Option<Result<Gradient>>> =
        all.iter_mut().enumerate().map(|(k, one)| Some(one.as_mut()?.backward(&x_bar[k * d..(k + 1) * d]))).collect();
    let mut stored: [Option<Vec<f64>>; NUM_BLOCKS] = Default::default();
    for k in (0..NUM_BLOCKS).filter(|&k| wanted[k]) {
        let (_, of) = BatchGradient::OF[OF[k]];
        let found = gradients.iter().flatten().flatten().next().map_or(0, |g| of(g).len());
        // Factor models have variables of their own behind the user's.
        let len = if matches!(k, Q | LB | UB) { found.min(d) } else { found };
        let mut values = vec![0.0; all.len() * len];
        for (member, gradient) in gradients.iter().enumerate() {
            if let Some(Ok(gradient)) = gradient {
                values[member * len..(member + 1) * len].copy_from_slice(&of(gradient)[..len]);
            }
        }
        stored[k] = Some(values);
    }
    let certificate = |g: Result<Gradient>| g.map(|g| g.certificate().clone()).map_err(|e| e.to_string());
    (Stored(stored), gradients.into_iter().map(|g| g.map(certificate)).collect())
}
