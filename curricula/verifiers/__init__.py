"""Checks of a lesson against ground truth, one file each."""
