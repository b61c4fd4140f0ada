"""A cache serves only what a new call would give: a model of the world is compared with it, step by step."""

from __future__ import annotations

import dataclasses
import logging
import secrets
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule
from numpy.typing import NDArray

from headrace.infer.cache.backends.redis import RedisCache
from headrace.infer.cache.backends.sqlite import SQLiteCache
from headrace.infer.cache.caching import OutputCache
from headrace.infer.cache.config import CacheConfig
from headrace.infer.cache.eraser import CacheEraser
from headrace.infer.cache.sealing import Sealing
from headrace.infer.cache.shadow import Shadow
from headrace.infer.gateway.base import Cache, CachedOutput, CallRequest, PromptVersion, Retrieved
from headrace.infer.schemas.base import Schema
from headrace.ledger.erasure.keyring import Keyring
from headrace.ledger.erasure.scope import Scope, Target
from headrace.ledger.ledger import Ledger

CONFIG = CacheConfig(exact=True, semantic=True, threshold=0.9)
QUESTIONS = {"What is the notice period?": 0, "How long is the notice period?": 0, "Who approves leave?": 1}
"""Questions, with what they mean."""


def embed(text: str) -> NDArray[np.float32]:
    """Equal vectors for questions that mean the same."""
    vector = np.zeros(8, dtype=np.float32)
    vector[QUESTIONS.get(text, 7)] = 1.0
    return vector


class World:
    """Which revision of each document serves, and which labels open it."""

    def __init__(self) -> None:
        self.revisions = {"a.md": 1, "b.md": 1}
        self.labels = {"a.md": {"public"}, "b.md": {"staff"}}

    def still_valid(self, retrieved: Sequence[Retrieved], access: Sequence[str]) -> bool:
        """As the composition root answers it from the ledger."""
        return all(
            self.revisions.get(item.document) == int(item.revision)
            and self.labels[item.document] & {*access, "public"}
            for item in retrieved
        )


class Room:
    """A cache over a real store and ledger."""

    def __init__(self, root: Path, *, config: CacheConfig = CONFIG, ledger: Ledger | None = None) -> None:
        self.world = World()
        self.ledger = ledger or Ledger.open(f"sqlite:///{root}/ledger.sqlite")
        keyring = self.keyring = Keyring(root / "keys", self.ledger)
        self.models: dict[str, str] = {}
        self.store = SQLiteCache(root / "online.sqlite")
        self.shadow = Shadow(self.ledger, threshold=config.threshold, embedder="e", rate=1.0, limit=0.05)
        self.sealing = Sealing(keyring)
        self.cache = OutputCache(
            config,
            store=self.store,
            sealing=self.sealing,
            identity=lambda model: {"model": model, "served": self.models.get(model, "")},
            still_valid=self.world.still_valid,
            ttl_us=3_600_000_000,
            embed=embed,
            personal=lambda text: [word for word in text.split() if "@" in word],
            shadow=lambda: self.shadow,
        )

    def close(self) -> None:
        self.cache.close()
        self.ledger.close()


@pytest.fixture
def room(tmp_path: Path) -> Iterator[Room]:
    made = Room(tmp_path)
    yield made
    made.close()


def given(world: World, *documents: str) -> list[Retrieved]:
    return [
        Retrieved(corpus="docs", document=name, revision=str(world.revisions[name]), chunk_id=f"c-{name}")
        for name in documents
    ]


def request(question: str = "What is the notice period?", **changes: Any) -> CallRequest:
    messages = [{"role": "system", "content": "Answer."}, {"role": "user", "content": question}]
    return dataclasses.replace(CallRequest(messages=messages, model="m", trace_id="t"), **changes)


def output(text: str = "Six weeks.", value: Any = None) -> CachedOutput:
    return CachedOutput(output=text if value is None else value, text=text, kind="exact", trace_id="t")


def put(room: Room, asked: CallRequest, text: str = "Six weeks.", value: Any = None) -> None:
    room.cache.put(asked, output(text, value)).result()


SCHEMA = Schema(name="s", version=1, digest="schema_1", json_schema={})
CHANGES: list[dict[str, Any]] = [
    {"model": "other"},
    {"parameters": {"max_tokens": 5}},
    {"tools": [{"type": "function", "function": {"name": "f"}}]},
    {"schema": SCHEMA},
    {"prompt": PromptVersion(name="p", digest="prompt_2")},
    {"access": ["staff"]},
    {"fallbacks": ["other"]},
    {"vault": "on"},
    {"retrieved": [Retrieved(corpus="docs", document="a.md", revision="1", chunk_id="c")]},
    {
        "messages": [
            {"role": "system", "content": "Be rude."},
            {"role": "user", "content": "What is the notice period?"},
        ]
    },
]


