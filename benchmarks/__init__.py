"""Measurements against baselines, both taken in the same run: `python -m benchmarks [NAME …]`."""
