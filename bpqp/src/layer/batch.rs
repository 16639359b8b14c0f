//! Many programs of one structure, solved and differentiated together.

use std::ops::Range;

use bpqp_traits::{Error as SolverError, LANES, Solution, Status};
use rayon::{ThreadPool, ThreadPoolBuilder};

use super::batch_data::{Given, Template, check_values, given, member, share_matrices};
use super::batch_gradient::{BatchGradient, Sizes, sizes};
use super::batch_lanes::{FEWEST, LaneBuffers, LaneMembers, Outcome};
use super::{Certificate, Layer, LayerSession};
use crate::program::{Program, Values};
use crate::{Error, Result};

/// Programs that share patterns, sizes, and all blocks that [`Values`] leaves out.
///
/// Each thread holds one solver session for its share of the members: what the members have in common is analyzed and
/// factorized once a thread. Each member starts from its own last solution, so that a training loop stays warm.
///
/// ```
/// # fn main() -> bpqp::Result<()> {
/// use bpqp::{BatchGradient, Layer, Program, Values};
/// // min ½‖x‖² + qᵀx  s.t.  x₀ + x₁ ≤ 1, for two linear terms.
/// let program = Program::builder(2)
///     .objective(&[[1.0, 0.0], [0.0, 1.0]], &[0.0, 0.0])
///     .inequalities(&[[1.0, 1.0]], &[1.0])
///     .build()?;
/// let mut batch = Layer::new()?.batch(&program, 2, 1)?;
/// let values = Values { q: Some(&[-1.0, -2.0, 1.0, 1.0]), ..Values::default() };
/// let (mut x, mut q_bar) = ([0.0; 4], [0.0; 4]);
/// batch.forward(&values, &mut x)?;
/// let certificates = batch.backward(
///     &values,
///     &[1.0, 0.0, 1.0, 0.0], // L = x₀ for both
///     BatchGradient { q: Some(&mut q_bar), ..BatchGradient::default() },
/// )?;
/// assert!(certificates.iter().all(|c| c.is_ok()));
/// for (have, want) in x.iter().zip([0.0, 1.0, -1.0, -1.0]) {
///     assert!((have - want).abs() < 1e-8);
/// }
/// for (have, want) in q_bar.iter().zip([-0.5, 0.5, -1.0, 0.0]) {
///     assert!((have - want).abs() < 1e-8);
/// }
/// # Ok(())
/// # }
/// ```
pub struct Batch {
    workers: Vec<Worker>,
    pool: Option<ThreadPool>,
    members: usize,
    num_vars: usize,
    sizes: Sizes,
    /// What the members have in common, and the blocks in which the sessions may differ from it.
    template: Template,
    changed: Given,
}

/// One thread's members.
struct Worker {
    session: LayerSession,
    /// The last solution of every member.
    starts: Vec<Option<Solution>>,
    buffers: LaneBuffers,
}

/// Writes a member's cotangent, given its index and solution.
pub type CotangentOf<'a> = dyn Fn(usize, &[f64], &mut [f64]) + Sync + 'a;

impl Layer {
    /// A batch of `members` programs like `program`, on `threads` threads (0: as many as there are processors).
    ///
    /// # Errors
    /// As [`Layer::session`]; [`InvalidArgument`](SolverError::InvalidArgument) for no members;
    /// [`Backend`](SolverError::Backend) where threads cannot be started.
    pub fn batch(&self, program: &Program, members: usize, threads: usize) -> Result<Batch> {
        if members == 0 {
            return Err(SolverError::invalid_argument("members", "must be at least 1").into());
        }
        let available = || std::thread::available_parallelism().map_or(1, usize::from);
        let threads = if threads == 0 { available() } else { threads }.min(members);
        let share = |k: usize| members * (k + 1) / threads - members * k / threads;
        let workers = (0..threads).map(|k| {
            let session = self.session(program.clone())?;
            Ok(Worker { session, starts: vec![None; share(k)], buffers: LaneBuffers::default() })
        });
        let workers = workers.collect::<Result<Vec<_>>>()?;
        let pool = || ThreadPoolBuilder::new().num_threads(threads).build();
        let failed = |e| SolverError::backend("bpqp", format!("cannot start {threads} threads: {e}"));
        let pool = (threads > 1).then(pool).transpose().map_err(failed)?;
        Ok(Batch {
            workers,
            pool,
            members,
            num_vars: program.num_vars(),
            sizes: sizes(program),
            template: Template::new(program),
            changed: Given::default(),
        })
    }
}

