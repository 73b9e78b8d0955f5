"""map.parquet: the map in the column names of embedding-atlas (Apple, MIT), which draws it as it is.

    embedding-atlas map.parquet --text text --x projection_x --y projection_y --neighbors neighbors

Stored coordinates go in and are written unchanged. `neighbors` are the nearest rows on this map, a row itself first
among them as a rule, in embedding-atlas's shape: zero-based row numbers and distances, in units of the map.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pyarrow as pa

NEIGHBOURS = 15  # as many as embedding-atlas computes itself (UMAP's default)
NO_WEAKNESS = "no weakness"


def map_table(points: Sequence[Mapping[str, Any]], answers: Mapping[tuple[str, str], Mapping[str, Any]], labels: Mapping[str, str]) -> pa.Table:
    """A row a probe.

    `points` are rows of `Weaknesses.map_points`, `answers` the champion's by (suite, probe id), `labels` the
    weaknesses' by id. A point without a place keeps null coordinates and has no neighbours.
    """
    import pyarrow as pa

    text, number = pa.string(), pa.float64()
    schema = pa.schema([
        ("id", text), ("text", text), ("projection_x", number), ("projection_y", number),
        ("neighbors", pa.struct([("ids", pa.list_(pa.int64())), ("distances", pa.list_(number))])),
        ("result", text), ("failure_type", text), ("weakness", text), ("weakness_label", text),
        ("gold", text), ("answer", text), ("strict", number), ("lenient", number), ("suite", text)])
    rows = []
    for point, near in zip(points, _neighbours(points), strict=True):
        answer = answers.get((point["suite"], point["probe_id"]), {})
        rows.append({
            "id": f"{point['suite']}/{point['probe_id']}", "text": point["prompt"], "projection_x": point["x"], "projection_y": point["y"],
            "neighbors": near, "result": "wrong" if point["failure_type"] else "right", "failure_type": point["failure_type"] or "right",
            "weakness": point["weakness"] or "", "weakness_label": labels.get(point["weakness"] or "", NO_WEAKNESS), "gold": point["gold"],
            "answer": answer.get("response"), "strict": answer.get("strict"), "lenient": answer.get("lenient"), "suite": point["suite"]})
    return pa.Table.from_pylist(rows, schema=schema)


def _neighbours(points: Sequence[Mapping[str, Any]]) -> list[dict[str, list[Any]] | None]:
    """For each point its nearest on the map, itself included, nearest first; ties by row number."""
    placed = [at for at, point in enumerate(points) if _is_placed(point)]
    found: list[dict[str, list[Any]] | None] = [None] * len(points)
    if not placed:
        return found
    from scipy.spatial import cKDTree

    places = [(points[at]["x"], points[at]["y"]) for at in placed]
    distances, near = cKDTree(places).query(places, k=range(1, min(NEIGHBOURS, len(placed)) + 1))
    for at, row_distances, row_near in zip(placed, distances.tolist(), near.tolist(), strict=True):
        ranked = sorted(zip(row_distances, (placed[other] for other in row_near), strict=True))
        found[at] = {"ids": [other for _, other in ranked], "distances": [distance for distance, _ in ranked]}
    return found


def _is_placed(point: Mapping[str, Any]) -> bool:
    return all(point[axis] is not None and math.isfinite(point[axis]) for axis in ("x", "y"))
