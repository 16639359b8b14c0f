//! The layer.

use std::sync::{Arc, PoisonError};
use std::time::{Duration, Instant};

use burn::backend::Dispatch;
use burn::tensor::{DType, Device, Tensor};
use rayon::{ThreadPool, ThreadPoolBuilder};

use bpqp_traits::Error as SolverError;

use super::blocks::{BlockTensor, NAMES, NUM_BLOCKS, Numbers, Q, Qp};
use super::call::{Call, Forward, Shape, apart, together};
use super::op::QpOps;
use super::{Error, Result};
use crate::{Certificate, Layer, Program, Values};

/// A [`Layer`] between burn's tensors.
#[derive(Clone)]
pub struct QpLayer {
    layer: Layer,
    threads: usize,
    pool: Option<Arc<ThreadPool>>,
    skip_refused: bool,
}

/// The solutions of a batch, as a differentiable tensor, and what is known of them.
#[derive(Clone, Debug)]
pub struct Solution {
    x: Tensor<2>,
    call: Arc<Call>,
}

impl QpLayer {
    /// A layer that solves and differentiates with `layer`'s backends and settings, on one thread.
    pub fn new(layer: Layer) -> Self {
        Self { layer, threads: 1, pool: None, skip_refused: false }
    }

    /// Threads for the members of a batch; 0: as many as there are processors.
    ///
    /// # Errors
    /// Where they cannot be started.
    pub fn threads(mut self, threads: usize) -> Result<Self> {
        self.threads = threads;
        let failed = |e| SolverError::backend("bpqp", format!("cannot start {threads} threads: {e}"));
        let pool = (threads != 1).then(|| ThreadPoolBuilder::new().num_threads(threads).build());
        self.pool = pool.transpose().map_err(failed)?.map(Arc::new);
        Ok(self)
    }

    /// What becomes of members whose gradient the layer refuses (see [`AtKink`](crate::AtKink),
    /// [`AtDegeneracy`](crate::AtDegeneracy)): with `true` they contribute zero, by default NaN. Either way
    /// [`Solution::certificates`] says why.
    pub fn skip_refused(mut self, skip: bool) -> Self {
        self.skip_refused = skip;
        self
    }

    /// Solves all members.
    ///
    /// # Errors
    /// [`Error::Members`] where members have no solution; [`Error::Layer`] for shapes that do not fit, tensors on a device
    /// other than Flex, and errors of the backend.
    pub fn forward(&self, qp: &Qp) -> Result<Solution> {
        self.run(qp.blocks(), None)?.all_solved()?.finish()
    }

    /// As [`forward`](Self::forward), but members may fail: their `x` is zero whatever the data, and
    /// [`Solution::failed`] names them.
    ///
    /// # Errors
    /// [`Error::Layer`] as for [`forward`](Self::forward).
    pub fn forward_each(&self, qp: &Qp) -> Result<Solution> {
        self.run(qp.blocks(), None)?.finish()
    }

    /// Solves one program for each row of `q` (`members × d`), which takes the place of its linear term and is the one
    /// differentiable input: for sparse programs and factor models. Of a factor model `d` counts its own variables
    /// alone.
    ///
    /// # Errors
    /// As [`forward`](Self::forward).
    pub fn forward_programs(&self, programs: &[Program], q: &Tensor<2>) -> Result<Solution> {
        self.run(linear_term(q), Some(programs))?.all_solved()?.finish()
    }

    /// As [`forward_programs`](Self::forward_programs), but members may fail, as with [`forward_each`](Self::forward_each).
    ///
    /// # Errors
    /// [`Error::Layer`] as for [`forward`](Self::forward).
    pub fn forward_programs_each(&self, programs: &[Program], q: &Tensor<2>) -> Result<Solution> {
        self.run(linear_term(q), Some(programs))?.finish()
    }

