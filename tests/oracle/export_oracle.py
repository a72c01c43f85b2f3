"""Whether timm and PyTorch load what vitlab exports, and compute the same.

export_oracle.py PROGRAM FOLDER   runs `PROGRAM FOLDER` (export_folders.cpp), then judges each case
"""

import json
import pathlib
import subprocess
import sys
import warnings

warnings.filterwarnings("ignore")

import timm
import torch
from safetensors.torch import load_file

LIMIT = 1e-5  # of the difference over the largest logit, float32 against float32


def relative_difference(got, expected):
    assert got.shape == expected.shape, f"{tuple(got.shape)}, not {tuple(expected.shape)}"
    return ((got - expected).abs().max() / expected.abs().max()).item()


def judge(folder):
    """The largest differences of one case: timm, TorchScript, and TorchScript on other batches."""
    run = load_file(folder / "run.safetensors")
    images, logits = run["input"], run["logits"]
    model = timm.create_model(f"local-dir:{folder / 'out' / 'timm'}", pretrained=True).eval()
    weights = load_file(folder / "out" / "timm" / "model.safetensors")
    for name, tensor in model.state_dict().items():
        assert torch.equal(tensor, weights[name]), f"timm loaded another {name}"
    script = torch.jit.load(folder / "out" / "torchscript" / "model.pt", map_location="cpu")
    own = load_file(folder / "out" / "model.safetensors")
    state = script.state_dict()
    for name, tensor in own.items():
        assert torch.equal(state[name], tensor), f"TorchScript holds another {name}"
    with torch.no_grad():
        return {
            "timm": relative_difference(model(images), logits),
            "torchscript": relative_difference(script(images), logits),
            "torchscript, training": relative_difference(script.train()(images), logits),
            "torchscript, batch 1": relative_difference(script(images[:1]), logits[:1]),
            "torchscript, batch 6": relative_difference(
                script(torch.cat([images, images])), torch.cat([logits, logits])),
        }


def main(program, folder):
    torch.set_num_threads(1)
    subprocess.run([program, str(folder)], check=True)
    cases = sorted(path.parent for path in folder.glob("*/run.safetensors"))
    assert len(cases) >= 16, f"only {len(cases)} cases"
    wrong = 0
    for case in cases:
        verify = json.loads((case / "out" / "verify.json").read_text())
        differences = judge(case)
        over = {name: value for name, value in differences.items() if not value <= LIMIT}
        wrong += bool(over)
        print(f"{case.name}: " + ", ".join(f"{k} {v:.1e}" for k, v in differences.items())
              + ("   OVER" if over else ""), verify["deploy"]["max_rel_difference"])
    sys.exit(f"{wrong} of {len(cases)} cases are over {LIMIT}" if wrong else 0)


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    main(sys.argv[1], pathlib.Path(sys.argv[2]))
