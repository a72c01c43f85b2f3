"""Checkpoints that PyTorch writes, for vitlab's own reader of them.

checkpoints.py live FOLDER   pairs FOLDER/<case>.pth and FOLDER/<case>.safetensors of the same
                             tensors, and FOLDER/refused_<case>.pth; checkpoints.json
checkpoints.py golden FILE   the small state dict of tests/interop/torch_checkpoint_test.cpp
"""

import argparse
import json
import pathlib
import sys
import warnings
from collections import OrderedDict

warnings.filterwarnings("ignore")

import timm
import torch
from safetensors.torch import save_file

DTYPES = [torch.float64, torch.float32, torch.float16, torch.bfloat16, torch.int64, torch.int32,
          torch.uint8, torch.bool]


def with_index_buffers(state):
    """As the papers' code saves it: beside each table of attention biases, whose bias a pair uses."""
    result = OrderedDict()
    for name, tensor in state.items():
        result[name] = tensor
        if name.endswith("attention_biases"):
            result[name.replace("biases", "bias_idxs")] = torch.zeros(49, 49, dtype=torch.int64)
    return result


def all_dtypes():
    numbers = torch.linspace(-100, 100, 12).reshape(3, 4)
    state = OrderedDict((str(dtype)[6:], numbers.abs().to(dtype)) for dtype in DTYPES)
    state["none"] = torch.zeros(0, 3)
    state["scalar"] = torch.tensor(2.5)
    return state


def views():
    base = torch.arange(120.0).reshape(4, 5, 6)
    return OrderedDict(
        base=base, turned=base.permute(2, 0, 1), part=base[1:3, ::2, 1:5], last=base[3, 4, 5],
        tied=base, row=base[2], diagonal=torch.diagonal(base[:, :4, 0]),
        repeated=torch.ones(1).expand(3, 4), channels_last=base.reshape(2, 3, 4, 5).to(
            memory_format=torch.channels_last),
        parameter=torch.nn.Parameter(base[0] * 2))


def cases():
    torch.manual_seed(0)
    model = timm.create_model("efficientvit_m0", num_classes=10)
    state = model.state_dict()
    optimizer = torch.optim.AdamW(model.parameters())
    model(torch.randn(2, 3, 224, 224)).sum().backward()
    optimizer.step()
    yield "timm", state, state
    yield "dtypes", all_dtypes(), all_dtypes()
    yield "views", views(), views()
    yield "model", {"model": state}, state
    yield "training", {"epoch": 3, "best": 0.5, "name": "run", "sizes": [1, (2, 3)],
                       "optimizer": optimizer.state_dict(), "state_dict": state,
                       "shape": torch.Size([2, 3])}, state
    yield "average", {"model_ema": state, "epoch": 2**40}, state
    smooth = OrderedDict((name, tensor + 1 if tensor.is_floating_point() else tensor) for name, tensor in state.items())
    yield "both", {"state_dict": state, "state_dict_ema": smooth, "arch": "efficientvit_m0"}, smooth
    yield "wrapped", {"ema": None, "model": {"state_dict": state, "epoch": 1}}, state
    yield "parallel", {"module." + name: tensor for name, tensor in state.items()}, state
    yield "official", {"model": with_index_buffers(state)}, with_index_buffers(state)


def write_live(folder):
    folder.mkdir(parents=True, exist_ok=True)
    names = []
    for name, content, tensors in cases():
        names.append(name)
        torch.save(content, folder / f"{name}.pth")
        save_file({key: tensor.detach().clone(memory_format=torch.contiguous_format)
                   for key, tensor in tensors.items()}, folder / f"{name}.safetensors")
    layer = torch.nn.Linear(2, 2)
    state = layer.state_dict()
    torch.save(state, folder / "refused_legacy.pth", _use_new_zipfile_serialization=False)
    torch.save(state, folder / "refused_protocol.pth", pickle_protocol=4)
    torch.save({"model": state, "args": argparse.Namespace(lr=1)}, folder / "refused_args.pth")
    torch.save(layer, folder / "refused_module.pth")
    torch.save({"epoch": 1}, folder / "refused_empty.pth")
    torch.save({"short": torch.ones(2, dtype=torch.int16)}, folder / "refused_dtype.pth")
    torch.jit.script(layer).save(folder / "refused_script.pth")
    (folder / "checkpoints.json").write_text(json.dumps(names))


def write_golden(path):
    base = torch.arange(6, dtype=torch.float32).reshape(2, 3) / 2
    torch.save({"model": OrderedDict(weight=base, turned=base.t(), steps=torch.tensor(7)),
                "epoch": 3}, path)


if __name__ == "__main__":
    if len(sys.argv) != 3 or sys.argv[1] not in ("live", "golden"):
        sys.exit(__doc__)
    torch.set_num_threads(1)
    if sys.argv[1] == "live":
        write_live(pathlib.Path(sys.argv[2]))
    else:
        write_golden(sys.argv[2])
