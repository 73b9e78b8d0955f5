"""What happens once, before the first cycle: suites are found, checked, split and stored."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from agent import faults
from agent.context import RunContext
from probes.check import require_sound
from probes.errors import WeakspotError
from probes.registry import find_suite
from probes.splits import limit_suite, split_for_run
from probes.suite import Probe, Suite


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
    _known_domains(context, names)
    _no_overlap(found)
    _fit_for_test(context, [suite for suite, role in found if role == "probe"])
    faults.point("prepare.before_commit")
    with context.store.transaction():
        for suite, role in found:
            limit = settings.limit if role == "probe" else settings.protected_limit
            chosen = limit_suite(suite, limit, settings.split_key) if limit else suite
            context.store.samples.add_suite(run, suite, role, _splits(context, chosen, role))
    for row in context.store.samples.split_sizes(run):
        context.watcher.say(f"suite {row['suite']}: {row['n']} probes to {row['split']}")


def _checked(context: RunContext, reference: str) -> Suite:
    paths = [Path(folder) for folder in context.config.suites.include_path]
    return require_sound(find_suite(reference, include_paths=paths, describe=context.student.describe_task), reference)


def _splits(context: RunContext, suite: Suite, role: str) -> dict[str, Sequence[Probe]]:
    if role == "protected":
        return {"protected": suite.probes}
    settings = context.config.suites
    return dict(split_for_run(suite, settings.split_key, settings.shares))


def _known_domains(context: RunContext, names: Sequence[str]) -> None:
    """A domain for a suite that is not in the run would never hold a lesson."""
    for domain in context.config.curriculum.domains:
        if odd := next((suite for suite in domain.suites if suite not in names), None):
            raise WeakspotError(f"domain {domain.name!r} names a suite {odd!r} that is not in this run", where="curriculum.domains", hint=f"suites here: {', '.join(names)}")


def _fit_for_test(context: RunContext, suites: Sequence[Suite]) -> None:
    """A test on margins needs probes that have one: `loglikelihood`, or an lm-eval task, which shows it when asked."""
    if context.config.gate.test != "margin":
        return
    for suite in suites:
        if odd := next((probe for probe in suite.probes if probe.scorer not in ("loglikelihood", "lm-eval")), None):
            raise WeakspotError("gate.test is 'margin', and not every probe has one", where=f"{suite.name}/{odd.probe_id} is scored {odd.scorer!r}",
                                hint="give the probes choices and scorer 'loglikelihood', or set gate.test=mcnemar")


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
