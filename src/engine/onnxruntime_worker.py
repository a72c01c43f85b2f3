# Runs one ONNX file in ONNX Runtime for vitlab-engine: words by lines on stdin, answers by lines on
# stdout, tensors as raw float32 behind the line that tells their shape.
import gc
import sys
import time


def say(line, data=b""):
    sys.stdout.buffer.write(line.encode() + b"\n" + data)
    sys.stdout.buffer.flush()


def refuse(kind, error):
    say(kind + " " + " ".join(str(error).split()))
    sys.exit(1)


try:
    import numpy
    import onnxruntime
except ImportError as error:
    refuse("missing", error)


def open_session(path, threads):
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.execution_mode = onnxruntime.ExecutionMode.ORT_SEQUENTIAL
    options.log_severity_level = 3
    # Threads that wait by spinning would take the processor from whoever has the next turn.
    options.add_session_config_entry("session.force_spinning_stop", "1")
    return onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])


def is_memory(error):
    text = str(error).lower()
    words = ("failed to allocate", "bad_alloc", "bad allocation", "out of memory", "unable to allocate")
    return isinstance(error, MemoryError) or any(word in text for word in words)


def serve(session):
    port = session.get_inputs()[0]
    sizes = [size if isinstance(size, int) else 0 for size in port.shape]
    say("ready %s %s %s" % (onnxruntime.__version__, port.type, " ".join(map(str, sizes))))
    images = None
    for line in sys.stdin.buffer:
        words = line.decode().split()
        if words[0] == "images":
            shape = [int(word) for word in words[1:]]
            count = 4 * int(numpy.prod(shape))
            images = numpy.frombuffer(sys.stdin.buffer.read(count), numpy.float32).reshape(shape)
            say("ok")
        elif words[0] == "logits":
            logits = numpy.ascontiguousarray(session.run(None, {port.name: images})[0], numpy.float32)
            say("logits " + " ".join(map(str, logits.shape)), logits.tobytes())
        else:
            start = time.perf_counter()
            session.run(None, {port.name: images})
            say("seconds %.9f" % (time.perf_counter() - start))


gc.disable()
try:
    serve(open_session(sys.argv[1], int(sys.argv[2])))
except Exception as error:
    refuse("memory" if is_memory(error) else "error", error)
