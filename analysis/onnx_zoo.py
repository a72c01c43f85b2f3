"""Speeds of exported models in ONNX Runtime, for the report of a sweep that measured them.

usage: onnx_zoo.py FOLDER RESULTS [--models NAME,...] [--vitlab build/vitlab] [--batch 16] [--seconds 10]

FOLDER holds NAME.onnx or NAME/onnx/model.onnx (`vitlab export NAME --format onnx --out FOLDER/NAME`)
for built-in models that RESULTS, the output folder of a sweep, measured on this machine. Writes
RESULTS/external/onnxruntime.csv, which `vitlab report RESULTS` reads. One thread, wall-clock time, all
of ONNX Runtime's optimisations; models take turns in three rounds, after 2 runs of warm-up each.
"""

import argparse
import csv
import json
import pathlib
import subprocess
import sys
import time

import numpy

from onnx_files import files_of, session

COLUMNS = ("trial,model,dataset,recipe,seed,device,runtime,dtype,threads,batch,budget_metric,budget,metric,"
           "subject,value,unit,low,high,samples").split(",")
ROUNDS = 3


def model_id(vitlab, name):
    shown = subprocess.run([vitlab, "show", name, "--json"], capture_output=True, text=True)
    if shown.returncode != 0:
        sys.exit(shown.stderr)
    return json.loads(shown.stdout)["id"]


def measured_device(results):
    """The device's name by model id, of the throughputs that vitlab measured."""
    path = results / "views" / "results.csv"
    if not path.exists():
        sys.exit(f"{path} is missing: run the sweep first")
    with path.open(newline="") as file:
        return {row["model"]: row["device"] for row in csv.DictReader(file) if row["metric"] == "throughput"}


def timed(runtime, images, seconds):
    """Seconds of each run, for `seconds` in all."""
    feed, times = {runtime.get_inputs()[0].name: images}, []
    for _ in range(2):
        runtime.run(None, feed)
    end = time.perf_counter() + seconds
    while time.perf_counter() < end or not times:
        start = time.perf_counter()
        runtime.run(None, feed)
        times.append(time.perf_counter() - start)
    return times


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("results", type=pathlib.Path)
    parser.add_argument("--models", default="", help="names with commas; default: every file")
    parser.add_argument("--vitlab", default="build/vitlab")
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--seconds", type=float, default=10, help="timed, for each model in all")
    arguments = parser.parse_args()
    devices = measured_device(arguments.results)
    runtimes, ids = {}, {}
    for name, path in files_of(arguments.folder, [m for m in arguments.models.split(",") if m]).items():
        ids[name] = model_id(arguments.vitlab, name)
        if ids[name] not in devices:
            sys.exit(f"{arguments.results} holds no speed of {name}: measure it in the sweep, or leave it out with --models")
        runtimes[name] = session(str(path))
    times = {name: [] for name in runtimes}
    draw = numpy.random.default_rng(0)
    for index in range(ROUNDS):
        for name, runtime in runtimes.items():
            shape = (arguments.batch, *runtime.get_inputs()[0].shape[1:])
            images = draw.standard_normal(shape, dtype=numpy.float32)
            times[name] += timed(runtime, images, arguments.seconds / ROUNDS)
            print(f"round {index + 1} of {ROUNDS}: {name}", file=sys.stderr, flush=True)
    target = arguments.results / "external" / "onnxruntime.csv"
    target.parent.mkdir(exist_ok=True)
    with target.open("w", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS, restval="", lineterminator="\n")
        writer.writeheader()
        for name, seconds in times.items():
            low, middle, high = (arguments.batch / numpy.percentile(seconds, q) for q in (95, 50, 5))
            writer.writerow(dict(model=ids[name], device=devices[ids[name]], runtime="onnxruntime", dtype="float32",
                                 threads=1, batch=arguments.batch, metric="throughput", value=f"{middle:.6g}",
                                 unit="images/s", low=f"{low:.6g}", high=f"{high:.6g}", samples=len(seconds)))
            print(f"{name:24s} {middle:10.1f} images/s ({low:.1f} to {high:.1f}, {len(seconds)} batches)")
    print(f"wrote {target}")


if __name__ == "__main__":
    main()
