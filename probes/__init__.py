"""What is measured: suites of probes, how they are found, scored and split."""
