"""Speed and memory side by side with peers: `python -m benchmarks`.

Speeds are ratios of CPU time measured in turns within one process, so that a slow or busy
machine slows both sides alike. Bars that are times or megabytes are said as such.
"""
