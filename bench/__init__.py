"""Speed as paired ratios: `make bench`."""
