"""Every setting of a run: one YAML file, checked before anything is spent.

Precedence: `--set group.key=value` (and the flags made from it), environment `WEAKSPOT_GROUP_KEY`, the
YAML file, the default. `load_config` also says where each value came from, which `config show` prints.
Few keys need touching: `limits.cycles` and `limits.budget_usd` drive the rest.
"""

from __future__ import annotations

import difflib
import hashlib
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import Field, ValidationError, field_validator, model_validator

from agent.config_file import flatten, nest, read_yaml
from agent.group import Group
from agent.teacher.settings import JudgeConfig, TeacherConfig
from agent.web_pages import WebConfig, names_text
from curricula.anchors.names import absolute_name
from curricula.mix_rules import Domain
from probes.errors import WeakspotError
from probes.registry import is_path

EMBEDDED = "smollm2-135m"  # a name, whatever folder is called so


class StudentConfig(Group):
    """The model under repair."""

    model: str = "smollm2-135m"
    """`smollm2-135m` (embedded, no hub needed), a Hugging Face id, or a local folder."""
    system_prompt: str | None = None
    """System turn of every prompt; null leaves it to the chat template, "" leaves the system turn out."""
    max_tokens: int | None = Field(default=None, ge=1)
    """Longest answer in tokens; null takes each suite's own limit."""
    batch_size: int = Field(default=32, ge=1)
    """Probes answered at once."""
    dtype: Literal["auto", "float32", "bfloat16"] = "auto"
    """auto: bfloat16 on a GPU, float32 on the CPU."""
    device: Literal["auto", "cpu", "cuda"] = "auto"
    """auto: the GPU when there is one."""


class VerifyConfig(Group):
    """What lessons are checked against."""

    corpus: str | None = None
    """Folder of your documents that citations are checked against; null takes the environment's WEAKSPOT_CORPUS, if set."""


class SuitesConfig(Group):
    """What is measured."""

    probes: list[str] = ["basics"]
    """Suites to improve: built-in names, JSONL files, lm-eval tasks or groups, plug-in names."""
    protected: list[str] = ["basics_protected"]
    """Suites that must not fall; never shown to a teacher."""
    include_path: list[str] = []
    """Folders of lm-eval task YAML. Task YAML can run code: name only folders you trust."""
    limit: int | None = Field(default=None, ge=1)
    """Most probes taken from each suite (stratified); null takes all."""
    protected_limit: int | None = Field(default=None, ge=1)
    """The same for each protected suite."""
    diagnose: float = Field(default=0.4, gt=0, lt=1)
    """Share of groups the teacher may see."""
    gate: float = Field(default=0.4, gt=0, lt=1)
    """Share of groups that decides on promotion."""
    audit: float = Field(default=0.2, gt=0, lt=1)
    """Sealed share; claims come from here."""
    split_key: str = "weakspot"
    """Key of the hash that assigns groups to splits."""

    @property
    def shares(self) -> dict[str, float]:
        """Share of groups by split."""
        return {"diagnose": self.diagnose, "gate": self.gate, "audit": self.audit}

    @model_validator(mode="after")
    def _shares(self) -> SuitesConfig:
        total = self.diagnose + self.gate + self.audit
        if abs(total - 1) > 1e-6:
            raise ValueError(f"diagnose + gate + audit must be 1, got {total:g}")
        if not self.probes:
            raise ValueError("probes names no suite")
        if both := set(self.probes) & set(self.protected):
            raise ValueError(f"{sorted(both)[0]!r} is both in probes and in protected")
        return self


class DiagnosisConfig(Group):
    """How failures become weaknesses."""

    max_weaknesses: int = Field(default=24, ge=1)
    """Worst ones kept for planning; all are stored."""
    target: float | None = Field(default=None, gt=0, lt=1)
    """Accuracy below which a region is weak; null: what the student reaches elsewhere, less `margin`."""
    margin: float = Field(default=0.0, ge=0, lt=1)
    """Least distance to that; .1 leaves out the mildly weak: fewer and purer weaknesses."""
    phrases: Literal["auto", "off"] = "auto"
    """Cluster what each probe asks for in the teacher's words: `auto` with an LLM as teacher, for a fifth of the budget at most; or `off`."""

    @field_validator("phrases", mode="before")
    @classmethod
    def _off(cls, value: Any) -> Any:
        return "off" if value is False else value  # YAML reads a bare off as false
    label_votes: int = Field(default=0, ge=0)
    """Wrongly answered probes a cycle that an LLM teacher answers itself, five times each, to find wrong gold labels; 0: none."""


