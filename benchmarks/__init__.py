"""Speed, as ratios inside one run: `python -m benchmarks.training`, `python -m benchmarks.trace`."""
