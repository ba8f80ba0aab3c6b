"""What is not installed is looked for once, not with every request."""

from __future__ import annotations

import subprocess
import sys

LOOKS = """
import asyncio, sys
looked = []
class Finder:
    def find_spec(self, name, path=None, target=None):
        looked.append(name)
sys.meta_path.insert(0, Finder())
import adapters.http
import httpx

async def main():
    async with httpx.AsyncClient(transport=httpx.AsyncHTTPTransport()) as client:
        for _ in range(3):
            try:
                await client.get("http://127.0.0.1:9/")
            except httpx.HTTPError:
                pass
            looked.append("-")

asyncio.run(main())
after = looked[looked.index("-") :]
assert looked.count("sniffio") == 1, looked.count("sniffio")
assert set(after) == {"-"}, after
"""


def test_a_request_looks_for_no_module() -> None:
    done = subprocess.run([sys.executable, "-c", LOOKS], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
