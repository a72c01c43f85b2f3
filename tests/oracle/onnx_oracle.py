"""Whether ONNX's checker accepts vitlab's files and ONNX Runtime computes vitlab's logits.

onnx_oracle.py PROGRAM FOLDER   PROGRAM (tests/oracle/onnx_files.cpp) writes the files of CASES to
                                FOLDER; exit 1 if a file is refused or differs by more than 1e-4
"""

import json
import pathlib
import subprocess
import sys

import numpy
import onnx
import onnxruntime
from safetensors.numpy import load_file

TOLERANCE = 1e-4
# The smallest sizes at which windows are cut, and padded: 7 divides the maps of 224 only.
MODELS = [(f"efficientvit_m{i}", (224, 224) if i in (0, 5) else (160, 128)) for i in range(6)] + [
    ("deit_tiny", (224, 224)), ("deit_small", (64, 96)), ("swin_tiny", (224, 224)), ("swinv2_tiny", (128, 128)),
    ("mobilenetv2_100", (64, 96)), ("mobilenetv3_large_100", (96, 64)), ("mobilenetv3_small_100", (64, 64)),
    ("efficientnet_b0", (64, 64)),
]
CASES = [
    dict(case=f"{model}_{opset}", model=model, size=size, classes=10, opset=opset, deploy=True)
    for i, (model, size) in enumerate(MODELS) for opset in [17 + i % 4]
] + [
    dict(case=f"{model}_{opset}_{'deploy' if deploy else 'plain'}", model=model, size=(128, 128), classes=7,
         opset=opset, deploy=deploy)
    for model in ("efficientvit_m0", "deit_tiny", "swinv2_tiny") for opset in (17, 18, 19, 20) for deploy in (True, False)
] + [
    dict(case="deit_tiny_distilled", model="deit_tiny_distilled", size=(48, 64), classes=6, opset=18, deploy=False),
] + [
    dict(case=f"vmoe_{opset}", model="vmoe_small", size=(96, 64), classes=6, opset=opset, deploy=True,
         knobs=["width=64", "patch=8", "depth=4", "capacity=0.7"])
    for opset in (17, 18, 20)
]


def check_case(case, folder):
    """Problems of one case, and its largest difference."""
    path = folder / f"{case['case']}.onnx"
    model = onnx.load(path)
    onnx.checker.check_model(model, full_check=True)
    problems = []
    if model.opset_import[0].version != case["opset"] or len(model.opset_import) != 1:
        problems.append("opset is not the one asked for")
    known = {pair.key for pair in model.metadata_props}
    if not {"vitlab.spec", "vitlab.version", "vitlab.model"} <= known:
        problems.append(f"metadata holds {sorted(known)} only")
    run = load_file(folder / f"{case['case']}.run.safetensors")
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    if session.get_inputs()[0].shape[0] != "batch" or session.get_outputs()[0].shape[0] != "batch":
        problems.append("the batch is not symbolic")
    largest = float(abs(run["evaluated"] - run["logits"]).max())
    for count in (1, 3):
        got, = session.run(["logits"], {"input": run["input"][:count]})
        expected = run["logits"][:count]
        same = got.shape == expected.shape and numpy.isfinite(got).all()
        largest = max(largest, float(abs(got - expected).max())) if same else float("inf")
    if not largest <= TOLERANCE:
        problems.append(f"logits differ by {largest:.1e}")
    return problems, largest, float(abs(run["logits"]).max())


def main(program, folder):
    folder.mkdir(parents=True, exist_ok=True)
    cases = folder / "cases.json"
    cases.write_text(json.dumps(CASES, indent=1))
    subprocess.run([program, folder, cases], check=True)
    failed = False
    for case in CASES:
        problems, largest, scale = check_case(case, folder)
        print(f"{case['case']}: largest difference {largest:.1e} of logits up to {scale:.1f}",
              *problems, sep="; ")
        failed = failed or bool(problems)
    return failed


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    sys.exit(main(sys.argv[1], pathlib.Path(sys.argv[2])))
