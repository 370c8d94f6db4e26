//! How jobs are cut for each class of devices, from the plan alone.

use assert_cmd::Command;
use serde_json::Value;

/// The plan of the full-size emission example with `points` points, for a class of devices.
fn plan(points: usize, class: &str, budget: &str) -> Value {
    let root = env!("CARGO_MANIFEST_DIR");
    let example = std::fs::read_to_string(format!("{root}/examples/emission.toml")).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().join("emission.toml");
    std::fs::write(&config, example.replace("points = 150000", &format!("points = {points}"))).unwrap();
    let mut command = Command::cargo_bin("photosphere").unwrap();
    command.env("PHOTOSPHERE_CACHE_DIR", "").arg("plan").arg(&config);
    let output = command.args(["--device-limits", class, "--memory-budget", budget, "--json"]).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

fn schedule(points: usize, class: &str, budget: &str) -> String {
    let planned = plan(points, class, budget);
    let (plan, memory) = (&planned["plan"], &planned["plan"]["memory"]);
    let number = |value: &Value| value.as_u64().unwrap();
    format!(
        "{points} points, {class}: batches of {}, {} segments, {} dispatches, {} submissions, {} waits, {} MiB",
        number(&plan["batch"]),
        number(&plan["segments"]),
        number(&memory["dispatches"]),
        number(&memory["submissions"]),
        number(&memory["waits"]),
        number(&memory["peak_bytes"]) >> 20,
    )
}

/// A spectrum of 150 000 points and 200 layers takes a card at most 60 dispatches, two submissions and one wait; one of 3e6 points within 16 GiB at most 200 dispatches.
#[test]
fn schedules_of_the_classes() {
    let all = [
        schedule(150_000, "webgpu", "256MiB"),
        schedule(150_000, "integrated", "1GiB"),
        schedule(150_000, "discrete", "16GiB"),
        schedule(3_000_000, "discrete", "16GiB"),
        schedule(3_000_000, "discrete", "1GiB"),
    ];
    insta::assert_snapshot!(all.join("\n"), @"
    150000 points, webgpu: batches of 64, 3 segments, 256 dispatches, 59 submissions, 59 waits, 21 MiB
    150000 points, integrated: batches of 128, 1 segments, 150 dispatches, 4 submissions, 1 waits, 89 MiB
    150000 points, discrete: batches of 200, 1 segments, 43 dispatches, 2 submissions, 1 waits, 158 MiB
    3000000 points, discrete: batches of 200, 1 segments, 193 dispatches, 3 submissions, 1 waits, 2530 MiB
    3000000 points, discrete: batches of 200, 3 segments, 227 dispatches, 3 submissions, 1 waits, 1004 MiB
    ");
}