def test_it_is_what_the_gateway_asks_for(room: Room) -> None:
    assert isinstance(room.cache, Cache)


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: next(iter(change)))
def test_whatever_shapes_a_call_keeps_it_apart(room: Room, change: dict[str, Any]) -> None:
    put(room, request())
    assert room.cache.get(request()) == output()
    assert room.cache.get(request(**change)) is None
    put(room, request(**change), "Changed.")
    assert room.cache.get(request()) == output()
    if not {"messages", "prompt"} & set(change):
        reworded = "How long is the notice period?"
        texts = [
            hit and hit.text for hit in map(room.cache.get, (request(reworded), request(reworded, **change)))
        ]
        assert texts == ["Six weeks.", "Changed."]


def test_a_session_keeps_its_tokens_to_itself(room: Room) -> None:
    put(room, request(vault="on", session="a"))
    assert room.cache.get(request(vault="on", session="a")) is not None
    assert room.cache.get(request(vault="on", session="b")) is None
    put(room, request(session="a"))
    assert room.cache.get(request(session="b")) is not None, "without the vault a session shapes nothing"


def test_a_model_that_stands_for_another_endpoint_is_another(room: Room) -> None:
    put(room, request())
    room.models = {"m": "elsewhere"}
    assert room.cache.get(request()) is None


def test_the_same_in_other_words_is_a_semantic_hit(room: Room) -> None:
    put(room, request())
    hit = room.cache.get(request("How long is the notice period?"))
    assert hit is not None
    assert (hit.kind, hit.output, hit.trace_id) == ("semantic", "Six weeks.", "t")
    assert room.cache.get(request("Who approves leave?")) is None
    assert room.cache.shadow_due(hit)
    assert room.cache.agrees(hit, output("six weeks."))
    assert not room.cache.agrees(hit, output("9 weeks."))
    assert not room.cache.shadow_due(output())


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("Is leave of 5 days approved?", "Is leave of 50 days approved?"),
        ("Is travel covered?", "Is travel not covered?"),
        ("Can I do it?", "Can't I do it?"),
        ('What does "net" mean?', 'What does "gross" mean?'),
        ("what does Anna earn?", "what does Otto earn?"),
        ("who is a@example.com?", "who is b@example.com?"),
    ],
)
def test_questions_that_only_look_alike_are_no_hit(room: Room, first: str, second: str) -> None:
    put(room, request(first))
    assert np.allclose(embed(first), embed(second))
    assert room.cache.get(request(second)) is None


def test_of_a_prompt_only_its_question_may_be_worded_otherwise(room: Room) -> None:
    prompt = PromptVersion(name="p", digest="prompt_1")

    def rendered(question: str, passage: str) -> CallRequest:
        messages = [{"role": "user", "content": f"{passage}\n\nQuestion: {question}"}]
        variables = {"question": question, "passages": [passage]}
        return request(messages=messages, variables=variables, prompt=prompt)

    put(room, rendered("What is the notice period?", "Notice is six weeks."))
    assert room.cache.get(rendered("How long is the notice period?", "Notice is six weeks.")) is not None
    assert room.cache.get(rendered("How long is the notice period?", "Notice is two weeks.")) is None
    assert room.cache.get(rendered("Who approves leave?", "Notice is six weeks.")) is None


def test_what_is_not_kept(room: Room) -> None:
    calls = {"tool_calls": [{"id": "1"}]}
    put(room, request(), "", calls)
    put(room, request("a", parameters={"temperature": 0.7}))
    put(room, request("b", parameters={"n": 3}))
    put(room, request("c", parameters={"odd": object()}))
    assert room.store.held().entries == 0
    assert room.cache.get(request("c", parameters={"odd": object()})) is None
    put(room, request("d", parameters={"temperature": 0}))
    assert room.store.held().entries == 1


def test_what_is_kept_when_it_is_asked_for(tmp_path: Path) -> None:
    room = Room(tmp_path, config=dataclasses.replace(CONFIG, tool_calls=True, sampled=True))
    put(room, request(), "", {"tool_calls": [{"id": "1"}]})
    put(room, request("b", parameters={"temperature": 0.7}))
    assert room.store.held().entries == 2
    room.close()


def test_off_means_off(tmp_path: Path) -> None:
    room = Room(tmp_path, config=CacheConfig())
    put(room, request())
    assert room.cache.get(request()) is None
    assert room.store.held().entries == 0
    room.close()


def test_a_semantic_cache_that_was_wrong_too_often_is_off(room: Room) -> None:
    put(room, request())
    hit = room.cache.get(request("How long is the notice period?"))
    assert hit is not None
    for _ in range(3):
        room.cache.report_shadow(hit, same=False).result()
    assert room.cache.get(request("How long is the notice period?")) is None
    assert room.cache.get(request()) is not None, "exact hits go on"
    room.cache.clear()
    put(room, request())
    assert room.cache.get(request("How long is the notice period?")) is not None


