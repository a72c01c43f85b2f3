"""What timm computes, for tests/oracle and for the golden logits of tests/model.

timm_oracle.py live FOLDER   per case FOLDER/<case>.weights.safetensors (timm's state dict) and
                             FOLDER/<case>.run.safetensors (input, logits, gradients); cases.json
timm_oracle.py golden FILE   logits of models whose weights are a formula of their timm names
"""

import json
import math
import pathlib
import sys
import warnings

warnings.filterwarnings("ignore")

import numpy
import timm
import torch
from safetensors.torch import save_file

# Image sizes are (height, width). 128 makes windows that need padding; so does 256 x 224, in one
# direction each. `gain` of the weights keeps the images' share of the signal alive in networks whose
# layers have no residual around them.
LIVE = [
    dict(case=f"efficientvit_m{i}", model=f"efficientvit_m{i}", size=(224, 224), classes=1000)
    for i in range(6)
] + [
    dict(case="efficientvit_m0_128", model="efficientvit_m0", size=(128, 128), classes=10),
    dict(case="efficientvit_m2_tall", model="efficientvit_m2", size=(256, 224), classes=7),
    dict(case="deit_tiny", model="deit_tiny", size=(224, 224), classes=1000),
    dict(case="deit_small", model="deit_small", size=(224, 224), classes=1000),
    dict(case="deit_tiny_wide", model="deit_tiny", size=(64, 96), classes=10),
    dict(case="deit_tiny_distilled", model="deit_tiny_distilled", size=(224, 224), classes=1000),
    dict(case="deit_small_distilled", model="deit_small_distilled", size=(96, 64), classes=10),
    dict(case="mobilenetv2", model="mobilenetv2_100", size=(224, 224), classes=1000, gain=1.5),
    dict(case="mobilenetv2_tall", model="mobilenetv2_100", size=(97, 64), classes=7, gain=1.5),
    dict(case="mobilenetv3_large", model="mobilenetv3_large_100", size=(224, 224), classes=1000, gain=1.5),
    dict(case="mobilenetv3_small", model="mobilenetv3_small_100", size=(160, 192), classes=1000, gain=1.75),
    dict(case="efficientnet_b0", model="efficientnet_b0", size=(224, 224), classes=1000, gain=2),
    dict(case="mobilevit_xxs", model="mobilevit_xxs", size=(256, 256), classes=1000, gain=1.75),
    dict(case="mobilevit_xs", model="mobilevit_xs", size=(256, 256), classes=1000, gain=1.75),
    dict(case="mobilevit_xxs_tall", model="mobilevit_xxs", size=(192, 128), classes=7, gain=1.75),
    dict(case="mobilevit_xxs_step", model="mobilevit_xxs", size=(128, 128), classes=10, step=True),
    dict(case="mobilenetv3_small_step", model="mobilenetv3_small_100", size=(64, 64), classes=10, step=True),
    dict(case="efficientnet_b0_step", model="efficientnet_b0", size=(64, 64), classes=10, step=True),
    dict(case="efficientvit_m0_step", model="efficientvit_m0", size=(128, 128), classes=10, step=True),
    dict(case="deit_tiny_step", model="deit_tiny", size=(64, 64), classes=10, step=True),
    dict(case="deit_tiny_distilled_step", model="deit_tiny_distilled", size=(64, 64), classes=10, step=True),
    # Maps of 25 x 33 pixels: windows that need padding, odd maps to merge, and in the last stage
    # windows that shrink on both sides; 40 x 56: on one.
    dict(case="swin_tiny", model="swin_tiny", size=(224, 224), classes=1000),
    dict(case="swin_tiny_odd", model="swin_tiny", size=(100, 132), classes=10),
    dict(case="swin_tiny_wide", model="swin_tiny", size=(160, 224), classes=7),
    dict(case="swin_tiny_heads", model="swin_tiny", size=(96, 64), classes=7,
         knobs=["qk_dim=24", "v_ratio=0.75"], arguments=dict(head_dim=24)),
    dict(case="swin_tiny_step", model="swin_tiny", size=(100, 132), classes=10, step=True),
    dict(case="swinv2_tiny", model="swinv2_tiny", size=(256, 256), classes=1000),
    dict(case="swinv2_tiny_odd", model="swinv2_tiny", size=(100, 132), classes=10),
    dict(case="swinv2_tiny_wide", model="swinv2_tiny", size=(160, 224), classes=7),
    dict(case="swinv2_tiny_step", model="swinv2_tiny", size=(100, 132), classes=10, step=True),
]
# Weights made at `made_at`, which timm's own filters bring to `size`.
RESIZED = [
    dict(case="deit_tiny_resized", model="deit_tiny", made_at=(224, 224), size=(384, 384), classes=10),
    dict(case="deit_tiny_resized_wide", model="deit_tiny", made_at=(96, 96), size=(64, 160), classes=10),
    dict(case="deit_tiny_distilled_resized", model="deit_tiny_distilled", made_at=(128, 128), size=(96, 160),
         classes=10),
    dict(case="swin_tiny_resized", model="swin_tiny", made_at=(96, 96), size=(224, 224), classes=10),
    dict(case="swin_tiny_resized_wide", model="swin_tiny", made_at=(128, 128), size=(96, 224), classes=10),
    dict(case="efficientvit_m0_resized", model="efficientvit_m0", made_at=(224, 224), size=(384, 384),
         classes=10),
    dict(case="swinv2_tiny_resized", model="swinv2_tiny", made_at=(256, 256), size=(192, 128), classes=10),
]
LIVE += RESIZED
TIMM_NAMES = dict(swin_tiny="swin_tiny_patch4_window7_224", swinv2_tiny="swinv2_tiny_window8_256")
SMALL_SWIN = dict(knobs=["width=16", "depths=[2, 2]", "heads=[2, 4]", "window=4"],
                  arguments=dict(embed_dim=16, depths=(2, 2), num_heads=(2, 4), window_size=4))
