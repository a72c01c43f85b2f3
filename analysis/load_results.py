"""Loads results.csv into pandas.

usage: load_results.py FOLDER_OR_CSV [METRIC ...]
"""

import sys
from pathlib import Path

import pandas

TEXT = ["trial", "model", "dataset", "recipe", "device", "runtime", "dtype", "budget_metric", "metric", "subject", "unit"]
WHOLE = ["seed", "threads", "batch", "samples"]
CONTEXT = ["dataset", "recipe", "device", "runtime", "dtype", "threads", "batch"]


def load_results(path):
    """All rows of a results.csv, or of the folder of a sweep; texts that do not apply are ""."""
    path = Path(path)
    if path.is_dir():
        path = path / "views" / "results.csv"
    # Only empty cells are missing: pandas would take the levels "None" and "NA" of a knob for such.
    rows = pandas.read_csv(path, keep_default_na=False, na_values=[""], dtype={name: str for name in TEXT})
    rows[TEXT] = rows[TEXT].fillna("")
    rows[WHOLE] = rows[WHOLE].astype("Int64")
    return rows


def by_model(rows, metrics):
    """A row a model with its knobs and the metrics of the whole model, means over seeds.

    Values of several contexts (devices, batch sizes, data sets, ...) are no samples of one thing:
    where a metric has more than one, this raises ValueError; choose one of them first.
    """
    rows = rows[rows.metric.isin(metrics) & (rows.subject == "")]
    for metric, group in rows.groupby("metric"):
        mixed = [name for name in CONTEXT if group[name].nunique() > 1]
        if mixed:
            raise ValueError(f"{metric} has several contexts; choose one of each {', '.join(mixed)} first")
    knobs = [name for name in rows.columns if name.startswith("knob.")]
    rows = rows.assign(**{name: rows[name].astype(object).where(rows[name].notna(), "") for name in knobs})
    table = rows.pivot_table(index=["model", *knobs], columns="metric", values="value", aggfunc="mean")
    return table.reindex(columns=metrics).rename_axis(columns=None).reset_index()


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    chosen = sys.argv[2:] or ["params", "macs", "accuracy.top1", "throughput"]
    print(by_model(load_results(sys.argv[1]), chosen).to_string(index=False))
