"""The speed of the broker beside the physical limit and its peers, measured in one run: `python3 manage.py bench`.

cases.py says what is measured and how good it must be, servers.py starts what is
measured, load.py drives it, table.py prints ratios. c/ holds the physical limit (a
broker in C that does the least) and the load generator.

Not here: tests. Speed is never a unit test; machines are shared and noisy.
"""
