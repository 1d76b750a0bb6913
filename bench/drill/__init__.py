"""The suite's tests of isolation, quota, resume and crash at full size, and a deploy to 200 tenants.

`make drill` runs all, `python -m bench.drill NAME…` some. The bodies are the tests' own: a drill only
sets their sizes (`bench.drill.sizes`). Everything is on loopback, bounded in number and in time, and
the servers are thrown away. Results are saved as JSON below `var/drill/`.
"""
