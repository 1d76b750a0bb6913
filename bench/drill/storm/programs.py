"""Programs with a secret key: one asks and reads the stream of events, one uploads."""

import asyncio
import json
import random
from collections.abc import AsyncIterator
from typing import Any

import httpx

from bench.drill.storm.crowd import Crowd, Tenant
from bench.drill.storm.events import Reader
from bench.drill.storm.ledger import Told, Upload
from bench.drill.storm.sizes import THINKS
from bench.drill.storm.visitor import Refused

_PATIENCE = 150.0
_SILENCE = 45.0


class _Program:
    """Knows both processes, and goes to the other one when one does not answer."""

    def __init__(self, crowd: Crowd, tenant: Tenant, number: int) -> None:
        self._crowd, self._tenant, self._web = crowd, tenant, number % len(crowd.webs)
        self._http = httpx.AsyncClient(
            headers={"Authorization": f"Bearer {tenant.secret_key}"},
            timeout=_SILENCE,
            trust_env=False,
            verify=crowd.trust or True,
        )

    def _url(self, path: str) -> str:
        return f"{self._crowd.webs[self._web].url}{path}"

    def _turn_away(self) -> None:
        self._web = (self._web + 1) % len(self._crowd.webs)


class Asker(_Program):
    """Asks in one conversation of its own."""

    def __init__(self, crowd: Crowd, tenant: Tenant, number: int) -> None:
        super().__init__(crowd, tenant, number)
        self._conversation: str | None = None

    async def live(self) -> None:
        async with self._http:
            await self._crowd.pause(0, THINKS[1])
            while not self._crowd.over.is_set():
                await self.ask()
                await self._crowd.pause(*THINKS)

    async def ask(self, **special: Any) -> Told:
        """One turn, to its end or until patience is over; `special` is what is asked for in it."""
        reader = Reader(self._crowd.ask(self._tenant, **special))
        await self._ask(reader)
        return reader.told

    async def ask_once(self, **special: Any) -> Told:
        """The same without coming again: `refusal` says why it was not answered."""
        reader = Reader(self._crowd.ask(self._tenant, **special))
        try:
            await self._follow(reader)
        except Refused as refused:
            reader.refuse(refused.code)
        except httpx.HTTPError as error:
            reader.refuse(type(error).__name__)
        return reader.told

    async def _ask(self, reader: Reader) -> None:
        try:
            async with asyncio.timeout(_PATIENCE):
                while not reader.told.status:
                    try:
                        await self._follow(reader)
                    except Refused as refused:
                        reader.refuse(refused.code)
                        if refused.retry_after is None:
                            return
                        await asyncio.sleep(min(refused.retry_after, 2.0))
                    except httpx.HTTPError:
                        self._turn_away()
                        reader.told.resumed += 1
                        if not (reader.told.turn_id or self._conversation):
                            # Without a conversation the same question would be another turn.
                            return
                        await asyncio.sleep(0.1)
        except TimeoutError:
            self._turn_away()

    async def _follow(self, reader: Reader) -> None:
        told, path = reader.told, f"/v1/chatbots/{self._tenant.chatbot_id}/turns"
        if told.turn_id:
            headers = {"Last-Event-ID": reader.last_id or ""}
            url = self._url(f"{path}/{told.turn_id}/events")
            request = self._http.build_request("GET", url, headers=headers)
        else:
            body: dict[str, Any] = {"client_turn_id": told.mark, "text": told.question}
            if self._conversation:
                body["conversation_id"] = self._conversation
            request = self._http.build_request("POST", self._url(path), json=body)
        response = await self._http.send(request, stream=True)
        try:
            if response.status_code != 200:
                raise await _refusal(response)
            self._conversation = response.headers.get("x-conversation-id", self._conversation)
            async for event in _events(response):
                reader.take(event)
        finally:
            await response.aclose()
        if not told.status:
            raise httpx.ReadError("the stream ended before the turn did")


async def _events(response: httpx.Response) -> AsyncIterator[dict[str, Any]]:
    async for line in response.aiter_lines():
        if line.startswith("data: "):
            yield json.loads(line.removeprefix("data: "))


async def _refusal(response: httpx.Response) -> Refused:
    await response.aread()
    after = response.headers.get("retry-after")
    return Refused(f"http {response.status_code}", float(after) if after else None)


class Uploader(_Program):
    """Brings one document after the other; what was not answered is sent again, and is the same one."""

    async def live(self) -> None:
        async with self._http:
            while not self._crowd.over.is_set():
                await self.upload(paragraphs=self._crowd.chance.randint(2, 6))
                await self._crowd.pause(10, 20)

    async def upload(self, *, paragraphs: int) -> Upload | None:
        # By this it is seen whose documents a question was answered from.
        canary = f"The code of the depot is canary-{self._tenant.id}."
        content = f"{canary}\n\n{text(self._crowd.chance, paragraphs)}"
        name = f"{self._crowd.chance.getrandbits(48):x}.md"
        for _ in range(60):
            try:
                url = self._url("/v1/documents")
                answer = await self._http.post(url, files={"file": (name, content.encode())})
            except httpx.HTTPError:
                answer = None
            if answer is not None and answer.status_code in (200, 202):
                upload = Upload(answer.json()["id"], self._tenant.id, content)
                self._crowd.ledgers.uploads.append(upload)
                return upload
            self._turn_away()
            await asyncio.sleep(0.5)
        return None


_SUBJECTS = "gate lorry pallet office crane visitor driver badge scale hall".split()
_VERBS = "opens closes waits arrives leaves moves counts returns starts rests".split()
_PLACES = "north yard,blue hall,second floor,main road,cold store,old quay".split(",")


def text(chance: random.Random, paragraphs: int) -> str:
    """Plain sentences with numbers of their own, so that no two documents are alike."""
    return "\n\n".join(
        " ".join(
            f"The {chance.choice(_SUBJECTS)} {chance.choice(_VERBS)} in the {chance.choice(_PLACES)} "
            f"after {chance.randint(2, 9999)} minutes under code {chance.getrandbits(24):06x}."
            for _ in range(6)
        )
        for _ in range(paragraphs)
    )
