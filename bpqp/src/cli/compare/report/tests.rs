use super::*;
use crate::Registry;
use crate::cli::args::SolverArgs;
use crate::compare::Agreement;
use crate::io::{Format, read_str};

/// What a name or a message of a third party may look like.
const HOSTILE: &str = r#"<script>alert("x")</script> & 'y' </title>"#;

fn problem(name: &str) -> Problem {
    Problem::new(name, read_str(name, r#"{"q": [1, 1], "lb": [0, 0]}"#, Format::Json).unwrap())
}

/// A comparison of `problems × backends²` runs, made by `run` of problem, forward and backward index.
fn comparison(problems: &[Problem], backends: &[&str], run: impl Fn(usize, usize, usize) -> Run) -> Comparison {
    let pairs: Vec<(usize, usize)> =
        (0..backends.len()).flat_map(|f| (0..backends.len()).map(move |b| (f, b))).collect();
    let named = |k: usize, f: usize, b: usize| Run {
        file: problems[k].name.clone(),
        forward: backends[f].into(),
        backward: backends[b].into(),
        ..run(k, f, b)
    };
    let agreement = |i: usize, j: usize| Agreement { problems: (i + j) % 3, difference: 10f64.powi(-((i * j) as i32)) };
    let square = |i| (0..pairs.len()).map(|j| agreement(i, j)).collect();
    Comparison {
        runs: (0..problems.len())
            .flat_map(|k| pairs.iter().map(move |&(f, b)| (k, f, b)))
            .map(|(k, f, b)| named(k, f, b))
            .collect(),
        pairs: pairs.iter().map(|&(f, b)| format!("{}/{}", backends[f], backends[b])).collect(),
        agreement: (0..pairs.len()).map(square).collect(),
    }
}

fn solved(k: usize, f: usize, b: usize) -> Run {
    let size = 10f64.powi(k as i32 % 7 - 3) * (1 + f) as f64;
    Run {
        status: "solved".into(),
        objective: Some(size),
        primal_residual: Some(1e-16 * size),
        dual_residual: Some(0.0),
        gap: Some(1e-12 * size),
        setup_ms: Some(size),
        forward_ms: Some(2.0 * size),
        backward_ms: Some(size * (1 + b) as f64),
        certificate: Some(["exact", "kink", "degenerate"][k % 3]),
        adjoint_residual: Some(if k.is_multiple_of(4) { 0.0 } else { 1e-15 }),
        gradient_difference: Some(f64::NAN),
        ..Run::default()
    }
}

fn failed() -> Run {
    Run { status: "error: backend".into(), message: Some(HOSTILE.repeat(3)), ..Run::default() }
}

fn render(problems: &[Problem], comparison: &Comparison) -> String {
    let facts = Facts::new(&Registry::compiled(), &Registry::compiled().names(), &SolverArgs::default());
    let page = page(problems, comparison, &facts);
    // For a look at it: every page of these tests lies there under the number of its runs.
    let folder = std::env::temp_dir().join("bpqp-report-tests");
    if std::env::var_os("BPQP_KEEP_REPORTS").is_some() {
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(folder.join(format!("{}.html", comparison.runs.len())), &page).unwrap();
    }
    page
}

fn count(page: &str, what: &str) -> usize {
    page.matches(what).count()
}

#[test]
fn names_and_messages_are_escaped() {
    let problems = [problem(HOSTILE)];
    let page = render(
        &problems,
        &comparison(&problems, &["a", HOSTILE], |_, f, b| if f == b { solved(0, f, b) } else { failed() }),
    );
    assert!(!page.contains("<script"), "{page}");
    assert_eq!(count(&page, "</title>"), count(&page, "<title>"));
    assert!(page.contains("&lt;script&gt;alert(&quot;x&quot;)"), "{page}");
}

#[test]
fn the_page_needs_nothing_from_elsewhere() {
    let problems = [problem("a"), problem("b")];
    let page = render(&problems, &comparison(&problems, &["x"], solved));
    for what in ["http:", "https:", "src=", "href=", "@import", "url(", "<script", "<link"] {
        assert!(!page.contains(what), "{what}");
    }
    assert!(page.contains("<title>BPQP: 2 problems, 1 pairs of backends</title>"));
    assert_eq!(count(&page, r#"role="img" aria-label=""#), 4, "each plot says what it shows");
}

#[test]
fn every_number_is_drawn_once() {
    let problems: Vec<Problem> = (0..30).map(|k| problem(&format!("a rather long name of problem {k}"))).collect();
    let names = ["first", "second", "third"];
    let page = render(
        &problems,
        &comparison(
            &problems,
            &names,
            |k, f, b| if (k + f + b).is_multiple_of(5) { failed() } else { solved(k, f, b) },
        ),
    );
    // Each backend has a number for each problem (some run of three is good), in each of four plots; four legends.
    assert_eq!(count(&page, r#"class="mark s0""#), 4 * 30 + 4);
    assert_eq!(count(&page, r#"class="mark s2""#), 4 * 30 + 4);
    assert_eq!(count(&page, "<tr>"), 1 + 54 + 1 + 9 + 1 + 30 + 1 + 270);
    assert!(page.contains("a rather long name of p…"));
    assert!(page.contains("<details>"), "270 runs are folded away");
}

#[test]
fn without_a_solution_there_is_a_page_all_the_same() {
    let problems: Vec<Problem> = (0..4).map(|k| problem(&k.to_string())).collect();
    let page = render(&problems, &comparison(&problems, &["a", "b"], |_, _, _| failed()));
    assert_eq!(count(&page, "Nothing to show"), 4);
    assert_eq!(count(&page, "<svg"), 0);
    let none = render(&[], &Comparison::default());
    assert!(none.contains("0 of 0 runs solved"), "{none}");
}
