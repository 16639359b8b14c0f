#![no_main]

use libfuzzer_sys::fuzz_target;

#[path = "../src/harness.rs"]
#[allow(dead_code, reason = "each target uses its part")]
mod harness;

fuzz_target!(|bytes: &[u8]| harness::json(bytes));
