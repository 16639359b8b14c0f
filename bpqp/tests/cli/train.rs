//! `bpqp train portfolio` and `bpqp repro table3`.

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde_json::Value;

use super::support::{bpqp, command, document, json, scratch, text};

/// An empty folder.
fn folder(name: &str) -> PathBuf {
    let folder = PathBuf::from(scratch(name));
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

fn arguments<'a>(prices: &'a str, out: &'a str) -> Vec<&'a str> {
    let fixed = ["train", "portfolio", "--json", "--folds", "2", "--seeds", "2", "--epochs", "4", "--batch", "16"];
    [&fixed[..], &["--prices", prices, "--out", out]].concat()
}

#[test]
fn three_methods_are_trained_compared_and_shown() {
    let folder = folder("train-compare");
    let (prices, out) = (prices(&folder, 700), folder.join("runs").display().to_string());
    let page = folder.join("page.html").display().to_string();
    let (code, document) = json(&[&arguments(&prices, &out)[..], &["--report", &page]].concat());
    assert_eq!(code, 0, "{document}");
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
    assert_eq!(json(&arguments(&prices, &out)), (0, document));
}

#[cfg(unix)]
#[test]
fn an_interrupted_run_goes_on_as_if_nothing_had_been() {
    let folder = folder("train-resume");
    let prices = prices(&folder, 600);
    let [whole, parts] = ["whole", "parts"].map(|name| folder.join(name).display().to_string());
    let expected = bpqp(&arguments(&prices, &whole));
    let mut interrupted = 0;
    let last = loop {
        let mut run = command(&arguments(&prices, &parts));
        let child = run.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
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
            assert_eq!(document(&output)["error"]["kind"], "interrupted", "{output:?}");
        }
        assert!(interrupted < 200, "it gets on from one call to the next");
    };
    assert!(interrupted > 0, "12 runs are not done at once");
    let without_times = |output: &Output| {
        let mut document = document(output);
        document["rows"].as_array_mut().unwrap().iter_mut().for_each(|row| row["times"] = Value::Null);
        document
    };
    assert_eq!(without_times(&last), without_times(&expected));
}

#[test]
fn checkpoints_of_other_experiments_and_damaged_ones_are_refused() {
    let folder = folder("train-refuse");
    let (prices, out) = (prices(&folder, 600), folder.join("runs").display().to_string());
    let quick = |more: &[&str]| {
        let args = ["train", "portfolio", "--quick", "--methods", "two-stage", "--prices", &prices, "--out", &out];
        text(&[&args[..], more].concat())
    };
    assert_eq!(quick(&[]).0, 0);
    let (code, _, err) = quick(&["--beta", "0.2"]);
    assert!(code == 1 && err.contains("another experiment"), "{err}");
    let run = std::fs::read_dir(&out).unwrap().next().unwrap().unwrap().path();
    let bytes = std::fs::read(&run).unwrap();
    std::fs::write(&run, &bytes[..bytes.len() - 10]).unwrap();
    let (_, _, err) = quick(&[]);
    assert!(err.contains("cut off"), "{err}");
    assert_eq!(quick(&["--fresh"]).0, 0);
    let trial = ["train", "portfolio", "--quick", "--methods", "two-stage", "--prices", &prices];
    assert!(command(&trial).current_dir(&folder).output().unwrap().status.success());
    assert!(folder.join("bpqp-portfolio-quick").exists() && !folder.join("bpqp-portfolio").exists());
    let few = self::prices(&self::folder("train-short"), 250);
    let (_, _, err) = text(&["repro", "table3", "--prices", &few, "--out", &out]);
    assert!(err.contains("too few"), "{err}");
}