GOLDEN = [
    dict(model="efficientvit_m0", size=(128, 128), classes=10),
    dict(model="efficientvit_m1", size=(64, 64), classes=10),
    dict(model="deit_tiny", size=(32, 48), classes=10),
    dict(model="deit_tiny_distilled", size=(48, 32), classes=10),
    dict(model="swin_tiny", size=(44, 40), classes=10, **SMALL_SWIN),
    dict(model="swinv2_tiny", size=(44, 40), classes=10, **SMALL_SWIN),
    dict(model="mobilenetv2_100", size=(64, 48), classes=10, gain=2),
    dict(model="mobilenetv3_large_100", size=(64, 64), classes=10, gain=1.75),
    dict(model="mobilenetv3_small_100", size=(48, 64), classes=10, gain=2),
    dict(model="efficientnet_b0", size=(64, 64), classes=10, gain=2),
    dict(model="mobilevit_xxs", size=(128, 64), classes=10, gain=1.75),
]
# Convolutional networks of timm take images of any size and have no argument for it.
SIZELESS = ("mobilenet", "efficientnet", "mobilevit")


def make(case):
    name = case["model"] + ("_patch16_224" if case["model"].startswith("deit_") else "")
    size = {} if name.startswith(SIZELESS) else {"img_size": case["size"]}
    return timm.create_model(TIMM_NAMES.get(name, name), num_classes=case["classes"], **size,
                             **case.get("arguments", {})).double().eval()


def resized(state, model):
    """The state dict for a model of images of another size, as timm loads it.

    timm leaves EfficientViT's biases alone: microsoft/Cream's code for detection makes bicubics of them.
    """
    if isinstance(model, timm.models.efficientvit_msra.EfficientVitMsra):
        wanted = model.state_dict()
        for name, table in state.items():
            if not name.endswith("attention_biases") or table.shape == wanted[name].shape:
                continue
            side = math.isqrt(table.shape[1])
            grid = 2 * (math.isqrt(wanted[name].shape[1]),)
            state[name] = torch.nn.functional.interpolate(
                table.float().view(1, -1, side, side), size=grid, mode="bicubic").view(-1, math.prod(grid)).double()
        return state
    return sys.modules[type(model).__module__].checkpoint_filter_fn(state, model)


def is_counter(name):
    return name.endswith("num_batches_tracked")


def randomise(model, generator, usual_gain=1):
    """Weights in which nothing is 0 or 1, so that every branch, scale and statistic takes part.

    The images' share of the signal survives the stem (gain 2 for ReLU, small offsets);
    queries and the norms that close a residual branch are small, so that rounding errors do not grow on their way
    through deep models. All values are those of a half: files are small, and every dtype reads
    the same weights.
    """
    closing = ("pw2.bn.weight", "proj.1.bn.weight", ".m.bn.weight")
    for name, tensor in model.state_dict().items():
        if is_counter(name):
            continue
        if name.endswith("running_var") or (tensor.dim() == 1 and name.endswith("weight")):
            tensor.uniform_(0.5, 1.5, generator=generator)
            if name.endswith(closing):
                tensor.mul_(0.3)
        elif name.endswith("weight"):
            before_relu = name.startswith("patch_embed.conv") or ".pw1." in name
            gain = 2 if before_relu else 0.5 if ".attn.qkvs." in name else usual_gain
            tensor.normal_(0, math.sqrt(gain / math.prod(tensor.shape[1:])), generator=generator)
        elif name.endswith("logit_scale"):  # some beyond its limit log(100)
            tensor.uniform_(0, 5, generator=generator)
        else:
            tensor.normal_(0, 0.2 if tensor.dim() == 1 else 1, generator=generator)
        tensor.copy_(tensor.half().double())


