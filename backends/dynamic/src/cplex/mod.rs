//! CPLEX: dual simplex for LPs, barrier for QPs. Needs a license, except for small problems. Each session has an
//! environment of its own, since one thread at a time may use an environment.

mod adapter;
mod ffi;
mod status;

use std::sync::Arc;

use bpqp_traits::{Error, ProgramRef, Result};

use crate::locate::{Found, Places};
use crate::vendor::{Engine, Parameters, VendorApi};

pub(crate) const NAME: &str = "cplex";
/// The oldest major version: the functions that are called here have not changed since.
const OLDEST: u32 = 12;

/// See [the module](self).
pub(crate) enum Cplex {}

impl VendorApi for Cplex {
    const PLACES: Places = Places {
        backend: NAME,
        files: &["libcplex*.so"],
        variables: &[
            ("CPLEX_STUDIO_DIR*", &["cplex/bin/x86-64_linux", "cplex/bin/arm64_linux"]),
            ("CPLEX_STUDIO_BINARIES*", &["", "x86-64_linux", "arm64_linux"]),
        ],
        folders: &[
            "/opt/ibm/ILOG/CPLEX_Studio*/cplex/bin/x86-64_linux",
            "/opt/ibm/ILOG/CPLEX_Studio*/cplex/bin/arm64_linux",
            "/opt/CPLEX_Studio*/cplex/bin/x86-64_linux",
            "~/CPLEX_Studio*/cplex/bin/x86-64_linux",
        ],
        bare_names: &["libcplex2220.so", "libcplex2212.so", "libcplex2211.so", "libcplex2210.so", "libcplex2010.so"],
    };
    /// The dual simplex method keeps its basis from run to run, and the barrier takes no start.
    const WARM_START: bool = false;
    /// Simplex and barrier have a limit each.
    const ITERATION_LIMIT: bool = false;
    const SECOND_ORDER_CONES: bool = true;
    type Library = ffi::Library;

    fn load(found: Found) -> Result<Self::Library> {
        let library = ffi::Library::load(found.library)?;
        let version = library.version();
        match version.split('.').next().map(str::parse::<u32>) {
            Some(Ok(major)) if major < OLDEST => {
                let message = format!("version {version} is too old; install version {OLDEST} or newer, and name it");
                Err(Error::backend(NAME, message))
            }
            _ => Ok(library),
        }
    }

    fn version(library: &Self::Library) -> String {
        library.version().into()
    }

    fn check_license(library: &Arc<Self::Library>) -> Result<()> {
        library.environment().map(|_| ())
    }

    fn open(
        library: &Arc<Self::Library>,
        program: &ProgramRef<'_>,
        parameters: &Parameters,
    ) -> Result<Box<dyn Engine>> {
        Ok(Box::new(adapter::CplexEngine::new(library, program, parameters)?))
    }
}
