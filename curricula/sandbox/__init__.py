"""Runs code that a teacher wrote: no network, no files, no other process, bounded in time and memory, or not at all."""
