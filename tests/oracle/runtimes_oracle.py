# Every runtime that is installed here times the same small model, and files that others wrote are
# timed as they are: runtimes_oracle.py PROGRAM FOLDER
import json
import os
import pathlib
import subprocess
import sys

import torch

program, folder = sys.argv[1], pathlib.Path(sys.argv[2])
folder.mkdir(parents=True, exist_ok=True)
os.environ["VITLAB_PYTHON"] = str(pathlib.Path(__file__).parents[2] / ".deps/oracle/python")
(folder / "tiny.yaml").write_text(
    "template: efficientvit\nimage_size: 32\nclasses: 10\nstem_stride: 4\nheads: 2\nqk_dim: 4\n"
    "kernels: [3, 3]\nwidths: [24, 32, 48]\n")
(folder / "fast.yaml").write_text("batch: [1, 3]\nwarmup_seconds: 0.02\ntimed_seconds: 0.1\n")


def measure(*words):
    done = subprocess.run([program, "measure", *words, "--json"], cwd=folder, capture_output=True, text=True)
    if done.returncode not in (0, 3):
        sys.exit("vitlab measure %s: %s" % (" ".join(words), done.stderr))
    return json.loads(done.stdout)["candidates"]


def check(holds, what):
    if not holds:
        sys.exit("does not hold: " + what)


rows = measure("tiny.yaml", "--protocol", "fast.yaml", "--runtime", "libtorch,onnxruntime,torchscript")
check(sorted(row["runtime"] for row in rows) == ["onnxruntime"] * 2 + ["torchscript"] * 2 + ["vitlab"] * 2,
      "each runtime has a row for each batch")
for row in rows:
    check(row["throughput_images_per_s"]["median"] > 0, row["runtime"] + " has a speed")
    if row["runtime"] != "vitlab":
        check(row["max_rel_difference"] < 1e-4, row["runtime"] + " computes what vitlab computes")
print("largest difference:", max(row.get("max_rel_difference", 0) for row in rows))


class Small(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = torch.nn.Conv2d(3, 8, 3, 2)

    def forward(self, images):
        return self.conv(images).mean((2, 3))


images = torch.randn(2, 3, 24, 24)
torch.jit.trace(Small().eval(), images).save(str(folder / "small.pt"))
torch.onnx.export(Small().eval(), (images,), str(folder / "small.onnx"), dynamo=False,
                  input_names=["images"], dynamic_axes={"images": {0: "batch"}})
batch = torch.export.Dim("batch", min=1, max=64)
exported = torch.export.export(Small().eval(), (images,), dynamic_shapes=({0: batch},))
torch.export.save(exported, str(folder / "program.pt2"))
files = measure("small.onnx", "small.pt", "--image-size", "24", "--protocol", "fast.yaml")
check(all("latency_ms" in row for row in files) and len(files) == 4, "files of others are timed")
check(all(row["max_rel_difference"] is None for row in files), "nobody knows their logits")
bare = measure("small.pt", "--protocol", "fast.yaml")
check(all("--image-size" in row["failed"] for row in bare), "a file without a size asks for it")
refused = subprocess.run([program, "measure", "program.pt2"], cwd=folder, capture_output=True, text=True)
check(refused.returncode == 2 and "aoti_compile_and_package" in refused.stderr, "a program is refused")
torch._inductor.aoti_compile_and_package(exported, package_path=str(folder / "compiled.pt2"))
compiled = measure("compiled.pt2", "--image-size", "24", "--protocol", "fast.yaml")
check(all("latency_ms" in row for row in compiled), "a compiled package is timed: %s" % compiled)
print("compiled package:", [row["latency_ms"]["median"] for row in compiled], "ms")
