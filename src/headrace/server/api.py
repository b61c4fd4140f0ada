"""Routes under /api: each parses, calls one operation of the workspace and gives back its record."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Body, Depends, Path, Query, Request
from pydantic import BaseModel, ConfigDict, Field

from headrace.records.explain import AtReport, StatusReport, WhyReport
from headrace.records.search import Answer, SearchResult
from headrace.server.callers import CALLER, labels_of
from headrace.server.failures import ErrorBody
from headrace.server.replies import Reply
from headrace.workspace import Workspace

MAX_TEXT_CHARACTERS = 20_000
"""The longest query or question."""

ACCESS = "Labels of the caller. Once keys exist they come from the key, and this may only narrow them."
_FILTER = "Only documents whose metadata match, such as `year >= 2020 and lang in ('en', 'de')`."
_AS_OF = "Search as of a time: RFC 3339, a date, or an age such as `30d ago`."

SessionId = Annotated[
    str | None, Field(description="The conversation it belongs to; a new id begins one.", max_length=128)
]
UserName = Annotated[
    str | None, Field(description="For whom; on the call is only a keyed hash.", max_length=1000)
]
Entity = Annotated[
    dict[str, str | int], Field(description="Keys whose features the prompt takes.", max_length=20)
]
Text = Annotated[str, Field(min_length=1, max_length=MAX_TEXT_CHARACTERS)]
Limit = Annotated[int, Field(ge=1, le=200)]


class _Limits(BaseModel):
    """What narrows a query."""

    model_config = ConfigDict(extra="forbid")

    filter: Annotated[str | None, Field(description=_FILTER)] = None
    access: Annotated[list[str], Field(description=ACCESS, max_length=200)] = []
    corpus: Annotated[str | None, Field(description="Needed where a workspace has several.")] = None
    as_of: Annotated[str | None, Field(description=_AS_OF, max_length=64)] = None


class SearchRequest(_Limits):
    """A search."""

    query: Annotated[Text, Field(description="What to look for.")]
    k: Annotated[Limit, Field(description="Hits at most.")] = 10
    session: SessionId = None
    user: UserName = None


class AskRequest(_Limits):
    """A question."""

    question: Annotated[Text, Field(description="A question in your own words.")]
    k: Annotated[Limit | None, Field(description="Chunks to give to the model.")] = None
    session: SessionId = None
    user: UserName = None
    entity: Entity = {}


class SearchParameters(_Limits):
    """A search in an address."""

    q: Annotated[Text, Field(description="What to look for.")]
    k: Annotated[Limit, Field(description="Hits at most.")] = 10


class AskParameters(_Limits):
    """A question in an address."""

    q: Annotated[Text, Field(description="A question in your own words.")]
    k: Annotated[Limit | None, Field(description="Chunks to give to the model.")] = None


async def opened_workspace(request: Request) -> Workspace:
    """The workspace that the application serves."""
    workspace: Workspace = request.app.state.workspace
    return workspace


Served = Annotated[Workspace, Depends(opened_workspace)]

ERRORS: dict[int | str, dict[str, Any]] = {
    400: {"model": ErrorBody, "description": "What was asked cannot be."},
    404: {"model": ErrorBody, "description": "A named thing does not exist."},
    422: {"model": ErrorBody, "description": "Parameters or body do not fit."},
    500: {"model": ErrorBody, "description": "The server failed; its log says why."},
    502: {"model": ErrorBody, "description": "A model or embedder upstream failed."},
}

router = APIRouter(prefix="/api", responses=ERRORS, tags=["operations"])


@router.get("/search", response_model=SearchResult)
def search_by_address(workspace: Served, asked: Annotated[SearchParameters, Query()]) -> Reply:
    """Find the best chunks for a query among those that the access labels open."""
    return _search(workspace, SearchRequest(query=asked.q, **asked.model_dump(exclude={"q"})))


@router.post("/search", response_model=SearchResult)
def search(workspace: Served, asked: Annotated[SearchRequest, Body()]) -> Reply:
    """Find the best chunks for a query among those that the access labels open."""
    return _search(workspace, asked)


@router.get("/ask", response_model=Answer)
def ask_by_address(workspace: Served, asked: Annotated[AskParameters, Query()]) -> Reply:
    """Answer a question from the documents; every citation is a verbatim quote and says where it stands."""
    return _ask(workspace, AskRequest(question=asked.q, **asked.model_dump(exclude={"q"})))


@router.post("/ask", response_model=Answer)
def ask(workspace: Served, asked: Annotated[AskRequest, Body()]) -> Reply:
    """Answer a question from the documents; every citation is a verbatim quote and says where it stands."""
    return _ask(workspace, asked)


@router.get("/why/{ref:path}", response_model=WhyReport)
def why(
    workspace: Served,
    ref: Annotated[str, Path(description="A trace, chunk, record, generation or release id, or a document.")],
    access: Annotated[list[str] | None, Query(description=ACCESS, max_length=200)] = None,
) -> Reply:
    """Explain a thing: what it came from, down to file, page, heading and span, and what came from it."""
    return Reply(workspace.why(ref, access=labels_of(access)))


@router.get("/at/{time}", response_model=AtReport)
def at(
    workspace: Served,
    time: Annotated[str, Path(description="RFC 3339, a date, `now`, or an age such as `2h ago`.")],
) -> Reply:
    """Name every ref as it was at a time."""
    return Reply(workspace.at(time))


@router.get("/status", response_model=StatusReport)
def status(
    workspace: Served,
    deep: Annotated[bool, Query(description="Compare every row of the index with the ledger.")] = False,
) -> Reply:
    """Report how each corpus stands: counts, failures, freshness, what is owed."""
    return Reply(workspace.status(deep=deep))


def _search(workspace: Workspace, asked: SearchRequest) -> Reply:
    return Reply(
        workspace.search(
            asked.query,
            k=asked.k,
            filter=asked.filter,
            access=labels_of(asked.access),
            corpus=asked.corpus,
            as_of=asked.as_of,
            session=asked.session,
            user=asked.user,
        )
    )


def _ask(workspace: Workspace, asked: AskRequest) -> Reply:
    return Reply(
        workspace.ask(
            asked.question,
            k=asked.k,
            filter=asked.filter,
            access=labels_of(asked.access),
            corpus=asked.corpus,
            as_of=asked.as_of,
            session=asked.session,
            user=asked.user,
            entity=asked.entity,
            caller=CALLER.get(),
        )
    )
