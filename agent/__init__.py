"""The loop and the machines it drives."""
