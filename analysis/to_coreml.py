"""A TorchScript file that `vitlab export --format torchscript` wrote, as a Core ML package.

python3 analysis/to_coreml.py EXPORTED/torchscript/model.pt MODEL.mlpackage [--batch N]
        [--ios 15|16|17|18] [--float32] [--check]

Needs torch and coremltools (pip install coremltools). The images' size is read from the spec that
travels in the file. Prediction needs macOS: there, pass --check to compare both forms.
"""

import argparse
import json
import sys

import coremltools
import numpy
import torch


def read_module(path):
    """The module and the shape of its images (channels, height, width)."""
    extra = {"vitlab.json": ""}
    module = torch.jit.load(path, map_location="cpu", _extra_files=extra).eval()
    if not extra["vitlab.json"]:
        sys.exit(f"{path} was not written by vitlab export: it holds no vitlab.json")
    about = json.loads(extra["vitlab.json"])
    spec = json.loads(about["vitlab.spec"])
    image = spec.get("image", {})
    shape = tuple(image.get(key, default) for key, default in
                  (("channels", 3), ("height", 224), ("width", 224)))
    return module, shape, about


def convert(module, shape, batch, ios, precision):
    """An ML program: input `images` (batch, C, H, W), output `logits`."""
    return coremltools.convert(
        torch.jit.freeze(module),
        source="pytorch",
        inputs=[coremltools.TensorType(name="images", shape=(batch, *shape))],
        outputs=[coremltools.TensorType(name="logits")],
        minimum_deployment_target=getattr(coremltools.target, f"iOS{ios}"),
        compute_precision=precision,
        convert_to="mlprogram")


def largest_difference(module, package, shape, batch):
    images = torch.randn(batch, *shape, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        expected = module(images).numpy()
    got = package.predict({"images": images.numpy()})["logits"]
    return float(numpy.abs(got - expected).max())


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("torchscript")
    parser.add_argument("package")
    parser.add_argument("--batch", type=int, default=1, help="images a prediction (fixed)")
    parser.add_argument("--ios", type=int, default=16, choices=(15, 16, 17, 18))
    parser.add_argument("--float32", action="store_true", help="default: float16, as devices run it")
    parser.add_argument("--check", action="store_true", help="run both (macOS only)")
    words = parser.parse_args()
    if not words.package.endswith(".mlpackage"):
        parser.error("name the result something.mlpackage")
    module, shape, about = read_module(words.torchscript)
    precision = (coremltools.precision.FLOAT32 if words.float32
                 else coremltools.precision.FLOAT16)
    package = convert(module, shape, words.batch, words.ios, precision)
    package.short_description = f"vitlab {about['vitlab.version']}; {about['vitlab.weights']}"
    package.user_defined_metadata["vitlab.spec"] = about["vitlab.spec"]
    package.save(words.package)
    print(f"wrote {words.package}")
    if words.check:
        difference = largest_difference(module, package, shape, words.batch)
        print(f"largest difference {difference:.3g}")


if __name__ == "__main__":
    main()
