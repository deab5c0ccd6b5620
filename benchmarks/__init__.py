"""The benchmark: what Trunkline costs, beside bare Python, its HTTP library and another client of the same API.

    python -m benchmarks                # everything, in some four minutes
    python -m benchmarks import help    # some of it
    python -m benchmarks --json out.json

Times depend on the machine, and other work on it disturbs them. So contestants take turns within one run, every
figure comes with its minimum, median and maximum, and the ratio of medians is the figure to compare between
machines. Nothing fails because of a time; an aim is only printed beside what was measured.
"""
