//! Gurobi 10 and newer: simplex for LPs, barrier for QPs. Each session has an environment of its own, since one thread at
//! a time may use an environment.

mod adapter;
mod ffi;
mod status;

use std::sync::Arc;

use bpqp_traits::{Error, ProgramRef, Result};

use crate::locate::{Found, Places};
use crate::vendor::{Engine, Parameters, VendorApi};

pub(crate) const NAME: &str = "gurobi";
/// The oldest version whose environments start by `GRBemptyenvinternal` with a version.
const OLDEST: i32 = 10;

/// See [the module](self).
pub(crate) enum Gurobi {}

impl VendorApi for Gurobi {
    const PLACES: Places = Places {
        backend: NAME,
        // `libgurobi130_light.so`, a client of remote services, has no solver.
        files: &["libgurobi*0.so", "libgurobi*1.so", "libgurobi*2.so", "libgurobi*3.so", "libgurobi*5.so"],
        variables: &[("GUROBI_HOME", &["lib", ""])],
        folders: &[
            "/opt/gurobi*/linux64/lib",
            "/opt/gurobi*/armlinux64/lib",
            "/opt/gurobi/linux64/lib",
            "/usr/local/gurobi*/linux64/lib",
            "~/gurobi*/linux64/lib",
            "~/gurobi*/armlinux64/lib",
        ],
        bare_names: &["libgurobi130.so", "libgurobi120.so", "libgurobi110.so", "libgurobi100.so"],
    };
    /// Simplex, for LPs, starts from it; the barrier method does not.
    const WARM_START: bool = true;
    /// Barrier and crossover have a limit each.
    const ITERATION_LIMIT: bool = false;
    const SECOND_ORDER_CONES: bool = true;
    type Library = ffi::Functions;

    fn load(found: Found) -> Result<Self::Library> {
        let library = ffi::Functions::load(found.library)?;
        if library.version()[0] >= OLDEST {
            return Ok(library);
        }
        let version = Self::version(&library);
        Err(Error::backend(
            NAME,
            format!("version {version} is too old; install version {OLDEST} or newer, and name it"),
        ))
    }

    fn version(library: &Self::Library) -> String {
        library.version().map(|part| part.to_string()).join(".")
    }

    fn check_license(library: &Arc<Self::Library>) -> Result<()> {
        ffi::Environment::start(library, &[("OutputFlag", "0")]).map(drop)
    }

    fn open(
        library: &Arc<Self::Library>,
        program: &ProgramRef<'_>,
        parameters: &Parameters,
    ) -> Result<Box<dyn Engine>> {
        Ok(Box::new(adapter::GurobiEngine::new(library, program, parameters)?))
    }
}
