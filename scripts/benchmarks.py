#!/usr/bin/env python3
"""Writes docs/benchmarks.md: what this machine takes for spectra and derivatives.

    cargo build --release
    python3 scripts/benchmarks.py target/release/photosphere [--device NAME]... [--long CONFIG.toml] [--out FILE]

Runs `photosphere bench --json` on the CPU and, unless `--device` names others, on lavapipe (`llvmpipe`) if it is there. With `--long`, a configuration of a long list is run three
times: with an empty cache, from the cache, and from the cache on the first device. Nothing else should run meanwhile; the load of the machine is written down. Not run by the tests.
"""
import argparse
import datetime
import json
import os
import pathlib
import platform
import re
import subprocess
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent


def output(*command):
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout


def number(value):
    return f"{value:,}".replace(",", " ")


def seconds(value):
    if value < 1e-3:
        return f"{1e6 * value:.0f} µs"
    if value < 1:
        return f"{1e3 * value:.3g} ms"
    return f"{value:.3g} s"


def size(value):
    return f"{value / 1e6:.1f} MB" if value else "-"


def table(head, rows):
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(str(cell) for cell in line) + " |" for line in lines)


def machine():
    model = "unknown processor"
    info = pathlib.Path("/proc/cpuinfo")
    if info.exists():
        found = re.search(r"model name\s*:\s*(.*)", info.read_text())
        model = found.group(1) if found else model
    return f"{model}, {os.cpu_count()} logical cores, {platform.system()} {platform.machine()}"


def benches(program, device):
    with tempfile.TemporaryDirectory() as cache:
        found = subprocess.run([program, "bench", "--json", "--device", device, "--cache-dir", cache], capture_output=True, text=True)
    if found.returncode != 0:
        print(f"LEFT OUT: {device}: {found.stderr.strip()}")
        return None
    return json.loads(found.stdout)


def section(found):
    device = found["device"]
    name = " ".join(part for part in [device["name"], device["api"], device["driver"]] if part)
    peak = found["peak"]
    works = found["workloads"]
    times = table(
        ["", "points", "layers", "lines", "set-up", "spectrum", "with Jacobian by 2", "with gradient"],
        [[w["name"], number(w["points"]), w["layers"], number(w["lines"]), *(seconds(w[k]) for k in
          ("set_up_seconds", "spectrum_seconds", "jacobian_seconds", "gradient_seconds"))] for w in works])
    rows = [[w["name"], size(w["device_bytes"]), w["dispatches"], w["submissions"], w["waits"], f"{w['multiply_adds']:.1e}",
             f"{100 * w['part_of_peak']:.0f} %"] for w in works]
    schedule = table(["", "device memory", "dispatches", "submissions", "waits", "modelled multiply-adds", "of what the device does at most"], rows)
    return (f"## {name}, {device['precision']}\n\nCopies {1e-9 * peak['bytes_per_second']:.1f} GB/s, {peak['multiply_adds_per_second']:.2e} multiply-adds a second.\n\n"
            f"{times}\n\n{schedule}\n")


def long_list(program, config, devices):
    runs = [("nothing kept", "cpu"), ("second start", "cpu"), *[(f"second start, {d}", d) for d in devices]]
    rows = {}
    with tempfile.TemporaryDirectory() as folder:
        for what, device in runs:
            command = ["/usr/bin/time", "-f", "%M", program, "spectrum", config, "--device", device, "--out", f"{folder}/out", "--cache-dir", f"{folder}/cache"]
            begin = time.monotonic()
            run = subprocess.run(command, capture_output=True, text=True, check=True)
            wall = time.monotonic() - begin
            resident = int(run.stderr.strip().splitlines()[-1]) * 1024
            report = json.loads((pathlib.Path(folder) / "out" / "report.json").read_text())
            rows[what] = (report, wall, resident)
    stages = []
    for report, _, _ in rows.values():
        stages += [s for s in report["seconds"] if s not in stages]
    lines = [[stage, *(seconds(r["seconds"][stage]) if stage in r["seconds"] else "" for r, _, _ in rows.values())] for stage in stages]
    lines.append(["whole command", *(seconds(wall) for _, wall, _ in rows.values())])
    lines.append(["resident memory at most", *(size(resident) for _, _, resident in rows.values())])
    return f"## A long list\n\n`photosphere spectrum {pathlib.Path(config).name}`: method `auto`, one run each, in turn.\n\n{table(['', *rows], lines)}\n"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program")
    parser.add_argument("--device", action="append")
    parser.add_argument("--long", metavar="CONFIG")
    parser.add_argument("--out", default=str(ROOT / "docs" / "benchmarks.md"))
    arguments = parser.parse_args()
    devices = arguments.device or ["llvmpipe"]
    program = str(pathlib.Path(arguments.program).resolve())
    load = os.getloadavg()[0]
    found = [b for b in (benches(program, d) for d in ["cpu", *devices]) if b]
    here = [b["device"]["name"] for b in found[1:]]
    commit = output("git", "rev-parse", "--short", "HEAD").strip()
    changed = " with changes" if output("git", "status", "--porcelain", "--untracked-files=no").strip() else ""
    parts = [
        "# Benchmarks\n",
        "What one machine takes, written by `scripts/benchmarks.py`. `photosphere bench` measures the same workloads on yours, `photosphere bench --json` in a form to send in; plans then tell "
        "seconds by what was measured. Shortest of five times each, once everything is ready.\n",
        table(["", ""], [["machine", machine()], ["date", datetime.date.today().isoformat()], ["commit", commit + changed],
                         ["version", found[0]["version"]], ["load when begun", f"{load:.1f}"],
                         ["command", "`scripts/benchmarks.py " + " ".join(["PROGRAM", *(["--long CONFIG"] if arguments.long else [])]) + "`"]]) + "\n",
        "The workloads:\n\n" + "\n".join(f"- **{w['name']}**: {w['about']}." for w in found[0]["workloads"]) + "\n",
        *map(section, found),
        *([long_list(program, arguments.long, here)] if arguments.long else []),
        (ROOT / "scripts" / "benchmarks_notes.md").read_text(),
    ]
    pathlib.Path(arguments.out).write_text("\n".join(parts))


if __name__ == "__main__":
    main()