class PlanConfig(Group):
    """How the lesson budget is shared."""

    lessons_per_cycle: int = Field(default=320, ge=1)
    """Accepted lessons that one cycle aims at."""
    explore_share: float = Field(default=0.1, ge=0, le=1)
    """Part of the budget spread evenly over all weaknesses, so that none starves."""
    acquisition: Literal["nearness", "rate"] = "nearness"
    """What makes a weakness worth lessons: `nearness`, how likely the golds of its wrong answers were; `rate`, how often it is solved."""
    everything_share: float = Field(default=0.25, ge=0, le=1)
    """Part of the lessons that aims at nothing: drawn over all diagnose probes, right or wrong."""
    strategies: list[str] = []
    """Strategies in use; empty: `symbolic` for the symbolic teacher, `error_analysis` for an LLM."""


class CurriculumConfig(Group):
    """What a training file is made of."""

    anchors: list[str] = ["mmlu_flan_cot", "bbh_cot", "gsm8k_cot"]
    """Human-made data: exemplars that ship with lm-eval (`mmlu_flan_cot`, `bbh_cot`, `gsm8k_cot`), .jsonl or .parquet files of prompt/completion rows,
    `hf:ORG/NAME` (a Hugging Face data set), `text:FOLDER`, `html:FOLDER`; `?prompt=COLUMN&completion=COLUMN&limit=N` behind a name chooses columns and rows."""
    seeds: list[str] = []
    """Human-made tasks that strategies show to a teacher, expand or choose from, named like anchors; empty: the anchors."""
    real_min: float = Field(default=0.30, ge=0, le=1)
    """Least share of training tokens that is human-made. Enforced."""
    real_max: float = Field(default=0.70, ge=0, le=1)
    """Most of it. Enforced."""
    max_tokens: int | None = Field(default=None, ge=100)
    """Most training tokens in one curriculum; earlier lessons are subsampled to fit."""
    replay_share: float = Field(default=0.15, ge=0, lt=1)
    """Least share of lesson tokens for what the student already does right, where earlier lessons must be subsampled."""
    max_operator_share: float = Field(default=0.35, gt=0, le=1)
    """Most of the training tokens that one engine or sub-recipe may hold."""
    max_anchor_tokens: int = Field(default=256, ge=16)
    """Longer human-made rows are left out."""
    policy: Literal["mix", "verified", "both"] = "mix"
    """What keeps the mix from collapsing. `mix`: the real share. `verified`: every lesson is proved by something that is no model's opinion,
    and the real share may fall below `real_min` in two curricula in a row where real data is short. `both`: both."""
    domains: list[Domain] = []
    """Fields with a real share of their own, each a mapping of `name`, `suites` (whose weaknesses' lessons belong to it), `anchors`, `real_min`, `real_max`."""
    learnable: Literal["off", "margin", "rollouts"] = "off"
    """Leave out lessons that the student masters or can't reach: `rollouts` lets it answer each eight times, `margin` reads the probability that it gives the answer."""

    @model_validator(mode="after")
    def _bounds(self) -> CurriculumConfig:
        names = [domain.name for domain in self.domains]
        if twice := next((name for name in names if names.count(name) > 1), None):
            raise ValueError(f"two domains are named {twice!r}")
        for low, high, of in [(self.real_min, self.real_max, ""), *((d.real_min, d.real_max, f" of domain {d.name!r}") for d in self.domains)]:
            if not 0 <= low <= high <= 1:
                raise ValueError(f"real_min {low:g}{of} is " + ("above" if low > high else "no share beside") + f" real_max {high:g}")
        return self


class TrainConfig(Group):
    """LoRA training."""

    lora_r: int = Field(default=16, ge=1)
    """Rank; all linear layers are adapted."""
    lora_alpha: int = Field(default=32, ge=1)
    """Scale of the update, divided by the rank."""
    learning_rate: float = Field(default=5e-4, gt=0)
    """Peak; linear decay after a short warm-up."""
    epochs: int = Field(default=2, ge=1)
    """Passes over the curriculum. One leaves much of a lesson unlearnt (docs/decisions/0013)."""
    batch_size: int = Field(default=4, ge=1)
    """Rows an optimiser step."""
    max_length: int = Field(default=512, ge=32)
    """Rows longer than this many tokens are left out by the mix."""
    start: Literal["base", "champion"] = "base"
    """`base`: a fresh adapter on the lessons of all cycles. `champion`: its adapter goes on, on the new ones and `curriculum.replay_share` of earlier ones."""


