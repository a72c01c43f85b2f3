"""ONNX Runtime: vitlab's files against timm's own export of the same models.

usage: onnx_speed.py FOLDER [--models NAME,...] [--batch 16] [--rounds 30] [--json FILE]

FOLDER holds vitlab's files, NAME.onnx or NAME/onnx/model.onnx, at each model's own image size. timm's are
made here with timm.utils.onnx.onnx_export, as timm's onnx_export.py calls it: the TorchScript
exporter, which folds batch norms (its other exporter needs the package onnxscript). Both run on one
thread with all of ONNX Runtime's optimisations, in turns: a round times each once, so that drift hits
both. A time is the processor time of the running thread. Ratios are of rounds: above 1, vitlab's file
is faster. Needs timm, torch, onnx and onnxruntime (scripts/oracle_env).
"""

import argparse
import json
import pathlib
import statistics
import tempfile
import time
import warnings

warnings.filterwarnings("ignore")

import numpy
import onnxruntime
import timm
import torch
from timm.utils.onnx import onnx_export

from onnx_files import files_of, session

TIMM_NAMES = {
    "deit_tiny": "deit_tiny_patch16_224", "deit_small": "deit_small_patch16_224",
    "swin_tiny": "swin_tiny_patch4_window7_224", "swinv2_tiny": "swinv2_tiny_window8_256",
}


def export_timm(name, size, path):
    """timm's file, with weights in which no norm is 0: its exporter would merge equal tensors."""
    generator = torch.Generator().manual_seed(0)
    model = timm.create_model(TIMM_NAMES.get(name, name), exportable=True)
    for tensor_name, tensor in model.state_dict().items():
        if tensor.dim() == 1 and tensor.is_floating_point():
            low = 0.5 if tensor_name.endswith(("weight", "running_var")) else 0.01
            tensor.uniform_(low, low + 0.5, generator=generator)
    onnx_export(model, str(path), batch_size=2, input_size=(3, *size), check=False)


def seconds(runtime, images):
    """Processor time of one run: with one thread, all the work is done by the caller's."""
    feed = {runtime.get_inputs()[0].name: images}
    start = time.thread_time()
    runtime.run(None, feed)
    return time.thread_time() - start


def compare(name, ours, batch, rounds, folder):
    mine = session(ours)
    size = tuple(mine.get_inputs()[0].shape[2:])
    theirs_path = folder / f"{name}.onnx"
    export_timm(name, size, theirs_path)
    theirs = session(theirs_path)
    images = numpy.random.default_rng(0).standard_normal((batch, 3, *size), dtype=numpy.float32)
    pairs = []
    for index in range(rounds + 2):
        # Who goes first changes, so that neither always finds the other's leftovers in the cache.
        order = (mine, theirs) if index % 2 else (theirs, mine)
        times = {runtime: seconds(runtime, images) for runtime in order}
        if index >= 2:
            pairs.append((times[mine], times[theirs]))
    ratios = sorted(other / own for own, other in pairs)
    return dict(model=name, image_size=list(size), batch=batch, rounds=rounds,
                vitlab_s=statistics.median(own for own, _ in pairs),
                timm_s=statistics.median(other for _, other in pairs),
                ratio=statistics.median(ratios), ratio_low=ratios[len(ratios) // 4],
                ratio_high=ratios[-1 - len(ratios) // 4])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--models", default="", help="names with commas; default: every file")
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--rounds", type=int, default=30)
    parser.add_argument("--json", type=pathlib.Path)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    rows = []
    print(f"{'model':24s} {'vitlab, ms':>10s} {'timm, ms':>10s} {'timm / vitlab (middle half)':>30s}")
    with tempfile.TemporaryDirectory() as scratch:
        for name, path in files_of(arguments.folder, [m for m in arguments.models.split(",") if m]).items():
            row = compare(name, path, arguments.batch, arguments.rounds, pathlib.Path(scratch))
            rows.append(row)
            spread = f"{row['ratio']:.3f} ({row['ratio_low']:.3f} to {row['ratio_high']:.3f})"
            print(f"{name:24s} {1e3 * row['vitlab_s']:10.1f} {1e3 * row['timm_s']:10.1f} {spread:>30s}", flush=True)
    if arguments.json:
        about = dict(onnxruntime=onnxruntime.__version__, timm=timm.__version__, torch=torch.__version__,
                     exporter="TorchScript", threads=1)
        arguments.json.write_text(json.dumps(dict(about, models=rows), indent=1) + "\n")


if __name__ == "__main__":
    main()
