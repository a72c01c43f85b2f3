"""Whether analysis/to_coreml.py converts what vitlab exports.

coreml_oracle.py FOLDER   FOLDER is what export_oracle.py left; exit 77 (skipped) without coremltools
"""

import pathlib
import subprocess
import sys
import tempfile

CASES = ("efficientvit_m0", "deit_tiny", "random_0")
SKIPPED = 77
SCRIPT = pathlib.Path(__file__).resolve().parents[2] / "analysis" / "to_coreml.py"


def shapes_of(features):
    return {feature.name: tuple(feature.type.multiArrayType.shape) for feature in features}


def judge(case, folder):
    """Converts two images a prediction; only macOS can run the package, so its interface is checked."""
    import coremltools
    from safetensors.numpy import load_file

    run = load_file(folder / "run.safetensors")
    with tempfile.TemporaryDirectory() as place:
        package = pathlib.Path(place) / f"{case}.mlpackage"
        script = folder / "out" / "torchscript" / "model.pt"
        subprocess.run([sys.executable, SCRIPT, script, package, "--batch", "2"], check=True,
                       capture_output=True)
        spec = coremltools.models.MLModel(str(package), skip_model_load=True).get_spec()
    assert spec.WhichOneof("Type") == "mlProgram", f"{case} is no ML program"
    inputs, outputs = shapes_of(spec.description.input), list(shapes_of(spec.description.output))
    assert inputs == {"images": (2, *run["input"].shape[1:])}, f"{case} reads {inputs}"
    assert outputs == ["logits"], f"{case} gives {outputs}"
    assert "vitlab.spec" in spec.description.metadata.userDefined, f"{case} has lost its spec"
    print(f"{case}: converted")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    try:
        import coremltools  # noqa: F401
    except ImportError:
        print("coremltools is not installed: the conversion to Core ML was not tried")
        sys.exit(SKIPPED)
    for name in CASES:
        judge(name, pathlib.Path(sys.argv[1]) / name)
