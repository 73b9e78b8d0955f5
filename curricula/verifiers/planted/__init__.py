"""Lessons of which it is known whether a verifier must pass them; made by this project, one JSONL file a verifier.

A row is `{"right": bool, "kind": why, "prompt", "completion", "answer", "check", "check_kind", "meta"}`. `corpus/` is what
the citations are checked against, `canaries.jsonl` what a judge is calibrated on.
"""
