"""Similarity of heads, computed again with NumPy from the attention maps that vitlab forward gives.

usage: similarity_oracle.py VITLAB FOLDER
"""
import itertools
import json
import math
import pathlib
import shutil
import subprocess
import sys

import numpy
from safetensors.numpy import load_file, save_file

TOLERANCE = 1e-6  # of the value, or absolute below 1
CASES = [
    dict(model="efficientvit_m0", size=96, patch=16, knobs=["image_size=96"]),
    dict(model="deit_tiny", size=64, patch=16, knobs=["image_size=64", "depth=3"], class_tokens=1),
    dict(model="deit_tiny_distilled", size=48, patch=16, knobs=["image_size=48", "depth=2"], class_tokens=2),
    dict(model="swin_tiny", size=100, patch=4, knobs=["image_size=100", "depths=[2, 2, 2, 2]"]),
]


def entropy(p):
    return -numpy.sum(numpy.where(p > 0, p * numpy.log(numpy.where(p > 0, p, 1)), 0), axis=-1)


def cosines(flat):
    unit = flat / numpy.linalg.norm(flat, axis=-1, keepdims=True)
    return unit @ unit.T


def reductions(matrix):
    heads = len(matrix)
    others = matrix[~numpy.eye(heads, dtype=bool)].reshape(heads, heads - 1)
    return dict(max_max=others.max(), mean_max=others.max(axis=1).mean(), mean_mean=others.mean())


def grid_distance(rows, columns, down, across):
    y, x = numpy.divmod(numpy.arange(rows * columns), columns)
    return numpy.hypot((y[:, None] - y) * down, (x[:, None] - x) * across)


def measures(image, distance, class_tokens):
    """Of one image's maps (windows, heads, queries, keys) in float64."""
    heads, keys = image.shape[1], image.shape[3]
    flat = image.transpose(1, 0, 2, 3).reshape(heads, -1)
    values = {}
    for name, value in reductions(cosines(flat)).items():
        values[f"head_cosine.{name}.map"] = value
    for name, value in reductions(cosines(flat - flat.mean(axis=1, keepdims=True))).items():
        values[f"centred_cosine.{name}.map"] = value
    pairs = []
    for i, j in itertools.combinations(range(heads), 2):
        p, q = image[:, i], image[:, j]
        pairs.append(((entropy((p + q) / 2) - (entropy(p) + entropy(q)) / 2) / math.log(2)).mean())
    values["jensen_shannon.mean"] = numpy.mean(pairs)
    values["entropy.mean"] = (entropy(image) / math.log(keys)).mean()
    sigma = numpy.linalg.svd(flat, compute_uv=False)
    values["effective_heads"] = math.exp(entropy(sigma / sigma.sum()))
    tokens = image[:, :, class_tokens:, class_tokens:]
    values["attention_distance.mean"] = (tokens * distance).sum(axis=-1).mean()
    values["confidence.mean"] = image.max(axis=-1).mean()
    return values


def telling_weights(vitlab, folder, model, knobs, generator):
    """Weights of which every layer's maps tell something; those that training starts from tell little."""
    out = folder / f"{model}.start"
    shutil.rmtree(out, ignore_errors=True)
    run(vitlab, "export", model, *knobs, "--format", "safetensors", "--out", out)
    found = sorted(out.rglob("*.safetensors"))
    tensors = load_file(found[0])
    for name, tensor in tensors.items():
        noise = generator.standard_normal(tensor.shape)
        if tensor.ndim > 1:
            value = 1.2 * noise / math.sqrt(max(1, math.prod(tensor.shape[1:])))
        elif name.endswith((".weight", "running_var")):
            value = 0.6 + 0.4 * abs(noise)
        else:
            value = 0.3 * noise
        tensors[name] = value.astype("float32")
    path = folder / f"{model}.weights.safetensors"
    save_file(tensors, path)
    return path


def run(*words):
    return subprocess.run([str(word) for word in words], check=True, capture_output=True, text=True).stdout


def check(vitlab, folder, case, number):
    generator = numpy.random.default_rng(number)
    images = generator.standard_normal((5, 3, case["size"], case["size"])).astype("float32")
    source, target = folder / f"{case['model']}.input.safetensors", folder / f"{case['model']}.taps.safetensors"
    save_file(dict(input=images), source)
    knobs = [word for knob in case["knobs"] for word in ("--set", knob)]
    weights = telling_weights(vitlab, folder, case["model"], knobs, generator)
    run(vitlab, "forward", case["model"], *knobs, "--weights", weights, "--input", source, "--output", target, "--taps")
    measured = ",".join(("head_cosine", "centred_cosine", "jensen_shannon", "entropy", "effective_heads",
                         "attention_distance", "confidence"))
    result = json.loads(run(vitlab, "similarity", case["model"], *knobs, "--weights", weights, "--input", source,
                            "--metrics", measured, "--json"))
    taps = load_file(target)
    worst = 0
    for layer in result["layers"]:
        maps = taps[layer["layer"] + ".attention"].astype("float64")
        class_tokens = case.get("class_tokens", 0)
        side = math.isqrt(layer["queries"] - class_tokens)
        assert side * side + class_tokens == layer["queries"], layer
        # Pixels of the image from token to token: stage s of these models halves its map s times,
        # rounding up.
        stage = int(layer["layer"].split(".")[1])
        along = -(-case["size"] // case["patch"])
        for _ in range(stage):
            along = -(-along // 2)
        step = case["size"] / along
        distance = grid_distance(side, side, step, step)
        by_image = maps.reshape(len(images), layer["windows"], *maps.shape[1:])
        rows = [measures(image, distance, class_tokens) for image in by_image]
        for name, metric in layer["metrics"].items():
            if name not in rows[0]:
                assert name.endswith(".output"), name
                continue
            expected = numpy.mean([row[name] for row in rows])
            error = abs(metric["value"] - expected) / max(1, abs(expected))
            worst = max(worst, error)
            assert error <= TOLERANCE, (case["model"], layer["layer"], name, metric["value"], expected)
    print(f"{case['model']}: {len(result['layers'])} layers, largest difference {worst:.2g}")


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    place = pathlib.Path(sys.argv[2])
    place.mkdir(parents=True, exist_ok=True)
    for index, one in enumerate(CASES):
        check(sys.argv[1], place, one, index)
