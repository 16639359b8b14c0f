//! Files that cannot be used as a vendor's library, for every vendor.
#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "helpers of tests fail the test")]

mod common;

use bpqp_dynamic::{DynamicSolver, Vendor};
use bpqp_traits::{Error, ForwardSolver};

use common::Stub;

fn refused(vendor: Vendor, path: &std::path::Path) -> Error {
    DynamicSolver::at(vendor, path).installation().unwrap_err()
}

#[test]
fn a_missing_file() {
    for vendor in Vendor::ALL {
        let Error::LibraryMissing { backend, tried } = refused(vendor, "/nowhere/libsolver.so".as_ref()) else {
            panic!("{vendor:?}")
        };
        assert_eq!((backend.as_str(), tried), (vendor.name(), vec!["/nowhere/libsolver.so".to_string()]));
    }
}

#[test]
fn a_file_that_is_no_library() {
    for vendor in Vendor::ALL {
        let path = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("lib{}_text.so", vendor.name()));
        std::fs::write(&path, "not a library").unwrap();
        let Error::Backend { backend, message, .. } = refused(vendor, &path) else { panic!("{vendor:?}") };
        assert_eq!(backend, vendor.name());
        assert!(message.contains(&path.display().to_string()), "{message}");
        // The system's reason, after the path that it repeats.
        assert!(message.ends_with("file too short") || message.contains("invalid ELF"), "{message}");
    }
}

#[test]
fn the_library_of_another_vendor() {
    let stub = Stub::compile("nothing", &[]);
    for vendor in Vendor::ALL {
        let Error::Backend { backend, message, .. } = refused(vendor, stub.path()) else { panic!("{vendor:?}") };
        assert_eq!(backend, vendor.name());
        let path = stub.path().display().to_string();
        assert!(message.starts_with(&path) && message.contains("has no function"), "{message}");
    }
}
