"""Do the weaknesses of the real student agree with its true skills: `python -m bench.real_student STATE [--limit N]`.

The embedded student answers the diagnose split of `basics` (1,061 probes take about six minutes on two cores), the
diagnosis reads prompts, golds and answers, and never the skill that each probe carries. Printed: the weaknesses, the
skills in each, and the adjusted mutual information of the two labellings.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from agent.diagnosis import Diagnosis, diagnose
from agent.student.contract import Sample
from bench.label_suspects import real_answers
from probes.registry import find_suite
from probes.splits import limit_suite, split_suite
from probes.suite import Probe


def judge(probes: Sequence[Probe], samples: Sequence[Sample]) -> str:
    """The report: each weakness with its skills, then agreement over rows in a skill weakness and over all failures."""
    from sklearn.metrics import adjusted_mutual_info_score

    skills = np.array([str(probe.meta["skill"]) for probe in probes])
    found: Diagnosis = diagnose([replace(probe, meta={}) for probe in probes], samples)
    lines = [f"{found.n} probes, strict {found.strict_accuracy:.3f}, lenient {found.lenient_accuracy:.3f}, failures {found.counts}"]
    label = np.full(len(probes), -1)
    for number, one in enumerate(found.weaknesses):
        members = list(one.members)
        inside = Counter(skills[members].tolist()).most_common(3)
        lines.append(f"{one.kind:6} {one.n_failures:4} of {one.n:4} wrong, stability {one.stability:.2f}  {one.label}   {inside if one.kind == 'skill' else ''}")
        if one.kind == "skill":
            label[members] = number
    named = label >= 0
    failed = np.array([kind not in (None, "format") for kind in found.failure_types])
    lines.append(f"AMI with the true skills: {adjusted_mutual_info_score(skills[named], label[named]):.3f} over {named.sum()} probes in a skill weakness, "
                 f"{adjusted_mutual_info_score(skills[failed], label[failed]):.3f} over {failed.sum()} failures of skill")
    rates = {skill: float(failed[skills == skill].mean()) for skill in sorted(set(skills))}
    covered = {skill: float(named[skills == skill].mean()) for skill in rates}
    lines.append("failure rate (share in a weakness) by skill: " + ", ".join(f"{skill} {rate:.2f} ({covered[skill]:.2f})" for skill, rate in sorted(rates.items(), key=lambda one: -one[1])))
    return "\n".join(lines) + "\n"


def main() -> None:
    """Ask the student, print the report."""
    parser = argparse.ArgumentParser(prog="python -m bench.real_student", description=__doc__)
    parser.add_argument("state", type=Path, help="state folder with models/")
    parser.add_argument("--limit", type=int, help="most probes of the suite, spread over its skills")
    options = parser.parse_args()
    suite = find_suite("basics")
    if options.limit:
        suite = limit_suite(suite, options.limit, "bench")
    judged = {probe.probe_id for probe in split_suite(suite, "weakspot")["diagnose"]}
    probes = [probe for probe in suite.probes if probe.probe_id in judged]
    sys.stdout.write(judge(probes, real_answers(suite, judged, options.state)))


if __name__ == "__main__":
    main()
