"""`python -m tests.fake_openai --port 0`: prints the base URL on its first line and serves."""

import argparse
import asyncio

from tests.fake_openai.server import Server


async def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=0)
    server, port = await Server().start(parser.parse_args().port)
    print(f"http://127.0.0.1:{port}/v1", flush=True)
    async with server:
        await server.serve_forever()


if __name__ == "__main__":
    try:
        asyncio.run(main())
    except KeyboardInterrupt:
        pass
