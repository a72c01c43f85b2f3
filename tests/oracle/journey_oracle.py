"""Whether one accuracy stands at every station of a model's way: timm's weights, fine-tuned by vitlab on
photos, evaluated, pruned, exported, and run by timm and ONNX Runtime with timm's own transform.

journey_oracle.py VITLAB FOLDER
"""

import json
import pathlib
import shutil
import subprocess
import sys
import warnings

warnings.filterwarnings("ignore")

import numpy
import onnxruntime
import timm
import torch
from PIL import Image, ImageDraw

CLASSES = ["book", "cup", "tent"]
# Pillow rounds pixels to 8 bits between its steps, vitlab does not; nats.
LOSS_LIMIT = 2e-3

MODEL = """template: efficientvit
image_size: {size}
classes: {classes}
stem_stride: {stride}
widths: [32, 48, 64]
depths: [1, 1, 1]
heads: [2, 3, 4]
"""
RECIPE = """epochs: 8
batch_size: 16
learning_rate: 2e-3
warmup_epochs: 1
crop_padding: 4
crop_fraction: {crop}
interpolation: {interpolation}
"""


def photo(label, random):
    """A shape of its class, in any colour and place, on noise, in any size."""
    width, height = random.integers(90, 220, 2)
    pixels = random.integers(0, 90, (height, width, 3), dtype=numpy.uint8)
    image = Image.fromarray(pixels)
    side = int(0.45 * min(width, height))
    left, top = random.integers(width // 2 - side // 2 - 8, width // 2 - side // 2 + 8), random.integers(
        height // 2 - side // 2 - 8, height // 2 - side // 2 + 8)
    box = (int(left), int(top), int(left) + side, int(top) + side)
    colour = tuple(int(x) for x in random.integers(120, 256, 3))
    draw = ImageDraw.Draw(image)
    if label == "book":
        draw.rectangle(box, fill=colour)
    elif label == "cup":
        draw.ellipse(box, outline=colour, width=max(3, side // 8))
    else:
        draw.polygon([(box[0], box[3]), (box[2], box[3]), ((box[0] + box[2]) // 2, box[1])], fill=colour)
    return image


def write_photos(folder, random, size=None):
    for split, count in (("train", 40), ("val", 12), ("test", 20)):
        for label in CLASSES:
            (folder / split / label).mkdir(parents=True)
            for i in range(count):
                image = photo(label, random)
                if size:
                    image = image.resize((size, size))
                if i % 2:
                    image.save(folder / split / label / f"{i}.png")
                else:
                    image.save(folder / split / label / f"{i}.jpg", quality=92)


def loss_and_accuracy(logits, labels):
    return (torch.nn.functional.cross_entropy(logits, labels).item(), (logits.argmax(1) == labels).float().mean().item())


class Journey:
    def __init__(self, vitlab, folder):
        self.vitlab, self.folder = vitlab, folder
        self.wrong = self.blind = 0

    def run(self, *words):
        done = subprocess.run([self.vitlab, *map(str, words)], capture_output=True, text=True, check=False)
        assert done.returncode == 0, f"{' '.join(map(str, words))}: {done.stderr}"
        return json.loads(done.stdout) if "--json" in words else done.stdout

    def compare(self, where, got, expected):
        same = abs(got[0] - expected[0]) <= LOSS_LIMIT and abs(got[1] - expected[1]) < 1e-6
        self.wrong += not same
        print(f"{where}: loss {got[0]:.5f}, accuracy {got[1]:.4f}{'' if same else f', not {expected}'}")

    def model_file(self, name, size, stride, classes):
        file = self.folder / f"{name}.yaml"
        file.write_text(MODEL.format(size=size, stride=stride, classes=classes))
        return file

    def timm_weights(self, size, stride):
        """A timm model of other classes, as torch.save leaves it."""
        other = self.model_file("seven", size, stride, 7)
        self.run("export", other, "--format", "timm", "--out", self.folder / "seven")
        torch.manual_seed(0)
        model = timm.create_model(f"local-dir:{self.folder / 'seven' / 'timm'}", pretrained=False)
        torch.save(model.state_dict(), self.folder / "seven.pth")
        return self.folder / "seven.pth"

    def evaluated(self, model, photos):
        answer = self.run("evaluate", model, "--data", f"folder:{photos}", "--json")
        assert sum(map(sum, answer["confusion"])) == answer["top1"]["samples"]
        assert [row["class"] for row in answer["per_class"]] == CLASSES
        return answer["loss"], answer["top1"]["value"]

    def in_timm(self, exported, photos):
        """Loss and accuracy by timm's model on what timm's transform makes of the files."""
        model = timm.create_model(f"local-dir:{exported / 'timm'}", pretrained=True).eval()
        assert model.pretrained_cfg["label_names"] == CLASSES
        config = timm.data.resolve_data_config(model=model)
        images, labels = self.transformed(config, photos)
        # Another crop, filter or mean must show, else the comparison tells nothing.
        others = [{"crop_pct": 0.7}, {"interpolation": "lanczos" if config["interpolation"] == "bilinear" else "bilinear"},
                  {"mean": (0.5, 0.5, 0.5), "std": (0.5, 0.5, 0.5)}]
        with torch.no_grad():
            own = loss_and_accuracy(model(images), labels)
            for other in others:
                loss = loss_and_accuracy(model(self.transformed({**config, **other}, photos)[0]), labels)[0]
                print(f"  with {other}: loss {loss:.5f}")
                self.blind += abs(loss - own[0]) <= 2 * LOSS_LIMIT
            return own

    def transformed(self, config, photos):
        transform = timm.data.create_transform(**config, is_training=False)
        images, labels = [], []
        for number, label in enumerate(CLASSES):
            for file in sorted((photos / "test" / label).iterdir()):
                images.append(transform(Image.open(file).convert("RGB")))
                labels.append(number)
        return torch.stack(images), torch.tensor(labels)

    def in_onnx(self, exported, photos):
        session = onnxruntime.InferenceSession(str(exported / "onnx" / "model.onnx"), providers=["CPUExecutionProvider"])
        about = session.get_modelmeta().custom_metadata_map
        assert json.loads(about["vitlab.class_names"]) == CLASSES
        how = json.loads(about["vitlab.preprocessing"])
        shape = session.get_inputs()[0].shape
        config = {"input_size": tuple(shape[1:]), "interpolation": how["interpolation"], "mean": how["mean"], "std": how["std"],
                  "crop_pct": how["crop_fraction"], "crop_mode": how["crop_mode"]}
        images, labels = self.transformed(config, photos)
        return loss_and_accuracy(torch.from_numpy(session.run(None, {"input": images.numpy()})[0]), labels)

    def travel(self, photos, size, stride, crop, interpolation):
        model = self.model_file("three", size, stride, 3)
        recipe = self.folder / "recipe.yaml"
        recipe.write_text(RECIPE.format(crop=crop, interpolation=interpolation))
        trained = self.folder / "trained"
        data = f"folder:{photos}"
        words = ("train", model, "--start", self.timm_weights(size, stride), "--data", data, "--recipe", recipe, "--out", trained)
        told = self.run(*words, "--json")
        assert any("7 classes" in note for note in told["notes"]), told["notes"]
        assert told["class_names"] == CLASSES
        expected = told["loss.test"], told["accuracy.top1"]["value"]
        assert 0.6 < expected[1], f"accuracy {expected[1]}: nothing was learned, so nothing is compared"
        print(f"trained: loss {expected[0]:.5f}, accuracy {expected[1]:.4f}")
        self.compare("evaluate", self.evaluated(trained, photos), expected)
        self.run("export", trained, "--format", "timm,onnx", "--out", self.folder / "exported")
        self.compare("timm", self.in_timm(self.folder / "exported", photos), expected)
        self.compare("onnx", self.in_onnx(self.folder / "exported", photos), expected)
        pruned = self.folder / "pruned"
        cut = self.run("prune", trained, "--data", data, "--recipe", recipe, "--keep", "macs=0.8", "--out", pruned, "--json")
        after = self.evaluated(pruned, photos)
        self.compare("pruned", after, (after[0], cut["accuracy_top1"]["after"]))
        self.run("export", pruned, "--format", "onnx", "--out", self.folder / "pruned_exported")
        self.compare("pruned, onnx", self.in_onnx(self.folder / "pruned_exported", photos), after)


def main(vitlab, folder):
    torch.set_num_threads(1)
    shutil.rmtree(folder, ignore_errors=True)
    wrong = 0
    # Photos of any size, a bicubic transform of another crop, and images of CIFAR's size.
    ways = {"photos": (None, 96, 16, 0.875, "bilinear"), "bicubic": (None, 80, 16, 0.95, "bicubic"), "small": (32, 64, 16, 1, "bilinear")}
    for name, (files, size, stride, crop, interpolation) in ways.items():
        print(f"-- {name}")
        journey = Journey(vitlab, folder / name)
        photos = folder / name / "photos"
        write_photos(photos, numpy.random.default_rng(1), files)
        journey.travel(photos, size, stride, crop, interpolation)
        wrong += journey.wrong
        assert journey.blind < 2, "two of three other preprocessings went unseen"
    print(f"{wrong} stations differ")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], pathlib.Path(sys.argv[2])))