class GateConfig(Group):
    """When a candidate is promoted."""

    score: Literal["strict", "lenient"] = "strict"
    """Score of the primary test; the other is always reported beside it."""
    protected_score: Literal["strict", "lenient"] = "lenient"
    """Score of the protected suites: lenient asks whether the ability is still there, not how it is worded."""
    alpha: float = Field(default=0.10, gt=0, lt=1)
    """Chance of any false promotion over the whole run."""
    margin: float = Field(default=0.02, ge=0, lt=1)
    """Largest tolerated fall on a protected suite."""
    min_effect: float = Field(default=0.02, gt=0, lt=1)
    """Smallest gain worth finding; a look that could not have seen it ends inconclusive. In nats where the test is `margin`."""
    test: Literal["mcnemar", "margin", "e_value"] = "mcnemar"
    """`mcnemar`: right or wrong, all items. `margin`: log-probability margin of the gold (suites of `loglikelihood` probes).
    `e_value`: right or wrong, watched slice by slice and ended early; for gates that take longer than training."""


class CollapseConfig(Group):
    """Whether the student still writes and predicts real text as it did."""

    texts: int = Field(default=64, ge=0)
    """Continuations of real prompts that each candidate is watched by (a minute or so on a CPU); 0 turns the monitor off."""


class LimitsConfig(Group):
    """When a run stops by itself, and how often it is watched."""

    cycles: int = Field(default=3, ge=1)
    """Most cycles."""
    budget_usd: float = Field(default=1.0, ge=0)
    """Hard ceiling for teacher calls over the whole run, in US dollars."""
    minutes: float | None = Field(default=None, gt=0)
    """No cycle starts after this many minutes."""
    target: float | None = Field(default=None, gt=0, le=1)
    """Accuracy on the diagnose split at which the run is finished."""
    plateau: int = Field(default=3, ge=1)
    """Cycles in a row without a promotion after which the run stops."""
    disk_mb: int = Field(default=600, ge=1)
    """Free disk that a cycle needs before it starts."""
    control_every: int = Field(default=0, ge=0)
    """After every so many cycles, arms without a target are trained beside it and judged on the gate split; 0: never."""


class Config(Group):
    """All of it."""

    name: str = Field(default="run", pattern=r"^[a-z0-9][a-z0-9._-]{0,40}$")
    """First part of the run's id."""
    seed: int = Field(default=7, ge=0)
    student: StudentConfig = StudentConfig()
    teacher: TeacherConfig = TeacherConfig()
    suites: SuitesConfig = SuitesConfig()
    diagnosis: DiagnosisConfig = DiagnosisConfig()
    plan: PlanConfig = PlanConfig()
    curriculum: CurriculumConfig = CurriculumConfig()
    web: WebConfig = WebConfig()
    verify: VerifyConfig = VerifyConfig()
    judge: JudgeConfig = JudgeConfig()
    train: TrainConfig = TrainConfig()
    gate: GateConfig = GateConfig()
    collapse: CollapseConfig = CollapseConfig()
    limits: LimitsConfig = LimitsConfig()

    @property
    def strategies(self) -> list[str]:
        """Strategies in use, derived from the teacher where none is named."""
        if self.plan.strategies:
            return list(self.plan.strategies)
        return ["symbolic"] if self.teacher.model == "symbolic" else ["error_analysis"]

    def to_yaml(self) -> str:
        """The whole configuration as YAML that loads back to an equal one."""
        return yaml.safe_dump(self.model_dump(mode="json"), sort_keys=False, allow_unicode=True)

    def hash(self) -> str:
        """16 hex digits over everything that decides results; `limits` is left out, so a run may go on longer."""
        body = self.model_dump(mode="json", exclude={"limits"})
        return hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()[:16]


@dataclass(frozen=True)
class Loaded:
    """A checked configuration and the origin of each value."""

    config: Config
    sources: dict[str, str]
    """`train.lora_r` -> `default`, `config.yaml`, `env WEAKSPOT_TRAIN_LORA_R` or `--set`."""


def keys() -> list[str]:
    """All dotted keys, in file order."""
    return list(flatten(Config().model_dump(mode="json")))


