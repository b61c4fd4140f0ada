"""The HTTP API of LLM steps: which there are, what failed, and how well they do."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Body, Query
from pydantic import BaseModel, ConfigDict, Field

from headrace.records.steps import StepAccuracy, StepDeadLetters, StepList, StepReport, StepRetry, StepTest
from headrace.server.api import ERRORS, Served
from headrace.server.api_gates import MAX_DOCUMENT_CHARACTERS
from headrace.server.replies import Reply

router = APIRouter(prefix="/api/steps", responses=ERRORS, tags=["steps"])

Corpus = Annotated[str | None, Query(description="Only this corpus.")]
OneCorpus = Annotated[str | None, Field(description="Needed where a workspace has several.")]
Name = Annotated[str, Field(min_length=1, max_length=64, description="The name of a step.")]


class StepTestRequest(BaseModel):
    """A text to run a step on."""

    model_config = ConfigDict(extra="forbid")

    step: Name
    text: Annotated[str, Field(max_length=MAX_DOCUMENT_CHARACTERS, description="The content of a file.")]
    name: Annotated[str, Field(min_length=1, max_length=1000, description="Its name; the ending counts.")] = (
        "text.md"
    )
    corpus: OneCorpus = None


class StepRetryRequest(BaseModel):
    """What to ask for again."""

    model_config = ConfigDict(extra="forbid")

    step: Annotated[str | None, Field(description="Only this step.")] = None
    corpus: Annotated[str | None, Field(description="Only this corpus.")] = None


class StepSample(BaseModel):
    """Labelled documents."""

    model_config = ConfigDict(extra="forbid")

    step: Name
    sample: Annotated[
        list[dict[str, Any]],
        Field(min_length=1, max_length=100_000, description='`{"document": URI, "expected": {…}}` each.'),
    ]
    corpus: OneCorpus = None


@router.get("", response_model=StepList)
def list_steps(workspace: Served, corpus: Corpus = None) -> Reply:
    """List the steps of each corpus in their order, and how many documents each has done."""
    return Reply(workspace.steps.list(corpus))


@router.get("/dead-letters", response_model=StepDeadLetters)
def dead_letters(
    workspace: Served,
    corpus: Corpus = None,
    step: Annotated[str | None, Query(description="Only this step.")] = None,
) -> Reply:
    """List the documents that a step found no valid output for, with what the model wrote."""
    return Reply(workspace.steps.dead_letters(corpus, step=step))


@router.get("/{step}", response_model=StepReport)
def show_step(
    workspace: Served,
    step: str,
    corpus: Annotated[str | None, Query(description="Needed where a workspace has several.")] = None,
) -> Reply:
    """Show one step: its model, prompt and schema with their digests, and how its documents stand."""
    return Reply(workspace.steps.show(step, corpus=corpus))


@router.post("/retry", response_model=StepRetry)
def retry(workspace: Served, asked: Annotated[StepRetryRequest, Body()]) -> Reply:
    """Ask again for what failed, in a sync of its corpus, and publish what succeeds."""
    return Reply(workspace.steps.retry(asked.corpus, step=asked.step))


@router.post("/test", response_model=StepTest)
def test_step(workspace: Served, asked: Annotated[StepTestRequest, Body()]) -> Reply:
    """Run a step on a text and show its output and every attempt; nothing is stored."""
    return Reply(workspace.steps.test_text(asked.step, asked.text, name=asked.name, corpus=asked.corpus))


@router.post("/accuracy", response_model=StepAccuracy)
def accuracy(workspace: Served, asked: Annotated[StepSample, Body()]) -> Reply:
    """Hold what a step wrote against a labelled sample: precision, recall and exact match of each field."""
    return Reply(workspace.steps.accuracy_of(asked.step, asked.sample, corpus=asked.corpus))