def step(model, images, generator, classes):
    """Gradients of the mean cross entropy in training mode without drop path, and the statistics behind
    it.

    A distilled model gives back a pair of logits while training; their losses are averaged.
    """
    labels = torch.randint(classes, (len(images),), generator=generator)
    model.train()
    for module in model.modules():
        if isinstance(module, timm.layers.DropPath):
            module.drop_prob = 0.0
    if hasattr(model, "set_distilled_training"):
        model.set_distilled_training(True)
    outputs = model(images)
    outputs = outputs if isinstance(outputs, tuple) else (outputs,)
    loss = sum(torch.nn.functional.cross_entropy(each, labels) for each in outputs) / len(outputs)
    loss.backward()
    result = {"labels": labels, "loss": loss.detach().reshape(1)}
    for name, parameter in model.named_parameters():
        result["gradient." + name] = parameter.grad
    for name, tensor in model.named_buffers():
        if name.endswith("running_mean") or name.endswith("running_var"):
            result["behind." + name] = tensor.clone()
    return result


def write_live(folder):
    folder.mkdir(parents=True, exist_ok=True)
    for number, case in enumerate(LIVE):
        generator = torch.Generator().manual_seed(number)
        model = make(case | dict(size=case.get("made_at", case["size"])))
        randomise(model, generator, case.get("gain", 1))
        count = 5 if case.get("step") else 2
        images = torch.randn(count, 3, *case["size"], generator=generator, dtype=torch.float64)
        weights = {name: tensor.clone() for name, tensor in model.state_dict().items()}
        save_file({name: tensor if is_counter(name) else tensor.half()
                   for name, tensor in weights.items()},
                  folder / f"{case['case']}.weights.safetensors")
        if "made_at" in case:
            made, model = model.state_dict(), make(case)
            model.load_state_dict(resized(dict(made), model))
            weights = {name: tensor.clone() for name, tensor in model.state_dict().items()}
        with torch.no_grad():
            run = {"input": images, "logits.float64": model(images),
                   "logits.float32": model.float()(images.float())}
        model.double().load_state_dict(weights)
        if case.get("step"):
            run |= step(model, images, generator, case["classes"])
        save_file({name: tensor.contiguous() for name, tensor in run.items()},
                  folder / f"{case['case']}.run.safetensors")
    (folder / "cases.json").write_text(json.dumps(LIVE, indent=1))


def formula(name, count):
    """Numbers in [-0.5, 0.5) in whole-number arithmetic: the same in every language."""
    p = 65521
    start = 0
    for byte in name.encode():
        start = (start * 131 + byte) % p
    t = (start + 7919 * numpy.arange(count, dtype=numpy.int64)) % p
    t = (t * t % p) * t % p
    return torch.from_numpy((t * t % p + t) % p / p - 0.5)


def formula_tensor(name, shape, gain=1):
    u = formula(name, math.prod(shape)).reshape(shape)
    if name.endswith("running_var"):
        return 2 * u + 2
    if len(shape) == 1 and name.endswith("weight"):
        return u + 1
    if len(shape) > 1 and name.endswith("weight"):
        return u * (gain * math.sqrt(12 / math.prod(shape[1:])))
    return u


def write_golden(path):
    rows = []
    for case in GOLDEN:
        model = make(case)
        model.load_state_dict({
            name: tensor if is_counter(name) else
            formula_tensor(name, tuple(tensor.shape), case.get("gain", 1))
            for name, tensor in model.state_dict().items()})
        images = 2 * formula_tensor("input", (2, 3, *case["size"]))
        with torch.no_grad():
            logits = model(images)
        rows.append(dict(model=case["model"], image_size=list(case["size"]),
                         classes=case["classes"], knobs=case.get("knobs", []),
                         **({"gain": case["gain"]} if "gain" in case else {}),
                         logits=logits.flatten().tolist()))
    text = json.dumps(dict(made_with=f"timm {timm.__version__}", cases=rows), indent=1)
    pathlib.Path(path).write_text(text + "\n")


if __name__ == "__main__":
    if len(sys.argv) != 3 or sys.argv[1] not in ("live", "golden"):
        sys.exit(__doc__)
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    if sys.argv[1] == "live":
        write_live(pathlib.Path(sys.argv[2]))
    else:
        write_golden(sys.argv[2])
