"""Suites made by this project, one folder each; a folder here is a suite as soon as it has `suite()`."""
