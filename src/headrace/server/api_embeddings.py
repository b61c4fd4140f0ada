"""The HTTP API of embedding runs: refused texts, checks of the embedder, known-answer probes."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Body, Query
from pydantic import BaseModel, ConfigDict, Field

from headrace.records.embedding import CheckReport, DeadLetters, ProbeReport, RetryReport
from headrace.server.api import ERRORS, Served
from headrace.server.replies import Reply

router = APIRouter(prefix="/api", responses=ERRORS, tags=["embeddings"])

Corpus = Annotated[str | None, Query(description="Only this corpus.")]


class OfCorpus(BaseModel):
    """What an operation works on."""

    model_config = ConfigDict(extra="forbid")

    corpus: Annotated[str | None, Field(description="Only this corpus.")] = None


class Acceptance(OfCorpus):
    """A change that is accepted."""

    reason: Annotated[str, Field(min_length=1, max_length=2000, description="Why it is harmless.")]


class Probing(OfCorpus):
    """A round of probes."""

    probes: Annotated[int, Field(ge=1, le=1000, description="Queries at most.")] = 20


@router.get("/embeddings/dead-letters", response_model=DeadLetters)
def dead_letters(workspace: Served, corpus: Corpus = None) -> Reply:
    """List the texts that an embedder refuses, with the reason."""
    return Reply(workspace.embeddings.dead_letters(corpus))


@router.post("/embeddings/retry", response_model=RetryReport)
def retry(workspace: Served, asked: Annotated[OfCorpus, Body()]) -> Reply:
    """Send refused texts again, in a sync of their corpus, and publish what succeeds."""
    return Reply(workspace.embeddings.retry(asked.corpus))


@router.get("/embeddings/checks", response_model=CheckReport)
def checks(workspace: Served, corpus: Corpus = None) -> Reply:
    """Read earlier checks of embedders, newest first."""
    return Reply(workspace.embeddings.history(corpus))


@router.post("/embeddings/checks", response_model=CheckReport)
def check(workspace: Served, asked: Annotated[OfCorpus, Body()]) -> Reply:
    """Hold each embedder in use against its sentinel texts; passing lifts a block, a change sets one."""
    return Reply(workspace.embeddings.check(asked.corpus))


@router.post("/embeddings/accept", response_model=CheckReport)
def accept(workspace: Served, asked: Annotated[Acceptance, Body()]) -> Reply:
    """Accept a harmless change of a blocked embedder, for a reason that is kept."""
    return Reply(workspace.embeddings.accept(asked.corpus, reason=asked.reason))


@router.get("/probes", response_model=ProbeReport)
def probes(workspace: Served, corpus: Corpus = None) -> Reply:
    """Read earlier rounds of known-answer probes, newest first."""
    return Reply(workspace.index.probe(corpus, history=True))


@router.post("/probes", response_model=ProbeReport)
def probe(workspace: Served, asked: Annotated[Probing, Body()]) -> Reply:
    """Ask what serves for titles and telling sentences of random documents, and keep how many it found."""
    return Reply(workspace.index.probe(asked.corpus, probes=asked.probes))