impl Batch {
    /// Number of programs.
    pub fn members(&self) -> usize {
        self.members
    }

    /// Number of threads.
    pub fn threads(&self) -> usize {
        self.workers.len()
    }

    /// Forgets the members' last solutions: the next solves start cold.
    pub fn reset(&mut self) {
        self.workers.iter_mut().for_each(|worker| worker.starts.fill(None));
    }

    /// Solves all members. A block of `values` holds the members' values one after another; `x` (`members × d`) takes the
    /// solutions, NaN where there is none. Every member has a status or an error of its own.
    ///
    /// # Errors
    /// [`InvalidArgument`](SolverError::InvalidArgument) for a buffer of the wrong length.
    pub fn forward(&mut self, values: &Values<'_>, x: &mut [f64]) -> Result<Vec<Result<Status>>> {
        self.check("x", x.len(), self.num_vars)?;
        self.run(values, Some(x), None, BatchGradient::default(), &|solved, _| Ok(solved))
    }

    /// Differentiates all members at the solutions that the last pass found: `x_bar` (`members × d`) holds the loss's
    /// gradients with respect to them, `values` is what that pass was given. Where a gradient is refused, `out` is NaN.
    ///
    /// # Errors
    /// As [`forward`](Self::forward).
    pub fn backward(
        &mut self,
        values: &Values<'_>,
        x_bar: &[f64],
        out: BatchGradient<'_>,
    ) -> Result<Vec<Result<Certificate>>> {
        let n = self.num_vars;
        self.check("x_bar", x_bar.len(), n)?;
        let copy = |k: usize, _: &[f64], bar: &mut [f64]| bar.copy_from_slice(&x_bar[k * n..(k + 1) * n]);
        self.run(values, None, Some(&copy), out, &certified)
    }

    /// Both passes of every member at once, while its factorization is at hand: `cotangent(k, x, x_bar)` writes the
    /// loss's gradient at the solution `x` of member `k`.
    ///
    /// # Errors
    /// As [`forward`](Self::forward).
    pub fn step(
        &mut self,
        values: &Values<'_>,
        cotangent: &CotangentOf<'_>,
        x: &mut [f64],
        out: BatchGradient<'_>,
    ) -> Result<Vec<Result<Certificate>>> {
        self.check("x", x.len(), self.num_vars)?;
        self.run(values, Some(x), Some(cotangent), out, &certified)
    }

    fn check(&self, name: &str, len: usize, each: usize) -> Result<()> {
        let expected = self.members * each;
        if len == expected {
            return Ok(());
        }
        Err(SolverError::invalid_argument(name, format!("expected length {expected}, found {len}")).into())
    }

    /// Runs every worker over its members; `read` makes each member's result.
    fn run<T: Send>(
        &mut self,
        values: &Values<'_>,
        mut x: Option<&mut [f64]>,
        cotangent: Option<&CotangentOf<'_>>,
        mut out: BatchGradient<'_>,
        read: &(dyn Fn(Status, Option<Certificate>) -> Result<T> + Sync),
    ) -> Result<Vec<Result<T>>> {
        let members = self.members;
        let sizes = self.sizes;
        check_values(values, &sizes, members)?;
        out.check(&sizes, members)?;
        let now = given(values);
        let left: Given = std::array::from_fn(|block| self.changed[block] && !now[block]);
        if left.contains(&true) {
            for worker in &mut self.workers {
                worker.session.update(&self.template.values(&left))?;
            }
        }
        self.changed = now;
        let mut results: Vec<Option<Result<T>>> = (0..members).map(|_| None).collect();
        let mut rest = results.as_mut_slice();
        let (mut first, mut shares) = (0, Vec::new());
        for worker in &mut self.workers {
            let count = worker.starts.len();
            let (mine, others) = rest.split_at_mut(count);
            rest = others;
            let x = x.take().map(|all| {
                let (mine, others) = all.split_at_mut(count * self.num_vars);
                x = Some(others);
                mine
            });
            shares.push(Share { worker, first, x, out: out.split_off(&sizes, count), results: mine });
            first += count;
        }
        let work = |share: Share<'_, T>| share.run(values, &sizes, cotangent, read);
        match &self.pool {
            Some(pool) => pool.scope(|scope| shares.into_iter().for_each(|s| scope.spawn(move |_| work(s)))),
            None => shares.into_iter().for_each(work),
        }
        let missing = || Err(SolverError::backend("bpqp", "a member was not reached").into());
        Ok(results.into_iter().map(|r| r.unwrap_or_else(missing)).collect())
    }
}

