//! OSQP's C interface: the one place with `unsafe`. Every invariant that C assumes is checked before the call, or holds
//! by construction of [`Matrix`] and [`RawSolver`].
#![allow(unsafe_code, reason = "calls into C")]

use std::ffi::CStr;
use std::ptr::{NonNull, null, null_mut};

use bpqp_traits::{CscRef, Error, Result};
use osqp_sys as sys;

use crate::solver::NAME;
use crate::status::setup_error;

/// OSQP's integer.
pub(crate) type Int = sys::osqp_int;
/// OSQP's settings: plain data.
pub(crate) use sys::OSQPSettings as RawSettings;

// The bindings were generated for one width of each type.
const _: () = assert!(size_of::<Int>() == size_of::<usize>() && align_of::<Int>() == align_of::<usize>());
const _: () = assert!(size_of::<sys::osqp_float>() == size_of::<f64>());
const _: fn(sys::osqp_float) -> f64 = |v| v;

/// The library's version.
pub(crate) fn version() -> &'static str {
    // SAFETY: returns a pointer to a string literal, which lives as long as the program.
    let text = unsafe { CStr::from_ptr(sys::osqp_version()) };
    text.to_str().unwrap_or("unknown")
}

/// OSQP's default settings.
pub(crate) fn default_settings() -> RawSettings {
    // SAFETY: the struct holds integers and floats alone, for which all-zero bits are a value.
    let mut settings: RawSettings = unsafe { std::mem::zeroed() };
    // SAFETY: the pointer is valid for writes of the whole struct, which the callee fills.
    unsafe { sys::osqp_set_default_settings(&mut settings) };
    settings
}

/// A sparse matrix with OSQP's integers: column pointers ascend from 0 to the number of entries, row indices are in range.
pub(crate) struct Matrix {
    nrows: Int,
    ncols: Int,
    col_ptr: Vec<Int>,
    row_idx: Vec<Int>,
    values: Vec<f64>,
}

impl Matrix {
    /// Copies a matrix whose invariants [`CscRef`] guarantees.
    pub(crate) fn new(matrix: CscRef<'_>) -> Result<Self> {
        Ok(Self {
            nrows: int(matrix.nrows())?,
            ncols: int(matrix.ncols())?,
            col_ptr: matrix.col_ptr().iter().map(|&v| int(v)).collect::<Result<_>>()?,
            row_idx: matrix.row_idx().iter().map(|&v| int(v)).collect::<Result<_>>()?,
            values: matrix.values().to_vec(),
        })
    }

    /// A view for C, valid while `self` is borrowed. C never writes through it: it copies.
    fn view(&self) -> sys::OSQPCscMatrix {
        sys::OSQPCscMatrix {
            m: self.nrows,
            n: self.ncols,
            p: self.col_ptr.as_ptr().cast_mut(),
            i: self.row_idx.as_ptr().cast_mut(),
            x: self.values.as_ptr().cast_mut(),
            // As many as column pointers end with, so it fits.
            nzmax: self.values.len() as Int,
            nz: -1,
            owned: 0,
        }
    }
}

/// How a solve ended.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ended {
    /// OSQP's status code.
    pub(crate) status: i64,
    /// Iterations of this run.
    pub(crate) iterations: u32,
}

/// A set-up solver, freed on drop.
pub(crate) struct RawSolver {
    ptr: NonNull<sys::OSQPSolver>,
    n: usize,
    m: usize,
    p_nnz: usize,
    a_nnz: usize,
}

// SAFETY: the C object is reached through this handle alone, and OSQP keeps no thread-local or global state.
unsafe impl Send for RawSolver {}

impl RawSolver {
    /// Copies the problem and factorizes. `p` is `n × n` with its upper triangle, `a` is `m × n`.
    pub(crate) fn setup(
        (p, q): (&Matrix, &[f64]),
        (a, l, u): (&Matrix, &[f64], &[f64]),
        settings: &RawSettings,
    ) -> Result<Self> {
        let (n, m) = (q.len(), l.len());
        let shapes = [p.nrows, p.ncols, a.ncols] == [int(n)?; 3] && a.nrows == int(m)? && u.len() == m;
        check(shapes, "setup with shapes that do not match")?;
        let mut ptr = null_mut();
        let (p_view, a_view) = (p.view(), a.view());
        // SAFETY: both views and all vectors have the lengths that (m, n) say, checked above, and outlive the call, which
        // copies them; `ptr` receives null or an object that only `osqp_cleanup` frees.
        let code = unsafe {
            sys::osqp_setup(&mut ptr, &p_view, q.as_ptr(), &a_view, l.as_ptr(), u.as_ptr(), int(m)?, int(n)?, settings)
        };
        let solver = NonNull::new(ptr).map(|ptr| Self { ptr, n, m, p_nnz: p.values.len(), a_nnz: a.values.len() });
        match (solver, code) {
            (Some(solver), 0) => Ok(solver),
            // A half-built solver is freed here by its drop.
            (_, code) => Err(setup_error(code)),
        }
    }

    /// Takes those settings that may change after setup.
    pub(crate) fn update_settings(&mut self, settings: &RawSettings) -> Result<()> {
        // SAFETY: the solver is set up; the settings are read during the call alone.
        accepted(unsafe { sys::osqp_update_settings(self.ptr.as_ptr(), settings) }, "settings")
    }

