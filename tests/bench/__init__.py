"""Benchmarks: figures side by side, on real registries; nothing here is asserted on a clock."""
