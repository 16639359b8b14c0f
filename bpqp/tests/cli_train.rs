//! `bpqp train portfolio` and `bpqp repro table3`.
#![allow(clippy::unwrap_used, clippy::panic)] // a test panics by design
#![cfg(all(feature = "train", feature = "native"))]

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde_json::Value;

fn scratch(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).unwrap();
    folder
}

/// A random walk of six stocks, in which the last day's winners win again: a pattern that can be learned.
fn prices(folder: &Path, days: usize) -> String {
    let mut state = 1_u64;
    let mut uniform = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as f64 / f64::from(1_u32 << 31) - 0.5
    };
    let (mut last, mut trend) = ([10.0; 6], [0.0; 6]);
    let mut text = String::from("date,A,B,C,D,E,F\n");
    for day in 0..days {
        if day % 5 == 0 {
            trend.iter_mut().for_each(|t| *t = 0.9 * *t + 0.004 * uniform());
        }
        last.iter_mut().zip(&trend).for_each(|(p, t)| *p *= 1.0 + t + 0.02 * uniform());
        let row: Vec<String> = last.iter().map(f64::to_string).collect();
        text += &format!("{day},{}\n", row.join(","));
    }
    let path = folder.join("prices.csv");
    std::fs::write(&path, text).unwrap();
    path.display().to_string()
}

fn bpqp(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_bpqp"));
    command.args(args).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

fn json(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout).unwrap_or_else(|e| panic!("{e}: {output:?}"))
}

fn arguments<'a>(prices: &'a str, out: &'a str) -> Vec<&'a str> {
    let fixed = ["train", "portfolio", "--json", "--folds", "2", "--seeds", "2", "--epochs", "4", "--batch", "16"];
    [&fixed[..], &["--prices", prices, "--out", out]].concat()
}

#[test]
fn three_methods_are_trained_compared_and_shown() {
    let folder = scratch("train-compare");
    let (prices, out) = (prices(&folder, 700), folder.join("runs").display().to_string());
    let page = folder.join("page.html").display().to_string();
    let output = bpqp(&[&arguments(&prices, &out)[..], &["--report", &page]].concat()).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    let document = json(&output);
    let rows = document["rows"].as_array().unwrap();
    let names: Vec<&str> = rows.iter().map(|r| r["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["two-stage", "end-to-end", "learned", "equal weights", "least variance"]);
    for row in rows {
        for metrics in row["seeds"].as_array().unwrap() {
            let regret = metrics["regret"].as_f64().unwrap();
            assert!(regret > 0.0 && regret < 20.0, "no portfolio beats the one that knows: {row}");
            assert!(metrics["sharpe"].as_f64().unwrap().is_finite(), "{row}");
        }
    }
    let times = |k: usize, part: &str| rows[k]["times"][part].as_f64().unwrap();
    assert!(times(1, "forward") > 0.0 && times(1, "backward") > 0.0, "the layer takes time: {}", rows[1]);
    assert_eq!((times(0, "forward"), times(0, "backward")), (0.0, 0.0), "two stages train without it");
    let ratio = &document["regret_ratio"];
    let [low, middle, high] = ["low", "ratio", "high"].map(|k| ratio[k].as_f64().unwrap());
    assert!(low <= middle && middle <= high && low > 0.0, "{ratio}");
    let page = std::fs::read_to_string(page).unwrap();
    assert!(page.contains("</html>"));
    assert_eq!(page.matches("role=\"img\"").count(), 3 + 1 + 3, "learning, growth, portfolios");
    // Everything is in the checkpoints: another call has nothing left to do, and says the same.
    let again = bpqp(&arguments(&prices, &out)).output().unwrap();
    assert_eq!(json(&again), document);
}

#[cfg(unix)]
#[test]
fn an_interrupted_run_goes_on_as_if_nothing_had_been() {
    let folder = scratch("train-resume");
    let prices = prices(&folder, 600);
    let [whole, parts] = ["whole", "parts"].map(|name| folder.join(name).display().to_string());
    let expected = bpqp(&arguments(&prices, &whole)).output().unwrap();
    let mut interrupted = 0;
    let last = loop {
        let child = bpqp(&arguments(&prices, &parts)).spawn().unwrap();
        std::thread::sleep(std::time::Duration::from_millis(150 + 300 * interrupted));
        let _ = Command::new("kill").args(["-INT", &child.id().to_string()]).status();
        let output = child.wait_with_output().unwrap();
        if output.status.success() {
            break output;
        }
        interrupted += 1;
        // A signal that comes before the program listens ends it at once, which must do no harm either.
        if output.status.code().is_some() {
            assert_eq!(output.status.code(), Some(1), "{output:?}");
            assert_eq!(json(&output)["error"]["kind"], "interrupted", "{output:?}");
        }
        assert!(interrupted < 200, "it gets on from one call to the next");
    };
    assert!(interrupted > 0, "12 runs are not done at once");
    let without_times = |output: &Output| {
        let mut document = json(output);
        document["rows"].as_array_mut().unwrap().iter_mut().for_each(|row| row["times"] = Value::Null);
        document
    };
    assert_eq!(without_times(&last), without_times(&expected));
}

#[test]
fn checkpoints_of_other_experiments_and_damaged_ones_are_refused() {
    let folder = scratch("train-refuse");
    let (prices, out) = (prices(&folder, 600), folder.join("runs").display().to_string());
    let quick = |more: &[&str]| {
        let args = ["train", "portfolio", "--quick", "--methods", "two-stage", "--prices", &prices, "--out", &out];
        bpqp(&[&args[..], more].concat()).output().unwrap()
    };
    assert!(quick(&[]).status.success());
    let other = quick(&["--beta", "0.2"]);
    assert_eq!(other.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&other.stderr).contains("another experiment"), "{other:?}");
    let run = std::fs::read_dir(&out).unwrap().next().unwrap().unwrap().path();
    let bytes = std::fs::read(&run).unwrap();
    std::fs::write(&run, &bytes[..bytes.len() - 10]).unwrap();
    let damaged = quick(&[]);
    assert!(String::from_utf8_lossy(&damaged.stderr).contains("cut off"), "{damaged:?}");
    assert!(quick(&["--fresh"]).status.success());
    let trial = ["train", "portfolio", "--quick", "--methods", "two-stage", "--prices", &prices];
    assert!(bpqp(&trial).current_dir(&folder).output().unwrap().status.success());
    assert!(folder.join("bpqp-portfolio-quick").exists() && !folder.join("bpqp-portfolio").exists());
    let short = scratch("train-short");
    let few = self::prices(&short, 250);
    let output = bpqp(&["repro", "table3", "--prices", &few, "--out", &out]).output().unwrap();
    assert!(String::from_utf8_lossy(&output.stderr).contains("too few"), "{output:?}");
}
