"""A small V-MoE in NumPy alone, for the golden numbers of tests/model/experts_test.cpp.

vmoe_oracle.py golden FILE   writes the model, its logits on two images, which places of the experts are taken,
                             and gradients of a weighted sum of the logits by central differences
vmoe_oracle.py check FILE    computes them anew and fails where the file differs

Nothing here is shared with vitlab but the names of its parameters: tokens are routed one by one, in loops.
Weights and images are the formula of timm_oracle.py.
"""

import json
import math
import pathlib
import sys

import numpy

WIDTH, HEADS, SIZE, PATCH, CLASSES = 8, 2, 12, 4, 5
EXPERTS = [dict(experts=3, hidden=6, top_k=2, capacity=0.6), dict(experts=4, hidden=5, top_k=1, capacity=0.9)]
STEP = 1e-5


def spec():
    attention = {"token_attention": {"heads": HEADS, "qk": 4, "v": 4, "scale": 0.5}}
    layers = []
    for experts in EXPERTS:
        layers += [attention, {"expert_ffn": experts}]
    return {"model": 1, "image": {"channels": 3, "height": SIZE, "width": SIZE},
            "stem": {"patches": {"size": PATCH}}, "stages": [{"width": WIDTH, "layers": layers}],
            "heads": [{"token_head": {"classes": CLASSES}}]}