def load_config(path: Path | None = None, sets: Sequence[str] = (), env: Mapping[str, str] | None = None) -> Loaded:
    """Read, merge and check a configuration.

    `sets` are `group.key=value` strings, values in YAML syntax. Relative paths to suites, anchors, the corpus, include folders
    and the student's folder are taken relative to the file they stand in, or to the working folder where they come
    from a flag or the environment; they come out absolute, so that a stored configuration means the same anywhere.

    Raises:
        WeakspotError: file missing, not YAML, unknown key (with did-you-mean), value out of range.
    """
    env = os.environ if env is None else env
    flat: dict[str, Any] = {}
    sources = dict.fromkeys(keys(), "default")
    if path is not None:
        for key, value in flatten(read_yaml(path)).items():
            _known(key, str(path))
            flat[key], sources[key] = _anchored(key, value, path.parent), str(path)
    by_env = {"WEAKSPOT_" + key.replace(".", "_").upper(): key for key in keys()}
    for variable, key in by_env.items():
        if variable in env:
            value = _value(env[variable], f"environment {variable}")
            flat[key], sources[key] = _anchored(key, value, Path.cwd()), f"env {variable}"
    for item in sets:
        key, separator, text = item.partition("=")
        if not separator:
            raise WeakspotError(f"--set {item!r} has no '='", hint="write it as --set train.lora_r=16")
        _known(key, "--set")
        flat[key], sources[key] = _anchored(key, _value(text, f"--set {key}"), Path.cwd()), "--set"
    try:
        config = Config.model_validate(nest(flat))
    except ValidationError as error:
        raise _explain(error, sources) from None
    return Loaded(config, sources)


def changed_keys(old: Config, new: Config) -> list[str]:
    """`group.key (old -> new)` for every result-deciding key that differs."""
    before, after = flatten(old.model_dump(mode="json")), flatten(new.model_dump(mode="json"))
    return [f"{key} ({before[key]} -> {after[key]})" for key in after if before[key] != after[key] and not key.startswith("limits.")]


def _known(key: str, where: str) -> None:
    known = keys()
    if key in known:
        return
    groups = [name for name in known if name.startswith(f"{key}.")]
    if groups:
        raise WeakspotError(f"{key!r} is a group, not a key", where=where, hint=f"its keys: {', '.join(groups)}")
    close = difflib.get_close_matches(key, known, n=1, cutoff=0.5)
    hint = f"did you mean {close[0]!r}? " if close else ""
    raise WeakspotError(f"unknown key {key!r}", where=where, hint=f"{hint}`weakspot config show` lists all keys")


def _value(text: str, where: str) -> Any:
    try:
        return yaml.safe_load(text)
    except yaml.YAMLError:
        raise WeakspotError(f"value {text!r} is not valid YAML", where=where) from None


def _anchored(key: str, value: Any, folder: Path) -> Any:
    """Relative paths made absolute from `folder`. A student is a path only where that folder exists: `org/name` may be a hub id."""
    if isinstance(value, list):
        return [_anchored(key, item, folder) for item in value]
    if isinstance(value, dict) and key == "curriculum.domains":
        return {name: _anchored("curriculum.anchors" if name == "anchors" else "", item, folder) for name, item in value.items()}
    if not isinstance(value, str) or not value or value.startswith("~"):
        return value
    if key in ("curriculum.anchors", "curriculum.seeds"):
        return absolute_name(value, folder)
    is_named = {
        "suites.include_path": True, "suites.probes": is_path(value), "suites.protected": is_path(value),
        "web.pages": True, "verify.corpus": True, "web.seed_text": names_text(value), "web.other_text": names_text(value),
        "student.model": value != EMBEDDED and (folder / value).is_dir(),
    }.get(key, False)
    return str((folder / value).resolve()) if is_named else value


def _explain(error: ValidationError, sources: Mapping[str, str]) -> WeakspotError:
    lines = []
    for problem in error.errors():
        key = ".".join(str(part) for part in problem["loc"] if not isinstance(part, int))
        text = problem["msg"].removeprefix("Value error, ")
        given = problem["input"]
        shown = f" (got {given!r})" if not isinstance(given, dict) else ""
        lines.append(f"{key or 'config'}: {text}{shown}, from {sources.get(key, 'the configuration')}")
    return WeakspotError(f"{len(lines)} setting{'s' * (len(lines) > 1)} can't be used", where="\n".join(lines),
                         hint="`weakspot config show` prints every key with its value and source")
