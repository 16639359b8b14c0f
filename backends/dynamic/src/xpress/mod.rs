//! Xpress: dual simplex for LPs, barrier for QPs. Needs a license; the one for the community solves small problems.

mod adapter;
mod ffi;
mod status;

use std::sync::Arc;

use bpqp_traits::{Error, ProgramRef, Result};

use crate::locate::{Found, Places};
use crate::vendor::{Engine, Parameters, VendorApi};

pub(crate) const NAME: &str = "xpress";

/// The oldest version of the library with the control `TIMELIMIT`: Xpress 9.0.
const MIN_VERSION: u32 = 41;

/// See [the module](self).
pub(crate) enum Xpress {}

impl VendorApi for Xpress {
    const PLACES: Places = Places {
        backend: NAME,
        files: &["libxprs.so*"],
        variables: &[("XPRESSDIR", &["lib", ""])],
        folders: &["/opt/xpressmp/lib", "/opt/xpressmp*/lib", "~/xpressmp/lib"],
        bare_names: &["libxprs.so"],
    };
    /// The dual simplex method keeps its basis from run to run. From outside it takes no point, and the barrier takes no
    /// start at all.
    const WARM_START: bool = false;
    /// Simplex, barrier and crossover have a limit each.
    const ITERATION_LIMIT: bool = false;
    const SECOND_ORDER_CONES: bool = true;
    type Library = ffi::Library;

    fn load(found: Found) -> Result<Self::Library> {
        let library = ffi::Library::load(found.library)?;
        let version = library.version();
        let major = version.split('.').next().and_then(|major| major.parse::<u32>().ok());
        if major.is_none_or(|major| major < MIN_VERSION) {
            return Err(Error::backend(NAME, format!("the library's version is {version}; {MIN_VERSION} is needed")));
        }
        Ok(library)
    }

    fn version(library: &Self::Library) -> String {
        library.version()
    }

    fn check_license(library: &Arc<Self::Library>) -> Result<()> {
        library.environment().map(|_| ())
    }

    fn open(
        library: &Arc<Self::Library>,
        program: &ProgramRef<'_>,
        parameters: &Parameters,
    ) -> Result<Box<dyn Engine>> {
        Ok(Box::new(adapter::XpressEngine::new(library, program, parameters)?))
    }
}

/// A refused license, and what to do about it.
fn refused(reason: &str) -> Error {
    let advice = "set XPAUTH_PATH to a license file that covers the problem, or use another backend";
    Error::LicenseRefused { backend: NAME.into(), reason: format!("{reason}; {advice}") }
}
