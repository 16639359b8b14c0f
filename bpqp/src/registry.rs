//! Backends by name.

use std::sync::Arc;

use bpqp_traits::{BackendInfo, BackwardQpSolver, Capabilities, ForwardAsBackward, ForwardSolver, Installation};

use crate::{Error, Result};

/// Whether a backend can be used on this machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Availability {
    /// It can.
    Available,
    /// It cannot, and why.
    Unavailable(String),
}

/// One registered backend: a solver for the forward pass and one for the backward pass, under one name.
#[derive(Clone)]
pub struct Backend {
    forward: Arc<dyn ForwardSolver>,
    backward: Arc<dyn BackwardQpSolver>,
    native_backward: bool,
}

/// A forward solver that also solves backward.
type Wrapped = ForwardAsBackward<Arc<dyn ForwardSolver>>;

/// Iterations of an interior-point method in a pass of [`ForwardAsBackward`]: without inequalities each is a step of Newton's
/// method, and what has not converged by then will not.
#[cfg(feature = "clarabel")]
const NEWTON_STEPS: u32 = 10;

impl Backend {
    /// A backend that solves forward, and backward through [`ForwardAsBackward`].
    pub fn from_forward(solver: impl ForwardSolver + 'static) -> Self {
        Self::through_forward(solver, |backward| backward)
    }

    /// The same for an interior-point method.
    #[cfg(feature = "clarabel")]
    fn from_interior_point(solver: impl ForwardSolver + 'static) -> Self {
        Self::through_forward(solver, |backward| backward.pass_iterations(NEWTON_STEPS))
    }

    fn through_forward(solver: impl ForwardSolver + 'static, limited: impl FnOnce(Wrapped) -> Wrapped) -> Self {
        let forward: Arc<dyn ForwardSolver> = Arc::new(solver);
        let backward = Arc::new(limited(ForwardAsBackward::new(Arc::clone(&forward))));
        Self { forward, backward, native_backward: false }
    }

    /// A backend with a backward solver of its own.
    pub fn from_pair(forward: impl ForwardSolver + 'static, backward: impl BackwardQpSolver + 'static) -> Self {
        Self { forward: Arc::new(forward), backward: Arc::new(backward), native_backward: true }
    }

    /// Name and version.
    pub fn info(&self) -> BackendInfo {
        self.forward.info()
    }

    /// What its forward solver can do.
    pub fn capabilities(&self) -> Capabilities {
        self.forward.capabilities()
    }

    /// Where it is on this machine; looks for the library of one that is loaded at run time.
    ///
    /// # Errors
    /// As [`ForwardSolver::installation`].
    pub fn installation(&self) -> bpqp_traits::Result<Installation> {
        self.forward.installation()
    }

    /// Whether it can be used on this machine: its library is there, and its license was not refused.
    pub fn availability(&self) -> Availability {
        match self.installation() {
            Ok(Installation { license_refused: None, .. }) => Availability::Available,
            Ok(Installation { license_refused: Some(reason), .. }) => Availability::Unavailable(reason),
            Err(error) => Availability::Unavailable(error.to_string()),
        }
    }

    /// Whether its backward pass is its own rather than its forward solver's.
    pub fn has_own_backward(&self) -> bool {
        self.native_backward
    }

    /// The forward solver.
    pub fn forward(&self) -> Arc<dyn ForwardSolver> {
        Arc::clone(&self.forward)
    }

    /// The backward solver.
    pub fn backward(&self) -> Arc<dyn BackwardQpSolver> {
        Arc::clone(&self.backward)
    }
}

/// Backends by name, in order of preference.
#[derive(Clone, Default)]
pub struct Registry {
    backends: Vec<Backend>,
}

impl Registry {
    /// The backends that this crate can be built with, each with the feature that does it.
    pub const KNOWN: &'static [(&'static str, &'static str)] = &[
        ("native", "native"),
        ("clarabel", "clarabel"),
        ("osqp", "osqp"),
        ("good-lp-microlp", "good-lp"),
        ("good-lp-clarabel", "good-lp"),
        ("good-lp-highs", "good-lp-highs"),
        ("highs", "dynamic"),
        ("gurobi", "dynamic"),
        ("xpress", "dynamic"),
        ("mosek", "dynamic"),
        ("copt", "dynamic"),
        ("cplex", "dynamic"),
    ];

    /// A registry without backends.
    pub fn empty() -> Self {
        Self::default()
    }

    /// The backends that were compiled in, the default one first. Those whose libraries are loaded at run time are among
    /// them wherever their adapters are, and look for the library when they are first used:
    /// [`Backend::availability`] tells.
    pub fn compiled() -> Self {
        #[allow(unused_mut)] // without any backend feature nothing is registered
        let mut registry = Self::empty();
        #[cfg(feature = "native")]
        registry.register(Backend::from_pair(bpqp_native::NativeSolver, bpqp_native::NativeKkt));
        #[cfg(feature = "clarabel")]
        registry.register(Backend::from_interior_point(bpqp_clarabel::ClarabelSolver));
        #[cfg(feature = "osqp")]
        registry.register(Backend::from_forward(bpqp_osqp::OsqpSolver));
        #[cfg(feature = "good-lp")]
        registry.register(Backend::from_forward(bpqp_good_lp::GoodLpSolver::microlp()));
        #[cfg(feature = "good-lp")]
        registry.register(Backend::from_forward(bpqp_good_lp::GoodLpSolver::clarabel()));
        #[cfg(feature = "good-lp-highs")]
        registry.register(Backend::from_forward(bpqp_good_lp::GoodLpSolver::highs()));
        #[cfg(feature = "dynamic")]
        for vendor in bpqp_dynamic::Vendor::ALL {
            registry.register(Backend::from_forward(bpqp_dynamic::DynamicSolver::new(vendor)));
        }
        registry
    }

    /// The same without the backends that cannot be used on this machine, whose libraries are looked for now.
    #[must_use]
    pub fn usable(self) -> Self {
        self.only(|backend| backend.availability() == Availability::Available)
    }

    /// The same without the backends that cannot differentiate a quadratic program with themselves: those for linear
    /// programs alone, those without duals.
    #[must_use]
    pub fn quadratic(self) -> Self {
        self.only(|backend| backend.capabilities().quadratic_objective && backend.capabilities().duals)
    }

    /// The backends that `keep` says yes to.
    #[must_use]
    pub fn only(mut self, keep: impl Fn(&Backend) -> bool) -> Self {
        self.backends.retain(keep);
        self
    }

    /// Adds a backend; one of the same name is replaced.
    pub fn register(&mut self, backend: Backend) {
        let name = backend.info().name;
        match self.backends.iter_mut().find(|b| b.info().name == name) {
            Some(old) => *old = backend,
            None => self.backends.push(backend),
        }
    }

    /// The backends, in order of preference.
    pub fn iter(&self) -> impl Iterator<Item = &Backend> {
        self.backends.iter()
    }

    /// The names, in order of preference.
    pub fn names(&self) -> Vec<String> {
        self.backends.iter().map(|b| b.info().name.into_owned()).collect()
    }

    /// The backend registered under `name`.
    ///
    /// # Errors
    /// [`Error::UnknownBackend`] with the names that are.
    pub fn get(&self, name: &str) -> Result<&Backend> {
        self.backends
            .iter()
            .find(|b| b.info().name == name)
            .ok_or_else(|| Error::UnknownBackend { name: name.into(), available: self.names() })
    }
}
