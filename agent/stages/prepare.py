"""What happens once, before the first cycle: suites are found, checked, split and stored; the noise floor is measured."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from agent import faults
from agent.context import RunContext
from agent.stages.examine import samples_of
from probes.check import require_sound
from probes.errors import WeakspotError
from probes.registry import find_suite
from probes.splits import limit_suite, split_for_run
from probes.suite import Probe, Suite

NOISE_PROBES = 64  # asked twice in other batches; one flip is 1.6 points


def prepare(context: RunContext) -> None:
    """Store the run's suites and splits, once.

    Raises:
        WeakspotError: a suite is missing, broken, too small to split, or probe and protected suites overlap.
    """
    run, settings = context.run, context.config.suites
    if context.store.samples.suites(run):
        return
    found = [(suite, "probe") for reference in settings.probes for suite in [_checked(context, reference)]]
    found += [(suite, "protected") for reference in settings.protected for suite in [_checked(context, reference)]]
    names = [suite.name for suite, _ in found]
    if twice := next((name for name in names if names.count(name) > 1), None):
        raise WeakspotError(f"two suites are named {twice!r}", where="suites.probes, suites.protected", hint="rename one of the files")
    _no_overlap(found)
    faults.point("prepare.before_commit")
    with context.store.transaction():
        for suite, role in found:
            limit = settings.limit if role == "probe" else settings.protected_limit
            chosen = limit_suite(suite, limit, settings.split_key) if limit else suite
            context.store.samples.add_suite(run, suite, role, _splits(context, chosen, role))
    for row in context.store.samples.split_sizes(run):
        context.watcher.say(f"suite {row['suite']}: {row['n']} probes to {row['split']}")


def measure_noise(context: RunContext) -> None:
    """A/A: the base answers some gate probes a second time, batched otherwise; the share that flips is the noise floor."""
    if context.store.runs.get(context.run)["noise_floor"] is not None:
        return
    context.watcher.stage(context.run, 0, "noise", "the base answers some probes twice")
    first = samples_of(context, "gate", "")
    flips, asked = 0, 0
    for suite in context.store.samples.suites(context.run, "probe"):
        pairs = [(probe, sample) for probe, sample in first if probe.suite == suite.name]
        pairs = pairs[:: max(2, len(pairs) // NOISE_PROBES)][:NOISE_PROBES]  # every second at most: other neighbours, other batches
        again = context.student.evaluate(suite, [probe for probe, _ in pairs], "", progress=context.watcher.progress)
        score = context.config.gate.score
        flips += sum(getattr(old, score) != getattr(new, score) for (_, old), new in zip(pairs, again, strict=True))
        asked += len(pairs)
    faults.point("noise.before_commit")
    with context.store.transaction():
        context.store.runs.update(context.run, noise_floor=flips / max(1, asked))
    context.watcher.say(f"noise floor: {flips} of {asked} answers changed when the same model was asked twice")


def _checked(context: RunContext, reference: str) -> Suite:
    paths = [Path(folder) for folder in context.config.suites.include_path]
    return require_sound(find_suite(reference, include_paths=paths, describe=context.student.describe_task), reference)


def _splits(context: RunContext, suite: Suite, role: str) -> dict[str, Sequence[Probe]]:
    if role == "protected":
        return {"protected": suite.probes}
    settings = context.config.suites
    return dict(split_for_run(suite, settings.split_key, settings.shares))


def _no_overlap(found: Sequence[tuple[Suite, str]]) -> None:
    """The same question in two suites could be shown to the teacher from one and decide from the other."""
    owner: dict[str, tuple[str, str]] = {}
    for suite, role in found:
        for probe in suite.probes:
            key = " ".join(re.findall(r"\w+", probe.prompt.casefold())) + "\x1f" + "\x1f".join(probe.choices)
            other, probe_id = owner.setdefault(key, (suite.name, probe.probe_id))
            if other != suite.name:
                raise WeakspotError(f"suites {other!r} and {suite.name!r} ask the same question", where=f"{other}/{probe_id}, {suite.name}/{probe.probe_id}: {probe.prompt[:80]!r}",
                                    hint="a probe is either improved or protected: leave it out of one" if role == "protected" else "leave it out of one of the suites")
