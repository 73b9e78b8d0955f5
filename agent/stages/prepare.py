"""What happens once, before the first cycle: suites are found, checked, split and stored; the noise floor is measured."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from agent.context import RunContext
from agent.stages.examine import samples_of
from probes.check import check_suite
from probes.errors import WeakspotError
from probes.registry import find_suite
from probes.splits import limit_suite, split_suite
from probes.suite import Probe, Suite

NOISE_PROBES = 64  # asked twice in other batches; one flip is 1.6 points
SMALLEST_GATE = 20  # below this no paired test at level .05 can pass: 2**-5 needs five discordant items


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
        pairs = pairs[:: max(1, len(pairs) // NOISE_PROBES)][:NOISE_PROBES]
        again = context.student.evaluate(suite, [probe for probe, _ in pairs], "", progress=context.watcher.progress)
        score = context.config.gate.score
        flips += sum(getattr(old, score) != getattr(new, score) for (_, old), new in zip(pairs, again, strict=True))
        asked += len(pairs)
    with context.store.transaction():
        context.store.runs.update(context.run, noise_floor=flips / max(1, asked))
    context.watcher.say(f"noise floor: {flips} of {asked} answers changed when the same model was asked twice")


def _checked(context: RunContext, reference: str) -> Suite:
    paths = [Path(folder) for folder in context.config.suites.include_path]
    suite = find_suite(reference, include_paths=paths, describe=context.student.describe_task)
    problems = [finding for finding in check_suite(suite) if finding.is_problem]
    if problems:
        raise WeakspotError(f"suite {suite.name!r} has {len(problems)} problem{'s' * (len(problems) > 1)}",
                            where="\n".join(f"{finding.what} ({', '.join(finding.probe_ids[:3])})" for finding in problems[:8]), hint=f"`weakspot probes check {reference}` lists them all")
    return suite


def _splits(context: RunContext, suite: Suite, role: str) -> dict[str, Sequence[Probe]]:
    if role == "protected":
        return {"protected": suite.probes}
    settings = context.config.suites
    splits = split_suite(suite, settings.split_key, {"diagnose": settings.diagnose, "gate": settings.gate, "audit": settings.audit})
    for split, least in (("diagnose", 5), ("gate", SMALLEST_GATE), ("audit", 5)):
        if len(splits[split]) < least:
            raise WeakspotError(f"suite {suite.name!r} leaves {len(splits[split])} probes to {split}, at least {least} are needed",
                                where=f"{len(suite.probes)} probes in {len({p.group or p.probe_id for p in suite.probes})} groups",
                                hint="add probes, use finer groups, or change suites.diagnose, suites.gate and suites.audit")
    return {name: tuple(probes) for name, probes in splits.items()}


def _no_overlap(found: Sequence[tuple[Suite, str]]) -> None:
    weak = {probe.prompt for suite, role in found if role == "probe" for probe in suite.probes}
    for suite, role in found:
        shared = [probe.probe_id for probe in suite.probes if probe.prompt in weak] if role == "protected" else []
        if shared:
            raise WeakspotError(f"protected suite {suite.name!r} shares {len(shared)} prompts with the probe suites",
                                where=f"first: {shared[0]}", hint="a probe is either improved or protected")
