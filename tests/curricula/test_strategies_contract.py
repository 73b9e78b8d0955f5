"""Finding strategies and rendering prompts."""

from __future__ import annotations

import subprocess
import sys
from importlib.metadata import EntryPoint
from random import Random

import pytest

from curricula import prompts
from curricula.strategies import contract
from curricula.strategies.contract import Strategy, find_strategy, list_strategies
from probes.errors import WeakspotError


class Plugged:
    name, source, needs = "plugged", "a test", ""

    def write(self, brief, teacher, rng):
        yield from ()


def test_built_in_strategies_fulfil_the_protocol_and_name_their_source() -> None:
    rows = {row.name: row for row in list_strategies() if row.origin == "built in"}
    assert rows.keys() == {"symbolic", "error_analysis", "self_instruct", "alpaca", "rationales", "evol_instruct", "persona", "retrieve",
                           "explanation", "constitution", "topic_tree", "textbook", "web_math", "generator"}  # fmt: skip
    assert rows["error_analysis"].needs == "teacher" and rows["symbolic"].needs == "" and rows["retrieve"].needs == "corpus" and rows["web_math"].needs == "pages"
    for name, row in rows.items():
        assert isinstance(find_strategy(name), Strategy) and row.source and not row.error


def test_unknown_strategy_is_answered_with_the_nearest() -> None:
    with pytest.raises(WeakspotError, match="no strategy is named 'symbolik'") as caught:
        find_strategy("symbolik")
    assert "did you mean 'symbolic'?" in caught.value.hint


def test_plug_ins_are_found_and_broken_ones_named(monkeypatch: pytest.MonkeyPatch) -> None:
    points = [
        EntryPoint("plugged", "tests.curricula.test_strategies_contract:Plugged", contract.GROUP),
        EntryPoint("broken", "no_such_package_at_all:X", contract.GROUP),
        EntryPoint("hollow", "tests.curricula.test_strategies_contract:Random", contract.GROUP),
    ]
    monkeypatch.setattr(contract, "entry_points", lambda group: [p for p in points if p.group == group])
    assert list(find_strategy("plugged").write(None, None, Random(0))) == []  # type: ignore[arg-type]
    rows = {row.name: row for row in list_strategies()}
    assert rows["plugged"].error == "" and rows["plugged"].source == "a test"
    assert "ModuleNotFoundError" in rows["broken"].error and "TypeError" in rows["hollow"].error
    with pytest.raises(WeakspotError, match="'broken' does not load") as caught:
        find_strategy("broken")
    assert "no_such_package_at_all" in str(caught.value)


def test_prompts_refuse_missing_and_unknown_variables() -> None:
    assert prompts.declared_variables("shared/solve") == {"problem"}
    assert "3 + 4" in prompts.render("shared/solve", problem="3 + 4")
    with pytest.raises(ValueError, match="misses problem"):
        prompts.render("shared/solve")
    with pytest.raises(ValueError, match="does not use extra"):
        prompts.render("shared/solve", problem="x", extra=1)


def test_user_text_in_a_prompt_is_never_a_template() -> None:
    text = "{{ 7 * 7 }} {% for x in y %} {# gone #}"
    assert text in prompts.render("shared/solve", problem=text)
    assert prompts.prompt_hash("a") != prompts.prompt_hash("b")


def test_every_prompt_file_parses() -> None:
    names = [
        path.relative_to(prompts.FOLDER).with_suffix("").as_posix() for path in prompts.FOLDER.rglob("*.j2")
    ]
    assert len(names) >= 40
    assert [name for name in names if not prompts.declared_variables(name)] == ["alpaca/rules"], "a part that others include"


def test_looking_up_strategies_and_verifiers_imports_nothing_heavy() -> None:
    script = (
        "import sys; from curricula.strategies.contract import list_strategies; from curricula.verifiers.contract import list_verifiers;"
        "list_strategies(); list_verifiers();"
        "heavy = {'torch', 'transformers', 'sklearn', 'scipy', 'numpy', 'reasoning_gym', 'litellm', 'lm_eval', 'jinja2'} & set(sys.modules);"
        "assert not heavy, heavy"
    )
    subprocess.run([sys.executable, "-c", script], check=True, timeout=60)