    /// Takes new vectors, and resets the status, which OSQP itself never does.
    pub(crate) fn update_vectors(&mut self, q: &[f64], l: &[f64], u: &[f64]) -> Result<()> {
        check(q.len() == self.n && l.len() == self.m && u.len() == self.m, "an update of vectors with wrong lengths")?;
        // SAFETY: the solver is set up; the lengths are checked; the vectors are copied.
        let code = unsafe { sys::osqp_update_data_vec(self.ptr.as_ptr(), q.as_ptr(), l.as_ptr(), u.as_ptr()) };
        accepted(code, "vectors")
    }

    /// Takes new values of `P`'s upper triangle and of `A`, and refactorizes.
    ///
    /// # Errors
    /// [`Error::NotConvex`] where the factorization shows negative curvature; the solver is of no use then.
    pub(crate) fn update_matrices(&mut self, p: &[f64], a: &[f64]) -> Result<()> {
        check(p.len() == self.p_nnz && a.len() == self.a_nnz, "an update of matrices with wrong lengths")?;
        let (p_len, a_len) = (int(p.len())?, int(a.len())?);
        // SAFETY: the solver is set up; without indices all values are replaced, and their numbers are checked.
        let code = unsafe {
            sys::osqp_update_data_mat(self.ptr.as_ptr(), p.as_ptr(), null(), p_len, a.as_ptr(), null(), a_len)
        };
        // The lengths are right, so the one way left to fail is the factorization.
        if code == 0 { Ok(()) } else { Err(setup_error(sys::OSQP_NONCVX_ERROR.into())) }
    }

    /// Starts the next solve from `x` and `y`.
    pub(crate) fn warm_start(&mut self, x: &[f64], y: &[f64]) -> Result<()> {
        check(x.len() == self.n && y.len() == self.m, "a warm start with wrong lengths")?;
        // SAFETY: the solver is set up; the lengths are checked; the vectors are copied.
        accepted(unsafe { sys::osqp_warm_start(self.ptr.as_ptr(), x.as_ptr(), y.as_ptr()) }, "warm start")
    }

    /// Runs from the last iterate. `Err` holds the exit flag of a run that broke off without storing a solution.
    pub(crate) fn solve(&mut self) -> std::result::Result<Ended, i64> {
        // SAFETY: the solver is set up and exclusively borrowed; no callback leads back into Rust.
        let flag = unsafe { sys::osqp_solve(self.ptr.as_ptr()) };
        // SAFETY: `info` is allocated in setup and lives as long as the solver.
        let info = unsafe { &*(*self.ptr.as_ptr()).info };
        let ended = Ended { status: info.status_val, iterations: u32::try_from(info.iter).unwrap_or(u32::MAX) };
        if flag == 0 { Ok(ended) } else { Err(flag) }
    }

    /// Seconds that setup took, which OSQP counts into the first solve's time.
    pub(crate) fn setup_seconds(&self) -> f64 {
        // SAFETY: `info` is allocated in setup and lives as long as the solver.
        unsafe { (*(*self.ptr.as_ptr()).info).setup_time }
    }

    /// `x` (`n`) and `y` (`m`) of the last run. Where it found none, OSQP's "NaN", the number 2143289344.
    pub(crate) fn point(&self) -> (&[f64], &[f64]) {
        let solution = self.solution();
        // SAFETY: setup allocates these arrays with n and m entries, zeroed, and nothing writes them while borrowed.
        unsafe { (slice(solution.x, self.n), slice(solution.y, self.m)) }
    }

    /// The certificates of primal (`m`) and dual (`n`) infeasibility; valid after such a status alone.
    pub(crate) fn certificates(&self) -> (&[f64], &[f64]) {
        let solution = self.solution();
        // SAFETY: as for `point`.
        unsafe { (slice(solution.prim_inf_cert, self.m), slice(solution.dual_inf_cert, self.n)) }
    }

    fn solution(&self) -> &sys::OSQPSolution {
        // SAFETY: `allocate_solution` is never turned off, so setup allocated it; it lives as long as the solver.
        unsafe { &*(*self.ptr.as_ptr()).solution }
    }
}

impl Drop for RawSolver {
    fn drop(&mut self) {
        // SAFETY: the object came from `osqp_setup`, is freed once, and is not used again.
        unsafe { sys::osqp_cleanup(self.ptr.as_ptr()) };
    }
}

/// # Safety
/// `ptr` must be valid for `len` reads while the result lives, or `len` must be 0 (OSQP allocates nothing then).
unsafe fn slice<'a>(ptr: *const f64, len: usize) -> &'a [f64] {
    if len == 0 {
        return &[];
    }
    // SAFETY: the caller's promise.
    unsafe { std::slice::from_raw_parts(ptr, len) }
}

fn int(v: usize) -> Result<Int> {
    Int::try_from(v).map_err(|_| Error::backend(NAME, format!("{v} does not fit OSQP's integer")))
}

fn check(ok: bool, what: &str) -> Result<()> {
    if ok { Ok(()) } else { Err(Error::backend(NAME, format!("refused {what}"))) }
}

fn accepted(code: Int, what: &str) -> Result<()> {
    let failed = |code| Error::Backend { backend: NAME.into(), code: Some(code), message: format!("refused {what}") };
    if code == 0 { Ok(()) } else { Err(failed(code)) }
}
