"""Symbolic engines: each makes questions of one elementary skill whose answers are right by construction."""
