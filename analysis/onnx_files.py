"""What the scripts that run ONNX files share."""

import sys

import onnxruntime


def session(path):
    """One thread, with all of ONNX Runtime's optimisations."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_ALL
    return onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])


def files_of(folder, wanted):
    """Files by model: NAME.onnx, NAME/model.onnx, or NAME/onnx/model.onnx as `vitlab export` writes it."""
    found = {path.stem: path for path in sorted(folder.glob("*.onnx"))}
    found |= {path.parent.name: path for path in sorted(folder.glob("*/model.onnx"))}
    found |= {path.parent.parent.name: path for path in sorted(folder.glob("*/onnx/model.onnx"))}
    missing = [name for name in wanted if name not in found]
    if missing or not found:
        sys.exit(f"{folder}: no file of {', '.join(missing) or 'any model'}; see --help")
    return {name: found[name] for name in wanted or found}