    /// Solves the programs of the blocks, or `programs` with the linear terms that the blocks have.
    fn run(&self, tensors: [Option<BlockTensor>; NUM_BLOCKS], programs: Option<&[Program]>) -> Result<Run> {
        let started = Instant::now();
        check_devices(&tensors)?;
        let numbers = Numbers::new(tensors.each_ref().map(|t| t.as_ref().map(BlockTensor::read)))?;
        let (shape, shapes) = ([numbers.members, numbers.d], numbers.shapes());
        let forward = match programs {
            Some(programs) if programs.len() != numbers.members => {
                let reason = format!("has {} rows for {} programs", numbers.members, programs.len());
                return Err(SolverError::invalid_problem("q", reason).into());
            }
            Some(programs) => {
                apart(&self.layer, shape, self.pool.as_deref(), |k| with_linear_term(&programs[k], &numbers, k))
            }
            None if numbers.share_matrices() => together(&self.layer, numbers, self.threads)?,
            None => apart(&self.layer, shape, self.pool.as_deref(), |k| numbers.program(k)),
        };
        Ok(Run { tensors, forward, shape, shapes, started, skip_refused: self.skip_refused })
    }
}

/// A batch of which the linear term alone is a tensor.
fn linear_term(q: &Tensor<2>) -> [Option<BlockTensor>; NUM_BLOCKS] {
    let mut tensors: [Option<BlockTensor>; NUM_BLOCKS] = Default::default();
    tensors[Q] = Some(BlockTensor::Vectors(q.clone()));
    tensors
}

/// `program` with the linear term of member `k`; the variables that a factor model adds have none.
fn with_linear_term(program: &Program, numbers: &Numbers, k: usize) -> crate::Result<Program> {
    let mut program = program.clone();
    let mut q = numbers.blocks[Q].as_ref().map_or_else(Vec::new, |q| q.member(k).to_vec());
    q.resize(q.len() + program.num_factors(), 0.0);
    program.update(&Values { q: Some(&q), ..Values::default() })?;
    Ok(program)
}

/// The solvers run on one device alone.
fn check_devices(tensors: &[Option<BlockTensor>; NUM_BLOCKS]) -> Result<()> {
    for (tensor, name) in tensors.iter().zip(NAMES) {
        let Some(device) = tensor.as_ref().map(BlockTensor::device) else { continue };
        if device.clone().without_autodiff() != Device::flex() {
            let reason = format!("{name} lives on {device:?}; the solvers run on Device::flex() alone");
            return Err(SolverError::unsupported("bpqp", reason).into());
        }
    }
    Ok(())
}

/// A batch solved, before burn knows of it.
struct Run {
    tensors: [Option<BlockTensor>; NUM_BLOCKS],
    forward: Forward,
    shape: [usize; 2],
    shapes: [Option<Shape>; NUM_BLOCKS],
    started: Instant,
    skip_refused: bool,
}

impl Run {
    fn all_solved(mut self) -> Result<Self> {
        match std::mem::take(&mut self.forward.failed) {
            failed if failed.is_empty() => Ok(self),
            failed => Err(Error::Members { failed, members: self.shape[0] }),
        }
    }

    fn finish(self) -> Result<Solution> {
        let Self { tensors, forward, shape, shapes, started, skip_refused } = self;
        let dtype = shapes[Q].as_ref().map_or(DType::F64, |q| q.dtype);
        let call = Arc::new(Call::new(forward, shape, dtype, shapes, (started, skip_refused)));
        let absent = || Tensor::<1>::zeros([1], &Device::flex()).into_dispatch();
        let [p, q, a, b, g, h, lb, ub] = tensors.map(|t| t.map_or_else(absent, BlockTensor::into_dispatch));
        let x = Tensor::from_dispatch(Dispatch::qp_solution(p, q, a, b, g, h, lb, ub, Arc::clone(&call)));
        Ok(Solution { x, call })
    }
}

impl Solution {
    /// The solutions (`members × d`), of the type that `q` has.
    pub fn x(&self) -> Tensor<2> {
        self.x.clone()
    }

    /// Members without a solution, and why; none but after [`QpLayer::forward_each`] and its like.
    pub fn failed(&self) -> &[(usize, crate::Error)] {
        &self.call.failed
    }

    /// What each member's gradient is worth, or why it was refused, after the last backward pass through [`x`](Self::x):
    /// empty before; `None` for a member without a solution.
    pub fn certificates(&self) -> Vec<Option<std::result::Result<Certificate, String>>> {
        self.call.left.lock().unwrap_or_else(PoisonError::into_inner).certificates.clone()
    }

    /// Time of the forward pass, reading of the tensors included.
    pub fn forward_time(&self) -> Duration {
        self.call.forward
    }

    /// Time of the last backward pass; zero before.
    pub fn backward_time(&self) -> Duration {
        self.call.left.lock().unwrap_or_else(PoisonError::into_inner).backward
    }
}
