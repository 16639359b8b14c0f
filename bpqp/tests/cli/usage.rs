//! Help, usage, backends, and errors.

use super::support::{data, json, keys, scratch_file, text};

#[test]
fn help_and_version_succeed() {
    for args in [&["--help"][..], &["--version"], &["solve", "--help"], &["help", "grad"]] {
        let (code, out, _) = text(args);
        assert_eq!(code, 0, "{args:?}");
        assert!(out.contains("bpqp"), "{out}");
    }
    assert!(text(&["--help"]).1.contains("Exit code: 0 solved, 1 error, 2 wrong usage, 3 not solved"));
}

#[test]
fn wrong_usage_ends_with_two_and_says_what_to_do() {
    let cases: [(&[&str], &str); 8] = [
        (&["solv"], "solve"),
        (&["solve"], "<FILE>"),
        (&["bench"], "<FILES>"),
        (&["solve", "a", "--tol", "2"], "between 0 and 1"),
        (&["solve", "a", "--time-limit", "-1"], "--time-limit"),
        (&["solve", "a", "--time-limit", "0"], "positive"),
        (&["bench", "a", "--repeat", "0"], "--repeat"),
        (&["grad", "a", "--check-entries", "3"], "--check"),
    ];
    for (args, hint) in cases {
        let (code, out, err) = text(args);
        assert_eq!((code, out.as_str()), (2, ""), "{args:?}");
        assert!(err.contains(hint), "{args:?}: {err}");
        let (code, document) = json(&[args, &["--json"]].concat());
        assert_eq!(code, 2, "{args:?}");
        assert_eq!(document["error"]["kind"], "usage");
        assert!(document["error"]["message"].as_str().unwrap().contains(hint), "{document}");
    }
}

#[test]
fn backends_are_listed_with_their_capabilities() {
    let (code, document) = json(&["backends", "--json"]);
    assert_eq!(code, 0);
    let rows = document.as_array().unwrap();
    for (name, _) in bpqp::Registry::KNOWN {
        let row = rows.iter().find(|row| row["name"] == *name).unwrap_or_else(|| panic!("{name} is not listed"));
        let compiled = bpqp::Registry::compiled().names().iter().any(|n| n == name);
        assert_eq!(row["compiled"], compiled);
        assert_eq!(row["capabilities"].is_object(), compiled);
    }
    let (code, out, _) = text(&["backends"]);
    assert_eq!(code, 0);
    assert!(out.contains("certificates"), "{out}");
}

#[cfg(not(feature = "train"))]
#[test]
fn what_another_build_has_is_told_with_the_command_for_it() {
    for args in [&["train", "portfolio", "--quick"][..], &["repro", "table3", "--seeds", "2"], &["train"]] {
        let (code, out, err) = text(args);
        assert_eq!((code, out.as_str()), (1, ""), "{args:?}");
        let command = format!("cargo run --release --features train -- {}", args.join(" "));
        assert!(err.contains("needs the feature `train`") && err.contains(&command), "{err}");
        let (code, document) = json(&[args, &["--json"]].concat());
        assert_eq!((code, &document["error"]["kind"]), (1, &"missing_feature".into()));
    }
}

#[test]
fn a_backend_of_another_build_is_told_with_the_command_for_it() {
    let compiled = bpqp::Registry::compiled().names();
    for (name, feature) in bpqp::Registry::KNOWN.iter().filter(|(name, _)| !compiled.iter().any(|n| n == name)) {
        let (code, _, err) = text(&["compare", "--backends", name]);
        let command = format!("cargo run --release --features {feature} -- compare --backends {name}");
        assert!(code == 1 && err.contains(&command), "{err}");
    }
}

#[test]
fn errors_end_with_one_and_name_the_file() {
    let broken = scratch_file("broken.json", "{\"q\": [1,\n}");
    let nonconvex = scratch_file("nonconvex.json", r#"{"P": [[1, 2], [2, 1]], "q": [1, 1]}"#);
    let short = scratch_file("short.json", "[1]");
    let (folder, problem) = (data(""), data("qjh.mps"));
    let cases: [(&[&str], &str, &str); 8] = [
        (&["solve", "no-such.qps"], "io", "no-such.qps"),
        (&["compare", &problem, "no-such.qps"], "io", "no-such.qps"),
        (&["solve", &folder], "io", &folder),
        (&["grad", &broken], "parse", "broken.json: line 2"),
        (&["bench", &nonconvex], "not_convex", "nonconvex.json"),
        (&["solve", &problem, "--backend", "nope"], "unknown_backend", "available: "),
        (&["compare", "--backends", "nope"], "unknown_backend", "available: "),
        (&["grad", &problem, "--cotangent", &short], "invalid_argument", "1 numbers, the problem 3 variables"),
    ];
    for (args, kind, hint) in cases {
        let (code, out, err) = text(args);
        assert_eq!((code, out.as_str()), (1, ""), "{args:?}");
        assert!(err.starts_with("error: ") && err.contains(hint), "{args:?}: {err}");
        let (code, document) = json(&[args, &["--json"]].concat());
        assert_eq!(code, 1, "{args:?}");
        assert_eq!(keys(&document), ["error"]);
        assert_eq!(document["error"]["kind"], kind, "{document}");
        assert!(document["error"]["message"].as_str().unwrap().contains(hint), "{document}");
    }
}
