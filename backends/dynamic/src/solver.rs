//! A vendor's library as a [`ForwardSolver`], whichever vendor.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use bpqp_traits::{
    BackendInfo, Capabilities, Error, ForwardSolver, Installation, ProgramRef, Result, Session, Settings,
};

use crate::model::is_quadratic;
use crate::session::{DynamicSession, Plan};
use crate::vendor::{Parameters, VendorApi};

/// Options with this prefix go to the vendor's library under the rest of their name.
const OWN: &str = "param:";
/// The other options.
const OPTIONS: [&str; 2] = ["library", "threads"];

/// A library once loaded, and where it was found.
pub(crate) struct Loaded<V: VendorApi> {
    library: Arc<V::Library>,
    path: PathBuf,
}

/// What all vendors' solvers share: the library, loaded when it is first needed.
pub(crate) struct Lazy<V: VendorApi> {
    explicit: Option<PathBuf>,
    loaded: OnceLock<Result<Loaded<V>>>,
    /// Libraries named by the option `library`, by path.
    named: Mutex<BTreeMap<PathBuf, Arc<V::Library>>>,
}

impl<V: VendorApi> Lazy<V> {
    /// The library at `explicit`, or the one that the search finds.
    pub(crate) fn new(explicit: Option<PathBuf>) -> Self {
        Self { explicit, loaded: OnceLock::new(), named: Mutex::default() }
    }

    fn loaded(&self) -> Result<&Loaded<V>> {
        self.loaded.get_or_init(|| load(self.explicit.as_deref())).as_ref().map_err(Clone::clone)
    }

    /// The library for a session, which the option `library` may name.
    fn library(&self, option: Option<&String>) -> Result<Arc<V::Library>> {
        let Some(path) = option.map(PathBuf::from) else { return Ok(Arc::clone(&self.loaded()?.library)) };
        let mut named = self.named.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(library) = named.get(&path) {
            return Ok(Arc::clone(library));
        }
        let library = load::<V>(Some(&path))?.library;
        named.insert(path, Arc::clone(&library));
        Ok(library)
    }
}

fn load<V: VendorApi>(explicit: Option<&Path>) -> Result<Loaded<V>> {
    let found = V::PLACES.find(explicit)?;
    let path = found.path.clone();
    let library = V::load(found).map_err(|error| at_path(error, &path))?;
    Ok(Loaded { library: Arc::new(library), path })
}

/// The same error with the library's path.
fn at_path(error: Error, path: &Path) -> Error {
    match error {
        Error::Backend { backend, code, message } => {
            Error::Backend { backend, code, message: format!("{}: {message}", path.display()) }
        }
        other => other,
    }
}

impl<V: VendorApi> ForwardSolver for Lazy<V> {
    fn info(&self) -> BackendInfo {
        let loaded = self.loaded.get().and_then(|loaded| loaded.as_ref().ok());
        let version = loaded.map_or_else(|| "not loaded".into(), |loaded| V::version(&loaded.library));
        BackendInfo::new(V::PLACES.backend, version)
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities {
            quadratic_objective: true,
            duals: true,
            infeasibility_certificates: true,
            warm_start: V::WARM_START,
            update_vectors: true,
            update_matrices: true,
            time_limit: true,
            iteration_limit: V::ITERATION_LIMIT,
            second_order_cones: V::SECOND_ORDER_CONES,
            ..Capabilities::default()
        }
    }

    fn installation(&self) -> Result<Installation> {
        let loaded = self.loaded()?;
        let license_refused = match V::check_license(&loaded.library) {
            Ok(()) => None,
            Err(Error::LicenseRefused { reason, .. }) => Some(reason),
            Err(other) => return Err(at_path(other, &loaded.path)),
        };
        let version = V::version(&loaded.library);
        Ok(Installation { version, library: Some(loaded.path.clone()), license_refused })
    }

    fn setup(&self, problem: &ProgramRef<'_>, settings: &Settings) -> Result<Box<dyn Session>> {
        let backend = V::PLACES.backend;
        if problem.cones().is_some() && !V::SECOND_ORDER_CONES {
            return Err(Error::unsupported(backend, "second-order cones, of which its library has none; use clarabel"));
        }
        settings.validate()?;
        if settings.max_iterations.is_some() && !V::ITERATION_LIMIT {
            return Err(Error::unsupported(backend, "iteration limits; set time_limit"));
        }
        let parameters = parameters(backend, settings)?;
        let library = self.library(settings.options.get("library"))?;
        let plan = Plan {
            tolerance: settings.tolerance,
            max_iterations: settings.max_iterations,
            time_limit: settings.time_limit,
            quadratic: is_quadratic(problem),
            parameters,
        };
        Ok(Box::new(DynamicSession::<V>::new(library, problem, plan)?))
    }
}

fn parameters(backend: &str, settings: &Settings) -> Result<Parameters> {
    let unknown = settings.options.keys().find(|name| !name.starts_with(OWN) && !OPTIONS.contains(&name.as_str()));
    if let Some(name) = unknown {
        let known = format!("{backend} knows {}, and its own parameters as {OWN}NAME", OPTIONS.join(", "));
        return Err(Error::invalid_setting(name, known));
    }
    let threads = settings.option::<u32>("threads")?.unwrap_or(1);
    if threads == 0 || threads > 1024 {
        return Err(Error::invalid_setting("threads", "must lie in 1 ..= 1024"));
    }
    let own = settings.options.iter().filter_map(|(name, value)| Some((name.strip_prefix(OWN)?.into(), value.clone())));
    Ok(Parameters { threads, verbose: settings.verbose, own: own.collect() })
}