def shapes():
    """Every parameter by name."""
    tokens = (SIZE // PATCH) ** 2 + 1
    found = {"stem.projection.weight": (WIDTH, 3, PATCH, PATCH), "stem.projection.bias": (WIDTH,),
             "stem.class_token": (1, 1, WIDTH), "stem.position_embedding": (1, tokens, WIDTH)}
    for i, experts in enumerate(EXPERTS):
        attention, ffn = f"stages.0.layers.{2 * i}.", f"stages.0.layers.{2 * i + 1}."
        count, hidden = experts["experts"], experts["hidden"]
        for place in (attention, ffn):
            found |= {place + "norm.weight": (WIDTH,), place + "norm.bias": (WIDTH,)}
        found |= {attention + "qkv.weight": (3 * WIDTH, WIDTH), attention + "qkv.bias": (3 * WIDTH,),
                  attention + "project.weight": (WIDTH, WIDTH), attention + "project.bias": (WIDTH,),
                  ffn + "router.weight": (count, WIDTH),
                  ffn + "expand.weight": (count, hidden, WIDTH), ffn + "expand.bias": (count, hidden),
                  ffn + "project.weight": (count, WIDTH, hidden), ffn + "project.bias": (count, WIDTH)}
    return found | {"heads.0.norm.weight": (WIDTH,), "heads.0.norm.bias": (WIDTH,),
                    "heads.0.linear.weight": (CLASSES, WIDTH), "heads.0.linear.bias": (CLASSES,)}


def formula(name, shape):
    """Numbers in [-0.5, 0.5) in whole-number arithmetic, then scaled so that nothing is 0 or 1."""
    p, start = 65521, 0
    for byte in name.encode():
        start = (start * 131 + byte) % p
    t = [(start + 7919 * i) % p for i in range(math.prod(shape))]
    t = [pow(x, 3, p) for x in t]
    u = numpy.array([(x * x + x) % p / p - 0.5 for x in t]).reshape(shape)
    if not name.endswith("weight"):
        return u
    return u + 1 if len(shape) == 1 else u * math.sqrt(12 / math.prod(shape[1:]))


def layer_norm(x, w, place):
    mean = sum(x) / len(x)
    variance = sum((each - mean) ** 2 for each in x) / len(x)
    return (x - mean) / math.sqrt(variance + 1e-6) * w[place + "norm.weight"] + w[place + "norm.bias"]


def softmax(x):
    e = numpy.exp(x - max(x))
    return e / sum(e)


def gelu(x):
    return numpy.array([each * 0.5 * (1 + math.erf(each / math.sqrt(2))) for each in x])


def tokens_of(image, w):
    side = SIZE // PATCH
    tokens = [w["stem.class_token"][0, 0]]
    for row in range(side):
        for column in range(side):
            patch = image[:, row * PATCH:(row + 1) * PATCH, column * PATCH:(column + 1) * PATCH]
            tokens.append(numpy.array([(kernel * patch).sum() for kernel in w["stem.projection.weight"]])
                          + w["stem.projection.bias"])
    return [token + position for token, position in zip(tokens, w["stem.position_embedding"][0])]


def attend(tokens, w, place):
    size = WIDTH // HEADS
    qkv = [w[place + "qkv.weight"] @ layer_norm(token, w, place) + w[place + "qkv.bias"] for token in tokens]
    result = []
    for i, token in enumerate(tokens):
        mixed = []
        for head in range(HEADS):
            q, k, v = (slice(part * WIDTH + head * size, part * WIDTH + (head + 1) * size) for part in range(3))
            shares = softmax(numpy.array([0.5 * (qkv[i][q] @ other[k]) for other in qkv]))
            mixed.append(sum(share * other[v] for share, other in zip(shares, qkv)))
        result.append(token + w[place + "project.weight"] @ numpy.concatenate(mixed) + w[place + "project.bias"])
    return result


def choose(gates, experts):
    """The tokens that each expert serves, in the order of their places."""
    capacity = max(1, round(experts["top_k"] * len(gates) * experts["capacity"] / experts["experts"]))
    served = [[] for _ in range(experts["experts"])]
    for choice in range(experts["top_k"]):
        for token, gate in enumerate(gates):
            best = sorted(range(len(gate)), key=lambda e: -gate[e])
            if len(served[best[choice]]) < capacity:
                served[best[choice]].append(token)
    return served


def run_experts(tokens, w, place, experts, routes):
    normed = [layer_norm(token, w, place) for token in tokens]
    gates = [softmax(w[place + "router.weight"] @ x) for x in normed]
    served = choose(gates, experts)
    routes.append(served)
    result = list(tokens)
    for expert, own in enumerate(served):
        for token in own:
            inner = gelu(w[place + "expand.weight"][expert] @ normed[token] + w[place + "expand.bias"][expert])
            answer = w[place + "project.weight"][expert] @ inner + w[place + "project.bias"][expert]
            result[token] = result[token] + gates[token][expert] * answer
    return result


def logits(image, w, routes):
    tokens = tokens_of(image, w)
    for i, experts in enumerate(EXPERTS):
        tokens = attend(tokens, w, f"stages.0.layers.{2 * i}.")
        tokens = run_experts(tokens, w, f"stages.0.layers.{2 * i + 1}.", experts, routes)
    return w["heads.0.linear.weight"] @ layer_norm(tokens[0], w, "heads.0.") + w["heads.0.linear.bias"]


def loss(images, w):
    routes = []
    out = numpy.array([logits(image, w, routes) for image in images])
    return (out * formula("loss", out.shape)).sum(), routes


def slope(images, w, name, position, routes):
    values = []
    for step in (STEP, -STEP):
        moved = dict(w)
        moved[name] = w[name].copy()
        moved[name].flat[position] += step
        value, now = loss(images, moved)
        assert now == routes, f"{name}[{position}] moves a route"
        values.append(value)
    return (values[0] - values[1]) / (2 * STEP)


def found():
    w = {name: formula(name, shape) for name, shape in shapes().items()}
    images = 2 * formula("input", (2, 3, SIZE, SIZE))
    routes = []
    out = [logits(image, w, routes).tolist() for image in images]
    requests = len(images) * ((SIZE // PATCH) ** 2 + 1) * sum(each["top_k"] for each in EXPERTS)
    places = sum(len(own) for served in routes for own in served)
    gradients = []
    for name, shape in shapes().items():
        if not name.endswith(("router.weight", "expand.weight", "expand.bias", "project.bias", "class_token")):
            continue
        for position in range(0, math.prod(shape), 7):
            gradients.append([name, position, slope(images, w, name, position, routes)])
    return dict(made_with=f"NumPy {numpy.__version__}", spec=spec(), logits=out, routes=routes,
                dropped=requests - places, gradients=gradients)


def check(golden, anew):
    for key in ("spec", "routes", "dropped"):
        assert golden[key] == anew[key], key
    assert [row[:2] for row in golden["gradients"]] == [row[:2] for row in anew["gradients"]]
    for key, tolerance in (("logits", 1e-12), ("gradients", 1e-8)):
        a, b = (numpy.array([[float(each) for each in row if not isinstance(each, str)] for row in data[key]])
                for data in (golden, anew))
        assert abs(a - b).max() < tolerance, key


if __name__ == "__main__":
    if len(sys.argv) != 3 or sys.argv[1] not in ("golden", "check"):
        sys.exit(__doc__)
    file = pathlib.Path(sys.argv[2])
    if sys.argv[1] == "golden":
        file.write_text(json.dumps(found(), separators=(",", ":")) + "\n")
    else:
        check(json.loads(file.read_text()), found())