def test_forgetting_takes_out_what_came_from_a_document_or_a_user(room: Room) -> None:
    put(room, request(retrieved=given(room.world, "a.md")))
    put(room, request("Who approves leave?", subject="user-1"))
    put(room, request("How long?"))
    eraser = CacheEraser(lambda: room.store, lambda: room.sealing)
    scope = Scope(targets=(Target("docs", "a.md"),), subjects=(room.keyring.subject("user-1"),))
    assert eraser.find(scope) == eraser.erase(scope) == 2
    eraser.clean(scope)
    assert eraser.find(scope) == 0
    assert room.cache.get(request("How long?")) is not None


def test_the_file_holds_nothing_in_clear(tmp_path: Path) -> None:
    room = Room(tmp_path)
    asked = request(
        "What does heron@example.com earn?", subject="user-heron", retrieved=given(room.world, "a.md")
    )
    put(room, asked, "A heron earns nothing.")
    room.close()
    data = b"".join(path.read_bytes() for path in tmp_path.glob("online.sqlite*"))
    assert b"cache_entries" in data
    for secret in (b"heron", b"a.md", embed("x").tobytes()):
        assert secret not in data


def test_a_store_that_is_away_costs_no_answer(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    room = Room(tmp_path)
    away = RedisCache("redis://127.0.0.1:1/0", prefix=secrets.token_hex(4))
    room.cache.store = away
    with caplog.at_level(logging.WARNING):
        assert room.cache.get(request()) is None
        put(room, request())
    assert room.cache.counts() == {"misses": 1, "errors": 1}, "it is left alone for a while"
    assert "passed over" in caplog.text
    away.close()
    room.cache.store = room.store
    room.close()


@pytest.fixture(scope="module", autouse=True)
def one_ledger(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    root = tmp_path_factory.mktemp("machine")
    with Ledger.open(f"sqlite:///{root}/ledger.sqlite") as CacheMachine.ledger:
        CacheMachine.root = root
        yield


class CacheMachine(RuleBasedStateMachine):
    """Calls, changes of documents and of permissions in any order; a hit is what the model would say now."""

    ledger: Ledger
    root: Path

    @initialize()
    def start(self) -> None:
        self.room = Room(self.root, ledger=self.ledger)
        self.room.cache.clear()
        self.made: list[CallRequest] = []

    def teardown(self) -> None:
        if hasattr(self, "room"):
            self.room.cache.close()

    @rule(document=st.sampled_from(["a.md", "b.md"]))
    def change(self, document: str) -> None:
        self.room.world.revisions[document] += 1

    @rule(document=st.sampled_from(["a.md", "b.md"]), label=st.sampled_from(["public", "staff", "board"]))
    def permit(self, document: str, label: str) -> None:
        self.room.world.labels[document] = {label}

    @rule(
        question=st.sampled_from(sorted(QUESTIONS)),
        documents=st.sampled_from([("a.md",), ("a.md", "b.md")]),
        access=st.sampled_from([(), ("staff",)]),
        prompt=st.sampled_from(["p1", "p2"]),
        model=st.sampled_from(["m1", "m2"]),
        schema=st.sampled_from([None, SCHEMA]),
    )
    def ask(
        self,
        question: str,
        documents: tuple[str, ...],
        access: tuple[str, ...],
        prompt: str,
        model: str,
        schema: Schema | None,
    ) -> None:
        asked = request(
            question,
            retrieved=given(self.room.world, *documents),
            access=access,
            prompt=PromptVersion(name="p", digest=prompt),
            model=model,
            schema=schema,
            variables={"question": question},
        )
        self.made.append(asked)
        self.checked(asked)

    @precondition(lambda self: self.made)
    @rule(
        data=st.data(),
        change=st.sampled_from(
            [
                {},
                {"access": ["staff"]},
                {"access": []},
                {"model": "m1"},
                {"schema": SCHEMA},
                {"prompt": PromptVersion(name="p", digest="p1")},
            ]
        ),
    )
    def ask_again(self, data: st.DataObject, change: dict[str, Any]) -> None:
        """With what was found before, though documents and permissions may have changed since."""
        former = data.draw(st.sampled_from(self.made[-4:]))
        self.checked(dataclasses.replace(former, **change))

    def checked(self, asked: CallRequest) -> None:
        """Ask, and hold the answer against what a model would say."""
        hit = self.room.cache.get(asked)
        versions = [(item.document, item.revision) for item in asked.retrieved]
        shape = (asked.prompt, asked.model, asked.schema, sorted(asked.access))
        answer = repr((QUESTIONS[str(asked.variables["question"])], versions, shape))
        if hit is None:
            put(self.room, asked, answer)
            return
        assert hit.text == answer
        assert self.room.world.still_valid(asked.retrieved, asked.access), "changed, or not to be seen"


CacheMachine.TestCase.settings = settings(max_examples=25, stateful_step_count=30, deadline=None)
TestTheCacheNeverServesWhatIsStale = CacheMachine.TestCase
