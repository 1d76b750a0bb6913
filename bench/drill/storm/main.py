"""`python -m bench.drill storm`: starts everything, lets the storm come, and ends everything."""

from typing import Any

from bench.drill.storm import machine, provider


def run() -> dict[str, Any]:
    """`passed` when no ledger disagrees with another and every bound holds."""
    with provider.running() as source, machine.running(source.url) as product:
        import django

        django.setup()
        # Imported here: it needs Django set up, with the drill's own servers.
        from bench.drill.storm import scene

        return scene.play(product, source)