/// What a differentiated member comes to.
fn certified(status: Status, certificate: Option<Certificate>) -> Result<Certificate> {
    certificate.ok_or(Error::NotSolved { status })
}

/// A worker with its parts of the buffers.
struct Share<'a, T> {
    worker: &'a mut Worker,
    /// Index of its first member.
    first: usize,
    x: Option<&'a mut [f64]>,
    out: BatchGradient<'a>,
    results: &'a mut [Option<Result<T>>],
}

impl<T> Share<'_, T> {
    fn run(
        self,
        values: &Values<'_>,
        sizes: &Sizes,
        cotangent: Option<&CotangentOf<'_>>,
        read: &(dyn Fn(Status, Option<Certificate>) -> Result<T> + Sync),
    ) {
        let Self { worker, first, mut x, mut out, results } = self;
        let n = worker.session.program().num_vars();
        let mut x_bar = vec![0.0; n];
        let Worker { session, buffers, .. } = &mut *worker;
        let lanes = results.len() >= FEWEST && share_matrices(values) && session.has_lanes(buffers);
        for group in (0..results.len()).step_by(LANES) {
            let members = group..results.len().min(group + LANES);
            let mut outcomes = Default::default();
            if lanes && members.len() >= FEWEST {
                outcomes = worker.visit_lanes(members.clone(), first, values, (sizes, cotangent), &mut out);
            }
            for (k, outcome) in members.zip(outcomes) {
                let mut row = x.as_deref_mut().map(|x| &mut x[k * n..(k + 1) * n]);
                if let Some(certificate) = outcome {
                    if let (Some(row), Some(solution)) = (row, &worker.starts[k]) {
                        row.copy_from_slice(&solution.x);
                    }
                    results[k] = Some(read(Status::Solved, certificate));
                    continue;
                }
                if let Some(row) = &mut row {
                    row.fill(f64::NAN);
                }
                out.fill(sizes, k, f64::NAN);
                let values = member(values, sizes, first + k);
                let outcome = worker.visit(k, &values, |solved| {
                    let status = solved.status();
                    if let Some(row) = row.filter(|_| status.has_solution()) {
                        row.copy_from_slice(solved.x());
                    }
                    let Some(cotangent) = cotangent else { return Ok((status, None)) };
                    if !status.has_solution() {
                        return Err(Error::NotSolved { status });
                    }
                    cotangent(first + k, solved.x(), &mut x_bar);
                    let gradient = solved.backward(&x_bar)?;
                    out.write(sizes, k, &gradient);
                    Ok((status, Some(gradient.certificate().clone())))
                });
                results[k] = Some(outcome.and_then(|(status, certificate)| read(status, certificate)));
            }
        }
    }
}

impl Worker {
    /// Solves these members at once, as far as that goes, from where they were.
    fn visit_lanes(
        &mut self,
        members: Range<usize>,
        first: usize,
        values: &Values<'_>,
        (sizes, cotangent): (&Sizes, Option<&CotangentOf<'_>>),
        out: &mut BatchGradient<'_>,
    ) -> [Option<Outcome>; LANES] {
        let place = members.start;
        let all: [Values<'_>; LANES] = std::array::from_fn(|lane| {
            if place + lane < members.end { member(values, sizes, first + place + lane) } else { Values::default() }
        });
        let cotangent = cotangent.map(|cotangent| (first + place, cotangent));
        let values = &all[..members.len()];
        let starts = &mut self.starts[members];
        let mut members = LaneMembers { values, starts, cotangent, place, sizes, out };
        self.session.solve_lanes(&mut self.buffers, &mut members)
    }

    /// Solves member `k` from where it was, and has it looked at.
    fn visit<R>(
        &mut self,
        k: usize,
        values: &Values<'_>,
        look: impl FnOnce(&mut super::Solved<'_>) -> Result<R>,
    ) -> Result<R> {
        self.session.update(values)?;
        self.session.last = self.starts[k].take();
        let result = self.session.forward().and_then(|mut solved| look(&mut solved));
        self.starts[k] = self.session.last.take();
        result
    }
}
