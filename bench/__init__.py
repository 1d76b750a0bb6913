"""What the product's numbers are, measured on this machine against a fake provider.

`make bench` runs all parts and saves `var/bench/result.json`; `make bench FULL=1` takes the full
sizes. Everything runs here: product, provider and the load itself share the cores, so figures are
a lower bound of what a machine of its own reaches. Compare ratios, not machines.
"""
