"""Libraries that speak OpenAI's API, with their own settings, against the real process.

LangChain and OpenAI's own are dev dependencies. Node's are there after `make clients`. LlamaIndex and
LiteLLM are 300 MB each, so of them, and of the others, what they send was written down.
"""

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import numpy as np
import openai
import pytest

from conversations.chatbots.onboarding import Workspace
from tests.fake_openai import FakeOpenAI
from tests.live import Process

FOLDER = Path(__file__).parent / "clients"
FACT = "What is the access code of the Zorblatt depot?"
EMBEDDER = "all-MiniLM-L6-v2"


# --- OpenAI's own -------------------------------------------------------------------------


async def test_openais_asynchronous_client_and_its_helper(
    model_web: Process, workspace: Workspace
) -> None:
    model = str(workspace.chatbot_id)
    messages: Any = [{"role": "user", "content": FACT}]
    async with openai.AsyncOpenAI(
        base_url=f"{model_web.url}/v1", api_key=workspace.secret_key, max_retries=0
    ) as client:
        whole = await client.chat.completions.create(model=model, messages=messages)
        assert "48213" in (whole.choices[0].message.content or "")
        async with client.chat.completions.stream(model=model, messages=messages) as stream:
            final = await stream.get_final_completion()
        assert "48213" in (final.choices[0].message.content or "")
        assert final.choices[0].finish_reason == "stop"
        vectors = await client.embeddings.create(model=EMBEDDER, input="a")
        assert len(vectors.data[0].embedding) == 384


def test_a_wrong_base_url_says_which_is_right(model_web: Process, workspace: Workspace) -> None:
    client = openai.OpenAI(base_url=model_web.url, api_key=workspace.secret_key, max_retries=0)
    with pytest.raises(openai.NotFoundError, match="Did you mean /v1/chat/completions"):
        client.chat.completions.create(model="x", messages=[{"role": "user", "content": "Hi"}])


# --- LangChain ----------------------------------------------------------------------------


@pytest.fixture
def langchain(model_web: Process, workspace: Workspace) -> Any:
    library = pytest.importorskip("langchain_openai", reason="make dev installs it")
    return library.ChatOpenAI(
        model=str(workspace.chatbot_id),
        base_url=f"{model_web.url}/v1",
        api_key=workspace.secret_key,
    )


def test_langchain_asks_in_every_way(langchain: Any) -> None:
    answer = langchain.invoke(FACT)
    assert "48213" in answer.content
    assert answer.usage_metadata["total_tokens"] > 0
    assert answer.response_metadata["finish_reason"] == "stop"
    assert "48213" in "".join(chunk.content for chunk in langchain.stream(FACT))
    assert ["48213" in each.content for each in langchain.batch([FACT, FACT])] == [True, True]


async def test_langchain_asks_asynchronously(langchain: Any) -> None:
    assert "48213" in (await langchain.ainvoke(FACT)).content
    assert "48213" in "".join([chunk.content async for chunk in langchain.astream(FACT)])
    answers = await langchain.abatch([FACT, FACT, FACT])
    assert ["48213" in each.content for each in answers] == [True, True, True]


def test_langchain_stops_where_it_is_told(langchain: Any, fake: FakeOpenAI) -> None:
    question = uuid4().hex
    fake.script({"match": question, "text": "One. Observation: two.", "times": 2})
    bound = langchain.bind(stop=["\nObservation", "Observation"])
    assert bound.invoke(question).content == "One. "
    assert "".join(chunk.content for chunk in bound.stream(question)) == "One. "


def test_langchain_tells_a_history_with_tools(langchain: Any, fake: FakeOpenAI) -> None:
    from langchain_core import messages as said

    question = uuid4().hex
    call = {"name": "weather", "args": {}, "id": "c"}
    answer = langchain.invoke(
        [
            said.SystemMessage("Be brief."),
            said.HumanMessage("How warm is it?"),
            said.AIMessage("", tool_calls=[call]),
            said.ToolMessage("22 degrees", tool_call_id="c"),
            said.AIMessage("It is warm."),
            said.HumanMessage([{"type": "text", "text": question}]),
        ]
    )
    assert answer.content
    [seen] = fake.log(question)
    roles = [message["role"] for message in seen["body"]["messages"]]
    assert roles == ["system", "user", "assistant", "user"]


def test_langchain_embeds_texts(model_web: Process, workspace: Workspace) -> None:
    library = pytest.importorskip("langchain_openai", reason="make dev installs it")
    embeddings = library.OpenAIEmbeddings(
        model=EMBEDDER,
        base_url=f"{model_web.url}/v1",
        api_key=workspace.secret_key,
        # Else it sends tokens of OpenAI's own models.
        check_embedding_ctx_length=False,
    )
    first, second = embeddings.embed_documents(["The gate opens at six.", "It opens at six."])
    assert np.dot(first, second) > 0.5
    assert len(embeddings.embed_query("When?")) == 384


# --- Node's -------------------------------------------------------------------------------


@pytest.fixture
def node() -> str:
    found = shutil.which("node")
    if found is None or not (FOLDER / "node_modules").is_dir():
        pytest.skip("Node or its clients are not installed: make clients")
    return found


def test_nodes_clients_get_their_answers(node: str, web: Process, workspace: Workspace) -> None:
    model = str(workspace.chatbot_id)
    given = [f"{web.url}/v1", workspace.secret_key, model, FACT]
    done = subprocess.run(
        [node, str(FOLDER / "clients.mjs"), *given],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    stopped, refused = told.pop("vercel_stop"), told.pop("vercel_default")
    assert "48213" not in stopped
    assert stopped
    assert "Did you mean /v1/chat/completions" in refused
    assert told.pop("openai_models") == model
    vectors = {name: told.pop(name) for name in list(told) if name.endswith("_vectors")}
    assert list(vectors.values()) == [[384, 384]] * 3
    assert len(told) == 7
    assert {name: "48213" in text for name, text in told.items()} == dict.fromkeys(told, True)


# --- What was written down ----------------------------------------------------------------

RECORDED: list[dict[str, Any]] = json.loads((FOLDER / "recorded.json").read_text("utf-8"))


@pytest.mark.parametrize("sent", RECORDED, ids=[each["client"] for each in RECORDED])
def test_what_a_client_sends_is_answered(
    model_web: Process, workspace: Workspace, sent: dict[str, Any]
) -> None:
    body = json.dumps(sent["body"])
    body = body.replace("MODEL", str(workspace.chatbot_id)).replace("QUESTION", FACT)
    headers = {"Authorization": f"Bearer {workspace.secret_key}"}
    answer = httpx.post(
        f"{model_web.url}{sent['path']}", content=body, headers=headers, trust_env=False
    )
    assert answer.status_code == 200, answer.text
    if sent["path"].endswith("/embeddings"):
        count = len(sent["body"]["input"])
        assert [each["index"] for each in answer.json()["data"]] == [*range(count)]
    elif sent["body"].get("stream"):
        assert "48213" in answer.text
        assert answer.text.endswith("data: [DONE]\n\n")
    else:
        assert "48213" in answer.json()["choices"][0]["message"]["content"]
