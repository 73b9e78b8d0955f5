"""map.parquet has the columns, types and neighbours that embedding-atlas reads."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from agent.report.atlas import NEIGHBOURS, map_table
from agent.report.folder import write_cycle
from agent.store import Store
from tests.agent.report.builder import RUN, build_run


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> tuple[pa.Table, list[dict]]:
    state = tmp_path_factory.mktemp("state")
    build_run(state, n_cycles=1)
    with Store.open(state) as store:
        folder: Path = write_cycle(store, RUN, 1)
        return pq.read_table(folder / "map.parquet"), store.weaknesses.map_points(RUN, 1)


def test_columns_and_types(written: tuple[pa.Table, list[dict]]) -> None:
    table, _ = written
    kinds = {field.name: str(field.type) for field in table.schema}
    assert kinds["projection_x"] == kinds["projection_y"] == "double" and kinds["text"] == "string"
    assert table.schema.field("neighbors").type == pa.struct([("ids", pa.list_(pa.int64())), ("distances", pa.list_(pa.float64()))])
    assert {name for name, kind in kinds.items() if kind == "string"} == {
        "id", "text", "result", "failure_type", "weakness", "weakness_label", "gold", "answer", "suite"}
    assert "__row_index__" not in kinds, "embedding-atlas adds its own"


def test_coordinates_are_the_stored_ones(written: tuple[pa.Table, list[dict]]) -> None:
    table, points = written
    assert table.column("projection_x").to_pylist() == [point["x"] for point in points]
    assert table.column("projection_y").to_pylist() == [point["y"] for point in points]
    assert table.column("id").to_pylist() == [f"{point['suite']}/{point['probe_id']}" for point in points]


def test_neighbours_are_the_nearest_rows_by_number(written: tuple[pa.Table, list[dict]]) -> None:
    table, points = written
    for at, near in enumerate(table.column("neighbors").to_pylist()):
        distance = {other: ((points[at]["x"] - q["x"]) ** 2 + (points[at]["y"] - q["y"]) ** 2) ** 0.5 for other, q in enumerate(points)}
        assert near["ids"] == sorted(distance, key=lambda other: distance[other])[:NEIGHBOURS] and near["ids"][0] == at
        assert near["distances"] == pytest.approx([distance[other] for other in near["ids"]])


def test_labels_to_colour_by(written: tuple[pa.Table, list[dict]]) -> None:
    table, points = written
    labels = dict(zip(table.column("weakness").to_pylist(), table.column("weakness_label").to_pylist(), strict=True))
    assert labels["W-00"] == "addition" and all(labels.values())
    assert table.column("result").to_pylist() == ["wrong" if point["failure_type"] else "right" for point in points]


@pytest.mark.parametrize("n", [0, 1, 3])
def test_few_points_and_points_without_a_place(n: int) -> None:
    points = [{"suite": "s", "probe_id": f"p{i}", "x": 0.0, "y": float(i), "failure_type": None, "weakness": None, "prompt": "q", "gold": "g"} for i in range(n)]
    lost = {"suite": "s", "probe_id": "lost", "x": None, "y": None, "failure_type": "wrong", "weakness": None, "prompt": "q", "gold": "g"}
    table = map_table([lost, *points], {}, {})
    near = table.column("neighbors").to_pylist()
    assert near[0] is None and table.column("weakness_label").to_pylist()[0] == "no weakness"
    assert [one["ids"] for one in near[1:]] == [[], [[1]], [], [[1, 2, 3], [2, 1, 3], [3, 2, 1]]][n]
